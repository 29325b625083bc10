package ffd

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"kktd/tlv"
)

// JSONError is returned when the JSON of a tree cannot be read.
type JSONError struct {
	Path string // "items[2].items[0].value", "" for the whole
	Err  error
}

// Error has the path in front.
func (e *JSONError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *JSONError) Unwrap() error { return e.Err }

// JSONReader reads trees back from JSON. The zero JSONReader does what ParseJSON
// does.
type JSONReader struct {
	// PreferValue takes value where a node has hex too. Devices have more than
	// one way to write a number, so the bytes may differ from those of hex.
	PreferValue bool
	// Warn, when set, is told of each hex that stands beside another value, and
	// so wins over what somebody wrote into the JSON.
	Warn func(path, text string)
	// Frame, when set, is called for each message, container and sign once its
	// Items are whole. It makes Raw of Fields where Raw is nil, and always
	// sets Fields to what Raw says. Without it such a frame needs hex.
	Frame func(n *Node) error
}

// ParseJSON reads a tree as AppendJSON writes it; Append of the result gives the
// bytes. The errors are *JSONError; a key that is not known is one.
//
// Of a TLV tag, or type and items, are enough: hex is the value where it stands,
// value serves when there is no hex, written as the type says or, without type,
// the dictionary. name and offset are not needed, and offsets and lengths are
// computed, except the len of a TLV with error, which stands as it is told, so
// that a document that was cut short comes back. A message, container or sign
// needs hex here; ofdproto.ParseTree makes them of their fields too.
func ParseJSON(b []byte) (*Node, error) { return JSONReader{}.Parse(b) }

// Parse is ParseJSON with the options of r.
func (r JSONReader) Parse(b []byte) (*Node, error) {
	if !utf8.Valid(b) {
		return nil, &JSONError{Err: errors.New("the JSON is not UTF-8")}
	}
	p := jsonParser{JSONReader: r, d: json.NewDecoder(bytes.NewReader(b))}
	p.d.UseNumber()
	j, err := p.node("", 0)
	if err != nil {
		return nil, err
	}
	if _, err := p.d.Token(); err != io.EOF {
		return nil, &JSONError{Err: fmt.Errorf("more than one value, at offset %d", p.d.InputOffset())}
	}
	v := j.version()
	n, err := p.build(j, "", v, 0)
	if err != nil {
		return nil, err
	}
	n.place(0)
	return n, nil
}

// version is that of the first tag 1209, as versionOf finds it in bytes.
func (j *jsonNode) version() Version {
	if v, ok := j.findVersion(); ok {
		return v
	}
	if j.tag != nil && Form(*j.tag) >= FormMarkingRequest && Form(*j.tag) <= FormMarkingNoticeAck {
		return V120
	}
	return V105
}

func (j *jsonNode) findVersion() (Version, bool) {
	if j.tag != nil && *j.tag == uint64(TagFFDVersion) {
		u, err := tlv.Uint(j.hex)
		if j.hex == nil {
			u, err = wholeNumber(j.value, math.MaxUint8)
		}
		return Version(min(max(u, uint64(V100)), uint64(V120))), err == nil
	}
	for _, it := range j.items {
		if v, ok := it.findVersion(); ok {
			return v, true
		}
	}
	return 0, false
}

// build makes the node with its bytes; the offsets come with place.
func (p *jsonParser) build(j *jsonNode, path string, v Version, parent uint16) (*Node, error) {
	n := &Node{v: v}
	if j.typ != nil {
		n.Type = *j.typ
	}
	if j.fail != nil {
		n.Err = *j.fail
	}
	var err error
	switch n.Type {
	case TypeSession, TypeContainer, TypeSign, TypeMalformed, TypeList:
		err = p.frame(n, j, path)
	default:
		err = p.tlv(n, j, path, parent)
	}
	if err != nil {
		return nil, err
	}
	if j.name != nil {
		n.Name = *j.name
	}
	inside := 0
	for i, it := range j.items {
		at := join(path, "items["+strconv.Itoa(i)+"]")
		child, err := p.build(it, at, v, n.Tag)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, child)
		inside += child.size()
	}
	if !n.isTLV() {
		if err := p.finish(n, path, j.hex != nil); err != nil {
			return nil, err
		}
	}
	n.Len = len(n.Raw) + inside
	if n.isTLV() {
		if j.fail != nil && j.len != nil {
			n.Len = int(*j.len)
		}
		if n.Len > tlv.MaxValueLen {
			return nil, p.fail(path, "tag %d: a value of %d bytes, at most %d", n.Tag, n.Len, tlv.MaxValueLen)
		}
	}
	return n, nil
}

