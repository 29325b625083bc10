package fn

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

var (
	seed  = flag.Uint64("seed", 0, "seed of the random operations; 0 draws one")
	steps = flag.Int("steps", 3000, "random operations")
)

// TestAgainstTheModel does random operations on drives of every kind and holds
// machine and model together after each: state, answer codes, documents, signs,
// warnings and the archive. It prints its seed; -seed repeats a run, -steps
// lengthens it (make model).
func TestAgainstTheModel(t *testing.T) {
	start := *seed
	if start == 0 {
		start = rand.Uint64()
	}
	t.Logf("-seed %d", start)
	done := map[string]int{}
	for life, n := uint64(0), 0; n < *steps; life++ {
		r := rand.New(rand.NewPCG(start, life))
		w := newWorld(t, r, done)
		for range 20 + r.IntN(400) {
			if dead := w.m.setup || w.m.failed() || w.m.phase() == PhaseArchive; dead && w.chance(8) {
				break
			}
			n++
			if w.step(); t.Failed() {
				t.Fatalf("-seed %d, life %d, step %d: %s", start, life, n, w.what)
			}
		}
	}
	for _, must := range []string{"register", "change", "replace", "open", "close", "receipt", "state", "drive", "confirm", "reset", "fail",
		"02h", "03h", "05h", "07h", "09h", "0Ah", "0Bh", "0Ch", "10h", "12h", "14h", "16h", "19h", "20h", "phase 15", "auto shift", "expired auto shift"} {
		if *steps >= 50000 && done[must] == 0 {
			t.Errorf("no %q in the whole run", must)
		}
	}
	t.Log(done)
}

// world is one drive, its model and its archive.
type world struct {
	t    *testing.T
	r    *rand.Rand
	m    *model
	s    State
	fn   *Machine
	out  Output
	docs archive
	now  Time
	what string
	done map[string]int
}

func newWorld(t *testing.T, r *rand.Rand, done map[string]int) *world {
	number := "9999078900005430"
	if r.IntN(4) == 0 {
		number = "9280440300000001"
	}
	w := &world{t: t, r: r, done: done, now: at("2025-03-01 09:00") + Time(r.IntN(86400*200))}
	w.m = &model{drive: ffd.Pad[[16]byte](number), months: pick(r, Model13, Model15, Model36), max: pick(r, ffd.V120, ffd.V120, ffd.V110),
		capacity: pick[uint32](r, 12, 40, 100, 250000)}
	w.fn = NewMachine([]byte(DefaultMaster), w.m.drive)
	w.s = Blank(w.m.drive, w.m.months, w.m.max, w.m.capacity)
	if r.IntN(10) == 0 {
		w.m.setup, w.s.Phase = true, PhaseSetup
	}
	return w
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.r.IntN(n) == 0 }

func (w *world) moveTime() {
	const minute, hour = 60, 3600
	switch w.r.IntN(40) {
	case 0:
		w.now += Time(w.r.IntN(60) * dayLength)
	case 1, 2:
		w.now += Time(w.r.IntN(4) * dayLength)
	case 3, 4, 5, 6:
		w.now += Time(w.r.IntN(26 * hour))
	case 7, 8:
		w.now -= Time(w.r.IntN(2 * hour))
	case 9:
	case 10, 11, 12:
		w.moveToLimit()
	default:
		w.now += Time(w.r.IntN(20 * minute))
	}
}

// moveToLimit goes to the last moment before a rule changes its answer, or to the
// first after it.
func (w *world) moveToLimit() {
	if len(w.m.registrations()) == 0 {
		return
	}
	r := w.m.inForce()
	last := w.m.lastDay(&r)
	limits := []Time{w.m.last().time - 3600, w.m.last().time, last + dayLength, last - 3*dayLength, last - 30*dayLength}
	if list, _, open := w.m.shift(); open {
		limits = append(limits, list[0].time+24*3600+60)
	}
	if list := w.m.unsent(); len(list) > 0 {
		limits = append(limits, list[0].time+2*dayLength, date(list[0].time)+31*dayLength)
	}
	if t := pick(w.r, limits...); t > w.m.last().time-2*dayLength && t < w.m.last().time+100*dayLength {
		w.now = t - Time(w.r.IntN(2)*60)
	}
}

