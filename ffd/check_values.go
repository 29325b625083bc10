package ffd

import (
	"math/bits"
	"time"

	"kktd/tlv"
)

// receiptSums are what the sums of a receipt must agree with.
type receiptSums struct {
	total, payments, items uint64
	hasTotal, hasItems     bool
	at                     step // tag 1020
}

// itemSums are the sums of the item that is walked.
type itemSums struct {
	price, sum                         uint64
	quantity                           tlv.Decimal
	hasPrice, hasSum, hasQty, fraction bool
}

// registration is what the check digits of a registration number are made of.
type registration struct {
	number, inn, serial []byte
	at                  step // tag 1037
}

// maxRounding is how much a total may be lowered to whole roubles, in kopecks
// (spec/ffd/encoding.md 7).
const maxRounding = 99

// checkValue checks the value of a leaf and keeps what the sums need.
func (c *checker) checkValue(e *Entry, it tlv.Item, at step, parent uint16) {
	switch e.Type {
	case Byte, Uint16, Uint32, UnixTime, VLN:
		u, err := tlv.Uint(it.Value)
		if err != nil {
			return // a wrong length, and a finding already
		}
		c.checkEnumeration(u, at)
		c.keepSum(u, at, parent)
	case FVLN:
		d, err := tlv.FVLN(it.Value)
		if err != nil {
			c.find(Error, RuleType, at, "не дробное число: % X", "not a decimal number: % X", it.Value)
			return
		}
		if it.Tag == TagQuantity {
			c.item.quantity, c.item.hasQty = d, true
		}
	case String:
		c.checkText(it, at)
	}
}

func (c *checker) checkEnumeration(u uint64, at step) {
	e, ok := enumerationOf(at.tag, c.v)
	switch {
	case !ok:
	case !e.has(at.tag, c.v, u) && e.mask:
		c.find(Warning, RuleValue, at, "значение %d: известны биты %s", "value %d, known are the bits %s", u, e.list())
	case !e.has(at.tag, c.v, u):
		c.find(Warning, RuleValue, at, "значение %d, ФФД %[3]s знает %[2]s", "value %d, FFD %[3]s knows %[2]s", u, e.list(), c.v)
	case at.tag == TagAppliedTaxSystem && bits.OnesCount64(u) != 1:
		c.find(Warning, RuleValue, at, "значение %d: нужен один бит", "value %d, want exactly one bit", u)
	}
}

// keepSum collects the sums: payments at the top of a receipt, price and amount in an item.
func (c *checker) keepSum(u uint64, at step, parent uint16) {
	switch at.tag {
	case TagTotalSum, TagCashSum, TagCashlessSum, TagPrepaidSum, TagCreditSum, TagProvisionSum:
		switch {
		case c.depth > 1: // not at the top of the document
		case at.tag != TagTotalSum:
			c.sums.payments = addSum(c.sums.payments, u)
		default:
			c.sums.total, c.sums.hasTotal, c.sums.at = u, true, at
		}
	case TagItemPrice:
		c.item.price, c.item.hasPrice = u, true
	case TagItemSum:
		c.item.sum, c.item.hasSum = u, true
		if parent == TagItem {
			c.sums.items, c.sums.hasItems = addSum(c.sums.items, u), true
		}
	case TagNumerator:
		c.item.fraction = true
	}
}

// addSum stops at the greatest number: sums that no receipt can have must not wrap around to ones that fit.
func addSum(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return sum | -carry
}

