package ofdproto_test

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

	"kktd/ffd"
	"kktd/ofdproto"
)

// requireTreeRoundTrip reads the JSON of the tree back: the same bytes and the same JSON.
func requireTreeRoundTrip(t testing.TB, b []byte) {
	t.Helper()
	text := ofdproto.Tree(b).AppendJSON(nil)
	n, err := ofdproto.ParseTree(text)
	require.NoError(t, err)
	require.Equal(t, string(text), string(n.AppendJSON(nil)))
	require.True(t, bytes.Equal(b, n.Append(nil)))
}

// Everything that the vectors hold as hex comes back, damaged rests included.
func TestParseTreeRoundTripOfVectors(t *testing.T) {
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
			requireTreeRoundTrip(t, unhex(t, strings.Trim(m, `"`)))
			total++
		}
		var v struct{ Base64 []byte }
		require.NoError(t, json.Unmarshal(text, &v))
		requireTreeRoundTrip(t, v.Base64)
	}
	require.Greater(t, total, 100)
}

func TestParseTreeRoundTripOfDamage(t *testing.T) {
	message := unhex(t, workedExample)
	for cut := range len(message) {
		requireTreeRoundTrip(t, message[:cut])
		requireTreeRoundTrip(t, message[cut:])
	}
	requireTreeRoundTrip(t, bytes.Repeat(message, 3))
}

var headerHex = regexp.MustCompile(`("type":"(?:session|container|sign)","offset":\d+,"len":\d+),"hex":"[0-9a-f]*"`)

func TestParseTreeFromFields(t *testing.T) {
	message := unhex(t, workedExample)
	text := headerHex.ReplaceAll(ofdproto.Tree(message).AppendJSON(nil), []byte("$1"))
	require.Equal(t, 3, strings.Count(string(text), `"value":{`))
	require.NotContains(t, string(text), `"hex":"2a08`)
	n, err := ofdproto.ParseTree(text)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(message), hex.EncodeToString(n.Append(nil)))
}

// A message of nothing but what its maker must say; a reader takes it.
func TestParseTreeFromLittle(t *testing.T) {
	n, err := ofdproto.ParseTree([]byte(`{"type":"session","items":[{"type":"container","items":[
		{"tag":3,"items":[{"tag":1209,"value":4},{"tag":1041,"value":"9999078900005430"},{"tag":1040,"value":7},{"tag":1077,"value":5}]},
		{"type":"sign","value":{"sign":"010203040506"}}]}]}`))
	require.NoError(t, err)
	m, rest, err := ofdproto.ParseMessage(n.Append(nil))
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, ofdproto.PVersion(4), m.Header.PVersion)
	require.Equal(t, ofdproto.FlagsDocument, m.Header.Flags)
	c, err := m.Container()
	require.NoError(t, err)
	require.Zero(t, c.Quirks())
	require.Equal(t, byte(ofdproto.FromRegister), c.Type)
	require.Equal(t, byte(3), c.Form)
	require.Equal(t, uint32(7), c.Number)
	require.Equal(t, len(c.Document), c.PlainLen())
	tail, err := ofdproto.ParseTail(c.Tail)
	require.NoError(t, err)
	require.Equal(t, byte(ofdproto.TailMessage), tail.Kind)
	require.Nil(t, ofdproto.Tree(n.Append(nil)).Malformed())
	require.Equal(t, ofdproto.Tree(n.Append(nil)).String(), n.String(), "what is made is what is read")

	probe, err := ofdproto.ParseTree([]byte(`{"type":"session","value":{"drive":"9999078900005430","flags":"0010"}}`))
	require.NoError(t, err)
	require.Len(t, probe.Append(nil), ofdproto.SessionHeaderLen)

	sign, err := ofdproto.ParseTree([]byte(`{"type":"sign","value":{"number":8452426237672228481}}`))
	require.NoError(t, err)
	require.Equal(t, "8106a55ae10c4d750000", hex.EncodeToString(sign.Append(nil)))
}

func TestParseTreeRefuses(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"no drive", `{"type":"session"}`, "value.drive: want the number"},
		{"bad drive", `{"type":"session","value":{"drive":"x"}}`, "value.drive: bad drive"},
		{"unknown field", `{"type":"session","value":{"drive":"1","color":"x"}}`, "value.color: unknown field of type session"},
		{"unknown field beside hex", `{"type":"sign","hex":"81060102030405060000","value":{"color":"x"}}`, "value.color: unknown field"},
		{"short flags", `{"type":"session","value":{"drive":"1","flags":"14"}}`, "value.flags: 14: want 4 hex digits"},
		{"flags as a number", `{"type":"session","value":{"drive":"1","flags":14}}`, "value.flags: 14: want 4 hex digits"},
		{"number above three bytes", `{"type":"container","value":{"drive":"1","number":16777216}}`, "value.number: 16777216: want a whole number from 0 to 16777215"},
		{"short header", `{"type":"list","items":[{"type":"session","hex":"2a08410a"}]}`, "items[0]: a header of 4 bytes, want 30"},
		{"short container", `{"type":"container","hex":"00"}`, "a header of 1 bytes, want 32"},
		{"short sign", `{"type":"sign","hex":"8106"}`, "2 bytes, want 10 or 8"},
		{"sign of nothing", `{"type":"sign"}`, "want hex, or value with sign or number"},
		{"too long", `{"type":"session","value":{"drive":"1"},"items":[{"type":"malformed","hex":"` + strings.Repeat("00", 65536) + `"}]}`, "too large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ofdproto.ParseTree([]byte(tc.in))
			require.ErrorContains(t, err, tc.want)
			var e *ffd.JSONError
			require.ErrorAs(t, err, &e)
		})
	}
}

func TestReadTreeWarns(t *testing.T) {
	text := ofdproto.Tree(unhex(t, workedExample)).AppendJSON(nil)
	text = bytes.Replace(text, []byte(`"number":1,`), []byte(`"number":2,`), 1)
	var warnings []string
	r := ffd.JSONReader{Warn: func(path, text string) { warnings = append(warnings, path+": "+text) }}
	_, err := ofdproto.ReadTree(text, r)
	require.NoError(t, err)
	require.Equal(t, []string{"items[0].value.number: 2 told, 1 taken (from hex)"}, warnings)

	warnings, r.PreferValue = nil, true
	n, err := ofdproto.ReadTree(text, r)
	require.NoError(t, err)
	require.Len(t, warnings, 1, "the CRC of the container")
	require.Contains(t, warnings[0], "items[0].value.crc: 7825 told, ")
	m, _, err := ofdproto.ParseMessage(n.Append(nil))
	require.NoError(t, err)
	_, err = m.Container()
	require.NoError(t, err)
}

func FuzzParseTree(f *testing.F) {
	message := unhex(f, workedExample)
	f.Add(ofdproto.Tree(message).AppendJSON(nil))
	f.Add(headerHex.ReplaceAll(ofdproto.Tree(message).AppendJSON(nil), []byte("$1")))
	f.Add([]byte(`{"type":"session","value":{"drive":"9999078900005430","flags":"0010"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ofdproto.ParseTree(b)
		if err != nil {
			return
		}
		raw := n.Append(nil)
		again, err := ofdproto.ParseTree(ofdproto.Tree(raw).AppendJSON(nil))
		if err != nil || !bytes.Equal(raw, again.Append(nil)) {
			t.Fatal("not the same bytes: ", err)
		}
	})
}
