package kkt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/event"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

const (
	testINN    = "7708806062"
	testSerial = "00000000000000000001"
	testDrive  = "9999078900005430"
)

func quiet() logrus.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return l
}

type bench struct {
	t     testing.TB
	store storage.Store
	clock *clockwork.FakeClock
	fleet *Fleet
	opts  Options
	last  *Outcome // of a queued receipt

	damaged bool // the store, by the test
}

func openBench(t testing.TB, store storage.Store, set func(*Options)) *bench {
	b := &bench{t: t, store: store, clock: clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))}
	b.opts = Options{Store: store, Clock: b.clock, Log: quiet(), Seed: 1}
	if set != nil {
		set(&b.opts)
	}
	b.reopen()
	t.Cleanup(b.fsck)
	return b
}

// fsck finds nothing in the store after a test, unless the test damaged it.
func (b *bench) fsck() {
	if b.t.Failed() || b.damaged {
		return
	}
	b.fleet.Close()
	lines, _ := fsckLines(b.t, b.store)
	require.Empty(b.t, lines)
}

func (b *bench) reopen() {
	if b.fleet != nil {
		b.fleet.Close()
	}
	var err error
	b.fleet, err = Open(b.opts)
	require.NoError(b.t, err)
}

func testSettings() Settings {
	return Settings{Serial: testSerial, INN: testINN, RegNumber: "0000000004030311", UserName: "ООО Ромашка", Address: "г. Москва",
		Place: "www.example.com", SenderEmail: "a@example.com", OFDName: "Тестовый ОФД", OFDINN: fn.TestOFDINN,
		TaxSystems: []ffd.TaxSystems{ffd.TaxOSN, ffd.TaxUSNIncome}, DriveNumber: testDrive, AutoShift: true,
		TakesAgents: true, TakesCash: true, TakesBSO: true, TakesUserAttribute: true}
}

func newBench(t testing.TB) *bench {
	b := openBench(t, memory.Open(), nil)
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", testSettings()))
	return b
}

func testReceipt(kopecks uint64) *Receipt {
	return &Receipt{INN: testINN, Request: Request{API: "test", Account: "pk_demo", Raw: []byte(`{"Inn":"7708806062"}`)}, Parts: []ffd.Receipt{{
		Operation: ffd.Income, Payments: ffd.Payments{Cashless: kopecks},
		Items: []ffd.Item{{Name: tlv.MustText("Товар"), Price: kopecks, Quantity: tlv.Decimal{Mantissa: 1}, Amount: kopecks, VAT: ffd.VAT20}}}}}
}

func (b *bench) submit(r *Receipt) *Outcome {
	b.t.Helper()
	o, err := b.fleet.Submit(context.Background(), r)
	require.NoError(b.t, err)
	return o
}

// documents checks every stored document and returns their forms.
func (b *bench) documents() (forms []ffd.Form) {
	r, err := b.fleet.Register(testSerial)
	require.NoError(b.t, err)
	next := uint32(1)
	require.NoError(b.t, r.Delivery().Documents(1, 0, func(n uint32, box []byte) error {
		require.Equal(b.t, next, n)
		next++
		c, err := ofdproto.ParseContainer(box)
		require.NoError(b.t, err)
		for _, f := range ffd.Check(c.Document) {
			require.NotEqual(b.t, ffd.Error, f.Severity, "document %d: %v", n, f)
		}
		forms = append(forms, ffd.Form(c.Form))
		return nil
	}))
	return forms
}

func TestFirstReceiptOpensTheShift(t *testing.T) {
	b := newBench(t)
	o := b.submit(testReceipt(10000))
	require.Equal(t, Processed, o.Status)
	require.Len(t, o.ID, 32)
	require.Equal(t, []ffd.Form{1, 2, 3}, b.documents())

	rec, err := b.fleet.Receipt(o.ID)
	require.NoError(t, err)
	require.Equal(t, []uint32{3}, rec.Documents)
	require.Equal(t, `{"Inn":"7708806062"}`, string(rec.Raw))
	d, err := b.fleet.Details(rec)
	require.NoError(t, err)
	require.Equal(t, testDrive, d.DriveNumber)
	require.EqualValues(t, 3, d.Number)
	require.EqualValues(t, 1, d.Shift)
	require.EqualValues(t, 1, d.Receipt)
	require.EqualValues(t, 10000, d.Total)
	require.Equal(t, "www.example.com", d.Place)
	require.Equal(t, ffd.TaxOSN, d.TaxSystem, "the first one of the registration")
	require.EqualValues(t, time.Date(2026, 1, 10, 10, 0, 0, 0, time.UTC).Unix(), d.Time, "Moscow")

	var kinds []string
	require.NoError(t, b.store.Events(0, 0, func(n uint64, e []byte) error {
		ev, err := event.Parse(n, e)
		kinds = append(kinds, fmt.Sprintf("%s %d %t", ev.Kind, ev.Document, ev.Receipt == o.ID))
		return err
	}))
	require.Equal(t, []string{"document 1 false", "document 2 false", "shift_opened 2 false", "document 3 true"}, kinds)
}

