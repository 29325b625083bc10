package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"kktd/event"
	"kktd/storage"
)

// DefaultKeep is how many finished entries of a lane stay.
const DefaultKeep = 1000

// ErrNotFound is returned when there is no entry with the number: it never was, or
// it is finished and newer ones have taken its place.
var ErrNotFound = errors.New("outbox: no such entry")

// Box is the outbox of a store. All methods may be called from many goroutines.
type Box struct {
	store storage.Store
	keep  int
	last  atomic.Uint64 // number given last
	added atomic.Pointer[func([]Ref)]

	// forgetting is held for reading while something is stored of entries that are there,
	// for writing while some are forgotten.
	forgetting sync.RWMutex

	mu       sync.Mutex
	finished map[LaneID][]uint64 // numbers, ascending, of lanes that were asked for
}

// Open finds the outbox of a store. keep is how many finished entries of a lane
// stay; 0: DefaultKeep.
func Open(store storage.Store, keep int) (*Box, error) {
	if keep <= 0 {
		keep = DefaultKeep
	}
	b := &Box{store: store, keep: keep, finished: map[LaneID][]uint64{}}
	key, _, err := store.LastRecord(Kind, []byte{keyHead})
	switch {
	case err == nil:
		b.last.Store(numberOf(key))
	case !errors.Is(err, storage.ErrNotFound):
		return nil, err
	}
	floor, err := store.Record(Kind, []byte{keyFloor})
	switch {
	case err == nil && len(floor) != 9:
		return nil, fmt.Errorf("%w: floor of %d bytes", ErrRecord, len(floor))
	case err == nil:
		b.last.Store(max(b.last.Load(), numberOf(floor)))
	case !errors.Is(err, storage.ErrNotFound):
		return nil, err
	}
	return b, nil
}

// Put gives the entry its number and appends the records that store it, for the
// commit of what it tells of. Call Committed after the commit.
func (b *Box) Put(records []storage.Record, e *Entry) ([]storage.Record, Ref, error) {
	e.Number = b.last.Add(1)
	ref := Ref{Lane: laneOf(e.Transport, e.Lane), Number: e.Number, Group: groupOf(e.Group), Transport: e.Transport}
	head, err := record(numberKey(keyHead, e.Number), e)
	if err != nil {
		return records, ref, err
	}
	status, err := record(laneKey(keyWaiting, ref.Lane, ref.Number), Status{State: Waiting, Transport: ref.Transport, Group: ref.Group})
	if err != nil {
		return records, ref, err
	}
	body := e.Body
	if body == nil {
		body = []byte{} // nil would delete
	}
	return append(records, head, status, storage.Record{Kind: Kind, Key: numberKey(keyBody, e.Number), Value: body}), ref, nil
}

// Notify sets who is told of entries that were put. f must be quick; it may be
// called from many goroutines.
func (b *Box) Notify(f func([]Ref)) { b.added.Store(&f) }

// Committed tells the deliverer of entries whose commit is durable.
func (b *Box) Committed(refs []Ref) {
	if f := b.added.Load(); f != nil && len(refs) > 0 {
		(*f)(refs)
	}
}

// Lanes are those with entries that wait.
func (b *Box) Lanes() (list []LaneID, err error) {
	after := []byte{keyWaiting}
	for {
		n := len(list)
		err := b.store.Records(Kind, []byte{keyWaiting}, after, 1, func(key, _ []byte) error {
			if len(key) != 17 {
				return fmt.Errorf("%w: key of %d bytes", ErrRecord, len(key))
			}
			list = append(list, LaneID(key[1:9]))
			return nil
		})
		if err != nil || len(list) == n {
			return list, err
		}
		after = laneKey(keyWaiting, list[n], 1<<64-1)
	}
}

// Waiting calls f for the entries of a lane that wait, by number, until it returns
// false.
func (b *Box) Waiting(lane LaneID, f func(Ref, *Status) bool) error {
	enough := errors.New("enough")
	err := b.store.Records(Kind, append([]byte{keyWaiting}, lane[:]...), nil, 0, func(key, value []byte) error {
		number := numberOf(key)
		s, err := parseStatus(number, value)
		if err == nil && !f(Ref{Lane: lane, Number: number, Group: s.Group, Transport: s.Transport}, &s) {
			err = enough
		}
		return err
	})
	if err == enough {
		return nil
	}
	return err
}

