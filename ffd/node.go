package ffd

import (
	"slices"

	"kktd/tlv"
)

// Types of nodes that are no TLV of the dictionary. Frames carry their header
// in Raw and what it says in Fields.
const (
	TypeSession   = "session"   // message of the session layer
	TypeContainer = "container" // container of a drive
	TypeDocument  = "document"  // TLV of a fiscal document
	TypeSign      = "sign"      // tail of a container
	TypeMalformed = "malformed" // bytes that cannot be read
	TypeList      = "list"      // TLVs side by side, without a frame around them
)

// maxDepth ends the reading of nested structures. The deepest of the format,
// 5/1157/1133/1145/1136, has 5 levels; the drive's archive puts two around it.
const maxDepth = 10

// unknownName stands where the dictionary has no name.
const unknownName = "неизвестный тег"

// Node is a TLV, a frame or a rest that cannot be read, with all that stands
// inside. The bytes of a node are its TLV header (unless it is a frame, a list or
// malformed), Raw, then the Items.
type Node struct {
	Tag    uint16 // 0 for frames
	Name   string // in Russian
	Type   string // a type of the dictionary or one of the constants
	Offset int    // of the first byte of the node, from the start of the input
	Len    int    // of the value of a TLV as its header says, of the whole otherwise; in bytes
	Raw    []byte // what no item covers: the value, or the header of a frame
	Items  []*Node
	Fields []Field // what the header of a frame says
	Err    string  // why the bytes are not what they should be, "" when they are

	kind  Type // 0 for frames
	fixed bool
	v     Version
}

// Field is a part of the header of a frame.
type Field struct {
	Key   string // name in JSON
	Name  string // in Russian
	Value any    // uint64 or string
	At    int    // of its first byte, from the start of the header
	Len   int    // in bytes
	// What the value says, in Russian and English; "" where it speaks for itself. Texts show it, JSON does not.
	Note, NoteEn string
}

// Decode reads a document TLV, or TLVs side by side, as far as it goes. The
// version serves to choose between meanings of a tag; 0 takes it from tag 1209, or
// 1.05 where there is none. One TLV comes back as its node, anything else as a
// node of type list. Decode never fails: see Node.Malformed.
func Decode(b []byte, v Version) *Node { return DecodeAt(b, 0, v) }

// DecodeAt is Decode for bytes that stand at an offset of a larger input.
func DecodeAt(b []byte, offset int, v Version) *Node {
	if v == 0 {
		v = versionOf(b)
	}
	items := decoder{v}.list(b, offset, 0, 0)
	if len(items) == 1 {
		return items[0]
	}
	return &Node{Name: "список", Type: TypeList, Offset: offset, Len: len(b), Items: items, v: v}
}

// versionOf finds the version of a document, cut short or not.
func versionOf(b []byte) Version {
	guess := V105
	if len(b) >= tlv.HeaderLen {
		form := Form(uint16(b[0]) | uint16(b[1])<<8)
		if form.MaxLen() != 0 {
			b = b[tlv.HeaderLen:]
		}
		if form >= FormMarkingRequest && form <= FormMarkingNoticeAck {
			guess = V120 // marking came with 1.2, and its documents have no 1209
		}
	}
	if it, ok := tlv.Find(b, TagFFDVersion); ok {
		if n, err := tlv.Uint(it.Value); err == nil {
			// 0 is the beta of 1.0 (spec/ffd/tags.csv).
			return Version(min(max(n, uint64(V100)), uint64(V120)))
		}
	}
	return guess
}

type decoder struct{ v Version }

