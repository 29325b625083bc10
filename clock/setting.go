package clock

import (
	"errors"
	"fmt"
	"time"
)

// Mode says how a Business clock moves.
type Mode string

// The modes. What a clock follows is its base: the machine's clock for the
// daemon, the daemon's clock for a register.
const (
	// Following shows the time of the base.
	Following Mode = "real"
	// Offset runs with the base, ahead of it or behind it by Setting.Offset.
	Offset Mode = "offset"
	// Frozen stands at Setting.Time until it is moved.
	Frozen Mode = "frozen"
	// Stepping stands at Setting.Time and moves on by Setting.Step with each call
	// of Business.Step: before each commit that makes documents.
	Stepping Mode = "stepping"
)

// Setting is all that a Business clock remembers; a store keeps it over a
// restart. Fields that the mode does not use are zero.
type Setting struct {
	Mode   Mode          `json:"mode"`
	Offset time.Duration `json:"offset,omitempty"` // of Offset, whole milliseconds; nanoseconds in JSON
	Time   time.Time     `json:"time,omitzero"`    // of Frozen and Stepping, UTC, whole milliseconds
	Step   time.Duration `json:"step,omitempty"`   // of Stepping, at least a millisecond
}

// ErrSetting is returned when a Setting cannot be used.
var ErrSetting = errors.New("clock: invalid setting")

// ErrBackward is returned when a clock would go backward and force is not set:
// documents, shifts and due times only know a time that goes on.
var ErrBackward = errors.New("clock: time only goes forward unless forced")

// The years that tag 1012 can hold, with room for the terms of drives.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Check tells what is wrong with a setting; the error wraps ErrSetting.
func (s *Setting) Check() error {
	stands := s.Mode == Frozen || s.Mode == Stepping
	switch {
	case s.Mode != Following && s.Mode != Offset && !stands:
		return fmt.Errorf("%w: mode %q, want real, offset, frozen or stepping", ErrSetting, s.Mode)
	case stands && (s.Time.Before(earliest) || s.Time.After(latest)):
		return fmt.Errorf("%w: time %s, want 2000 to 2099", ErrSetting, s.Time.Format(time.RFC3339))
	case s.Mode == Stepping && s.Step < time.Millisecond:
		return fmt.Errorf("%w: step %v, want a millisecond or more", ErrSetting, s.Step)
	}
	return nil
}

// whole cuts a setting to the milliseconds that a store keeps, and leaves out
// what the mode does not use.
func (s *Setting) whole() Setting {
	w := Setting{Mode: s.Mode}
	switch s.Mode {
	case Offset:
		w.Offset = s.Offset.Truncate(time.Millisecond)
	case Stepping:
		w.Step = s.Step.Truncate(time.Millisecond)
		fallthrough
	case Frozen:
		w.Time = s.Time.UTC().Truncate(time.Millisecond)
	}
	return w
}
