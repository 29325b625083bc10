package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// CheckFile looks at the pages of the file and calls found with each problem. The
// store should be open for reading only: a file that is written meanwhile makes
// problems that are none. The error is one of reading the file.
//
// It goes over the pages itself first, then lets bbolt check its own: bbolt's
// check follows pages that lead in a circle for ever and faults outside of what
// can be caught on those that lead out of the file.
func (s *Store) CheckFile(found func(problem string)) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := walker{file: f, pageSize: int64(s.db.Info().PageSize), found: found}
	if err := w.walk(); err != nil || w.problems > 0 {
		return err
	}
	return s.wrap(guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			for problem := range tx.Check() {
				found(problem.Error())
			}
			return nil
		})
	}))
}

// What bbolt writes (its internal/common): the header of a page, its kinds, the
// entries of branches and leaves.
const (
	pageHeaderSize = 16
	entrySize      = 16
	metaSize       = 64 // behind the header of a meta page
	bucketSize     = 16 // root page and sequence, in the value of a bucket

	branchPage, leafPage, freelistPage = 0x01, 0x02, 0x10
	bucketEntry                        = 0x01
	metaMagic                          = 0xED0CDAED
	noFreelist                         = 1<<64 - 1
	longFreelist                       = 0xFFFF // the count stands in the first entry
)

// walker follows the pages of a file from its root.
type walker struct {
	file     io.ReaderAt
	pageSize int64
	pages    uint64 // of the file
	seen     []bool
	found    func(string)
	problems int
}

func (w *walker) tell(format string, args ...any) {
	w.problems++
	w.found(fmt.Sprintf(format, args...))
}

func (w *walker) walk() error {
	root, freelist, pages, err := w.meta()
	if err != nil {
		return err
	}
	w.pages, w.seen = pages, make([]bool, pages)
	if freelist != noFreelist {
		if err := w.freelist(freelist); err != nil {
			return err
		}
	}
	return w.page(root, 0, "the root")
}

// meta reads root page, page of the freelist and number of pages from the newer
// valid meta page.
func (w *walker) meta() (root, freelist, pages uint64, err error) {
	best := uint64(0)
	valid := false
	for i := range int64(2) {
		b := make([]byte, pageHeaderSize+metaSize)
		if _, err := w.file.ReadAt(b, i*w.pageSize); err != nil {
			return 0, 0, 0, err
		}
		m := b[pageHeaderSize:]
		sum := fnv.New64a()
		sum.Write(m[:56])
		if binary.NativeEndian.Uint32(m) != metaMagic || sum.Sum64() != binary.NativeEndian.Uint64(m[56:]) {
			continue // bbolt lives with one
		}
		if tx := binary.NativeEndian.Uint64(m[48:]); !valid || tx > best {
			valid, best = true, tx
			root, freelist, pages = binary.NativeEndian.Uint64(m[16:]), binary.NativeEndian.Uint64(m[32:]), binary.NativeEndian.Uint64(m[40:])
		}
	}
	if !valid {
		return 0, 0, 0, damaged(errors.New("no valid meta page"))
	}
	return root, freelist, pages, nil
}

// freelist looks at the list of free pages.
func (w *walker) freelist(id uint64) error {
	b, err := w.read(id, "the meta page")
	if b == nil {
		return err
	}
	kind, count, first := binary.NativeEndian.Uint16(b[8:]), uint64(binary.NativeEndian.Uint16(b[10:])), uint64(pageHeaderSize)
	if count == longFreelist {
		count, first = binary.NativeEndian.Uint64(b[pageHeaderSize:]), pageHeaderSize+8
	}
	if kind != freelistPage || count > (uint64(len(b))-first)/8 {
		w.tell("page %d, the list of free pages: kind %02Xh, %d entries in %d bytes", id, kind, count, len(b))
	}
	return nil
}

// maxTreeDepth is far above the depth of any tree of pages.
const maxTreeDepth = 64

