package ffd

import "slices"

// Duty is the obligation of a tag in a document or a structure. The bit Amended
// is set for rows that came with an order after 2023, whose code is not verified
// (spec/ffd/documents.md).
type Duty uint8

// The obligations; 0 means that the version does not have the row.
const (
	Required    Duty = 1    // must be there
	Conditional Duty = 2    // must be there in the case that the order names
	Optional    Duty = 3    // may be absent
	Split       Duty = 4    // "3~": optional, or split between print and bytes
	Amended     Duty = 0x80 // added by an order after 2023
)

// Base is the obligation without the bit Amended.
func (d Duty) Base() Duty { return d &^ Amended }

// Row is a line of the table of a document or of a structure.
type Row struct {
	Parent, Tag uint16  // Parent is a form of document or the tag of an STLV
	Duty        [3]Duty // in 1.05, 1.1, 1.2
	Electronic  bool    // enters the TLV; false for what is printed only
	Repeat      bool
}

// In is the obligation in a version; 1.0 is read by the rules of 1.05.
func (r Row) In(v Version) Duty { return r.Duty[min(max(v, V105), V120)-V105] }

// Rows are the lines of a document or of a structure in the order of tags; none
// when the parent has no table. The caller must not change them.
func Rows(parent uint16) []Row {
	from, _ := slices.BinarySearchFunc(rows[:], parent, func(r Row, p uint16) int { return int(r.Parent) - int(p) })
	to := from
	for to < len(rows) && rows[to].Parent == parent {
		to++
	}
	return rows[from:to:to]
}
