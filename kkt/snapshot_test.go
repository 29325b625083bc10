package kkt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

// drivesIn is how many drives the store has.
func (b *bench) drivesIn() (n int) {
	require.NoError(b.t, b.store.Drives(func(storage.DriveID, []byte, uint64) error {
		n++
		return nil
	}))
	return n
}

func TestRestore(t *testing.T) {
	engines(t, func(t *testing.T, store storage.Store) {
		b := openBench(t, store, nil)
		r := b.busyRegister()
		before := b.export(testSerial)
		keyed := func(kopecks uint64) *Receipt {
			x := testReceipt(kopecks)
			x.Request.Key, x.Request.Render = fmt.Sprint("key", kopecks), func(o *Outcome) []byte { return []byte(o.ID) }
			return x
		}
		sent, err := b.fleet.Receipt(b.submit(keyed(1)).ID)
		require.NoError(t, err)
		s, err := r.Snapshot(t.Context(), "base", false)
		require.NoError(t, err)
		require.Equal(t, Snapshot{Register: testSerial, Name: "base", Created: s.Created, ImageSummary: ImageSummary{Drives: 3, Documents: 19, Receipts: 7}}, s)
		_, err = r.Snapshot(t.Context(), "base", false)
		require.ErrorIs(t, err, ErrExists)
		file := b.export(testSerial)
		require.NotEqual(t, before, file)
		b.fsckNow()

		own := r.Clock().Setting()
		var gone []string
		later := func() {
			o := b.submit(keyed(77))
			require.False(t, o.Replayed, "the key is free again")
			gone = append(gone, o.ID)
			_, err := r.Reregister(t.Context(), func(s *Settings) error { s.Place = "other.example.com"; return nil }, 0)
			require.NoError(t, err)
			_, err = r.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Offset, Offset: 30 * time.Hour}})
			require.NoError(t, err)
			gone = append(gone, b.submit(testReceipt(78)).ID)
			b.confirmAll(testSerial)
			_, err = r.ReplaceDrive(t.Context(), nil, 0)
			require.NoError(t, err)
			gone = append(gone, b.submit(testReceipt(79)).ID)
		}
		drives := b.drivesIn()
		for i := range 5 {
			later()
			if i == 3 {
				_, err := r.ResetDrive(t.Context())
				require.NoError(t, err)
			}
			if i == 4 {
				b.reopen()
				r, err = b.fleet.Register(testSerial)
				require.NoError(t, err)
			}
			x, err := r.Restore(t.Context(), "base")
			require.NoError(t, err)
			require.Equal(t, 3, x.Gone)
			require.Equal(t, file, b.export(testSerial))
			require.Equal(t, own, r.Clock().Setting())
			require.Equal(t, drives, b.drivesIn(), "nothing piles up")
			require.Len(t, r.Outgoing(), 1)
			b.fsckNow()
		}
		for _, id := range gone {
			_, err := b.fleet.Receipt(id)
			require.ErrorIs(t, err, ErrNotFound)
		}
		b.reopen()
		r, err = b.fleet.Register(testSerial)
		require.NoError(t, err)
		require.Equal(t, file, b.export(testSerial))
		rec, err := b.fleet.Receipt(sent.ID)
		require.NoError(t, err)
		require.Equal(t, r.Settings().Drive(), rec.Drive)
		d, err := b.fleet.Details(rec)
		require.NoError(t, err)
		require.EqualValues(t, 1, d.Total)
		rec.Drive = sent.Drive
		require.Equal(t, sent, rec)
		require.True(t, b.submit(keyed(1)).Replayed, "its answer was given before the snapshot")

		// The drive that was replaced sends what it has, and so does the current one.
		b.confirmAll(testSerial)
		for _, o := range r.Outgoing() {
			first, last := o.Unsent()
			done := make(chan error)
			for n := first; n <= last; n++ {
				go o.Delivery().Confirm(n, ticketFor(t, o.Settings().DriveNumber, n), func(err error) { done <- err })
				require.NoError(t, <-done)
			}
		}
		b.clock.Advance(25 * time.Hour)
		b.submit(testReceipt(5))
		b.fsckNow()

		_, err = r.Restore(t.Context(), "other")
		require.ErrorIs(t, err, ErrNotFound)
		other, err := r.Snapshot(t.Context(), "other", false)
		require.NoError(t, err)
		list, err := b.fleet.Snapshots("")
		require.NoError(t, err)
		require.Equal(t, []Snapshot{s, other}, list)
		_, err = r.DeleteSnapshot("base")
		require.NoError(t, err)
		_, err = r.DeleteSnapshot("base")
		require.ErrorIs(t, err, ErrNotFound)
		b.fsckNow()
		_, err = r.Snapshot(t.Context(), "other", true)
		require.NoError(t, err)
		require.Equal(t, 2*len(r.Settings().Drives), b.drivesIn())
		_, err = b.fleet.DeleteRegister(t.Context(), testSerial)
		require.NoError(t, err)
		require.Zero(t, b.drivesIn(), "snapshots go with their register")
		require.Zero(t, b.count(kindSnapshot)+b.count(kindBase)+b.count(kindReceipt)+b.count(kindPrinted)+b.count(kindMessage))
	})
}

