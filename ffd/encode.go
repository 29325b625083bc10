package ffd

import (
	"fmt"

	"kktd/tlv"
)

// FieldError is returned when a value cannot be written into its tag. The
// document is not made then.
type FieldError struct {
	Path string // tags from the document down, items counted from 0: "1059[2]/1030"
	Tag  uint16
	Rule string
}

func (e *FieldError) Error() string { return "ffd: " + e.Path + ": " + e.Rule }

// fault collects the first error of an encoding, so that the encoder reads as
// the document does and costs one check at its end.
type fault struct {
	err  *FieldError
	item int    // index of the item that is written, -1 outside
	in   uint16 // structure inside the item or document, 0 none
}

func (f *fault) set(tag uint16, format string, args ...any) {
	if f.err != nil {
		return
	}
	path := fmt.Sprint(tag)
	if f.in != 0 {
		path = fmt.Sprintf("%d/%s", f.in, path)
	}
	if f.item >= 0 {
		path = fmt.Sprintf("%d[%d]/%s", TagItem, f.item, path)
	}
	f.err = &FieldError{Path: path, Tag: tag, Rule: fmt.Sprintf(format, args...)}
}

// text appends a String of variable length and leaves an empty one out.
func text(b []byte, tag uint16, t tlv.Text, limit int, f *fault) []byte {
	if t.IsEmpty() {
		return b
	}
	if t.Len() > limit {
		f.set(tag, "%d characters, at most %d", t.Len(), limit)
	}
	return tlv.AppendText(b, tag, t)
}

// fixed appends a String with spaces on the right to its width and leaves an
// empty one out.
func fixed(b []byte, tag uint16, t tlv.Text, width int, f *fault) []byte {
	if t.IsEmpty() {
		return b
	}
	if t.Len() > width {
		f.set(tag, "%d characters, at most %d", t.Len(), width)
	}
	return tlv.AppendPadded(b, tag, t, width)
}

// maxMoney is the greatest sum in kopecks: a VLN of 6 bytes
// (spec/ffd/encoding.md 2.2).
const maxMoney = 1<<48 - 1

// money appends a sum of kopecks.
func money(b []byte, tag uint16, sum uint64, f *fault) []byte {
	if sum > maxMoney {
		f.set(tag, "%d kopecks, at most %d", sum, uint64(maxMoney))
	}
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
	if n := len(b) - start; n > limit {
		f.set(tag, "%d bytes, at most %d", n, limit)
		return
	}
	_ = tlv.End(b, start) // cannot fail: every limit is below 64 KiB
}

// Limits of structures in bytes: the lengths of the dictionary where it has
// them (spec/ffd/encoding.md 10). The orders give none for 1115, 1234 and their
// members, so the document alone limits them.
const (
	maxItemLen     = 1024
	maxBuyerLen    = 1024
	maxAgentLen    = 512
	maxSupplierLen = 512
	maxIndustryLen = 317
	maxFreeLen     = 30 << 10
)