func TestExpiredShiftIsReplaced(t *testing.T) {
	b := newBench(t)
	b.submit(testReceipt(100))
	b.clock.Advance(25 * time.Hour)
	b.submit(testReceipt(100))
	require.Equal(t, []ffd.Form{1, 2, 3, 5, 2, 3}, b.documents())
}

func TestPartsAreAllOrNothing(t *testing.T) {
	b := newBench(t)
	r := testReceipt(100)
	r.Parts = append(r.Parts, testReceipt(200).Parts[0])
	o := b.submit(r)
	rec, err := b.fleet.Receipt(o.ID)
	require.NoError(t, err)
	require.Equal(t, []uint32{3, 4}, rec.Documents)

	r = testReceipt(100)
	bad := testReceipt(200).Parts[0]
	bad.Payments.Cashless = 1 << 40 // more than a drive counts in one receipt
	r.Parts = append(r.Parts, bad)
	o = b.submit(r)
	require.Equal(t, Failed, o.Status)
	rec, err = b.fleet.Receipt(o.ID)
	require.NoError(t, err)
	require.Contains(t, rec.Error, "09h")
	require.Len(t, b.documents(), 4, "the first part left no trace")
}

func TestSubmitRefusesBeforeTheDrive(t *testing.T) {
	b := newBench(t)
	r := testReceipt(100)
	r.Parts[0].Attribute = tlv.MustText("longer than sixteen")
	_, err := b.fleet.Submit(context.Background(), r)
	var fe *ffd.FieldError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, "1192", fe.Path)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = b.fleet.Submit(ctx, testReceipt(100))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, b.documents(), 1)
}

func TestChoice(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		name     string
		settings func(*Settings)
		receipt  func(*Receipt)
		lack     Lack
	}{
		{"unknown organisation", nil, func(r *Receipt) { r.INN = "7707083893" }, LackRegister},
		{"taxation system", nil, func(r *Receipt) { r.Parts[0].TaxSystem = ffd.TaxPatent }, LackTaxSystem},
		{"БСО", func(s *Settings) { s.TakesBSO = false }, func(r *Receipt) { r.BSO = &yes }, LackBSO},
		{"no БСО", func(s *Settings) { s.Conditions = ffd.BSOSystem }, func(r *Receipt) { r.BSO = &no }, LackNoBSO},
		{"cash", func(s *Settings) { s.TakesCash = false }, func(r *Receipt) { r.Parts[0].Payments = ffd.Payments{Cash: 100} }, LackCash},
		{"agent", func(s *Settings) { s.TakesAgents = false }, func(r *Receipt) { r.Parts[0].Items[0].Agent = 64 }, LackAgent},
		{"user attribute", func(s *Settings) { s.TakesUserAttribute = false },
			func(r *Receipt) {
				r.Parts[0].UserAttribute = &ffd.UserAttribute{Name: tlv.MustText("a"), Value: tlv.MustText("b")}
			}, LackUserAttribute},
		{"full", func(s *Settings) { s.DriveCapacity = 10 }, nil, LackMemory},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := openBench(t, memory.Open(), nil)
			s := testSettings()
			if c.settings != nil {
				c.settings(&s)
			}
			require.NoError(t, b.fleet.Fiscalize(context.Background(), "", s))
			if c.lack == LackMemory {
				for range 8 {
					b.submit(testReceipt(1))
				}
			}
			r := testReceipt(100)
			if c.receipt != nil {
				c.receipt(r)
			}
			_, err := b.fleet.Submit(context.Background(), r)
			var ce *ChoiceError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, c.lack, ce.Lack)
		})
	}
}

