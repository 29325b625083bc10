package kkt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

// more is the settings of one more register: numbers follow n, set changes the rest.
func more(n int, set func(*Settings)) Settings {
	s := testSettings()
	s.Serial, s.DriveNumber = fmt.Sprintf("%020d", n), fmt.Sprintf("99990789%08d", n)
	if set != nil {
		set(&s)
	}
	return s
}

// fleetOf is a bench with registers 1, 2 ... of one organisation.
func fleetOf(t testing.TB, set ...func(*Settings)) *bench {
	b := openBench(t, memory.Open(), nil)
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	for i, f := range set {
		require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", more(i+1, f)))
	}
	return b
}

func serial(n int) string { return fmt.Sprintf("%020d", n) }

func (b *bench) maintenance(n int, on bool) {
	b.t.Helper()
	changed, err := b.fleet.SetMaintenance(serial(n), on)
	require.NoError(b.t, err)
	require.True(b.t, changed)
}

func (b *bench) record(id string) *ReceiptRecord {
	b.t.Helper()
	rec, err := b.fleet.Receipt(id)
	require.NoError(b.t, err)
	return rec
}

func (b *bench) becomes(id string, want Status) *ReceiptRecord {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.record(id).Status == want }, 5*time.Second, time.Millisecond)
	return b.record(id)
}

func TestEqualRegistersTakeTurns(t *testing.T) {
	run := func() (list []string) {
		b := fleetOf(t, nil, nil, func(s *Settings) { s.TakesCash = false })
		for range 6 {
			r := testReceipt(100)
			r.Parts[0].Payments = ffd.Payments{Cash: 100}
			list = append(list, b.submit(r).Register)
		}
		return list
	}
	first := run()
	require.NotEqual(t, first[0], first[1])
	require.Equal(t, first[:2], first[2:4])
	require.NotContains(t, first, serial(3), "it takes no cash")
	require.Equal(t, first, run(), "the same seed, the same registers")
}

func TestChoiceOfRegister(t *testing.T) {
	with := func(set func(*Receipt)) *Receipt {
		r := testReceipt(100)
		set(r)
		return r
	}
	correction := func(set func(*Receipt)) *Receipt {
		return with(func(r *Receipt) {
			r.Parts[0].Correction = &ffd.Correction{Number: tlv.MustText("1")}
			set(r)
		})
	}
	b := fleetOf(t,
		func(s *Settings) {
			s.TaxSystems = []ffd.TaxSystems{ffd.TaxOSN}
			s.TakesAgents, s.TakesUserAttribute = false, false
		},
		func(s *Settings) { s.TaxSystems = []ffd.TaxSystems{ffd.TaxPatent}; s.TakesCash = false },
		func(s *Settings) { s.Conditions = ffd.BSOSystem; s.TakesAgents = false },
		func(s *Settings) { s.INN, s.FFD = "7700000010", ffd.V105 })
	for _, c := range []struct {
		name string
		r    *Receipt
		want int // number of the register; 0 when none
		lack Lack
	}{
		{"taxation system", with(func(r *Receipt) { r.Parts[0].TaxSystem = ffd.TaxPatent }), 2, ""},
		{"unknown taxation system", with(func(r *Receipt) { r.Parts[0].TaxSystem = ffd.TaxESHN }), 0, LackTaxSystem},
		{"БСО", with(func(r *Receipt) { r.BSO = new(true); r.Parts[0].TaxSystem = ffd.TaxUSNIncome }), 3, ""},
		{"no БСО and patent", with(func(r *Receipt) { r.BSO = new(false); r.Parts[0].TaxSystem = ffd.TaxPatent }), 2, ""},
		{"agent", with(func(r *Receipt) { r.Parts[0].Items[0].Agent = 64 }), 2, ""},
		{"agent and cash", with(func(r *Receipt) { r.Parts[0].Items[0].Agent = 64; r.Parts[0].Payments = ffd.Payments{Cash: 100} }), 0, LackSuitable},
		{"user attribute", with(func(r *Receipt) {
			r.Parts[0].UserAttribute = &ffd.UserAttribute{Name: tlv.MustText("a"), Value: tlv.MustText("b")}
			r.Parts[0].TaxSystem = ffd.TaxUSNIncome
		}), 3, ""},
		{"serial", with(func(r *Receipt) { r.Serial = serial(2) }), 2, ""},
		{"serial of another organisation", with(func(r *Receipt) { r.Serial = serial(4) }), 0, LackSerial},
		{"serial and taxation system", with(func(r *Receipt) { r.Serial, r.Parts[0].TaxSystem = serial(1), ffd.TaxPatent }), 0, LackSuitable},
		{"unknown organisation", with(func(r *Receipt) { r.INN = "7777777777" }), 0, LackRegister},
		{"another organisation", with(func(r *Receipt) { r.INN = "7700000010" }), 4, ""},
		{"return correction in 1.05", correction(func(r *Receipt) { r.INN, r.Parts[0].Operation = "7700000010", ffd.ExpenseReturn }), 0, LackReturnCorrection},
		{"return correction in 1.2", correction(func(r *Receipt) { r.Parts[0].Operation, r.Serial = ffd.ExpenseReturn, serial(1) }), 1, ""},
		{"correction without number in 1.05", correction(func(r *Receipt) { r.INN, r.Parts[0].Correction.Number = "7700000010", tlv.Text{} }), 0, LackBasisNumber},
		{"correction without items in 1.2", correction(func(r *Receipt) { r.BySums, r.Parts[0].Items = ffd.VAT20, nil }), 0, LackItems},
		{"correction without items in 1.05", correction(func(r *Receipt) { r.INN, r.BySums, r.Parts[0].Items = "7700000010", ffd.VAT20, nil }), 4, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := b.fleet.Submit(context.Background(), c.r)
			if c.want == 0 {
				choice := (*ChoiceError)(nil)
				require.ErrorAs(t, err, &choice)
				require.Equal(t, c.lack, choice.Lack)
				return
			}
			require.NoError(t, err)
			require.Equal(t, serial(c.want), o.Register)
			require.Equal(t, Processed, o.Status)
		})
	}
}

