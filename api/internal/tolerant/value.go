package tolerant

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Kind tells what a value is.
type Kind uint8

// The kinds of values. Absent is the kind of a member that is not there.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	return [...]string{"absent", "null", "bool", "number", "string", "array", "object"}[k]
}

// Value is one place of a Document, also one that is not there: it still knows its path for an error. It is small, passed by
// value, and valid until the document is parsed again or reset. The zero Value is absent.
type Value struct {
	doc    *Document
	name   string // what was asked for, when absent
	index  int32  // of the node, or of the object that lacks it
	absent bool
}

// node returns the node of v, which must not be absent.
func (v Value) node() *node { return &v.doc.nodes[v.index] }

// Kind returns what stands here.
func (v Value) Kind() Kind {
	if v.doc == nil || v.absent {
		return Absent
	}
	return v.node().kind
}

// Present tells whether something other than null stands here.
func (v Value) Present() bool { return v.Kind() > Null }

// Filled tells whether something other than null and the empty string stands here.
func (v Value) Filled() bool {
	kind := v.Kind()
	return kind > Null && (kind != String || v.node().text != "")
}

// Literal returns the content of a string and any other scalar as it was written, `1e2` for a number; "" for the rest.
func (v Value) Literal() string {
	if v.Kind() == Absent {
		return ""
	}
	return v.node().text
}

// Name returns the name of a member as the client wrote it, "" for elements of arrays that came as JSON.
func (v Value) Name() string {
	if v.Kind() == Absent {
		return v.name
	}
	return v.node().name
}

// Len returns the number of elements of an array or members of an object, repeated names included; 0 for the rest.
func (v Value) Len() int {
	if kind := v.Kind(); kind != Array && kind != Object {
		return 0
	}
	return int(v.node().count)
}

// Get returns the member of that name in any letter case; of repeated ones the last (spec/api/cloudkassir.md 1.1). It is
// absent when there is none or v is not an object; from an absent v it is v itself, the outermost place that lacks.
func (v Value) Get(name string) Value {
	kind := v.Kind()
	if kind == Absent {
		return v
	}
	found := int32(0)
	if kind == Object {
		nodes := v.doc.nodes
		for i := nodes[v.index].first; i != 0; i = nodes[i].next {
			if sameName(nodes[i].name, name) {
				found = i
			}
		}
	}
	if found == 0 {
		return Value{doc: v.doc, name: name, index: v.index, absent: true}
	}
	return Value{doc: v.doc, index: found}
}

// sameName compares names in any letter case. Nearly all lookups end at the length or the first letter.
func sameName(a, b string) bool {
	if len(a) != len(b) || len(a) == 0 {
		return len(a) == len(b)
	}
	if x, y := a[0], b[0]; x|0x20 != y|0x20 && x < utf8.RuneSelf && y < utf8.RuneSelf {
		return false
	}
	return a == b || strings.EqualFold(a, b)
}

// All yields the elements of an array or the members of an object in their order, repeated names included.
func (v Value) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.Len() == 0 {
			return
		}
		for i, k := v.node().first, 0; i != 0; i, k = v.doc.nodes[i].next, k+1 {
			if !yield(k, Value{doc: v.doc, index: i}) {
				return
			}
		}
	}
}

// Path returns the way from the body to v, see FieldError.
func (v Value) Path() string {
	if v.doc == nil || len(v.doc.nodes) == 0 {
		return v.name
	}
	path := v.doc.path(v.index)
	if !v.absent {
		return path
	}
	if path == "" {
		return v.name
	}
	return path + "." + v.name
}

// Position returns line and column of v, from 1; of the object that lacks it, when absent; 1 and 1 without a document.
func (v Value) Position() (line, column int) {
	if v.doc == nil || len(v.doc.nodes) == 0 {
		return 1, 1
	}
	return position(v.doc.text, int(v.node().offset))
}

// Fail returns the error that v breaks rule: one of this package, or the caller's own.
func (v Value) Fail(rule error) *FieldError {
	line, column := v.Position()
	return &FieldError{Path: v.Path(), Line: line, Column: column, Value: excerpt(v.Literal()), Rule: rule}
}

