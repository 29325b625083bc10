package fn

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

var driveNumber = ffd.Pad[[16]byte]("9999078900005430")

func at(s string) Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return Time(t.Unix())
}

// bench is a drive with all that its commands need.
type bench struct {
	t   testing.TB
	m   *Machine
	s   State
	out Output
	v   ffd.Version
}

func newBench(t testing.TB, v ffd.Version, model Model, capacity uint32) *bench {
	return &bench{t: t, m: NewMachine([]byte(DefaultMaster), driveNumber), v: v,
		s: Blank(driveNumber, model, ffd.V120, capacity)}
}

func (b *bench) apply(c Command, now string) error { return b.m.Apply(&b.s, c, at(now), &b.out) }

func (b *bench) must(c Command, now string) *Document {
	b.t.Helper()
	require.NoError(b.t, b.apply(c, now))
	if len(b.out.Documents) == 0 {
		return nil
	}
	return &b.out.Documents[len(b.out.Documents)-1]
}

func (b *bench) registration() *Register {
	r := Registration{FFD: b.v, RegNumber: ffd.Pad[[20]byte]("0000000004030311"), INN: ffd.Pad[[12]byte]("7708806062"),
		OFDINN: ffd.Pad[[12]byte](TestOFDINN), TaxSystems: ffd.TaxAllSystems}
	doc := ffd.Registration{Serial: tlv.MustText("00000000000000000001"), UserName: tlv.MustText("ООО Ромашка"),
		Address: tlv.MustText("г. Москва"), Place: tlv.MustText("www.example.com"), OFDName: tlv.MustText("Тестовый ОФД"),
		OFDINN: tlv.MustText(TestOFDINN), FNSSite: tlv.MustText("www.nalog.gov.ru"), SenderEmail: tlv.MustText("a@example.com"),
		Cashier: tlv.MustText("Администратор"), KKTVersion: tlv.MustText("1.0"), KKTMaxFFD: ffd.V120}
	data, err := doc.Append(nil, b.v)
	require.NoError(b.t, err)
	return &Register{Registration: r, Data: data}
}

// change is a change of the place of settlements.
func (b *bench) change() *Register {
	c := b.registration()
	c.Reasons = 1 << 3
	return c
}

func (b *bench) shiftData(form ffd.Form) []byte {
	data, err := (&ffd.ShiftReport{Form: form, Cashier: tlv.MustText("Иванова"), KKTVersion: tlv.MustText("1.0"), KKTMaxFFD: ffd.V120}).Append(nil, b.v)
	require.NoError(b.t, err)
	return data
}

func (b *bench) autoShift() *AutoShift {
	return &AutoShift{Open: b.shiftData(ffd.FormShiftOpening), Close: b.shiftData(ffd.FormShiftClosing)}
}

func (b *bench) receipt(total uint64) *Receipt { return b.document(ffd.FormReceipt, total) }

// document is a receipt, БСО or correction of one item.
func (b *bench) document(form ffd.Form, total uint64) *Receipt {
	return b.encoded(&ffd.Receipt{Form: form, Items: []ffd.Item{{Name: tlv.MustText("Товар"), Price: total, Quantity: tlv.Decimal{Mantissa: 1},
		Amount: total, VAT: ffd.VAT20, Type: ffd.Goods, Method: ffd.FullSettlement}}})
}

// itemOfType is a receipt with an item of a type (1212) and a sum of excise (1229).
func (b *bench) itemOfType(kind ffd.ItemType, excise uint64) *Receipt {
	return b.encoded(&ffd.Receipt{Form: ffd.FormReceipt, Items: []ffd.Item{{Name: tlv.MustText("Товар"), Price: 100, Quantity: tlv.Decimal{Mantissa: 1},
		Amount: 100, VAT: ffd.VAT20, Type: kind, Excise: excise, Method: ffd.FullSettlement}}})
}

