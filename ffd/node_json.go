package ffd

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MarshalJSON is AppendJSON for package encoding/json, which escapes <, > and &
// on top; AppendJSON does not.
func (n *Node) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// AppendJSON appends the tree as compact JSON with the keys tag, name, type,
// offset, len, hex, value, items and error in this order, those without content
// left out. hex is Raw: the value of a leaf, the header of a frame, nothing for
// a structure, whose bytes stand in its items.
func (n *Node) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if n.isTLV() {
		b = append(b, `"tag":`...)
		b = strconv.AppendUint(b, uint64(n.Tag), 10)
		b = append(b, ',')
	}
	b = append(b, `"name":`...)
	b = appendJSONString(b, n.Name)
	b = append(b, `,"type":`...)
	b = appendJSONString(b, n.Type)
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, int64(n.Offset), 10)
	b = append(b, `,"len":`...)
	b = strconv.AppendInt(b, int64(n.Len), 10)
	if n.Raw != nil {
		b = append(b, `,"hex":"`...)
		b = append(hex.AppendEncode(b, n.Raw), '"')
	}
	if v := n.jsonValue(); v != nil {
		b = appendJSONValue(append(b, `,"value":`...), v)
	}
	for i, it := range n.Items {
		if i == 0 {
			b = append(b, `,"items":[`...)
		} else {
			b = append(b, ',')
		}
		b = it.AppendJSON(b)
	}
	if len(n.Items) > 0 {
		b = append(b, ']')
	}
	if n.Err != "" {
		b = appendJSONString(append(b, `,"error":`...), n.Err)
	}
	return append(b, '}')
}

// jsonValue leaves out what hex says already: a value that is not of its type.
func (n *Node) jsonValue() any {
	switch {
	case len(n.Fields) > 0:
		return n.Fields
	case n.Err != "":
		return nil
	}
	return n.Value()
}

func appendJSONValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case string:
		return appendJSONString(b, v)
	case []Field:
		for i, f := range v {
			b = append(b, "{,"[min(i, 1)])
			b = append(appendJSONString(b, f.Key), ':')
			b = appendJSONValue(b, f.Value)
		}
		return append(b, '}')
	}
	return appendJSONString(b, fmt.Sprint(v))
}

// appendJSONString escapes what JSON asks for and no more.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || r == 0x7F:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
