package ffd

import "kktd/tlv"

// Append appends the KKT part of the receipt in kktd's one order
// (spec/decisions.md, KKT part of a receipt). On an error, always a *FieldError,
// b comes back as it was. It allocates nothing when b has room.
func (r *Receipt) Append(b []byte, v Version) ([]byte, error) {
	f := fault{item: -1}
	start := len(b)
	if r.TaxSystem != 0 {
		b = tlv.AppendByte(b, TagAppliedTaxSystem, byte(r.TaxSystem))
	}
	if r.Correction != nil {
		b = r.Correction.append(b, &f)
	}
	b = text(b, TagCashier, r.Cashier, lenCashier, &f)
	b = fixed(b, TagCashierINN, r.CashierINN, lenCashierINN, &f)
	b = text(b, TagBuyerContact, r.Contact, lenBuyerContact, &f)
	b = text(b, TagSenderEmail, r.SenderEmail, lenSenderEmail, &f)
	b = text(b, TagSettlementPlace, r.Place, lenSettlementPlace, &f)
	b = text(b, TagSettlementAddress, r.Address, lenSettlementAddress, &f)
	b = text(b, TagAutomatNumber, r.AutomatNumber, lenAutomatNumber, &f)
	b = text(b, TagReceiptAttribute, r.Attribute, lenReceiptAttribute, &f)
	if a := r.UserAttribute; a != nil {
		var at int
		b, at = tlv.Begin(b, TagUserAttribute)
		b = text(b, TagUserAttributeName, a.Name, lenUserAttributeName, &f)
		b = text(b, TagUserAttributeValue, a.Value, lenUserAttributeValue, &f)
		end(b, at, TagUserAttribute, maxFreeLen, &f)
	}
	if v >= V120 {
		if o := r.Operational; o != nil {
			b = o.append(b, &f)
		}
		for i := range r.Industry {
			b = r.Industry[i].append(b, TagReceiptIndustryAttribute, &f)
		}
	}
	if r.Buyer != nil {
		b = r.Buyer.append(b, v, &f)
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
			b = tlv.AppendByte(b, TagMarkedCheckResult, 0)
		}
	} else {
		b = tlv.AppendByte(b, TagFFDVersion, byte(v))
	}
	if f.err != nil {
		return b[:start], f.err
	}
	return b, nil
}

// appendSums writes the payments, always all five, and the totals of the rates
// that are not zero.
func (r *Receipt) appendSums(b []byte, f *fault) []byte {
	p := &r.Payments
	b = money(b, TagCashSum, p.Cash, f)
	b = money(b, TagCashlessSum, p.Cashless, f)
	b = money(b, TagPrepaidSum, p.Prepaid, f)
	b = money(b, TagCreditSum, p.Credit, f)
	b = money(b, TagProvisionSum, p.Provision, f)
	if len(r.CashlessPayments) > 0 {
		var at int
		b, at = tlv.Begin(b, TagCashlessPayments)
		for i := range r.CashlessPayments {
			c := &r.CashlessPayments[i]
			var one int
			b, one = tlv.Begin(b, TagCashlessPayment)
			b = money(b, TagCashlessPaymentSum, c.Sum, f)
			b = tlv.AppendByte(b, TagCashlessPaymentMethod, c.Method)
			b = text(b, TagCashlessPaymentIDs, c.IDs, lenCashlessPaymentIDs, f)
			b = text(b, TagCashlessPaymentInfo, c.Info, lenCashlessPaymentInfo, f)
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

func (c *Correction) append(b []byte, f *fault) []byte {
	b = tlv.AppendBool(b, TagCorrectionType, c.ByOrder)
	b, at := tlv.Begin(b, TagCorrectionBasis)
	b = tlv.AppendUint32(b, TagCorrectionDate, c.Date)
	b = text(b, TagPrescriptionNumber, c.Number, lenPrescriptionNumber, f)
	end(b, at, TagCorrectionBasis, maxFreeLen, f)
	return b
}

func (o *OperationalAttribute) append(b []byte, f *fault) []byte {
	b, at := tlv.Begin(b, TagOperationalAttribute)
	b = tlv.AppendUint32(b, TagOperationDateTime, o.Time)
	b = tlv.AppendByte(b, TagOperationID, o.ID)
	b = text(b, TagOperationData, o.Data, lenOperationData, f)
	end(b, at, TagOperationalAttribute, maxFreeLen, f)
	return b
}

func (a *IndustryAttribute) append(b []byte, tag uint16, f *fault) []byte {
	b, at := tlv.Begin(b, tag)
	f.in = tag
	b = text(b, TagFOIVID, a.FOIV, lenFOIVID, f)
	b = fixed(b, TagFoundationDocDate, a.Date, lenFoundationDocDate, f)
	b = text(b, TagFoundationDocNumber, a.Number, lenFoundationDocNumber, f)
	b = text(b, TagIndustryAttributeValue, a.Value, lenIndustryAttributeValue, f)
	f.in = 0
	end(b, at, tag, maxIndustryLen, f)
	return b
}

func (y *Buyer) append(b []byte, v Version, f *fault) []byte {
	if v < V120 {
		b = text(b, TagBuyerName, y.Name, lenBuyerName, f)
		return fixed(b, TagBuyerINN, y.INN, lenBuyerINN, f)
	}
	b, at := tlv.Begin(b, TagBuyerInfo)
	f.in = TagBuyerInfo
	b = text(b, TagBuyerName, y.Name, lenBuyerName, f)
	b = fixed(b, TagBuyerINN, y.INN, lenBuyerINN, f)
	b = fixed(b, TagBuyerBirthDate, y.BirthDate, lenBuyerBirthDate, f)
	b = fixed(b, TagBuyerCitizenship, y.Citizenship, lenBuyerCitizenship, f)
	b = fixed(b, TagBuyerDocumentCode, y.DocumentCode, lenBuyerDocumentCode, f)
	b = text(b, TagBuyerDocumentData, y.DocumentData, lenBuyerDocumentData, f)
	b = text(b, TagBuyerAddress, y.Address, lenBuyerAddress, f)
	f.in = 0
	end(b, at, TagBuyerInfo, maxBuyerLen, f)
	return b
}

// append writes the members without a frame: inside 1223 they stand as they do
// at the top of a receipt.
func (a *AgentData) append(b []byte, f *fault) []byte {
	b = phones(b, TagTransferOperatorPhone, a.TransferOperatorPhones, lenTransferOperatorPhone, f)
	b = text(b, TagBankAgentOperation, a.Operation, lenBankAgentOperation, f)
	b = phones(b, TagPaymentAgentPhone, a.PaymentAgentPhones, lenPaymentAgentPhone, f)
	b = phones(b, TagPaymentOperatorPhone, a.PaymentOperatorPhones, lenPaymentOperatorPhone, f)
	b = text(b, TagTransferOperatorName, a.TransferOperatorName, lenTransferOperatorName, f)
	b = text(b, TagTransferOperatorAddress, a.TransferOperatorAddr, lenTransferOperatorAddress, f)
	return fixed(b, TagTransferOperatorINN, a.TransferOperatorINN, lenTransferOperatorINN, f)
}

func phones(b []byte, tag uint16, list []tlv.Text, limit int, f *fault) []byte {
	for _, p := range list {
		b = text(b, tag, p, limit, f)
	}
	return b
}
