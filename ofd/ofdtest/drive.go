package ofdtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/tlv"
)

// Drive is a fiscal drive with its archive in memory. Its documents are those of the real state machine.
type Drive struct {
	Machine    *fn.Machine
	State      fn.State
	Containers [][]byte // [number-1]

	tb   testing.TB
	item tlv.Text
}

// Start is when every Drive was registered, and when it makes all its documents.
const Start fn.Time = 1_748_779_200 // 2025-06-01 12:00

const capacity = 250_000

// NewDrive makes a drive with the number (up to 16 digits), registers it for FFD 1.2 and opens a shift: documents 1 and 2.
func NewDrive(tb testing.TB, number string) *Drive {
	tb.Helper()
	n := ffd.Pad[[16]byte](number)
	d := &Drive{Machine: fn.NewMachine([]byte(fn.DefaultMaster), n), State: fn.Blank(n, fn.Model36, ffd.V120, capacity), tb: tb,
		item: tlv.MustText("Хлеб")}
	d.Apply(&fn.Register{Registration: fn.Registration{FFD: ffd.V120, RegNumber: ffd.Pad[[20]byte]("0000000004019725"),
		INN: ffd.Pad[[12]byte]("7708806062"), OFDINN: ffd.Pad[[12]byte](fn.TestOFDINN), TaxSystems: ffd.TaxOSN}, Data: d.registration()})
	report := ffd.ShiftReport{Form: ffd.FormShiftOpening, Cashier: tlv.MustText("Иванова"), KKTVersion: tlv.MustText("1"), KKTMaxFFD: ffd.V120}
	d.Apply(&fn.OpenShift{Data: d.data(report.Append(nil, ffd.V120))})
	return d
}

// Receipts makes n receipts of one item.
func (d *Drive) Receipts(n int) {
	d.tb.Helper()
	for range n {
		total := 100 * uint64(d.State.LastNumber)
		r := ffd.Receipt{Form: ffd.FormReceipt, Operation: ffd.Income, TaxSystem: ffd.TaxOSN, Place: d.item, Address: d.item, Cashier: d.item,
			Items: []ffd.Item{{Name: d.item, Price: total, Quantity: tlv.Decimal{Mantissa: 1}, Amount: total, VAT: ffd.VATNone,
				Type: ffd.Goods, Method: ffd.FullSettlement}}}
		r.SumVAT()
		r.Payments.Cash = total
		d.Apply(&fn.Receipt{Form: r.Form, Operation: r.Operation, Total: total, Data: d.data(r.Append(nil, ffd.V120))})
	}
}

// Apply carries out a command and keeps the documents it made.
func (d *Drive) Apply(c fn.Command) {
	d.tb.Helper()
	var out fn.Output
	require.NoError(d.tb, d.Machine.Apply(&d.State, c, Start, &out))
	for _, doc := range out.Documents {
		d.Containers = append(d.Containers, doc.Container)
	}
}

// Number is the FN number without padding.
func (d *Drive) Number() string { return string(tlv.TrimPadding(d.State.Drive[:])) }

func (d *Drive) registration() []byte {
	text := tlv.MustText
	r := ffd.Registration{Serial: text("00000000000000000001"), UserName: text("ООО Ромашка"), Address: text("Москва"), Place: text("Касса 1"),
		OFDName: text("Тестовый ОФД"), FNSSite: text("nalog.gov.ru"), SenderEmail: text("noreply@example.com"), Cashier: text("Иванова"),
		KKTVersion: text("1"), KKTMaxFFD: ffd.V120}
	return d.data(r.Append(nil, ffd.V120))
}

func (d *Drive) data(b []byte, err error) []byte {
	d.tb.Helper()
	require.NoError(d.tb, err)
	return b
}
