package ffd

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd/internal/gen/render"
)

func TestGeneratedFilesAreFresh(t *testing.T) {
	files, err := render.Files(".")
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate ./ffd", name)
	}
}

func TestLookup(t *testing.T) {
	for _, tc := range []struct {
		name   string
		tag    uint16
		v      Version
		parent uint16
		want   string
		kind   Type
	}{
		{"plain tag", TagFNNumber, V105, 3, "FNNumber", String},
		{"wrong place hides nothing", TagFNNumber, V105, 1059, "FNNumber", String},
		{"form", 3, V120, 0, "Receipt", STLV},
		{"archive container", 65012, V120, 0, "ArchiveOnline11", STLV},
		{"1115 since 2025", 1115, V105, 3, "VATAmounts", STLV},
		{"1115 of 1.0", 1115, V100, 3, "FiscalSignCheckSite1v0", String},
		{"1119 in 1115", 1119, V120, 1115, "VATAmount", STLV},
		{"1119 at the top", 1119, V105, 3, "Phone1v0", String},
		{"1082 in 1235", 1082, V110, 1235, "CashlessPaymentSum", VLN},
		{"1082 at the top", 1082, V105, 3, "BankSubagentPhone1v0", String},
		{"1011 in 82", 1011, V120, 82, "TimeZone", Byte},
		{"1011 in a receipt", 1011, V105, 3, "PaymentAgentReward1v0", VLN},
		{"parent not known", 1115, V120, 0, "VATAmounts", STLV},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, ok := Lookup(tc.tag, tc.v, tc.parent)
			require.True(t, ok)
			require.Equal(t, tc.want, e.NameEn)
			require.Equal(t, tc.kind, e.Type)
		})
	}
	for _, tag := range []uint16{0, 666, 1032, denseTags, 64999, 65535} {
		_, ok := Lookup(tag, V120, 3)
		require.False(t, ok, tag)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { Lookup(TagItemName, V120, TagItem) }))
}

func TestDictionary(t *testing.T) {
	count, last := 0, uint16(0)
	for e := range Entries() {
		count++
		require.GreaterOrEqual(t, e.Tag, last)
		last = e.Tag
		require.NotContains(t, e.Type.String(), "(", e.NameEn)
		require.NotEmpty(t, e.NameRu)
		if e.Fixed {
			require.NotZero(t, e.Len, e.NameEn)
		}
		for _, p := range e.Parents {
			parent, ok := Lookup(p, V120, 0)
			require.True(t, ok && parent.Type == STLV, "%s in %d", e.NameEn, p)
		}
	}
	require.Equal(t, 292, count)
	for range Entries() {
		break // an iterator that is left early
	}
}

func TestRows(t *testing.T) {
	perParent := map[uint16]int{}
	for _, r := range rows {
		perParent[r.Parent]++
		e, ok := Lookup(r.Tag, V120, r.Parent)
		require.True(t, ok, r)
		require.Contains(t, e.Parents, r.Parent, "%d in %d: tags.csv and documents.csv disagree", r.Tag, r.Parent)
		require.False(t, e.Legacy, r)
	}
	for parent, n := range perParent {
		require.Len(t, Rows(parent), n)
		require.LessOrEqual(t, n, maxRows)
	}
	require.Equal(t, len(Rows(3)), len(Rows(4)))
	require.Equal(t, len(Rows(31)), len(Rows(41)))
	require.Equal(t, len(Rows(11)), len(Rows(1))+3)
	require.Empty(t, Rows(1067))
	require.Equal(t, Required|Amended, Rows(1119)[0].In(V120))
	require.Equal(t, Required, (Required | Amended).Base())
}