// step does one operation.
func (w *world) step() {
	w.moveTime()
	_, _, open := w.m.shift()
	n := w.r.IntN(100)
	if w.m.phase() <= 1 && !w.chance(4) {
		n = 0
	}
	if w.m.phase() == 3 && len(w.m.unsent()) > 0 && w.chance(4) {
		n = 60
	}
	if w.m.phase() == 3 && !open && len(w.m.unsent()) == 0 && w.chance(50) {
		w.now += Time(380+w.r.IntN(200)) * dayLength // past some terms and not others
		n = pick(w.r, 0, 0, 5)
	}
	if w.m.phase() == 3 && !open && w.chance(12) {
		n = 0
	}
	switch {
	case n < 4:
		w.register()
	case n < 12:
		w.shiftReport(!open)
	case n < 16:
		w.shiftReport(open)
	case n < 60:
		w.receipt()
	case n < 88:
		w.confirm()
	case n < 94:
		w.settlementState()
	case n < 96:
		w.closeDrive()
	case n < 97:
		w.simple(&Reset{}, "reset")
	case n < 98 && w.chance(4):
		w.simple(&Fail{}, "fail")
	default:
		w.look()
	}
	w.compare()
}

// compare holds the whole state to the model and stores it now and then.
func (w *world) compare() {
	if want := w.m.state(); want != w.s {
		require.Equal(w.t, want, w.s, w.what)
	}
	require.Equal(w.t, w.m.warnings(w.now), w.s.Warnings(w.now), w.what)
	require.EqualValues(w.t, len(w.m.unsent()), w.s.Unsent(), w.what)
	w.done[fmt.Sprintf("phase %d", w.m.phase())]++
	if w.chance(8) {
		form, err := w.s.AppendBinary(nil)
		require.NoError(w.t, err)
		back, err := ParseState(form)
		require.NoError(w.t, err)
		require.Equal(w.t, w.s, back, w.what)
		w.s = back
	}
}

// apply carries out a command that must succeed when there are no reasons against
// it and else fail with one of them, without a trace. It tells whether it was
// done.
func (w *world) apply(c Command, against reasons, name string) bool {
	w.what = fmt.Sprintf("%s at %v: %+v, against it %v", name, w.now, c, against)
	if w.m.failed() && name != "reset" {
		against = reasons{CodeFailure}
	}
	before, documents, size := w.s, len(w.out.Documents), len(w.out.buf)
	err := w.fn.Apply(&w.s, c, w.now, &w.out)
	if len(against) == 0 {
		require.NoError(w.t, err, w.what)
		w.done[name]++
		return true
	}
	var r *Refusal
	require.True(w.t, errors.As(err, &r), "%s: %v", w.what, err)
	require.Contains(w.t, against, r.Code, "%s: %v", w.what, r)
	require.NotEmpty(w.t, r.Hint)
	require.NotEmpty(w.t, r.WhyRu)
	require.Equal(w.t, before, w.s, w.what)
	require.Len(w.t, w.out.Documents, documents, w.what)
	require.Len(w.t, w.out.buf, size, w.what)
	w.done[fmt.Sprintf("%02Xh", byte(r.Code))]++
	return false
}

