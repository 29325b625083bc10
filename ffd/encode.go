package ffd

import (
	"fmt"

	"kktd/tlv"
)

// FieldError is returned when a value cannot be written into its tag. The
// document is not made then.
type FieldError struct {
	Path   string // tags from the document down, items counted from 0: "1059[2]/1030"
	Tag    uint16
	Rule   string // English
	RuleRu string // Russian; empty for documents that are read
}

func (e *FieldError) Error() string { return "ffd: " + e.Path + ": " + e.Rule }

// fault collects the first error of an encoding, so that the encoder reads as
// the document does and costs one check at its end.
type fault struct {
	err  *FieldError
	list uint16 // 1059 or 2007, the items of the document
	item int    // index of the item that is written, -1 outside
	in   uint16 // structure inside the item or document, 0 none
}

// set notes the first error. The two formats take the same arguments.
func (f *fault) set(tag uint16, en, ru string, args ...any) {
	if f.err != nil {
		return
	}
	path := fmt.Sprint(tag)
	if f.in != 0 {
		path = fmt.Sprintf("%d/%s", f.in, path)
	}
	if f.item >= 0 {
		path = fmt.Sprintf("%d[%d]/%s", f.list, f.item, path)
	}
	f.err = &FieldError{Path: path, Tag: tag, Rule: fmt.Sprintf(en, args...), RuleRu: fmt.Sprintf(ru, args...)}
}

// text holds a String against its limit.
func (f *fault) text(tag uint16, t tlv.Text, limit int) {
	if t.Len() > limit {
		f.over(tag, uint64(t.Len()), uint64(limit), "%d characters, at most %d", "символов %d, допустимо не больше %d")
	}
}

// money holds a sum of kopecks against maxMoney.
func (f *fault) money(tag uint16, sum uint64) {
	if sum > maxMoney {
		f.over(tag, sum, maxMoney, "%d kopecks, at most %d", "копеек %d, допустимо не больше %d")
	}
}

// size holds the content of a structure against its limit.
func (f *fault) size(tag uint16, n, limit int) {
	if n > limit {
		f.over(tag, uint64(n), uint64(limit), "%d bytes, at most %d", "байт %d, допустимо не больше %d")
	}
}

// over stays out of line, so that text, money and size are a comparison each.
//
//go:noinline
func (f *fault) over(tag uint16, have, limit uint64, en, ru string) { f.set(tag, en, ru, have, limit) }

// checkedText appends a String of variable length that has passed fault.text
// and leaves an empty one out. It is small enough to be inlined where the
// members stand that most receipts have; text does both in one call.
func checkedText(b []byte, tag uint16, t tlv.Text) []byte {
	if t.IsEmpty() {
		return b
	}
	return tlv.AppendText(b, tag, t)
}

// text appends a String of variable length and leaves an empty one out.
func text(b []byte, tag uint16, t tlv.Text, limit int, f *fault) []byte {
	f.text(tag, t, limit)
	return checkedText(b, tag, t)
}

// fixed appends a String with spaces on the right to its width and leaves an
// empty one out.
func fixed(b []byte, tag uint16, t tlv.Text, width int, f *fault) []byte {
	if t.IsEmpty() {
		return b
	}
	f.text(tag, t, width)
	return tlv.AppendPadded(b, tag, t, width)
}

// maxMoney is the greatest sum in kopecks: a VLN of 6 bytes
// (spec/ffd/encoding.md 2.2).
const maxMoney = 1<<48 - 1

// money appends a sum of kopecks.
func money(b []byte, tag uint16, sum uint64, f *fault) []byte {
	f.money(tag, sum)
	return tlv.AppendVLN(b, tag, sum)
}

// moneyIf appends a sum that is not zero.
func moneyIf(b []byte, tag uint16, sum uint64, f *fault) []byte {
	if sum == 0 {
		return b
	}
	return money(b, tag, sum, f)
}

// end closes a structure that tlv.Begin opened.
func end(b []byte, start int, tag uint16, limit int, f *fault) {
	f.size(tag, len(b)-start, limit)
	_ = tlv.End(b, start) // what it refuses, size has refused
}

// octets appends a ByteArray of variable length and leaves an empty one out.
func octets(b []byte, tag uint16, v []byte, limit int, f *fault) []byte {
	if len(v) == 0 {
		return b
	}
	f.size(tag, len(v), limit)
	return tlv.AppendBytes(b, tag, v)
}

// quantity appends a decimal number of at most 7 bytes and the place of its point.
func quantity(b []byte, tag uint16, q tlv.Decimal, f *fault) []byte {
	f.quantity(tag, q)
	return tlv.AppendFVLN(b, tag, q)
}

func (f *fault) quantity(tag uint16, q tlv.Decimal) {
	if q.Mantissa >= 1<<56 {
		f.set(tag, "%s does not fit 7 bytes", "%s не помещается в 7 байт", q)
	}
}

// done ends the KKT part of a document that began where b ends.
func (f *fault) done(b, written []byte) ([]byte, error) {
	if f.err != nil {
		return b, f.err
	}
	return written, nil
}

// document closes the frame that tlv.Begin opened behind b.
func (f *fault) document(b, written []byte, at int, form Form) ([]byte, error) {
	end(written, at, uint16(form), form.MaxLen(), f)
	return f.done(b, written)
}

// maxFreeLen limits structures that the orders give no length for, 1115, 1234
// and their members: the document alone limits them. All others have that of the
// dictionary (spec/ffd/encoding.md 10).
const maxFreeLen = 30 << 10
