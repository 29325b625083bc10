package kkt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kktd/storage"
)

var floorKey = []byte("floor")

// putFloor keeps the numbers that ids of registers and receipts, and FN numbers that
// are made, go on from when the records that showed them are gone: none is given twice.
func (g *gathering) putFloor() error {
	f := g.f
	f.mu.RLock()
	value := binary.BigEndian.AppendUint64(nil, f.lastID)
	value = binary.BigEndian.AppendUint64(value, f.sequence.Load())
	value = binary.BigEndian.AppendUint64(value, f.drives)
	f.mu.RUnlock()
	g.each(func(p *part) {
		p.change.Records = append(p.change.Records, storage.Record{Kind: kindMeta, Key: floorKey, Value: value})
	})
	return nil
}

func (f *Fleet) loadFloor() error {
	value, err := f.store.Record(kindMeta, floorKey)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	floor, err := parseFloor(value)
	if err == nil {
		f.lastID, f.drives = floor[0], floor[2]
		f.sequence.Store(max(f.sequence.Load(), floor[1]))
	}
	return err
}

// parseFloor reads the last ids of a register, a receipt and a drive number that was
// made.
func parseFloor(value []byte) (last [3]uint64, err error) {
	if len(value) != 8*len(last) {
		return last, fmt.Errorf("%w: floor of %d bytes", ErrRecord, len(value))
	}
	for i := range last {
		last[i] = binary.BigEndian.Uint64(value[8*i:])
	}
	return last, nil
}

// resumeDrives goes on with the FN numbers that are made behind the greatest one that is
// or was in a register. Those that were made since the floor was put are there still,
// and their numbers run on from the floor, past those that were given: this bounds how
// far to look. Numbers farther on were given.
func (f *Fleet) resumeDrives(floor, drives uint64) {
	f.drives = max(floor, drives)
	most := floor + drives + uint64(len(f.driveNumbers))
	for number := range f.driveNumbers {
		digits, made := strings.CutPrefix(number, debugPrefix)
		if n, err := strconv.ParseUint(digits, 10, 64); made && err == nil && n <= most {
			f.drives = max(f.drives, n)
		}
	}
}

// reachBack sees to it that the register's since is before a receipt that it makes: one
// that was queued at another register may have got its number and not been stored yet
// when beforeReceipts looked.
func (b *batch) reachBack(sequence uint64) error {
	if sequence > b.profile.since {
		return nil
	}
	p := *b.profile
	p.since = sequence - 1
	b.profile = &p
	return b.putJSON(kindRegister, p.Serial, registerRecord{ID: p.id, Settings: p.Settings, Past: p.past, Since: p.since})
}

// beforeReceipts is a sequence number before those of all receipts that a new
// register can make: the next ones and those that wait.
func (f *Fleet) beforeReceipts() (uint64, error) {
	f.parking.Lock() // who parks a receipt has given it a number and not stored it yet
	defer f.parking.Unlock()
	since := f.sequence.Load()
	err := f.store.Records(kindDelayed, nil, nil, 1, func(key, _ []byte) error {
		if len(key) == 16 && sequenceOf(key) <= since {
			since = sequenceOf(key) - 1
		}
		return nil
	})
	return since, err
}
