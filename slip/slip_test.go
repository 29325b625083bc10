package slip

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/tlv"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	driveNumber = ffd.Pad[[16]byte]("9999078900005430")
	operator    = ffd.Pad[[12]byte](fn.TestOFDINN)

	inForce = Registration{UserName: `ООО "Ромашка"`, INN: "7708806062", Address: "109012, г. Москва, ул. Никольская, д. 10",
		Place: "www.example.com", RegNumber: "0000000004030311", Serial: "00000000000000000001", SenderEmail: "a@example.com",
		FNSSite: "www.nalog.gov.ru", OFDName: "Тестовый ОФД"}
)

// bench is a drive and what a register tells it.
type bench struct {
	t   testing.TB
	m   *fn.Machine
	s   fn.State
	out fn.Output
	now time.Time
	v   ffd.Version

	archive [][]byte // containers, from document 1
}

// Documents implements fn.DocumentReader; nothing has a ticket.
func (b *bench) Documents(from uint32, _ int, f func(uint32, []byte, []byte) error) error {
	for i := int(from) - 1; i < len(b.archive); i++ {
		if err := f(uint32(i+1), b.archive[i], nil); err != nil {
			return err
		}
	}
	return nil
}

func newBench(t testing.TB, v ffd.Version) *bench {
	return &bench{t: t, m: fn.NewMachine([]byte(fn.DefaultMaster), driveNumber), v: v, now: time.Date(2026, 1, 10, 10, 0, 0, 0, time.UTC),
		s: fn.Blank(driveNumber, fn.Model36, ffd.V120, 250_000)}
}

// apply returns the TLV of the document that the command made.
func (b *bench) apply(c fn.Command) []byte {
	b.t.Helper()
	b.out.Reset()
	require.NoError(b.t, b.m.Apply(&b.s, c, fn.Time(b.now.Unix()), &b.out))
	b.now = b.now.Add(time.Minute)
	for _, d := range b.out.Documents {
		b.archive = append(b.archive, append([]byte(nil), d.Container...))
	}
	return b.out.Documents[len(b.out.Documents)-1].TLV()
}

func (b *bench) register(reasons uint32) []byte {
	r := ffd.Registration{Serial: tlv.MustText(inForce.Serial), UserName: tlv.MustText(inForce.UserName), Address: tlv.MustText(inForce.Address),
		Place: tlv.MustText(inForce.Place), OFDName: tlv.MustText(inForce.OFDName), OFDINN: tlv.MustText(fn.TestOFDINN),
		FNSSite: tlv.MustText(inForce.FNSSite), SenderEmail: tlv.MustText(inForce.SenderEmail), Cashier: tlv.MustText("Администратор"),
		KKTVersion: tlv.MustText("1.0"), KKTMaxFFD: ffd.V120, Modes: ffd.Modes{Conditions: ffd.ExciseGoods | ffd.MarkedGoods}}
	data, err := r.Append(nil, b.v)
	require.NoError(b.t, err)
	return b.apply(&fn.Register{Data: data, Reasons: reasons, Registration: fn.Registration{FFD: b.v, RegNumber: ffd.Pad[[20]byte](inForce.RegNumber),
		INN: ffd.Pad[[12]byte](inForce.INN), OFDINN: operator, TaxSystems: ffd.TaxOSN | ffd.TaxUSNProfit, Modes: r.Modes}})
}

func (b *bench) shift(form ffd.Form) []byte {
	data, err := (&ffd.ShiftReport{Form: form, Cashier: tlv.MustText("Иванова А. П."), KKTVersion: tlv.MustText("1.0"), KKTMaxFFD: ffd.V120}).Append(nil, b.v)
	require.NoError(b.t, err)
	if form == ffd.FormShiftOpening {
		return b.apply(&fn.OpenShift{Data: data})
	}
	return b.apply(&fn.CloseShift{Data: data})
}

