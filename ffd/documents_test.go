package ffd

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

// sample is one document with every field that its form and version have.
type sample struct {
	name string
	v    Version
	doc  []byte
	// again reads the document into the Go types and writes it.
	again func(doc []byte) ([]byte, error)
}

func documentHead(v Version, form Form) Head {
	return Head{Version: v, Form: form, Drive: Pad[[16]byte]("9999078900005430"), RegNumber: Pad[[20]byte]("0000000004030311"),
		INN: Pad[[12]byte]("7708806062"), Number: 9, Time: 1780317060, Sign: 12345678}
}

func sampleTotals() *Totals {
	t := &Totals{}
	for op := Income; op <= ExpenseReturn; op++ {
		n := uint64(op)
		t.Add(FormReceipt, op, Payments{Cash: 100 * n, Cashless: 200 * n, Prepaid: 3, Credit: 4, Provision: 5}, &VATTotals{VAT20: 20 * n, VATNone: 7})
		t.Add(FormCorrection, op, Payments{Cash: 10 * n}, nil)
	}
	return t
}

type registerPart interface {
	Append(b []byte, v Version) ([]byte, error)
}

func wholeDocument(v Version, form Form, head func([]byte) []byte, register registerPart) ([]byte, error) {
	b, at := tlv.Begin(nil, uint16(form))
	b = head(b)
	b, err := register.Append(b, v)
	if err != nil {
		return nil, err
	}
	return b, tlv.End(b, at)
}

// samples are all forms in all versions that have them.
func samples(t testing.TB) []sample {
	x := tlv.MustText
	var out []sample
	add := func(v Version, form Form, again func([]byte) ([]byte, error), doc []byte, err error) {
		require.NoError(t, err)
		out = append(out, sample{fmt.Sprintf("%v-form%d", v, form), v, doc, again})
	}
	for _, v := range []Version{V105, V110, V120} {
		since := uint32(1780272000)
		var attribute tlv.Text
		var data []byte
		if v >= V120 {
			attribute, data = x("реквизит"), []byte{1, 2, 3}
		}
		for _, form := range []Form{FormRegistration, FormReregistration} {
			modes := Modes{Automatic: true, Conditions: PrinterInAutomat | ExciseGoods | InternetOnly | Lottery | Gambling | ServicesOnly}
			h := RegistrationHead{Head: documentHead(v, form), DriveMax: V120, OFDINN: Pad[[12]byte]("7704358518"), TaxSystems: TaxOSN | TaxPatent,
				Modes: modes, DaysLeft: 470}
			if form == FormReregistration {
				h.Reasons = 1<<1 | 1<<2
				h.Totals = sampleTotals()
			}
			r := Registration{Serial: x("00000000000000000001"), UserName: x("ООО Ромашка"), Address: x("Москва"), Place: x("Касса 1"), OFDName: x("ОФД"),
				OFDINN: x("7704358518"), FNSSite: x("www.nalog.gov.ru"), SenderEmail: x("a@example.com"), Cashier: x("Иванова"),
				CashierINN: x("500100732259"), AutomatNumber: x("17"), KKTVersion: x("1.0"), KKTMaxFFD: V120, Agent: 1, Modes: modes,
				Attribute: attribute, Data: data}
			doc, err := wholeDocument(v, form, h.Append, &r)
			add(v, form, againRegistration, doc, err)
		}
		opening := ShiftOpeningHead{Head: documentHead(v, FormShiftOpening), Shift: 3, Message: 2,
			Warnings: Warnings{Exhausted: true, Replace: true, MemoryFull: true, OFDTimeout: true}}
		doc, err := wholeDocument(v, FormShiftOpening, opening.Append, &ShiftReport{Form: FormShiftOpening, Cashier: x("Иванова"), CashierINN: x("500100732259"),
			KKTVersion: x("1.0"), KKTMaxFFD: V120, Attribute: attribute, Data: data})
		add(v, FormShiftOpening, againShiftOpening, doc, err)

		closing := ShiftClosingHead{Head: documentHead(v, FormShiftClosing), Shift: 3, Receipts: 8, Documents: 10, Unsent: 2, UnsentSince: since,
			Marking: true, Warnings: opening.Warnings, Message: 2, UnsentNotices: 1, BadCodes: 1, BadExchange: 2,
			Totals: sampleTotals(), DriveTotals: sampleTotals(), DaysLeft: 400}
		doc, err = wholeDocument(v, FormShiftClosing, closing.Append, &ShiftReport{Form: FormShiftClosing, Cashier: x("Иванова"), CashierINN: x("500100732259"),
			Attribute: attribute, Data: data})
		add(v, FormShiftClosing, againShiftClosing, doc, err)

		state := SettlementStateHead{Head: documentHead(v, FormSettlementState), Shift: 3, FirstUnsent: 7, Unsent: 2, UnsentSince: since,
			Marking: true, UnsentNotices: 1, DaysLeft: 400, Totals: sampleTotals(), UnsentTotals: &sampleTotals().Corrections}
		doc, err = wholeDocument(v, FormSettlementState, state.Append, &SettlementState{Attribute: attribute, Data: data})
		add(v, FormSettlementState, againSettlementState, doc, err)

		end := DriveClosingHead{Head: documentHead(v, FormDriveClosing), Shift: 3, Totals: sampleTotals()}
		doc, err = wholeDocument(v, FormDriveClosing, end.Append, &DriveClosing{UserName: x("ООО Ромашка"), Address: x("Москва"), Place: x("Касса 1"),
			Cashier: x("Иванова"), CashierINN: x("500100732259"), Attribute: attribute, Data: data})
		add(v, FormDriveClosing, againDriveClosing, doc, err)

		for _, form := range []Form{FormReceipt, FormBSO, FormCorrection, FormBSOCorrection} {
			r := fullReceipt()
			r.Form, r.UserName, r.FNSSite = form, x("ООО Ромашка"), x("www.nalog.gov.ru")
			if form == FormCorrection || form == FormBSOCorrection {
				r.Correction = &Correction{ByOrder: true, Date: 1748736000, Number: x("12-3/45")}
			}
			h := ReceiptHead{Head: documentHead(v, form), Shift: 3, Receipt: 2, Operation: r.Operation, Total: r.Payments.Total()}
			doc, err = wholeDocument(v, form, h.Append, r)
			add(v, form, againReceipt, doc, err)
		}
	}
	c := Confirmation{OFDINN: Pad[[12]byte]("7704358518"), Sign: []byte{0x88, 6, 1, 2, 3, 4, 5, 6}, Drive: Pad[[16]byte]("9999078900005430"),
		Number: 7, Time: 1780317061, Code: 14, Message: 2}
	add(V120, FormConfirmation, againConfirmation, c.Append(nil), nil)
	return append(out, markingSamples(t)...)
}

