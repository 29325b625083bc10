package kkt

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
	"kktd/tlv"
)

// count is how many records of a kind the store has.
func (b *bench) count(kind storage.Kind) (n int) {
	require.NoError(b.t, b.store.Records(kind, nil, nil, 0, func([]byte, []byte) error {
		n++
		return nil
	}))
	return n
}

func TestDeleteRegister(t *testing.T) {
	for _, engine := range []string{"memory", "bolt"} {
		t.Run(engine, func(t *testing.T) {
			var store storage.Store = memory.Open()
			if engine == "bolt" {
				var err error
				store, err = bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), "kktd.db"), NoSync: true})
				require.NoError(t, err)
				t.Cleanup(func() { _ = store.Close() })
			}
			box, err := outbox.Open(store, 0)
			require.NoError(t, err)
			var deleted []string
			b := openBench(t, store, func(o *Options) {
				o.Outbox, o.MailServer, o.OnDeleted = box, "mail:25", func(serial string, _ []storage.DriveID) { deleted = append(deleted, serial) }
			})
			require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
			other, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
			require.NoError(t, err)
			s := Defaults(0)
			s.INN, s.UserName = "7707083893", ""
			r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
			require.NoError(t, err)
			var last *Outcome
			for i := range 3 {
				for _, inn := range []string{testINN, "7707083893"} {
					x := testReceipt(100)
					x.INN, x.Parts[0].Contact = inn, tlv.MustText("buyer@example.com")
					x.Request.Key, x.Request.Printed = string(rune('a'+i))+inn, Printed{Lines: []string{"line"}}
					last = b.submit(x)
				}
			}
			confirmAll(t, r)
			_, err = r.ReplaceDrive(t.Context(), nil, 0)
			require.NoError(t, err)
			_, err = r.ResetDrive(t.Context())
			require.NoError(t, err)
			drives := r.Settings().Drives
			require.Len(t, drives, 3)

			sum, err := b.fleet.DeleteRegister(t.Context(), r.Serial())
			require.NoError(t, err)
			require.Equal(t, Deletion{Registers: 1, Documents: 8, Receipts: 3}, sum)
			require.Equal(t, []string{r.Serial()}, deleted)
			for _, d := range drives {
				_, _, err := store.State(d)
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
			for kind, want := range map[storage.Kind]int{kindRegister: 1, kindReceipt: 3, kindAnswer: 3, kindMessage: 3, kindPrinted: 3, outbox.Kind: 10} {
				require.Equal(t, want, b.count(kind), "kind %d", kind)
			}
			_, err = b.fleet.Register(r.Serial())
			require.ErrorIs(t, err, ErrNotFound)
			_, err = b.fleet.Receipt(last.ID)
			require.ErrorIs(t, err, ErrNotFound)
			_, err = r.OpenShift(t.Context(), Person{})
			require.ErrorIs(t, err, ErrNotFound)
			require.ErrorContains(t, err, "was deleted")
			x := testReceipt(100)
			x.INN = "7707083893"
			_, err = b.fleet.Submit(t.Context(), x)
			require.ErrorAs(t, err, new(*ChoiceError))
			_, err = b.fleet.DeleteRegister(t.Context(), r.Serial())
			require.ErrorIs(t, err, ErrNotFound)
			b.submit(testReceipt(1))
			b.fsckNow()

			// Numbers may come again, ids do not.
			b.reopen()
			again, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
			require.NoError(t, err)
			require.Greater(t, again.id, r.id)
			require.Greater(t, again.Settings().Drive(), drives[2])
			x = testReceipt(100)
			x.INN = "7707083893"
			require.NotEqual(t, last.ID, b.submit(x).ID)
			b.fsckNow()

			sum, err = b.fleet.DeleteRegisters(t.Context())
			require.NoError(t, err)
			require.Equal(t, 2, sum.Registers)
			require.Empty(t, b.fleet.Registers())
			for kind := storage.Kind(3); kind < 20; kind++ {
				if kind != kindAccount && kind != outbox.Kind {
					require.Zero(t, b.count(kind), "kind %d", kind)
				}
			}
			require.Equal(t, 1, b.count(outbox.Kind), "the greatest number")
			b.reopen()
			require.False(t, b.fleet.Empty(), "the store has had registers")
			_ = other
		})
	}
}

// fsckNow finds nothing in the store while nothing is under way.
func (b *bench) fsckNow() {
	b.t.Helper()
	lines, _ := fsckLines(b.t, b.store)
	require.Empty(b.t, lines)
}

