package kkt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

// newRegister makes a register of the defaults in an empty store.
func newRegister(t *testing.T, v ffd.Version, blank bool, set func(*Settings)) (*bench, *Register) {
	b := openBench(t, memory.Open(), nil)
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	s := Defaults(v)
	if set != nil {
		set(&s)
	}
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s, Blank: blank})
	require.NoError(t, err)
	return b, r
}

func forms(made []Made) (list []ffd.Form) {
	for _, m := range made {
		list = append(list, m.Form)
	}
	return list
}

// confirmAll brings tickets for what a drive has not sent.
func confirmAll(t *testing.T, r *Register) {
	t.Helper()
	d := r.Delivery()
	_, number, _ := d.DriveInfo()
	for first, last := d.Unsent(); first != 0 && first <= last; first++ {
		done := make(chan error, 1)
		d.Confirm(first, ticketFor(t, string(number[:]), first), func(err error) { done <- err })
		require.NoError(t, <-done)
	}
}

// tagsOf are the tags of the first level of a document, which is checked.
func tagsOf(t *testing.T, r *Register, drive storage.DriveID, number uint32) map[uint16][]byte {
	t.Helper()
	box, _, err := r.Document(drive, number)
	require.NoError(t, err)
	c, err := ofdproto.ParseContainer(box)
	require.NoError(t, err)
	for _, f := range ffd.Check(c.Document) {
		require.NotEqual(t, ffd.Error, f.Severity, "document %d: %v", number, f)
	}
	outer := tlv.NewReader(c.Document, 0)
	require.True(t, outer.Next())
	all := map[uint16][]byte{}
	in := outer.Item().Children()
	for in.Next() {
		all[in.Item().Tag] = in.Item().Value
	}
	require.NoError(t, in.Err())
	return all
}