func (b *bench) receipt(r ffd.Receipt) []byte {
	r.TaxSystem, r.Cashier = ffd.TaxOSN, tlv.MustText("Иванова А. П.")
	r.Place, r.Address = tlv.MustText(inForce.Place), tlv.MustText(inForce.Address)
	r.SumVAT()
	data, err := r.Append(nil, b.v)
	require.NoError(b.t, err)
	return b.apply(&fn.Receipt{Form: r.Form, Operation: r.Operation, Total: r.Payments.Total(), Data: data})
}

func item(name string, price, amount uint64, quantity tlv.Decimal, vat ffd.VATRate) ffd.Item {
	return ffd.Item{Name: tlv.MustText(name), Price: price, Quantity: quantity, Amount: amount, VAT: vat, Type: ffd.Goods, Method: ffd.FullSettlement}
}

func one(name string, price uint64, vat ffd.VATRate) ffd.Item {
	return item(name, price, price, tlv.Decimal{Mantissa: 1}, vat)
}

func simple(form ffd.Form, op ffd.Operation) ffd.Receipt {
	return ffd.Receipt{Form: form, Operation: op, Payments: ffd.Payments{Cashless: 10000}, Items: []ffd.Item{one("Чайник", 10000, ffd.VAT20)}}
}

// rich has one of everything that is printed.
func rich() ffd.Receipt {
	phone := []tlv.Text{tlv.MustText("+79161234567"), tlv.MustText("+74951234567")}
	marked := one("Кроссовки женские, размер 38, цвет белый, с очень длинным наименованием", 549990, ffd.VAT22)
	marked.Marking, _ = ffd.ParseProductCode("010460780959133121e/Q=ujW1aIy;\x1d91EE06\x1d92"+strings.Repeat("A", 43)+"=", "")
	weighed := item("Арбуз", 3499, 26050, tlv.Decimal{Mantissa: 7445, Scale: 3}, ffd.VAT10)
	weighed.Measure, weighed.Unit = 11, tlv.MustText("кг")
	weighed.Country, weighed.Declaration = tlv.MustText("643"), tlv.MustText("10702030/180322/0012345")
	agent := one("Услуга перевозки", 100000, ffd.VATNone)
	agent.Type, agent.Method, agent.Agent = 4, 3, 64
	agent.AgentData = &ffd.AgentData{Operation: tlv.MustText("Перевод"), PaymentAgentPhones: phone}
	agent.Supplier = &ffd.Supplier{Phones: phone[:1], Name: tlv.MustText(`ООО "Перевозчик и партнеры"`)}
	agent.SupplierINN, agent.Attribute = tlv.MustText("7707083893"), tlv.MustText("рейс 42")
	return ffd.Receipt{Form: ffd.FormReceipt, Operation: ffd.Income, Contact: tlv.MustText("buyer@example.com"), SenderEmail: tlv.MustText("a@example.com"),
		Attribute: tlv.MustText("A-1"), UserAttribute: &ffd.UserAttribute{Name: tlv.MustText("Заказ"), Value: tlv.MustText("№ 17")},
		Buyer:    &ffd.Buyer{Name: tlv.MustText("Петров Петр"), INN: tlv.MustText("500100732259")},
		Items:    []ffd.Item{marked, weighed, agent, one("Книга", 1, ffd.VAT0)},
		Payments: ffd.Payments{Cash: 50, Cashless: 575991, Prepaid: 99000, Credit: 900, Provision: 100}}
}

func (b *bench) ticket() []byte {
	box, err := fn.NewOperatorSigner([]byte(fn.DefaultMaster), operator).Container(nil, &ffd.Confirmation{OFDINN: operator, Drive: driveNumber,
		Number: 1, Time: uint32(b.now.Unix()) + 7, Code: ffd.OFDFormatRefused, Message: 2})
	require.NoError(b.t, err)
	c, err := ofdproto.ParseContainer(box)
	require.NoError(b.t, err)
	return c.Document
}

