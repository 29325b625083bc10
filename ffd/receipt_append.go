package ffd

import "kktd/tlv"

// Append appends the KKT part of the receipt in kktd's one order
// (spec/decisions.md, KKT part of a receipt). On an error, always a *FieldError,
// b comes back as it was. It allocates nothing when b has room.
func (r *Receipt) Append(b []byte, v Version) ([]byte, error) {
	f := fault{list: TagItem, item: -1}
	r.check(&f)
	start := len(b)
	if r.TaxSystem != 0 {
		b = tlv.AppendByte(b, TagAppliedTaxSystem, byte(r.TaxSystem))
	}
	if r.Correction != nil {
		b = r.Correction.appendBoth(b, &f)
	}
	b = checkedText(b, TagCashier, r.Cashier)
	if !r.CashierINN.IsEmpty() {
		b = tlv.AppendPadded(b, TagCashierINN, r.CashierINN, lenCashierINN)
	}
	b = checkedText(b, TagBuyerContact, r.Contact)
	b = checkedText(b, TagSenderEmail, r.SenderEmail)
	b = checkedText(b, TagSettlementPlace, r.Place)
	b = checkedText(b, TagSettlementAddress, r.Address)
	b = checkedText(b, TagAutomatNumber, r.AutomatNumber)
	b = checkedText(b, TagReceiptAttribute, r.Attribute)
	if r.UserName.Len()|r.FNSSite.Len() != 0 {
		b = text(b, TagUserName, r.UserName, lenUserName, &f)
		b = text(b, TagFNSSite, r.FNSSite, lenFNSSite, &f)
	}
	if a := r.UserAttribute; a != nil {
		var at int
		b, at = tlv.Begin(b, TagUserAttribute)
		b = a.append(b, &f)
		end(b, at, TagUserAttribute, maxFreeLen, &f)
	}
	if v >= V120 {
		if o := r.Operational; o != nil {
			var at int
			b, at = tlv.Begin(b, TagOperationalAttribute)
			b = o.append(b, &f)
			end(b, at, TagOperationalAttribute, lenOperationalAttribute, &f)
		}
		for i := range r.Industry {
			b = r.Industry[i].appendAs(b, TagReceiptIndustryAttribute, &f)
		}
	}
	if r.Buyer != nil {
		b = r.Buyer.appendAs(b, v, &f)
	}
	if v < V120 {
		b = r.appendAgent(b, &f)
	}
	if r.InternetSettlement {
		b = tlv.AppendByte(b, TagInternetSettlement, 1)
	}
	if r.InternetOnly {
		b = tlv.AppendByte(b, TagInternetOnlyKKT, 1)
	}
	for i := range r.Items {
		f.item = i
		b = r.Items[i].append(b, v, &f)
	}
	f.item = -1
	b = r.appendSums(b, &f)
	if v >= V120 {
		if r.HasMarking() {
			b = tlv.AppendByte(b, TagMarkedCheckResult, r.MarkedCheck)
		}
	} else {
		b = tlv.AppendByte(b, TagFFDVersion, byte(v))
	}
	if f.err != nil {
		return b[:start], f.err
	}
	return b, nil
}

// check holds the members that Append writes itself against their limits.
func (r *Receipt) check(f *fault) {
	f.text(TagCashier, r.Cashier, lenCashier)
	f.text(TagCashierINN, r.CashierINN, lenCashierINN)
	f.text(TagBuyerContact, r.Contact, lenBuyerContact)
	f.text(TagSenderEmail, r.SenderEmail, lenSenderEmail)
	f.text(TagSettlementPlace, r.Place, lenSettlementPlace)
	f.text(TagSettlementAddress, r.Address, lenSettlementAddress)
	f.text(TagAutomatNumber, r.AutomatNumber, lenAutomatNumber)
	f.text(TagReceiptAttribute, r.Attribute, lenReceiptAttribute)
}

