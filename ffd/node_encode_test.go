package ffd

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var hexKey = regexp.MustCompile(`"hex":"[0-9a-f]*",("value":)`)

// requireRoundTrip reads the JSON of the tree back.
func requireRoundTrip(t testing.TB, n *Node) {
	t.Helper()
	text := n.AppendJSON(nil)
	got, err := ParseJSON(text)
	require.NoError(t, err)
	require.Equal(t, string(text), string(got.AppendJSON(nil)))
	require.True(t, bytes.Equal(n.Append(nil), got.Append(nil)))
}

func TestParseJSONRoundTrip(t *testing.T) {
	receipt := madeUpReceipt()
	for _, tc := range []struct {
		name string
		in   []byte
	}{
		{"nothing", nil},
		{"receipt", receipt},
		{"two receipts", append(bytes.Clone(receipt), receipt...)},
		{"document cut in its header", receipt[:3]},
		{"document cut short", receipt[:300]},
		{"bytes after the document", append(bytes.Clone(receipt), 1, 2, 3)},
		{"empty structure", stlv(3, stlv(TagItem))(nil)},
		{"structure that is none", stlv(3, leaf(TagFractionalQuantity, []byte("abc")))(nil)},
		{"unknown tag", stlv(3, leaf(777, []byte{1, 2}))(nil)},
		{"wrong values", stlv(3, leaf(TagTotalSum, make([]byte, 9)), leaf(TagQuantity, []byte{200, 1}), leaf(TagFiscalSign, []byte{1, 2}))(nil)},
		{"padded numbers", stlv(3, leaf(TagTotalSum, []byte{1, 0, 0, 0}), leaf(TagQuantity, []byte{0, 1, 0, 0}))(nil)},
		{"empty values", stlv(3, leaf(TagTotalSum, nil), leaf(TagCashier, nil), leaf(TagQuantity, nil))(nil)},
		{"all characters", leaf(TagCashier, allBytes())(nil)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			requireRoundTrip(t, Decode(tc.in, 0))
		})
	}
}

func allBytes() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestParseJSONDeepNesting(t *testing.T) {
	p := leaf(TagCashier, []byte("x"))
	for range 40 {
		p = stlv(TagItem, p)
	}
	requireRoundTrip(t, Decode(p(nil), 0))
}

// All that the vectors hold as hex, whatever it is.
func TestParseJSONRoundTripOfVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "shared", "vectors", "tlv", "*.json"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("no ../shared/vectors")
	}
	long := regexp.MustCompile(`"([0-9a-fA-F]{2}){4,}"`)
	total := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range long.FindAllString(string(text), -1) {
			b, err := hex.DecodeString(strings.Trim(m, `"`))
			require.NoError(t, err)
			requireRoundTrip(t, Decode(b, 0))
			total++
		}
	}
	require.Greater(t, total, 100)
}

// Without hex the values make the same bytes, where the device writes the
// numbers as kktd does.
func TestParseJSONFromValues(t *testing.T) {
	doc := madeUpReceipt()
	text := hexKey.ReplaceAll(Decode(doc, 0).AppendJSON(nil), []byte("$1"))
	require.NotContains(t, string(text), `"hex"`)
	n, err := ParseJSON(text)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(doc), hex.EncodeToString(n.Append(nil)))

	n, err = JSONReader{PreferValue: true}.Parse(Decode(doc, 0).AppendJSON(nil))
	require.NoError(t, err)
	require.Equal(t, doc, n.Append(nil))
}

