package ffd

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"kktd/tlv"
)

// Explanation is a range of bytes and what it means, with its own parts inside.
type Explanation struct {
	Offset int           `json:"offset"`
	Hex    string        `json:"hex"` // "" for what is derived from the bytes of the part around it
	What   string        `json:"what"`
	Text   string        `json:"text,omitempty"`
	Parts  []Explanation `json:"parts,omitempty"`
}

// Explain tells of each byte of a node what it means: header, value, bits, words
// of enumerations, the printed form, and what the dictionary says of the tag.
func (n *Node) Explain(l Lang) Explanation { return explainer{l}.node(n) }

// ExplainValue is Explain for the value of a TLV alone. raw is the value of the
// tag in a structure or document parent, 0 when it is not known; offsets count
// from its first byte. It returns tlv.ErrTooLong when no TLV can hold it.
func ExplainValue(l Lang, tag uint16, raw []byte, v Version, parent uint16) (Explanation, error) {
	if len(raw) > tlv.MaxValueLen {
		return Explanation{}, tlv.ErrTooLong
	}
	n := decoder{v}.node(tlv.Item{Tag: tag, Offset: -tlv.HeaderLen, Value: raw}, parent, 0)
	return explainer{l}.value(n), nil
}

type explainer struct{ l Lang }

func piece(offset int, b []byte, what, format string, args ...any) Explanation {
	return Explanation{Offset: offset, Hex: hex.EncodeToString(b), What: what, Text: fmt.Sprintf(format, args...)}
}

func (x explainer) node(n *Node) Explanation {
	p := piece(n.Offset, nil, n.label(x.l), "%s", n.DisplayIn(x.l))
	if !n.isTLV() {
		p.Hex = hex.EncodeToString(n.Raw)
		x.frame(&p, n)
		return p
	}
	header := tlv.AppendHeader(nil, n.Tag, n.Len)
	p.Parts = append(p.Parts,
		piece(n.Offset, header[:2], x.l.pick("тег", "tag"), "%d = %04Xh, %s", n.Tag, n.Tag, x.l.pick("младший байт первым", "low byte first")),
		piece(n.Offset+2, header[2:], x.l.pick("длина", "length"), "%d", n.Len),
		x.value(n))
	return p
}

func (x explainer) frame(p *Explanation, n *Node) {
	if n.Err != "" {
		p.Parts = append(p.Parts, piece(n.Offset, nil, x.l.pick("ошибка", "error"), "%s", n.Err))
	}
	for _, f := range n.Fields {
		var b []byte
		if f.At+f.Len <= len(n.Raw) {
			b = n.Raw[f.At : f.At+f.Len]
		}
		p.Parts = append(p.Parts, piece(n.Offset+f.At, b, f.Title(x.l), "%s", f.shown(x.l)))
	}
	for _, it := range n.Items {
		p.Parts = append(p.Parts, x.node(it))
	}
}

func (x explainer) value(n *Node) Explanation {
	at := n.Offset + tlv.HeaderLen
	p := piece(at, n.Raw, x.l.pick("значение", "value"), "%s", n.DisplayIn(x.l))
	if n.Err == "" {
		p.Parts = x.inside(n, at)
	} else {
		p.Parts = append(p.Parts, piece(at, nil, x.l.pick("ошибка", "error"), "%s", n.Err))
	}
	if e := n.entry(); e != nil {
		p.Parts = append(p.Parts, piece(at, nil, x.l.pick("словарь", "dictionary"), "%s", e.Summary(x.l)))
	} else {
		p.Parts = append(p.Parts, piece(at, nil, x.l.pick("словарь", "dictionary"), x.l.pick("тега %d нет", "no tag %d"), n.Tag))
	}
	for _, it := range n.Items {
		p.Parts = append(p.Parts, x.node(it))
	}
	return p
}

// inside is what the value is made of.
func (x explainer) inside(n *Node, at int) []Explanation {
	u, isNumber := n.Uint()
	switch {
	case n.kind == STLV:
		return nil
	case n.Tag == TagFiscalSign && isNumber:
		return []Explanation{
			piece(at, n.Raw[:1], x.l.pick("вид", "kind"), "%s", x.signKind(n.Raw[0])),
			piece(at+1, n.Raw[1:2], x.l.pick("длина признака", "length of the sign"), "%d", n.Raw[1]),
			piece(at+2, n.Raw[2:], x.l.pick("ФПД", "sign"), x.l.pick("%d, старший байт первым; на чеке %010d", "%d, high byte first; printed %010d"), u, u),
		}
	case isNumber:
		return x.number(n, at, u)
	case n.kind == FVLN:
		d, err := tlv.FVLN(n.Raw)
		if err != nil || len(n.Raw) == 0 {
			return nil
		}
		return []Explanation{
			piece(at, n.Raw[:1], x.l.pick("знаков после запятой", "decimals"), "%d", d.Scale),
			piece(at+1, n.Raw[1:], x.l.pick("мантисса", "mantissa"), x.l.pick("%d, младший байт первым", "%d, low byte first"), d.Mantissa),
		}
	case n.kind == String:
		text, _ := n.Text()
		used := utf8.RuneCountInString(text) // CP866 has a byte a character
		parts := []Explanation{piece(at, n.Raw[:used], "CP866", x.l.pick("%d символов", "%d characters"), used)}
		if used < len(n.Raw) {
			parts = append(parts, piece(at+used, n.Raw[used:], x.l.pick("дополнение", "padding"), x.l.pick("пробелов: %d", "%d spaces"), len(n.Raw)-used))
		}
		return parts
	case n.Tag == TagProductCode && len(n.Raw) > 2:
		return []Explanation{
			piece(at, n.Raw[:2], x.l.pick("тип кода", "type of the code"), "%X", n.Raw[:2]),
			piece(at+2, n.Raw[2:], x.l.pick("код", "code"), "%q", tlv.DecodeString(n.Raw[2:])),
		}
	}
	return nil
}