// day makes the documents of a day by name.
func day(t testing.TB, v ffd.Version) map[string][]byte {
	correction := simple(ffd.FormCorrection, ffd.Expense)
	correction.Correction = &ffd.Correction{ByOrder: true, Date: uint32(time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC).Unix()), Number: tlv.MustText("12-34")}
	bsoCorrection := correction
	bsoCorrection.Form = ffd.FormBSOCorrection
	b := newBench(t, v)
	docs := map[string][]byte{"01": append([]byte(nil), b.register(0)...)}
	for _, d := range []struct {
		name string
		make func() []byte
	}{
		{"02", func() []byte { return b.shift(ffd.FormShiftOpening) }},
		{"03", func() []byte { return b.receipt(simple(ffd.FormReceipt, ffd.IncomeReturn)) }},
		{"03-rich", func() []byte { return b.receipt(rich()) }},
		{"04", func() []byte { return b.receipt(simple(ffd.FormBSO, ffd.Income)) }},
		{"31", func() []byte { return b.receipt(correction) }},
		{"41", func() []byte { return b.receipt(bsoCorrection) }},
		{"05", func() []byte {
			b.now = b.now.Add(50 * time.Hour) // documents are unsent for two days
			return b.shift(ffd.FormShiftClosing)
		}},
		{"11", func() []byte { return b.register(1<<3 | 1<<7) }},
		{"21", func() []byte {
			data, err := (&ffd.SettlementState{}).Append(nil, b.v)
			require.NoError(b.t, err)
			return b.apply(&fn.SettlementState{Data: data, Documents: b})
		}},
		{"06", func() []byte {
			data, err := (&ffd.DriveClosing{Cashier: tlv.MustText("Иванова А. П.")}).Append(nil, b.v)
			require.NoError(b.t, err)
			return b.apply(&fn.CloseDrive{Data: data})
		}},
		{"07", func() []byte { return b.ticket() }},
	} {
		docs[d.name] = append([]byte(nil), d.make()...)
	}
	return docs
}

func TestGolden(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		for name, doc := range day(t, v) {
			t.Run(v.String()+"/"+name, func(t *testing.T) {
				in := Input{Document: doc, Registration: inForce}
				if name == "03-rich" {
					in.Lines = []string{"Спасибо за покупку!", "Ждем вас снова в нашем магазине на Никольской улице"}
					in.ItemLines = map[int]string{0: "Гарантия 12 месяцев"}
				}
				got, err := Text(nil, in)
				require.NoError(t, err)
				path := filepath.Join("testdata", v.String()+"-"+name+".txt")
				if *update {
					require.NoError(t, os.MkdirAll("testdata", 0o755))
					require.NoError(t, os.WriteFile(path, got, 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got))
			})
		}
	}
}

// requireFits checks what holds for every slip.
func requireFits(t *testing.T, text string, width int) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		require.Equal(t, strings.TrimRight(l, " "), l)
		if !strings.HasPrefix(l, "t=") {
			require.LessOrEqual(t, utf8.RuneCountInString(l), width, "%q", l)
		}
	}
	require.Equal(t, 2, strings.Count(strings.Join(strings.Fields(text), " "), testMark))
}

func TestWidths(t *testing.T) {
	docs := day(t, ffd.V120)
	for _, width := range []int{MinWidth, 32, 48, 80, MaxWidth} {
		for name, doc := range docs {
			got, err := Text(nil, Input{Document: doc, Registration: inForce, Width: width, Lines: []string{strings.Repeat("ы", 300)}})
			require.NoError(t, err, name)
			requireFits(t, string(got), width)
		}
	}
	for _, width := range []int{-1, 1, MinWidth - 1, MaxWidth + 1} {
		got, err := Text([]byte("kept"), Input{Document: docs["01"], Width: width})
		require.ErrorIs(t, err, ErrWidth)
		require.Equal(t, "kept", string(got))
	}
}

