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
	rest []byte
	item Item
	next int
	err  error
}

// NewReader walks b, whose first byte stands at offset of the outermost input.
func NewReader(b []byte, offset int) Reader { return Reader{rest: b, next: offset} }

// Next goes to the next TLV. It returns false at the end and at damage.
func (r *Reader) Next() bool {
	if len(r.rest) < HeaderLen {
		if len(r.rest) != 0 && r.err == nil {
			r.err = &DamageError{Offset: r.next, Want: HeaderLen, Have: len(r.rest)}
		}
		return false
	}
	tag := binary.LittleEndian.Uint16(r.rest)
	n := HeaderLen + int(binary.LittleEndian.Uint16(r.rest[2:]))
	if n > len(r.rest) {
		if r.err == nil {
			r.err = &DamageError{Offset: r.next, Tag: tag, Want: n, Have: len(r.rest)}
		}
		return false
	}
	r.item = Item{Tag: tag, Offset: r.next, Value: r.rest[HeaderLen:n:n]}
	r.rest = r.rest[n:]
	r.next += n
	return true
}

// Item is the TLV that Next went to.
func (r *Reader) Item() Item { return r.item }

// Err is a *DamageError when the walk ended before the end of the input.
func (r *Reader) Err() error { return r.err }

// Rest is what was not walked: nothing after a clean end, the damaged bytes
// otherwise.
func (r *Reader) Rest() []byte { return r.rest }

// Find returns the first TLV of the list with the tag.
func Find(b []byte, tag uint16) (Item, bool) {
	r := NewReader(b, 0)
	for r.Next() {
		if r.item.Tag == tag {
			return r.item, true
		}
	}
	return Item{}, false
}