func TestLifeOfARegister(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			ctx := t.Context()
			var woken sync.Map
			b := openBench(t, memory.Open(), func(o *Options) { o.OnDocuments = func(r *Register) { woken.Store(r, true) } })
			r, made, err := b.fleet.NewRegister(ctx, Order{Settings: Defaults(v)})
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{1}, forms(made))
			s := r.Settings()
			require.NoError(t, ffd.CheckRegNumber(s.RegNumber, s.INN, s.Serial))
			require.Regexp(t, "^9999[0-9]{12}$", s.DriveNumber)

			made, err = r.OpenShift(ctx, Person{Name: "Петрова"})
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{2}, forms(made))
			require.Equal(t, "Петрова", tlv.DecodeString(tagsOf(t, r, s.Drive(), 2)[ffd.TagCashier]))
			b.submit(testReceipt(10000))
			made, err = r.ReportState(ctx)
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{21}, forms(made))
			require.EqualValues(t, 4, made[0].Number)
			require.NotZero(t, made[0].Sign)

			made, err = r.Reregister(ctx, func(s *Settings) error { s.Place = "shop.example.com"; return nil }, 0)
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{5, 11}, forms(made), "an open shift is closed")
			require.Equal(t, "www.cloudpayments.ru", r.SettingsAt(s.Drive(), 5).Place)
			require.Equal(t, "shop.example.com", r.SettingsAt(s.Drive(), 6).Place)

			old := r.Settings()
			made, err = r.ReplaceDrive(ctx, func(s *Settings) error { s.DriveModel = fn.Model15; return nil }, 0)
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{6, 11}, forms(made))
			require.Equal(t, []uint32{7, 1}, []uint32{made[0].Number, made[1].Number})
			require.NotEqual(t, made[0].Drive, made[1].Drive)
			require.Len(t, r.Outgoing(), 1)
			_, told := woken.Load(r.Outgoing()[0])
			require.True(t, told, "the old drive has something to send")
			state, err := r.State()
			require.NoError(t, err)
			require.Equal(t, fn.PhaseFiscal, state.Phase)
			require.Equal(t, fn.Model15, state.Model)

			b.opts.OnDocuments = nil
			b.reopen()
			r, err = b.fleet.Register(s.Serial)
			require.NoError(t, err)
			require.Len(t, b.fleet.Deliveries(), 2, "the replaced drive is found again")
			out := r.Outgoing()
			require.Len(t, out, 1)
			require.Equal(t, s.Serial, out[0].Delivery().Serial())
			confirmAll(t, out[0])
			require.Empty(t, r.Outgoing())
			state, err = r.DriveState(old.Drive())
			require.NoError(t, err)
			require.Equal(t, fn.PhaseArchive, state.Phase)

			b.submit(testReceipt(5000))
			made, err = r.CloseDrive(ctx, Person{})
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{5, 6}, forms(made))
			confirmAll(t, r)
			state, err = r.State()
			require.NoError(t, err)
			require.Equal(t, fn.PhaseArchive, state.Phase)
			closed := r.Settings()

			lost, err := r.ResetDrive(ctx)
			require.NoError(t, err)
			require.Zero(t, lost)
			state, err = r.State()
			require.NoError(t, err)
			require.Equal(t, fn.Blank(ffd.Pad[[16]byte](closed.DriveNumber), fn.Model15, ffd.V120, DefaultCapacity), state)
			require.Len(t, r.Settings().Drives, 3)
			tagsOf(t, r, closed.Drive(), 1)
			require.True(t, r.Wiped(closed.Drive()))
			b.reopen()
			r, err = b.fleet.Register(s.Serial)
			require.NoError(t, err)
			o := b.submit(testReceipt(100))
			require.Equal(t, Failed, o.Status, "the drive is blank")

			made, err = r.Fiscalize(ctx, nil)
			require.NoError(t, err)
			require.Equal(t, []ffd.Form{1}, forms(made))
			require.EqualValues(t, 1, made[0].Number)
			require.Equal(t, Processed, b.submit(testReceipt(100)).Status)
			var kinds []event.Kind
			require.NoError(t, b.store.Events(0, 0, func(n uint64, e []byte) error {
				ev, err := event.Parse(n, e)
				if ev.Kind == event.DriveInserted || ev.Form == 6 || ev.Form == 21 {
					kinds = append(kinds, ev.Kind)
				}
				return err
			}))
			require.Equal(t, []event.Kind{event.Document, event.Document, event.Document, event.DriveInserted}, kinds)
		})
	}
}

