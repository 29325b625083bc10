package ffd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

// sampleTexts are the strings of the sample receipt, in UTF-8.
var sampleTexts = []string{"Иванова Анна", "buyer@example.com", "noreply@example.com", "www.example.com", "г. Москва, ул. Ленина, д. 1"}

var sampleNames = []string{"Йогурт термостатный 3,5%", "Хлеб Бородинский нарезка", "Кофе молотый 250 г", "Доставка", "Пакет большой"}

// sampleReceipt is a receipt of five items, about 740 bytes as a document.
func sampleReceipt(t testing.TB, a *tlv.Arena) *Receipt {
	r := &Receipt{}
	fillSample(t, a, r, make([]Item, len(sampleNames)))
	return r
}

func fillSample(t testing.TB, a *tlv.Arena, r *Receipt, items []Item) {
	text := func(s string) tlv.Text {
		x, err := a.Text(s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	*r = Receipt{Form: FormReceipt, Operation: Income, TaxSystem: TaxOSN,
		Cashier: text(sampleTexts[0]), Contact: text(sampleTexts[1]), SenderEmail: text(sampleTexts[2]),
		Place: text(sampleTexts[3]), Address: text(sampleTexts[4]), Items: items}
	for i, name := range sampleNames {
		items[i] = Item{Name: text(name), Price: 12345 + uint64(i), Quantity: tlv.Decimal{Mantissa: 2},
			Amount: 24690 + 2*uint64(i), VAT: VATRate(i%2 + 1), Type: Goods, Method: FullSettlement}
	}
	r.SumVAT()
	r.Payments.Cashless = r.ItemsTotal()
}

func sampleHead() *ReceiptHead {
	return &ReceiptHead{
		Head: Head{Version: V120, Form: FormReceipt, Drive: Pad[[16]byte]("9999078900005430"), RegNumber: Pad[[20]byte]("0000000004030311"),
			INN: Pad[[12]byte]("7708806062"), Number: 3, Time: 1748781000, Sign: 12345678},
		Shift: 1, Receipt: 1, Operation: Income, Total: 123470,
	}
}

func appendSample(b []byte, h *ReceiptHead, r *Receipt) ([]byte, error) {
	b, at := tlv.Begin(b, uint16(h.Form))
	b = h.Append(b)
	b, err := r.Append(b, h.Version)
	if err != nil {
		return b, err
	}
	return b, tlv.End(b, at)
}

func TestReceiptEncodingAllocatesNothing(t *testing.T) {
	var a, work tlv.Arena
	r, h := sampleReceipt(t, &a), sampleHead()
	buf := make([]byte, 0, 2048)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := appendSample(buf, h, r); err != nil {
			t.Fatal(err)
		}
	}), "with CP866 ready")
	var again Receipt
	items := make([]Item, len(sampleNames))
	fillSample(t, &work, &again, items)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		work.Reset()
		fillSample(t, &work, &again, items)
		if _, err := appendSample(buf, h, &again); err != nil {
			t.Fatal(err)
		}
	}), "from UTF-8")
}

func BenchmarkReceipt(b *testing.B) {
	var a tlv.Arena
	r, h := sampleReceipt(b, &a), sampleHead()
	buf := make([]byte, 0, 2048)
	doc, err := appendSample(buf, h, r)
	require.NoError(b, err)
	b.Run("copy", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		dst := make([]byte, len(doc))
		for b.Loop() {
			copy(dst, doc)
		}
	})
	b.Run("cp866", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			_, _ = appendSample(buf, h, r)
		}
	})
	b.Run("utf8", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		var work tlv.Arena
		var again Receipt
		items := make([]Item, len(sampleNames))
		for b.Loop() {
			work.Reset()
			fillSample(b, &work, &again, items)
			_, _ = appendSample(buf, h, &again)
		}
	})
}