func TestFullDriveIsPassedOver(t *testing.T) {
	b := fleetOf(t, func(s *Settings) { s.DriveCapacity = 10 }, nil)
	for range 30 {
		require.Equal(t, Processed, b.submit(testReceipt(100)).Status)
	}
	r, err := b.fleet.Register(serial(1))
	require.NoError(t, err)
	s, err := r.State()
	require.NoError(t, err)
	require.EqualValues(t, 10, s.LastNumber)
}

// A drive whose term has ended is passed over while another works, and tells its reason when none does.
func TestDriveThatRefusesIsPassedOver(t *testing.T) {
	b := fleetOf(t, func(s *Settings) { s.DriveModel = fn.Model13 }, nil)
	b.clock.Advance(500 * 24 * time.Hour)
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", more(3, nil)))
	for range 4 {
		require.Equal(t, serial(3), b.submit(testReceipt(100)).Register, "documents of the others are unsent for 500 days")
	}
	b.maintenance(3, true)
	o := b.submit(testReceipt(100))
	require.Equal(t, Queued, o.Status, "it waits for the one on maintenance")
	b = fleetOf(t, nil)
	b.clock.Advance(500 * 24 * time.Hour)
	require.Equal(t, Failed, b.submit(testReceipt(100)).Status)
}

func TestMaintenance(t *testing.T) {
	b := fleetOf(t, nil, func(s *Settings) { s.TaxSystems = []ffd.TaxSystems{ffd.TaxPatent} })
	b.maintenance(1, true)
	changed, err := b.fleet.SetMaintenance(serial(1), true)
	require.NoError(t, err)
	require.False(t, changed)
	_, err = b.fleet.SetMaintenance(serial(9), true)
	require.ErrorIs(t, err, ErrNotFound)

	require.Equal(t, serial(2), b.submit(testReceipt(100)).Register, "the other one takes it")
	key := func(r *Receipt) *Receipt {
		r.Parts[0].TaxSystem = ffd.TaxOSN // the other one does not have it
		r.Request.Key, r.Request.Render = "key", func(o *Outcome) []byte { return []byte(o.ID) }
		return r
	}
	o := b.submit(key(testReceipt(200)))
	require.Equal(t, Queued, o.Status)
	require.Contains(t, o.Warnings, Warning{Kind: WarnMaintenance, Register: serial(1)})
	again := b.submit(key(testReceipt(200)))
	require.True(t, again.Replayed)
	require.Equal(t, o.ID, again.ID)

	b.reopen()
	require.Equal(t, Queued, b.record(o.ID).Status, "durable, and still waiting")
	r, err := b.fleet.Register(serial(1))
	require.NoError(t, err)
	require.True(t, r.Settings().Maintenance)
	b.maintenance(1, false)
	rec := b.becomes(o.ID, Processed)
	require.Equal(t, serial(1), rec.Register)
	require.Len(t, rec.Documents, 1)
	d, err := b.fleet.Details(rec)
	require.NoError(t, err)
	require.EqualValues(t, 200, d.Total)
}

