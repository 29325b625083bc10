package tolerant

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGet(t *testing.T) {
	root := parseJSON(t, `{"label":"a","Label":"b","LABEL":null,"Имя":"x","n":{"a":1},"":3}`)
	require.Equal(t, Null, root.Get("label").Kind(), "the last of repeated names counts")
	require.Equal(t, "x", root.Get("иМЯ").Literal())
	require.Equal(t, "3", root.Get("").Literal())
	require.Equal(t, Absent, root.Get("none").Kind())
	require.Equal(t, "none", root.Get("none").Get("deeper").Path(), "the outermost place that lacks")
	require.Equal(t, "n.b", root.Get("N").Get("b").Path())
	require.Equal(t, "n.a.c", root.Get("N").Get("A").Get("c").Path())
	require.Equal(t, 6, root.Len())
	require.Equal(t, 0, root.Get("n").Get("a").Len())

	var zero Value
	require.Equal(t, "absent", zero.Kind().String())
	require.Equal(t, Absent, zero.Get("a").Kind())
	require.EqualError(t, zero.Fail(ErrAbsent), "body (line 1, column 1): required, but absent or empty")
	var empty Document
	require.Equal(t, Absent, empty.Root().Get("a").Kind())
	require.Empty(t, empty.Root().Path())
}

func TestConversions(t *testing.T) {
	text := func(v Value) (any, error) { return v.Text() }
	boolean := func(v Value) (any, error) { return v.Bool() }
	exactInt := func(v Value) (any, error) { return v.Int(Exact) }
	roundInt := func(v Value) (any, error) { return v.Int(Arithmetic) }
	decimal := func(v Value) (any, error) { return v.Decimal() }
	kopecks := func(v Value) (any, error) { return v.Kopecks() }
	array := func(v Value) (any, error) { a, err := v.Array(); return a.Len(), err }
	object := func(v Value) (any, error) { o, err := v.Object(); return o.Len(), err }
	for _, c := range []struct {
		name string
		read func(Value) (any, error)
		json string
		want any // an error is the rule broken
	}{
		{"text", text, `"a"`, "a"},
		{"text, empty", text, `""`, ""},
		{"text of a number", text, `100.00`, "100.00"},
		{"text of a boolean", text, `true`, "true"},
		{"text of null", text, `null`, ErrAbsent},
		{"text of an object", text, `{}`, ErrText},
		{"text of an array", text, `[]`, ErrText},

		{"true", boolean, `true`, true},
		{"false", boolean, `false`, false},
		{"text true", boolean, `"true"`, true},
		{"text False", boolean, `"False"`, false},
		{"1", boolean, `1`, true},
		{"0", boolean, `0`, false},
		{"text 1", boolean, `"1"`, true},
		{"text 0", boolean, `" 0 "`, false},
		{"bool, empty", boolean, `""`, ErrAbsent},
		{"bool of 2", boolean, `2`, ErrBool},
		{"bool of yes", boolean, `"yes"`, ErrBool},
		{"bool of an array", boolean, `[1]`, ErrBool},

		{"int", exactInt, `1`, int64(1)},
		{"int as text", exactInt, `"1"`, int64(1)},
		{"int with zeros", exactInt, `1.0`, int64(1)},
		{"int with exponent", exactInt, `15e-1`, ErrInteger},
		{"int with fraction", exactInt, `1.5`, ErrInteger},
		{"int rounded up", roundInt, `1.5`, int64(2)},
		{"int rounded down", roundInt, `1.49`, int64(1)},
		{"int rounded, negative", roundInt, `-1.5`, int64(-2)},
		{"largest int", exactInt, `9223372036854775807`, int64(9223372036854775807)},
		{"int too large", exactInt, `9223372036854775808`, ErrRange},
		{"int, empty", exactInt, `""`, ErrAbsent},
		{"int of null", exactInt, `null`, ErrAbsent},
		{"int of a boolean", exactInt, `true`, ErrNumber},
		{"int of a word", exactInt, `"one"`, ErrNumber},
		{"int of spaces", exactInt, `" "`, ErrNumber},

		{"decimal", decimal, `2.50`, Decimal{25, 1}},
		{"decimal with spaces", decimal, `" 2.5 "`, Decimal{25, 1}},
		{"decimal comma", decimal, `"2,5"`, ErrComma},
		{"decimal comma is no number", decimal, `"2,5"`, ErrNumber},
		{"decimal of an object", decimal, `{}`, ErrNumber},

		{"money", kopecks, `100.00`, int64(10000)},
		{"money, whole", kopecks, `100`, int64(10000)},
		{"money as text", kopecks, `"100.5"`, int64(10050)},
		{"money with exponent", kopecks, `1e2`, int64(10000)},
		{"money with zeros", kopecks, `1.23000`, int64(123)},
		{"money, negative", kopecks, `-0.01`, int64(-1)},
		{"money, largest", kopecks, `92233720368547758.07`, int64(9223372036854775807)},
		{"money, three decimals", kopecks, `1.005`, ErrDecimals},
		{"money, many decimals", kopecks, `100.0000000000000000000001`, ErrDecimals},
		{"money, too large", kopecks, `92233720368547758.08`, ErrDecimals},
		{"money, far too large", kopecks, `92233720368547759`, ErrRange},
		{"money, huge exponent", kopecks, `1e99999999999`, ErrRange},

		{"array", array, `[1,2]`, 2},
		{"array of text", array, `"[1]"`, ErrArray},
		{"array of null", array, `null`, ErrAbsent},
		{"object", object, `{"a":1}`, 1},
		{"object as text", object, `" {\"a\":1,\"b\":2}"`, 2},
		{"object, empty text", object, `""`, ErrAbsent},
		{"object of an array", object, `[]`, ErrObject},
		{"object of a text", object, `"a"`, ErrObject},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.read(parseJSON(t, `{"Field":`+c.json+`}`).Get("field"))
			rule, refused := c.want.(error)
			if !refused {
				require.NoError(t, err)
				require.Equal(t, c.want, got)
				return
			}
			require.ErrorIs(t, err, rule)
			var field *FieldError
			require.ErrorAs(t, err, &field)
			require.Equal(t, "Field", field.Path)
			require.Equal(t, []int{1, 10}, []int{field.Line, field.Column})
		})
	}
}