// encoded makes the command of a receipt that is paid in cash.
func (b *bench) encoded(r *ffd.Receipt) *Receipt {
	r.Operation, r.TaxSystem = ffd.Income, ffd.TaxOSN
	r.Cashier, r.Place, r.Address = tlv.MustText("Иванова"), tlv.MustText("www.example.com"), tlv.MustText("г. Москва")
	if r.Form == ffd.FormCorrection || r.Form == ffd.FormBSOCorrection {
		r.Correction = &ffd.Correction{Date: uint32(at("2026-01-09 00:00")), ByOrder: true, Number: tlv.MustText("12-3")}
	}
	r.SumVAT()
	r.Payments.Cash = r.ItemsTotal()
	data, err := r.Append(nil, b.v)
	require.NoError(b.t, err)
	return &Receipt{Form: r.Form, Operation: r.Operation, Total: r.Payments.Cash, Data: data}
}

func (b *bench) ticket(number uint32, change func(*ffd.Confirmation)) []byte {
	inn := ffd.Pad[[12]byte](TestOFDINN)
	c := ffd.Confirmation{OFDINN: inn, Drive: driveNumber, Number: number, Time: 1748781000}
	if change != nil {
		change(&c)
	}
	box, err := NewOperatorSigner([]byte(DefaultMaster), inn).Container(nil, &c)
	require.NoError(b.t, err)
	return box
}

// tags lists the tags of a document in order.
func tags(t testing.TB, doc []byte) []uint16 {
	r := tlv.NewReader(doc, 0)
	require.True(t, r.Next())
	var list []uint16
	in := r.Item().Children()
	for in.Next() {
		list = append(list, in.Item().Tag)
	}
	require.NoError(t, in.Err())
	return list
}

// TestOrderOfDriveTags has a case for every form and version: the FN part, tag by
// tag (spec/decisions.md, FN part; spec/ffd/documents.md for which tags stand in
// which version), and the tag of the register behind it.
func TestOrderOfDriveTags(t *testing.T) {
	with := func(lists ...[]uint16) (all []uint16) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	common := []uint16{1041, 1037, 1018, 1040, 1012, 1077}
	common12 := append([]uint16{1209}, common...)
	receipt := []uint16{1038, 1042, 1054, 1020}
	registration12 := with([]uint16{1209, 1190}, common, []uint16{1017, 1062, 1056, 1002, 1001, 1290})
	registration11 := with(common, []uint16{1190, 1017, 1062, 1056, 1002, 1001, 1109, 1110, 1108, 1207, 1193, 1126, 1221})
	registration105 := with(common, []uint16{1056, 1002, 1001, 1109, 1110, 1108, 1062})
	closing := []uint16{1038, 1118, 1111, 1097, 1098, 1050, 1051, 1052, 1053}
	for _, c := range []struct {
		form    ffd.Form
		v       ffd.Version
		drive   []uint16
		nextTag uint16 // of the register; 0 none
	}{
		{1, ffd.V105, registration105, 1013},
		{1, ffd.V110, with(registration11, []uint16{1213}), 1013},
		{1, ffd.V120, with(registration12, []uint16{1213}), 1013},
		{11, ffd.V105, with(registration105, []uint16{1101, 1101}), 1013},
		{11, ffd.V110, with(registration11, []uint16{1205, 1213, 1157}), 1013},
		{11, ffd.V120, with(registration12, []uint16{1205, 1213, 1157}), 1013},
		{2, ffd.V105, with(common, []uint16{1038}), 1021},
		{2, ffd.V110, with(common, []uint16{1038}), 1021},
		{2, ffd.V120, with(common12, []uint16{1038}), 1021},
		{3, ffd.V105, with(common, receipt), 1055},
		{3, ffd.V110, with(common, receipt), 1055},
		{3, ffd.V120, with(common12, receipt), 1055},
		{4, ffd.V105, with(common, receipt), 1055},
		{4, ffd.V110, with(common, receipt), 1055},
		{4, ffd.V120, with(common12, receipt), 1055},
		{31, ffd.V105, with(common, receipt), 1055},
		{31, ffd.V110, with(common, receipt), 1055},
		{31, ffd.V120, with(common12, receipt), 1055},
		{41, ffd.V105, with(common, receipt), 1055},
		{41, ffd.V110, with(common, receipt), 1055},
		{41, ffd.V120, with(common12, receipt), 1055},
		{21, ffd.V105, with(common, []uint16{1038, 1116, 1097, 1098}), 1209},
		{21, ffd.V110, with(common, []uint16{1038, 1116, 1097, 1098, 1157, 1158}), 1209},
		{21, ffd.V120, with(common12, []uint16{1038, 1116, 1097, 1098, 1213, 1157, 1158}), 0},
		{5, ffd.V105, with(common, closing), 1021},
		{5, ffd.V110, with(common, closing, []uint16{1194, 1157, 1213}), 1021},
		{5, ffd.V120, with(common12, []uint16{1038, 1118, 1111, 1097, 1098, 1194, 1157, 1213}), 1021},
		{6, ffd.V105, with(common, []uint16{1038}), 1048},
		{6, ffd.V110, with(common, []uint16{1038, 1157}), 1048},
		{6, ffd.V120, with(common12, []uint16{1038, 1157}), 1048},
	} {
		t.Run(fmt.Sprintf("form %d in %v", c.form, c.v), func(t *testing.T) {
			b := wholeLife(t, c.v)
			i := slices.IndexFunc(b.out.Documents, func(d Document) bool { return d.Form == c.form })
			require.GreaterOrEqual(t, i, 0)
			d := &b.out.Documents[i]
			got := tags(t, d.TLV())
			require.Equal(t, c.drive, got[:len(c.drive)])
			if rest := got[len(c.drive):]; c.nextTag == 0 {
				require.Empty(t, rest)
			} else {
				require.Equal(t, c.nextTag, rest[0])
			}
			box, err := ofdproto.ParseContainer(d.Container)
			require.NoError(t, err)
			require.Equal(t, d.TLV(), box.Document)
		})
	}
}

