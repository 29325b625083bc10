package tlv

import (
	"encoding/binary"
	"fmt"
)

// Item is one TLV of a list, a view into the input of its Reader.
type Item struct {
	Tag    uint16
	Offset int // of the frame, from the start of the outermost input
	Value  []byte
}

// Children walks the value as a list of TLVs, with offsets that go on from the
// outermost input.
func (i Item) Children() Reader { return NewReader(i.Value, i.Offset+HeaderLen) }

// DamageError is returned when the input ends inside a TLV.
type DamageError struct {
	Offset int    // of the frame that is damaged
	Tag    uint16 // 0 when not even the header is whole
	Want   int    // bytes that the frame needs
	Have   int    // bytes that are left
}

func (e *DamageError) Error() string {
	if e.Want == HeaderLen {
		return fmt.Sprintf("tlv: %d bytes left at offset 0x%x, a header needs %d", e.Have, e.Offset, HeaderLen)
	}
	return fmt.Sprintf("tlv: tag %d at offset 0x%x says %d bytes, %d are left", e.Tag, e.Offset, e.Want-HeaderLen, e.Have-HeaderLen)
}

// Reader walks a list of TLVs in place.
//
//	r := tlv.NewReader(b, 0)
//	for r.Next() {
//		use(r.Item())
//	}
//	if err := r.Err(); err != nil { ... }
type Reader struct {
	rest  []byte
	value []byte
	at    int // of the frame that value stands in
	next  int // of rest
	tag   uint16
	err   error
}

// NewReader walks b, whose first byte stands at offset of the outermost input.
func NewReader(b []byte, offset int) Reader { return Reader{rest: b, next: offset} }

// Next goes to the next TLV. It returns false at the end and at damage.
func (r *Reader) Next() bool {
	tag, value, rest, ok := Next(r.rest)
	if !ok {
		r.damage()
		return false
	}
	r.tag, r.value, r.rest = tag, value, rest
	r.at = r.next
	r.next += HeaderLen + len(value)
	return true
}

// damage notes why the walk ended before the end of the input.
func (r *Reader) damage() {
	switch {
	case len(r.rest) == 0 || r.err != nil:
	case len(r.rest) < HeaderLen:
		r.err = &DamageError{Offset: r.next, Want: HeaderLen, Have: len(r.rest)}
	default:
		r.err = &DamageError{Offset: r.next, Tag: binary.LittleEndian.Uint16(r.rest),
			Want: HeaderLen + int(binary.LittleEndian.Uint16(r.rest[2:])), Have: len(r.rest)}
	}
}

// Item is the TLV that Next went to.
func (r *Reader) Item() Item {
	return Item{Tag: r.tag, Offset: r.at, Value: r.value[:len(r.value):len(r.value)]}
}

// Err is a *DamageError when the walk ended before the end of the input.
func (r *Reader) Err() error { return r.err }

// Rest is what was not walked: nothing after a clean end, the damaged bytes
// otherwise.
func (r *Reader) Rest() []byte { return r.rest }

// Find returns the first TLV of the list with the tag.
func Find(b []byte, tag uint16) (Item, bool) {
	r := NewReader(b, 0)
	for r.Next() {
		if r.tag == tag {
			return r.Item(), true
		}
	}
	return Item{}, false
}
