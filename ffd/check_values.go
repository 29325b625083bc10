package ffd

import "kktd/tlv"

// registration is what the check digits of a registration number are made of.
type registration struct {
	number, inn, serial []byte
	at                  step // tag 1037
}

// checkValue checks the value of a leaf, keeps what the sums need and tells
// the facts of it.
func (c *checker) checkValue(e *Entry, it tlv.Item, at step, parent uint16) facts {
	switch e.Type {
	case Byte, Uint16, Uint32, UnixTime, VLN:
		u, err := tlv.Uint(it.Value)
		if err != nil {
			return 0 // a wrong length, and a finding already
		}
		c.checkEnumeration(u, at)
		c.checkNumber(u, at)
		c.keepSum(u, at, parent)
		return factsOf(it.Tag, u)
	case FVLN:
		d, err := tlv.FVLN(it.Value)
		if err != nil {
			c.find(Error, RuleType, at, "не дробное число: % X", "not a decimal number: % X", it.Value)
			return 0
		}
		if it.Tag == TagQuantity {
			c.item.quantity, c.item.hasQty = d, true
		}
	case String:
		c.checkText(e, it, at)
		if parent == TagProductCodeStructured && (&ProductCode{Tag: it.Tag}).Marked() {
			return caseMarked
		}
	case ByteArray:
		c.checkBytes(it, at)
	}
	return 0
}

func (c *checker) checkEnumeration(u uint64, at step) {
	values := checkIndex.of(at.tag).values
	if values == 0 {
		return
	}
	e := &checkIndex.values[values]
	if at.tag == TagOperatorMessage && c.v < V120 {
		old := valueIndex{enumeration: operatorNames105, known: 1<<1 | 1<<6 | 1<<7}
		e = &old
	}
	switch {
	case e.has(at.tag, c.v, u):
		if (at.tag == TagAppliedTaxSystem || at.tag == TagItemAgentFlags) && !oneBit(u) {
			c.find(Warning, RuleValue, at, "значение %d: нужен один бит", "value %d, want exactly one bit", u)
		}
	case e.mask:
		c.find(Warning, RuleValue, at, "значение %d: известны биты %s", "value %d, known are the bits %s", u, e.list())
	default:
		c.find(Warning, RuleValue, at, "значение %d, ФФД %[3]s знает %[2]s", "value %d, FFD %[3]s knows %[2]s", u, e.list(), c.v)
	}
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
	c.find(Warning, RuleRegNumber, r.at, "%q: для ИНН %q и заводского номера %q должно кончаться на %06d",
		"%q must end with %06[4]d for INN %[2]q and serial number %[3]q", r.number, r.inn, r.serial, want)
}