func markingSamples(t testing.TB) []sample {
	x := tlv.MustText
	full := fullReceipt()
	kilo := tlv.Decimal{Mantissa: 1250, Scale: 3}
	item := MarkedItem{Code: x("0104606419014681215Rbbl1\x1d93abcd"), CodeType: 2, ProductID: x("04606419014681"), ControlCode: x("abcd"), AssignedStatus: 1,
		CheckResult: 15, Quantity: kilo, Measure: 11, Fraction: &Fraction{1, 4}, Method: FullSettlement, Name: x("Молоко"), SupplierINN: x("7708806062"),
		Agent: 64, AgentData: &AgentData{Operation: x("Перевод"), PaymentAgentPhones: []tlv.Text{x("+79990000003")}},
		Supplier: full.Items[0].Supplier, Price: 10000, Amount: 12500, VAT: VAT10, VATSum: 1136, Industry: full.Industry}
	short := MarkedItem{Code: x("short"), ControlCode: x("efgh"), ProductID: x("id"), Method: FullSettlement, Name: x("Сыр"), Price: 1, Amount: 1, VAT: VATNone}
	request := MarkingRequest{Number: 1, INN: Pad[[12]byte]("7708806062"), Time: 1780317060, Drive: Pad[[16]byte]("9999078900005430"), LocalCheck: 3,
		PlannedStatus: 2, Quantity: kilo, Measure: 11, Fraction: &Fraction{1, 4}, CodeType: 2, Code: item.Code}
	notice := MarkingNotice{Number: 2, Time: 1780317060, Drive: request.Drive, INN: x("7708806062"), BuyerINN: x("7707083893"), Address: x("Москва"),
		TaxSystem: TaxOSN, Operation: Income, Kind: 1, Items: []MarkedItem{item, short}, Industry: full.Industry, UserAttribute: full.UserAttribute,
		TimeZone: 2, Receipt: 9, InternetSettlement: true}
	answer := MarkingAnswer{Number: 1, Time: 1780317060, CodeType: 2, Status: 1, ProductID: x("04606419014681"), Result: 15}
	ack := MarkingNoticeAck{Number: 2, Time: 1780317062, Result: 1}
	var out []sample
	for _, d := range []struct {
		form  Form
		doc   interface{ Append([]byte) ([]byte, error) }
		again func([]byte) ([]byte, error)
	}{
		{FormMarkingRequest, &request, func(b []byte) ([]byte, error) { d, err := ParseMarkingRequest(b); return written(&d, err) }},
		{FormMarkingNotice, &notice, func(b []byte) ([]byte, error) { d, err := ParseMarkingNotice(b); return written(&d, err) }},
		{FormMarkingAnswer, &answer, func(b []byte) ([]byte, error) { d, err := ParseMarkingAnswer(b); return written(&d, err) }},
		{FormMarkingNoticeAck, &ack, func(b []byte) ([]byte, error) { d, err := ParseMarkingNoticeAck(b); return written(&d, err) }},
	} {
		b, err := d.doc.Append(nil)
		require.NoError(t, err)
		out = append(out, sample{fmt.Sprintf("1.2-form%d", d.form), V120, b, d.again})
	}
	return out
}

