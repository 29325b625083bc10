package slip

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text appends the slip of a document as text: UTF-8, lines of at most the width,
// no spaces at their ends. Only the content of the QR code, which must stay whole
// to be copied, may make a longer line. Errors are ErrDocument and ErrWidth; with
// an error b comes back as it was.
func Text(b []byte, in Input) ([]byte, error) {
	width, err := in.width()
	if err != nil {
		return b, err
	}
	s, err := compose(&in)
	if err != nil {
		return b, err
	}
	t := textRenderer{b: b}
	set := setter{width: width, put: t.put}
	for _, l := range s.lines {
		switch l.kind {
		case rule:
			t.put(0, strings.Repeat("-", width))
		case code:
			if in.DrawQR {
				t.drawQR(l.left, width)
			}
			t.put(0, printable(l.left))
		default:
			set.line(l)
		}
	}
	return t.b, nil
}

type textRenderer struct{ b []byte }

// drawQR draws the code in half blocks, centred; one that is too wide is left out.
// Dark modules are the character, so it is right on light ground, as paper is.
func (t *textRenderer) drawQR(text string, width int) {
	q, err := newQR(text)
	if err != nil || q.size > width {
		return
	}
	for y := 0; y < q.size; y += 2 {
		row := make([]rune, q.size)
		for x := range row {
			row[x] = [4]rune{' ', '▀', '▄', '█'}[b2i(q.dark(x, y))|b2i(q.dark(x, y+1))<<1]
		}
		t.put((width-q.size)/2, strings.TrimRight(string(row), " "))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *textRenderer) put(indent int, s string) {
	if s != "" {
		for range indent {
			t.b = append(t.b, ' ')
		}
	}
	t.b = append(append(t.b, s...), '\n')
}

// setter breaks the lines of a sheet into rows of a width: put gets each with its
// indentation. Rules and codes are not its business.
type setter struct {
	width int
	put   func(indent int, s string)
}

// indentStep is the indentation of one level in characters.
const indentStep = 2

func (t *setter) line(l line) {
	left, right, indent := printable(l.left), strings.Trim(printable(l.right), " \n"), l.level*indentStep
	switch l.kind {
	case heading, centred:
		for _, s := range wrap(left, t.width) {
			t.put((t.width-utf8.RuneCountInString(s))/2, s)
		}
	case pair, total:
		t.pair(indent, left, right)
	default:
		for _, s := range wrap(left, t.width-indent) {
			t.put(indent, s)
		}
	}
}

// pair sets label and value on one line; a value that does not fit there goes to
// the right of the next one, and one longer than a line runs on behind its label.
func (t *setter) pair(indent int, left, right string) {
	room := t.width - indent
	if utf8.RuneCountInString(right) > room || strings.Contains(right, "\n") {
		for _, s := range wrap(left+": "+right, room) {
			t.put(indent, s)
		}
		return
	}
	lines := wrap(left, room)
	last := lines[len(lines)-1]
	for _, s := range lines[:len(lines)-1] {
		t.put(indent, s)
	}
	gap := room - utf8.RuneCountInString(last) - utf8.RuneCountInString(right)
	if gap < 1 {
		t.put(indent, last)
		t.put(t.width-utf8.RuneCountInString(right), right)
		return
	}
	t.put(indent, last+strings.Repeat(" ", gap)+right)
}

// wrap breaks a text at line breaks and spaces into lines of at most width
// characters; a longer word is broken where it must. It gives one line at least.
func wrap(s string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		rest := []rune(strings.TrimRight(paragraph, " "))
		for len(rest) > width {
			at := width
			for at > 0 && rest[at] != ' ' {
				at--
			}
			if at == 0 {
				at = width
			}
			lines = append(lines, strings.TrimRight(string(rest[:at]), " "))
			rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
		}
		lines = append(lines, string(rest))
	}
	return lines
}

// printable shows characters that would steer a terminal as U+FFFD: a slip holds
// texts of others. Line breaks stay, CR LF among them as one.
func printable(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			return r
		case r == '\t' || unicode.IsSpace(r):
			return ' '
		}
		return utf8.RuneError
	}, s)
}
