package cloudkassir

import (
	"fmt"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
)

// maxItems is how many items one document takes (spec/api/cloudkassir.md 2.3.2).
const maxItems = 100

// readPayments reads Amounts and NonCashPayments and holds them against the total of the items.
func (q *request) readPayments(v tolerant.Value, r *ffd.Receipt) {
	total := r.ItemsTotal()
	var given bool
	r.Payments, given = q.amounts(v)
	q.readCashless(v, r)
	if q.broken(checkTotal) {
		return
	}
	if total == 0 {
		q.refuse(checkTotal, v.Get("Items"), "итог чека равен нулю")
		return
	}
	if !given {
		r.Payments.Cashless = total // real clients leave Amounts out
	}
	cashless := r.Payments.Total() - r.Payments.Cash
	switch {
	case r.Payments.Total() < total:
		q.refuse(checkPaidLess, v.Get("Amounts"), fmt.Sprintf("оплачено %s, итог %s", roubles(r.Payments.Total()), roubles(total)))
	case cashless > total:
		q.refuse(checkPaidMore, v.Get("Amounts"), fmt.Sprintf("безналичными %s, итог %s", roubles(cashless), roubles(total)))
	default:
		r.Payments.Cash = total - cashless // the rest of the cash is change
	}
	sum := uint64(0)
	for i := range r.CashlessPayments {
		sum += r.CashlessPayments[i].Sum
	}
	if sum > r.Payments.Cashless {
		q.refuse(checkData, v.Get("NonCashPayments"), fmt.Sprintf("в сумме %s, больше Electronic %s", roubles(sum), roubles(r.Payments.Cashless)))
	}
}

// wayNames are the members of Amounts, in the order in which answers have them.
func wayNames() [5]string {
	return [5]string{"Electronic", "Cash", "AdvancePayment", "Credit", "Provision"}
}

// amounts reads the five ways to pay as they are; given tells that one is there.
func (q *request) amounts(v tolerant.Value) (p ffd.Payments, given bool) {
	m, _ := q.object(v.Get("Amounts"), checkData)
	for i, to := range [...]*uint64{&p.Cashless, &p.Cash, &p.Prepaid, &p.Credit, &p.Provision} {
		way := m.Get(wayNames()[i])
		given = given || way.Filled()
		*to = q.money(way)
	}
	return p, given
}

// readCashless reads 1234.
func (q *request) readCashless(v tolerant.Value, r *ffd.Receipt) {
	for _, m := range q.array(v.Get("NonCashPayments")).All() {
		p, ok := q.object(m, checkData)
		if !ok {
			q.refuse(checkData, m, "ожидается объект")
			continue
		}
		q.require(p, checkMissing, "Amount", "PaymentMethod")
		method, _ := q.number(p.Get("PaymentMethod"), 0, 255, checkData)
		r.CashlessPayments = append(r.CashlessPayments, ffd.CashlessPayment{
			Sum: q.money(p.Get("Amount")), Method: byte(method),
			IDs: q.text(p.Get("PaymentId"), lenCashlessText), Info: q.text(p.Get("AdditionalInfo"), lenCashlessText),
		})
	}
}

// split makes the documents of r: one, or one for each hundred of its items. Payments go from part to part in the order of
// spec/api/cloudkassir.md 2.3.2, so that each part is paid in full.
func (q *request) split(r ffd.Receipt) {
	if len(r.Items) <= maxItems {
		q.parts = append(q.parts, r)
		return
	}
	rest, cashless := r.Payments, r.CashlessPayments
	for first := 0; first < len(r.Items); first += maxItems {
		part := r
		part.Items = r.Items[first:min(first+maxItems, len(r.Items))]
		part.Payments = take(&rest, part.ItemsTotal())
		part.CashlessPayments, cashless = takeCashless(cashless, part.Payments.Cashless)
		q.parts = append(q.parts, part)
	}
}

// take moves sum out of from.
func take(from *ffd.Payments, sum uint64) (p ffd.Payments) {
	for _, way := range [...]struct{ from, to *uint64 }{
		{&from.Cashless, &p.Cashless}, {&from.Cash, &p.Cash}, {&from.Prepaid, &p.Prepaid}, {&from.Credit, &p.Credit}, {&from.Provision, &p.Provision},
	} {
		n := min(sum, *way.from)
		*way.from -= n
		*way.to += n
		sum -= n
	}
	return p
}

// takeCashless moves payments of at most sum out of list; one that does not fit is divided.
func takeCashless(list []ffd.CashlessPayment, sum uint64) (taken, rest []ffd.CashlessPayment) {
	for len(list) > 0 && sum > 0 {
		p := list[0]
		if p.Sum > sum {
			p.Sum = sum
			divided := append([]ffd.CashlessPayment(nil), list...)
			divided[0].Sum -= sum
			return append(taken, p), divided
		}
		sum -= p.Sum
		taken, list = append(taken, p), list[1:]
	}
	return taken, list
}

func roubles(kopecks uint64) string { return string(ffd.AppendRoubles(nil, kopecks)) }
