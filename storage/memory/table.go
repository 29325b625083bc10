package memory

import (
	"bytes"
	"slices"
	"sort"
)

// maxChunk bounds the memory that one insertion moves.
const maxChunk = 256

// table is a sorted map: chunks of entries, each sorted and not empty, in order. The zero table is empty.
type table struct {
	chunks [][]entry
}

type entry struct{ key, value []byte }

// place is a position in a table: entry index in a chunk, or the end when chunk == len(chunks).
type place struct{ chunk, index int }

// seek returns the place of the first entry whose key is not less than key, and whether it is that key.
func (t *table) seek(key []byte) (place, bool) {
	c := sort.Search(len(t.chunks), func(i int) bool {
		chunk := t.chunks[i]
		return bytes.Compare(chunk[len(chunk)-1].key, key) >= 0
	})
	if c == len(t.chunks) {
		return place{c, 0}, false
	}
	i, found := slices.BinarySearchFunc(t.chunks[c], key, func(e entry, k []byte) int {
		return bytes.Compare(e.key, k)
	})
	return place{c, i}, found
}

func (t *table) at(p place) (entry, bool) {
	if p.chunk == len(t.chunks) {
		return entry{}, false
	}
	return t.chunks[p.chunk][p.index], true
}

func (t *table) next(p place) place {
	if p.index++; p.index == len(t.chunks[p.chunk]) {
		return place{p.chunk + 1, 0}
	}
	return p
}

// before returns the entry in front of p.
func (t *table) before(p place) (entry, bool) {
	if p.index > 0 {
		return t.chunks[p.chunk][p.index-1], true
	}
	if p.chunk == 0 {
		return entry{}, false
	}
	chunk := t.chunks[p.chunk-1]
	return chunk[len(chunk)-1], true
}

// put stores the entry; it keeps the slices.
func (t *table) put(key, value []byte) {
	p, found := t.seek(key)
	if found {
		t.chunks[p.chunk][p.index].value = value
		return
	}
	if p.chunk == len(t.chunks) {
		if p.chunk == 0 {
			t.chunks = append(t.chunks, nil)
		}
		p.chunk = len(t.chunks) - 1
		p.index = len(t.chunks[p.chunk])
	}
	chunk := slices.Insert(t.chunks[p.chunk], p.index, entry{key, value})
	t.chunks[p.chunk] = chunk
	if len(chunk) > maxChunk {
		// Keys that come in order leave full chunks behind them, others leave halves.
		cut := len(chunk) / 2
		if p.index == len(chunk)-1 {
			cut = maxChunk
		}
		t.chunks = slices.Insert(t.chunks, p.chunk+1, slices.Clone(chunk[cut:]))
		clear(chunk[cut:])
		t.chunks[p.chunk] = chunk[:cut]
	}
}

func (t *table) delete(key []byte) {
	p, found := t.seek(key)
	if !found {
		return
	}
	t.chunks[p.chunk] = slices.Delete(t.chunks[p.chunk], p.index, p.index+1)
	if len(t.chunks[p.chunk]) == 0 {
		t.chunks = slices.Delete(t.chunks, p.chunk, p.chunk+1)
	}
}

// last returns the entry with the greatest key that has the prefix.
func (t *table) last(prefix []byte) (entry, bool) {
	end := place{len(t.chunks), 0}
	if upper := successor(prefix); upper != nil {
		end, _ = t.seek(upper)
	}
	e, ok := t.before(end)
	return e, ok && bytes.HasPrefix(e.key, prefix)
}

// successor returns the least key that is greater than every key with the prefix, nil when there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			s := bytes.Clone(prefix[:i+1])
			s[i]++
			return s
		}
	}
	return nil
}
