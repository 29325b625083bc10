package tolerant

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestJSONGolden(t *testing.T) {
	body, err := os.ReadFile("testdata/receipt.json")
	require.NoError(t, err)
	root := parseJSON(t, string(body))
	tree := outline(root)
	amounts, err := root.Get("CustomerReceipt").Get("Amounts").Object()
	require.NoError(t, err)
	golden(t, "receipt.tree", tree+"embedded text:\n"+outline(amounts))
}

func TestJSONAccepted(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"scalar root", ` 12 `, `12`},
		{"words", `[null,true,false]`, `[null,true,false]`},
		{"numbers as written", `[0,-0,1.50,1e2,1E+2,-1.5e-7,123456789012345678901234567890]`, `[0,-0,1.50,1e2,1E+2,-1.5e-7,123456789012345678901234567890]`},
		{"empty containers", `[{},[],""]`, `[{},[],""]`},
		{"trailing commas", `{"a":[1,2,],"b":{"c":1,},}`, `{"a":[1,2],"b":{"c":1}}`},
		{"byte order mark", "\ufeff{\"a\":1}", `{"a":1}`},
		{"CRLF", "{\r\n\"a\":1, // x\r\n}\r\n", `{"a":1}`},
		{"comments everywhere", `/*a*/{/*b*/"a"/*c*/:/*d*/1/*e*/,/*f*/}//g`, `{"a":1}`},
		{"comment marks in a string", `{"a":"http://x/*y*/"}`, `{"a":"http://x/*y*/"}`},
		{"array in a comment", "{\"a\": // x [\n1,2]}", `{"a":[1,2]}`},
		{"object in a comment, spaces after it", "{\"a\": //{ \t\r\n\"b\":1}}", `{"a":{"b":1}}`},
		{"object in the second comment", "{\"a\": // one\n// two {\n}}", `{"a":{}}`},
		{"bracket of a block comment does not count", `{"a": /* [ */ 1}`, `{"a":1}`},
		{"bracket of a comment elsewhere does not count", "{\"a\": 1 // [\n, // {\n\"b\": [ // [\n2]}", `{"a":1,"b":[2]}`},
		{"bracket inside a comment does not count", "{\"a\": // [x] y\n1}", `{"a":1}`},
		{"escapes", `"\"\\\/\b\f\n\r\t\u0041\u0436\u20AC\ud83d\ude00"`, `"\"\\/\b\f\n\r\tAж€😀"`},
		{"escaped names", `{"\u0061\n":1,"b":2}`, `{"a\n":1,"b":2}`},
		{"group separator", `"01\u001d21"`, `"01\u001d21"`},
		{"depth", strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, encode(parseJSON(t, c.body)))
		})
	}
}