// made checks the next document of the output against the fact that the model
// has just noted.
func (w *world) made(i int, against func(doc []byte, want ffd.Head)) {
	w.t.Helper()
	e := w.m.last()
	require.Less(w.t, i, len(w.out.Documents), w.what)
	d := &w.out.Documents[i]
	w.docs.containers = append(w.docs.containers, bytes.Clone(d.Container))
	w.docs.tickets = append(w.docs.tickets, nil)
	require.Equal(w.t, e.number, d.Number, w.what)
	require.Equal(w.t, e.form, d.Form, w.what)
	require.Equal(w.t, e.time, d.Time, w.what)
	box, err := ofdproto.ParseContainer(d.Container)
	require.NoError(w.t, err)
	require.Equal(w.t, e.number, box.Number)
	require.True(w.t, NewDriveVerifier([]byte(DefaultMaster)).Verify(w.m.drive, d.Container), "ФПС")
	require.Empty(w.t, errorsOf(ffd.Check(box.Document)), w.what)
	r := w.m.inForce()
	against(box.Document, ffd.Head{Version: r.FFD, Form: e.form, Drive: w.m.drive, RegNumber: r.RegNumber, INN: r.INN, Number: e.number,
		Time: uint32(e.time), Sign: w.m.sign(e)})
}

// minute is the time that documents hold.
func (w *world) minute() Time { return w.now / 60 * 60 }

func (w *world) register() {
	reg := Registration{FFD: pick(w.r, ffd.V105, ffd.V110, ffd.V120, ffd.V120), RegNumber: ffd.Pad[[20]byte]("0000000004030311"),
		INN: ffd.Pad[[12]byte]("7708806062"), OFDINN: ffd.Pad[[12]byte](pick(w.r, TestOFDINN, "7704358518")),
		TaxSystems: pick(w.r, ffd.TaxAllSystems, ffd.TaxOSN, ffd.TaxUSNIncome, ffd.TaxPatent|ffd.TaxOSN)}
	reg.Modes.Offline, reg.Modes.Automatic = w.chance(5), w.chance(4)
	for _, c := range []ffd.Conditions{ffd.BSOSystem, ffd.InternetOnly, ffd.ExciseGoods, ffd.MarkedGoods, ffd.ServicesOnly, ffd.Gambling,
		ffd.Lottery, ffd.Pawnshop, ffd.Insurance} {
		if w.chance(6) && (reg.FFD == ffd.V120 || c != ffd.Pawnshop && c != ffd.Insurance && c != ffd.MarkedGoods) {
			reg.Modes.Conditions |= c
		}
	}
	c := &Register{Reasons: pick[uint32](w.r, 1<<3, 1<<3, 1<<7|1<<31)}
	name := "change"
	if w.m.phase() == 1 != w.chance(8) {
		c.Reasons, name = 0, "register"
		if w.chance(4) {
			c.Reasons, name = 1|1<<2, "replace"
		}
	}
	switch w.r.IntN(30) {
	case 0:
		reg.FFD = ffd.V100
	case 1:
		reg.Modes.Encryption = true
	case 2:
		reg.TaxSystems = pick[ffd.TaxSystems](w.r, 0, 0x41)
	}
	text := tlv.MustText
	doc := ffd.Registration{Serial: text("1"), UserName: text("ООО Ромашка"), Address: text("Москва"), Place: text("касса"), OFDName: text("ОФД"),
		OFDINN: tlv.RawText(tlv.TrimPadding(reg.OFDINN[:])), FNSSite: text("nalog.gov.ru"), SenderEmail: text("a@example.com"),
		Cashier: text("Иванова"), AutomatNumber: text("1"), KKTVersion: text("1"), KKTMaxFFD: ffd.V120, Modes: reg.Modes}
	c.Registration = reg
	against := w.m.register(w.now/60*60, c)
	c.Data = w.data(&against, reg.FFD, 2<<10)(doc.Append(nil, reg.FFD))
	if !w.apply(c, against, name) {
		return
	}
	first := len(w.m.registrations()) == 0
	form := ffd.FormReregistration
	if c.Reasons == 0 {
		form = ffd.FormRegistration
	}
	totals := sum(w.m.documents())
	w.m.add(event{form: form, time: w.minute(), registration: reg, reasons: c.Reasons})
	w.made(len(w.out.Documents)-1, func(doc []byte, head ffd.Head) {
		h, _, err := ffd.ParseRegistration(doc)
		require.NoError(w.t, err, w.what)
		want := ffd.RegistrationHead{Head: head, DriveMax: w.m.max, TaxSystems: reg.TaxSystems, Modes: reg.Modes}
		if !reg.Modes.Offline {
			want.OFDINN = reg.OFDINN
		}
		if reg.FFD == ffd.V105 {
			want.DriveMax, h.Reasons = 0, 0 // 1101 holds less than 1205
		} else {
			want.Reasons, want.DaysLeft = c.Reasons, w.m.daysLeft(w.now)
			if !first {
				want.Totals = &totals
			}
		}
		require.Equal(w.t, want, h, w.what)
	})
}