func written(d interface{ Append([]byte) ([]byte, error) }, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return d.Append(nil)
}

func rejoined(h *Head, head func([]byte) []byte, register registerPart, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return wholeDocument(h.Version, h.Form, head, register)
}

func againReceipt(doc []byte) ([]byte, error) {
	h, r, err := ParseReceipt(doc)
	return rejoined(&h.Head, h.Append, &r, err)
}

func againRegistration(doc []byte) ([]byte, error) {
	h, r, err := ParseRegistration(doc)
	return rejoined(&h.Head, h.Append, &r, err)
}

func againShiftOpening(doc []byte) ([]byte, error) {
	h, r, err := ParseShiftOpening(doc)
	return rejoined(&h.Head, h.Append, &r, err)
}

func againShiftClosing(doc []byte) ([]byte, error) {
	h, r, err := ParseShiftClosing(doc)
	return rejoined(&h.Head, h.Append, &r, err)
}

func againSettlementState(doc []byte) ([]byte, error) {
	h, r, err := ParseSettlementState(doc)
	return rejoined(&h.Head, h.Append, &r, err)
}

func againDriveClosing(doc []byte) ([]byte, error) {
	h, r, err := ParseDriveClosing(doc)
	return rejoined(&h.Head, h.Append, &r, err)
}

func againConfirmation(doc []byte) ([]byte, error) {
	c, err := ParseConfirmation(doc)
	return c.Append(nil), err
}

// TestDocumentsFollowTheTable proves for every form and version that order,
// membership and versions are those of documents.csv, that nothing of the table
// is left out when every field is set, that the check finds no error, and that
// reading and writing gives the same bytes.
func TestDocumentsFollowTheTable(t *testing.T) {
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			golden(t, "doc-"+s.name+".hex", append(hex.AppendEncode(nil, s.doc), '\n'))
			golden(t, "doc-"+s.name+".tree", Decode(s.doc, s.v).AppendText(nil, 0))
			for _, f := range Check(s.doc) {
				require.NotEqual(t, Error, f.Severity, f.String())
			}
			outer := tlv.NewReader(s.doc, 0)
			require.True(t, outer.Next())
			walkPlaces(t, s.v, outer.Item(), true)
			b, err := s.again(s.doc)
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(s.doc), hex.EncodeToString(b))
		})
	}
}

// conditionalAbsence names tags of the table that the samples cannot have beside
// the others.
func conditionalAbsence(parent uint16, tag uint16) bool {
	switch parent {
	case uint16(FormSettlementState):
		return tag == TagOfflineMode // excludes 1116 and its like
	case TagProductCodeStructured:
		return true // one of sixteen
	case TagMarkedItem, TagAgentData, TagItem, TagBuyerInfo:
		return true // the samples hold short ones too
	}
	return false
}