func TestOperationsRefused(t *testing.T) {
	ctx := context.Background()
	set := func(f func(*Settings)) func(*Settings) error {
		return func(s *Settings) error { f(s); return nil }
	}
	for _, c := range []struct {
		name  string
		blank bool
		do    func(r *Register) error
		code  fn.Code
		field string
	}{
		{"opening twice", false, func(r *Register) error {
			_, err := r.OpenShift(ctx, Person{})
			require.NoError(t, err)
			_, err = r.OpenShift(ctx, Person{})
			return err
		}, fn.CodeState, ""},
		{"closing without a shift", false, func(r *Register) error { _, err := r.CloseShift(ctx, Person{}); return err }, fn.CodeState, ""},
		{"a shift of a blank drive", true, func(r *Register) error { _, err := r.OpenShift(ctx, Person{}); return err }, fn.CodeState, ""},
		{"a report of a blank drive", true, func(r *Register) error { _, err := r.ReportState(ctx); return err }, fn.CodeState, ""},
		{"closing of a blank drive", true, func(r *Register) error { _, err := r.CloseDrive(ctx, Person{}); return err }, fn.CodeState, ""},
		{"a change on a blank drive", true, func(r *Register) error {
			_, err := r.Reregister(ctx, set(func(s *Settings) { s.Place = "x" }), 0)
			return err
		}, fn.CodeState, ""},
		{"replacement of a blank drive", true, func(r *Register) error { _, err := r.ReplaceDrive(ctx, nil, 0); return err }, 0, "drive_number"},
		{"reset of a blank drive", true, func(r *Register) error { _, err := r.ResetDrive(ctx); return err }, 0, "drive_number"},
		{"fiscalisation twice", false, func(r *Register) error { _, err := r.Fiscalize(ctx, nil); return err }, fn.CodeState, ""},
		{"closing twice", false, func(r *Register) error {
			_, err := r.CloseDrive(ctx, Person{})
			require.NoError(t, err)
			_, err = r.CloseDrive(ctx, Person{})
			return err
		}, fn.CodeState, ""},
		{"nothing changes", false, func(r *Register) error { _, err := r.Reregister(ctx, nil, 0); return err }, 0, "reasons"},
		{"another user", false, func(r *Register) error {
			_, err := r.Reregister(ctx, set(func(s *Settings) { s.INN = "7702203276" }), 0)
			return err
		}, 0, "inn"},
		{"another serial number", false, func(r *Register) error {
			_, err := r.Reregister(ctx, set(func(s *Settings) { s.Serial = "5" }), 0)
			return err
		}, 0, "serial"},
		{"another drive without a replacement", false, func(r *Register) error {
			_, err := r.Reregister(ctx, set(func(s *Settings) { s.DriveNumber = "9999078900005430" }), 0)
			return err
		}, 0, "drive_number"},
		{"the same drive again", false, func(r *Register) error {
			old := r.Settings().DriveNumber
			_, err := r.ReplaceDrive(ctx, nil, 0)
			require.NoError(t, err)
			_, err = r.ReplaceDrive(ctx, set(func(s *Settings) { s.DriveNumber = old }), 0)
			return err
		}, 0, "drive_number"},
		{"a drive that is no debug one", false, func(r *Register) error {
			_, err := r.ReplaceDrive(ctx, set(func(s *Settings) { s.DriveNumber = "9280440300000000" }), 0)
			return err
		}, 0, "drive_number"},
		{"the zone in an open shift", false, func(r *Register) error {
			_, err := r.OpenShift(ctx, Person{})
			require.NoError(t, err)
			_, err = r.Reregister(ctx, set(func(s *Settings) { s.Zone = "Asia/Omsk" }), 0)
			return err
		}, 0, "zone"},
		{"the autonomous mode in an open shift", false, func(r *Register) error {
			_, err := r.OpenShift(ctx, Person{})
			require.NoError(t, err)
			_, err = r.Reregister(ctx, set(func(s *Settings) { s.Offline = true }), 0)
			require.ErrorContains(t, err, "close the shift first")
			return err
		}, 0, "offline"},
		{"an error of the caller", false, func(r *Register) error {
			_, err := r.Reregister(ctx, func(*Settings) error { return invalid("x", "", "", "") }, 0)
			return err
		}, 0, "x"},
		{"a cashier that CP866 lacks", false, func(r *Register) error { _, err := r.OpenShift(ctx, Person{Name: "李"}); return err }, 0, "cashier"},
		{"a cashier with a wrong INN", false, func(r *Register) error {
			_, err := r.OpenShift(ctx, Person{Name: "Иванова", INN: "1"})
			return err
		}, 0, "cashier_inn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, r := newRegister(t, ffd.V120, c.blank, nil)
			err := c.do(r)
			wrong := (*InvalidError)(nil)
			if c.code != 0 {
				require.ErrorIs(t, err, c.code)
			} else {
				require.ErrorAs(t, err, &wrong)
				require.Equal(t, c.field, wrong.Field)
			}
			state, err := r.State()
			require.NoError(t, err)
			last, err := r.fleet.store.LastDocument(r.Settings().Drive())
			require.NoError(t, err)
			require.Equal(t, state.LastNumber, last)
		})
	}
}

func TestShiftIsNotClosedWithoutAutoShift(t *testing.T) {
	_, r := newRegister(t, ffd.V120, false, func(s *Settings) { s.AutoShift = false })
	_, err := r.OpenShift(t.Context(), Person{})
	require.NoError(t, err)
	_, err = r.CloseDrive(t.Context(), Person{})
	require.ErrorIs(t, err, fn.CodeState)
}

