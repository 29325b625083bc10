package ffd

import (
	"math/bits"
	"slices"
)

// structureIndex is what the control asks about a document or a structure,
// made ready once from the tables.
type structureIndex struct {
	rows       []Row
	entries    []*Entry   // of the rows, for 1.05 and above
	places     [256]uint8 // row of a tag by tagIndex.id, plus one
	required   [3]uint64  // rows that must be there in the bytes in 1.05, 1.1, 1.2
	placed     [3]uint64  // rows that the version has and that are in the bytes
	conditions []condition
}

// tagIndex is what the control asks about a tag beside its entry.
type tagIndex struct {
	structure uint8 // place in checkIndex.structures
	values    uint8 // place in checkIndex.values
	present   uint8 // number of the bit of presentTags plus one
	id        uint8 // number among the tags of all rows, from 1
}

// valueIndex is an enumeration with its values, or its bits, as a set.
type valueIndex struct {
	enumeration
	known uint64 // values below 64, or the bits of a mask
}

// checkIndex is never changed.
var checkIndex = makeCheckIndex()

type checkTables struct {
	tags       [denseTags]tagIndex
	structures []structureIndex // the first is that of what has no table
	values     []valueIndex     // the first is that of what is no enumeration
}

func makeCheckIndex() *checkTables {
	t := &checkTables{structures: make([]structureIndex, 1), values: make([]valueIndex, 1)}
	ids := uint8(0)
	for i := 0; i < len(rows); {
		parent := rows[i].Parent
		s := structureIndex{rows: Rows(parent)}
		for j, row := range s.rows {
			id := &t.tags[row.Tag].id
			if *id == 0 {
				ids++
				*id = ids
			}
			s.places[*id] = uint8(j + 1)
			s.entries = append(s.entries, lookup(row.Tag, V120, parent))
			for v := V105; v <= V120; v++ {
				if !row.Electronic || row.In(v) == 0 {
					continue
				}
				s.placed[v-V105] |= 1 << j
				if row.In(v).Base() == Required {
					s.required[v-V105] |= 1 << j
				}
			}
		}
		for _, c := range conditions {
			if slices.Contains(c.in, parent) {
				c.unless |= has(c.tag)
				s.conditions = append(s.conditions, c)
			}
		}
		t.tags[parent].structure = uint8(len(t.structures))
		t.structures = append(t.structures, s)
		i += len(s.rows)
	}
	add := func(tag uint16, e enumeration) {
		v := valueIndex{enumeration: e}
		for _, n := range e.names {
			v.known |= 1 << n.value // 255 falls out, the slow way finds it
		}
		t.tags[tag].values = uint8(len(t.values))
		t.values = append(t.values, v)
	}
	for tag, e := range enumerations {
		add(tag, e)
	}
	for i, tag := range presentTags {
		t.tags[tag].present = uint8(i + 1)
	}
	return t
}

// of is the index of a tag; that of a container of the archive is empty.
func (t *checkTables) of(tag uint16) tagIndex {
	if tag < denseTags {
		return t.tags[tag]
	}
	return tagIndex{}
}

// row finds the row of a tag, -1 when there is none.
func (s *structureIndex) row(t tagIndex) int { return int(s.places[t.id]) - 1 }

// has is enumeration.has by the set.
func (e *valueIndex) has(tag uint16, v Version, value uint64) bool {
	switch {
	case e.mask:
		return value&^e.known == 0
	case value < 64:
		return e.known>>value&1 != 0 && (tag != TagItemType || ItemType(value).Valid(v))
	}
	return e.enumeration.has(tag, v, value)
}

// oneBit tells that exactly one bit is set.
func oneBit(u uint64) bool { return bits.OnesCount64(u) == 1 }
