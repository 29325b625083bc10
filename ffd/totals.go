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
	Corrections [4]SettlementTotals // 1145, 1232, 1146, 1233 inside 1133; VAT not used
}

// Add counts one receipt, БСО or correction.
func (t *Totals) Add(form Form, op Operation, p Payments, vat *VATTotals) {
	s := &t.Receipts[op-1]
	if form == FormCorrection || form == FormBSOCorrection {
		s = &t.Corrections[op-1]
	} else {
		for rate := range s.VAT {
			s.VAT[rate] += vat[rate]
		}
	}
	s.Count++
	s.Payments.Cash += p.Cash
	s.Payments.Cashless += p.Cashless
	s.Payments.Prepaid += p.Prepaid
	s.Payments.Credit += p.Credit
	s.Payments.Provision += p.Provision
	s.Total += p.Total()
}

// Count is tag 1134: receipts and corrections of all kinds.
func (t *Totals) Count() uint32 {
	n := t.correctionCount()
	for i := range t.Receipts {
		n += t.Receipts[i].Count
	}
	return n
}

func (t *Totals) correctionCount() uint32 {
	var n uint32
	for i := range t.Corrections {
		n += t.Corrections[i].Count
	}
	return n
}

// append writes 1194 or 1157: all rows, zeros included (spec/ffd/documents.md,
// 1157).
func (t *Totals) append(b []byte, tag uint16) []byte {
	b, at := tlv.Begin(b, tag)
	b = tlv.AppendUint32(b, TagTotalReceiptCount, t.Count())
	for i, tag := range [...]uint16{TagSaleCounters, TagSaleReturnCounters, TagPurchaseCounters, TagPurchaseReturnCounters} {
		b = t.Receipts[i].appendReceipts(b, tag)
	}
	b, inner := tlv.Begin(b, TagCorrectionCounters)
	b = tlv.AppendUint32(b, TagCorrectionOrUnsentCount, t.correctionCount())
	// The table has the order income, expense, returns of both.
	b = t.Corrections[Income-1].appendCorrections(b, TagCorrectionSaleCounters)
	b = t.Corrections[Expense-1].appendCorrections(b, TagCorrectionPurchaseCounters)
	b = t.Corrections[IncomeReturn-1].appendCorrections(b, TagCorrectionSaleReturnCounters)
	b = t.Corrections[ExpenseReturn-1].appendCorrections(b, TagCorrectionPurchaseReturnCounters)
	_ = tlv.End(b, inner) // at most 1 KiB, as all counters have at most 8 bytes
	_ = tlv.End(b, at)
	return b
}

func (s *SettlementTotals) appendReceipts(b []byte, tag uint16) []byte {
	b, at := tlv.Begin(b, tag)
	b = tlv.AppendUint32(b, TagReceiptCountByType, s.Count)
	b = s.appendSums(b)
	b = tlv.AppendVLN(b, TagCountersVAT20Sum, s.VAT[VAT20])
	b = tlv.AppendVLN(b, TagCountersVAT10Sum, s.VAT[VAT10])
	b = tlv.AppendVLN(b, TagCountersVAT20120Sum, s.VAT[VAT20120])
	b = tlv.AppendVLN(b, TagCountersVAT10110Sum, s.VAT[VAT10110])
	b = tlv.AppendVLN(b, TagCountersVAT0Turnover, s.VAT[VAT0])
	b = tlv.AppendVLN(b, TagCountersNoVATTurnover, s.VAT[VATNone])
	_ = tlv.End(b, at)
	return b
}

func (s *SettlementTotals) appendCorrections(b []byte, tag uint16) []byte {
	b, at := tlv.Begin(b, tag)
	b = s.appendSums(b)
	b = tlv.AppendUint32(b, TagReceiptCountByType, s.Count)
	_ = tlv.End(b, at)
	return b
}

func (s *SettlementTotals) appendSums(b []byte) []byte {
	b = tlv.AppendVLN(b, TagCountersCashSum, s.Payments.Cash)
	b = tlv.AppendVLN(b, TagCountersCashlessSum, s.Payments.Cashless)
	b = tlv.AppendVLN(b, TagCountersPrepaidSum, s.Payments.Prepaid)
	b = tlv.AppendVLN(b, TagCountersCreditSum, s.Payments.Credit)
	b = tlv.AppendVLN(b, TagCountersProvisionSum, s.Payments.Provision)
	return tlv.AppendVLN(b, TagCountersTotalSum, s.Total)
}