func TestEmbeddedObject(t *testing.T) {
	v := parseJSON(t, `{"a":[0,"{\"b\":\"{\\\"c\\\":\\\"\\\\u0436\\\"}\"}"],"bad":"{\n1}"}`)
	outer, err := lookupAt(v.Get("a"), 1).Object()
	require.NoError(t, err)
	inner, err := outer.Get("B").Object()
	require.NoError(t, err)
	require.Equal(t, "ж", inner.Get("c").Literal())
	require.Equal(t, "a[1].b.c", inner.Get("c").Path())
	again, err := lookupAt(v.Get("a"), 1).Object()
	require.NoError(t, err)
	require.Equal(t, outer, again, "a text is parsed once")

	for range 2 {
		_, err = v.Get("bad").Object()
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Equal(t, []int{2, 1}, []int{syntax.Line, syntax.Column})
		require.EqualError(t, err, `bad (line 1, column 60): line 2, column 1: expected a name in double quotes, found "1", value "{\n1}"`)
		require.Equal(t, String, v.Get("bad").Kind())
	}
}

func lookupAt(array Value, index int) Value {
	for k, v := range array.All() {
		if k == index {
			return v
		}
	}
	return Value{}
}

func TestFields(t *testing.T) {
	root := parseJSON(t, `{
		"inn": 7708806062, "phone": "", "receipt": "{\"Items\":[{\"Price\":1.005,\"Name\":\"a\"},null,{\"Price\":\"2\"}]}",
		"flag": "maybe", "n": "2.5", "amounts": null, "list": {}, "things": 5
	}`)
	var problems Problems
	f := NewFields(root, &problems)

	inn, ok := f.Filled("Inn")
	require.True(t, ok)
	require.Equal(t, "7708806062", inn)
	_, ok = f.Filled("Phone")
	require.False(t, ok)
	phone, ok := f.String("Phone")
	require.True(t, ok)
	require.Empty(t, phone)
	_, ok = f.Int("Phone", Exact)
	require.False(t, ok)
	n, ok := f.Int("N", Arithmetic)
	require.True(t, ok)
	require.Equal(t, int64(3), n)
	amounts, ok := f.Object("Amounts")
	require.False(t, ok)
	_, ok = amounts.Kopecks("Cash")
	require.False(t, ok)
	require.NoError(t, problems.First(), "what is absent is no problem")

	_, _ = f.Bool("Flag")
	_, _ = f.Int("N", Exact)
	_, _ = f.Array("List")
	_, _ = f.Object("Things")
	require.False(t, f.Require("Inn", "Phone", "Nothing"))
	require.False(t, amounts.Require("Cash"))
	receipt, ok := f.Object("Receipt")
	require.True(t, ok)
	var names, prices []string
	for k, item := range receipt.Objects("items") {
		if name, ok := item.String("name"); ok {
			names = append(names, name)
		}
		if price, ok := item.Decimal("price"); ok {
			prices = append(prices, price.String())
		}
		if _, ok := item.Kopecks("price"); k == 0 {
			require.False(t, ok)
		}
	}
	require.Equal(t, []string{"a"}, names)
	require.Equal(t, []string{"1.005", "2"}, prices)
	own := errors.New("unknown organisation")
	f.Refuse("Inn", own)

	var got []string
	for _, problem := range problems.All() {
		got = append(got, problem.Path+": "+problem.Rule.Error())
	}
	require.Equal(t, []string{
		"flag: expected true or false",
		"n: expected a whole number",
		"list: expected an array",
		"things: expected an object",
		"phone: required, but absent or empty",
		"Nothing: required, but absent or empty",
		"amounts.Cash: required, but absent or empty",
		"receipt.Items[0].Price: too many decimals",
		"receipt.Items[1]: required, but absent or empty",
		"inn: unknown organisation",
	}, got)
	require.ErrorIs(t, problems.First(), ErrBool)
	require.ErrorIs(t, problems.All()[9], own)

	problems = Problems{}
	require.False(t, NewFields(parseJSON(t, `[]`), &problems).Require("Inn"))
	require.EqualError(t, problems.First(), "body (line 1, column 1): expected an object")
}

func TestExcerpt(t *testing.T) {
	long := "длинное значение, которое в ошибке стоит не целиком, а только его начало"
	_, err := parseJSON(t, `"`+long+`"`).Int(Exact)
	var field *FieldError
	require.ErrorAs(t, err, &field)
	require.Equal(t, "длинное значение, которое в ошибке стоит не …", field.Value)
}
