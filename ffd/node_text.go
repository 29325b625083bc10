package ffd

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
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
}

// AppendText appends the tree as people read it, a line a TLV: tag and name,
// value, offset of the frame, bytes. Read from top to bottom the last column
// is the whole input. A width above 0 is that of the screen in characters:
// values and bytes are cut then, with "…" and, for bytes, their number.
func (n *Node) AppendText(b []byte, width int) []byte {
	lines := n.textLines([]textLine{{label: "ТЕГ  НАЗВАНИЕ", value: "ЗНАЧЕНИЕ", offset: -1}}, 0)
	labels, values := 0, 0
	for _, l := range lines {
		labels = max(labels, utf8.RuneCountInString(l.label))
		values = max(values, utf8.RuneCountInString(l.value))
	}
	labels, values = min(labels, maxLabelWidth), min(values, maxValueWidth)
	hexWidth := 0
	if width > 0 {
		room := max(width-frameWidth-minHexWidth, 40)
		labels = min(labels, room*11/20)
		values = min(values, room-labels)
		hexWidth = max(minHexWidth, width-labels-values-frameWidth)
	}
	for i, l := range lines {
		b = appendColumn(b, cut(l.label, labels), labels)
		value := l.value
		if width > 0 {
			value = cut(value, values)
		}
		switch {
		case i == 0:
			b = append(appendColumn(b, value, values), "СМЕЩ.   БАЙТЫ"...)
		case l.offset < 0:
			b = append(b, value...)
		default:
			b = appendColumn(b, value, values)
			b = fmt.Appendf(b, "0x%04x  ", l.offset)
			b = appendBytesColumn(b, l.header, l.raw, hexWidth)
		}
		b = append(trimSpaces(b), '\n')
	}
	return b
}

func (n *Node) textLines(lines []textLine, depth int) []textLine {
	indent := strings.Repeat("  ", depth)
	l := textLine{label: indent + n.Name, value: n.Display(), offset: n.Offset, raw: n.Raw}
	if n.isTLV() {
		l.label = fmt.Sprintf("%s%-4d %s", indent, n.Tag, n.Name)
		l.header = tlv.AppendHeader(nil, n.Tag, n.Len)
	}
	if n.Err != "" {
		l.value = "! " + n.Err
	}
	lines = append(lines, l)
	for _, f := range n.Fields {
		lines = append(lines, textLine{label: indent + "  · " + f.Name, value: fmt.Sprint(f.Value), offset: -1})
	}
	for _, it := range n.Items {
		lines = it.textLines(lines, depth+1)
	}
	return lines
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

// Display is the value as people read it: roubles and kopecks, date and time,
// words for enumerations. A structure or frame shows its length.
func (n *Node) Display() string {
	if u, ok := n.Uint(); ok {
		return n.displayNumber(u)
	}
	if n.kind == ByteArray && n.Tag == TagProductCode {
		if s := displayProductCode(n.Raw); s != "" {
			return s
		}
	}
	if n.kind == ByteArray || n.kind == STLV || n.kind == 0 {
		return strconv.Itoa(n.Len) + " Б" // the bytes stand in their own column
	}
	s, _ := n.Text()
	if n.kind == String && needsQuotes(s) {
		return strconv.Quote(s)
	}
	return s
}

func (n *Node) displayNumber(u uint64) string {
	switch {
	case n.Tag == TagFiscalSign:
		return fmt.Sprintf("%010d (вид %02X)", u, n.Raw[0])
	case n.kind == UnixTime:
		if u == 0 {
			return "0 (нет)"
		}
		if u >= 1<<32 {
			break
		}
		// The wall clock taken as if it showed UTC (spec/ffd/encoding.md 2.1).
		return time.Unix(int64(u), 0).UTC().Format("02.01.2006 15:04:05") + " (" + strconv.FormatUint(u, 10) + ")"
	case n.kind == VLN && n.Tag != TagNumerator && n.Tag != TagDenominator:
		return fmt.Sprintf("%d.%02d ₽ (%d коп.)", u/100, u%100, u)
	}
	if name, ok := ValueName(n.Tag, n.v, u); ok {
		return fmt.Sprintf("%s (%d)", name, u)
	}
	return strconv.FormatUint(u, 10)
}

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