// frameName is what a type of frame is called; "" for the types of the dictionary.
func frameName(typ string) string {
	switch typ {
	case TypeSession:
		return "сообщение"
	case TypeContainer:
		return "контейнер"
	case TypeSign:
		return "ФПС"
	case TypeMalformed:
		return "не читается"
	case TypeList:
		return "список"
	}
	return ""
}

func (p *jsonParser) frame(n *Node, j *jsonNode, path string) error {
	n.Name = frameName(n.Type)
	hasHeader := n.Type != TypeMalformed && n.Type != TypeList
	fields, isFields := j.value.([]Field)
	switch {
	case j.tag != nil:
		return p.fail(join(path, "tag"), "type %s has none", n.Type)
	case j.value != nil && !hasHeader:
		return p.fail(join(path, "value"), "type %s has none", n.Type)
	case j.value != nil && !isFields:
		return p.fail(join(path, "value"), "want the fields of the frame")
	case j.items != nil && (n.Type == TypeSign || n.Type == TypeMalformed):
		return p.fail(join(path, "items"), "type %s has none", n.Type)
	case j.hex != nil && n.Type == TypeList:
		return p.fail(join(path, "hex"), "type %s has none", n.Type)
	case j.hex == nil && n.Type == TypeMalformed:
		return p.fail(path, "type %s needs hex", n.Type)
	}
	n.Raw, n.Fields = j.hex, fields
	if p.PreferValue && fields != nil {
		n.Raw = nil
	}
	return nil
}

// finish completes a frame and tells of fields that say something else than its
// header.
func (p *jsonParser) finish(n *Node, path string, hasHex bool) error {
	if n.Type == TypeList || n.Type == TypeMalformed {
		return nil
	}
	if p.Frame == nil {
		if n.Raw == nil {
			return p.fail(path, "type %s needs hex", n.Type)
		}
		return nil
	}
	told := n.Fields
	if err := p.Frame(n); err != nil {
		return &JSONError{path, err}
	}
	for _, f := range told {
		at := join(path, "value."+f.Key)
		i := slices.IndexFunc(n.Fields, func(is Field) bool { return is.Key == f.Key })
		if i < 0 {
			return p.fail(at, "unknown field of type %s", n.Type)
		}
		if is := n.Fields[i].Value; is != f.Value && p.Warn != nil {
			from := "computed"
			if hasHex && !p.PreferValue {
				from = "from hex"
			}
			p.Warn(at, fmt.Sprintf("%v told, %v taken (%s)", f.Value, is, from))
		}
	}
	return nil
}

func (p *jsonParser) tlv(n *Node, j *jsonNode, path string, parent uint16) error {
	if j.tag == nil {
		return p.fail(path, "want tag or the type of a frame")
	}
	n.Tag = uint16(*j.tag)
	e := lookup(n.Tag, n.v, parent)
	n.kind, n.Name = ByteArray, unknownName
	if e != nil {
		n.kind, n.Name, n.fixed = e.Type, e.NameRu, e.Fixed
	}
	switch {
	case n.Type == TypeDocument && Form(n.Tag).MaxLen() == 0:
		return p.fail(path, "type document: tag %d is no form of a document", n.Tag)
	case n.Type == TypeDocument:
		n.kind = STLV
	case n.Type != "":
		if n.kind = parseType(n.Type); n.kind == 0 {
			return p.fail(join(path, "type"), "%q is no type", n.Type)
		}
	case e == nil && j.items != nil:
		n.kind = STLV
	case e == nil && j.hex == nil && j.value != nil:
		return p.fail(path, "tag %d is not in the dictionary: want hex or type", n.Tag)
	}
	if n.Type == "" {
		n.Type = n.kind.String()
		if n.kind == STLV && Form(n.Tag).MaxLen() != 0 && j.hex == nil {
			n.Type = TypeDocument
		}
	}
	switch {
	case j.items != nil && n.kind != STLV:
		return p.fail(join(path, "items"), "type %s has none", n.Type)
	case j.items != nil && (j.hex != nil || j.value != nil):
		return p.fail(path, "hex or value beside items")
	case j.items == nil && j.hex == nil && j.value == nil && n.kind != STLV:
		return p.fail(path, "tag %d: want hex or value", n.Tag)
	}
	return p.leaf(n, j, path, e, parent)
}

