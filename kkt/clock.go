package kkt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kktd/clock"
	"kktd/storage"
)

// clockKey is the key of the setting of a clock: the daemon's, or that of the
// register with the serial number.
func clockKey(serial string) []byte {
	if serial == "" {
		return []byte("daemon")
	}
	return append([]byte(registerClock), serial...)
}

// registerClock begins the key of a register's own clock.
const registerClock = "register "

// OpenClock makes the daemon's clock over a base, with the setting that the store
// kept.
func OpenClock(s storage.Store, base clock.Clock) (*clock.Business, error) {
	set, err := storedClock(s, "")
	if err != nil {
		return nil, err
	}
	return clock.NewBusiness(base, set)
}

// FirstClock gives the clock of a store that has kept none a setting; kept tells that
// the store has one, which stays. A clock that is to stand without a Time stands at
// that of the base. The error wraps clock.ErrSetting.
func FirstClock(s storage.Store, base clock.Clock, first clock.Setting) (kept bool, err error) {
	switch _, err := s.Record(kindClock, clockKey("")); {
	case err == nil:
		return true, nil
	case !errors.Is(err, storage.ErrNotFound):
		return false, err
	}
	fresh, err := clock.NewBusiness(base, clock.Setting{})
	if err != nil {
		return false, err
	}
	set, err := fresh.Plan(clock.Move{Setting: first, Force: true})
	if err != nil {
		return false, err
	}
	value, err := json.Marshal(&set)
	if err != nil {
		return false, err
	}
	_, err = s.Append(context.Background(), storage.Change{Records: []storage.Record{{Kind: kindClock, Key: clockKey(""), Value: value}}})
	return false, err
}

func storedClock(s storage.Store, serial string) (set clock.Setting, err error) {
	key := clockKey(serial)
	value, err := s.Record(kindClock, key)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return clock.Setting{Mode: clock.Following}, nil
	case err != nil:
		return set, err
	}
	if err = json.Unmarshal(value, &set); err == nil {
		err = set.Check()
	}
	if err != nil {
		return set, fmt.Errorf("%w: clock %q: %w", ErrRecord, key, err)
	}
	return set, nil
}

// Clock is the daemon's clock: registers follow it unless they have a setting of
// their own, and due times, the hour of repeated requests and records always do.
func (f *Fleet) Clock() *clock.Business { return f.clock }

// Clock is the clock that the register's documents, shift and terms follow: its
// own when it has one, else the daemon's.
func (r *Register) Clock() *clock.Business {
	if own := r.clock.Load(); own != nil {
		return own
	}
	return r.fleet.clock
}

// HasOwnClock tells that the register does not follow the daemon's clock.
func (r *Register) HasOwnClock() bool { return r.clock.Load() != nil }

// MoveClock moves the daemon's clock. The setting is stored before it is in
// force. The error wraps clock.ErrSetting or clock.ErrBackward.
func (f *Fleet) MoveClock(m clock.Move) (clock.Setting, error) {
	f.moving.Lock()
	defer f.moving.Unlock()
	s, err := f.clock.Plan(m)
	if err == nil {
		err = f.putClock("", &s)
	}
	if err != nil {
		return f.clock.Setting(), err
	}
	f.log.WithField("mode", s.Mode).WithField("offset", s.Offset).WithField("stands_at", s.Time).Info("the clock was moved")
	if err := f.clock.Set(s); err != nil {
		return s, err
	}
	f.tellWarnings(f.Registers()...)
	return s, nil
}

// MoveClock moves the register's own clock, which begins to exist with the first
// move; the mode clock.Following ends it. The errors are those of Fleet.MoveClock.
func (r *Register) MoveClock(m clock.Move) (clock.Setting, error) {
	f := r.fleet
	f.moving.Lock()
	defer f.moving.Unlock()
	if r.isSealed() { // no deletion is under way: it is over
		return clock.Setting{}, errGone(r.Serial())
	}
	own := r.clock.Load()
	if own == nil {
		fresh, err := clock.NewBusiness(f.clock, clock.Setting{})
		if err != nil {
			return clock.Setting{}, err
		}
		own = fresh
	}
	s, err := own.Plan(m)
	if err != nil {
		return own.Setting(), err
	}
	ends := s.Mode == clock.Following
	if ends {
		err = f.append(storage.Change{Records: []storage.Record{{Kind: kindClock, Key: clockKey(r.Serial())}}})
	} else {
		err = f.putClock(r.Serial(), &s)
	}
	if err != nil {
		return own.Setting(), err
	}
	f.log.WithField("register", r.Serial()).WithField("mode", s.Mode).WithField("offset", s.Offset).WithField("stands_at", s.Time).Info("the register's clock was moved")
	if err := own.Set(s); err != nil {
		return s, err
	}
	if r.clock.Store(own); ends {
		r.clock.Store(nil)
	}
	f.tellWarnings(r)
	if f.onClock != nil {
		f.onClock(r)
	}
	return s, nil
}

// loadClock gives the register the clock that the store kept for it.
func (r *Register) loadClock() error {
	set, err := storedClock(r.fleet.store, r.Serial())
	if err != nil || set.Mode == clock.Following {
		return err
	}
	own, err := clock.NewBusiness(r.fleet.clock, set)
	r.clock.Store(own)
	return err
}

func (f *Fleet) putClock(serial string, s *clock.Setting) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return f.append(storage.Change{Records: []storage.Record{{Kind: kindClock, Key: clockKey(serial), Value: value}}})
}

// step moves a stepping clock on before documents are made; the new time is stored
// with them. A new register begins at the time that the clock shows.
func (b *batch) step() {
	c, serial := b.r.clock.Load(), b.r.Serial()
	if c == nil {
		c, serial = b.r.fleet.clock, ""
	}
	if c.Setting().Mode != clock.Stepping {
		return
	}
	c.Step()
	set := c.Setting()
	value, err := json.Marshal(&set)
	if err != nil {
		return // a setting that was checked always has a JSON form
	}
	b.put(kindClock, clockKey(serial), value)
}

// makes tells that a job may make documents: tickets and looks at the warnings come
// at times of their own, and a stepping clock does not move for them.
func makes(j job) bool {
	switch j.(type) {
	case *watchJob, *captureJob:
		return false
	}
	return !canWait(j)
}

// business is the clock itself, or one over it.
func business(c clock.Clock) (*clock.Business, error) {
	if b, ok := c.(*clock.Business); ok {
		return b, nil
	}
	return clock.NewBusiness(c, clock.Setting{})
}

// Zone is the time zone of the register's wall clock.
func (r *Register) Zone() *time.Location { return r.profile.Load().zone }