func TestMaintenanceOfTheOnlyRegister(t *testing.T) {
	b := fleetOf(t, nil)
	b.maintenance(1, true)
	_, err := b.fleet.Submit(context.Background(), testReceipt(100))
	choice := (*ChoiceError)(nil)
	require.ErrorAs(t, err, &choice)
	require.Equal(t, LackSuitable, choice.Lack)
	b.maintenance(1, false)
	require.Equal(t, Processed, b.submit(testReceipt(100)).Status)
}

// A waiting receipt goes to whichever register comes first: here to a new one.
// TestUnpaid: a register that is not paid for takes nothing, and what waits does not wait for it.
func TestUnpaid(t *testing.T) {
	b := fleetOf(t, func(s *Settings) { s.Unpaid = true }, nil)
	for range 3 {
		require.Equal(t, serial(2), b.submit(testReceipt(100)).Register)
	}
	r, err := b.fleet.Register(serial(2))
	require.NoError(t, err)
	changed, err := r.Adjust([]byte(`{"unpaid":true}`))
	require.NoError(t, err)
	require.Equal(t, []string{"unpaid"}, changed)
	_, err = b.fleet.Submit(context.Background(), testReceipt(100))
	choice := (*ChoiceError)(nil)
	require.ErrorAs(t, err, &choice)
	require.Equal(t, LackPaid, choice.Lack)
}

// TestDamagedQueuedReceipt: one queued receipt that cannot be read keeps neither the others nor the start.
func TestDamagedQueuedReceipt(t *testing.T) {
	b := fleetOf(t, nil, func(s *Settings) { s.Conditions = ffd.BSOSystem })
	b.maintenance(1, true)
	r := testReceipt(100)
	r.BSO = new(false)
	o := b.submit(r)
	require.Equal(t, Queued, o.Status)
	require.NoError(t, b.fleet.append(storage.Change{Records: []storage.Record{{Kind: kindDelayed, Key: []byte("short"), Value: []byte{2, 0, '{', '}'}},
		{Kind: kindDelayed, Key: []byte("0123456789abcdef"), Value: []byte{9}}}}))
	b.damaged = true // which fsck would tell
	b.reopen()
	b.maintenance(1, false)
	b.becomes(o.ID, Processed)
}

// TestAdjustZone: the zone of a register changes between shifts.
func TestAdjustZone(t *testing.T) {
	b := fleetOf(t, nil)
	b.submit(testReceipt(100))
	r, err := b.fleet.Register(serial(1))
	require.NoError(t, err)
	_, err = r.Adjust([]byte(`{"zone":"Europe/Kaliningrad"}`))
	bad := (*InvalidError)(nil)
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "zone", bad.Field)
	_, err = r.CloseShift(context.Background(), Person{})
	require.NoError(t, err)
	_, err = r.Adjust([]byte(`{"zone":"Europe/Samara"}`))
	require.NoError(t, err)
	require.Equal(t, "Europe/Samara", r.Zone().String())
}

func TestWaitingReceiptTakesAnotherRegister(t *testing.T) {
	b := fleetOf(t, nil, nil)
	b.maintenance(1, true)
	b.maintenance(2, true)
	var ids []string
	for i := range 3 {
		o := b.submit(testReceipt(uint64(100 + i)))
		require.Equal(t, Queued, o.Status)
		ids = append(ids, o.ID)
	}
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", more(3, func(s *Settings) { s.FFD = ffd.V105 })))
	for i, id := range ids {
		rec := b.becomes(id, Processed)
		require.Equal(t, serial(3), rec.Register)
		require.Equal(t, []uint32{uint32(3 + i)}, rec.Documents, "oldest first")
	}
	b.maintenance(1, false)
	b.maintenance(2, false)
	for n := range 2 {
		r, err := b.fleet.Register(serial(n + 1))
		require.NoError(t, err)
		s, err := r.State()
		require.NoError(t, err)
		require.EqualValues(t, 1, s.LastNumber, "made once")
	}
}