// leaf takes hex or writes the value.
func (p *jsonParser) leaf(n *Node, j *jsonNode, path string, e *Entry, parent uint16) error {
	n.Raw = j.hex
	if j.value == nil || j.hex != nil && !p.PreferValue && p.Warn == nil {
		return nil
	}
	raw, err := n.encodeValue(j.value, e, parent)
	switch {
	case j.hex == nil || p.PreferValue && err == nil:
		if err != nil {
			return &JSONError{join(path, "value"), err}
		}
		n.Raw = raw
	case p.PreferValue:
		return &JSONError{join(path, "value"), err}
	case p.Warn != nil && n.jsonValue() != nil && !sameValue(n.jsonValue(), j.value):
		p.Warn(path, fmt.Sprintf("value %v is not what hex says, %v: hex is taken", j.value, n.jsonValue()))
	}
	return nil
}

func sameValue(is, told any) bool {
	if number, ok := told.(json.Number); ok {
		told = number.String()
	}
	return fmt.Sprint(is) == told
}

// encodeValue writes a value as its type asks (spec/ffd/encoding.md 2).
func (n *Node) encodeValue(value any, e *Entry, parent uint16) ([]byte, error) {
	number := func(size int) ([]byte, error) {
		u, err := wholeNumber(value, 1<<(8*size)-1)
		if err != nil {
			return nil, err
		}
		return binary.LittleEndian.AppendUint64(nil, u)[:size:size], nil
	}
	text, isText := value.(string)
	switch n.kind {
	case Byte:
		return number(1)
	case Uint16:
		return number(2)
	case Uint32, UnixTime:
		return number(4)
	case VLN:
		u, err := wholeNumber(value, math.MaxUint64)
		if err != nil {
			return nil, err
		}
		return tlv.AppendVLN(nil, n.Tag, u)[tlv.HeaderLen:], nil
	case FVLN:
		d, err := tlv.ParseDecimal(fmt.Sprint(value)) // "1.500", or a number with the same digits
		if err != nil {
			return nil, err
		}
		return tlv.AppendFVLN(nil, n.Tag, d)[tlv.HeaderLen:], nil
	case ByteArray:
		if !isText && n.Tag == TagFiscalSign {
			u, err := wholeNumber(value, math.MaxUint32)
			head := Head{Form: Form(parent)}
			return binary.BigEndian.AppendUint32([]byte{head.signKind(), fiscalSignLen - 2}, uint32(u)), err
		}
	}
	if !isText {
		return nil, fmt.Errorf("%v: want a string", value)
	}
	if n.kind != String {
		return hex.DecodeString(text)
	}
	t, err := tlv.NewText(text)
	if err != nil {
		return nil, err
	}
	width := 0
	if n.fixed && e != nil {
		width = e.Len
		if t.Len() > width {
			return nil, fmt.Errorf("%d characters, at most %d", t.Len(), width)
		}
	}
	if raw := tlv.AppendPadded(nil, n.Tag, t, width)[tlv.HeaderLen:]; len(raw) <= tlv.MaxValueLen {
		return raw, nil
	}
	return nil, tlv.ErrTooLong
}

// parseType is the reverse of Type.String; 0 for what is no type.
func parseType(name string) Type {
	for t := Byte; t <= STLV; t++ {
		if t.String() == name {
			return t
		}
	}
	return 0
}

// size is the number of bytes that Append gives.
func (n *Node) size() int {
	size := len(n.Raw)
	if n.isTLV() {
		size += tlv.HeaderLen
	}
	for _, it := range n.Items {
		size += it.size()
	}
	return size
}

// place sets the offsets and returns the first one behind the node.
func (n *Node) place(offset int) int {
	n.Offset = offset
	if n.isTLV() {
		offset += tlv.HeaderLen
	}
	offset += len(n.Raw)
	for _, it := range n.Items {
		offset = it.place(offset)
	}
	return offset
}