// walkPlaces compares the tags of a structure with its places, in order.
// With complete every place must be filled.
func walkPlaces(t *testing.T, v Version, it tlv.Item, complete bool) {
	places := slices.DeleteFunc(slices.Clone(Places(it.Tag)), func(p Place) bool { return !p.Versions.Has(v) })
	at := -1
	in := it.Children()
	for in.Next() {
		x := in.Item()
		next := slices.IndexFunc(places, func(p Place) bool { return p.Tag == x.Tag })
		require.GreaterOrEqual(t, next, 0, "%v: %d has no place in %d", v, x.Tag, it.Tag)
		require.GreaterOrEqual(t, next, at, "%v: %d in %d stands too late", v, x.Tag, it.Tag)
		if next == at {
			require.True(t, slices.ContainsFunc(Rows(it.Tag), func(r Row) bool { return r.Tag == x.Tag && r.Repeat }), "%v: %d twice in %d", v, x.Tag, it.Tag)
		}
		for _, missing := range places[min(at+1, next):next] {
			require.True(t, !complete || conditionalAbsence(it.Tag, missing.Tag), "%v: %d is not written in %d", v, missing.Tag, it.Tag)
		}
		at = next
		if e, ok := Lookup(x.Tag, v, it.Tag); ok && e.Type == STLV {
			walkPlaces(t, v, x, complete)
		}
	}
	require.NoError(t, in.Err())
	for _, missing := range places[at+1:] {
		require.True(t, !complete || conditionalAbsence(it.Tag, missing.Tag), "%v: %d is not written in %d", v, missing.Tag, it.Tag)
	}
}

// TestReceiptsWithHoles leaves out each field of a full receipt and of an item in
// turn: order and reading back do not depend on what is there.
func TestReceiptsWithHoles(t *testing.T) {
	for v := V105; v <= V120; v++ {
		receipt := reflect.TypeFor[Receipt]()
		item := reflect.TypeFor[Item]()
		for i := range receipt.NumField() + item.NumField() {
			r := fullReceipt()
			r.Form = FormCorrection
			r.Correction = &Correction{Date: 1748736000}
			name := ""
			if i < receipt.NumField() {
				name = receipt.Field(i).Name
				reflect.ValueOf(r).Elem().Field(i).SetZero()
			} else {
				name = item.Field(i - receipt.NumField()).Name
				reflect.ValueOf(&r.Items[0]).Elem().Field(i - receipt.NumField()).SetZero()
			}
			h := ReceiptHead{Head: documentHead(v, FormCorrection), Shift: 3, Receipt: 2, Operation: Income}
			doc, err := wholeDocument(v, FormCorrection, h.Append, r)
			require.NoError(t, err, name)
			outer := tlv.NewReader(doc, 0)
			require.True(t, outer.Next())
			walkPlaces(t, v, outer.Item(), false)
			again, err := againReceipt(doc)
			require.NoError(t, err, name)
			require.Equal(t, hex.EncodeToString(doc), hex.EncodeToString(again), name)
		}
	}
}

// TestOfflineDocuments holds what a register in autonomous mode leaves out.
func TestOfflineDocuments(t *testing.T) {
	x := tlv.MustText
	for v := V105; v <= V120; v++ {
		modes := Modes{Offline: true}
		registration := RegistrationHead{Head: documentHead(v, FormRegistration), DriveMax: V120, TaxSystems: TaxOSN, Modes: modes, DaysLeft: 470}
		opening := ShiftOpeningHead{Head: documentHead(v, FormShiftOpening), Shift: 1}
		closing := ShiftClosingHead{Head: documentHead(v, FormShiftClosing), Shift: 1, Receipts: 1, Documents: 3, Offline: true,
			Totals: sampleTotals(), DriveTotals: sampleTotals(), DaysLeft: 400}
		state := SettlementStateHead{Head: documentHead(v, FormSettlementState), Offline: true, DaysLeft: 400, Totals: sampleTotals()}
		for _, d := range []struct {
			form     Form
			head     func([]byte) []byte
			register registerPart
		}{
			{FormRegistration, registration.Append, &Registration{Serial: x("00000000000000000001"), UserName: x("ООО Ромашка"), Address: x("Москва"),
				Place: x("Касса 1"), OFDName: x("ОФД"), OFDINN: x("7704358518"), Cashier: x("Иванова"), KKTVersion: x("1.0"), KKTMaxFFD: V120, Modes: modes}},
			{FormShiftOpening, opening.Append, &ShiftReport{Form: FormShiftOpening, KKTVersion: x("1.0"), KKTMaxFFD: V120}},
			{FormShiftClosing, closing.Append, &ShiftReport{Form: FormShiftClosing}},
			{FormSettlementState, state.Append, &SettlementState{}},
		} {
			doc, err := wholeDocument(v, d.form, d.head, d.register)
			require.NoError(t, err)
			for _, f := range Check(doc) {
				require.NotEqual(t, Error, f.Severity, "%v form %d: %v", v, d.form, f)
			}
			for _, tag := range []uint16{TagOFDINN, TagOFDName, TagFirstUnsentFDNumber, TagUnsentFDCount, TagFirstUnsentFDDate, TagUnsentTotals,
				TagUnsentNotificationCount, TagOperatorMessage} {
				require.False(t, holds(doc, tag), "%v form %d: %d", v, d.form, tag)
			}
			outer := tlv.NewReader(doc, 0)
			require.True(t, outer.Next())
			walkPlaces(t, v, outer.Item(), false)
			again, err := againAny(doc)
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(doc), hex.EncodeToString(again))
		}
	}
}