func TestSettingsOutsideTheReport(t *testing.T) {
	_, r := newRegister(t, ffd.V120, false, nil)
	made, err := r.Reregister(t.Context(), func(s *Settings) error { s.TakesCash, s.Zone = false, "Asia/Omsk"; return nil }, 0)
	require.NoError(t, err)
	require.Empty(t, made)
	require.False(t, r.Settings().TakesCash)
	made, err = r.Reregister(t.Context(), nil, 1<<6|1<<31)
	require.NoError(t, err)
	require.Equal(t, []ffd.Form{11}, forms(made), "a reason is enough")
	v, err := tlv.Fixed32(tagsOf(t, r, 1, made[0].Number)[ffd.TagKKTChangeReasons])
	require.NoError(t, err)
	require.EqualValues(t, 1<<6|1<<31, v)
}

// A new drive that would refuse its first document must not cost the old one.
func TestReplacementIsTriedFirst(t *testing.T) {
	_, r := newRegister(t, ffd.V120, false, nil)
	_, err := r.ReplaceDrive(t.Context(), func(s *Settings) error {
		s.UserName = string(make([]byte, 300))
		return nil
	}, 0)
	require.Error(t, err)
	state, err := r.State()
	require.NoError(t, err)
	require.Equal(t, fn.PhaseFiscal, state.Phase)
	require.EqualValues(t, 1, state.LastNumber)
}

// oneFailure fails one commit.
type oneFailure struct {
	storage.Store
	at, n int
}

var errFlaky = errors.New("the disk is full")

func (f *oneFailure) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if f.n++; f.n == f.at {
		return storage.Result{}, errFlaky
	}
	return f.Store.Append(ctx, c)
}

func TestReplacementCutInTheMiddle(t *testing.T) {
	store := &oneFailure{Store: memory.Open()}
	b := openBench(t, store, nil)
	r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(ffd.V120)})
	require.NoError(t, err)
	store.n, store.at = 0, 2
	_, err = r.ReplaceDrive(t.Context(), nil, 0)
	require.ErrorIs(t, err, errFlaky)
	state, err := r.State()
	require.NoError(t, err)
	require.Equal(t, fn.PhasePostFiscal, state.Phase, "the closing is durable")
	require.Len(t, r.Settings().Drives, 1)
	made, err := r.ReplaceDrive(t.Context(), nil, 0)
	require.NoError(t, err)
	require.Equal(t, []ffd.Form{11}, forms(made), "the second call goes on")
	require.Len(t, r.Outgoing(), 1)
}

// A ticket that was under way when the drive was replaced reaches its document.
func TestTicketOnItsWayToAReplacedDrive(t *testing.T) {
	_, r := newRegister(t, ffd.V120, false, nil)
	d := r.Delivery()
	number := r.Settings().DriveNumber
	_, err := r.ReplaceDrive(t.Context(), nil, 0)
	require.NoError(t, err)
	done := make(chan error, 1)
	d.Confirm(1, ticketFor(t, number, 1), func(err error) { done <- err })
	require.NoError(t, <-done)
	first, last := r.Outgoing()[0].Delivery().Unsent()
	require.Equal(t, []uint32{2, 2}, []uint32{first, last})
	first, _ = r.Unsent()
	require.EqualValues(t, 1, first, "the new drive's own")
}