func (d decoder) list(b []byte, offset int, parent uint16, depth int) []*Node {
	var items []*Node
	r := tlv.NewReader(b, offset)
	for r.Next() {
		items = append(items, d.node(r.Item(), parent, depth))
	}
	err, _ := r.Err().(*tlv.DamageError)
	if err == nil {
		return items
	}
	rest := r.Rest()
	if parent == 0 && Form(err.Tag).MaxLen() != 0 && len(rest) >= tlv.HeaderLen {
		// A document that was cut short is still worth reading.
		return append(items, &Node{Tag: err.Tag, Name: d.name(err.Tag), Type: TypeDocument, Offset: err.Offset,
			Len: err.Want - tlv.HeaderLen, Items: d.list(rest[tlv.HeaderLen:], err.Offset+tlv.HeaderLen, err.Tag, depth+1),
			Err: err.Error(), kind: STLV, v: d.v})
	}
	return append(items, Malformed(rest, err.Offset, err.Error()))
}

// Malformed is a node for bytes that cannot be read.
func Malformed(b []byte, offset int, why string) *Node {
	return &Node{Name: "не читается", Type: TypeMalformed, Offset: offset, Len: len(b), Raw: b, Err: why}
}

func (d decoder) name(tag uint16) string {
	if e := lookup(tag, d.v, 0); e != nil {
		return e.NameRu
	}
	return ""
}

func (d decoder) node(it tlv.Item, parent uint16, depth int) *Node {
	n := &Node{Tag: it.Tag, Name: unknownName, Offset: it.Offset, Len: len(it.Value), Raw: it.Value, kind: ByteArray, v: d.v}
	if e := lookup(it.Tag, d.v, parent); e != nil {
		n.Name, n.kind, n.fixed = e.NameRu, e.Type, e.Fixed
		if n.kind == STLV {
			d.structure(n, e, parent, depth)
		}
	}
	switch {
	case n.Type != "":
	case n.kind == STLV && Form(n.Tag).MaxLen() != 0 && n.Raw == nil:
		n.Type = TypeDocument
	default:
		n.Type = n.kind.String()
	}
	if n.kind != STLV {
		n.Err = n.valueError()
	}
	return n
}

// structure reads the inside of an STLV: as far as it goes where the tables have
// the tag, elsewhere only when all of it reads as TLVs, because the number may
// stand there with another meaning.
func (d decoder) structure(n *Node, e *Entry, parent uint16, depth int) {
	if depth >= maxDepth {
		n.Err = "nested too deep"
		return
	}
	if parent != 0 && !slices.Contains(e.Parents, parent) {
		r := tlv.NewReader(n.Raw, n.Offset+tlv.HeaderLen)
		for r.Next() {
		}
		if err := r.Err(); err != nil {
			n.Err = err.Error()
			return
		}
	}
	n.Items = d.list(n.Raw, n.Offset+tlv.HeaderLen, n.Tag, depth+1)
	n.Raw = nil
}

// isTLV tells that the node has a TLV header.
func (n *Node) isTLV() bool { return n.kind != 0 }

// Append appends the bytes that the node was read from.
func (n *Node) Append(b []byte) []byte {
	if n.isTLV() {
		b = tlv.AppendHeader(b, n.Tag, n.Len)
	}
	b = append(b, n.Raw...)
	for _, it := range n.Items {
		b = it.Append(b)
	}
	return b
}

// Find goes down the tags of a path and returns the first node with each of them,
// or nil. Frames are passed through: Find(3, 1059, 1030) works on a message too.
// A path that begins with the tag of n itself may leave it out.
func (n *Node) Find(path ...uint16) *Node {
	if len(path) > 0 && n.isTLV() && n.Tag == path[0] {
		path = path[1:]
	}
	return n.find(path)
}

func (n *Node) find(path []uint16) *Node {
	if len(path) == 0 {
		return n
	}
	for _, it := range n.Items {
		rest := path
		switch {
		case it.isTLV() && it.Tag == path[0]:
			rest = path[1:]
		case it.isTLV():
			continue
		}
		if found := it.find(rest); found != nil {
			return found
		}
	}
	return nil
}

// Malformed returns the first node, in the order of the bytes, that cannot be
// read as what it should be, or nil.
func (n *Node) Malformed() *Node {
	if n.Err != "" {
		return n
	}
	for _, it := range n.Items {
		if bad := it.Malformed(); bad != nil {
			return bad
		}
	}
	return nil
}