func TestRepeatedRequestGetsTheStoredAnswer(t *testing.T) {
	b := newBench(t)
	ask := func(key string) (*Outcome, error) {
		r := testReceipt(100)
		r.Request.Key, r.Request.Scope = key, "/kkt/receipt"
		r.Request.Render = func(o *Outcome) []byte { return []byte("answer for " + o.ID) }
		return b.fleet.Submit(context.Background(), r)
	}
	first, err := ask("k1")
	require.NoError(t, err)
	require.Equal(t, "answer for "+first.ID, string(first.Answer))
	b.reopen() // the answer survives a restart
	again, err := ask("k1")
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Answer, again.Answer)
	b.clock.Advance(time.Hour)
	later, err := ask("k1")
	require.NoError(t, err)
	require.False(t, later.Replayed)
	require.NotEqual(t, first.ID, later.ID)

	before := len(b.documents())
	var wg sync.WaitGroup
	answers := make([]string, 200)
	for i := range answers {
		wg.Go(func() {
			o, err := ask(fmt.Sprint("twin", i%10))
			if err == nil {
				answers[i] = string(o.Answer)
			}
		})
	}
	wg.Wait()
	for i := range answers {
		require.NotEmpty(t, answers[i])
		require.Equal(t, answers[i%10], answers[i])
	}
	require.Len(t, b.documents(), before+10)
}

func TestManyReceiptsAtOnce(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	var ids sync.Map
	for range 200 {
		wg.Go(func() {
			o, err := b.fleet.Submit(context.Background(), testReceipt(100))
			if err == nil {
				ids.Store(o.ID, true)
			}
		})
	}
	wg.Wait()
	n := 0
	ids.Range(func(k, _ any) bool { n++; return true })
	require.Equal(t, 200, n)
	require.Len(t, b.documents(), 202)
	r, _ := b.fleet.Register(testSerial)
	s, err := r.State()
	require.NoError(t, err)
	require.EqualValues(t, 200, s.ShiftTotals.Count())
	require.EqualValues(t, 20000, s.Totals.Receipts[0].Total)
}

func TestTickets(t *testing.T) {
	b := newBench(t)
	b.submit(testReceipt(100))
	r, _ := b.fleet.Register(testSerial)
	first, last := r.Unsent()
	require.EqualValues(t, 1, first)
	require.EqualValues(t, 3, last)
	signer := fn.NewOperatorSigner([]byte(fn.DefaultMaster), ffd.Pad[[12]byte](fn.TestOFDINN))
	confirm := func(n uint32) error {
		box, err := signer.Container(nil, &ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](fn.TestOFDINN), Drive: ffd.Pad[[16]byte](testDrive), Number: n})
		require.NoError(t, err)
		done := make(chan error, 1)
		r.Delivery().Confirm(n, box, func(err error) { done <- err })
		return <-done
	}
	require.ErrorIs(t, confirm(2), fn.CodeTicket, "1 comes first")
	require.NoError(t, confirm(1))
	require.NoError(t, confirm(1), "a repeated ticket moves nothing")
	s, _ := r.State()
	require.EqualValues(t, 2, s.FirstUnsent)
	require.Equal(t, r.Now(), s.FirstUnsentTime, "the time of document 2")
	_, ticket, err := r.Document(r.Settings().Drive(), 1)
	require.NoError(t, err)
	require.NotNil(t, ticket)
	require.NoError(t, confirm(2))
	require.NoError(t, confirm(3))
	b.reopen()
	r, _ = b.fleet.Register(testSerial)
	first, _ = r.Unsent()
	require.Zero(t, first)
}

