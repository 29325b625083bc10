package ffd

import "kktd/tlv"

// SettlementTotals are the sums of one kind of settlement, kopecks.
type SettlementTotals struct {
	Count    uint32 // 1135
	Payments Payments
	Total    uint64 // 1201
	// VAT by code 1 to 6, as in VATTotals; the orders have no counters for the
	// rates that came in 2025 and later (spec/ffd/documents.md).
	VAT [VATNone + 1]uint64
}

// Totals are the counters of a shift (1194) or of a drive (1157). The index of
// both lists is the Operation minus one.
type Totals struct {
	Receipts    [4]SettlementTotals // 1129 to 1132
	Corrections OperationTotals     // 1133
}

// OperationTotals are the counters of 1133, which holds corrections, and of 1158,
// which holds unsent receipts and corrections: 1145, 1232, 1146 and 1233, without
// VAT. The index is the Operation minus one.
type OperationTotals [4]SettlementTotals

// Add counts one receipt, БСО or correction.
func (t *Totals) Add(form Form, op Operation, p Payments, vat *VATTotals) {
	if form == FormCorrection || form == FormBSOCorrection {
		t.Corrections.Add(op, p)
		return
	}
	s := &t.Receipts[op-1]
	s.add(p)
	for rate := range s.VAT {
		s.VAT[rate] += vat[rate]
	}
}

// Add counts one receipt or correction.
func (t *OperationTotals) Add(op Operation, p Payments) { t[op-1].add(p) }

func (s *SettlementTotals) add(p Payments) {
	s.Count++
	s.Payments.Cash += p.Cash
	s.Payments.Cashless += p.Cashless
	s.Payments.Prepaid += p.Prepaid
	s.Payments.Credit += p.Credit
	s.Payments.Provision += p.Provision
	s.Total += p.Total()
}

// Max is the greater total of a kind of settlement: that of receipts or that of
// corrections, kopecks.
func (t *Totals) Max(op Operation) uint64 {
	return max(t.Receipts[op-1].Total, t.Corrections[op-1].Total)
}

// Count is tag 1134: receipts and corrections of all kinds.
func (t *Totals) Count() uint32 {
	n := t.Corrections.Count()
	for i := range t.Receipts {
		n += t.Receipts[i].Count
	}
	return n
}

// Count is tag 1144.
func (t *OperationTotals) Count() uint32 {
	var n uint32
	for i := range t {
		n += t[i].Count
	}
	return n
}

// appendAs writes 1194 or 1157: all rows, zeros included (spec/ffd/documents.md,
// 1157). A nil one is left out.
func (t *Totals) appendAs(b []byte, tag uint16) []byte {
	if t == nil {
		return b
	}
	b, at := tlv.Begin(b, tag)
	b = t.append(b)
	_ = tlv.End(b, at) // at most 1 KiB, as all counters have at most 8 bytes
	return b
}

// appendAs writes 1133 or 1158, as Totals do.
func (t *OperationTotals) appendAs(b []byte, tag uint16) []byte {
	if t == nil {
		return b
	}
	b, at := tlv.Begin(b, tag)
	b = t.append(b)
	_ = tlv.End(b, at)
	return b
}
