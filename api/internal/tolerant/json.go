package tolerant

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseJSON reads body as JSON with the liberties of spec/api/cloudkassir.md 1.1 and spec/decisions.md (JSON comments):
// byte order mark, `//` and `/* */` comments, trailing commas, an opening bracket at the end of a line comment after a
// colon. Every error is a *SyntaxError and leaves d empty.
func (d *Document) ParseJSON(body []byte) error {
	if err := d.load(body); err != nil {
		return err
	}
	p := parser{doc: d, src: d.text}
	if strings.HasPrefix(p.src, byteOrderMark) {
		p.pos = len(byteOrderMark)
	}
	err := p.checkUTF8()
	if err == nil {
		err = p.tree(0)
	}
	if err != nil {
		d.Reset()
		return err
	}
	return nil
}

// embed reads the JSON text of string node i as a tree below it. A failure leaves the node as it was. The positions of a
// failure are those in the text; nodes of the tree take the place of the string, for the body has no other.
func (d *Document) embed(i int32) (root int32, err error) {
	size := len(d.nodes)
	p := parser{doc: d, src: d.nodes[i].text, depth: d.depth(i), embedded: true, offset: d.nodes[i].offset}
	if err := p.tree(i); err != nil {
		clear(d.nodes[size:])
		d.nodes = d.nodes[:size]
		n := &d.nodes[i]
		n.first, n.last, n.count = 0, 0, 0
		return 0, err
	}
	return d.nodes[i].first, nil
}

// parser walks src once and without recursion: the open container is known by the parent links of the nodes.
type parser struct {
	doc      *Document
	src      string
	pos      int
	depth    int
	embedded bool
	offset   int32 // of every node, when embedded
}

// tree reads one value with everything in it, and nothing may follow it. Its root is attached to parent.
func (p *parser) tree(parent int32) error {
	root := int32(len(p.doc.nodes))
	open := parent // the container that takes the next value
	name := ""
	afterColon := false
	for {
		i, err := p.value(open, name, afterColon)
		if err != nil {
			return err
		}
		// Just after an opening bracket, as after a comma, a value or the closing bracket may follow.
		mayClose := false
		if kind := p.doc.nodes[i].kind; kind == Array || kind == Object {
			open, mayClose = i, true
		}
		for done := i == root && !mayClose; ; {
			if _, err := p.skip(false); err != nil {
				return err
			}
			if done {
				if p.pos < len(p.src) {
					return p.expected("the end of the body")
				}
				return nil
			}
			closing := byte(']')
			if p.doc.nodes[open].kind == Object {
				closing = '}'
			}
			c := p.peek()
			if c == closing {
				p.pos++
				p.depth--
				done = open == root
				open = p.doc.nodes[open].parent
				mayClose = false
				continue
			}
			if mayClose {
				break
			}
			if c != ',' {
				return p.expected(fmt.Sprintf("a comma or %q", closing))
			}
			p.pos++
			mayClose = true
		}
		name, afterColon = "", false
		if p.doc.nodes[open].kind == Object {
			if name, err = p.name(); err != nil {
				return err
			}
			afterColon = true
		}
	}
}

// name reads the name of a member and the colon behind it.
func (p *parser) name() (string, error) {
	if p.peek() != '"' {
		return "", p.expected("a name in double quotes")
	}
	name, err := p.text()
	if err != nil {
		return "", err
	}
	if _, err := p.skip(false); err != nil {
		return "", err
	}
	if p.peek() != ':' {
		return "", p.expected(`":" after the name`)
	}
	p.pos++
	return name, nil
}

// value reads a scalar or the opening bracket of a container.
func (p *parser) value(parent int32, name string, afterColon bool) (int32, error) {
	opening, err := p.skip(afterColon)
	if err != nil {
		return 0, err
	}
	n := node{name: name, offset: int32(p.pos)}
	c := p.peek()
	if opening != 0 {
		// decisions.md, JSON comments: the bracket is the last character of the comment just passed.
		c = opening
		n.offset = int32(strings.LastIndexByte(p.src[:p.pos], opening))
	}
	if p.embedded {
		n.offset = p.offset
	}
	switch {
	case c == '{' || c == '[':
		if p.depth == MaxDepth {
			return 0, p.fail(p.pos, fmt.Sprintf("nesting is deeper than %d", MaxDepth))
		}
		p.depth++
		if opening == 0 {
			p.pos++
		}
		n.kind = Array
		if c == '{' {
			n.kind = Object
		}
	case c == '"':
		n.kind = String
		n.text, err = p.text()
	case c == '-' || c >= '0' && c <= '9':
		n.kind = Number
		n.text, err = p.number()
	case p.word("null"):
		n.kind, n.text = Null, "null"
	case p.word("true"):
		n.kind, n.text = Bool, "true"
	case p.word("false"):
		n.kind, n.text = Bool, "false"
	default:
		return 0, p.expected("a value")
	}
	if err != nil {
		return 0, err
	}
	return p.doc.attach(parent, n), nil
}

// word passes w when it stands here as a whole word.
func (p *parser) word(w string) bool {
	rest := p.src[p.pos:]
	if !strings.HasPrefix(rest, w) || len(rest) > len(w) && isWordByte(rest[len(w)]) {
		return false
	}
	p.pos += len(w)
	return true
}

