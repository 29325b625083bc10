package kkt

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/tlv"
)

var isolationSteps = flag.Int("isolation.steps", 300, "random operations of TestIsolationModel")

// isolatedModel is what a register must be.
type isolatedModel struct {
	inn       string
	documents uint32 // of the drive that is in it
	shift     bool
	blank     bool
	unsent    bool // of that drive
	drives    int
	receipts  map[string]bool
	snapshots map[string]isolatedModel
}

func (m isolatedModel) clone() isolatedModel {
	m.receipts, m.snapshots = maps.Clone(m.receipts), nil
	return m
}

// isolation runs registers against the model.
type isolation struct {
	*bench
	random    *rand.Rand
	registers map[string]*isolatedModel
	temporary map[string]bool // INNs
	receipts  map[string]bool // all ids that there ever were
	drive     storage.DriveID // the greatest that there ever was
	id        uint64          // of a register, the same
	made      int
}

// TestIsolationModel makes, uses, closes, clones, resets, puts back and deletes registers
// at random. What is there is what a plain model says, no id comes twice, and fsck has
// nothing to tell.
func TestIsolationModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	store, err := bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), "kktd.db"), NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	x := &isolation{random: rand.New(rand.NewPCG(seed, 0)), registers: map[string]*isolatedModel{}, temporary: map[string]bool{}, receipts: map[string]bool{}}
	x.bench = openBench(t, store, func(o *Options) {
		o.Outbox, err = outbox.Open(store, 0)
		require.NoError(t, err)
		o.MailServer = "mail:25"
	})
	require.NoError(t, x.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	for step := range *isolationSteps {
		x.step()
		x.check()
		if step%25 == 24 {
			x.fsckNow()
		}
		if step%60 == 59 {
			x.opts.Outbox, err = outbox.Open(store, 0)
			require.NoError(t, err)
			x.reopen()
			x.check()
		}
	}
	x.deleteAll()
	x.check()
	for kind := storage.Kind(3); kind < 30; kind++ {
		if kind != kindAccount && kind != kindOrganisation && kind != outbox.Kind {
			require.Zero(t, x.count(kind), "kind %d", kind)
		}
	}
	require.LessOrEqual(t, x.count(outbox.Kind), 1)
}

// any is one of the registers, nil when there is none.
func (x *isolation) any() (string, *isolatedModel) {
	if len(x.registers) == 0 {
		return "", nil
	}
	serial := slices.Sorted(maps.Keys(x.registers))[x.random.IntN(len(x.registers))]
	return serial, x.registers[serial]
}

func (x *isolation) step() {
	serial, m := x.any()
	if m == nil || len(x.registers) < 6 && x.random.IntN(10) == 0 {
		x.make()
		return
	}
	r, err := x.fleet.Register(serial)
	require.NoError(x.t, err)
	switch n := x.random.IntN(100); {
	case n < 45:
		x.sell(serial, m)
	case n < 55:
		x.confirmAll(serial)
		m.unsent = false
	case n < 63:
		_, err := r.CloseShift(x.t.Context(), Person{})
		x.made1(err, m, m.shift)
		m.shift = false
	case n < 68:
		x.replace(r, m)
	case n < 72:
		x.blank(r, m)
	case n < 78:
		x.clone(serial, m)
	case n < 84:
		x.renew(serial, m)
	case n < 85:
		sum, err := x.fleet.RenewRegisters(x.t.Context())
		require.NoError(x.t, err)
		require.Equal(x.t, len(x.registers), sum.Registers)
		for _, m := range x.registers {
			m.renewed()
		}
	case n < 89:
		x.snapshot(r, m)
	case n < 93:
		x.restore(r, m)
	case n < 99:
		sum, err := x.fleet.DeleteRegister(x.t.Context(), serial)
		require.NoError(x.t, err)
		require.Equal(x.t, len(m.receipts), sum.Receipts)
		delete(x.registers, serial)
	default:
		x.deleteAll()
	}
}

// made1 is a document that a register makes when it can, else the drive refuses.
func (x *isolation) made1(err error, m *isolatedModel, can bool) {
	if !can || m.blank {
		require.ErrorAs(x.t, err, new(*fn.Refusal))
		return
	}
	require.NoError(x.t, err)
	m.documents, m.unsent = m.documents+1, true
}

func (x *isolation) add(r *Register) *isolatedModel {
	s := r.Settings()
	require.Greater(x.t, r.id, x.id, "an id of a register comes again")
	x.id = r.id
	m := &isolatedModel{inn: s.INN, documents: 1, unsent: true, drives: 1, receipts: map[string]bool{}, snapshots: map[string]isolatedModel{}}
	x.registers[s.Serial] = m
	return m
}

func (x *isolation) make() {
	x.made++
	o := Order{Settings: Defaults([]ffd.Version{ffd.V105, ffd.V110, ffd.V120}[x.random.IntN(3)])}
	if o.Fresh = x.random.IntN(2) == 0; o.Fresh {
		o.Settings.INN, o.Settings.UserName = "", ""
		o.Account = Account{PublicID: fmt.Sprint("pk", x.made), Secret: "s"}
	}
	if x.random.IntN(3) == 0 { // numbers of registers that were deleted come again
		o.Settings.Serial = fmt.Sprint("serial ", x.random.IntN(3))
		if x.registers[o.Settings.Serial] != nil {
			_, _, err := x.fleet.NewRegister(x.t.Context(), o)
			require.ErrorIs(x.t, err, ErrInvalid)
			return
		}
	}
	if len(x.fleet.Accounts("")) > 1 && !o.Fresh {
		o.Account = Account{PublicID: "pk_demo"}
	}
	r, made, err := x.fleet.NewRegister(x.t.Context(), o)
	require.NoError(x.t, err)
	require.Len(x.t, made, 1)
	if m := x.add(r); o.Fresh {
		x.temporary[m.inn] = true
	}
}

