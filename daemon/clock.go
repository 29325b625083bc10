package daemon

import (
	"fmt"
	"strings"
	"time"

	"kktd/api/control"
	"kktd/clock"
	"kktd/kkt"
)

const clockForms = "frozen[:TIME], stepping:STEP[:TIME], offset:DURATION or real, TIME as 2026-02-01T09:00:00+03:00, STEP and DURATION as 1m, 36h, 30d, an offset back as -30d"

// ParseClock reads the setting of a clock: frozen, frozen:TIME, stepping:STEP,
// stepping:STEP:TIME, offset:DURATION, real; empty is real. Times are RFC 3339, with
// their zone: that of the machine has no part in it. Without a TIME a clock stands
// where it is when it is made.
func ParseClock(s string) (set clock.Setting, err error) {
	mode, rest, more := strings.Cut(s, ":")
	set.Mode = clock.Mode(mode)
	bad := func(why string) (clock.Setting, error) {
		return set, fmt.Errorf("%q: %s; want %s", s, why, clockForms)
	}
	at, standing := "", false
	switch set.Mode {
	case "", clock.Following:
		set.Mode = clock.Following
		if more {
			return bad("nothing follows real")
		}
	case clock.Frozen:
		at, standing = rest, more
	case clock.Stepping:
		var step string
		step, at, standing = strings.Cut(rest, ":")
		if set.Step, err = control.ParseDuration(step); err != nil {
			return bad("the step: " + err.Error())
		}
		if set.Step < time.Millisecond {
			return bad("the step is less than a millisecond")
		}
	case clock.Offset:
		back, isBack := strings.CutPrefix(rest, "-")
		if set.Offset, err = control.ParseDuration(back); err != nil {
			return bad("the offset: " + err.Error())
		}
		if isBack {
			set.Offset = -set.Offset
		}
	default:
		return bad("there is no such mode")
	}
	if standing {
		if set.Time, err = time.Parse(time.RFC3339, at); err != nil {
			return bad(fmt.Sprintf("%q is no time with its zone", at))
		}
		if err := set.Check(); err != nil {
			return bad(err.Error())
		}
	}
	return set, nil
}

// openClock opens the clock that the store kept; a store without one gets that of the
// configuration.
func (d *Daemon) openClock(machine clock.Clock) (err error) {
	set, err := ParseClock(d.config.Clock)
	if err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if set.Mode != clock.Following {
		kept, err := kkt.FirstClock(d.store, machine, set)
		if err != nil {
			return fmt.Errorf("clock: %w", err)
		}
		if kept {
			d.log.WithField("clock", d.config.Clock).Warn("the file has a clock of its own, which stays: the setting is for a new file; move it with kktd clock")
		}
	}
	d.clock, err = kkt.OpenClock(d.store, machine)
	return err
}
