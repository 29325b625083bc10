package outbox

import (
	"fmt"
	"maps"
	"slices"
)

// Check looks at the records of an outbox one by one: each decodes, and each entry
// has a head, a body and one status, under the lane that the head names. The zero
// Check is ready for use.
type Check struct {
	entries map[uint64]*found
}

// found is what is there of an entry.
type found struct {
	head, body bool
	unreadable bool     // the head
	lane       LaneID   // of the head
	lanes      []LaneID // under which a status stands
}

// Record takes a record, in any order. It returns the entry when the record is the
// head of one. The error says what is wrong with the record alone.
func (c *Check) Record(key, value []byte) (*Entry, error) {
	list := byte(0)
	if len(key) > 0 {
		list = key[0]
	}
	switch {
	case list == keyHead && len(key) == 9:
		e, err := parseEntry(key, value)
		f := c.of(numberOf(key))
		f.head, f.unreadable = true, err != nil
		if err != nil {
			return nil, err
		}
		f.lane = laneOf(e.Transport, e.Lane)
		return e, nil
	case list == keyFloor && len(key) == 1:
		if len(value) != 9 {
			return nil, fmt.Errorf("%w: floor of %d bytes", ErrRecord, len(value))
		}
		return nil, nil
	case list == keyBody && len(key) == 9:
		c.of(numberOf(key)).body = true
		return nil, nil
	case (list == keyWaiting || list == keyFinished) && len(key) == 17:
		number := numberOf(key)
		f := c.of(number)
		f.lanes = append(f.lanes, LaneID(key[1:9]))
		s, err := parseStatus(number, value)
		if err == nil && (s.State == Waiting) != (list == keyWaiting) {
			err = fmt.Errorf("%w: status of entry %d: it is %q and stands in list %q", ErrRecord, number, s.State, list)
		}
		return nil, err
	}
	return nil, fmt.Errorf("%w: key %X", ErrRecord, key)
}

func (c *Check) of(number uint64) *found {
	if c.entries == nil {
		c.entries = map[uint64]*found{}
	}
	f := c.entries[number]
	if f == nil {
		f = &found{}
		c.entries[number] = f
	}
	return f
}

// End calls wrong for what is missing or too much among the records taken, by the
// numbers of the entries.
func (c *Check) End(wrong func(number uint64, what string)) {
	for _, number := range slices.Sorted(maps.Keys(c.entries)) {
		switch f := c.entries[number]; {
		case !f.head:
			wrong(number, "the entry is missing, and parts of it are there")
		case !f.body:
			wrong(number, "its body is missing")
		case len(f.lanes) != 1:
			wrong(number, fmt.Sprintf("it has %d statuses, not one", len(f.lanes)))
		case !f.unreadable && f.lanes[0] != f.lane:
			wrong(number, "its status stands under another receiver")
		}
	}
}
