package slip

import (
	"strconv"
	"strings"
	"time"

	"kktd/ffd"
)

// kind is how a line is set.
type kind uint8

const (
	centred  kind = iota // a title
	heading              // a title that stands out
	flowing              // running text on the left, wrapped at words
	itemName             // flowing text that begins an item
	pair                 // label on the left, value on the right
	total                // a pair that stands out
	rule                 // a line across
	code                 // content of the QR code
)

// line is one entry of a layout; a renderer may make several lines of it.
type line struct {
	kind  kind
	level int // of indentation
	left  string
	right string // of a pair or total
}

// sheet is the layout of a slip, the same for every renderer.
type sheet struct{ lines []line }

func (s *sheet) add(k kind, text string) {
	if text != "" {
		s.lines = append(s.lines, line{kind: k, left: text})
	}
}

func (s *sheet) rule() { s.lines = append(s.lines, line{kind: rule}) }

// pair adds a label with its value; without a value nothing.
func (s *sheet) pair(level int, label, value string) {
	if value != "" {
		s.lines = append(s.lines, line{kind: pair, level: level, left: label, right: value})
	}
}

// composer makes the sheet of one document.
type composer struct {
	sheet
	in      *Input
	doc     *ffd.Node
	version ffd.Version
}

// child is the first member with a tag, or nil.
func child(n *ffd.Node, tag uint16) *ffd.Node {
	for _, it := range n.Items {
		if it.Tag == tag {
			return it
		}
	}
	return nil
}

func (c *composer) uint(n *ffd.Node, tag uint16) (uint64, bool) {
	if it := child(n, tag); it != nil {
		return it.Uint()
	}
	return 0, false
}

// value is a member as people read it, "" when it is not there.
func (c *composer) value(n *ffd.Node, tag uint16) string {
	if it := child(n, tag); it != nil {
		return c.show(it)
	}
	return ""
}

// show is the value of a leaf as people read it: roubles, date and time, words of
// enumerations in capitals, and everything else as it is.
func (c *composer) show(n *ffd.Node) string {
	u, ok := n.Uint()
	if !ok {
		s, _ := n.Text()
		return s
	}
	switch {
	case n.Tag == ffd.TagFiscalSign:
		s := strconv.FormatUint(u, 10)
		return strings.Repeat("0", max(0, 10-len(s))) + s // spec/decisions.md, printed ФП
	case n.Tag == ffd.TagCorrectionDate || n.Tag == ffd.TagFirstUnsentFDDate:
		return wallTime(u, "02.01.2006")
	case n.Type == ffd.UnixTime.String():
		return wallTime(u, "02.01.2006 15:04")
	case n.Type == ffd.VLN.String() && n.Tag != ffd.TagNumerator && n.Tag != ffd.TagDenominator:
		return string(ffd.AppendRoubles(nil, u))
	}
	if name, ok := ffd.ValueName(n.Tag, c.version, u); ok {
		if n.Tag == ffd.TagQuantityUnit || n.Tag == ffd.TagVATRate {
			return name
		}
		return strings.ToUpper(name)
	}
	return strconv.FormatUint(u, 10)
}

// wallTime formats a moment of the wall clock that is read as if it showed UTC
// (spec/ffd/encoding.md 2.1); 0 is no moment.
func wallTime(u uint64, layout string) string {
	if u == 0 || u > 1<<32-1 {
		return ""
	}
	return time.Unix(int64(u), 0).UTC().Format(layout)
}

// or is a value of the document, or of the registration where it has none.
func (c *composer) or(tag uint16, registered string) string {
	if s := c.value(c.doc, tag); s != "" {
		return s
	}
	return registered
}

// fields adds the members of a structure with the given tags, in the order of the
// tags given and as often as they stand there.
func (c *composer) fields(n *ffd.Node, level int, tags ...uint16) {
	for _, tag := range tags {
		for _, it := range n.Items {
			if it.Tag == tag {
				c.pair(level, label(it), c.show(it))
			}
		}
	}
}

// flags adds the names of those members that are 1.
func (c *composer) flags(n *ffd.Node, tags ...uint16) {
	for _, tag := range tags {
		if u, _ := c.uint(n, tag); u == 1 {
			c.add(flowing, label(child(n, tag)))
		}
	}
}

// head is what every slip begins with: the mark, the user, the title.
func (c *composer) head(title ...string) {
	c.add(heading, testMark)
	r := &c.in.Registration
	c.add(centred, c.or(ffd.TagUserName, r.UserName))
	c.pair(0, "ИНН", c.or(ffd.TagUserINN, r.INN))
	c.add(flowing, c.or(ffd.TagSettlementAddress, r.Address))
	if place := c.or(ffd.TagSettlementPlace, r.Place); place != "" {
		c.add(flowing, "МЕСТО РАСЧЕТОВ "+place)
	}
	c.rule()
	for _, t := range title {
		c.add(heading, t)
	}
	c.pair(0, "ДАТА, ВРЕМЯ", c.value(c.doc, ffd.TagDateTime))
}

// title is the name of the form.
func (c *composer) title() string { return strings.ToUpper(c.doc.Name) }

// foot is what every slip ends with: the numbers that make it fiscal.
func (c *composer) foot() {
	r := &c.in.Registration
	c.rule()
	c.pair(0, "РН ККТ", c.or(ffd.TagKKTRegNumber, r.RegNumber))
	c.pair(0, "ЗН ККТ", c.or(ffd.TagKKTSerialNumber, r.Serial))
	c.fields(c.doc, 0, ffd.TagFNNumber, ffd.TagFDNumber, ffd.TagFiscalSign)
	c.add(heading, testMark)
}

// testMark tells every slip from a real one (spec/kkt.md 8).
const testMark = "ТЕСТ (отладочный ФН)"
