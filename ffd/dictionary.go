package ffd

//go:generate go run ./internal/gen

import (
	"fmt"
	"iter"
	"slices"
)

// Type is how the value of a tag is written (spec/ffd/encoding.md 2).
type Type uint8

// The types of values.
const (
	Byte Type = iota + 1
	Uint16
	Uint32
	UnixTime
	VLN
	FVLN
	String
	ByteArray
	STLV
)

var typeNames = [...]string{Byte: "Byte", Uint16: "Uint16", Uint32: "Uint32", UnixTime: "UnixTime",
	VLN: "VLN", FVLN: "FVLN", String: "String", ByteArray: "ByteArray", STLV: "STLV"}

// String is the name that spec/ffd/tags.csv uses.
func (t Type) String() string {
	if t == 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return typeNames[t]
}

// versionSet holds one bit for each Version.
type versionSet uint8

// Has tells that the version is in the set.
func (s versionSet) Has(v Version) bool { return v < 8 && s&(1<<v) != 0 }

// Entry is what the dictionary knows of a tag.
type Entry struct {
	Tag      uint16
	NameRu   string // as the order names it
	NameEn   string // name of the constant without "Tag"
	JSONName string // name in the JSON of the tax service, "" when it has none
	Type     Type
	Len      int  // greatest length in bytes; 0 when it is not known
	Fixed    bool // every value has exactly Len bytes
	Versions versionSet
	// Parents are the forms of documents and the structures that may hold the
	// tag; none for a document itself and for tags outside of the tables.
	Parents []uint16
	Repeat  bool
	Legacy  bool // of FFD 1.0, an old edition or a draft: read, never written
	Note    string
}

// denseTags is one above the last tag of the order; what lies above are the
// few containers of the drive's archive.
const denseTags = 2117

// firstEntry holds the place of the first entry of each tag in dictionary, plus
// one.
var firstEntry = indexDictionary()

func indexDictionary() *[denseTags]uint16 {
	var t [denseTags]uint16
	for i := len(dictionary) - 1; i >= 0; i-- {
		if tag := dictionary[i].Tag; tag < denseTags {
			t[tag] = uint16(i + 1)
		}
	}
	return &t
}

// lookup is Lookup without the copy; nil when the tag is not known.
func lookup(tag uint16, v Version, parent uint16) *Entry {
	i := 0
	if tag < denseTags {
		i = int(firstEntry[tag]) - 1
	} else {
		i = slices.IndexFunc(dictionary[:], func(e Entry) bool { return e.Tag == tag })
	}
	if i < 0 {
		return nil
	}
	e := &dictionary[i]
	if i+1 == len(dictionary) || dictionary[i+1].Tag != tag {
		return e
	}
	// Numbers of FFD 1.0 that orders of 2024 and 2025 gave a new meaning: 1011,
	// 1082, 1115, 1119 (spec/ffd/encoding.md 11).
	old := &dictionary[i+1]
	if e.Legacy {
		e, old = old, e
	}
	if v != V100 && (parent == 0 || slices.Contains(e.Parents, parent)) {
		return e
	}
	return old
}

// Lookup finds a tag. Version and parent (the form of the document or the tag
// of the structure around it, 0 when it is not known) choose between the two
// meanings that some numbers have; they do not hide a tag that stands in the
// wrong place, which is for Check to tell.
func Lookup(tag uint16, v Version, parent uint16) (Entry, bool) {
	if e := lookup(tag, v, parent); e != nil {
		return *e, true
	}
	return Entry{}, false
}

// Entries walks the dictionary in the order of tags.
func Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range dictionary {
			if !yield(dictionary[i]) {
				return
			}
		}
	}
}
