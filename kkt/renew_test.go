package kkt

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
	"kktd/tlv"
)

// engines are the stores that isolation is tested on.
func engines(t *testing.T, do func(t *testing.T, store storage.Store)) {
	t.Run("memory", func(t *testing.T) { do(t, memory.Open()) })
	t.Run("bolt", func(t *testing.T) {
		store, err := bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), "kktd.db"), NoSync: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		do(t, store)
	})
}

// full is the sum of what the store has of records, events left out.
func (b *bench) full() (n int) {
	for kind := storage.Kind(1); kind < 30; kind++ {
		n += b.count(kind)
	}
	return n
}

func TestRenewRegister(t *testing.T) {
	engines(t, func(t *testing.T, store storage.Store) {
		box, err := outbox.Open(store, 0)
		require.NoError(t, err)
		gone := map[storage.DriveID]bool{}
		b := openBench(t, store, func(o *Options) {
			o.Outbox, o.MailServer = box, "mail:25"
			o.OnDeleted = func(_ string, drives []storage.DriveID) {
				for _, d := range drives {
					gone[d] = true
				}
			}
		})
		other, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
		require.NoError(t, err)
		s := Defaults(ffd.V105)
		s.INN, s.UserName = "7707083893", ""
		r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
		require.NoError(t, err)
		sell := func(n int, inn string) (o *Outcome) {
			for range n {
				x := testReceipt(100)
				x.INN, x.Parts[0].Contact = inn, tlv.MustText("buyer@example.com")
				x.Request.Key, x.Request.Printed = "key "+string(rune('a'+b.full()))+inn, Printed{Lines: []string{"line"}}
				o = b.submit(x)
			}
			return o
		}
		sell(2, testINN)
		fresh := b.full() // of the register as it is new
		first := r.Settings()
		for range 3 {
			last := sell(3, "7707083893")
			_, err = r.Reregister(t.Context(), func(s *Settings) error { s.Place = s.Place + "."; return nil }, 0)
			require.NoError(t, err)
			_, err = r.ReplaceDrive(t.Context(), nil, 0)
			require.NoError(t, err)
			require.Len(t, r.Outgoing(), 1)
			old := r.Settings()
			_, err = r.MoveClock(clock.Move{Advance: 50 * time.Hour})
			require.NoError(t, err)
			require.NotEmpty(t, r.Warnings())
			_, err := b.fleet.SetMaintenance(r.Serial(), true)
			require.NoError(t, err)

			x, err := b.fleet.RenewRegister(t.Context(), r.Serial())
			require.NoError(t, err)
			require.Equal(t, r, x.Register)
			require.Len(t, x.Made, 1)
			require.Equal(t, Made{Drive: r.Settings().Drive(), Number: 1, Form: ffd.FormRegistration, Time: r.Now(), Sign: x.Made[0].Sign}, x.Made[0])
			require.EqualValues(t, 8+1, x.Lost, "with the report of the new drive")
			now := r.Settings()
			require.Len(t, now.Drives, 1)
			require.False(t, now.Maintenance)
			require.Equal(t, old.Place, now.Place, "the settings stay")
			require.Equal(t, old.DriveNumber, now.DriveNumber)
			for _, d := range old.Drives {
				require.True(t, gone[d])
				_, _, err := store.State(d)
				require.ErrorIs(t, err, storage.ErrNotFound)
			}
			require.Empty(t, r.Outgoing())
			require.Empty(t, r.Warnings())
			require.False(t, r.HasOwnClock())
			require.Equal(t, [2]uint32{1, 1}, [2]uint32(pair(r.Unsent())))
			_, err = b.fleet.Receipt(last.ID)
			require.ErrorIs(t, err, ErrNotFound)
			require.LessOrEqual(t, b.full(), fresh+2, "the floors alone are more")
			b.fsckNow()
		}
		require.NotEqual(t, first.DriveNumber, r.Settings().DriveNumber)
		b.reopen()
		r, err = b.fleet.Register(r.Serial())
		require.NoError(t, err)
		require.Equal(t, uint32(1), must(r.State()).LastNumber)
		require.Len(t, b.fleet.FindDrive(r.Settings().DriveNumber), 1)
		require.Empty(t, b.fleet.FindDrive(first.DriveNumber))
		sell(1, "7707083893")

		sum, err := b.fleet.RenewRegisters(t.Context())
		require.NoError(t, err)
		require.Equal(t, Deletion{Registers: 2, Documents: 4 + 3, Receipts: 3}, sum)
		for _, r := range b.fleet.Registers() {
			require.Equal(t, uint32(1), must(r.State()).LastNumber)
		}
		require.Equal(t, other.Serial(), sell(1, testINN).Register)
		b.fsckNow()
	})
}

func pair(a, b uint32) []uint32 { return []uint32{a, b} }

// Receipts that wait at a register that begins anew go with it, also when another one is
// about to make them; what comes meanwhile is made by the new one.
func TestRenewWithQueuedReceipts(t *testing.T) {
	b := openBench(t, memory.Open(), func(o *Options) { o.Delay = time.Minute })
	var ids []string
	for range 3 {
		r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
		require.NoError(t, err)
		ids = append(ids, r.Serial())
	}
	var queued []*Outcome
	for i := range 12 {
		x := testReceipt(uint64(i + 1))
		x.Serial = ids[i%3]
		queued = append(queued, b.submit(x))
	}
	b.clock.Advance(time.Hour) // they are all on the way
	_, err := b.fleet.RenewRegister(t.Context(), ids[0])
	require.NoError(t, err)
	for i, o := range queued {
		if i%3 == 0 {
			_, err := b.fleet.Receipt(o.ID)
			require.ErrorIs(t, err, ErrNotFound)
		} else {
			b.becomes(o.ID, Processed)
		}
	}
	x := testReceipt(77)
	x.Serial = ids[0]
	o := b.submit(x)
	sum, err := b.fleet.RenewRegisters(t.Context())
	require.NoError(t, err)
	require.Equal(t, 9, sum.Receipts)
	require.Equal(t, 0, b.count(kindReceipt)+b.count(kindDelayed))
	_, err = b.fleet.Receipt(o.ID)
	require.ErrorIs(t, err, ErrNotFound)
	b.fsckNow()
}