func (c *checker) checkSums(form Form, doc step) {
	s := &c.sums
	if !form.IsSettlement() || !s.hasTotal {
		return
	}
	c.path[0], c.depth = doc, 1
	if s.payments != s.total {
		c.find(Error, RulePayments, s.at, "итог %d коп., сумма оплат 1031, 1081, 1215, 1216, 1217 — %d коп.",
			"total of %d kopecks, the payments 1031, 1081, 1215, 1216, 1217 make %d", s.total, s.payments)
	}
	if s.hasItems && (s.total > s.items || s.items-s.total > maxRounding) {
		c.find(Error, RuleItems, s.at, "итог %d коп., сумма предметов расчета (1043) — %d коп.; округление вниз не больше %d",
			"total of %d kopecks, the items (1043) make %d; rounding down takes %d at most", s.total, s.items, maxRounding)
	}
	c.depth = 0
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
	s := Error
	if ok && diff <= units {
		s = Warning
	}
	c.find(s, RuleItemSum, at, "стоимость %d коп., цена x количество %d x %s = %d коп.", "sum of %d kopecks, price x quantity is %d x %s = %d",
		it.sum, it.price, it.quantity, want)
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

// checkText checks the form of texts that have one, and collects the numbers
// with check digits.
func (c *checker) checkText(it tlv.Item, at step) {
	v := tlv.TrimPadding(it.Value)
	switch it.Tag {
	case TagUserINN, TagOFDINN, TagCashierINN, TagTransferOperatorINN:
		c.checkINN(v, at)
	case TagBuyerINN, TagSupplierINN:
		// Zeros mean a buyer or supplier without a Russian INN (spec/ffd/tags.csv).
		if string(v) != "000000000000" {
			c.checkINN(v, at)
		}
	case TagFNNumber:
		if len(v) != lenFNNumber || !isDigits(string(v)) {
			c.find(Warning, RuleFormat, at, "%q: нужно 16 цифр", "%q, want 16 digits", v)
		}
	case TagKKTRegNumber:
		// Without the serial number all that is known of the last six digits is that they are 16 bits.
		if len(v) != regNumberLen || !isDigits(string(v)) || string(v[regOrderLen:]) > "065535" {
			c.find(Warning, RuleRegNumber, at, "%q не регистрационный номер", "%q is no registration number", v)
			return
		}
		c.reg.number, c.reg.at = v, at
	case TagKKTSerialNumber:
		c.reg.serial = v
	case TagBuyerBirthDate, TagFoundationDocDate:
		if !isDate(v) {
			c.find(Warning, RuleFormat, at, "%q: нужна дата ДД.ММ.ГГГГ", "%q, want a date DD.MM.YYYY", v)
		}
	}
	if it.Tag == TagUserINN {
		c.reg.inn = v
	}
	for _, b := range it.Value {
		// Line breaks stand in real addresses, GS in marking codes.
		if b < ' ' && b != '\r' && b != '\n' && b != 0x1D {
			c.find(Warning, RuleFormat, at, "управляющий символ %02Xh", "control character %02Xh", b)
			return
		}
	}
}

func (c *checker) checkINN(v []byte, at step) {
	if !innAddsUp(v) {
		c.find(Warning, RuleINN, at, "%q: ИНН не сходится", "%q, the INN does not add up", v)
	}
}

func isDate(v []byte) bool {
	if len(v) != 10 {
		return false
	}
	_, err := time.Parse("02.01.2006", string(v))
	return err == nil
}

// checkRegistration compares the number of the register with its user and
// serial number, which only registration documents hold.
func (c *checker) checkRegistration(form Form) {
	r := &c.reg
	if form != FormRegistration && form != FormReregistration || r.number == nil || r.inn == nil || r.serial == nil {
		return
	}
	want, ok := regNumberCheck(r.number[:regOrderLen], r.inn, r.serial)
	got := 0
	for _, d := range r.number[regOrderLen:] {
		got = got*10 + int(d-'0')
	}
	if ok && got == want {
		return
	}
	c.path[0], c.depth = step{tag: uint16(form)}, 1
	c.find(Warning, RuleRegNumber, r.at, "%q: для ИНН %q и заводского номера %q должно кончаться на %06d",
		"%q must end with %06[4]d for INN %[2]q and serial number %[3]q", r.number, r.inn, r.serial, want)
	c.depth = 0
}
