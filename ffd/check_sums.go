package ffd

import (
	"math/bits"

	"kktd/tlv"
)

// receiptSums are what the sums of a receipt must agree with.
type receiptSums struct {
	total, payments, items uint64
	hasTotal, hasItems     bool
	at                     step // tag 1020

	cashless, parts uint64 // 1081, the sum of 1082
	hasParts        bool
	partsAt         step // tag 1234

	rates   [VAT22122 + 1]rateSums
	unrated bool // an item has no 1199
}

// rateSums are the sums of a rate of VAT.
type rateSums struct {
	turnover, tax uint64 // of the items
	items         uint64
	total         uint64 // 1102 to 1107 or 1120
	hasTotal      bool
	at, in        step // the total, and 1119 around it
}

// itemSums are the sums of the item that is walked.
type itemSums struct {
	price, sum, tax                            uint64
	quantity                                   tlv.Decimal
	rate                                       VATRate
	hasPrice, hasSum, hasQty, hasTax, fraction bool
	taxAt                                      step // tag 1200

	numerator, denominator uint64
}

// vatEntry is the entry of 1115 that is walked.
type vatEntry struct {
	rate   VATRate
	sum    uint64
	hasSum bool
	at     step
}

// counterSums are the sums of the counters that are walked: payments and total
// of one kind, numbers of receipts of all kinds.
type counterSums struct {
	payments, total, count uint64
	all                    uint64 // 1134
	hasTotal, hasAll       bool

	receipts, documents uint64 // 1118, 1111
	documentsAt         step
}

// maxRounding is how much a total may be lowered to whole roubles, in kopecks
// (spec/ffd/encoding.md 7).
const maxRounding = 99

// open forgets what the structure around did not say of this one.
func (c *checker) open(tag uint16) {
	switch tag {
	case TagItem, TagMarkedItem:
		c.item = itemSums{}
	case TagFractionalQuantity:
		c.item.numerator, c.item.denominator = 0, 0
	case TagVATAmount:
		c.entry = vatEntry{}
	case TagShiftTotals, TagFNTotals:
		c.counters.count, c.counters.all, c.counters.hasAll = 0, 0, false
	case TagSaleCounters, TagSaleReturnCounters, TagPurchaseCounters, TagPurchaseReturnCounters, TagCorrectionSaleCounters,
		TagCorrectionSaleReturnCounters, TagCorrectionPurchaseCounters, TagCorrectionPurchaseReturnCounters:
		c.counters.payments, c.counters.total, c.counters.hasTotal = 0, 0, false
	}
}

// close compares what the structure said; at is its own step, and the path is
// that of what it stands in.
func (c *checker) close(tag uint16, children int, at step) {
	switch tag {
	case TagItem:
		c.checkItemSum(at)
		c.checkItemTax(at)
	case TagMarkedItem:
		c.checkItemSum(at)
	case TagVATAmount:
		c.keepEntry(at)
	case TagProductCodeStructured:
		if children != 1 {
			c.find(Warning, RuleDuty, at, "кодов товара %d, нужен ровно один", "%d product codes, want exactly one", children)
		}
	case TagFractionalQuantity:
		if it := &c.item; it.denominator == 0 || it.numerator == 0 || it.numerator >= it.denominator {
			c.find(Warning, RuleFraction, at, "дробь %d/%d не меньше единицы или равна нулю", "the fraction %d/%d is not between zero and one",
				it.numerator, it.denominator)
		}
	case TagCashlessPayments:
		c.sums.hasParts, c.sums.partsAt = true, at
	case TagSaleCounters, TagSaleReturnCounters, TagPurchaseCounters, TagPurchaseReturnCounters, TagCorrectionSaleCounters,
		TagCorrectionSaleReturnCounters, TagCorrectionPurchaseCounters, TagCorrectionPurchaseReturnCounters:
		if k := &c.counters; k.hasTotal && k.payments != k.total {
			c.find(Warning, RuleCounters, at, "1201 — %d коп., сумма видов оплат — %d коп.", "1201 has %d kopecks, the payments make %d", k.total, k.payments)
		}
	case TagShiftTotals, TagFNTotals:
		if k := &c.counters; k.hasAll && k.count != k.all {
			c.find(Warning, RuleCounters, at, "1134 — %d, сумма счетчиков 1135 — %d", "1134 has %d, the counters 1135 make %d", k.all, k.count)
		}
	}
}