func TestFiscalize(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	require.NoError(t, b.fleet.Fiscalize(ctx, "pk_demo", testSettings()), "the same data")
	require.Equal(t, []ffd.Form{1}, b.documents())
	a, _ := b.fleet.Account("pk_demo")
	require.True(t, a.Allows(testINN))

	b.submit(testReceipt(100))
	s := testSettings()
	s.Place, s.TaxSystems = "shop.example.com", []ffd.TaxSystems{ffd.TaxUSNIncome}
	require.NoError(t, b.fleet.Fiscalize(ctx, "pk_demo", s))
	require.Equal(t, []ffd.Form{1, 2, 3, 5, 11}, b.documents(), "the open shift is closed before the change")
	b.reopen()
	r, _ := b.fleet.Register(testSerial)
	require.Equal(t, "shop.example.com", r.Settings().Place)
	b.submit(testReceipt(100))

	require.Equal(t, "www.example.com", r.SettingsAt(1, 3).Place, "what was in force for the receipt")
	require.Equal(t, "www.example.com", r.SettingsAt(1, 4).Place, "and for the closing of its shift")
	require.Equal(t, "shop.example.com", r.SettingsAt(1, 5).Place)
	documents := len(b.documents())
	same := r.Settings()
	same.Phone, same.TaxSystems = "+79990000000", TaxList{ffd.TaxUSNIncome}
	require.NoError(t, b.fleet.Fiscalize(ctx, "pk_demo", same))
	require.Equal(t, "+79990000000", r.Settings().Phone)
	require.Len(t, b.documents(), documents, "no report holds the phone")

	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_other"}))
	require.ErrorContains(t, b.fleet.Fiscalize(ctx, "pk_other", same), "another account")
	other, _ := b.fleet.Account("pk_other")
	require.False(t, other.Allows(testINN))

	for _, c := range []struct {
		name, field string
		change      func(*Settings)
	}{
		{"letters in the INN of the OFD", "ofd_inn", func(s *Settings) { s.Serial, s.DriveNumber, s.OFDINN = "2", "9999078900005432", "abc" }},
		{"sender that is no address", "sender_email", func(s *Settings) { s.SenderEmail = "shop" }},
		{"other user", "inn", func(s *Settings) { s.INN = "7707083893" }},
		{"other drive", "drive_number", func(s *Settings) { s.DriveNumber = "9999078900005431" }},
		{"drive of a real register", "drive_number", func(s *Settings) { s.DriveNumber = "9280440300000001" }},
		{"drive that another register has", "drive_number", func(s *Settings) { s.Serial = "2" }},
		{"short INN", "inn", func(s *Settings) { s.Serial, s.DriveNumber, s.INN = "2", "9999078900005432", "77" }},
		{"long serial number", "1013", func(s *Settings) { s.Serial, s.DriveNumber = "123456789012345678901", "9999078900005432" }},
		{"character outside CP866", "user_name", func(s *Settings) { s.Serial, s.DriveNumber, s.UserName = "2", "9999078900005432", "日本" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testSettings()
			c.change(&s)
			err := b.fleet.Fiscalize(ctx, "pk_demo", s)
			require.ErrorIs(t, err, ErrInvalid)
			require.ErrorContains(t, err, c.field)
		})
	}
	require.Len(t, b.fleet.Registers(), 1)
}

func TestIdsComeFromTheSeed(t *testing.T) {
	one, two := newBench(t), newBench(t)
	require.Equal(t, one.submit(testReceipt(1)).ID, two.submit(testReceipt(1)).ID)
	_, err := one.fleet.Receipt("00000000000000000000000000000000")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = one.fleet.Receipt("not an id")
	require.ErrorIs(t, err, ErrNotFound)
}

// flaky makes the commits of a real store fail in a chosen way.
type flaky struct {
	storage.Store
	mode string
}

var errDisk = errors.New("disk on fire")

func (f *flaky) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	mode := f.mode
	f.mode = ""
	switch mode {
	case "lost":
		return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, errDisk)
	case "stored":
		if _, err := f.Store.Append(ctx, c); err != nil {
			return storage.Result{}, err
		}
		return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, errDisk)
	case "stopped":
		if _, err := f.Store.Append(ctx, c); err != nil {
			return storage.Result{}, err
		}
		return storage.Result{}, fmt.Errorf("%w: %w: %w", storage.ErrStopped, storage.ErrUnknownOutcome, errDisk)
	case "conflict":
		return storage.Result{}, storage.ErrConflict
	}
	return f.Store.Append(ctx, c)
}

func TestFailedCommits(t *testing.T) {
	store := &flaky{Store: memory.Open()}
	b := openBench(t, store, nil)
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "", testSettings()))
	b.submit(testReceipt(100))

	store.mode = "lost"
	_, err := b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorIs(t, err, errDisk)
	require.Len(t, b.documents(), 3, "nothing was stored, nothing is remembered")
	b.submit(testReceipt(100))
	require.Len(t, b.documents(), 4)

	store.mode = "stored"
	b.submit(testReceipt(100))
	require.Len(t, b.documents(), 5, "the answer of the disk was lost, the document was not")
	b.submit(testReceipt(100))
	require.Len(t, b.documents(), 6)

	store.mode = "conflict"
	_, err = b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorIs(t, err, ErrOutOfService)
	_, err = b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorIs(t, err, ErrOutOfService)
}

