package kkt

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fn"
	"kktd/storage"
	"kktd/storage/memory"
)

// A receipt that comes while a register is put back is made by the clock of the
// snapshot.
func TestReceiptBehindARestore(t *testing.T) {
	store := &meeting{Store: memory.Open()}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	b.submit(testReceipt(1))
	_, err = r.Snapshot(t.Context(), "one", false)
	require.NoError(t, err)
	_, err = r.MoveClock(clock.Move{Advance: 30 * 24 * time.Hour})
	require.NoError(t, err)
	made := make(chan *Outcome, 1)
	store.at = func(c *storage.Change) bool { return len(c.Forget) > 0 }
	store.do = func() {
		go func() { made <- b.submit(testReceipt(1)) }()
		for r.queued() == 0 {
			runtime.Gosched()
		}
	}
	_, err = r.Restore(t.Context(), "one")
	require.NoError(t, err)
	rec, err := b.fleet.Receipt((<-made).ID)
	require.NoError(t, err)
	d, err := b.fleet.Details(rec)
	require.NoError(t, err)
	require.Equal(t, r.Now(), fn.Time(d.Time))
	require.False(t, r.HasOwnClock())
}

// A register that could not be put back keeps its clock.
func TestRestoreThatFailsKeepsTheClock(t *testing.T) {
	store := &failAt{Store: memory.Open(), at: func(c *storage.Change) bool { return len(c.Forget) > 0 && c.Drive != 0 }}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	_, err = r.Snapshot(t.Context(), "one", false)
	require.NoError(t, err)
	_, err = r.MoveClock(clock.Move{Advance: time.Hour})
	require.NoError(t, err)
	now := r.Now()
	_, err = r.Restore(t.Context(), "one")
	require.ErrorIs(t, err, errDisk)
	require.Equal(t, now, r.Now())
	b.submit(testReceipt(1))
}

// failAt is a store that fails with the changes that fit.
type failAt struct {
	storage.Store
	at func(c *storage.Change) bool
}

func (f *failAt) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if f.at(&c) {
		return storage.Result{}, errDisk
	}
	return f.Store.Append(ctx, c)
}