// Queued receipts of a register go with it; those that another one made stay.
func TestDeleteWithQueuedReceipts(t *testing.T) {
	b := openBench(t, memory.Open(), func(o *Options) { o.Delay = time.Minute })
	first, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	second, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	x := testReceipt(1)
	x.Serial = first.Serial()
	gone := b.submit(x)
	x = testReceipt(2)
	x.Serial = second.Serial()
	stays := b.submit(x)
	sum, err := b.fleet.DeleteRegister(t.Context(), first.Serial())
	require.NoError(t, err)
	require.Equal(t, 1, sum.Receipts)
	_, err = b.fleet.Receipt(gone.ID)
	require.ErrorIs(t, err, ErrNotFound)
	b.clock.Advance(time.Hour)
	require.Eventually(t, func() bool {
		rec, err := b.fleet.Receipt(stays.ID)
		require.NoError(t, err)
		return rec.Status == Processed
	}, time.Minute, time.Millisecond)
}

// A deletion that cannot be stored changes nothing.
func TestDeleteThatFails(t *testing.T) {
	store := &failOnce{Store: memory.Open()}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	b.submit(testReceipt(1))
	store.fail.Store(true)
	_, err = b.fleet.DeleteRegister(t.Context(), r.Serial())
	require.ErrorIs(t, err, errDisk)
	require.Equal(t, r.Serial(), b.submit(testReceipt(2)).Register)
	require.Equal(t, uint32(4), must(r.State()).LastNumber)
	_, err = b.fleet.DeleteRegister(t.Context(), r.Serial())
	require.NoError(t, err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// failOnce is a store whose next commit fails when fail is set.
type failOnce struct {
	storage.Store
	fail atomic.Bool
}

func (f *failOnce) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if f.fail.CompareAndSwap(true, false) {
		return storage.Result{}, errDisk
	}
	return f.Store.Append(ctx, c)
}

// Receipts under way while registers come and go are made, or find no register;
// nothing else happens to them.
func TestDeleteUnderLoad(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	ctx, stop := context.WithCancel(t.Context())
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, err := b.fleet.Submit(t.Context(), testReceipt(100))
				if choice := (*ChoiceError)(nil); err != nil && !errors.As(err, &choice) {
					t.Error(err)
					return
				}
				if err == nil {
					made.Add(1)
				}
			}
		})
	}
	for i := range 60 {
		r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
		require.NoError(t, err)
		if i%3 > 0 {
			continue
		}
		for _, o := range b.fleet.Registers()[:1] {
			d := o.Delivery()
			if first, _ := d.Unsent(); first != 0 {
				d.Confirm(first, ticketFor(t, o.Settings().DriveNumber, first), func(error) {})
			}
		}
		_, err = b.fleet.DeleteRegister(t.Context(), r.Serial())
		require.NoError(t, err)
		if i%9 == 0 {
			_, err = b.fleet.DeleteRegisters(t.Context())
			require.NoError(t, err)
		}
	}
	require.Eventually(t, func() bool { return made.Load() > 0 }, time.Minute, time.Millisecond)
	stop()
	wg.Wait()
}

// What hangs on a register beside its documents goes too: its clock, the warnings
// that were told, the repeats of its requests. A register that gets its serial number
// begins without them.
func TestDeleteWhatHangsOnARegister(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	s := Defaults(0)
	s.Serial = "again"
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
	require.NoError(t, err)
	_, err = r.MoveClock(clock.Move{Advance: time.Hour})
	require.NoError(t, err)
	x := testReceipt(1)
	x.Request.Key = "key"
	first := b.submit(x)
	x = testReceipt(1)
	x.Request.Key = "key"
	require.True(t, b.submit(x).Replayed)
	_, err = r.MoveClock(clock.Move{Advance: 50 * time.Hour})
	require.NoError(t, err)
	require.NotEmpty(t, r.Warnings())
	require.Equal(t, 1, b.count(kindWarnings))

	_, err = b.fleet.DeleteRegister(t.Context(), "again")
	require.NoError(t, err)
	require.Zero(t, b.count(kindWarnings)+b.count(kindClock))
	require.Equal(t, 2, b.count(kindMeta), "the seed and the floor")
	_, err = r.MoveClock(clock.Move{Advance: time.Hour})
	require.ErrorIs(t, err, ErrNotFound)
	b.fleet.noteReplay(first) // a repeat that was answered while the receipt went
	require.Equal(t, 2, b.count(kindMeta))

	again, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
	require.NoError(t, err)
	require.False(t, again.HasOwnClock())
	require.Empty(t, again.Warnings())
	b.fsckNow()
}