// Head reads an entry without its body, and its status.
func (b *Box) Head(number uint64) (*Entry, Status, error) {
	key := numberKey(keyHead, number)
	head, err := b.store.Record(Kind, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, Status{}, fmt.Errorf("%w: %d", ErrNotFound, number)
	}
	if err != nil {
		return nil, Status{}, err
	}
	e, err := parseEntry(key, head)
	if err != nil {
		return nil, Status{}, err
	}
	s, err := b.status(e)
	return e, s, err
}

// Entry reads an entry whole, and its status.
func (b *Box) Entry(number uint64) (*Entry, Status, error) {
	e, s, err := b.Head(number)
	if err != nil {
		return nil, s, err
	}
	e.Body, err = b.store.Record(Kind, numberKey(keyBody, number))
	return e, s, err
}

// status finds the status of an entry in one of the two lists. It may move from
// the first to the second while it is looked for, and back.
func (b *Box) status(e *Entry) (Status, error) {
	lane := laneOf(e.Transport, e.Lane)
	for _, list := range [...]byte{keyWaiting, keyFinished, keyWaiting} {
		value, err := b.store.Record(Kind, laneKey(list, lane, e.Number))
		if err == nil {
			return parseStatus(e.Number, value)
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return Status{}, err
		}
	}
	return Status{}, fmt.Errorf("%w: %d", ErrNotFound, e.Number)
}

// List calls f for the entries after a number, ascending, without their bodies,
// until it returns false. f may call the box.
func (b *Box) List(after uint64, f func(*Entry, *Status) (bool, error)) error {
	const page = 256
	for more := true; more; {
		var heads []*Entry
		err := b.store.Records(Kind, []byte{keyHead}, numberKey(keyHead, after), page, func(key, value []byte) error {
			e, err := parseEntry(key, value)
			heads = append(heads, e)
			return err
		})
		if err != nil {
			return err
		}
		more = len(heads) == page
		for _, e := range heads {
			after = e.Number
			s, err := b.status(e)
			if errors.Is(err, ErrNotFound) {
				continue // gone since
			}
			if err != nil {
				return err
			}
			if on, err := f(e, &s); err != nil || !on {
				return err
			}
		}
	}
	return nil
}

// Record stores what came of an attempt, with an event when its kind is not
// empty. A finished entry leaves the list of those that wait; the oldest beyond
// keep go. Errors: ErrNotFound when the entry was forgotten meanwhile.
func (b *Box) Record(ref Ref, s *Status, e event.Event) error {
	b.forgetting.RLock()
	defer b.forgetting.RUnlock()
	if _, err := b.store.Record(Kind, numberKey(keyHead, ref.Number)); errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %d", ErrNotFound, ref.Number)
	} else if err != nil {
		return err
	}
	var c storage.Change
	c.Patient = true
	if e.Kind != "" {
		c.Events = [][]byte{e.Append(nil)}
	}
	if s.State == Waiting {
		status, err := record(laneKey(keyWaiting, ref.Lane, ref.Number), s)
		if err != nil {
			return err
		}
		c.Records = []storage.Record{status}
		return b.append(c)
	}
	status, err := record(laneKey(keyFinished, ref.Lane, ref.Number), s)
	if err != nil {
		return err
	}
	c.Records = []storage.Record{{Kind: Kind, Key: laneKey(keyWaiting, ref.Lane, ref.Number)}, status}
	gone, err := b.finish(ref)
	if err != nil {
		return err
	}
	for _, n := range gone {
		c.Records = append(c.Records, storage.Record{Kind: Kind, Key: numberKey(keyHead, n)}, storage.Record{Kind: Kind, Key: numberKey(keyBody, n)},
			storage.Record{Kind: Kind, Key: laneKey(keyFinished, ref.Lane, n)})
	}
	return b.append(c)
}