func TestRestoreAll(t *testing.T) {
	b := newBench(t)
	s := testSettings()
	s.Serial, s.DriveNumber = "2", fsckDrive2
	require.NoError(t, b.fleet.Create("", s))
	list, err := b.fleet.SnapshotAll(t.Context(), "all", false)
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = b.fleet.SnapshotAll(t.Context(), "all", false)
	require.ErrorIs(t, err, ErrExists)
	_, err = b.fleet.SnapshotAll(t.Context(), "all", true)
	require.NoError(t, err)
	files := [][]byte{b.export(testSerial), b.export("2")}
	s.Serial, s.DriveNumber = "3", "9999078900005432"
	require.NoError(t, b.fleet.Create("", s))
	for i := range 6 {
		b.submit(testReceipt(uint64(i)))
	}
	restored, left, err := b.fleet.RestoreAll(t.Context(), "all")
	require.NoError(t, err)
	require.Len(t, restored, 2)
	require.Equal(t, []string{"3"}, left)
	require.Equal(t, files, [][]byte{b.export(testSerial), b.export("2")})
	_, _, err = b.fleet.RestoreAll(t.Context(), "none")
	require.ErrorIs(t, err, ErrNotFound)
	deleted, err := b.fleet.DeleteSnapshots("all")
	require.NoError(t, err)
	require.Len(t, deleted, 2)
	_, err = b.fleet.DeleteSnapshots("all")
	require.ErrorIs(t, err, ErrNotFound)
	for _, name := range []string{"", ".", "a b", "имя", "a/b", string(make([]byte, 65))} {
		_, err = b.fleet.SnapshotAll(t.Context(), name, false)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
}

// A blank register, and one whose drive was taken by another since.
func TestRestoreOfABlankRegister(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: testSettings(), Blank: true})
	require.NoError(t, err)
	_, err = r.Snapshot(t.Context(), "blank", false)
	require.NoError(t, err)
	file := b.export(testSerial)
	for range 2 {
		_, err = r.Fiscalize(t.Context(), nil)
		require.NoError(t, err)
		b.submit(testReceipt(1))
		_, err = r.Snapshot(t.Context(), "sold", true)
		require.NoError(t, err)
		_, err = r.Restore(t.Context(), "blank")
		require.NoError(t, err)
		require.Equal(t, file, b.export(testSerial))
		b.fsckNow()
	}
	_, err = r.Restore(t.Context(), "sold")
	require.NoError(t, err)
	_, err = r.ReplaceDrive(t.Context(), func(s *Settings) error { s.DriveNumber = fsckDrive2; return nil }, 0)
	require.NoError(t, err)
	_, err = r.Snapshot(t.Context(), "replaced", false)
	require.NoError(t, err)
	_, err = r.Restore(t.Context(), "sold")
	require.NoError(t, err)
	s := testSettings()
	s.Serial, s.DriveNumber = "2", fsckDrive2
	require.NoError(t, b.fleet.Create("", s), "the drive is free")
	_, err = r.Restore(t.Context(), "replaced")
	require.ErrorContains(t, err, "the drive of the snapshot is in register 2 by now")
	b.fsckNow()
	_, err = b.fleet.DeleteRegister(t.Context(), "2")
	require.NoError(t, err)
	_, err = r.Restore(t.Context(), "replaced")
	require.NoError(t, err)
	_, err = b.fleet.RenewRegister(t.Context(), testSerial)
	require.NoError(t, err)
	b.submit(testReceipt(1))
	b.fsckNow()
	_, err = r.Restore(t.Context(), "replaced")
	require.NoError(t, err, "snapshots outlive a reset")
}