// A waiting receipt whose conditions no register meets any more ends as Error.
// gated calls a function once behind the next read of a queued receipt, or before the next commit of documents.
type gated struct {
	storage.Store
	onRead, onCommit atomic.Pointer[func()]
}

func (g *gated) Record(k storage.Kind, key []byte) ([]byte, error) {
	value, err := g.Store.Record(k, key)
	if k == kindDelayed {
		if f := g.onRead.Swap(nil); f != nil {
			(*f)()
		}
	}
	return value, err
}

func (g *gated) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if len(c.Documents) > 0 {
		if f := g.onCommit.Swap(nil); f != nil {
			(*f)()
		}
	}
	return g.Store.Append(ctx, c)
}

// TestWaitingReceiptIsMadeOnce: who has read a waiting receipt before another has taken it makes it no second time.
func TestWaitingReceiptIsMadeOnce(t *testing.T) {
	for turn := range uint64(2) {
		store := &gated{Store: memory.Open()}
		b := openBench(t, store, nil)
		require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
		for n := range 2 {
			require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", more(n+1, nil)))
			b.maintenance(n+1, true)
		}
		o := b.submit(testReceipt(100))
		require.Equal(t, Queued, o.Status)
		key, err := b.fleet.ids.parse(o.ID)
		require.NoError(t, err)
		b.fleet.turn.Add(turn)

		read, goOn, late := make(chan struct{}), make(chan struct{}), make(chan struct{})
		store.onRead.Store(new(func() { close(read); <-goOn }))
		go func() { b.fleet.dispatch(key); close(late) }() // as the end of park does
		<-read
		committing, commit := make(chan struct{}), make(chan struct{})
		store.onCommit.Store(new(func() { close(committing); <-commit }))
		b.maintenance(1, false)
		<-committing
		b.maintenance(2, false)
		close(goOn)
		<-late
		require.Eventually(t, func() bool {
			b.fleet.closing.Lock()
			defer b.fleet.closing.Unlock()
			return b.fleet.closing.pending == 1
		}, 5*time.Second, time.Millisecond, "one register has it")
		close(commit)
		b.becomes(o.ID, Processed)
		b.fleet.Close()
		last := uint32(0)
		for _, r := range b.fleet.Registers() {
			s, err := r.State()
			require.NoError(t, err)
			last += s.LastNumber
		}
		require.Equal(t, uint32(2+2), last, "two registrations, one shift, one receipt")
	}
}

func TestWaitingReceiptFails(t *testing.T) {
	b := fleetOf(t, nil, func(s *Settings) { s.Conditions = ffd.BSOSystem })
	b.maintenance(1, true)
	r := testReceipt(100)
	r.BSO = new(false)
	o := b.submit(r)
	require.Equal(t, Queued, o.Status)
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", more(1, func(s *Settings) { s.Conditions = ffd.BSOSystem })))
	rec := b.becomes(o.ID, Failed)
	choice, ok := rec.Choice()
	require.True(t, ok)
	require.Equal(t, ChoiceError{INN: testINN, Lack: LackNoBSO}, *choice)
	require.Equal(t, "организация с ИНН "+testINN+": нет касс без признака БСО", rec.Reason())
	b.reopen()
	b.maintenance(1, false)
	require.Equal(t, Failed, b.record(o.ID).Status)
}

// Delayed receipts of a register that goes on maintenance wait or go elsewhere.
func TestDelayAndMaintenance(t *testing.T) {
	b := fleetOf(t, nil, nil)
	b.opts.Delay = time.Minute
	b.reopen()
	b.maintenance(2, true)
	o := b.submit(testReceipt(100))
	require.Equal(t, serial(1), o.Register)
	b.maintenance(1, true)
	b.clock.Advance(2 * time.Minute)
	b.reopen()
	require.Equal(t, Queued, b.record(o.ID).Status)
	b.maintenance(2, false)
	require.Equal(t, serial(2), b.becomes(o.ID, Processed).Register)
}

