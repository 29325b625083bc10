package kkt

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fn"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
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

// A picture of a register is as it was, also when a new drive comes while it is walked
// through.
func TestPictureBeforeAReset(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	b.submit(testReceipt(1))
	before := b.export(r.Serial())
	_, write, err := r.Image(t.Context())
	require.NoError(t, err)
	p, err := r.capture(t.Context())
	require.NoError(t, err)
	_, err = r.ResetDrive(t.Context())
	require.NoError(t, err)
	_, err = r.Fiscalize(t.Context(), nil)
	require.NoError(t, err)
	b.submit(testReceipt(2))
	var file bytes.Buffer
	require.NoError(t, write(&file))
	require.Equal(t, before, file.Bytes())

	keys, err := r.receiptKeys()
	require.NoError(t, err)
	require.Len(t, keys, 2)
	found := 0
	require.NoError(t, r.eachReceipt(p, keys, func(*imageReceipt) error { found++; return nil }))
	require.Equal(t, 1, found, "a receipt that was made before the keys were looked up is left out")
}

// renewing is a store whose first read of documents finds the register renewed.
type renewing struct {
	storage.Store
	do func()
}

func (r *renewing) Documents(d storage.DriveID, from uint32, limit int, fn func(uint32, []byte, []byte) error) error {
	if do := r.do; do != nil {
		r.do = nil
		do()
	}
	return r.Store.Documents(d, from, limit, fn)
}

// A register that begins anew while it is kept is kept as new.
func TestSnapshotWhileARegisterIsRenewed(t *testing.T) {
	store := &renewing{Store: memory.Open()}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	b.submit(testReceipt(1))
	store.do = func() {
		_, err := b.fleet.RenewRegister(context.Background(), r.Serial())
		require.NoError(t, err)
	}
	list, err := b.fleet.SnapshotAll(t.Context(), "one", false)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.EqualValues(t, 1, list[0].Documents)
	_, err = r.Restore(t.Context(), "one")
	require.NoError(t, err)
}

// forgetful is a store that finds the register renewed once a message was looked for.
type forgetful struct {
	storage.Store
	do func()
}

func (f *forgetful) Record(k storage.Kind, key []byte) ([]byte, error) {
	value, err := f.Store.Record(k, key)
	if do := f.do; do != nil && k == kindMessage {
		f.do = nil
		do()
	}
	return value, err
}

// A register that begins anew while it is put back has the messages of the snapshot all
// the same.
func TestRestoreWhileARegisterIsRenewed(t *testing.T) {
	store := &forgetful{Store: memory.Open()}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	x := testReceipt(1)
	x.Parts[0].Contact = tlv.MustText("buyer@example.com")
	o := b.submit(x)
	_, err = r.Snapshot(t.Context(), "one", false)
	require.NoError(t, err)
	store.do = func() {
		_, err := b.fleet.RenewRegister(context.Background(), r.Serial())
		require.NoError(t, err)
	}
	_, err = r.Restore(t.Context(), "one")
	require.NoError(t, err)
	m, err := b.fleet.Message(o.ID)
	require.NoError(t, err)
	require.Equal(t, "buyer@example.com", m.Address)
}