// Of the outbox what tells of receipts that are gone goes, and of the mail what comes back
// is only kept.
func TestRestoreAndTheOutbox(t *testing.T) {
	store := memory.Open()
	box, err := outbox.Open(store, 0)
	require.NoError(t, err)
	b := openBench(t, store, func(o *Options) { o.Outbox, o.MailServer = box, "mail:25" })
	require.NoError(t, b.fleet.Create("", testSettings()))
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	mailed := func() string {
		x := testReceipt(1)
		x.Parts[0].Contact = tlv.MustText("buyer@example.com")
		return b.submit(x).ID
	}
	receipts := func() (list []string) {
		require.NoError(t, box.List(0, func(e *outbox.Entry, _ *outbox.Status) (bool, error) {
			list = append(list, e.Receipt)
			return true, nil
		}))
		return list
	}
	first := mailed()
	_, err = r.Snapshot(t.Context(), "one", false)
	require.NoError(t, err)
	second := mailed()
	_, err = r.Snapshot(t.Context(), "two", false)
	require.NoError(t, err)
	mailed()
	require.Len(t, receipts(), 3)
	_, err = r.Restore(t.Context(), "two")
	require.NoError(t, err)
	require.Equal(t, []string{first, second}, receipts())
	_, err = r.Restore(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, []string{first}, receipts())
	_, err = b.fleet.Message(second)
	require.ErrorIs(t, err, ErrNotFound)
	_, err = r.Restore(t.Context(), "two")
	require.NoError(t, err)
	require.Equal(t, []string{first}, receipts(), "it was taken out once")
	m, err := b.fleet.Message(second)
	require.NoError(t, err)
	require.Zero(t, m.Entry)
	require.Equal(t, "buyer@example.com", m.Address)
	m, err = b.fleet.Message(first)
	require.NoError(t, err)
	require.NotZero(t, m.Entry, "it stayed, and leads to its entry")
	b.fsckNow()
	mailed()
	require.Len(t, receipts(), 2)
	box, err = outbox.Open(store, 0)
	require.NoError(t, err)
	require.Len(t, receipts(), 2)
}

// Receipts that wait when a register is put back are gone.
func TestRestoreDropsWhatWaits(t *testing.T) {
	b := newBench(t)
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	_, err = r.Snapshot(t.Context(), "base", false)
	require.NoError(t, err)
	b.opts.Delay = time.Minute
	b.reopen()
	r, err = b.fleet.Register(testSerial)
	require.NoError(t, err)
	o := b.submit(testReceipt(1))
	require.Equal(t, Queued, o.Status)
	x, err := r.Restore(t.Context(), "base")
	require.NoError(t, err)
	require.Equal(t, 1, x.Gone)
	_, err = b.fleet.Receipt(o.ID)
	require.ErrorIs(t, err, ErrNotFound)
	b.clock.Advance(time.Hour)
	state, err := r.State()
	require.NoError(t, err)
	require.EqualValues(t, 1, state.LastNumber)
}

// crashStore is a store that fails at its n-th commit, which is stored or not, and
// takes no more after it.
type crashStore struct {
	storage.Store
	mu     sync.Mutex
	left   int // commits until it fails; below 0: never
	stores bool
	once   bool // it goes on after the failure
	failed bool
	down   bool
}

var errCrash = errors.New("the power is off")

func (c *crashStore) Append(ctx context.Context, x storage.Change) (storage.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrStopped, errCrash)
	}
	if c.left--; c.left != -1 {
		return c.Store.Append(ctx, x)
	}
	c.failed, c.down = true, !c.once
	if c.stores {
		if _, err := c.Store.Append(ctx, x); err != nil {
			return storage.Result{}, err
		}
	}
	if c.once {
		return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, errCrash)
	}
	return storage.Result{}, fmt.Errorf("%w: %w: %w", storage.ErrUnknownOutcome, storage.ErrStopped, errCrash)
}

// imageWork is what TestImagesAfterACrash interrupts.
func imageWork(file []byte) map[string]func(*bench) error {
	of := func(do func(*bench, *Register) error) func(*bench) error {
		return func(b *bench) error {
			r, err := b.fleet.Register(testSerial)
			require.NoError(b.t, err)
			return do(b, r)
		}
	}
	return map[string]func(*bench) error{
		"snapshot": of(func(b *bench, r *Register) error {
			_, err := r.Snapshot(b.t.Context(), "b", false)
			return err
		}),
		"replace": of(func(b *bench, r *Register) error {
			_, err := r.Snapshot(b.t.Context(), "a", true)
			return err
		}),
		"restore": of(func(b *bench, r *Register) error {
			_, err := r.Restore(b.t.Context(), "a")
			return err
		}),
		"delete": of(func(_ *bench, r *Register) error {
			_, err := r.DeleteSnapshot("a")
			return err
		}),
		"import": func(b *bench) error {
			_, _, err := b.fleet.Import(b.t.Context(), Account{}, bytes.NewReader(file))
			return err
		},
	}
}