func TestParseJSONValues(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"Byte", `{"tag":1054,"value":1}`, "1e04010001"},
		{"Uint32", `{"tag":1040,"value":258}`, "1004040002010000"},
		{"Uint16", `{"tag":1213,"value":258}`, "bd0402000201"},
		{"time", `{"tag":1012,"value":1780317060}`, "f4030400847b1d6a"},
		{"kopecks", `{"tag":1020,"value":8050}`, "fc030200721f"},
		{"greatest VLN", `{"tag":1020,"value":18446744073709551615}`, "fc030800ffffffffffffffff"},
		{"quantity", `{"tag":1023,"value":"1.500"}`, "ff03030003dc05"},
		{"quantity as a number", `{"tag":1023,"value":1.5}`, "ff030200010f"},
		{"text", `{"tag":1021,"value":"Чай"}`, "fd0303 0097a0a9"},
		{"fixed text", `{"tag":1018,"value":"7708806062"}`, "fa030c00373730383830363036322020"},
		{"bytes", `{"tag":1162,"value":"444D01"}`, "8a040300444d01"},
		{"sign of a receipt", `{"tag":3,"items":[{"tag":1077,"value":12345678}]}`, "03000a00350406003104 00bc614e"},
		{"sign of a closing", `{"tag":5,"items":[{"tag":1077,"value":1}]}`, "05000a003504060024 0400000001"},
		{"sign of a registration", `{"tag":1,"items":[{"tag":1077,"value":1}]}`, "01000a003504060021 0400000001"},
		{"sign as bytes", `{"tag":1077,"value":"310400000001"}`, "35040600310400000001"},
		{"hex wins", `{"tag":1020,"value":5,"hex":"0600"}`, "fc0302000600"},
		{"type wins over the dictionary", `{"tag":1020,"type":"Uint32","value":5}`, "fc03040005000000"},
		{"unknown tag with type", `{"tag":777,"type":"Byte","value":5}`, "0903010005"},
		{"unknown structure", `{"tag":777,"items":[{"tag":1054,"value":1}]}`, "090305001e04010001"},
		{"structure as hex", `{"tag":1059,"hex":"010203"}`, "23040300010203"},
		{"empty structure", `{"tag":1059}`, "23040000"},
		{"list", `{"type":"list","items":[{"tag":1054,"value":1},{"type":"malformed","hex":"ff"}]}`, "1e04010001ff"},
		{"stale length", `{"tag":1054,"len":9,"value":1}`, "1e04010001"},
		{"told length", `{"tag":1054,"len":9,"value":1,"error":"cut"}`, "1e04090001"},
		{"meaning by version", `{"tag":3,"items":[{"tag":1209,"value":1},{"tag":1115,"value":"www"}]}`, "03000c00b9040100015b040300777777"},
		{"spaces", " {\n\"tag\" : 1054 , \"value\" : 1 } \n", "1e04010001"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, err := ParseJSON([]byte(tc.in))
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(tc.want, " ", ""), hex.EncodeToString(n.Append(nil)))
		})
	}
}

