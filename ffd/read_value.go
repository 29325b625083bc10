package ffd

import "kktd/tlv"

// number reads a Byte, Uint16, Uint32, UnixTime or VLN that must fit its member.
func number[T ~uint8 | ~uint16 | ~uint32 | ~uint64](p *parser, it tlv.Item, to *T) {
	n, err := tlv.Uint(it.Value)
	if err != nil || uint64(T(n)) != n {
		p.fail(it, "% X is no number of at most %d bytes", it.Value, len(it.Value))
		return
	}
	*to = T(n)
}

func (p *parser) array(it tlv.Item, to []byte) {
	if len(it.Value) != len(to) {
		p.fail(it, "length %d, want %d", len(it.Value), len(to))
		return
	}
	copy(to, it.Value)
}

func (p *parser) flag(it tlv.Item, to *bool) {
	var n byte
	if number(p, it, &n); n > 1 {
		p.fail(it, "%d, want 0 or 1", n)
	}
	*to = n == 1
}

// bit reads a flag of 1.05 and 1.1 into its bit of 1290.
func (p *parser) bit(it tlv.Item, to *Conditions, c Conditions) {
	var set bool
	if p.flag(it, &set); set {
		*to |= c
	}
}

// count keeps a number that is not stored but made of other counters.
func (p *parser) count(it tlv.Item, made func() uint32) {
	p.counts = append(p.counts, countCheck{it: it, path: p.at(), made: made})
}

func (p *parser) quantity(it tlv.Item, to *tlv.Decimal) {
	d, err := tlv.FVLN(it.Value)
	if err != nil {
		p.fail(it, "% X is no decimal number", it.Value)
	}
	*to = d
}

// sign reads 1077: any kind byte is taken (spec/decisions.md, kind byte).
func (p *parser) sign(it tlv.Item, to *uint32) {
	v := it.Value
	if len(v) != lenFiscalSign {
		p.fail(it, "length %d, want %d", len(v), lenFiscalSign)
		return
	}
	*to = uint32(v[2])<<24 | uint32(v[3])<<16 | uint32(v[4])<<8 | uint32(v[5])
}

// reason reads one code of 1101 into the bits of 1205 that stand for it: the
// first of them where a code has several (appendReasons105).
func (p *parser) reason(it tlv.Item, to *uint32) {
	var code byte
	number(p, it, &code)
	if code < 1 || code > 4 {
		p.fail(it, "%d, want 1 to 4", code)
		return
	}
	*to |= [...]uint32{1: 1 << 0, 2: 1 << 1, 3: 1 << 2, 4: 1 << 4}[code]
}

// take reads the one code of 1163.
func (c *ProductCode) take(p *parser, it tlv.Item) bool {
	if e := lookup(it.Tag, V120, TagProductCodeStructured); c.Tag != 0 || e == nil ||
		len(e.Parents) == 0 || e.Parents[0] != TagProductCodeStructured {
		return false
	}
	c.Tag, c.Value = it.Tag, tlv.RawText(it.Value)
	return true
}

// payments reads 1234.
func (p *parser) payments(it tlv.Item, to *[]CashlessPayment) {
	p.members(it, func(p *parser, it tlv.Item) bool {
		if it.Tag != TagCashlessPayment {
			return false
		}
		p.element(it, len(*to), next(to).take)
		return true
	})
}

// vatAmounts reads 1115 into the totals by rate.
func (p *parser) vatAmounts(it tlv.Item, to *VATTotals) {
	n := 0
	p.members(it, func(p *parser, it tlv.Item) bool {
		if it.Tag != TagVATAmount {
			return false
		}
		var rate VATRate
		var sum uint64
		p.element(it, n, func(p *parser, it tlv.Item) bool {
			switch it.Tag {
			case TagVATRate:
				number(p, it, &rate)
			case TagVATAmountValue:
				number(p, it, &sum)
			default:
				return false
			}
			return true
		})
		n++
		if rate < VAT5 || rate > VAT22122 {
			p.fail(it, "rate %d has no place in 1115", rate)
			return true
		}
		to[rate] = sum
		return true
	})
}
