package kkt

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"kktd/storage"
)

// answerLife is how long a stored answer is given again, by the business clock
// (spec/api/cloudkassir.md 1.3).
const answerLife = time.Hour

// answers finds the stored answers of requests and lets them go when their hour
// is over. An answer stands under the slot, the hour of business time in which it
// was given, and the hash of its request. So a search looks into the slots that
// can hold a living answer, two as a rule, and the slots that are over stand
// together at the front: every new answer takes a few of them along in its own
// commit, which costs a page for many.
//
// When the clock is moved back, answers given later than now live on, as their
// hour is not over; when it is moved on, those whose hour is over are forgotten
// for good.
type answers struct {
	store storage.Store

	mu    sync.Mutex
	slots []uint64 // in which answers stand, ascending
	old   bool     // there may be answers of the first form, whose key is the hash alone
	over  [][]byte // keys of answers that may go, of one slot or of the first form
}

const (
	answerSlot    = time.Hour
	slotLen       = 8
	answerHashLen = 32
	answerKeyLen  = slotLen + answerHashLen
	// oldAnswers divides the keys: slots are far below, hashes above.
	oldAnswers = 1 << 40
	// answerPage is how many keys are read at once, answersGo how many go along with a new answer.
	answerPage = 64
	answersGo  = 2
)

func slotOf(millis int64) uint64 { return uint64(max(millis, 0) / answerSlot.Milliseconds()) }

// slotOver tells that the hour of every answer in a slot is over.
func slotOver(slot uint64, now int64) bool {
	return int64(slot+1)*answerSlot.Milliseconds()+answerLife.Milliseconds() <= now
}

func appendAnswerKey(b []byte, slot uint64, hash *[answerHashLen]byte) []byte {
	return append(binary.BigEndian.AppendUint64(b, slot), hash[:]...)
}

// open finds the slots in use, one read a slot.
func (a *answers) open(store storage.Store) error {
	a.store = store
	var after []byte
	for {
		var key []byte
		err := store.Records(kindAnswer, nil, after, 1, func(k, _ []byte) error {
			key = slices.Clone(k)
			return nil
		})
		switch {
		case err != nil || key == nil:
			return err
		case len(key) < slotLen || binary.BigEndian.Uint64(key) >= oldAnswers:
			a.old = true
			return nil
		}
		slot := binary.BigEndian.Uint64(key)
		a.slots = append(a.slots, slot)
		after = binary.BigEndian.AppendUint64(nil, slot+1)
	}
}

// find is the living answer of a request, nil when there is none.
func (a *answers) find(hash [answerHashLen]byte, now int64) (*Outcome, error) {
	var room [answerKeyLen]byte
	first := slotOf(now - answerLife.Milliseconds())
	for i := 0; ; i++ {
		slot, ok := a.slot(i)
		if !ok || slot < first {
			break
		}
		if o, err := a.read(appendAnswerKey(room[:0], slot, &hash), now); o != nil || err != nil {
			return o, err
		}
	}
	if !a.hasOld() {
		return nil, nil
	}
	return a.read(hash[:], now)
}

// slot is the slot with an index from the newest on.
func (a *answers) slot(i int) (uint64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i >= len(a.slots) {
		return 0, false
	}
	return a.slots[len(a.slots)-1-i], true
}

func (a *answers) hasOld() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.old
}

func (a *answers) read(key []byte, now int64) (*Outcome, error) {
	value, err := a.store.Record(kindAnswer, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	given, id, answer, err := parseAnswer(value)
	if err != nil || now-given >= answerLife.Milliseconds() {
		return nil, err
	}
	return &Outcome{ID: id, Answer: answer, Replayed: true}, nil
}

// add notes that an answer is about to be stored and returns the keys of some
// that may go in the same commit. Keys of a commit that fails are found again.
func (a *answers) add(now int64) (slot uint64, over [][]byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	slot = slotOf(now)
	if i, known := slices.BinarySearch(a.slots, slot); !known {
		a.slots = slices.Insert(a.slots, i, slot)
	}
	if len(a.over) > 0 && !a.mayGo(a.over[0], now) {
		a.over = nil // the clock was moved back
	}
	if len(a.over) == 0 {
		if err := a.refill(now); err != nil {
			return slot, nil, err
		}
	}
	n := min(answersGo, len(a.over))
	over, a.over = a.over[:n:n], a.over[n:]
	return slot, over, nil
}

// newAnswer is add; that old answers cannot be read keeps no new one from being
// stored.
func (f *Fleet) newAnswer(now int64) (slot uint64, over [][]byte) {
	slot, over, err := f.answers.add(now)
	if err != nil {
		f.log.WithError(err).Error("answers whose hour is over cannot be read")
	}
	return slot, over
}

func (a *answers) mayGo(key []byte, now int64) bool {
	slot := binary.BigEndian.Uint64(key)
	return slot >= oldAnswers || slotOver(slot, now)
}

// refill reads the keys of the oldest slot that is over, and when there is none
// those of the first form.
func (a *answers) refill(now int64) error {
	for len(a.slots) > 0 && slotOver(a.slots[0], now) {
		prefix := binary.BigEndian.AppendUint64(nil, a.slots[0])
		if err := a.readOver(prefix, nil, now); err != nil || len(a.over) > 0 {
			return err
		}
		a.slots = a.slots[1:]
	}
	if !a.old {
		return nil
	}
	return a.readOver(nil, binary.BigEndian.AppendUint64(nil, oldAnswers), now)
}

func (a *answers) readOver(prefix, after []byte, now int64) error {
	seen := 0
	err := a.store.Records(kindAnswer, prefix, after, answerPage, func(key, value []byte) error {
		seen++
		// One that does not decode is kept for fsck to tell of.
		if given, _, _, err := parseAnswer(value); err == nil && now-given >= answerLife.Milliseconds() {
			a.over = append(a.over, slices.Clone(key))
		}
		return nil
	})
	if err == nil && seen == 0 && prefix == nil {
		a.old = false
	}
	return err
}
