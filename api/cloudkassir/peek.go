package cloudkassir

import (
	"net/http"

	"kktd/api/internal/tolerant"
	"kktd/fault"
)

// Peek reads what faults ask for of a request, as far as it is there: INN, number and
// total of the receipt. It refuses nothing: a body that cannot be read has none.
func Peek(r *http.Request, body []byte) fault.Match {
	m := fault.Match{API: apiName}
	d, err := tolerant.ParseBody(r.Header.Get("Content-Type"), body)
	if err != nil {
		return m
	}
	root := d.Root()
	m.INN, _ = root.Get("Inn").Text()
	m.Invoice, _ = root.Get("InvoiceId").Text()
	for _, name := range [...]string{"CustomerReceipt", "CorrectionReceiptData"} {
		receipt, err := root.Get(name).Object()
		if err != nil {
			continue
		}
		if m.Amount = sumOf(receipt.Get("Items"), func(item tolerant.Value) tolerant.Value { return item.Get("Amount") }); m.Amount == 0 {
			m.Amount = sumOf(receipt.Get("Amounts"), func(v tolerant.Value) tolerant.Value { return v })
		}
	}
	return m
}

// sumOf adds up kopecks of the members of v.
func sumOf(v tolerant.Value, amount func(tolerant.Value) tolerant.Value) (sum uint64) {
	for _, member := range v.All() {
		if n, err := amount(member).Kopecks(); err == nil && n > 0 {
			sum += uint64(n)
		}
	}
	return sum
}