// After a crash or a failure at any commit of a snapshot, a restore or an import all of
// it is there or nothing, and nothing of what was begun is left.
func TestImagesAfterACrash(t *testing.T) {
	source := openBench(t, memory.Open(), nil)
	source.busyRegister()
	file := source.export(testSerial)
	for name, do := range imageWork(file) {
		for mode := range 4 {
			stores, once := mode&1 != 0, mode&2 != 0
			t.Run(fmt.Sprintf("%s, stored %t, once %t", name, stores, once), func(t *testing.T) {
				at := 0
				for interruptedWork(t, name, do, file, &crashStore{Store: memory.Open(), left: -1, stores: stores, once: once}, at) {
					at++
				}
				require.Greater(t, at, 0)
			})
		}
	}
}

// interruptedWork does some work with a store that fails at a commit; false: it had no such
// commit.
func interruptedWork(t *testing.T, name string, do func(*bench) error, file []byte, crash *crashStore, at int) bool {
	b := openBench(t, crash, nil)
	if name != "import" {
		_, _, err := b.fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
		require.NoError(t, err)
		r, err := b.fleet.Register(testSerial)
		require.NoError(t, err)
		_, err = r.Snapshot(t.Context(), "a", false)
		require.NoError(t, err)
		b.submit(testReceipt(9))
	}
	before := b.look()
	b.fleet.draftDocuments = 3
	crash.mu.Lock()
	crash.left = at
	crash.mu.Unlock()
	err := do(b)
	crash.mu.Lock()
	failed := crash.failed
	crash.left, crash.down = -1, false
	crash.mu.Unlock()
	b.fsckNow() // before the next start takes away what is left
	if crash.once {
		require.Zero(t, b.count(kindBase)-b.bases(), "no draft is left")
		if err != nil {
			require.Equal(t, before, b.look(), "commit %d: it failed, and something was done", at)
		}
	}
	b.reopen()
	require.Zero(t, b.count(kindBase)-b.bases(), "no draft is left")
	b.fsckNow()
	after := b.look()
	if !failed {
		require.NoError(t, err)
		return false
	}
	if !crash.once {
		require.Error(t, err)
	}
	whole := do(b) // once more: what was done may be refused now
	if after == before {
		require.NoError(t, whole, "commit %d: nothing was done", at)
	}
	b.fsckNow()
	b.fleet.Close()
	return true
}

// bases is how many drives have a base.
func (b *bench) bases() (n int) {
	require.NoError(b.t, b.store.Records(kindBase, []byte{keyBase}, nil, 0, func([]byte, []byte) error {
		n++
		return nil
	}))
	return n
}

// look tells the registers and snapshots from others.
func (b *bench) look() string {
	var text string
	for _, r := range b.fleet.Registers() {
		text += fmt.Sprintf("%x ", sha256.Sum256(b.export(r.Serial())))
	}
	list, err := b.fleet.Snapshots("")
	require.NoError(b.t, err)
	return text + fmt.Sprint(list, b.drivesIn())
}

// Receipts and tickets that come while a register is put back again and again are made
// before or after, and nothing is left in between.
func TestRestoreUnderLoad(t *testing.T) {
	b := newBench(t)
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	b.submit(testReceipt(1))
	_, err = r.Snapshot(t.Context(), "base", false)
	require.NoError(t, err)
	var wg sync.WaitGroup
	var over atomic.Bool
	for range 4 {
		wg.Go(func() {
			for !over.Load() {
				o, err := b.fleet.Submit(t.Context(), testReceipt(2))
				if err != nil || o.Status != Processed {
					t.Error(o, err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for !over.Load() {
			first, _ := r.Unsent()
			if first == 0 {
				continue
			}
			done := make(chan error, 1)
			r.Delivery().Confirm(first, ticketFor(t, testDrive, first), func(err error) { done <- err })
			<-done // ErrReplaced, or refused, when the register was put back meanwhile
		}
	})
	for range 50 {
		_, err := r.Restore(t.Context(), "base")
		require.NoError(t, err)
	}
	over.Store(true)
	wg.Wait()
}