func errorsOf(list []ffd.Finding) (bad []ffd.Finding) {
	for _, f := range list {
		if f.Severity == ffd.Error {
			bad = append(bad, f)
		}
	}
	return bad
}

func TestNumbersAndCounters(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	d := b.must(b.registration(), "2026-01-10 10:00")
	require.EqualValues(t, 1, d.Number)
	require.Equal(t, PhaseFiscal, b.s.Phase)
	r := b.receipt(10000)
	r.Shift = b.autoShift()
	d = b.must(r, "2026-01-10 10:05")
	require.EqualValues(t, 3, d.Number, "the shift opening took 2")
	require.EqualValues(t, 1, d.Receipt)
	d = b.must(b.receipt(20000), "2026-01-10 10:06")
	require.EqualValues(t, 2, d.Receipt)
	require.EqualValues(t, 4, b.s.Unsent())
	require.EqualValues(t, 30000, b.s.ShiftTotals.Receipts[0].Total)
	require.EqualValues(t, 5000, b.s.ShiftTotals.Receipts[0].VAT[ffd.VAT20])
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 20:00")
	d = b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-11 09:00")
	require.EqualValues(t, 2, d.Shift)
	require.Zero(t, b.s.ShiftReceipts)
	require.Zero(t, b.s.ShiftTotals.Count())
	require.EqualValues(t, 2, b.s.Totals.Count())
}

