package tolerant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseForm reads body as application/x-www-form-urlencoded with bracket nesting, as PHP's http_build_query writes it
// (spec/api/cloudkassir.md 1.2): `a[b][0][c]=v`, brackets percent-encoded or not, `[]` for the next element. All values are
// strings. A group whose keys are all decimal is an array in numeric order, gaps closed; errors keep the client's numbers. Of a
// repeated field the last value counts. Every error is a *SyntaxError and leaves d empty.
func (d *Document) ParseForm(body []byte) error {
	if err := d.load(body); err != nil {
		return err
	}
	d.attach(0, node{kind: Object})
	f := form{doc: d}
	if err := f.read(); err != nil {
		d.Reset()
		return err
	}
	f.arrange()
	return nil
}

// form is the reading of one form body.
type form struct {
	doc    *Document
	fields int
}

func (f *form) read() error {
	text := f.doc.text
	if first, _ := firstByte([]byte(text[:min(len(text), 16)])); first == '{' || first == '[' {
		return f.fail(0, "expected a form, found JSON: send it with Content-Type: application/json")
	}
	for start := 0; start < len(text); {
		end := len(text)
		if k := strings.IndexByte(text[start:], '&'); k >= 0 {
			end = start + k
		}
		if end > start {
			if err := f.pair(start, end); err != nil {
				return err
			}
		}
		start = end + 1
	}
	return nil
}

// pair reads text[start:end], `key=value` or a lone key with an empty value.
func (f *form) pair(start, end int) error {
	if f.fields++; f.fields > MaxFormFields {
		return f.fail(start, fmt.Sprintf("more than %d fields", MaxFormFields))
	}
	text := f.doc.text
	keyEnd, valueStart := end, end
	if k := strings.IndexByte(text[start:end], '='); k >= 0 {
		keyEnd, valueStart = start+k, start+k+1
	}
	key, err := f.unescape(start, keyEnd)
	if err != nil {
		return err
	}
	value, err := f.unescape(valueStart, end)
	if err != nil {
		return err
	}
	return f.put(key, start, node{kind: String, text: value, offset: int32(valueStart)})
}

// put walks the key from group to group and leaves the value at its end.
func (f *form) put(key string, start int, value node) error {
	name, rest := key, ""
	if k := strings.IndexByte(key, '['); k >= 0 {
		name, rest = key[:k], key[k:]
	}
	if name == "" {
		return f.fail(start, "expected a field name")
	}
	group, found := int32(0), f.find(0, name)
	for depth := 1; rest != ""; depth++ {
		if depth == MaxDepth {
			return f.fail(start, fmt.Sprintf("nesting is deeper than %d", MaxDepth))
		}
		switch {
		case found == 0:
			group = f.doc.attach(group, node{kind: Object, name: name, offset: value.offset})
		case f.doc.nodes[found].kind == String:
			return f.fail(start, fmt.Sprintf("field %q is a value and a group at once", name))
		default:
			group = found
		}
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 || strings.IndexByte(rest[1:end], '[') >= 0 {
			return f.fail(start, "expected pairs of brackets behind the field name")
		}
		name, rest = rest[1:end], rest[end+1:]
		if found = 0; name == "" {
			next, ok := f.nextIndex(group)
			if !ok {
				return f.fail(start, `expected a number for "[]", the numbers before it are too large`)
			}
			name = next
		} else {
			found = f.find(group, name)
		}
	}
	if found == 0 {
		value.name = name
		f.doc.attach(group, value)
		return nil
	}
	n := &f.doc.nodes[found]
	if n.kind == Object {
		return f.fail(start, fmt.Sprintf("field %q is a value and a group at once", name))
	}
	n.text, n.offset = value.text, value.offset
	return nil
}

// find returns the member of group, 0 when there is none. Fields of one group mostly stand together, so the last is tried
// first.
func (f *form) find(group int32, name string) int32 {
	nodes := f.doc.nodes
	if last := nodes[group].last; last != 0 && strings.EqualFold(nodes[last].name, name) {
		return last
	}
	for i := nodes[group].first; i != 0; i = nodes[i].next {
		if strings.EqualFold(nodes[i].name, name) {
			return i
		}
	}
	return 0
}

// nextIndex returns the number that `[]` stands for: one more than the largest.
func (f *form) nextIndex(group int32) (string, bool) {
	next := 0
	nodes := f.doc.nodes
	for i := nodes[group].first; i != 0; i = nodes[i].next {
		if !isDecimal(nodes[i].name) {
			continue
		}
		k, err := strconv.ParseInt(nodes[i].name, 10, 32)
		if err != nil {
			return "", false
		}
		next = max(next, int(k)+1)
	}
	return strconv.Itoa(next), true
}

// arrange makes arrays of the groups whose keys are all decimal. The root is an object whatever its keys.
func (f *form) arrange() {
	nodes := f.doc.nodes
	var order []int32
	for g := 1; g < len(nodes); g++ {
		if nodes[g].kind != Object {
			continue
		}
		order = order[:0]
		for i := nodes[g].first; i != 0 && isDecimal(nodes[i].name); i = nodes[i].next {
			order = append(order, i)
		}
		if len(order) != int(nodes[g].count) {
			continue
		}
		slices.SortStableFunc(order, func(a, b int32) int { return compareDecimal(nodes[a].name, nodes[b].name) })
		nodes[g].kind = Array
		nodes[g].first, nodes[g].last = order[0], order[len(order)-1]
		for k, i := range order {
			nodes[i].next = 0
			if k > 0 {
				nodes[order[k-1]].next = i
			}
		}
	}
}

func isDecimal(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// compareDecimal orders strings of digits of any length by their number.
func compareDecimal(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// unescape returns text[start:end] with `+` as a space and `%XX` as a byte. It must be UTF-8 then.
func (f *form) unescape(start, end int) (string, error) {
	raw := f.doc.text[start:end]
	plain := strings.IndexAny(raw, "+%")
	s := raw
	if plain >= 0 {
		out := &f.doc.decoded
		f.doc.reserve(len(f.doc.text) - start)
		from := out.Len()
		out.WriteString(raw[:plain])
		for i := plain; i < len(raw); i++ {
			switch c := raw[i]; c {
			case '+':
				out.WriteByte(' ')
			case '%':
				if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
					return "", f.fail(start+i, `expected two hexadecimal digits after "%"`)
				}
				out.WriteByte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))
				i += 2
			default:
				out.WriteByte(c)
			}
		}
		s = out.String()[from:]
	}
	if !utf8.ValidString(s) {
		return "", f.fail(start, "expected UTF-8 in this field")
	}
	return s, nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

func (f *form) fail(offset int, msg string) error {
	return newSyntaxError(f.doc.text, offset, msg)
}