// appendSums writes the payments, always all five, and the totals of the rates
// that are not zero.
func (r *Receipt) appendSums(b []byte, f *fault) []byte {
	p := &r.Payments
	f.money(TagCashSum, p.Cash)
	b = tlv.AppendVLN(b, TagCashSum, p.Cash)
	f.money(TagCashlessSum, p.Cashless)
	b = tlv.AppendVLN(b, TagCashlessSum, p.Cashless)
	f.money(TagPrepaidSum, p.Prepaid)
	b = tlv.AppendVLN(b, TagPrepaidSum, p.Prepaid)
	f.money(TagCreditSum, p.Credit)
	b = tlv.AppendVLN(b, TagCreditSum, p.Credit)
	f.money(TagProvisionSum, p.Provision)
	b = tlv.AppendVLN(b, TagProvisionSum, p.Provision)
	if len(r.CashlessPayments) > 0 {
		var at int
		b, at = tlv.Begin(b, TagCashlessPayments)
		for i := range r.CashlessPayments {
			c := &r.CashlessPayments[i]
			var one int
			b, one = tlv.Begin(b, TagCashlessPayment)
			b = c.append(b, f)
			end(b, one, TagCashlessPayment, maxFreeLen, f)
		}
		end(b, at, TagCashlessPayments, maxFreeLen, f)
	}
	b = moneyIf(b, TagVAT20Sum, r.VAT[VAT20], f)
	b = moneyIf(b, TagVAT10Sum, r.VAT[VAT10], f)
	b = moneyIf(b, TagVAT0TurnoverSum, r.VAT[VAT0], f)
	b = moneyIf(b, TagNoVATTurnoverSum, r.VAT[VATNone], f)
	b = moneyIf(b, TagVAT20120Sum, r.VAT[VAT20120], f)
	b = moneyIf(b, TagVAT10110Sum, r.VAT[VAT10110], f)
	at := 0
	for rate := VAT5; rate <= VAT22122; rate++ {
		if r.VAT[rate] == 0 {
			continue
		}
		if at == 0 {
			b, at = tlv.Begin(b, TagVATAmounts)
		}
		var one int
		b, one = tlv.Begin(b, TagVATAmount)
		b = tlv.AppendByte(b, TagVATRate, byte(rate))
		b = money(b, TagVATAmountValue, r.VAT[rate], f)
		end(b, one, TagVATAmount, maxFreeLen, f)
	}
	if at != 0 {
		end(b, at, TagVATAmounts, maxFreeLen, f)
	}
	return b
}

// appendAgent writes the agent tags that stand at the top up to 1.1.
func (r *Receipt) appendAgent(b []byte, f *fault) []byte {
	if r.Agent != 0 {
		b = tlv.AppendByte(b, TagAgentFlags, byte(r.Agent))
	}
	if r.AgentData != nil {
		b = r.AgentData.append(b, f)
	}
	return phones(b, TagSupplierPhone, r.SupplierPhones, lenSupplierPhone, f)
}

// appendBoth writes 1173 and 1174.
func (c *Correction) appendBoth(b []byte, f *fault) []byte {
	b = tlv.AppendBool(b, TagCorrectionType, c.ByOrder)
	b, at := tlv.Begin(b, TagCorrectionBasis)
	b = c.append(b, f)
	end(b, at, TagCorrectionBasis, lenCorrectionBasis, f)
	return b
}

// appendAs writes 1260 or 1261.
func (x *IndustryAttribute) appendAs(b []byte, tag uint16, f *fault) []byte {
	b, at := tlv.Begin(b, tag)
	f.in = tag
	b = x.append(b, f)
	f.in = 0
	end(b, at, tag, lenItemIndustryAttribute, f)
	return b
}

// appendAs writes 1256, or the two tags that 1.05 and 1.1 have.
func (x *Buyer) appendAs(b []byte, v Version, f *fault) []byte {
	if v < V120 {
		b = text(b, TagBuyerName, x.Name, lenBuyerName, f)
		return fixed(b, TagBuyerINN, x.INN, lenBuyerINN, f)
	}
	b, at := tlv.Begin(b, TagBuyerInfo)
	f.in = TagBuyerInfo
	b = x.append(b, f)
	f.in = 0
	end(b, at, TagBuyerInfo, lenBuyerInfo, f)
	return b
}

func phones(b []byte, tag uint16, list []tlv.Text, limit int, f *fault) []byte {
	for _, p := range list {
		b = text(b, tag, p, limit, f)
	}
	return b
}
