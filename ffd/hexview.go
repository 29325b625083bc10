package ffd

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"kktd/tlv"
)

// hexRow is the number of bytes in a line of the annotated hex.
const hexRow = 16

// hexColumn is the width of the bytes: two digits and a space each, and the gap
// between the header of a TLV and its value.
const hexColumn = hexRow*3 + 1

// AppendHex appends the bytes with their meaning at the right, as a hex dump: a
// TLV begins a line with its header, a gap and its value; a structure goes
// on with its items, one step to the right; the header of a frame has a line for
// each field. Fields that only read bytes of others have none of their own. Read
// from top to bottom the bytes are the whole input.
func (v View) AppendHex(b []byte, n *Node) []byte { return v.hexNode(b, n, 0) }

func (v View) hexNode(b []byte, n *Node, depth int) []byte {
	title, color := n.label(v.Lang), plain
	if text := n.DisplayIn(v.Lang); text != "" {
		title += ": " + text
	}
	if n.Err != "" {
		title, color = title+" ! "+n.Err, errorColor
	}
	row := hexLine{offset: n.Offset, depth: depth, title: title, color: color}
	switch {
	case len(n.Fields) > 0:
		b = v.hexRows(b, row)
		b = v.hexFields(b, n, depth+1)
	default:
		if n.isTLV() {
			row.header = tlv.AppendHeader(nil, n.Tag, n.Len)
		}
		row.value = n.Raw
		b = v.hexRows(b, row)
	}
	for _, it := range n.Items {
		b = v.hexNode(b, it, depth+1)
	}
	return b
}

func (v View) hexFields(b []byte, n *Node, depth int) []byte {
	pos := 0
	for _, f := range n.Fields {
		row := hexLine{offset: n.Offset + f.At, depth: depth, title: f.Title(v.Lang) + ": " + f.shown(v.Lang)}
		if end := f.At + f.Len; f.At >= pos && end <= len(n.Raw) {
			if f.At > pos {
				b = v.hexRows(b, hexLine{offset: n.Offset + pos, depth: depth, value: n.Raw[pos:f.At]})
			}
			row.value, pos = n.Raw[f.At:end], end
		}
		b = v.hexRows(b, row)
	}
	if pos < len(n.Raw) {
		b = v.hexRows(b, hexLine{offset: n.Offset + pos, depth: depth, value: n.Raw[pos:]})
	}
	return b
}

// hexLine is a meaning and the bytes that have it.
type hexLine struct {
	offset, depth int
	header, value []byte
	title, color  string
}

func (v View) hexRows(b []byte, l hexLine) []byte {
	const offsetWidth = 8 // four digits and the gaps
	title := strings.Repeat("  ", l.depth) + l.title
	if v.Width > 0 {
		title = cut(title, max(v.Width-offsetWidth-hexColumn, minHexWidth))
	}
	rest := l.value
	for first := true; first || len(rest) > 0; first = false {
		row := make([]byte, 0, hexColumn)
		room := hexRow
		if first && len(l.header) > 0 {
			row = fmt.Appendf(row, "% x  ", l.header)
			room -= len(l.header)
		}
		now := rest[:min(room, len(rest))]
		if row = fmt.Appendf(row, "% x", now); first {
			row = append(row, strings.Repeat(" ", max(hexColumn-utf8.RuneCount(row), 0))...)
		}
		if len(l.header)+len(l.value) == 0 {
			b = append(b, "      "...) // nothing that an offset could belong to
		} else {
			b = fmt.Appendf(b, "%04x  ", l.offset)
		}
		b = v.paint(b, bytesColor, row)
		if first {
			b = v.paint(append(b, "  "...), l.titleColor(), []byte(title))
		}
		b = append(trimSpaces(b), '\n')
		l.offset += len(now)
		if first {
			l.offset += len(l.header)
		}
		rest = rest[len(now):]
	}
	return b
}

func (l hexLine) titleColor() string {
	if l.color == plain && len(l.header) > 0 {
		return labelColor
	}
	return l.color
}
