package clock

import (
	"container/heap"
	"fmt"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Business is the clock that a person can hold still and move on. It is a Clock:
// its timers and tickers fire when its own time reaches them, whether by running
// or by being moved. All methods may be called from many goroutines.
//
// A moved clock rings what has become due before Set, Move and Step return, in
// the order of its times. Functions of AfterFunc that became due together run on one
// goroutine, one after the other, so that what they begin has an order: they must
// not block. Clocks stand in a tower: that of a register has the daemon's as its base,
// and follows it with timers too.
type Business struct {
	base Clock

	mu      sync.Mutex
	set     Setting
	waiters waiters
	order   uint64          // of the youngest waiter
	armed   clockwork.Timer // of the base, for the first waiter; nil while the clock stands
	changed chan struct{}   // closed by the next change of the setting
}

// NewBusiness makes a clock over a base with a setting, e.g. the stored one. The
// error wraps ErrSetting.
func NewBusiness(base Clock, s Setting) (*Business, error) {
	if s.Mode == "" {
		s.Mode = Following
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return &Business{base: base, set: s.whole(), changed: make(chan struct{})}, nil
}

// now is Now for who holds mu.
func (b *Business) now() time.Time {
	switch b.set.Mode {
	case Frozen, Stepping:
		return b.set.Time
	case Offset:
		return b.base.Now().Add(b.set.Offset)
	}
	return b.base.Now()
}

// Now implements Clock.
func (b *Business) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now()
}

// Setting is the setting in force.
func (b *Business) Setting() Setting {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.set
}

// Changed is closed when the clock is set, advanced or stepped; a change of its
// base is not told. Ask for it before looking at what depends on the time.
func (b *Business) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// Move is a wish for another setting: exactly one of Setting, Advance and Run.
type Move struct {
	Setting Setting       // with a Mode; Frozen and Stepping without a Time stand where the clock is
	Advance time.Duration // on from what the clock shows; a running one goes on running from there
	Run     bool          // a clock that stands runs on from what it shows
	Force   bool          // also backward
}

// Plan makes a setting of a move and changes nothing, so that it can be stored
// before it is in force. The error wraps ErrSetting or ErrBackward.
func (b *Business) Plan(m Move) (Setting, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.plan(m)
}

func (b *Business) plan(m Move) (Setting, error) {
	s, before := m.Setting, b.now()
	stands := b.set.Mode == Frozen || b.set.Mode == Stepping
	switch {
	case s.Mode != "" && (m.Advance != 0 || m.Run), m.Advance != 0 && m.Run, s.Mode == "" && m.Advance == 0 && !m.Run:
		return s, fmt.Errorf("%w: want one of a mode, an advance and run", ErrSetting)
	case m.Run && stands:
		s = Setting{Mode: Offset, Offset: b.set.Time.Sub(b.base.Now())}
	case m.Run:
		return b.set, nil
	case m.Advance != 0 && stands:
		s = b.set
		s.Time = s.Time.Add(m.Advance)
	case m.Advance != 0:
		s = Setting{Mode: Offset, Offset: b.set.Offset + m.Advance}
	case (s.Mode == Frozen || s.Mode == Stepping) && s.Time.IsZero():
		s.Time = before
	}
	if err := s.Check(); err != nil {
		return s, err
	}
	s = s.whole()
	after := s.Time
	switch s.Mode {
	case Following:
		after = b.base.Now()
	case Offset:
		after = b.base.Now().Add(s.Offset)
	}
	switch {
	// A stored moment has milliseconds: cutting the rest off is no way back.
	case !m.Force && after.Before(before.Truncate(time.Millisecond)) && !m.Run:
		return s, fmt.Errorf("%w: it shows %s, asked for %s", ErrBackward, before.UTC().Format(time.RFC3339), after.UTC().Format(time.RFC3339))
	case after.Before(earliest), after.After(latest):
		return s, fmt.Errorf("%w: time %s, want 2000 to 2099", ErrSetting, after.UTC().Format(time.RFC3339))
	}
	return s, nil
}

// Set puts a setting in force, be it backward. The error wraps ErrSetting.
func (b *Business) Set(s Setting) error {
	if err := s.Check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.change(s.whole())
	return nil
}

// Move plans and sets at once and returns the setting in force.
func (b *Business) Move(m Move) (Setting, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.plan(m)
	if err == nil {
		b.change(s)
	}
	return b.set, err
}

// Step moves a Stepping clock on by its step; other clocks stay.
func (b *Business) Step() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set.Mode != Stepping {
		return
	}
	s := b.set
	if s.Time = s.Time.Add(s.Step); !s.Time.After(latest) {
		b.change(s)
	}
}

// change puts a setting in force and fires what is due. The caller holds mu.
func (b *Business) change(s Setting) {
	b.set = s
	close(b.changed)
	b.changed = make(chan struct{})
	b.fire()
}

// fire ends the waits that are due and arms the base for the next one. The caller
// holds mu.
func (b *Business) fire() {
	now := b.now()
	var due []func()
	for len(b.waiters) > 0 && !b.waiters[0].due.After(now) {
		w := b.waiters[0]
		if w.every > 0 {
			// Like a time.Ticker, one that was overtaken drops the ticks in between.
			missed := now.Sub(w.due) / w.every
			w.due = w.due.Add((missed + 1) * w.every)
			heap.Fix(&b.waiters, 0)
		} else {
			heap.Remove(&b.waiters, 0)
		}
		if w.do != nil {
			due = append(due, w.do)
			continue
		}
		select {
		case w.ch <- now:
		default: // still full, as with the timers of the standard library
		}
	}
	if len(due) > 0 {
		go func() {
			for _, f := range due {
				f()
			}
		}()
	}
	if b.armed != nil {
		b.armed.Stop()
		b.armed = nil
	}
	if len(b.waiters) == 0 || b.set.Mode == Frozen || b.set.Mode == Stepping {
		return
	}
	b.armed = b.base.AfterFunc(b.waiters[0].due.Sub(now), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.fire()
	})
}
