package ffd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/tlv"
)

// sampleTexts are the strings of the sample receipt, in UTF-8.
var sampleTexts = []string{"Иванова Анна Сергеевна", "buyer@example.com", "noreply@example.com", "www.example.com",
	"г. Москва, ул. Ленина, д. 1", "500100732259"}

var sampleNames = []string{"Йогурт термостатный вишнёвый 3,5% 160 г", "Хлеб Бородинский нарезка 400 г, в упаковке", "Кофе молотый средней обжарки 250 г",
	"Доставка до двери, утро 9-12", "Пакет большой, с ручками"}

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
		Cashier: text(sampleTexts[0]), CashierINN: text(sampleTexts[5]), Contact: text(sampleTexts[1]), SenderEmail: text(sampleTexts[2]),
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
	require.InDelta(b, 740, len(doc), 10)
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

func TestOnlyMarkingCodesAreChecked(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       bool
	}{
		{"marking code", "010460043993125621JgXJ5.T\x1d93zbrL", true},
		{"article number", "4606203090785", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var a tlv.Arena
			r := sampleReceipt(t, &a)
			var err error
			r.Items[0].Marking, err = ParseProductCode(c.code, "")
			require.NoError(t, err)
			b, err := r.Append(nil, V120)
			require.NoError(t, err)
			_, found := tlv.Find(b, TagMarkedCheckResult)
			require.Equal(t, c.want, found)
		})
	}
}

func TestItemTypesOfOtherVersions(t *testing.T) {
	var a tlv.Arena
	r := sampleReceipt(t, &a)
	r.Items[1].Type = 33 // marked goods with a code: 1.2 alone knows it
	for _, v := range []Version{V105, V110} {
		_, err := r.Append(nil, v)
		var fe *FieldError
		require.ErrorAs(t, err, &fe)
		require.Equal(t, "1059[1]/1212", fe.Path)
	}
	_, err := r.Append(nil, V120)
	require.NoError(t, err)
}