// data spoils the data of a document now and then, and notes why it must be
// refused then.
func (w *world) data(against *reasons, v ffd.Version, limit int) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		if !v.Writable() && err == nil {
			return b
		}
		require.NoError(w.t, err, w.what)
		switch w.r.IntN(60) {
		case 0:
			against.when(true, CodeTooLarge)
			return tlv.AppendBytes(b, 65000, make([]byte, limit))
		case 1:
			against.when(true, CodeForbiddenTag)
			return tlv.AppendUint32(b, pick[uint16](w.r, ffd.TagFDNumber, ffd.TagFNTotals, ffd.TagShiftNumber, ffd.TagOperatorMessage), 1)
		case 2:
			if v >= ffd.V110 {
				against.when(true, CodeDuplicateTag)
				return tlv.AppendByte(tlv.AppendByte(b, 2200, 1), 2200, 1)
			}
		case 3:
			against.when(true, CodeFormat)
			return append(b, 1, 2, 3)
		}
		return b
	}
}

func (w *world) reportData(form ffd.Form) ([]byte, error) {
	return (&ffd.ShiftReport{Form: form, Cashier: tlv.MustText("Иванова"), KKTVersion: tlv.MustText("1"), KKTMaxFFD: ffd.V120}).Append(nil, w.version())
}

// version is the format in force, the highest before a registration.
func (w *world) version() ffd.Version {
	if v := w.m.inForce().FFD; v != 0 {
		return v
	}
	return ffd.V120
}

func (w *world) shiftReport(open bool) {
	if open {
		against := w.m.openShift(w.minute())
		c := &OpenShift{Data: w.data(&against, w.version(), 1<<10)(w.reportData(ffd.FormShiftOpening))}
		if w.apply(c, against, "open") {
			w.opened(len(w.out.Documents) - 1)
		}
		return
	}
	against := w.m.closeShift(w.minute())
	c := &CloseShift{Data: w.data(&against, w.version(), 1<<10)(w.reportData(ffd.FormShiftClosing))}
	if w.apply(c, against, "close") {
		w.closed(len(w.out.Documents) - 1)
	}
}

// reportFlags are the warnings and the message of a shift report made now.
func (w *world) reportFlags() (ffd.Warnings, byte) {
	flags := w.m.warnings(w.minute())
	since, _, _ := w.m.said()
	message := since.mask(w.version())
	if w.version() == ffd.V105 {
		message = 0
	}
	return ffd.Warnings{Replace: flags&1 != 0, Exhausted: flags&2 != 0, MemoryFull: flags&4 != 0, OFDTimeout: flags&8 != 0}, message
}

func (w *world) opened(i int) {
	warnings, message := w.reportFlags()
	w.m.add(event{form: ffd.FormShiftOpening, time: w.minute()})
	w.made(i, func(doc []byte, head ffd.Head) {
		_, number, _ := w.m.shift()
		h, _, err := ffd.ParseShiftOpening(doc)
		require.NoError(w.t, err, w.what)
		require.Equal(w.t, ffd.ShiftOpeningHead{Head: head, Shift: number, Warnings: warnings, Message: message}, h, w.what)
	})
}