// page looks at a page and those below it.
func (w *walker) page(id uint64, depth int, from string) error {
	if depth > maxTreeDepth {
		w.tell("page %d is deeper than %d pages", id, maxTreeDepth)
		return nil
	}
	b, err := w.read(id, from)
	if b == nil {
		return err
	}
	return w.entries(b, depth, fmt.Sprintf("page %d", id))
}

// read reads a page with those that continue it and marks them as used; nil when
// that cannot be.
func (w *walker) read(id uint64, from string) ([]byte, error) {
	switch {
	case id < 2 || id >= w.pages:
		w.tell("%s leads to page %d, the file has pages 2 to %d", from, id, w.pages-1)
		return nil, nil
	case w.seen[id]:
		w.tell("%s leads to page %d, which is used elsewhere too", from, id)
		return nil, nil
	}
	head := make([]byte, pageHeaderSize)
	if _, err := w.file.ReadAt(head, int64(id)*w.pageSize); err != nil {
		return nil, err
	}
	own, overflow := binary.NativeEndian.Uint64(head), uint64(binary.NativeEndian.Uint32(head[12:]))
	if own != id || id+overflow >= w.pages {
		w.tell("page %d calls itself %d and has %d pages more, of %d", id, own, overflow, w.pages)
		return nil, nil
	}
	for i := id; i <= id+overflow; i++ {
		if w.seen[i] {
			w.tell("page %d is used by page %d and elsewhere", i, id)
			return nil, nil
		}
		w.seen[i] = true
	}
	b := make([]byte, (1+int64(overflow))*w.pageSize)
	_, err := w.file.ReadAt(b, int64(id)*w.pageSize)
	return b, err
}

// entries looks at the entries of a page, or of a bucket that stands inside one.
func (w *walker) entries(b []byte, depth int, name string) error {
	kind, count := binary.NativeEndian.Uint16(b[8:]), int(binary.NativeEndian.Uint16(b[10:]))
	if kind != branchPage && kind != leafPage {
		w.tell("%s is no page of a tree: kind %02Xh", name, kind)
		return nil
	}
	if kind == branchPage && count == 0 || pageHeaderSize+count*entrySize > len(b) {
		w.tell("%s has %d entries in %d bytes", name, count, len(b))
		return nil
	}
	for i := range count {
		at := pageHeaderSize + i*entrySize
		e := b[at : at+entrySize]
		if kind == branchPage {
			if w.slice(b, at, binary.NativeEndian.Uint32(e), binary.NativeEndian.Uint32(e[4:]), 0) == nil {
				w.tell("%s: entry %d leads out of it", name, i)
			} else if err := w.page(binary.NativeEndian.Uint64(e[8:]), depth+1, name); err != nil {
				return err
			}
			continue
		}
		keySize := binary.NativeEndian.Uint32(e[8:])
		pair := w.slice(b, at, binary.NativeEndian.Uint32(e[4:]), keySize, binary.NativeEndian.Uint32(e[12:]))
		if pair == nil {
			w.tell("%s: entry %d leads out of it", name, i)
			continue
		}
		if binary.NativeEndian.Uint32(e)&bucketEntry == 0 {
			continue
		}
		if err := w.bucket(pair[keySize:], depth, fmt.Sprintf("%s, bucket %q", name, pair[:keySize])); err != nil {
			return err
		}
	}
	return nil
}

// slice is key and value of an entry, nil when they leave the page; not nil when
// they are empty.
func (w *walker) slice(b []byte, at int, pos, key, value uint32) []byte {
	start := uint64(at) + uint64(pos)
	end := start + uint64(key) + uint64(value)
	if start < pageHeaderSize || end > uint64(len(b)) {
		return nil
	}
	return b[start:end:end]
}

func (w *walker) bucket(value []byte, depth int, name string) error {
	if len(value) < bucketSize {
		w.tell("%s of %d bytes", name, len(value))
		return nil
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return w.page(root, depth+1, name)
	}
	if len(value) < bucketSize+pageHeaderSize {
		w.tell("%s of %d bytes", name, len(value))
		return nil
	}
	return w.entries(value[bucketSize:], depth, name)
}
