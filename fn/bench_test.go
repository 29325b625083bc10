package fn

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/tlv"
)

// fiveItems is an open drive and a receipt of exactly five items.
func fiveItems(t testing.TB) (*bench, *Receipt) {
	b := newBench(t, ffd.V120, Model36, 1<<23)
	b.must(b.registration(), "2026-01-10 10:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
	r := ffd.Receipt{Form: ffd.FormReceipt, Contact: tlv.MustText("buyer@example.com"), SenderEmail: tlv.MustText("a@example.com")}
	for i := range 5 {
		r.Items = append(r.Items, ffd.Item{Name: tlv.MustText(fmt.Sprintf("Товар номер %d, артикул 1234567", i)), Price: 12300 + uint64(i),
			Quantity: tlv.Decimal{Mantissa: 1}, Amount: 12300 + uint64(i), VAT: ffd.VAT20, Type: ffd.Goods, Method: ffd.FullSettlement})
	}
	return b, b.encoded(&r)
}

func TestReceiptStepAllocatesNothing(t *testing.T) {
	b, r := fiveItems(t)
	now := at("2026-01-10 10:00")
	b.must(r, "2026-01-10 10:00")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b.out.Reset()
		if err := b.m.Apply(&b.s, r, now, &b.out); err != nil {
			t.Fatal(err)
		}
	}))
}

// BenchmarkReceiptStep is one step for a receipt of five items: state in,
// document out, signs and container included.
func BenchmarkReceiptStep(bb *testing.B) {
	b, r := fiveItems(bb)
	now := at("2026-01-10 10:00")
	b.out.Reset()
	b.must(r, "2026-01-10 10:00")
	bb.SetBytes(int64(len(b.out.Documents[0].Container)))
	state := b.s
	bb.ReportAllocs()
	for bb.Loop() {
		b.s.LastNumber, b.s.ShiftTotals = state.LastNumber, state.ShiftTotals // never full
		b.out.Reset()
		if err := b.m.Apply(&b.s, r, now, &b.out); err != nil {
			bb.Fatal(err)
		}
	}
}