func (x *isolation) clone(serial string, m *isolatedModel) {
	if len(x.registers) > 8 {
		return
	}
	r, _, err := x.fleet.CloneRegister(x.t.Context(), serial, nil)
	require.NoError(x.t, err)
	require.Equal(x.t, m.inn, x.add(r).inn)
}

func (x *isolation) sell(serial string, m *isolatedModel) {
	receipt := testReceipt(uint64(1 + x.random.IntN(1000)))
	receipt.INN, receipt.Serial = m.inn, serial
	receipt.Request.Key = fmt.Sprint("key ", len(x.receipts))
	if x.random.IntN(3) == 0 {
		receipt.Parts[0].Contact = tlv.MustText("buyer@example.com")
		receipt.Request.Printed = Printed{Lines: []string{"line"}}
	}
	o, err := x.fleet.Submit(x.t.Context(), receipt)
	require.NoError(x.t, err)
	require.False(x.t, x.receipts[o.ID], "an id of a receipt comes again")
	x.receipts[o.ID], m.receipts[o.ID] = true, true
	require.Equal(x.t, serial, o.Register)
	if m.blank {
		require.Equal(x.t, Failed, o.Status)
		return
	}
	require.Equal(x.t, Processed, o.Status)
	if m.documents++; !m.shift {
		m.documents++
	}
	m.shift, m.unsent = true, true
}

func (x *isolation) replace(r *Register, m *isolatedModel) {
	_, err := r.ReplaceDrive(x.t.Context(), nil, 0)
	if m.blank {
		require.ErrorIs(x.t, err, ErrInvalid)
		return
	}
	require.NoError(x.t, err)
	m.documents, m.shift, m.unsent, m.drives = 1, false, true, m.drives+1
}

// blank wipes the drive, or registers a blank one.
func (x *isolation) blank(r *Register, m *isolatedModel) {
	if m.blank {
		_, err := r.Fiscalize(x.t.Context(), nil)
		require.NoError(x.t, err)
		m.documents, m.unsent, m.blank = 1, true, false
		return
	}
	_, err := r.ResetDrive(x.t.Context())
	require.NoError(x.t, err)
	m.documents, m.shift, m.unsent, m.blank, m.drives = 0, false, false, true, m.drives+1
}

func (x *isolation) renew(serial string, m *isolatedModel) {
	made, err := x.fleet.RenewRegister(x.t.Context(), serial)
	require.NoError(x.t, err)
	require.Len(x.t, made.Made, 1)
	require.Greater(x.t, made.Made[0].Drive, x.drive, "an id of a drive comes again")
	m.renewed()
}

func (m *isolatedModel) renewed() {
	m.documents, m.shift, m.blank, m.unsent, m.drives, m.receipts = 1, false, false, true, 1, map[string]bool{}
}

func (x *isolation) snapshot(r *Register, m *isolatedModel) {
	_, err := r.Snapshot(x.t.Context(), "one", true)
	require.NoError(x.t, err)
	m.snapshots["one"] = m.clone()
}

func (x *isolation) restore(r *Register, m *isolatedModel) {
	kept, ok := m.snapshots["one"]
	_, err := r.Restore(x.t.Context(), "one")
	if !ok {
		require.ErrorIs(x.t, err, ErrNotFound)
		return
	}
	require.NoError(x.t, err)
	snapshots := m.snapshots
	*m = kept.clone()
	m.snapshots = snapshots
}

func (x *isolation) deleteAll() {
	sum, err := x.fleet.DeleteRegisters(x.t.Context())
	require.NoError(x.t, err)
	require.Equal(x.t, len(x.registers), sum.Registers)
	clear(x.registers)
}

// check compares what is there with the model.
func (x *isolation) check() {
	x.t.Helper()
	t, list := x.t, x.fleet.Registers()
	require.Len(t, list, len(x.registers))
	living := map[string]bool{}
	for _, r := range list {
		m, s := x.registers[r.Serial()], r.Settings()
		require.NotNil(t, m)
		state, err := r.State()
		require.NoError(t, err)
		require.Equal(t, []any{m.inn, m.documents, m.shift, m.blank, m.drives, m.unsent},
			[]any{s.INN, state.LastNumber, state.ShiftOpen, state.Phase == fn.PhaseReady, len(s.Drives), state.FirstUnsent != 0}, r.Serial())
		last, err := x.store.LastDocument(s.Drive())
		require.NoError(t, err)
		require.Equal(t, m.documents, last)
		x.drive = max(x.drive, s.Drive())
		for id := range m.receipts {
			rec, err := x.fleet.Receipt(id)
			require.NoError(t, err)
			require.Equal(t, r.Serial(), rec.Register)
			living[id] = true
		}
		_, known := x.fleet.Organisation(m.inn)
		require.True(t, known)
		require.NotEmpty(t, x.fleet.Accounts(m.inn))
	}
	for id := range x.receipts {
		if !living[id] {
			_, err := x.fleet.Receipt(id)
			require.ErrorIs(t, err, ErrNotFound)
		}
	}
	for inn := range x.temporary {
		users := slices.ContainsFunc(list, func(r *Register) bool { return r.Settings().INN == inn })
		_, known := x.fleet.Organisation(inn)
		require.Equal(t, users, known, inn)
		require.Equal(t, users, len(x.fleet.Accounts(inn)) == 1, inn)
	}
}