func TestRefused(t *testing.T) {
	doc := day(t, ffd.V120)["03"]
	for _, c := range []struct {
		name, message string
		doc           []byte
	}{
		{"nothing", "0 bytes", nil},
		{"cut short", "offset 0x0", doc[:len(doc)-1]},
		{"bytes behind", "offset", append(append([]byte(nil), doc...), 1)},
		{"two documents", "list", append(append([]byte(nil), doc...), doc...)},
		{"no document", "String", tlv.AppendText(nil, ffd.TagItemName, tlv.MustText("Товар"))},
		{"form without a slip", "form 81", tlv.AppendHeader(nil, 81, 0)},
		{"sign of 5 bytes", "tag 1077", append(tlv.AppendHeader(nil, 3, 9), tlv.AppendBytes(nil, ffd.TagFiscalSign, make([]byte, 5))...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Text([]byte("kept"), Input{Document: c.doc})
			require.ErrorIs(t, err, ErrDocument)
			require.ErrorContains(t, err, c.message)
			require.Equal(t, "kept", string(got))
		})
	}
}

func TestDocumentWinsOverRegistration(t *testing.T) {
	doc := day(t, ffd.V120)["03"]
	got, err := Text(nil, Input{Document: doc, Registration: Registration{Address: "другой адрес", Serial: "77"}})
	require.NoError(t, err)
	require.NotContains(t, string(got), "другой")
	require.Contains(t, string(got), "ЗН ККТ                                  77\n")
	require.NotContains(t, string(got), "САЙТ", "what is known nowhere is not shown")
}

func TestTextsOfOthersSteerNothing(t *testing.T) {
	got, err := Text(nil, Input{Document: day(t, ffd.V120)["03"], Lines: []string{"a\x1b[31mb\u202ec\td\r\ne\x00"}})
	require.NoError(t, err)
	require.Contains(t, string(got), "a\ufffd[31mb\ufffdc d\ne\ufffd\n")
}

// TestReportsOfOthers shows reports that are not made as our drive makes them.
func TestReportsOfOthers(t *testing.T) {
	totals, at := tlv.Begin(nil, ffd.TagFNTotals)
	totals = tlv.AppendUint32(totals, ffd.TagTotalReceiptCount, 3)
	totals, sale := tlv.Begin(totals, ffd.TagSaleCounters)
	totals = tlv.AppendVLN(totals, ffd.TagCountersTotalSum, 12345)
	require.NoError(t, tlv.End(totals, sale))
	totals, expense := tlv.Begin(totals, ffd.TagPurchaseCounters)
	totals = tlv.AppendVLN(totals, ffd.TagCountersTotalSum, 0)
	require.NoError(t, tlv.End(totals, expense))
	require.NoError(t, tlv.End(totals, at))
	for _, c := range []struct {
		form ffd.Form
		want []string
	}{
		{ffd.FormSettlementState, []string{"ОТЧЕТ О ТЕКУЩЕМ СОСТОЯНИИ РАСЧЕТОВ", "ПЕРВЫЙ НЕПЕРЕДАННЫЙ ФД 7", "НЕПЕРЕДАННЫХ ФД 2", "ФД НЕ ПЕРЕДАНЫ С 10.01.2026"}},
		{ffd.FormDriveClosing, []string{"ОТЧЕТ О ЗАКРЫТИИ ФИСКАЛЬНОГО НАКОПИТЕЛЯ"}},
	} {
		doc, at := tlv.Begin(nil, uint16(c.form))
		doc = tlv.AppendByte(doc, ffd.TagFFDVersion, byte(ffd.V120))
		doc = tlv.AppendUint32(doc, ffd.TagShiftNumber, 5)
		doc = tlv.AppendUint32(doc, ffd.TagFirstUnsentFDNumber, 7)
		doc = tlv.AppendUint32(doc, ffd.TagUnsentFDCount, 2)
		doc = tlv.AppendUint32(doc, ffd.TagFirstUnsentFDDate, uint32(time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC).Unix()))
		doc = append(doc, totals...)
		require.NoError(t, tlv.End(doc, at))
		got, err := Text(nil, Input{Document: doc, Registration: inForce})
		require.NoError(t, err)
		requireFits(t, string(got), DefaultWidth)
		plain := strings.Join(strings.Fields(string(got)), " ")
		for _, want := range append(c.want, "СМЕНА № 5", "СЧЕТЧИКИ ИТОГОВ ФН ЧЕКОВ ВСЕГО 3 ПРИХОД ИТОГ 123.45 ---", "РН ККТ 0000000004030311") {
			require.Contains(t, plain, want)
		}
	}
}