func TestExpiredShiftIsOneStep(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	b.must(b.registration(), "2026-01-10 10:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
	b.must(b.receipt(100), "2026-01-11 10:00") // 24 hours to the minute are allowed
	require.ErrorIs(t, b.apply(b.receipt(100), "2026-01-11 10:01"), CodeShiftTooLong)

	r := b.receipt(100)
	r.Shift = b.autoShift()
	r.Total = 99 // does not add up: the closing and opening before it must not stay
	before, documents := b.s, len(b.out.Documents)
	require.ErrorIs(t, b.apply(r, "2026-01-11 10:01"), CodeValue)
	require.Equal(t, before, b.s)
	require.Len(t, b.out.Documents, documents)

	r.Total = 100
	d := b.must(r, "2026-01-11 10:01")
	require.EqualValues(t, 2, d.Shift)
	forms := []ffd.Form{}
	for _, x := range b.out.Documents[documents:] {
		forms = append(forms, x.Form)
	}
	require.Equal(t, []ffd.Form{5, 2, 3}, forms)
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		code Code
		do   func(b *bench) error
	}{
		{"receipt before registration", CodeState, func(b *bench) error {
			b.s = Blank(driveNumber, Model36, ffd.V120, 100)
			return b.apply(b.receipt(1), "2026-01-10 10:00")
		}},
		{"receipt without a shift", CodeState, func(b *bench) error { return b.apply(b.receipt(1), "2026-01-10 10:00") }},
		{"second opening", CodeState, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:01")
		}},
		{"closing without a shift", CodeState, func(b *bench) error { return b.apply(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:01") }},
		{"registration without a reason", CodeState, func(b *bench) error { return b.apply(b.registration(), "2026-01-10 10:01") }},
		{"encryption", CodeMode, func(b *bench) error {
			b.s = Blank(driveNumber, Model36, ffd.V120, 100)
			r := b.registration()
			r.Registration.Modes.Encryption = true
			return b.apply(r, "2026-01-10 10:01")
		}},
		{"time goes back in a shift", CodeDateTime, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 12:00")
			return b.apply(b.receipt(1), "2026-01-10 11:59")
		}},
		{"opening more than an hour early", CodeDateTime, func(b *bench) error { return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 08:59") }},
		{"term ended", CodeTermEnded, func(b *bench) error {
			b.must(&Confirm{Container: b.ticket(1, nil)}, "2026-01-10 10:00")
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2027-07-25 10:00")
		}},
		{"31 days unsent", CodeNoSpace, func(b *bench) error { return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-02-10 10:00") }},
		{"change of registration, 31 days unsent", CodeNoSpace, func(b *bench) error { return b.apply(b.change(), "2026-02-10 10:00") }},
		{"change of registration, term ended", CodeTermEnded, func(b *bench) error {
			b.must(&Confirm{Container: b.ticket(1, nil)}, "2026-01-10 10:00")
			return b.apply(b.change(), "2027-07-25 10:00")
		}},
		{"change of registration, drive full", CodeNoSpace, func(b *bench) error {
			b.s.Capacity = 1
			return b.apply(b.change(), "2026-01-10 10:00")
		}},
		{"modes of 1.1 in the data", CodeForbiddenTag, func(b *bench) error {
			b.s, b.v = Blank(driveNumber, Model36, ffd.V120, 100), ffd.V110
			r := b.registration()
			r.Data = tlv.AppendByte(r.Data, ffd.TagExciseMode, 1)
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"drive full", CodeNoSpace, func(b *bench) error {
			b.s.Capacity = 2
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			return b.apply(b.receipt(1), "2026-01-10 10:00")
		}},
		{"payments are not the total", CodeValue, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Total++
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"no payments", CodeMissingTag, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			return b.apply(&Receipt{Form: 3, Operation: 1, Total: 0, Data: nil}, "2026-01-10 10:00")
		}},
		{"tag of the drive in the data", CodeForbiddenTag, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Data = tlv.AppendUint32(r.Data, ffd.TagFDNumber, 7)
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"taxation system not registered", CodeContradiction, func(b *bench) error {
			b.s.Registration.TaxSystems = ffd.TaxPatent
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			return b.apply(b.receipt(1), "2026-01-10 10:00")
		}},
		{"damaged data", CodeFormat, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Data = append(r.Data, 1, 2)
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"too much data", CodeTooLarge, func(b *bench) error {
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Data = tlv.AppendBytes(r.Data, 1192, make([]byte, 31<<10))
			return b.apply(r, "2026-01-10 10:00")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, ffd.V120, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			err := c.do(b)
			require.ErrorIs(t, err, c.code)
			var r *Refusal
			require.True(t, errors.As(err, &r))
			require.Contains(t, r.Error(), "9999078900005430")
		})
	}
}

// TestTerms has a case for every row of the terms and every use that a row names
// (spec/fn.md 8.1). Agents under the general tax system in FFD 1.2 cannot be told:
// a registration of 1.2 has no sign of an agent.
func TestTerms(t *testing.T) {
	offline := ffd.Modes{Offline: true}
	uses := func(c ffd.Conditions) ffd.Modes { return ffd.Modes{Conditions: c} }
	for _, c := range []struct {
		row   string
		model Model
		r     Registration
		want  uint16
	}{
		{"410 | 13-month drives", Model13, Registration{}, 410},
		{"410 | any drive used for excise goods: 36", Model36, Registration{Modes: uses(ffd.ExciseGoods)}, 410},
		{"410 | any drive used for excise goods: 15", Model15, Registration{Modes: uses(ffd.ExciseGoods)}, 410},
		{"410 | in FFD 1.2 15-month drives with gambling", Model15, Registration{FFD: ffd.V120, Modes: uses(ffd.Gambling)}, 410},
		{"410 | in FFD 1.2 15-month drives with lottery", Model15, Registration{FFD: ffd.V120, Modes: uses(ffd.Lottery)}, 410},
		{"410 | in FFD 1.2 15-month drives with pawnshop", Model15, Registration{FFD: ffd.V120, Modes: uses(ffd.Pawnshop)}, 410},
		{"410 | in FFD 1.2 15-month drives with insurance", Model15, Registration{FFD: ffd.V120, Modes: uses(ffd.Insurance)}, 410},
		{"410 | 15-month drives in autonomous mode", Model15, Registration{FFD: ffd.V120, Modes: offline}, 410},
		{"470 | 15-month drives otherwise", Model15, Registration{FFD: ffd.V120}, 470},
		{"470 | 15-month drives otherwise: lottery in 1.05", Model15, Registration{FFD: ffd.V105, Modes: uses(ffd.Lottery)}, 470},
		{"560 | 36-month drives in autonomous mode", Model36, Registration{TaxSystems: ffd.TaxUSNIncome, Modes: offline}, 560},
		{"560 | 36-month drives used for goods under the general tax system", Model36, Registration{TaxSystems: ffd.TaxOSN}, 560},
		{"1110 | 36-month drives otherwise: services", Model36, Registration{TaxSystems: ffd.TaxOSN, Modes: uses(ffd.ServicesOnly)}, 1110},
		{"1110 | 36-month drives otherwise: special tax regimes", Model36, Registration{TaxSystems: ffd.TaxUSNIncome | ffd.TaxPatent}, 1110},
	} {
		t.Run(c.row, func(t *testing.T) {
			require.Equal(t, c.want, c.model.termDays(&c.r))
			require.Equal(t, c.want, term(c.model, &c.r), "the model")
		})
	}
}

func TestChangeOfRegistration(t *testing.T) {
	b := newBench(t, ffd.V105, Model36, 250000)
	b.must(b.registration(), "2026-01-10 10:00")
	c := b.registration()
	c.Reasons = 1<<2 | 1<<3 | 1<<7
	d := b.must(c, "2026-01-11 10:00")
	require.EqualValues(t, 11, d.Form)
	require.Equal(t, []uint16{1056, 1002, 1001, 1109, 1110, 1108, 1062, 1101, 1101, 1013}, tags(t, d.TLV())[6:16])
	b.s.Registrations = 12
	require.ErrorIs(t, b.apply(c, "2026-01-11 10:00"), CodeMode)
	b = newBench(t, ffd.V120, Model36, 250000)
	b.must(b.registration(), "2026-01-10 10:00")
	b.v = ffd.V105
	c = b.registration()
	c.Reasons = 1 << 21
	require.ErrorIs(t, b.apply(c, "2026-01-11 10:00"), CodeMode, "the version of a drive is only raised")
}
