package ffd

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

func TestGoldenViews(t *testing.T) {
	doc := madeUpReceipt()
	n := Decode(doc, 0)
	golden(t, "receipt.en.tree", View{Lang: English}.AppendTree(nil, n))
	golden(t, "receipt.hexdump", View{}.AppendHex(nil, n))
	golden(t, "receipt.en.hexdump", View{Lang: English, Width: 120}.AppendHex(nil, n))
	golden(t, "receipt.explain", View{}.AppendExplanation(nil, n.Explain(Russian)))
	golden(t, "receipt.en.explain", View{Lang: English}.AppendExplanation(nil, n.Explain(English)))
}

// The column of bytes, read from top to bottom, is the document.
func TestHexHoldsAllBytes(t *testing.T) {
	for _, in := range [][]byte{madeUpReceipt(), madeUpReceipt()[:300], {1, 2, 3}} {
		var column strings.Builder
		for line := range strings.Lines(string(View{}.AppendHex(nil, Decode(in, 0)))) {
			bytes := line[6:min(len(line), 6+hexColumn)]
			column.WriteString(strings.Join(strings.Fields(bytes), ""))
		}
		require.Equal(t, hex.EncodeToString(in), column.String())
	}
}

func TestViewWidthAndColor(t *testing.T) {
	n := Decode(madeUpReceipt(), 0)
	for _, width := range []int{80, 120} {
		v := View{Width: width}
		for _, out := range [][]byte{v.AppendHex(nil, n), v.AppendTree(nil, n)} {
			for line := range strings.Lines(string(out)) {
				require.LessOrEqual(t, len([]rune(strings.TrimSpace(line))), width, line)
			}
		}
	}
	plainText := string(View{}.AppendHex(nil, n))
	colored := string(View{Color: true}.AppendHex(nil, n))
	require.Contains(t, colored, "\x1b[")
	require.Equal(t, plainText, stripColor(colored))
	require.Equal(t, string(View{}.AppendTree(nil, n)), stripColor(string(View{Color: true}.AppendTree(nil, n))))
}

func stripColor(s string) string {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		s = s[:i] + s[i+strings.IndexByte(s[i:], 'm')+1:]
	}
}

// Every word of an enumeration has its English.
func TestEnglishWords(t *testing.T) {
	for tag := range enumerations {
		for _, v := range []Version{V105, V120} {
			values, _ := EnumValues(tag, v)
			for _, x := range values {
				require.False(t, strings.ContainsFunc(x.NameEn, func(r rune) bool { return r >= 'а' && r <= 'я' || r >= 'А' && r <= 'Я' }), "%d: %s", tag, x.Name)
			}
		}
	}
}

func TestSpaced(t *testing.T) {
	for name, want := range map[string]string{
		"FNNumber": "FN number", "Receipt": "receipt", "BuyerINN": "buyer INN", "KKTRegNumber": "KKT reg number",
		"BankAgentAddress1v0": "bank agent address (1.0)", "bodyLen": "body len", "crc": "crc", "sVersion": "s version", "VATRate": "VAT rate",
	} {
		require.Equal(t, want, spaced(name))
	}
}

func TestDiff(t *testing.T) {
	item := func(price uint64) part {
		return stlv(TagItem, str(TagItemName, "x"), num(TagItemPrice, price), qty("1"))
	}
	total := num(TagTotalSum, 100)
	for _, tc := range []struct {
		name string
		a, b []byte
		want []string
	}{
		{"same", stlv(3, total)(nil), stlv(3, total)(nil), nil},
		{"value", stlv(3, total)(nil), stlv(3, num(TagTotalSum, 101))(nil), []string{"changed 3/1020"}},
		{"same value, other bytes", stlv(3, total)(nil), stlv(3, leaf(TagTotalSum, []byte{100, 0}))(nil), []string{"changed 3/1020"}},
		{"tag less", stlv(3, total, item(1))(nil), stlv(3, total)(nil), []string{"removed 3/1059"}},
		{"tag more", stlv(3, total)(nil), stlv(3, total, item(1))(nil), []string{"added 3/1059"}},
		{"in an item", stlv(3, item(1), item(2))(nil), stlv(3, item(1), item(3))(nil), []string{"changed 3/1059[1]/1079"}},
		{"item put in front", stlv(3, item(1), item(2))(nil), stlv(3, item(9), item(1), item(2))(nil), []string{"added 3/1059[0]"}},
		{"item taken from the middle", stlv(3, item(1), item(9), item(2))(nil), stlv(3, item(1), item(2))(nil), []string{"removed 3/1059[1]"}},
		{"order", stlv(3, total, num(TagFDNumber, 1), num(TagShiftNumber, 2))(nil), stlv(3, num(TagFDNumber, 1), total, num(TagShiftNumber, 2))(nil), []string{"order 3"}},
		{"another document", stlv(3, total)(nil), stlv(4, total)(nil), []string{"removed 3", "added 4"}},
		{"cut", stlv(3, total, item(1))(nil), stlv(3, total, item(1))(nil)[:25], nil},
		{"wrong length", []byte{3, 0, 9, 0}, []byte{3, 0, 8, 0}, []string{"length 3"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, b := Decode(tc.a, 0), Decode(tc.b, 0)
			var got []string
			list := Diff(a, b)
			for _, x := range list {
				got = append(got, x.Kind+" "+x.Path)
			}
			require.Equal(t, bytes.Equal(tc.a, tc.b), len(got) == 0)
			if tc.want != nil {
				require.Equal(t, tc.want, got)
			}
			text := string(View{}.AppendDiff(nil, list))
			for _, x := range list {
				require.Contains(t, text, x.Path)
			}
			_, err := json.Marshal(list)
			require.NoError(t, err)
		})
	}
}