// A reset that cannot be stored changes nothing.
func TestRenewThatFails(t *testing.T) {
	store := &failOnce{Store: memory.Open()}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	o := b.submit(testReceipt(1))
	_, err = r.MoveClock(clock.Move{Advance: time.Hour})
	require.NoError(t, err)
	before := r.Settings()
	store.fail.Store(true)
	_, err = b.fleet.RenewRegister(t.Context(), r.Serial())
	require.ErrorIs(t, err, errDisk)
	require.Equal(t, before, r.Settings())
	require.True(t, r.HasOwnClock())
	_, err = b.fleet.Receipt(o.ID)
	require.NoError(t, err)
	require.Equal(t, uint32(3), must(r.State()).LastNumber)
	b.submit(testReceipt(2))
	b.fsckNow()
	_, err = b.fleet.RenewRegister(t.Context(), r.Serial())
	require.NoError(t, err)
	r.publish(ErrOutOfService)
	_, err = b.fleet.RenewRegisters(t.Context())
	require.ErrorIs(t, err, ErrOutOfService)
	_, err = b.fleet.RenewRegister(t.Context(), "nobody")
	require.ErrorIs(t, err, ErrNotFound)
}

// A fresh organisation and its account go with the last register of theirs.
func TestFreshOrganisation(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "s"}))
	_, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	before := b.full()
	order := func(id, inn string) Order {
		s := Defaults(0)
		s.INN, s.UserName = inn, ""
		return Order{Fresh: true, Account: Account{PublicID: id, Secret: "secret"}, Settings: s}
	}
	r, _, err := b.fleet.NewRegister(t.Context(), order("pk_a", ""))
	require.NoError(t, err)
	inn := r.Settings().INN
	require.NoError(t, ffd.CheckINN(inn))
	require.NoError(t, ffd.CheckRegNumber(r.Settings().RegNumber, inn, r.Serial()))
	require.Equal(t, []Account{{"pk_a", "secret", []string{inn}}}, b.fleet.Accounts(inn))
	require.NoError(t, b.fleet.Subscribe(Subscription{Account: "pk_a", API: "x", Type: "y"}))
	for _, wrong := range []Order{order("pk_demo", ""), order("pk_b", inn), order("pk_b", DefaultINN)} {
		_, _, err := b.fleet.NewRegister(t.Context(), wrong)
		require.ErrorIs(t, err, ErrInvalid)
	}
	second, _, err := b.fleet.NewRegister(t.Context(), order("pk_b", "7707083893"))
	require.NoError(t, err)
	require.Equal(t, "7707083893", second.Settings().INN)
	_, err = b.fleet.Grant("pk_a", "", "7707083893")
	require.NoError(t, err)

	clone, made, err := b.fleet.CloneRegister(t.Context(), r.Serial(), nil)
	require.NoError(t, err)
	require.Equal(t, uint32(1), made[0].Number)
	want, got := r.Settings(), clone.Settings()
	for _, own := range []struct{ a, b *string }{{&want.Serial, &got.Serial}, {&want.DriveNumber, &got.DriveNumber}, {&want.RegNumber, &got.RegNumber}} {
		require.NotEqual(t, *own.a, *own.b)
		*own.a = *own.b
	}
	want.Drives = got.Drives
	require.Equal(t, want, got)
	_, _, err = b.fleet.CloneRegister(t.Context(), "nobody", nil)
	require.ErrorIs(t, err, ErrNotFound)

	_, err = b.fleet.DeleteRegister(t.Context(), r.Serial())
	require.NoError(t, err)
	_, ok := b.fleet.Organisation(inn)
	require.True(t, ok, "the clone has it")
	b.reopen()
	_, err = b.fleet.DeleteRegister(t.Context(), clone.Serial())
	require.NoError(t, err)
	_, ok = b.fleet.Organisation(inn)
	require.False(t, ok)
	a, ok := b.fleet.Account("pk_a")
	require.True(t, ok, "it has another organisation")
	require.Equal(t, []string{"7707083893"}, a.INNs)
	_, err = b.fleet.DeleteRegister(t.Context(), second.Serial())
	require.NoError(t, err)
	require.Empty(t, b.fleet.Accounts("7707083893"))
	require.Empty(t, b.fleet.Subscriptions("pk_a"))
	require.ErrorIs(t, b.fleet.Subscribe(Subscription{Account: "pk_a", API: "x", Type: "y"}), ErrNotFound)
	require.Equal(t, before+1, b.full(), "the floor is more")
	require.Len(t, b.fleet.Accounts(""), 1)
	b.fsckNow()

	// Deleting all leaves what was not made along with a register.
	_, _, err = b.fleet.NewRegister(t.Context(), order("pk_c", ""))
	require.NoError(t, err)
	_, err = b.fleet.DeleteRegisters(t.Context())
	require.NoError(t, err)
	require.Len(t, b.fleet.Organisations(), 1)
	require.Len(t, b.fleet.Accounts(""), 1)
}