// signKind tells which documents have the kind byte (spec/decisions.md, kind byte).
func (x explainer) signKind(kind byte) string {
	switch kind {
	case 0x31:
		return x.l.pick("31h, чек, БСО или коррекция", "31h, receipt, BSO or correction")
	case 0x24:
		return x.l.pick("24h, закрытие смены", "24h, shift closing")
	case 0x21:
		return x.l.pick("21h, прочие документы", "21h, other documents")
	}
	return fmt.Sprintf("%02Xh", kind)
}

func (x explainer) number(n *Node, at int, u uint64) []Explanation {
	parts := []Explanation{piece(at, nil, n.kind.String(), x.l.pick("%d = %Xh, младший байт первым", "%d = %Xh, low byte first"), u, u)}
	if shortest := tlv.VLNLen(u); n.kind == VLN && len(n.Raw) != shortest {
		parts = append(parts, piece(at, nil, x.l.pick("длина VLN", "length of the VLN"),
			x.l.pick("%d Б, короче всего %d", "%d bytes, the shortest form has %d"), len(n.Raw), shortest))
	}
	e, ok := enumerationOf(n.Tag, n.v)
	if !ok {
		return parts
	}
	if !e.mask {
		name, known := ValueNameIn(x.l, n.Tag, n.v, u)
		if !known {
			name = x.l.pick("нет в списке: ", "not one of ") + e.list()
		}
		return append(parts, piece(at, nil, x.l.pick("смысл", "meaning"), "%s", name))
	}
	for bit := range uint64(64) {
		if u>>bit&1 == 0 {
			continue
		}
		name := x.l.pick("неизвестен", "not known")
		for _, known := range e.names {
			if known.value == bit {
				name = x.l.word(known.name)
			}
		}
		parts = append(parts, piece(at, nil, fmt.Sprintf(x.l.pick("бит %d (%Xh)", "bit %d (%Xh)"), bit, uint64(1)<<bit), "%s", name))
	}
	return parts
}

// Summary is the dictionary's word on a tag in a line: type, length, versions,
// where it may stand.
func (e Entry) Summary(l Lang) string {
	var b strings.Builder
	b.WriteString(e.Type.String())
	switch {
	case e.Len > 0 && e.Fixed:
		fmt.Fprintf(&b, l.pick(", ровно %d Б", ", exactly %d B"), e.Len)
	case e.Len > 0:
		fmt.Fprintf(&b, l.pick(", до %d Б", ", up to %d B"), e.Len)
	}
	if versions := e.VersionNames(); len(versions) > 0 {
		fmt.Fprintf(&b, l.pick("; ФФД %s", "; FFD %s"), strings.Join(versions, ", "))
	}
	if len(e.Parents) > 0 {
		fmt.Fprintf(&b, l.pick("; в %s", "; in %s"), strings.Trim(fmt.Sprint(e.Parents), "[]"))
	}
	if e.Repeat {
		b.WriteString(l.pick("; повторяется", "; repeats"))
	}
	if e.Legacy {
		b.WriteString(l.pick("; только читается", "; read only"))
	}
	return b.String()
}

// VersionNames are the versions that have the tag: "1.05", "1.1".
func (e Entry) VersionNames() []string {
	var names []string
	for v := V100; v <= V120; v++ {
		if e.Versions.Has(v) {
			names = append(names, v.String())
		}
	}
	return names
}

// EnumValue is a value or a bit of a tag with its name.
type EnumValue struct {
	Value  uint64 `json:"value"` // the value, or the mask of the bit
	Name   string `json:"name"`
	NameEn string `json:"nameEn"`
}

// EnumValues are the values of a tag, or the bits of its mask; none when it is no
// enumeration.
func EnumValues(tag uint16, v Version) (values []EnumValue, mask bool) {
	e, _ := enumerationOf(tag, v)
	for _, n := range e.names {
		x := EnumValue{n.value, n.name, English.word(n.name)}
		if e.mask {
			x.Value = 1 << n.value
		}
		values = append(values, x)
	}
	return values, e.mask
}

// AppendExplanation appends a part and those inside: what, meaning, offset and
// bytes.
func (v View) AppendExplanation(b []byte, p Explanation) []byte { return v.explanation(b, p, 0) }

func (v View) explanation(b []byte, p Explanation, depth int) []byte {
	indent := strings.Repeat("  ", depth)
	label := indent + p.What
	if p.Text != "" {
		label += ": "
	}
	b = v.paint(b, labelColor, []byte(label))
	b = append(b, p.Text...)
	if p.Hex != "" {
		text := fmt.Sprintf("  [0x%04x] %s", p.Offset, p.Hex)
		if v.Width > 0 {
			text = cut(text, max(v.Width-utf8.RuneCountInString(label+p.Text), 2*minHexWidth))
		}
		b = v.paint(b, bytesColor, []byte(text))
	}
	b = append(b, '\n')
	for _, inner := range p.Parts {
		b = v.explanation(b, inner, depth+1)
	}
	return b
}
