package kkt

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

// meeting is a store that has something done right before the first change that fits.
type meeting struct {
	storage.Store
	mu sync.Mutex
	at func(c *storage.Change) bool // nil: it has been
	do func()
}

func (m *meeting) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	m.mu.Lock()
	now := m.at != nil && m.at(&c)
	if now {
		m.at = nil
	}
	m.mu.Unlock()
	if now {
		m.do()
	}
	return m.Store.Append(ctx, c)
}

// beside runs do and goes on when it is done, or after a while when it waits for the
// change that is about to be stored.
func beside(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(50 * time.Millisecond):
	}
}

// A queued receipt that can never be made, because what it is made of is damaged, does
// not keep its register.
func TestDeleteWithADamagedQueuedReceipt(t *testing.T) {
	b := openBench(t, memory.Open(), func(o *Options) { o.Delay = time.Minute })
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	key := must(b.fleet.ids.parse(b.submit(testReceipt(1)).ID))
	b.fleet.Close()
	_, err = b.store.Append(t.Context(), storage.Change{Records: []storage.Record{{Kind: kindDelayed, Key: key[:], Value: []byte("damaged")}}})
	require.NoError(t, err)
	b.reopen()
	sum, err := b.fleet.DeleteRegister(t.Context(), r.Serial())
	require.NoError(t, err)
	require.Equal(t, 1, sum.Receipts)
	require.Zero(t, b.count(kindReceipt)+b.count(kindDelayed))
}

// A receipt that is queued until its time stays so when its register could not be
// deleted.
func TestDeleteThatFailsKeepsTheTimeOfQueuedReceipts(t *testing.T) {
	store := &failOnce{Store: memory.Open()}
	b := openBench(t, store, func(o *Options) { o.Delay = time.Minute })
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	o := b.submit(testReceipt(1))
	store.fail.Store(true)
	_, err = b.fleet.DeleteRegister(t.Context(), r.Serial())
	require.ErrorIs(t, err, errDisk)
	key := must(b.fleet.ids.parse(o.ID))
	b.fleet.delayed.mu.Lock()
	require.Equal(t, b.fleet.Now().Add(time.Minute).UnixMilli(), b.fleet.delayed.timers[key].due)
	require.Empty(t, b.fleet.delayed.waiting)
	b.fleet.delayed.mu.Unlock()
	b.clock.Advance(time.Minute)
	b.becomes(o.ID, Processed)
}

// A receipt that is parked while a register is made may be made by that one, and goes
// with it.
func TestParkWhileARegisterIsMade(t *testing.T) {
	store, made := &meeting{Store: memory.Open()}, make(chan *Register, 1)
	b := openBench(t, store, nil)
	for range 2 {
		r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
		require.NoError(t, err)
		_, err = b.fleet.SetMaintenance(r.Serial(), true)
		require.NoError(t, err)
	}
	store.at = func(c *storage.Change) bool { return c.Drive == 0 && c.Records[0].Kind == kindReceipt }
	store.do = func() {
		beside(func() {
			r, _, err := b.fleet.NewRegister(context.Background(), Order{Settings: Defaults(0)})
			require.NoError(t, err)
			made <- r
		})
	}
	o, r := b.submit(testReceipt(1)), <-made
	require.Equal(t, r.Serial(), b.becomes(o.ID, Processed).Register)
	_, err := b.fleet.DeleteRegister(t.Context(), r.Serial())
	require.NoError(t, err)
	_, err = b.fleet.Receipt(o.ID)
	require.ErrorIs(t, err, ErrNotFound)
}

// A deletion that is under way when the fleet closes waits for what the register does,
// as any other.
func TestDeleteWhileTheFleetCloses(t *testing.T) {
	store, made, closed := &meeting{Store: memory.Open()}, make(chan error, 1), make(chan struct{})
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	begun, goOn := make(chan struct{}), make(chan struct{})
	store.at = func(c *storage.Change) bool { return len(c.Documents) > 0 }
	store.do = func() { close(begun); <-goOn }
	go func() {
		_, err := b.fleet.Submit(context.Background(), testReceipt(1))
		made <- err
	}()
	<-begun
	beside(func() {
		_, err := b.fleet.deleteRegisters(context.Background(), func() ([]*Register, error) {
			go func() { b.fleet.Close(); close(closed) }()
			for b.fleet.enter() {
				b.fleet.leave(1)
			}
			time.AfterFunc(20*time.Millisecond, func() { close(goOn) })
			return []*Register{r}, nil
		})
		require.NoError(t, err)
	})
	require.NoError(t, <-made)
	<-closed
	require.Zero(t, b.count(kindReceipt)+b.count(kindRegister))
	b.fsckNow()
}

// What comes of a message that is delivered while its register goes is not kept.
func TestDeleteWhileAMessageIsDelivered(t *testing.T) {
	for name, state := range map[string]outbox.State{"delivered": outbox.Delivered, "to be tried again": outbox.Waiting, "given up": outbox.Failed} {
		for how, do := range map[string]func(*Fleet, string) error{
			"delete": func(f *Fleet, serial string) error {
				_, err := f.DeleteRegister(context.Background(), serial)
				return err
			},
			"renew": func(f *Fleet, serial string) error {
				_, err := f.RenewRegister(context.Background(), serial)
				return err
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				store := memory.Open()
				box, err := outbox.Open(store, 0)
				require.NoError(t, err)
				var waiting []outbox.Ref
				box.Notify(func(refs []outbox.Ref) { waiting = append(waiting, refs...) })
				b := openBench(t, store, func(o *Options) { o.Outbox, o.MailServer = box, "mail:25" })
				r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
				require.NoError(t, err)
				x := testReceipt(1)
				x.Parts[0].Contact = tlv.MustText("buyer@example.com")
				b.submit(x)
				require.Len(t, waiting, 1)
				require.NoError(t, do(b.fleet, r.Serial()))
				err = box.Record(waiting[0], &outbox.Status{State: state, Attempts: 1}, event.Event{})
				require.ErrorIs(t, err, outbox.ErrNotFound)
				b.fsckNow()
			})
		}
	}
}

// A receipt that would not be found with its register is told of.
func TestFsckOfAReceiptBeforeItsRegister(t *testing.T) {
	b := newBench(t)
	b.damaged = true
	o := b.submit(testReceipt(1))
	var rec registerRecord
	require.NoError(t, json.Unmarshal(must(b.store.Record(kindRegister, []byte(testSerial))), &rec))
	rec.Since = 1
	_, err := b.store.Append(t.Context(), storage.Change{Records: []storage.Record{must(jsonRecord(kindRegister, testSerial, rec))}})
	require.NoError(t, err)
	lines, _ := fsckLines(t, b.store)
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "receipt "+o.ID+" stands before the receipts of the register: its number: expected above 1, found 1")
}