func TestMarks(t *testing.T) {
	for result, want := range map[byte]string{0: "[M]", 1: "[M-]", 3: "[M]", 5: "[M-]", 7: "[M-]", 11: "[M+]", 15: "[M+]", 17: "[M-]", 19: "[M]"} {
		n := ffd.Decode(append(tlv.AppendHeader(nil, ffd.TagItem, 5), tlv.AppendByte(nil, ffd.TagItemCheckResult, result)...), ffd.V120)
		require.Equal(t, want, mark(n), result)
	}
	for kind, want := range map[string]string{"\x44\x4D123456x": "[M]", "\x52\x46x": "[M]", "\x45\x0D123456": "", "\x44": ""} {
		n := ffd.Decode(append(tlv.AppendHeader(nil, ffd.TagItem, 4+len(kind)), tlv.AppendBytes(nil, ffd.TagProductCode, []byte(kind))...), ffd.V105)
		require.Equal(t, want, mark(n))
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, text string
		width      int
		want       []string
	}{
		{"short", "раз два", 7, []string{"раз два"}},
		{"at a space", "раз два", 6, []string{"раз", "два"}},
		{"space just behind", "раз два", 3, []string{"раз", "два"}},
		{"long word", "абвгде ж", 4, []string{"абвг", "де ж"}},
		{"line breaks", "а\n\nб", 4, []string{"а", "", "б"}},
		{"nothing", "", 4, []string{""}},
		{"spaces", "      а", 3, []string{"", "а"}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, wrap(c.text, c.width)) })
	}
}

// TestRealReceipts shows receipts of devices of other makers.
func TestRealReceipts(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "shared", "vectors", "tlv", "*.json"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("no ../shared/vectors")
	}
	shown := 0
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var vector struct{ Kind, Hex string }
		if json.Unmarshal(raw, &vector) != nil || !strings.HasPrefix(vector.Kind, "document TLV") {
			continue
		}
		doc, err := hex.DecodeString(vector.Hex)
		require.NoError(t, err)
		if len(doc) >= tlv.HeaderLen { // some carry the sign behind the document
			doc = doc[:min(len(doc), tlv.HeaderLen+int(doc[2])+int(doc[3])<<8)]
		}
		got, err := Text(nil, Input{Document: doc})
		require.NoError(t, err, path)
		requireFits(t, string(got), DefaultWidth)
		require.Contains(t, string(got), "ФП  ")
		shown++
	}
	require.NotZero(t, shown)
}

func FuzzText(f *testing.F) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V120} {
		for _, doc := range day(f, v) {
			f.Add(doc, 42)
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte, width int) {
		in := Input{Document: doc, Registration: inForce, Width: MinWidth + max(width, -width, 0)%(MaxWidth-MinWidth+1)}
		got, err := Text(nil, in)
		if err != nil {
			require.ErrorIs(t, err, ErrDocument)
			return
		}
		require.True(t, utf8.Valid(got))
		for l := range strings.SplitSeq(string(got), "\n") {
			if !strings.HasPrefix(l, "t=") {
				require.LessOrEqual(t, utf8.RuneCountInString(l), in.Width, "%q", l)
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	doc := day(b, ffd.V120)["03"]
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = Text(buf[:0], Input{Document: doc, Registration: inForce})
	}
}
