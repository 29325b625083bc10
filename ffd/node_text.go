package ffd

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kktd/tlv"
)

// Widths of the columns of the text tree in characters. Longer names are cut,
// longer values push the bytes to the right.
const (
	maxLabelWidth = 52
	maxValueWidth = 44
	minHexWidth   = 12
	frameWidth    = 21 // gaps, offset and the header of the TLV
)

// String is the tree as text, nothing cut but names.
func (n *Node) String() string { return string(n.AppendText(nil, 0)) }

// textLine is a line of the text tree.
type textLine struct {
	label, value string
	offset       int // -1 for a field of a header, which has no bytes of its own
	header, raw  []byte
	color        string // of the value
}

// AppendText is View.AppendTree in Russian and without colour.
func (n *Node) AppendText(b []byte, width int) []byte { return View{Width: width}.AppendTree(b, n) }

// View is how nodes are shown as text.
type View struct {
	Lang  Lang
	Color bool // with the escape codes of a terminal
	Width int  // of the screen in characters; 0 cuts nothing but names
}

// AppendTree appends the tree as people read it, a line a TLV: tag and name,
// value, offset of the frame, bytes. Read from top to bottom the last column
// is the whole input. A width above 0 is that of the screen: values and bytes
// are cut then, with "…" and, for bytes, their number.
func (v View) AppendTree(b []byte, n *Node) []byte {
	head := textLine{label: v.Lang.pick("ТЕГ  НАЗВАНИЕ", "TAG  NAME"), value: v.Lang.pick("ЗНАЧЕНИЕ", "VALUE"), offset: -1}
	lines := v.textLines([]textLine{head}, n, 0)
	labels, values := 0, 0
	for _, l := range lines {
		labels = max(labels, utf8.RuneCountInString(l.label))
		values = max(values, utf8.RuneCountInString(l.value))
	}
	labels, values = min(labels, maxLabelWidth), min(values, maxValueWidth)
	hexWidth := 0
	if v.Width > 0 {
		room := max(v.Width-frameWidth-minHexWidth, 40)
		labels = min(labels, room*11/20)
		values = min(values, room-labels)
		hexWidth = max(minHexWidth, v.Width-labels-values-frameWidth)
	}
	for i, l := range lines {
		value := l.value
		if v.Width > 0 {
			value = cut(value, values)
		}
		b = v.paint(b, labelColor, appendColumn(nil, cut(l.label, labels), labels))
		switch {
		case i == 0:
			b = append(appendColumn(b, value, values), v.Lang.pick("СМЕЩ.   БАЙТЫ", "OFFSET  BYTES")...)
		case l.offset < 0:
			b = append(b, value...)
		default:
			b = v.paint(b, l.color, appendColumn(nil, value, values))
			b = fmt.Appendf(b, "0x%04x  ", l.offset)
			b = v.paint(b, bytesColor, appendBytesColumn(nil, l.header, l.raw, hexWidth))
		}
		b = append(trimSpaces(b), '\n')
	}
	return b
}

// Colours, as the numbers of SGR (ECMA-48 8.3.117).
const (
	plain      = ""
	labelColor = "36" // cyan
	bytesColor = "2"  // faint
	errorColor = "31" // red
	otherColor = "32" // green
)

// paint appends a text in a colour. Spaces at its end stay outside, so that they can
// still be trimmed.
func (v View) paint(b []byte, color string, text []byte) []byte {
	inner := trimSpaces(text)
	if !v.Color || color == plain || len(inner) == 0 {
		return append(b, text...)
	}
	b = append(append(append(b, "\x1b["...), color...), 'm')
	b = append(append(b, inner...), "\x1b[0m"...)
	return append(b, text[len(inner):]...)
}

func (v View) textLines(lines []textLine, n *Node, depth int) []textLine {
	indent := strings.Repeat("  ", depth)
	l := textLine{label: indent + n.label(v.Lang), value: n.DisplayIn(v.Lang), offset: n.Offset, raw: n.Raw}
	if n.isTLV() {
		l.header = tlv.AppendHeader(nil, n.Tag, n.Len)
	}
	if n.Err != "" {
		l.value, l.color = "! "+n.Err, errorColor
	}
	lines = append(lines, l)
	for _, f := range n.Fields {
		lines = append(lines, textLine{label: indent + "  · " + f.Title(v.Lang), value: f.shown(v.Lang), offset: -1})
	}
	for _, it := range n.Items {
		lines = v.textLines(lines, it, depth+1)
	}
	return lines
}

// shown is the value with what it says.
func (f Field) shown(l Lang) string {
	if note := l.pick(f.Note, f.NoteEn); note != "" {
		return f.display() + " (" + note + ")"
	}
	return f.display()
}

// display is the value, quoted where a damaged header holds control characters.
func (f Field) display() string {
	s, ok := f.Value.(string)
	if ok && s != "" && needsQuotes(s) {
		return strconv.Quote(s)
	}
	return fmt.Sprint(f.Value)
}

// label is tag and name.
func (n *Node) label(l Lang) string {
	if n.isTLV() {
		return fmt.Sprintf("%-4d %s", n.Tag, n.Title(l))
	}
	return n.Title(l)
}

func appendColumn(b []byte, s string, width int) []byte {
	b = append(b, s...)
	for n := utf8.RuneCountInString(s); n < width; n++ {
		b = append(b, ' ')
	}
	return append(b, "  "...)
}

func appendBytesColumn(b []byte, header, raw []byte, width int) []byte {
	if len(header) > 0 {
		b = append(hex.AppendEncode(b, header), ' ')
	}
	if width == 0 || 2*len(raw) <= width {
		return hex.AppendEncode(b, raw)
	}
	note := fmt.Sprintf("…(%d)", len(raw))
	keep := max(width-len([]rune(note)), 2) / 2
	return append(hex.AppendEncode(b, raw[:min(keep, len(raw))]), note...)
}

func trimSpaces(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// Display is DisplayIn in Russian.
func (n *Node) Display() string { return n.DisplayIn(Russian) }

func needsQuotes(s string) bool {
	return s == "" || s[0] == ' ' || s[len(s)-1] == ' ' || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// displayProductCode reads tag 1162 (spec/ffd/encoding.md 6): two bytes of type,
// then for the types with a GTIN six big-endian bytes of it.
func displayProductCode(raw []byte) string {
	if len(raw) < 2 {
		return ""
	}
	body := raw[2:]
	gtin := func() string {
		if len(body) < 6 {
			return fmt.Sprintf("%x", body)
		}
		s := fmt.Sprintf("%014d", uint64(binary.BigEndian.Uint16(body))<<32|uint64(binary.BigEndian.Uint32(body[2:])))
		if len(body) > 6 {
			s += " " + strconv.Quote(tlv.DecodeString(body[6:]))
		}
		return s
	}
	text := func() string { return strconv.Quote(tlv.DecodeString(body)) }
	switch binary.BigEndian.Uint16(raw) {
	case 0x0000:
		return "не распознан " + text()
	case 0x4508:
		return "EAN-8 " + gtin()
	case 0x450D:
		return "EAN-13 " + gtin()
	case 0x490E:
		return "ITF-14 " + gtin()
	case 0x444D:
		return "Data Matrix " + gtin()
	case 0x5246:
		return "мех " + text()
	case 0xC514:
		return "ЕГАИС-2.0 " + text()
	case 0xC51E:
		return "ЕГАИС-3.0 " + text()
	}
	return ""
}