func TestGoldenDiff(t *testing.T) {
	a := madeUpReceipt()
	b := madeUpReceipt(func(p map[uint16]part) {
		p[TagCashier] = str(TagCashier, "Кассир <2>")
		p[TagSettlementType] = num(TagSettlementType, 2)
		delete(p, TagBuyerInfo)
		p[TagShiftNumber], p[TagReceiptNumberInShift] = p[TagReceiptNumberInShift], p[TagShiftNumber]
	})
	list := Diff(Decode(a, 0), Decode(b, 0))
	golden(t, "receipt.diff", View{}.AppendDiff(nil, list))
	golden(t, "receipt.en.diff", View{Lang: English, Width: 100}.AppendDiff(nil, list))
	out, err := json.MarshalIndent(list, "", "  ")
	require.NoError(t, err)
	golden(t, "receipt.diff.json", append(out, '\n'))
}

func FuzzDiff(f *testing.F) {
	f.Add(madeUpReceipt(), madeUpReceipt()[:200])
	f.Add([]byte{3, 0, 9, 0}, []byte{3, 0, 8, 0})
	f.Add(stlv(3, num(TagTotalSum, 1), num(TagTotalSum, 2))(nil), stlv(3, num(TagTotalSum, 2))(nil))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		list := Diff(Decode(a, 0), Decode(b, 0))
		if bytes.Equal(a, b) != (len(list) == 0) {
			t.Fatal("a difference without one, or none with one")
		}
		View{Width: 80}.AppendDiff(nil, list)
		if _, err := json.Marshal(list); err != nil {
			t.Fatal(err)
		}
	})
}

func TestExplainValue(t *testing.T) {
	for _, tc := range []struct {
		name string
		tag  uint16
		hex  string
		want []string
	}{
		{"enumeration", TagSettlementType, "01", []string{"значение: приход (1)", "Byte: 1 = 1h", "смысл: приход"}},
		{"not of the list", TagSettlementType, "09", []string{"смысл: нет в списке: 1, 2, 3, 4"}},
		{"mask", TagTaxSystems, "61", []string{"бит 0 (1h): ОСН", "бит 5 (20h): ПСН", "бит 6 (40h): неизвестен"}},
		{"sign", TagFiscalSign, "310400bc614e", []string{"вид: 31h, чек", "на чеке 0012345678", "[0x0002] 00bc614e"}},
		{"padded VLN", TagTotalSum, "0100", []string{"2 Б, короче всего 1"}},
		{"decimal", TagQuantity, "03dc05", []string{"знаков после запятой: 3", "мантисса: 1500"}},
		{"padded text", TagUserINN, "373730383830363036322020", []string{"CP866: 10 символов", "дополнение: пробелов: 2"}},
		{"bad", TagTotalSum, "010203040506070809", []string{"ошибка: "}},
		{"unknown", 777, "01", []string{"значение: 1 Б"}},
		{"empty", TagQuantity, "", []string{"значение: 0"}},
		{"code of goods", TagProductCode, "444d04309be3f01935526262", []string{"тип кода: 444D", "Data Matrix 04606820347929"}},
		{"structure", TagProductCodeStructured, "1405 0300 616263", []string{"1300 КТ Н", "[0x0004] 616263"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := ExplainValue(Russian, tc.tag, fromHex(t, tc.hex), V120, 0)
			require.NoError(t, err)
			out := string(View{}.AppendExplanation(nil, p))
			for _, want := range tc.want {
				require.Contains(t, out, want)
			}
		})
	}
	_, err := ExplainValue(Russian, TagItem, make([]byte, 65536), V120, 0)
	require.ErrorIs(t, err, tlv.ErrTooLong)
}