// since is midnight of the day of the oldest of the documents; 0 of none.
func since(list []event) uint32 {
	if len(list) == 0 {
		return 0
	}
	return uint32(date(list[0].time))
}

func (w *world) closed(i int) {
	warnings, message := w.reportFlags()
	unsent := w.m.unsent()
	w.m.add(event{form: ffd.FormShiftClosing, time: w.minute()})
	w.made(i, func(doc []byte, head ffd.Head) {
		list, number, _ := w.m.shift()
		r := w.m.inForce()
		h, _, err := ffd.ParseShiftClosing(doc)
		require.NoError(w.t, err, w.what)
		want := ffd.ShiftClosingHead{Head: head, Shift: number, Receipts: receiptsIn(list), Documents: uint32(len(list)), Offline: r.Modes.Offline,
			Warnings: warnings, Message: message}
		if !r.Modes.Offline {
			want.Unsent, want.UnsentSince = uint32(len(unsent)), since(unsent)
		}
		if r.FFD >= ffd.V110 {
			shift, all := sum(list), sum(w.m.documents())
			want.Totals, want.DriveTotals, want.DaysLeft = &shift, &all, w.m.daysLeft(w.now)
		}
		want.Marking = r.FFD == ffd.V120 && r.Modes.Conditions.Has(ffd.MarkedGoods)
		require.Equal(w.t, want, h, w.what)
	})
}

func (w *world) receipt() {
	c := &modelReceipt{event: event{form: pick[ffd.Form](w.r, 3, 3, 3, 4, 31, 41), operation: ffd.Operation(1 + w.r.IntN(4))},
		tax: pick(w.r, ffd.TaxOSN, ffd.TaxOSN, ffd.TaxUSNIncome, ffd.TaxPatent), item: 1}
	if w.chance(3) {
		c.item = pick[ffd.ItemType](w.r, 2, 4, 5, 6, 7, 8, 30, 31, 32, 33)
	}
	if w.m.inForce().Modes.Conditions.Has(ffd.BSOSystem) && !w.chance(8) {
		c.form = pick[ffd.Form](w.r, 4, 41)
	}
	v := w.version()
	if v < ffd.V120 && c.item > 27 {
		c.item = 1
	}
	limit := uint64(100_000)
	if w.chance(30) {
		limit = 1 << 39
	}
	p := &c.payments
	for _, to := range []*uint64{&p.Cash, &p.Cashless, &p.Prepaid, &p.Credit, &p.Provision} {
		if w.chance(3) {
			*to = w.r.Uint64N(limit)
		}
	}
	c.total = p.Total()
	c.claimed = c.total
	if w.chance(40) {
		c.claimed++
	}
	doc := ffd.Receipt{Form: c.form, Operation: c.operation, TaxSystem: c.tax, Place: tlv.MustText("касса"), Address: tlv.MustText("Москва"),
		Cashier: tlv.MustText("Иванова"), Payments: *p, Items: []ffd.Item{{Name: tlv.MustText("Товар"), Price: c.total,
			Quantity: tlv.Decimal{Mantissa: 1}, Amount: c.total, VAT: ffd.VATRate(1 + w.r.IntN(12)), Type: c.item, Method: ffd.FullSettlement}}}
	if doc.Form == 31 || doc.Form == 41 {
		doc.Correction = &ffd.Correction{Date: uint32(date(w.now) - dayLength), Number: tlv.MustText("1")}
	}
	doc.SumVAT()
	c.vat = doc.VAT
	command := &Receipt{Form: c.form, Operation: c.operation, Total: c.claimed}
	if w.chance(50) {
		command.Operation, c.operation = 9, 9
	}
	after := w.m.clone()
	c.time = w.minute()
	var against reasons
	name := "receipt"
	var before []ffd.Form
	if auto := w.chance(2); auto {
		command.Shift = &AutoShift{}
		command.Shift.Open, _ = w.reportData(ffd.FormShiftOpening)
		command.Shift.Close, _ = w.reportData(ffd.FormShiftClosing)
		_, _, open := after.shift()
		if after.expired(w.minute()) {
			against = append(against, after.closeShift(w.minute())...)
			after.add(event{form: ffd.FormShiftClosing, time: w.minute()})
			before = append(before, ffd.FormShiftClosing)
			open, name = false, "expired auto shift"
		}
		if !open {
			against = append(against, after.openShift(w.minute())...)
			after.add(event{form: ffd.FormShiftOpening, time: w.minute()})
			before = append(before, ffd.FormShiftOpening)
			if len(before) == 1 {
				name = "auto shift"
			}
		}
	}
	if len(against) == 0 {
		against = after.receipt(w.minute(), c)
	}
	command.Data = w.data(&against, v, 30<<10)(doc.Append(nil, v))
	if !w.apply(command, against, name) {
		return
	}
	w.done["receipt"]++
	i := len(w.out.Documents) - 1 - len(before)
	for _, form := range before {
		if form == ffd.FormShiftClosing {
			w.closed(i)
		} else {
			w.opened(i)
		}
		i++
	}
	w.m.add(c.event)
	w.made(i, func(doc []byte, head ffd.Head) {
		list, number, _ := w.m.shift()
		h, _, err := ffd.ParseReceipt(doc)
		require.NoError(w.t, err, w.what)
		require.Equal(w.t, ffd.ReceiptHead{Head: head, Shift: number, Receipt: receiptsIn(list), Operation: c.operation, Total: c.total}, h, w.what)
		require.Equal(w.t, receiptsIn(list), w.out.Documents[i].Receipt)
	})
}