// The conversions below return a *FieldError: ErrAbsent for a missing value or null, and what each says.

// Text returns a string as it is, a number as written, a boolean as `true` or `false`. The empty string is a text.
// Errors: ErrAbsent, ErrText.
func (v Value) Text() (string, error) {
	switch v.Kind() {
	case Absent, Null:
		return "", v.Fail(ErrAbsent)
	case Array, Object:
		return "", v.Fail(ErrText)
	}
	return v.node().text, nil
}

// Bool takes true, false, 1 and 0, also as strings and in any letter case. Errors: ErrAbsent, also for the empty string;
// ErrBool.
func (v Value) Bool() (bool, error) {
	if !v.Filled() {
		return false, v.Fail(ErrAbsent)
	}
	text := strings.TrimSpace(v.node().text)
	switch {
	case text == "1" || strings.EqualFold(text, "true"):
		return true, nil
	case text == "0" || strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, v.Fail(ErrBool)
}

// Decimal takes a number, also as a string with spaces around it. Errors: ErrAbsent, also for the empty string; those of
// ParseDecimal.
func (v Value) Decimal() (Decimal, error) {
	if !v.Filled() {
		return Decimal{}, v.Fail(ErrAbsent)
	}
	n := v.node()
	if n.kind != Number && n.kind != String {
		return Decimal{}, v.Fail(ErrNumber)
	}
	d, err := ParseDecimal(strings.TrimSpace(n.text))
	if err != nil {
		return Decimal{}, v.Fail(err)
	}
	return d, nil
}

// Rounding tells what becomes of a fraction where a whole number is asked for.
type Rounding bool

// Rounding of fractions (spec/api/cloudkassir.md 1.1, rule 5).
const (
	Exact      Rounding = false // ErrInteger
	Arithmetic Rounding = true  // half away from zero
)

// Int takes a whole number of 64 bits: 1, 1.0, 1e2, "1". Errors: those of Decimal, ErrInteger when r is Exact.
func (v Value) Int(r Rounding) (int64, error) {
	d, err := v.Decimal()
	if err != nil {
		return 0, err
	}
	if d.Scale > 0 && r == Exact {
		return 0, v.Fail(ErrInteger)
	}
	return d.Round(), nil
}

// Kopecks takes an amount of roubles and returns it in kopecks, with its sign: 100, 100.00, "100.5", 1e2. Errors: those of
// Decimal; ErrDecimals for parts of a kopeck; ErrRange for more than 92 233 720 368 547 758.07.
func (v Value) Kopecks() (int64, error) {
	d, err := v.Decimal()
	if err != nil {
		return 0, err
	}
	kopecks, err := d.Units(2)
	if err != nil {
		return 0, v.Fail(err)
	}
	return kopecks, nil
}

// Array returns v when it is an array. Errors: ErrAbsent, also for the empty string; ErrArray.
func (v Value) Array() (Value, error) {
	if !v.Filled() {
		return Value{}, v.Fail(ErrAbsent)
	}
	if v.Kind() != Array {
		return Value{}, v.Fail(ErrArray)
	}
	return v, nil
}

// Object returns v when it is an object, or the object whose JSON text v is: a string that starts with `{`
// (spec/api/cloudkassir.md 1.2). Errors: ErrAbsent, also for the empty string; ErrObject; the *SyntaxError of that text, with
// its place inside the text.
func (v Value) Object() (Value, error) {
	if !v.Filled() {
		return Value{}, v.Fail(ErrAbsent)
	}
	n := v.node()
	switch {
	case n.kind == Object:
		return v, nil
	case n.kind == String && n.first != 0:
		return Value{doc: v.doc, index: n.first}, nil
	case n.kind == String && strings.HasPrefix(strings.TrimLeft(n.text, " \t\r\n"), "{"):
		root, err := v.doc.embed(v.index)
		if err != nil {
			return Value{}, v.Fail(err)
		}
		return Value{doc: v.doc, index: root}, nil
	}
	return Value{}, v.Fail(ErrObject)
}