func TestDriveIsReplacedUnderLoad(t *testing.T) {
	b, r := newRegister(t, ffd.V120, false, nil)
	const clients, each = 4, 50
	results := make(chan Status, clients*each)
	for range clients {
		go func() {
			for range each {
				o, err := b.fleet.Submit(context.Background(), testReceipt(100))
				if err != nil {
					results <- Status(err.Error())
					continue
				}
				results <- o.Status
			}
		}()
	}
	for range 3 {
		_, err := r.ReplaceDrive(context.Background(), nil, 0)
		require.NoError(t, err)
	}
	for range clients * each {
		require.Equal(t, Processed, <-results, "no receipt falls between two drives")
	}
	receipts := 0
	for _, id := range r.Settings().Drives {
		next := uint32(1)
		require.NoError(t, r.Archive(id, 1, 0, func(n uint32, box, _ []byte) error {
			require.Equal(t, next, n)
			next++
			c, err := ofdproto.ParseContainer(box)
			if c.Form == 3 {
				receipts++
			}
			return err
		}))
	}
	require.Equal(t, clients*each, receipts)
	for _, o := range r.Outgoing() {
		confirmAll(t, o)
	}
	require.Empty(t, r.Outgoing())
}

func TestNewRegisterNumbers(t *testing.T) {
	b, first := newRegister(t, ffd.V120, false, nil)
	second, _, err := b.fleet.NewRegister(t.Context(), Order{Account: Account{PublicID: "pk_demo"}, Settings: Defaults(0), Blank: true})
	require.NoError(t, err)
	require.Equal(t, "00000000000000000002", second.Serial())
	require.NotEqual(t, first.Settings().DriveNumber, second.Settings().DriveNumber)
	require.NotEqual(t, first.Settings().RegNumber, second.Settings().RegNumber)
	a, _ := b.fleet.Account("pk_demo")
	require.Equal(t, []string{testINN}, a.INNs)
	for _, c := range []struct {
		field, account string
		set            func(*Settings)
	}{
		{"serial", "", func(s *Settings) { s.Serial = first.Serial() }},
		{"serial", "", func(s *Settings) { s.Serial = fmt.Sprintf("%021d", 1) }},
		{"drive_number", "", func(s *Settings) { s.DriveNumber = first.Settings().DriveNumber }},
		{"inn", "", func(s *Settings) { s.INN = "77" }},
		{"account", "pk_other", func(*Settings) {}},
	} {
		s := Defaults(0)
		c.set(&s)
		_, _, err := b.fleet.NewRegister(t.Context(), Order{Account: Account{PublicID: c.account}, Settings: s})
		wrong := (*InvalidError)(nil)
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, c.field, wrong.Field)
	}
	require.Len(t, b.fleet.Registers(), 2)
}

// A register of the CloudKassir API may meet a drive that is blank.
func TestFiscalizeOfABlankDrive(t *testing.T) {
	b, r := newRegister(t, ffd.V120, true, nil)
	s := testSettings()
	s.Serial, s.DriveNumber = r.Serial(), r.Settings().DriveNumber
	require.NoError(t, b.fleet.Fiscalize(t.Context(), "pk_demo", s))
	state, err := r.State()
	require.NoError(t, err)
	require.Equal(t, fn.PhaseFiscal, state.Phase)
	require.Equal(t, ffd.FormRegistration, state.LastForm)
}

func TestOperationsOfAnAutonomousRegister(t *testing.T) {
	b, r := newRegister(t, ffd.V120, false, func(s *Settings) { s.Offline = true })
	require.Empty(t, r.Settings().OFDINN)
	b.submit(testReceipt(100))
	first, _ := r.Unsent()
	require.Zero(t, first)
	require.NotContains(t, tagsOf(t, r, 1, 1), uint16(ffd.TagOFDName))
	b.clock.Advance(time.Hour)
	made, err := r.Reregister(t.Context(), func(s *Settings) error {
		s.Offline, s.OFDName, s.OFDINN = false, "ОФД", fn.TestOFDINN
		return nil
	}, 0)
	require.NoError(t, err)
	require.Equal(t, []ffd.Form{5, 11}, forms(made))
	_, err = r.CloseDrive(t.Context(), Person{})
	require.NoError(t, err)
	state, err := r.State()
	require.NoError(t, err)
	require.Equal(t, fn.PhasePostFiscal, state.Phase)
}
