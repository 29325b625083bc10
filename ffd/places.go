package ffd

import "slices"

// Part says who writes a tag of a document: the drive comes first, what the
// register has sent follows.
type Part uint8

// The parts.
const (
	WholePart    Part = iota // structures, and documents that one side writes alone
	DrivePart                // FN part
	RegisterPart             // KKT part
)

// Place is where a tag stands in the one order in which kktd writes. The places
// of a parent are sorted by that order; a tag that moves with the version has
// several, of which a version has at most one.
type Place struct {
	Parent, Tag uint16 // Parent is a form of document or the tag of an STLV
	Part        Part
	Versions    versionSet
}

// Places are the tags of a document or of a structure in the order of writing
// (spec/decisions.md, FN part and KKT part); none when kktd writes nothing of
// the kind. The caller must not change them. Rows holds the duties.
func Places(parent uint16) []Place {
	from, _ := slices.BinarySearchFunc(places[:], parent, func(p Place, x uint16) int { return int(p.Parent) - int(x) })
	to := from
	for to < len(places) && places[to].Parent == parent {
		to++
	}
	return places[from:to:to]
}