func TestQueuedForm(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	r := testReceipt(100)
	p := &r.Parts[0]
	p.Cashier = tlv.RawText(all)
	p.Correction = &ffd.Correction{ByOrder: true, Date: 7, Number: tlv.MustText("№ 7")}
	p.Items[0].Marking = &ffd.ProductCode{Tag: ffd.TagProductCodeGS1M, Value: tlv.MustText("010460043993125621JgXJ5.T")}
	p.Items[0].ProductCode = []byte{1, 2, 3}
	p.Items[0].Fraction = &ffd.Fraction{Numerator: 1, Denominator: 2}
	p.Buyer = &ffd.Buyer{Name: tlv.MustText("Иванов")}
	r.BSO, r.Serial, r.BySums = new(true), "1", ffd.VAT10
	r.Request = Request{}
	form, err := queuedJSON(r)
	require.NoError(t, err)
	q, err := parseQueued(appendQueued(nil, 42, form))
	require.NoError(t, err)
	require.EqualValues(t, 42, q.due)
	back, err := queuedJSON(&q.receipt)
	require.NoError(t, err)
	require.JSONEq(t, string(form), string(back))
	require.Equal(t, all, q.receipt.Parts[0].Cashier.CP866())
	require.Equal(t, r.Parts[0].Items, q.receipt.Parts[0].Items)
	require.True(t, json.Valid(form))

	old := append([]byte{1, byte(ffd.V120), 84, 1}, "\x03\x01\x64\x02ab"...)
	q, err = parseQueued(old)
	require.NoError(t, err)
	require.Equal(t, queued{due: 42, version: ffd.V120, parts: []fn.Receipt{{Form: 3, Operation: 1, Total: 100, Data: []byte("ab")}}}, q)
	for i := range old {
		_, err := parseQueued(old[:i])
		require.ErrorIs(t, err, ErrRecord)
	}
	_, err = parseQueued([]byte{2, 84, '{'})
	require.True(t, errors.Is(err, ErrRecord))
}

// TestCorrectionDocuments reads the bytes of documents 31 and 41 of each format.
func TestCorrectionDocuments(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		for _, bso := range []bool{false, true} {
			t.Run(fmt.Sprint(v, bso), func(t *testing.T) {
				b := fleetOf(t, func(s *Settings) {
					s.FFD = v
					if bso {
						s.Conditions = ffd.BSOSystem
					}
				})
				r := testReceipt(12000)
				r.BySums, r.Parts[0].Cashier = ffd.VAT20, tlv.MustText("Иванова")
				r.Parts[0].Correction = &ffd.Correction{ByOrder: true, Date: uint32(time.Date(2021, 7, 27, 0, 0, 0, 0, time.UTC).Unix()), Number: tlv.MustText("б/н")}
				rec := b.record(b.submit(r).ID)
				reg, err := b.fleet.Register(serial(1))
				require.NoError(t, err)
				box, _, err := reg.Document(rec.Drive, rec.Documents[0])
				require.NoError(t, err)
				c, err := ofdproto.ParseContainer(box)
				require.NoError(t, err)
				want := ffd.FormCorrection
				if bso {
					want = ffd.FormBSOCorrection
				}
				require.Equal(t, want, ffd.Form(c.Form))
				for _, f := range ffd.Check(c.Document) {
					require.Equal(t, ffd.Note, f.Severity, "%v", f)
				}
				text := tagLines(ffd.Decode(c.Document, v))
				require.Equal(t, v == ffd.V105, !strings.Contains(text, "1059\n"), "FFD 1.05 has no items in it")
				for _, line := range []string{"1173 1\n", "1178 1627344000\n", "1179 б/н\n", "1054 1\n", "1020 12000\n", "1081 12000\n", "1031 0\n", "1102 2000\n"} {
					require.Contains(t, text, line)
				}
			})
		}
	}
}

func tagLines(n *ffd.Node) string {
	if len(n.Items) == 0 {
		return fmt.Sprintf("%d %v\n", n.Tag, n.Value())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", n.Tag)
	for _, x := range n.Items {
		b.WriteString(tagLines(x))
	}
	return b.String()
}
