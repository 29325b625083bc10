// Package clock is business time: what documents, shifts, terms and due times
// follow. It is the only room that asks the machine for the time of day;
// deadlines of sockets and long polls follow the real clock and are not its
// business.
//
// A Clock is a clockwork.Clock, so that timers follow it and tests step it.
package clock

import (
	"time"

	"github.com/jonboulle/clockwork"
)

// Clock is the source of business time.
type Clock = clockwork.Clock

// Real is the machine's clock.
func Real() Clock { return clockwork.NewRealClock() }

// Fixed is a clock that stands at t until it is advanced.
func Fixed(t time.Time) *clockwork.FakeClock { return clockwork.NewFakeClockAt(t) }

// Wall gives a moment as tag 1012 holds it: the face of a clock in the zone, read
// as if it showed UTC, in whole minutes (spec/ffd/encoding.md 2.1).
func Wall(t time.Time, zone *time.Location) uint32 {
	return WallSeconds(t, zone) / 60 * 60
}

// WallSeconds is Wall with the seconds, as tickets have it.
func WallSeconds(t time.Time, zone *time.Location) uint32 {
	t = t.In(zone)
	y, m, d := t.Date()
	hh, mm, ss := t.Clock()
	return uint32(time.Date(y, m, d, hh, mm, ss, 0, time.UTC).Unix())
}