func TestUnusableStatePutsOneRegisterOutOfService(t *testing.T) {
	b := newBench(t)
	other := testSettings()
	other.Serial, other.DriveNumber, other.INN = "2", "9999078900005431", "7707083893"
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", other))
	b.fleet.Close()
	state, version, err := b.store.State(1)
	require.NoError(t, err)
	state[0], b.damaged = 99, true
	_, err = b.store.Append(context.Background(), storage.Change{Drive: 1, Expect: version, State: state})
	require.NoError(t, err)
	b.fleet = nil
	b.reopen()
	_, err = b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorIs(t, err, ErrOutOfService)
	require.ErrorIs(t, err, fn.ErrNewerState)
	require.ErrorContains(t, err, testDrive)
	r := testReceipt(100)
	r.INN = "7707083893"
	b.submit(r)
}

func TestClosedFleetRefuses(t *testing.T) {
	b := newBench(t)
	b.fleet.Close()
	_, err := b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorIs(t, err, ErrClosed)
}

func FuzzRecords(f *testing.F) {
	f.Add((&ReceiptRecord{Status: Processed, Register: "1", Drive: 1, Documents: []uint32{1, 2}, Raw: []byte("{}")}).append(nil))
	f.Add(wholeRecord().append(nil))
	f.Add(appendAnswer(nil, 5, "id", []byte("answer")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if rec, err := parseReceiptRecord("id", b); err == nil {
			again, err := parseReceiptRecord("id", rec.append(nil))
			require.NoError(t, err)
			require.Equal(t, rec, again)
		}
		_, _, _, _ = parseAnswer(b)
	})
}

func TestDelayedReceipt(t *testing.T) {
	b := openBench(t, memory.Open(), func(o *Options) { o.Delay = time.Minute })
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo"}))
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", testSettings()))
	status := func(id string) Status {
		rec, err := b.fleet.Receipt(id)
		require.NoError(t, err)
		return rec.Status
	}
	first := b.submit(testReceipt(100))
	require.Equal(t, Queued, first.Status)
	require.Equal(t, Queued, status(first.ID))
	require.Equal(t, []ffd.Form{1}, b.documents())
	b.clock.Advance(time.Minute)
	require.Eventually(t, func() bool { return status(first.ID) == Processed }, time.Minute, time.Millisecond)
	require.Equal(t, []ffd.Form{1, 2, 3}, b.documents())

	second := b.submit(testReceipt(100))
	refused := testReceipt(1 << 40)
	third := b.submit(refused)
	b.reopen() // what is queued survives a restart
	require.Equal(t, Queued, status(second.ID))
	b.clock.Advance(time.Minute)
	require.Eventually(t, func() bool { return status(second.ID) == Processed && status(third.ID) == Failed }, time.Minute, time.Millisecond)
	require.Equal(t, []ffd.Form{1, 2, 3, 3}, b.documents())
	b.reopen()
	b.clock.Advance(time.Minute)
	require.Len(t, b.documents(), 4, "nothing is made twice")

	fourth := b.submit(testReceipt(100))
	s := testSettings()
	s.FFD = ffd.V120
	s.Place = "other.example.com"
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", s))
	b.clock.Advance(time.Minute)
	require.Eventually(t, func() bool { return status(fourth.ID) == Processed }, time.Minute, time.Millisecond)
	require.Equal(t, []ffd.Form{1, 2, 3, 3, 5, 11, 2, 3}, b.documents())
}

// TestPanicInAJobIsItsOwnFailure lets an API's own code fail in the middle of a
// batch: nothing of the receipt stays, and the register works on.
func TestPanicInAJobIsItsOwnFailure(t *testing.T) {
	b := newBench(t)
	r := testReceipt(100)
	r.Request.Render = func(*Outcome) []byte { panic("no words") }
	_, err := b.fleet.Submit(context.Background(), r)
	require.ErrorContains(t, err, "no words")
	require.Equal(t, []ffd.Form{1}, b.documents())
	b.submit(testReceipt(100))
	require.Equal(t, []ffd.Form{1, 2, 3}, b.documents())
}

func TestStoppedStoreEndsTheService(t *testing.T) {
	store := &flaky{Store: memory.Open()}
	stopped := make(chan error, 10)
	b := openBench(t, store, func(o *Options) { o.OnStopped = func(err error) { stopped <- err } })
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "", testSettings()))
	store.mode = "stopped"
	_, err := b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorIs(t, err, ErrOutOfService, "what the store shows is no proof, although it shows the document")
	require.ErrorIs(t, <-stopped, storage.ErrStopped)
}
