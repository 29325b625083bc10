package ofd

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"kktd/ofdproto"
	"kktd/storage"
)

// The index from a drive to its documents. Of the documents that came in ascending order the last few stand in the head of the
// drive, which is written with each of them; when they are blockLen they become a block of their own. So a commit for many drives changes
// a few pages that hold their heads, and a block for some of them, where an entry for each document would change a page for each drive. What
// came late or with other bytes has an entry of its own.
const (
	blockLen  = 32 // entries of a block
	entryLen  = 4 + 8
	epochLen  = 8
	numberLen = 4
)

// entry says where a document is.
type entry struct {
	number uint32
	id     uint64
	other  bool // of kindOdd with other bytes
}

// head is what the store knows of an FN number.
type head struct {
	epochs []uint64 // oldest first, the last is in force
	last   uint32   // greatest number in the epoch in force
	tail   []entry  // ascending, not in a block yet; of the epoch in force
}

func (h *head) epoch() uint64 { return h.epochs[len(h.epochs)-1] }

// appendHead writes version, number of epochs, the epochs, last and the tail.
func appendHead(b []byte, h *head) []byte {
	b = append(b, recordVersion)
	b = binary.AppendUvarint(b, uint64(len(h.epochs)))
	for _, e := range h.epochs {
		b = binary.BigEndian.AppendUint64(b, e)
	}
	return appendEntries(binary.BigEndian.AppendUint32(b, h.last), h.tail)
}

func parseHead(v []byte) (h head, err error) {
	bad := fmt.Errorf("%w: head of %d bytes", errRecord, len(v))
	if len(v) == 0 || v[0] != recordVersion {
		return h, bad
	}
	count, n := binary.Uvarint(v[1:])
	if n <= 0 || count == 0 {
		return h, bad
	}
	v = v[1+n:]
	if count > uint64(len(v)/epochLen) {
		return h, bad
	}
	for range count {
		h.epochs, v = append(h.epochs, binary.BigEndian.Uint64(v)), v[epochLen:]
	}
	if len(v) < numberLen {
		return h, bad
	}
	h.last = binary.BigEndian.Uint32(v)
	h.tail, err = parseEntries(nil, v[numberLen:])
	return h, err
}

func appendEntries(b []byte, entries []entry) []byte {
	for _, e := range entries {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, e.number), e.id)
	}
	return b
}

func parseEntries(to []entry, v []byte) ([]entry, error) {
	if len(v)%entryLen != 0 {
		return to, fmt.Errorf("%w: entries of %d bytes", errRecord, len(v))
	}
	for ; len(v) > 0; v = v[entryLen:] {
		to = append(to, entry{number: binary.BigEndian.Uint32(v), id: binary.BigEndian.Uint64(v[numberLen:])})
	}
	return to, nil
}

func numberKey(b []byte, epoch uint64, number uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, epoch), number)
}

// otherKey is the key of an entry for other bytes under a number that is taken.
func otherKey(epoch uint64, number uint32, container []byte) []byte {
	sum := sha256.Sum256(container)
	return append(numberKey(nil, epoch, number), sum[:]...)
}

// head reads what is known of a drive; without epochs when nothing came from it.
func (s *Server) head(drive [ofdproto.DriveLen]byte) (head, error) {
	v, err := s.o.Store.Record(kindDrive, drive[:])
	if errors.Is(err, storage.ErrNotFound) {
		return head{}, nil
	}
	if err == nil {
		var h head
		if h, err = parseHead(v); err == nil {
			return h, nil
		}
	}
	return head{}, fmt.Errorf("drive %s: %w", ofdproto.DriveString(drive), err)
}

// locate finds the first document with a number in the epoch in force; 0 when there is none.
func (s *Server) locate(h *head, number uint32) (uint64, error) {
	at := func(list []entry) uint64 {
		if i, ok := slices.BinarySearchFunc(list, number, func(e entry, n uint32) int { return cmp.Compare(e.number, n) }); ok {
			return list[i].id
		}
		return 0
	}
	if id := at(h.tail); id != 0 {
		return id, nil
	}
	// The first block whose greatest number is not below has it, if one does.
	found := uint64(0)
	err := s.o.Store.Records(kindBlock, numberKey(nil, h.epoch(), 0)[:epochLen], numberKey(nil, h.epoch(), number-1), 1, func(_, value []byte) error {
		list, err := parseEntries(nil, value)
		found = at(list)
		return err
	})
	if err != nil || found != 0 {
		return found, err
	}
	return s.odd(numberKey(nil, h.epoch(), number))
}

// odd reads an entry that stands alone, 0 when there is none.
func (s *Server) odd(key []byte) (uint64, error) {
	v, err := s.o.Store.Record(kindOdd, key)
	if errors.Is(err, storage.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return parseSequence(v)
}

// list gives the entries of an epoch from a number on, ascending, at least limit of them when there are so many (0: all). The tail is
// that of the head when the epoch is in force. Other bytes stand behind the first ones of their number.
func (s *Server) list(epoch uint64, tail []entry, from uint32, limit int) (entries []entry, err error) {
	after := numberKey(nil, epoch, max(from, 1)-1)
	within := after[:epochLen]
	blocks, read := 0, 0
	if limit > 0 {
		blocks = limit/blockLen + 2
	}
	err = s.o.Store.Records(kindBlock, within, after, blocks, func(_, value []byte) (err error) {
		read++
		entries, err = parseEntries(entries, value)
		return err
	})
	if err != nil {
		return nil, err
	}
	last := uint32(ofdproto.MaxNumber)
	if blocks > 0 && read == blocks {
		last = entries[len(entries)-1].number // there may be more blocks between these and the tail
	} else {
		entries = append(entries, tail...) // some of it may have become a block since
	}
	err = s.o.Store.Records(kindOdd, within, after, 0, func(key, value []byte) error {
		if len(key) < epochLen+numberLen {
			return fmt.Errorf("%w: key % X", errRecord, key)
		}
		e := entry{number: binary.BigEndian.Uint32(key[epochLen:]), other: len(key) > epochLen+numberLen}
		if e.number > last {
			return errEnough
		}
		if e.id, err = parseSequence(value); err == nil && e.number >= from {
			entries = append(entries, e)
		}
		return err
	})
	if err != nil && err != errEnough {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.number != b.number {
			return cmp.Compare(a.number, b.number)
		}
		return cmp.Compare(a.id, b.id)
	})
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.id == b.id })
	return slices.DeleteFunc(entries, func(e entry) bool { return e.number < from }), nil
}

// errEnough ends a scan.
var errEnough = errors.New("ofd: enough")