// number passes a number of the JSON grammar and returns it as written.
func (p *parser) number() (string, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	leading := p.pos
	if p.digits() == 0 {
		return "", p.expected("a digit")
	}
	if p.src[leading] == '0' && p.pos > leading+1 {
		return "", p.fail(leading, "expected a number without leading zeros, or quotes around it")
	}
	if p.peek() == '.' {
		p.pos++
		if p.digits() == 0 {
			return "", p.expected("a digit after the decimal point")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if p.digits() == 0 {
			return "", p.expected("a digit in the exponent")
		}
	}
	if isWordByte(p.peek()) {
		return "", p.expected("the end of the number")
	}
	return p.src[start:p.pos], nil
}

// digits passes decimal digits and counts them.
func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// text passes a string with its quotes and returns its content: a part of src, or of doc.decoded when it has escapes.
func (p *parser) text() (string, error) {
	start := p.pos
	for i := start + 1; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '"':
			p.pos = i + 1
			return p.src[start+1 : i], nil
		case c == '\\':
			p.pos = i
			return p.escapedText(start)
		case c < ' ':
			p.pos = i
			return "", p.control(c)
		}
	}
	return "", p.fail(start, "expected a closing quote for the string that begins here")
}

// escapedText is text from the first backslash on; start is the place of the opening quote. An escape is never shorter than
// what it stands for, so the rest of src bounds the bytes of this string and of all that follow.
func (p *parser) escapedText(start int) (string, error) {
	out := &p.doc.decoded
	p.doc.reserve(len(p.src) - start)
	from := out.Len()
	plain := start + 1 // where the part not copied yet begins
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			out.WriteString(p.src[plain:p.pos])
			p.pos++
			return out.String()[from:], nil
		case c == '\\':
			out.WriteString(p.src[plain:p.pos])
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out.WriteRune(r)
			plain = p.pos
		case c < ' ':
			return "", p.control(c)
		default:
			p.pos++
		}
	}
	return "", p.fail(start, "expected a closing quote for the string that begins here")
}

// escape passes one escape sequence, both halves of a surrogate pair.
func (p *parser) escape() (rune, error) {
	start := p.pos
	p.pos++
	c := p.peek()
	if c != 'u' {
		const letters, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
		k := strings.IndexByte(letters, c)
		if k < 0 {
			return 0, p.fail(start, `expected an escape such as \n or \u0041 after the backslash`)
		}
		p.pos++
		return rune(meaning[k]), nil
	}
	r, ok := p.hex4()
	if ok && utf16.IsSurrogate(r) {
		second := rune(0)
		if strings.HasPrefix(p.src[p.pos:], `\u`) {
			p.pos++
			second, ok = p.hex4()
		}
		if r = utf16.DecodeRune(r, second); ok && r == utf8.RuneError {
			return 0, p.fail(start, "expected a surrogate pair, found half of one")
		}
	}
	if !ok {
		return 0, p.fail(start, `expected four hexadecimal digits after \u`)
	}
	return r, nil
}

// hex4 passes `u` and four hexadecimal digits.
func (p *parser) hex4() (rune, bool) {
	end := p.pos + 5
	if end > len(p.src) {
		return 0, false
	}
	r := rune(0)
	for _, c := range []byte(p.src[p.pos+1 : end]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = (c | 0x20) - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	p.pos = end
	return r, true
}

// skip passes white space and comments. Where hidden is set, a line comment whose last character is an opening bracket
// ends it, and the bracket is returned; p.pos is then behind the comment.
func (p *parser) skip(hidden bool) (opening byte, err error) {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		case '/':
			comment, err := p.comment()
			if err != nil {
				return 0, err
			}
			if hidden && strings.HasPrefix(comment, "//") {
				comment = strings.TrimRight(comment, " \t")
				if c := comment[len(comment)-1]; c == '[' || c == '{' {
					return c, nil
				}
			}
		default:
			return 0, nil
		}
	}
	return 0, nil
}

// comment passes one comment and returns it: to the end of the line, which stays, or to the closing mark.
func (p *parser) comment() (string, error) {
	start := p.pos
	rest := p.src[start:]
	switch {
	case strings.HasPrefix(rest, "//"):
		if end := strings.IndexAny(rest, "\r\n"); end >= 0 {
			rest = rest[:end]
		}
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			return "", p.fail(start, `expected "*/" for the comment that begins here`)
		}
		rest = rest[:2+end+2]
	default:
		return "", p.fail(start, `expected "//" or "/*" to begin a comment, found a lone "/"`)
	}
	p.pos += len(rest)
	return rest, nil
}

// checkUTF8 finds the first byte that is not UTF-8. An embedded text was checked with its body.
func (p *parser) checkUTF8() error {
	if utf8.ValidString(p.src) {
		return nil
	}
	for i := 0; ; {
		r, size := utf8.DecodeRuneInString(p.src[i:])
		if r == utf8.RuneError && size == 1 {
			return p.fail(i, fmt.Sprintf("expected UTF-8, found the byte %02Xh", p.src[i]))
		}
		i += size
	}
}

// peek returns the byte here, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// expected says what should stand here and what does.
func (p *parser) expected(what string) error {
	found := "the end of the body"
	if p.pos < len(p.src) {
		r, _ := utf8.DecodeRuneInString(p.src[p.pos:])
		found = strconv.Quote(string(r))
	}
	return p.fail(p.pos, "expected "+what+", found "+found)
}

// control refuses a raw control character inside a string, as JSON does.
func (p *parser) control(c byte) error {
	return p.fail(p.pos, fmt.Sprintf(`expected no control character inside a string, write it as \u%04x`, c))
}

func (p *parser) fail(offset int, msg string) error {
	return newSyntaxError(p.src, offset, msg)
}

// isWordByte tells the bytes that cannot follow a number or a word directly.
func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '.' || c == '+' || c == '-' || c >= utf8.RuneSelf
}