// TestDriveDocumentsComeBack reads the golden documents of the drive: one a line,
// form and container in hexadecimal.
func TestDriveDocumentsComeBack(t *testing.T) {
	const containerHeader = 32 // spec/ofd-protocol.md
	for v := V105; v <= V120; v++ {
		text, err := os.ReadFile(filepath.Join("..", "fn", "testdata", fmt.Sprintf("documents-%v.hex", v)))
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			_, box, _ := strings.Cut(strings.TrimSpace(line), " ")
			b, err := hex.DecodeString(box)
			require.NoError(t, err)
			r := tlv.NewReader(b[containerHeader:], 0)
			require.True(t, r.Next())
			doc := b[containerHeader : len(b)-len(r.Rest())]
			again, err := againAny(doc)
			require.NoError(t, err, "%v, form %d", v, r.Item().Tag)
			require.Equal(t, hex.EncodeToString(doc), hex.EncodeToString(again))
		}
	}
}

func TestReportsAllocateNothing(t *testing.T) {
	head := ShiftClosingHead{Head: documentHead(V120, FormShiftClosing), Totals: sampleTotals(), DriveTotals: sampleTotals()}
	report := ShiftReport{Form: FormShiftClosing, Cashier: tlv.MustText("Иванова"), CashierINN: tlv.MustText("500100732259")}
	notice := MarkingNotice{Items: []MarkedItem{{Name: tlv.MustText("Сыр"), AgentData: &AgentData{Operation: tlv.MustText("Перевод")}}}}
	buf := make([]byte, 0, 4096)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := head.Append(buf)
		if _, err := report.Append(b, V120); err != nil {
			t.Fatal(err)
		}
		if _, err := notice.Append(buf); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestPlaces(t *testing.T) {
	for _, p := range places {
		found := slices.ContainsFunc(Rows(p.Parent), func(r Row) bool {
			for v := V105; v <= V120; v++ {
				if p.Versions.Has(v) && r.In(v) == 0 {
					return false
				}
			}
			return r.Tag == p.Tag
		})
		require.True(t, found, p)
	}
	require.Equal(t, DrivePart, Places(6)[0].Part)
	require.Equal(t, TagFFDVersion, Places(6)[len(Places(6))-1].Tag)
	require.Empty(t, Places(1067))
}

func TestReadersRefuse(t *testing.T) {
	byName := map[string]sample{}
	for _, s := range samples(t) {
		byName[s.name] = s
	}
	with := func(name string, extra ...byte) []byte {
		doc := slices.Clone(byName[name].doc)
		doc = append(doc, extra...)
		n := len(doc) - tlv.HeaderLen
		doc[2], doc[3] = byte(n), byte(n>>8)
		return doc
	}
	replaced := func(name string, tag uint16, value byte) []byte {
		doc := slices.Clone(byName[name].doc)
		it, ok := tlv.Find(doc[tlv.HeaderLen:], tag)
		require.True(t, ok)
		doc[tlv.HeaderLen+it.Offset+tlv.HeaderLen] = value
		return doc
	}
	for _, c := range []struct {
		name, path, rule string
		doc              []byte
	}{
		{"a tag that no dictionary has", "3/666", "tag 666 (not in the dictionary)", with("1.2-form3", 0x9A, 2, 1, 0, 1)},
		{"a tag of another form", "3/1118", "tag 1118 (ReceiptCountInShift)", with("1.2-form3", tlv.AppendUint32(nil, TagReceiptCountInShift, 1)...)},
		{"a tag of another version", "3/2107", "no place here in FFD 1.05", with("1.05-form3", tlv.AppendByte(nil, TagMarkedCheckResult, 0)...)},
		{"a tag twice", "6/1048", "repeats", with("1.2-form6", tlv.AppendBytes(nil, TagUserName, []byte("x"))...)},
		{"a tag inside an item", "3/1059[13]/1020", "tag 1020 (TotalSum)", with("1.2-form3", append([]byte{0x23, 4, 5, 0}, tlv.AppendVLN(nil, TagTotalSum, 1)...)...)},
		{"a flag", "1/1002", "2, want 0 or 1", replaced("1.2-form1", TagOfflineMode, 2)},
		{"a reason of 1.05", "11/1101", "want 1 to 4", replaced("1.05-form11", TagReregistrationReasonCode, 9)},
		{"a long number", "84/2111", "no number", append([]byte{84, 0, 6, 0}, tlv.AppendUint16(nil, TagNotificationProcessingCode, 257)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := readAny(c.doc)
			var fe *FieldError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, c.path, fe.Path)
			require.Contains(t, fe.Rule, c.rule)
		})
	}
	t.Run("a sum of counters", func(t *testing.T) {
		doc := slices.Clone(byName["1.2-form6"].doc)
		it, ok := tlv.Find(doc[tlv.HeaderLen:], TagFNTotals)
		require.True(t, ok)
		it.Value[tlv.HeaderLen]++
		require.ErrorContains(t, readAny(doc), "6/1157/1134: 9, the counters make 8")
	})
	for name, doc := range map[string][]byte{"nothing": nil, "half": byName["1.2-form3"].doc[:40], "another form": byName["1.2-form5"].doc,
		"a rest": append(slices.Clone(byName["1.2-form3"].doc), 0), "FFD 1.0": {3, 0, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			_, _, err := ParseReceipt(doc)
			require.ErrorIs(t, err, ErrDocument)
		})
	}
}

