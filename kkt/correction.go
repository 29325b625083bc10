package kkt

import "kktd/ffd"

// formOf is the form of a part on the register.
func (p *profile) formOf(part *ffd.Receipt, bso bool) ffd.Form {
	bso = bso || p.Conditions.Has(ffd.BSOSystem)
	switch {
	case part.Correction != nil && bso:
		return ffd.FormBSOCorrection
	case part.Correction != nil:
		return ffd.FormCorrection
	case bso:
		return ffd.FormBSO
	}
	return ffd.FormReceipt
}

// sum fills the sums of VAT of a part: from its items, or of a correction of FFD
// 1.05 from its total and its one rate. That correction has no items (spec/api/cloudkassir.md
// 2.6, 5.2).
func (p *profile) sum(r *ffd.Receipt, bySums ffd.VATRate) {
	if r.Correction == nil || bySums == 0 || p.FFD >= ffd.V110 {
		r.SumVAT()
		return
	}
	r.Items, r.VAT = nil, ffd.VATTotals{}
	total := r.Payments.Total()
	if bySums.Taxed() {
		total = bySums.Tax(total)
	}
	r.VAT[bySums] = total
}

// correctionNeeds are the conditions of a correction on the format of its
// register (spec/ffd/documents.md, 31; spec/api/cloudkassir.md 2.6).
var correctionNeeds = []need{
	{func(r *Receipt) Lack { return when(corrects(r) && isReturn(first(r).Operation), LackReturnCorrection) },
		func(_ *Receipt, p *profile) bool { return p.FFD >= ffd.V110 }},
	{func(r *Receipt) Lack {
		return when(corrects(r) && first(r).Correction.Number.IsEmpty(), LackBasisNumber)
	}, func(_ *Receipt, p *profile) bool { return p.FFD >= ffd.V110 }},
	{func(r *Receipt) Lack { return when(corrects(r) && len(first(r).Items) == 0, LackItems) },
		func(_ *Receipt, p *profile) bool { return p.FFD < ffd.V110 }},
}

func corrects(r *Receipt) bool { return first(r).Correction != nil }

func isReturn(o ffd.Operation) bool { return o == ffd.IncomeReturn || o == ffd.ExpenseReturn }