// Drop forgets an entry that waits. It is for one whose own record is gone.
func (b *Box) Drop(ref Ref) error {
	return b.append(storage.Change{Patient: true, Records: []storage.Record{{Kind: Kind, Key: laneKey(keyWaiting, ref.Lane, ref.Number)}}})
}

// Forget makes the records that take entries out of the box. They are appended to the
// list that with gives for an entry; nil: it stays. The floor, unless it is nil, must
// be put along with any of them. An entry that is being delivered is delivered for the
// last time. done, which is never nil, must be called once the records are stored or
// given up: what comes of attempts waits for that.
func (b *Box) Forget(with func(*Entry) *[]storage.Record) (floor *storage.Record, done func(), err error) {
	b.forgetting.Lock()
	lanes := map[LaneID]bool{}
	done = sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for lane := range lanes {
			delete(b.finished, lane) // it is read anew
		}
		b.forgetting.Unlock()
	})
	greatest, known := uint64(0), true // the greatest number is where Open goes on
	err = b.List(0, func(e *Entry, _ *Status) (bool, error) {
		records := with(e)
		greatest, known = e.Number, records == nil
		if !known {
			lane := laneOf(e.Transport, e.Lane)
			lanes[lane] = true
			for _, key := range [...][]byte{numberKey(keyHead, e.Number), numberKey(keyBody, e.Number), laneKey(keyWaiting, lane, e.Number), laneKey(keyFinished, lane, e.Number)} {
				*records = append(*records, storage.Record{Kind: Kind, Key: key})
			}
		}
		return true, nil
	})
	if err == nil && !known {
		floor = &storage.Record{Kind: Kind, Key: []byte{keyFloor}, Value: numberKey(keyHead, greatest)}
	}
	return floor, done, err
}

// finish counts an entry among the finished of its lane and returns those that
// must go for it. The greatest number always stays: it is where Open goes on.
func (b *Box) finish(ref Ref) (gone []uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.finishedOf(ref.Lane)
	if err != nil {
		return nil, err
	}
	if at, found := slices.BinarySearch(list, ref.Number); !found {
		list = slices.Insert(list, at, ref.Number)
	}
	if n := len(list) - b.keep; n > 0 {
		gone = slices.Clone(list[:n])
		list = slices.Delete(list, 0, n)
	}
	b.finished[ref.Lane] = list
	return gone, nil
}

// finishedOf are the numbers of the finished entries of a lane. mu is held.
func (b *Box) finishedOf(lane LaneID) ([]uint64, error) {
	list, ok := b.finished[lane]
	if ok {
		return list, nil
	}
	err := b.store.Records(Kind, append([]byte{keyFinished}, lane[:]...), nil, 0, func(key, _ []byte) error {
		list = append(list, numberOf(key))
		return nil
	})
	return list, err
}

// Reopen lets a finished entry wait again, with an attempt at once. Its attempts
// so far stay in the status but do not count. It returns false when the entry
// waits already.
func (b *Box) Reopen(number uint64) (Ref, bool, error) {
	b.forgetting.RLock()
	defer b.forgetting.RUnlock()
	e, s, err := b.Head(number)
	if err != nil {
		return Ref{}, false, err
	}
	ref := Ref{Lane: laneOf(e.Transport, e.Lane), Number: number, Group: s.Group, Transport: s.Transport}
	if s.State == Waiting {
		return ref, false, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.finishedOf(ref.Lane)
	if err != nil {
		return ref, false, err
	}
	s.State, s.Attempts, s.Due = Waiting, 0, 0
	status, err := record(laneKey(keyWaiting, ref.Lane, ref.Number), s)
	if err != nil {
		return ref, false, err
	}
	if err := b.append(storage.Change{Records: []storage.Record{{Kind: Kind, Key: laneKey(keyFinished, ref.Lane, number)}, status}}); err != nil {
		return ref, false, err
	}
	if at, found := slices.BinarySearch(list, number); found {
		list = slices.Delete(list, at, at+1)
	}
	b.finished[ref.Lane] = list
	return ref, true, nil
}

func (b *Box) append(c storage.Change) error {
	_, err := b.store.Append(context.Background(), c)
	return err
}