// readAny reads a document with the reader of its form.
func readAny(doc []byte) error {
	_, err := againAny(doc)
	return err
}

var errNoReader = errors.New("no reader for the form")

func againAny(doc []byte) ([]byte, error) {
	if len(doc) < 2 {
		return nil, errNoReader
	}
	switch Form(uint16(doc[0]) | uint16(doc[1])<<8) {
	case FormReceipt, FormBSO, FormCorrection, FormBSOCorrection:
		return againReceipt(doc)
	case FormRegistration, FormReregistration:
		return againRegistration(doc)
	case FormShiftOpening:
		return againShiftOpening(doc)
	case FormShiftClosing:
		return againShiftClosing(doc)
	case FormSettlementState:
		return againSettlementState(doc)
	case FormDriveClosing:
		return againDriveClosing(doc)
	case FormMarkingRequest:
		d, err := ParseMarkingRequest(doc)
		return written(&d, err)
	case FormMarkingNotice:
		d, err := ParseMarkingNotice(doc)
		return written(&d, err)
	case FormMarkingAnswer:
		d, err := ParseMarkingAnswer(doc)
		return written(&d, err)
	case FormMarkingNoticeAck:
		d, err := ParseMarkingNoticeAck(doc)
		return written(&d, err)
	}
	return nil, errNoReader
}

// FuzzReaders holds that no bytes break a reader and that what it writes is read
// to the same bytes again.
func FuzzReaders(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		b, err := againAny(doc)
		if err != nil {
			return
		}
		again, err := againAny(b)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func TestMarkingDocumentsRefuse(t *testing.T) {
	long := tlv.RawText(make([]byte, 300))
	for _, c := range []struct {
		name, path string
		doc        interface{ Append([]byte) ([]byte, error) }
	}{
		{"code", "2000", &MarkingRequest{Code: long}},
		{"code of an item", "2007[1]/2000", &MarkingNotice{Items: []MarkedItem{{}, {Code: long}}}},
		{"phone of an agent", "2007[0]/1223/1075", &MarkingNotice{Items: []MarkedItem{{AgentData: &AgentData{TransferOperatorPhones: []tlv.Text{long}}}}}},
		{"a whole item", "2007[0]/2007", &MarkingNotice{Items: []MarkedItem{{Code: long.Cut(256), Name: long.Cut(128), AgentData: &AgentData{TransferOperatorAddr: long.Cut(256)}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.doc.Append([]byte("x"))
			var fe *FieldError
			require.ErrorAs(t, err, &fe)
			require.Equal(t, c.path, fe.Path)
			require.Equal(t, "x", string(b))
		})
	}
}

func BenchmarkParseReceipt(b *testing.B) {
	var a tlv.Arena
	doc, err := appendSample(nil, sampleHead(), sampleReceipt(b, &a))
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		_, _, _ = ParseReceipt(doc)
	}
}