// keepSum collects the sums: payments and totals at the top of a receipt, price and amount in an item.
func (c *checker) keepSum(u uint64, at step, parent uint16) {
	switch at.tag {
	case TagTotalSum, TagCashSum, TagCashlessSum, TagPrepaidSum, TagCreditSum, TagProvisionSum:
		switch {
		case c.depth > 1: // not at the top of the document
		case at.tag == TagTotalSum:
			c.sums.total, c.sums.hasTotal, c.sums.at = u, true, at
		default:
			c.sums.payments = addSum(c.sums.payments, u)
			if at.tag == TagCashlessSum {
				c.sums.cashless = u
			}
		}
	case TagVAT20Sum, TagVAT10Sum, TagVAT0TurnoverSum, TagNoVATTurnoverSum, TagVAT20120Sum, TagVAT10110Sum:
		if c.depth == 1 {
			c.keepTotal(fnsRate(at.tag), u, at, step{})
		}
	case TagItemPrice:
		c.item.price, c.item.hasPrice = u, true
	case TagItemSum:
		c.item.sum, c.item.hasSum = u, true
		if parent == TagItem {
			c.sums.items, c.sums.hasItems = addSum(c.sums.items, u), true
		}
	case TagItemVATSum:
		c.item.tax, c.item.hasTax, c.item.taxAt = u, true, at
	case TagVATRate:
		switch r := VATRate(min(u, 255)); {
		case parent == TagItem && r.Valid():
			c.item.rate = r
		case parent == TagVATAmount:
			c.entry.rate = r
		}
	case TagVATAmountValue:
		c.entry.sum, c.entry.hasSum, c.entry.at = u, true, at
	case TagNumerator:
		c.item.numerator, c.item.fraction = u, true
	case TagDenominator:
		c.item.denominator = u
	case TagCashlessPaymentSum:
		c.sums.parts = addSum(c.sums.parts, u)
	case TagCountersCashSum, TagCountersCashlessSum, TagCountersPrepaidSum, TagCountersCreditSum, TagCountersProvisionSum:
		c.counters.payments = addSum(c.counters.payments, u)
	case TagCountersTotalSum:
		c.counters.total, c.counters.hasTotal = u, true
	case TagReceiptCountByType:
		c.counters.count = addSum(c.counters.count, u)
	case TagTotalReceiptCount:
		c.counters.all, c.counters.hasAll = u, true
	case TagReceiptCountInShift:
		c.counters.receipts = u
	case TagFDCountInShift:
		c.counters.documents, c.counters.documentsAt = u, at
	}
}

func (c *checker) keepTotal(r VATRate, u uint64, at, in step) {
	s := &c.sums.rates[r]
	if s.hasTotal && in.tag != 0 {
		c.find(Warning, RuleRepeat, in, "ставка %s стоит в 1115 дважды", "the rate %s stands twice in 1115", r)
	}
	s.total, s.hasTotal, s.at, s.in = addSum(s.total, u), true, at, in
}

// keepEntry keeps an entry of 1115, which holds the codes from 7 only
// (spec/ffd/encoding.md 7).
func (c *checker) keepEntry(at step) {
	switch e := &c.entry; {
	case !e.rate.Valid() || !e.hasSum:
	case e.rate < VAT5:
		c.find(Warning, RuleValue, at, "ставка %s стоит в тегах 1102–1107, не в 1115", "the rate %s has its own tag, not 1115", e.rate)
	default:
		c.keepTotal(e.rate, e.sum, e.at, at)
	}
}

// addSum stops at the greatest number: sums that no receipt can have must not wrap around to ones that fit.
func addSum(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return sum | -carry
}

// failure is an error, but in 1.0, which has no tables, a warning.
func (c *checker) failure() Severity {
	if c.old {
		return Warning
	}
	return Error
}

// checkSums compares the sums of the whole document.
func (c *checker) checkSums(form Form) {
	s := &c.sums
	if k := &c.counters; form == FormShiftClosing && k.documentsAt.tag != 0 && k.documents < addSum(k.receipts, 2) {
		c.find(Warning, RuleCounters, k.documentsAt, "документов %d, а чеков %d, открытие и закрытие смены", "%d documents, but %d receipts, the opening and the closing",
			k.documents, k.receipts)
	}
	if !form.IsSettlement() || !s.hasTotal {
		return
	}
	if s.payments != s.total {
		c.find(c.failure(), RulePayments, s.at, "итог %d коп., сумма оплат 1031, 1081, 1215, 1216, 1217 — %d коп.",
			"total of %d kopecks, the payments 1031, 1081, 1215, 1216, 1217 make %d", s.total, s.payments)
	}
	if s.hasItems && (s.total > s.items || s.items-s.total > maxRounding) {
		c.find(c.failure(), RuleItems, s.at, "итог %d коп., сумма предметов расчета (1043) — %d коп.; округление вниз не больше %d",
			"total of %d kopecks, the items (1043) make %d; rounding down takes %d at most", s.total, s.items, maxRounding)
	}
	if s.hasParts && s.parts != s.cashless {
		c.find(Warning, RuleCashless, s.partsAt, "сумма 1082 — %d коп., 1081 — %d коп.", "the payments 1082 make %d kopecks, 1081 has %d", s.parts, s.cashless)
	}
	if s.hasItems && !s.unrated && !c.old {
		for r := VAT20; r <= VAT22122; r++ {
			c.checkRate(r)
		}
	}
}

