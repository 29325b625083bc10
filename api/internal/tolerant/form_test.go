package tolerant

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormAccepted(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"empty", ``, `{}`},
		{"flat", `Inn=7708806062&Type=Income`, `{"Inn":"7708806062","Type":"Income"}`},
		{"PHP", `Inn=1&R[Items][0][Label]=a&R[Items][0][Price]=1.00&R[Items][1][Label]=b&R[Amounts][Electronic]=1`,
			`{"Inn":"1","R":{"Items":[{"Label":"a","Price":"1.00"},{"Label":"b"}],"Amounts":{"Electronic":"1"}}}`},
		{"escaped brackets", `R%5BItems%5d%5B0%5D%5BLabel%5D=a%20b+c%2B`, `{"R":{"Items":[{"Label":"a b c+"}]}}`},
		{"order and gaps", `a[10]=x&a[2]=y&a[0]=z`, `{"a":["z","y","x"]}`},
		{"large numbers", `a[99999999999999999999]=x&a[3]=y`, `{"a":["y","x"]}`},
		{"mixed keys", `a[0]=x&a[b]=y`, `{"a":{"0":"x","b":"y"}}`},
		{"next element", `a[]=x&a[]=y&a[7]=z&a[]=w`, `{"a":["x","y","z","w"]}`},
		{"names in any case", `a[b]=x&A[C]=y`, `{"a":{"b":"x","C":"y"}}`},
		{"repeated field", `a=1&b=2&A=3`, `{"a":"3","b":"2"}`},
		{"lone key, empty pairs", `&a&&b=&`, `{"a":"","b":""}`},
		{"equals sign in the value", `a=b=c`, `{"a":"b=c"}`},
		{"decimal keys of the root", `0=a&1=b`, `{"0":"a","1":"b"}`},
		{"Cyrillic", `имя=%D0%96`, `{"имя":"Ж"}`},
		{"depth", "a" + strings.Repeat("[b]", MaxDepth-1) + "=1", `{"a":` + strings.Repeat(`{"b":`, MaxDepth-1) + `"1"` + strings.Repeat("}", MaxDepth)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Document
			require.NoError(t, d.ParseForm([]byte(c.body)))
			require.Equal(t, c.want, encode(d.Root()))
		})
	}
}

func TestFormRefused(t *testing.T) {
	for _, c := range []struct {
		name, body string
		offset     int
		msg        string
	}{
		{"JSON", ` {"a":1}`, 0, `expected a form, found JSON: send it with Content-Type: application/json`},
		{"bad escape", `a=1&b=%4`, 6, `expected two hexadecimal digits after "%"`},
		{"bad escape in the key", `a%zz=1`, 1, `expected two hexadecimal digits after "%"`},
		{"no name", `a=1&=2`, 4, `expected a field name`},
		{"brackets without a name", `a=1&[b]=2`, 4, `expected a field name`},
		{"open bracket", `a[b=1`, 0, `expected pairs of brackets behind the field name`},
		{"nested brackets", `a[b[c]]=1`, 0, `expected pairs of brackets behind the field name`},
		{"text after brackets", `a[b]c=1`, 0, `expected pairs of brackets behind the field name`},
		{"value, then group", `a=1&a[b]=1`, 4, `field "a" is a value and a group at once`},
		{"group, then value", `a[b]=1&a=1`, 7, `field "a" is a value and a group at once`},
		{"deep value, then group", `a[b]=1&a[b][c]=1`, 7, `field "b" is a value and a group at once`},
		{"next of a large number", `a[9999999999]=1&a[]=1`, 16, `expected a number for "[]", the numbers before it are too large`},
		{"Windows-1251", `a=1&b=%CF%F0`, 6, `expected UTF-8 in this field`},
		{"depth", "a" + strings.Repeat("[b]", MaxDepth) + "=1", 0, `nesting is deeper than 64`},
		{"fields", strings.Repeat("a=1&", MaxFormFields+1), 4 * MaxFormFields, `more than 8192 fields`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Document
			err := d.ParseForm([]byte(c.body))
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, c.msg, syntax.Msg)
			require.Equal(t, c.offset, syntax.Offset)
			require.False(t, d.Root().Present())
		})
	}
}

func TestFormPathKeepsNumbers(t *testing.T) {
	d, err := ParseBody("application/x-www-form-urlencoded; charset=utf-8", []byte(`R[Items][5][Price]=1,5`))
	require.NoError(t, err)
	_, err = lookup(d.Root().Get("r").Get("items"), 0, "price").Kopecks()
	require.EqualError(t, err, `R.Items[5].Price (line 1, column 20): expected a number with a decimal point, found a comma, value "1,5"`)
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"", "a=1", "a[b][0][c]=v&a[b][1]=w", "a%5B%5D=+", "a[]=1&a[]=2", "%", "[]", "a[b=1", "a=1&a[b]=2", "a[00]=1&a[0]=2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var d Document
		if err := d.ParseForm(body); err != nil {
			checkSyntaxError(t, err, body)
			return
		}
		first := outlineForm(d.Root())
		require.NoError(t, d.ParseForm([]byte(first)))
		require.Equal(t, first, outlineForm(d.Root()))
	})
}

// outlineForm writes a tree as a form with its own keys.
func outlineForm(v Value) string {
	var pairs []string
	var walk func(prefix string, v Value)
	walk = func(prefix string, v Value) {
		if v.Kind() == String {
			pairs = append(pairs, url.QueryEscape(prefix)+"="+url.QueryEscape(v.Literal()))
		}
		for _, child := range v.All() {
			walk(prefix+"["+child.Name()+"]", child)
		}
	}
	for _, child := range v.All() {
		walk(child.Name(), child)
	}
	return strings.Join(pairs, "&")
}

func TestParseBody(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct{ name, contentType, body, want string }{
		{"JSON", "application/json", `{"a":1}`, `{"a":1}`},
		{"other type is JSON", "text/plain; charset=utf-8", `{"a":1}`, `{"a":1}`},
		{"form", form, `a=1`, `{"a":"1"}`},
		{"form in capitals", " Application/X-WWW-Form-URLencoded ; charset=UTF-8", `a=1`, `{"a":"1"}`},
		{"no type, object", "", " \n{}", `{}`},
		{"no type, array", "", `[1]`, `[1]`},
		{"no type, comment", "", "// x\n[1]", `[1]`},
		{"no type, mark", "", "\ufeff{}", `{}`},
		{"no type, form", "", `a=1`, `{"a":"1"}`},
		{"no type, nothing", "", "", `{}`},
		{"JSON, nothing", "application/json", " \r\n", `{}`},
		{"form, nothing", form, "", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := ParseBody(c.contentType, []byte(c.body))
			require.NoError(t, err)
			require.Equal(t, c.want, encode(d.Root()))
			require.Equal(t, c.body, d.Text())
		})
	}
	for _, c := range []struct{ name, contentType, body string }{
		{"multipart", "multipart/form-data; boundary=x", "--x"},
		{"JSON that is a form", "application/json", "a=1"},
		{"form that is JSON", form, "{}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseBody(c.contentType, []byte(c.body))
			checkSyntaxError(t, err, []byte(c.body))
		})
	}
}