func TestJSONRefused(t *testing.T) {
	for _, c := range []struct {
		name, body   string
		line, column int
		msg          string
	}{
		{"empty", ``, 1, 1, `expected a value, found the end of the body`},
		{"missing comma in an object", "{\"a\": 1\n \"b\": 2}", 2, 2, `expected a comma or '}', found "\""`},
		{"missing comma in an array", `[1 2]`, 1, 4, `expected a comma or ']', found "2"`},
		{"double comma", `[1,,2]`, 1, 4, `expected a value, found ","`},
		{"lone comma", `[,]`, 1, 2, `expected a value, found ","`},
		{"lone comma in an object", `{,}`, 1, 2, `expected a name in double quotes, found ","`},
		{"wrong closing bracket", `[1}`, 1, 3, `expected a comma or ']', found "}"`},
		{"not closed", `{"a":[1`, 1, 8, `expected a comma or ']', found the end of the body`},
		{"hidden bracket not closed", "{\"a\": // [\n1}", 2, 2, `expected a comma or ']', found "}"`},
		{"no colon", `{"a" 1}`, 1, 6, `expected ":" after the name, found "1"`},
		{"no value", `{"a":}`, 1, 6, `expected a value, found "}"`},
		{"bare name", `{a:1}`, 1, 2, `expected a name in double quotes, found "a"`},
		{"single quotes", `{'a':1}`, 1, 2, `expected a name in double quotes, found "'"`},
		{"second value", `1 2`, 1, 3, `expected the end of the body, found "2"`},
		{"capital word", `True`, 1, 1, `expected a value, found "T"`},
		{"longer word", `nullable`, 1, 1, `expected a value, found "n"`},
		{"leading zero", `[007]`, 1, 2, `expected a number without leading zeros, or quotes around it`},
		{"plus", `+1`, 1, 1, `expected a value, found "+"`},
		{"no digit", `-`, 1, 2, `expected a digit, found the end of the body`},
		{"no decimal", `1.`, 1, 3, `expected a digit after the decimal point, found the end of the body`},
		{"no exponent", `1e+`, 1, 4, `expected a digit in the exponent, found the end of the body`},
		{"letter after a number", `[12a]`, 1, 4, `expected the end of the number, found "a"`},
		{"decimal comma", `{"a":1,5}`, 1, 8, `expected a name in double quotes, found "5"`},
		{"string not closed", "[\n\"abc", 2, 1, `expected a closing quote for the string that begins here`},
		{"escaped string not closed", `"a\n`, 1, 1, `expected a closing quote for the string that begins here`},
		{"raw control character", "\"a\tb\"", 1, 3, `expected no control character inside a string, write it as \u0009`},
		{"raw control character after an escape", "\"\\na\tb\"", 1, 5, `expected no control character inside a string, write it as \u0009`},
		{"unknown escape", `"a\x"`, 1, 3, `expected an escape such as \n or \u0041 after the backslash`},
		{"backslash at the end", `"\`, 1, 2, `expected an escape such as \n or \u0041 after the backslash`},
		{"short hex", `"\u12"`, 1, 2, `expected four hexadecimal digits after \u`},
		{"bad hex", `"\u12g4"`, 1, 2, `expected four hexadecimal digits after \u`},
		{"high surrogate alone", `"\ud83d."`, 1, 2, `expected a surrogate pair, found half of one`},
		{"low surrogate first", `"\ude00\ud83d"`, 1, 2, `expected a surrogate pair, found half of one`},
		{"comment not closed", "1 /* x", 1, 3, `expected "*/" for the comment that begins here`},
		{"slash", "1 / x", 1, 3, `expected "//" or "/*" to begin a comment, found a lone "/"`},
		{"columns count characters", `{"имя": ж}`, 1, 9, `expected a value, found "ж"`},
		{"columns do not count the mark", "\ufeff[?]", 1, 2, `expected a value, found "?"`},
		{"mark in the middle", "[\ufeff1]", 1, 2, `expected a value, found "\ufeff"`},
		{"not UTF-8", "\"a\xcf\xf0\"", 1, 3, `expected UTF-8, found the byte CFh`},
		{"depth", strings.Repeat("[", MaxDepth+1), 1, MaxDepth + 1, `nesting is deeper than 64`},
		{"hidden depth", "{" + strings.Repeat("\"a\": // {\n", MaxDepth), MaxDepth, 10, `nesting is deeper than 64`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Document
			err := d.ParseJSON([]byte(c.body))
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.False(t, d.Root().Present())
			require.Equal(t, c.msg, syntax.Msg)
			require.Equal(t, []int{c.line, c.column}, []int{syntax.Line, syntax.Column})
		})
	}
}

// The samples of the CloudKassir document must run as printed (spec/decisions.md, JSON comments).
func TestJSONPrintedSample(t *testing.T) {
	page, err := os.ReadFile(shared(t, "seeds/004_*.txt")[0])
	require.NoError(t, err)
	_, sample, ok := strings.Cut(string(page), "\n{\n    \"Inn\": \"7708806062\", //ИНН\n")
	require.True(t, ok)
	sample, _, ok = strings.Cut(sample, "\n}\n")
	require.True(t, ok)
	root := parseJSON(t, "{\n    \"Inn\": \"7708806062\", //ИНН\n"+sample+"\n}\n")

	receipt := root.Get("customerReceipt")
	items := receipt.Get("items")
	require.Equal(t, 3, items.Len())
	var labels []string
	for _, item := range items.All() {
		labels = append(labels, item.Get("Label").Literal())
	}
	require.Equal(t, []string{"Наименование товара 1", "Наименование товара 2", "Наименование товара 3"}, labels)
	var problems Problems
	f := NewFields(receipt, &problems)
	amounts, ok := f.Object("Amounts")
	require.True(t, ok)
	kopecks, ok := amounts.Kopecks("Electronic")
	require.True(t, ok)
	require.Equal(t, int64(130000), kopecks)
	require.Equal(t, "\u001d", lookup(items, 1, "GroupSeparator").Literal())
	require.Equal(t, "4", lookup(items, 1, "MarkPartQuantity").Get("Denominator").Literal())
	require.Equal(t, Null, lookup(items, 2, "AgentData").Get("TransferOperatorInn").Kind())
	require.Equal(t, "ООО Ромашка", lookup(items, 2, "PurveyorData").Get("name").Literal())
	require.NoError(t, problems.First())
}

func lookup(array Value, index int, name string) Value {
	for k, v := range array.All() {
		if k == index {
			return v.Get(name)
		}
	}
	return Value{}
}

func TestJSONVectors(t *testing.T) {
	for _, path := range shared(t, "vectors/api/*/*.json") {
		body, err := os.ReadFile(path)
		require.NoError(t, err)
		require.JSONEq(t, string(body), encode(parseJSON(t, string(body))), path)
	}
}

func FuzzJSON(f *testing.F) {
	body, err := os.ReadFile("testdata/receipt.json")
	require.NoError(f, err)
	f.Add(body)
	for _, s := range []string{"", "{", "[1,]", "{\"a\": // [\n1]}", `{"a":"{\"b\":1}"}`, "\ufeff\"\\ud83d\\ude00\"", "\xff", `{"a":1,"A":2}`, "1e5/**/"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var d Document
		if err := d.ParseJSON(body); err != nil {
			checkSyntaxError(t, err, body)
			require.False(t, json.Valid(body) && utf8.Valid(body) && acceptable(body), "%v", err)
			return
		}
		first := encode(d.Root())
		require.True(t, json.Valid([]byte(first)))
		for _, v := range d.Root().All() {
			_, _ = v.Object()
			_ = outline(v)
		}
		require.NoError(t, d.ParseJSON([]byte(first)))
		require.Equal(t, first, encode(d.Root()))
	})
}

// acceptable tells strict JSON that the limits and the rule on surrogates let pass.
func acceptable(body []byte) bool {
	return strings.Count(string(body), "[")+strings.Count(string(body), "{") <= MaxDepth && !strings.Contains(strings.ToLower(string(body)), `\ud`)
}

func checkSyntaxError(t *testing.T, err error, body []byte) {
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.True(t, syntax.Offset >= 0 && syntax.Offset <= len(body), "offset %d of %d", syntax.Offset, len(body))
	require.True(t, syntax.Line >= 1 && syntax.Column >= 1)
}
