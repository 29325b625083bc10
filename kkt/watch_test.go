package kkt

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/event"
)

// told are the events of warnings and shifts.
func (b *bench) told() (list []string) {
	require.NoError(b.t, b.store.Events(0, 0, func(n uint64, raw []byte) error {
		e, err := event.Parse(n, raw)
		if slices.Contains([]event.Kind{event.WarningOn, event.WarningOff, event.ShiftOpened, event.ShiftClosed}, e.Kind) {
			list = append(list, fmt.Sprint(e.Kind, " ", e.Text, e.Document))
		}
		return err
	}))
	return list
}

func TestWarningsAreTold(t *testing.T) {
	b := newBench(t)
	b.openClock()
	b.submit(testReceipt(100))
	want := []string{"shift_opened 2"}
	require.Equal(t, want, b.told())

	// A move of the clock tells before it returns, whether the clock stands or runs.
	_, err := b.fleet.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Frozen}})
	require.NoError(t, err)
	_, err = b.fleet.MoveClock(clock.Move{Advance: 2 * 24 * time.Hour})
	require.NoError(t, err)
	want = append(want, "warning_on ofd_timeout0")
	require.Equal(t, want, b.told())

	// A restart tells nothing twice, and what it missed while it was away.
	b.openClock()
	require.Equal(t, want, b.told())
	_, err = b.fleet.MoveClock(clock.Move{Run: true})
	require.NoError(t, err)
	b.fleet.Close()
	b.clock.Advance((560 - 32) * 24 * time.Hour)
	b.openClock()
	want = append(want, "warning_on drive_term0")
	require.Equal(t, want, b.told())

	// Time alone tells, without a document.
	b.clock.Advance(27 * 24 * time.Hour)
	want = append(want, "warning_on drive_replace0")
	require.Eventually(t, func() bool { return slices.Equal(want, b.told()) }, 10*time.Second, time.Millisecond)

	// Tickets tell in their own commit.
	for n := uint32(1); n <= 3; n++ {
		done := make(chan error, 1)
		b.register().Delivery().Confirm(n, ticketFor(t, testDrive, n), func(err error) { done <- err })
		require.NoError(t, <-done)
	}
	want = append(want, "warning_off ofd_timeout0")
	require.Equal(t, want, b.told())
}
