package ofd

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sampleRecord() Document {
	return Document{Received: time.UnixMilli(1_748_779_200_123).UTC(), Container: []byte("container"), Ticket: []byte("ticket"),
		Findings: []ffd.Finding{{Path: "3/1059[2]", Tag: 1059, Offset: 42, Rule: ffd.RuleItemSum, Severity: ffd.Error, Ru: "сумма", En: "sum"},
			{Rule: RuleGap, Severity: ffd.Warning, Ru: "нет", En: "missing"}}}
}

func TestRecord(t *testing.T) {
	want := sampleRecord()
	for _, tc := range []struct {
		name     string
		findings []ffd.Finding
	}{{"with findings", want.Findings}, {"without", nil}} {
		t.Run(tc.name, func(t *testing.T) {
			want.Findings = tc.findings
			b, err := appendRecord([]byte("before"), &want)
			require.NoError(t, err)
			got, err := parseRecord(b[6:])
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// The bytes of version 1 must be read for ever.
func TestRecordGolden(t *testing.T) {
	want := sampleRecord()
	golden := filepath.Join("testdata", "record-v1.hex")
	b, err := appendRecord(nil, &want)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(hex.EncodeToString(b)+"\n"), 0o644))
	}
	text, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(b)+"\n", string(text))
}

func TestRecordRefuses(t *testing.T) {
	good, err := appendRecord(nil, &Document{Container: []byte("c"), Ticket: []byte("t")})
	require.NoError(t, err)
	change := func(at int, to byte) []byte {
		b := append([]byte(nil), good...)
		b[at] = to
		return b
	}
	for _, tc := range []struct {
		name string
		b    []byte
	}{
		{"empty", nil}, {"short", good[:recordHeadLen-1]}, {"version 0", change(0, 0)}, {"version 2", change(0, 2)},
		{"container longer than the record", change(12, 3)}, {"ticket longer than the record", change(16, 2)},
		{"lengths that overflow", change(9, 0xFF)}, {"rest is no JSON", append(good[:len(good):len(good)], '{')},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parseRecord(tc.b)
			require.ErrorIs(t, err, errRecord)
		})
	}
}

func TestKeys(t *testing.T) {
	epoch, number, other, err := parseKey(documentKey(7, 9))
	require.NoError(t, err)
	require.Equal(t, []any{uint64(7), uint32(9), false}, []any{epoch, number, other})
	epoch, number, other, err = parseKey(otherKey(7, 9, []byte("x")))
	require.NoError(t, err)
	require.Equal(t, []any{uint64(7), uint32(9), true}, []any{epoch, number, other})
	_, _, _, err = parseKey([]byte("x"))
	require.ErrorIs(t, err, errRecord)

	epochs, err := parseEpochs(appendEpochs(nil, []uint64{1, 5}))
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 5}, epochs)
	for _, b := range [][]byte{nil, {1}, {1, 2, 3}, append([]byte{2}, make([]byte, 8)...)} {
		_, err := parseEpochs(b)
		require.ErrorIs(t, err, errRecord)
	}
}

func FuzzRecord(f *testing.F) {
	d := sampleRecord()
	b, err := appendRecord(nil, &d)
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseRecord(b)
		if err != nil {
			require.ErrorIs(t, err, errRecord)
			return
		}
		again, err := appendRecord(nil, &d)
		require.NoError(t, err)
		back, err := parseRecord(again)
		require.NoError(t, err)
		require.Equal(t, d, back)
	})
}

func TestDrivesAreForgotten(t *testing.T) {
	s := &Server{drives: make(map[[16]byte]*drive)}
	a, b := s.acquire([16]byte{1}), s.acquire([16]byte{1})
	require.Same(t, a, b)
	s.release(a)
	require.Len(t, s.drives, 1)
	s.release(b)
	s.release(nil)
	require.Empty(t, s.drives)
}