func (w *world) settlementState() {
	against := w.m.settlementState(w.minute())
	c := &SettlementState{Documents: &w.docs}
	c.Data = w.data(&against, w.version(), 2<<10)((&ffd.SettlementState{}).Append(nil, w.version()))
	unsent := w.m.unsent()
	if !w.apply(c, against, "state") {
		return
	}
	w.m.add(event{form: ffd.FormSettlementState, time: w.minute()})
	w.made(len(w.out.Documents)-1, func(doc []byte, head ffd.Head) {
		_, number, _ := w.m.shift()
		r := w.m.inForce()
		h, _, err := ffd.ParseSettlementState(doc)
		require.NoError(w.t, err, w.what)
		want := ffd.SettlementStateHead{Head: head, Shift: number, Offline: r.Modes.Offline, UnsentSince: since(unsent), Unsent: uint32(len(unsent))}
		if len(unsent) > 0 {
			want.FirstUnsent = unsent[0].number
		}
		if r.FFD >= ffd.V110 {
			all, waiting := sum(w.m.documents()), sumUnsent(unsent)
			if want.Totals = &all; len(unsent) > 0 {
				want.UnsentTotals = &waiting
			}
		}
		if r.FFD == ffd.V120 {
			want.DaysLeft, want.Marking = w.m.daysLeft(w.now), r.Modes.Conditions.Has(ffd.MarkedGoods)
		}
		require.Equal(w.t, want, h, w.what)
	})
}

func (w *world) closeDrive() {
	if !w.chance(3) { // so that lives are long
		return
	}
	against := w.m.closeDrive(w.minute())
	text := tlv.MustText
	c := &CloseDrive{}
	c.Data = w.data(&against, w.version(), 2<<10)((&ffd.DriveClosing{UserName: text("ООО Ромашка"), Address: text("Москва"), Place: text("касса"),
		Cashier: text("Иванова")}).Append(nil, w.version()))
	if !w.apply(c, against, "drive") {
		return
	}
	w.m.add(event{form: ffd.FormDriveClosing, time: w.minute()})
	w.made(len(w.out.Documents)-1, func(doc []byte, head ffd.Head) {
		_, number, _ := w.m.shift()
		h, _, err := ffd.ParseDriveClosing(doc)
		require.NoError(w.t, err, w.what)
		want := ffd.DriveClosingHead{Head: head, Shift: number}
		if head.Version >= ffd.V110 {
			all := sum(w.m.documents())
			want.Totals = &all
		}
		require.Equal(w.t, want, h, w.what)
	})
}

