package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrNotFound is returned when no fault in force has the id.
var ErrNotFound = errors.New("fault: not found")

// State is a fault in force and what it has done so far.
type State struct {
	ID uint64 // from 1, never used again by the same Set
	Fault
	Seen  uint64 // those that matched
	Fired uint64 // those that were struck
}

// Spent tells that the fault will strike no more.
func (s *State) Spent() bool { return s.Times != 0 && s.Fired >= s.Times }

// Set is the faults in force. The zero Set has none; a nil one never has any. All
// methods may be called from many goroutines.
type Set struct {
	// Seed is where Probability draws from: each fault has a stream of its own by its
	// id. It must not change once a fault is set.
	Seed uint64
	// OnFired is told of each strike, outside of the lock. It may be nil.
	OnFired func(State, Subject)
	// OnLifted is called when faults are no longer in force, outside of the lock: what
	// waits for that goes on. It may be nil.
	OnLifted func()

	force atomic.Pointer[[]*live] // nil: none, the only look that a room without faults pays for

	mu   sync.Mutex // of changes
	last uint64
}

// live is a fault in force. Lists of them are not changed, but replaced.
type live struct {
	lifted chan struct{} // closed when it is no longer in force

	mu     sync.Mutex
	state  State
	random *rand.Rand
}

// Add puts faults in force, behind those that are, and gives their ids.
func (s *Set) Add(faults ...Fault) (ids []uint64) {
	s.change(func(states []*live) []*live {
		states = slices.Clone(states)
		for _, f := range faults {
			s.last++
			ids = append(ids, s.last)
			states = append(states, &live{lifted: make(chan struct{}), state: State{ID: s.last, Fault: f}, random: rand.New(rand.NewPCG(s.Seed, s.last))})
		}
		return states
	})
	return ids
}

// Remove lifts one fault; the error is ErrNotFound.
func (s *Set) Remove(id uint64) error {
	found := false
	s.change(func(states []*live) []*live {
		return slices.DeleteFunc(slices.Clone(states), func(l *live) bool {
			mine := l.state.ID == id
			found = found || mine
			return mine
		})
	})
	if !found {
		return fmt.Errorf("%w: %d", ErrNotFound, id)
	}
	return nil
}

// Reset puts everything back and tells how many faults were lifted. Whoever waits
// for one of them goes on at once.
func (s *Set) Reset() (lifted int) {
	s.change(func(states []*live) []*live {
		lifted = len(states)
		return nil
	})
	return lifted
}

// change puts what f makes of the list in force.
func (s *Set) change(f func([]*live) []*live) {
	if s.replace(f) && s.OnLifted != nil {
		s.OnLifted()
	}
}

// replace is change without telling; lifted says that a fault has gone.
func (s *Set) replace(f func([]*live) []*live) (lifted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.load()
	next := f(old)
	if s.force.Store(&next); len(next) == 0 {
		s.force.Store(nil)
	}
	for _, l := range old {
		if !slices.Contains(next, l) {
			close(l.lifted)
			lifted = true
		}
	}
	return lifted
}

// Get is the fault in force with the id; the error is ErrNotFound.
func (s *Set) Get(id uint64) (State, error) {
	for _, state := range s.List() {
		if state.ID == id {
			return state, nil
		}
	}
	return State{}, fmt.Errorf("%w: %d", ErrNotFound, id)
}

// List are the faults in force, oldest first; those that have spent themselves stand
// there until they are removed.
func (s *Set) List() []State {
	states := s.load()
	list := make([]State, len(states))
	for i, l := range states {
		l.mu.Lock()
		list[i] = l.state
		l.mu.Unlock()
	}
	return list
}

// load is the list in force.
func (s *Set) load() []*live {
	if s == nil {
		return nil
	}
	if list := s.force.Load(); list != nil {
		return *list
	}
	return nil
}

// On tells that there may be something to strike: a fault in force, or one that came
// with the request. A room asks it before it makes a Subject.
func (s *Set) On(own *Set) bool { return s.load() != nil || own.load() != nil }

// Hit is an effect that strikes.
type Hit[P any] struct {
	Effect P
	Fault  Fault
	Lifted <-chan struct{} // closed when the fault is lifted: whoever waits goes on
}

// Strike gives the effects that act at the point P and hit the subject, in the order
// of their faults, those of the request last, and counts them.
func Strike[P any](s *Set, subject *Subject) (hits []Hit[P]) {
	for _, set := range [...]*Set{s, subject.Own} {
		for _, l := range set.load() {
			effect, acts := l.state.Effect.(P)
			if !acts || !l.state.Match.takes(&subject.Match) {
				continue
			}
			if state, hit := l.hit(); hit {
				hits = append(hits, Hit[P]{Effect: effect, Fault: state.Fault, Lifted: l.lifted})
				if set.OnFired != nil {
					set.OnFired(state, *subject)
				}
			}
		}
	}
	return hits
}

// Meets tells that a fault in force acts at the point P and asks for such a subject,
// without counting it: what a room shows of itself follows it.
func Meets[P any](s *Set, subject *Subject) bool {
	return slices.ContainsFunc(s.load(), func(l *live) bool {
		_, acts := l.state.Effect.(P)
		l.mu.Lock()
		defer l.mu.Unlock()
		return acts && l.state.Match.takes(&subject.Match) && !l.state.Spent()
	})
}

// hit counts one that matched and tells whether it is struck.
func (l *live) hit() (State, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.state
	s.Seen++
	switch {
	case s.Seen <= s.After, s.Spent():
		return *s, false
	case s.Every > 1 && (s.Seen-s.After-1)%s.Every != 0:
		return *s, false
	case s.Probability != 0 && l.random.Float64() >= s.Probability:
		return *s, false
	}
	s.Fired++
	return *s, true
}