// totalTags are the tags of the totals by rate.
var totalTags = [VATNone + 1]uint16{VAT20: TagVAT20Sum, VAT10: TagVAT10Sum, VAT20120: TagVAT20120Sum, VAT10110: TagVAT10110Sum,
	VAT0: TagVAT0TurnoverSum, VATNone: TagNoVATTurnoverSum}

// checkRate compares the total of a rate with the items: the sum of their taxes
// and the tax of their sum are both right (spec/ffd/encoding.md 7). A kopeck an
// item off is a warning, and so is any difference in a receipt that was rounded
// to roubles.
func (c *checker) checkRate(r VATRate) {
	s := &c.sums.rates[r]
	want, other := s.turnover, s.turnover
	if r.Taxed() {
		want, other = s.tax, r.Tax(min(s.turnover, maxMoney))
	}
	if s.total == want || s.total == other {
		return
	}
	low, high := min(want, other), max(want, other)
	severity := Error
	if s.total+s.items >= low && s.total <= addSum(high, s.items) || c.sums.total != c.sums.items || !s.hasTotal {
		severity = Warning // the total itself is a conditional duty
	}
	at := s.at
	depth := c.depth
	switch {
	case s.in.tag != 0:
		c.path[1], c.path[2], c.depth = step{tag: TagVATAmounts}, s.in, 3
	case !s.hasTotal && r >= VAT5:
		at = step{tag: TagVATAmounts, offset: c.path[0].offset}
	case !s.hasTotal:
		at = step{tag: totalTags[r], offset: c.path[0].offset}
	}
	c.find(severity, RuleVATTotal, at, "ставка %s: итог %d коп., по предметам расчета %d или %d коп.", "rate %s: the total is %d kopecks, the items make %d or %d",
		r, s.total, want, other)
	c.depth = depth
}

// checkItemSum compares 1043 with 1079 x 1023, half up (spec/decisions.md,
// Discount): one kopeck passes, up to a kopeck for each unit is a warning.
func (c *checker) checkItemSum(at step) {
	it := &c.item
	if !it.hasPrice || !it.hasSum || !it.hasQty || it.fraction {
		return
	}
	want, units, ok := multiply(it.price, it.quantity)
	diff := max(want, it.sum) - min(want, it.sum)
	if ok && diff <= 1 {
		return
	}
	s := c.failure()
	if ok && diff <= units {
		s = Warning
	}
	c.find(s, RuleItemSum, at, "стоимость %d коп., цена x количество %d x %s = %d коп.", "sum of %d kopecks, price x quantity is %d x %s = %d",
		it.sum, it.price, it.quantity, want)
}

// checkItemTax compares 1200 with 1043 x r / (100 + r) and adds the item to the
// sums of its rate. Devices that take the tax of a unit times the quantity are up
// to a kopeck a unit off, a warning.
func (c *checker) checkItemTax(at step) {
	it := &c.item
	if it.rate == 0 {
		c.sums.unrated = true
		return
	}
	want := it.rate.Tax(min(it.sum, maxMoney))
	s := &c.sums.rates[it.rate]
	s.items++
	s.turnover = addSum(s.turnover, it.sum)
	if !it.hasTax {
		s.tax = addSum(s.tax, want)
		return
	}
	s.tax = addSum(s.tax, it.tax)
	diff := max(want, it.tax) - min(want, it.tax)
	if diff <= 1 {
		return
	}
	severity := Error
	if _, units, ok := multiply(1, it.quantity); !it.rate.Taxed() || ok && it.hasQty && diff <= units || c.old {
		severity = Warning
	}
	c.path[c.depth] = at
	c.depth++
	c.find(severity, RuleVATSum, it.taxAt, "сумма НДС %d коп., ставка %s от %d коп. — %d коп.", "tax of %d kopecks, the rate %s of %d kopecks makes %d",
		it.tax, it.rate, it.sum, want)
	c.depth--
}

// multiply is price x quantity half up, and the quantity rounded up to whole
// units; false when it does not fit.
func multiply(price uint64, q tlv.Decimal) (sum, units uint64, ok bool) {
	scale := uint64(1)
	for range q.Scale {
		scale *= 10
	}
	hi, lo := bits.Mul64(price, q.Mantissa)
	lo, carry := bits.Add64(lo, scale/2, 0)
	if hi += carry; hi >= scale {
		return 0, 0, false
	}
	sum, _ = bits.Div64(hi, lo, scale)
	units = q.Mantissa / scale
	if q.Mantissa%scale != 0 {
		units++
	}
	return sum, units, true
}