func (w *world) confirm() {
	number, next := uint32(1), Time(0)
	if list := w.m.unsent(); len(list) > 0 {
		number = list[0].number
		if len(list) > 1 {
			next = list[1].time
		}
	}
	ticket := ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](TestOFDINN), Drive: w.m.drive, Number: number, Time: uint32(w.now)}
	if w.chance(3) {
		ticket.Code, ticket.Message = pick[byte](w.r, 0, 0, 14, 11), pick[byte](w.r, 0, 2, 0x0C, 0x20, 0x40, 0x80, 0xFF)
	}
	right := true
	switch w.r.IntN(16) {
	case 0:
		ticket.Number++
		right = false
	case 1:
		ticket.Drive[15]++
		right = false
	}
	box, err := NewOperatorSigner([]byte(DefaultMaster), ticket.OFDINN).Container(nil, &ticket)
	require.NoError(w.t, err)
	if w.chance(30) {
		box[w.r.IntN(len(box))] ^= 1 << w.r.IntN(8)
		right = false
	}
	if !w.apply(&Confirm{Container: box, Mode: TicketStrict, NextTime: next}, w.m.confirm(right), "confirm") {
		return
	}
	w.m.events = append(w.m.events, event{form: ffd.FormConfirmation, number: number, time: w.now, code: ticket.Code, message: ticket.Message})
	w.docs.tickets[number-1] = box
}

// simple does a command that makes no document.
func (w *world) simple(c Command, name string) {
	var against reasons
	if name == "reset" {
		if !w.chance(4) && !w.m.failed() { // so that lives are long
			return
		}
		against.when(!bytes.HasPrefix(w.m.drive[:], []byte("9999")), CodeMode)
	}
	if !w.apply(c, against, name) {
		return
	}
	if name == "fail" {
		w.m.events = append(w.m.events, event{})
		return
	}
	w.m.events, w.m.setup = nil, false
	w.docs = archive{}
	w.out.Reset()
}

// look asks the archive for a document.
func (w *world) look() {
	a := Archive{State: &w.s, Documents: &w.docs}
	list := w.m.documents()
	n := w.r.IntN(len(list) + 2)
	w.what = fmt.Sprintf("find document %d of %d", n, len(list))
	x, err := a.FindDocument(uint32(n))
	switch {
	case w.m.phase() == 0:
		require.ErrorIs(w.t, err, CodeState, w.what)
		return
	case n < 1 || n > len(list):
		require.ErrorIs(w.t, err, CodeNoData, w.what)
		return
	}
	require.NoError(w.t, err, w.what)
	e := list[n-1]
	require.Equal(w.t, e.form, x.Form)
	require.Equal(w.t, e.number, x.Number)
	require.Equal(w.t, e.time, x.Time)
	require.Equal(w.t, e.total, x.Total)
	confirmed := slices.ContainsFunc(w.m.events, func(t event) bool { return t.form == ffd.FormConfirmation && t.number == e.number })
	require.Equal(w.t, confirmed, x.Ticket)
	ticket, err := a.Ticket(e.number)
	if !confirmed {
		require.ErrorIs(w.t, err, CodeNoData)
	} else {
		require.NoError(w.t, err)
		require.Equal(w.t, e.number, ticket.Number)
	}
	regs := w.m.registrations()
	i := w.r.IntN(len(regs) + 1)
	r, err := a.Registration(i)
	require.NoError(w.t, err)
	want := regs[len(regs)-1]
	if i > 0 {
		want = regs[i-1]
	}
	require.Equal(w.t, want.number, r.Number)
	require.Equal(w.t, want.registration.TaxSystems, r.TaxSystems)
	require.Equal(w.t, want.registration.Modes, r.Modes)
}
