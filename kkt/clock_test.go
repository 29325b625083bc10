package kkt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
	"kktd/storage/memory"
)

// openClock gives the bench the daemon's clock over its own.
func (b *bench) openClock() {
	c, err := OpenClock(b.store, b.clock)
	require.NoError(b.t, err)
	b.opts.Clock = c
	b.reopen()
}

func (b *bench) register() *Register {
	r, err := b.fleet.Register(testSerial)
	require.NoError(b.t, err)
	return r
}

func TestClockIsKept(t *testing.T) {
	b := newBench(t)
	b.openClock()
	_, err := b.fleet.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Frozen}})
	require.NoError(t, err)
	s, err := b.fleet.MoveClock(clock.Move{Advance: 25 * time.Hour})
	require.NoError(t, err)
	_, err = b.fleet.MoveClock(clock.Move{Advance: -time.Hour})
	require.ErrorIs(t, err, clock.ErrBackward)
	b.clock.Advance(time.Hour)
	b.openClock()
	require.Equal(t, s, b.fleet.Clock().Setting())
	require.Equal(t, time.Date(2026, 1, 11, 8, 0, 0, 0, time.UTC), b.fleet.Clock().Now())
	require.EqualValues(t, time.Date(2026, 1, 11, 11, 0, 0, 0, time.UTC).Unix(), b.register().Now(), "Moscow")
}

// TestRegisterHasItsOwnClock drives the shift of one register over its 24 hours
// while the daemon's clock stays.
func TestRegisterHasItsOwnClock(t *testing.T) {
	b := newBench(t)
	var moved []string
	b.opts.OnClock = func(r *Register) { moved = append(moved, r.Serial()) }
	b.openClock()
	b.submit(testReceipt(100))
	r := b.register()
	_, err := r.MoveClock(clock.Move{Advance: 25 * time.Hour})
	require.NoError(t, err)
	require.Equal(t, []string{testSerial}, moved)
	b.submit(testReceipt(100))
	require.Equal(t, []ffd.Form{1, 2, 3, 5, 2, 3}, b.documents())
	require.Equal(t, b.clock.Now(), b.fleet.Clock().Now())

	b.openClock()
	r = b.register()
	require.True(t, r.HasOwnClock())
	require.Equal(t, 25*time.Hour, r.Clock().Setting().Offset)
	_, err = r.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Following}})
	require.ErrorIs(t, err, clock.ErrBackward)
	_, err = r.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Following}, Force: true})
	require.NoError(t, err)
	require.False(t, r.HasOwnClock())
	o := b.submit(testReceipt(100))
	require.Equal(t, Failed, o.Status, "the drive knows its last document")
	b.openClock()
	require.False(t, b.register().HasOwnClock())
}

// TestSteppingClock has each receipt a step later than the one before, also over a
// restart.
func TestSteppingClock(t *testing.T) {
	b := newBench(t)
	b.openClock()
	_, err := b.fleet.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Stepping, Step: time.Minute}})
	require.NoError(t, err)
	var times []fn.Time
	for range 3 {
		b.submit(testReceipt(100))
		s, err := b.register().State()
		require.NoError(t, err)
		times = append(times, s.LastTime)
		b.openClock()
	}
	require.Equal(t, []fn.Time{times[0], times[0] + 60, times[0] + 120}, times)
}

func TestDamagedClock(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"no JSON", "x"}, {"no such mode", `{"mode":"fast"}`}, {"no step", `{"mode":"stepping","time":"2026-01-10T07:00:00Z"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.damaged = true
			require.NoError(t, b.fleet.append(storage.Change{Records: []storage.Record{{Kind: kindClock, Key: clockKey(""), Value: []byte(c.value)}}}))
			_, err := OpenClock(b.store, b.clock)
			require.ErrorIs(t, err, ErrRecord)
			require.NoError(t, b.fleet.append(storage.Change{Records: []storage.Record{{Kind: kindClock, Key: clockKey(testSerial), Value: []byte(c.value)}}}))
			b.reopen()
			_, err = b.register().State()
			require.ErrorIs(t, err, ErrOutOfService)
		})
	}
}

// Registers are made at the time that a stepping clock shows, whatever was made before
// them.
func TestRegistersOfASteppingClock(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	b.openClock()
	_, err := b.fleet.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Stepping, Step: time.Minute}})
	require.NoError(t, err)
	for n := range 3 {
		r, made, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
		require.NoError(t, err)
		require.Equal(t, r.Now(), made[0].Time, "register %d", n)
		for range 2 {
			before, x := r.Now(), testReceipt(1)
			x.Serial = r.Serial()
			b.submit(x)
			require.Equal(t, before+60, r.Now(), "a step a receipt")
		}
	}
}