func TestParseJSONRefuses(t *testing.T) {
	deep := strings.Repeat(`{"tag":1059,"items":[`, 20) + strings.Repeat(`]}`, 20)
	for _, tc := range []struct{ name, in, want string }{
		{"nothing", "", "at offset 0: unexpected EOF"},
		{"no JSON", "{tag}", "invalid character 't'"},
		{"cut short", `{"tag":1054`, "at offset 11: unexpected"},
		{"array", `[]`, "want {"},
		{"two values", `{"tag":1059}{}`, "more than one value, at offset 13"},
		{"no UTF-8", "{\"tag\":1021,\"value\":\"\xff\"}", "not UTF-8"},
		{"unknown key", `{"tag":3,"items":[{"tag":1059,"items":[{"tag":1030,"text":"x"}]}]}`, "items[0].items[0].text: unknown key"},
		{"key twice", `{"tag":1054,"tag":1055}`, "tag: stands twice"},
		{"empty key", `{"":1}`, "empty key"},
		{"no tag", `{"value":1}`, "want tag or the type of a frame"},
		{"tag above 65535", `{"tag":65536,"hex":""}`, "tag: 65536: want a whole number from 0 to 65535"},
		{"negative tag", `{"tag":-1}`, "tag: -1: want"},
		{"tag as text", `{"tag":"1054"}`, "tag: 1054: want a whole number"},
		{"no value", `{"tag":1054}`, "tag 1054: want hex or value"},
		{"value and items", `{"tag":1059,"hex":"","items":[]}`, "hex or value beside items"},
		{"items of a number", `{"tag":1054,"items":[]}`, "items: type Byte has none"},
		{"odd hex", `{"tag":1054,"hex":"0"}`, "hex: encoding/hex: odd length"},
		{"Byte above 255", `{"tag":1054,"value":256}`, "value: 256: want a whole number from 0 to 255"},
		{"fraction", `{"tag":1020,"value":1.5}`, "value: 1.5: want a whole number"},
		{"exponent", `{"tag":1020,"value":1e2}`, "value: 1e2: want a whole number"},
		{"number as text", `{"tag":1020,"value":"5"}`, "value: 5: want a whole number"},
		{"text as number", `{"tag":1021,"value":5}`, "value: 5: want a string"},
		{"character outside CP866", `{"tag":3,"items":[{"tag":1021,"value":"a€"}]}`, "items[0].value: "},
		{"fixed text too long", `{"tag":1018,"value":"1234567890123"}`, "value: 13 characters, at most 12"},
		{"no decimal", `{"tag":1023,"value":"x"}`, "value: "},
		{"true", `{"tag":1023,"value":true}`, "value: want a number"},
		{"unknown tag", `{"tag":777,"value":1}`, "tag 777 is not in the dictionary"},
		{"unknown type", `{"tag":777,"type":"Int","value":1}`, `type: "Int" is no type`},
		{"no form", `{"tag":1059,"type":"document"}`, "1059 is no form"},
		{"tag of a frame", `{"type":"list","tag":1}`, "tag: type list has none"},
		{"malformed without hex", `{"type":"malformed"}`, "type malformed needs hex"},
		{"message without hex", `{"type":"list","items":[{"type":"session","value":{}}]}`, "items[0]: type session needs hex"},
		{"items of a sign", `{"type":"sign","hex":"00","items":[]}`, "items: type sign has none"},
		{"number for a frame", `{"type":"session","value":1}`, "value: want the fields"},
		{"field that is none", `{"type":"session","value":{"crc":[]}}`, "value.crc: want a number or a string"},
		{"field twice", `{"type":"session","value":{"crc":"","crc":""}}`, "value.crc: stands twice"},
		{"too deep", deep, "nested too deep"},
		{"too long", `{"tag":3,"items":[{"tag":1021,"hex":"` + strings.Repeat("00", 65532) + `"}]}`, "tag 3: a value of 65536 bytes, at most 65535"},
		{"text too long", `{"tag":1021,"value":"` + strings.Repeat("x", 70000) + `"}`, "longer than 65535"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, err := ParseJSON([]byte(tc.in))
			var e *JSONError
			require.ErrorAs(t, err, &e)
			require.ErrorContains(t, err, tc.want)
			require.Nil(t, n)
		})
	}
}

func TestJSONReaderWarns(t *testing.T) {
	var got []string
	r := JSONReader{Warn: func(path, text string) { got = append(got, path+": "+text) }}
	in := `{"tag":3,"items":[{"tag":1020,"hex":"05","value":6},{"tag":1021,"hex":"78","value":"x"},{"tag":1020,"hex":"0500","value":5}]}`
	n, err := r.Parse([]byte(in))
	require.NoError(t, err)
	require.Equal(t, []string{"items[0]: value 6 is not what hex says, 5: hex is taken"}, got)
	require.Equal(t, uint64(5), n.Items[0].Value())
	r.PreferValue = true
	n, err = r.Parse([]byte(in))
	require.NoError(t, err)
	require.Equal(t, uint64(6), n.Items[0].Value())
	require.Equal(t, []byte{5}, n.Items[2].Raw)
}

func FuzzParseJSON(f *testing.F) {
	f.Add(Decode(madeUpReceipt(), 0).AppendJSON(nil))
	f.Add([]byte(`{"type":"session","value":{"drive":"9999078900005430"},"items":[{"type":"malformed","hex":"00"}]}`))
	f.Add([]byte(`{"tag":1054,"len":9,"value":1,"error":"cut"}`))
	f.Add([]byte(`{"tag":1023,"value":1.5}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseJSON(b)
		if err != nil {
			return
		}
		raw := n.Append(nil)
		if len(raw) != n.size() || !json.Valid(n.AppendJSON(nil)) {
			t.Fatal("size or JSON")
		}
		// What was read, decoded and written comes back with the same bytes.
		again, err := ParseJSON(Decode(raw, 0).AppendJSON(nil))
		if err != nil || !bytes.Equal(raw, again.Append(nil)) {
			t.Fatal("not the same bytes: ", err)
		}
	})
}
