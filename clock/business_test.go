package clock

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC)

func over(t testing.TB, base Clock, s Setting) *Business {
	b, err := NewBusiness(base, s)
	require.NoError(t, err)
	return b
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   Setting
		do    func(b *Business, base *clockwork.FakeClock) error
		shows time.Duration // after start
		mode  Mode
		err   error
	}{
		{"real follows", Setting{}, func(_ *Business, base *clockwork.FakeClock) error { base.Advance(time.Hour); return nil }, time.Hour, Following, nil},
		{"frozen stands", Setting{Mode: Frozen, Time: start.Add(time.Minute)},
			func(_ *Business, base *clockwork.FakeClock) error { base.Advance(time.Hour); return nil }, time.Minute, Frozen, nil},
		{"offset runs ahead", Setting{Mode: Offset, Offset: 24 * time.Hour},
			func(_ *Business, base *clockwork.FakeClock) error { base.Advance(time.Hour); return nil }, 25 * time.Hour, Offset, nil},
		{"freeze where it is", Setting{Mode: Offset, Offset: time.Hour},
			func(b *Business, base *clockwork.FakeClock) error {
				_, err := b.Move(Move{Setting: Setting{Mode: Frozen}})
				base.Advance(time.Hour)
				return err
			}, time.Hour, Frozen, nil},
		{"advance a frozen one", Setting{Mode: Frozen, Time: start},
			func(b *Business, _ *clockwork.FakeClock) error {
				_, err := b.Move(Move{Advance: 30 * 24 * time.Hour})
				return err
			}, 30 * 24 * time.Hour, Frozen, nil},
		{"advance a real one", Setting{},
			func(b *Business, base *clockwork.FakeClock) error {
				_, err := b.Move(Move{Advance: time.Hour})
				base.Advance(time.Minute)
				return err
			}, time.Hour + time.Minute, Offset, nil},
		{"advance one with an offset", Setting{Mode: Offset, Offset: time.Hour},
			func(b *Business, _ *clockwork.FakeClock) error {
				_, err := b.Move(Move{Advance: time.Hour})
				return err
			}, 2 * time.Hour, Offset, nil},
		{"run on from a frozen time", Setting{Mode: Frozen, Time: start.Add(time.Hour)},
			func(b *Business, base *clockwork.FakeClock) error {
				_, _ = b.Move(Move{Run: true})
				base.Advance(time.Minute)
				return nil
			}, time.Hour + time.Minute, Offset, nil},
		{"run leaves one that runs", Setting{}, func(b *Business, _ *clockwork.FakeClock) error { _, err := b.Move(Move{Run: true}); return err }, 0, Following, nil},
		{"step", Setting{Mode: Stepping, Time: start, Step: time.Minute},
			func(b *Business, _ *clockwork.FakeClock) error { b.Step(); b.Step(); return nil }, 2 * time.Minute, Stepping, nil},
		{"step of another mode", Setting{Mode: Frozen, Time: start}, func(b *Business, _ *clockwork.FakeClock) error { b.Step(); return nil }, 0, Frozen, nil},
		{"backward", Setting{Mode: Offset, Offset: time.Hour},
			func(b *Business, _ *clockwork.FakeClock) error {
				_, err := b.Move(Move{Setting: Setting{Mode: Following}})
				return err
			}, time.Hour, Offset, ErrBackward},
		{"backward by force", Setting{Mode: Offset, Offset: time.Hour},
			func(b *Business, _ *clockwork.FakeClock) error {
				_, err := b.Move(Move{Setting: Setting{Mode: Following}, Force: true})
				return err
			}, 0, Following, nil},
		{"advance backward", Setting{Mode: Frozen, Time: start},
			func(b *Business, _ *clockwork.FakeClock) error {
				_, err := b.Move(Move{Advance: -time.Hour})
				return err
			}, 0, Frozen, ErrBackward},
		{"two wishes", Setting{}, func(b *Business, _ *clockwork.FakeClock) error {
			_, err := b.Move(Move{Advance: time.Hour, Run: true})
			return err
		}, 0, Following, ErrSetting},
		{"no wish", Setting{}, func(b *Business, _ *clockwork.FakeClock) error { _, err := b.Move(Move{Force: true}); return err }, 0, Following, ErrSetting},
		{"no such mode", Setting{}, func(b *Business, _ *clockwork.FakeClock) error {
			_, err := b.Move(Move{Setting: Setting{Mode: "fast"}})
			return err
		}, 0, Following, ErrSetting},
		{"no step", Setting{}, func(b *Business, _ *clockwork.FakeClock) error {
			_, err := b.Move(Move{Setting: Setting{Mode: Stepping}})
			return err
		}, 0, Following, ErrSetting},
		{"too far", Setting{}, func(b *Business, _ *clockwork.FakeClock) error {
			_, err := b.Move(Move{Advance: 100 * 365 * 24 * time.Hour})
			return err
		}, 0, Following, ErrSetting},
		{"less than a millisecond is cut", Setting{Mode: Frozen, Time: start.Add(time.Millisecond + 5)}, func(*Business, *clockwork.FakeClock) error { return nil }, time.Millisecond, Frozen, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := Fixed(start)
			b := over(t, base, c.set)
			err := c.do(b, base)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.shows, b.Now().Sub(start))
			require.Equal(t, c.mode, b.Setting().Mode)
		})
	}
	_, err := NewBusiness(Fixed(start), Setting{Mode: Frozen, Time: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.ErrorIs(t, err, ErrSetting)
}

// TestTimersFollow has timers of every kind on a clock over another one, and moves
// each in turn.
func TestTimersFollow(t *testing.T) {
	base := over(t, Fixed(start), Setting{Mode: Frozen, Time: start})
	b := over(t, base, Setting{})
	rang := func(ch <-chan time.Time) bool {
		select {
		case <-ch:
			return true
		default:
			return false
		}
	}
	done := make(chan struct{})
	b.AfterFunc(2*time.Hour, func() { close(done) })
	timer, tick := b.NewTimer(time.Hour), b.NewTicker(10*time.Minute)
	require.False(t, rang(timer.Chan()))
	_, err := b.Move(Move{Advance: time.Hour})
	require.NoError(t, err)
	require.True(t, rang(timer.Chan()))
	require.True(t, rang(tick.Chan()), "a ticker that was overtaken ticks once")
	require.False(t, rang(tick.Chan()))
	_, err = base.Move(Move{Advance: time.Hour})
	require.NoError(t, err)
	<-done // the base was moved, and the clock over it follows
	<-tick.Chan()
	tick.Stop()
	require.False(t, timer.Stop())
	require.False(t, timer.Reset(time.Minute))
	_, err = b.Move(Move{Setting: Setting{Mode: Frozen}})
	require.NoError(t, err)
	_, err = base.Move(Move{Advance: time.Hour})
	require.NoError(t, err)
	require.False(t, rang(timer.Chan()), "a clock that stands rings nobody")
	_, err = b.Move(Move{Run: true})
	require.NoError(t, err)
	require.False(t, rang(timer.Chan()))
	require.True(t, timer.Reset(0))
	require.True(t, rang(timer.Chan()), "a wait of nothing is over")
	require.True(t, rang(b.After(-1)))
	require.Equal(t, time.Hour, b.Since(b.Now().Add(-time.Hour)))
	require.Equal(t, time.Hour, b.Until(b.Now().Add(time.Hour)))
	changed := b.Changed()
	b.Step()
	select {
	case <-changed:
		t.Fatal("nothing has changed")
	default:
	}
	_, err = b.Move(Move{Advance: 1})
	require.NoError(t, err)
	<-changed
}

// TestRunsWithTheMachine needs no moving: the machine's clock alone ends the waits.
func TestRunsWithTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := over(t, Real(), Setting{Mode: Offset, Offset: 24 * time.Hour})
		began := time.Now()
		b.Sleep(time.Minute)
		require.Equal(t, time.Minute, time.Since(began))
		require.Equal(t, 24*time.Hour+time.Minute, b.Now().Sub(began))
		tick := b.NewTicker(time.Second)
		<-tick.Chan()
		<-tick.Chan()
		tick.Reset(time.Hour)
		<-tick.Chan()
		tick.Stop()
		require.Equal(t, time.Minute+2*time.Second+time.Hour, time.Since(began))
	})
}

// TestOrder moves a clock over many waits: each ends once, in the order of their
// times and of their making, and those that were stopped do not end.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := over(t, over(t, Real(), Setting{Mode: Frozen, Time: start}), Setting{})
		random := rand.New(rand.NewPCG(1, 2))
		type wait struct{ minutes, number int }
		var rang, want []wait
		for n := range 200 {
			w := wait{random.IntN(300), n}
			timer := b.AfterFunc(time.Duration(w.minutes)*time.Minute, func() { rang = append(rang, w) })
			if random.IntN(3) != 0 || !timer.Stop() {
				want = append(want, w)
			}
		}
		for range 100 {
			_, err := b.Move(Move{Advance: 10 * time.Minute})
			require.NoError(t, err)
			synctest.Wait()
		}
		slices.SortStableFunc(want, func(a, b wait) int { return a.minutes - b.minutes })
		require.Equal(t, want, rang)
	})
}
