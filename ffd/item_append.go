package ffd

import "kktd/tlv"

// append writes one item in kktd's one order (spec/decisions.md, KKT part of a
// receipt).
func (it *Item) append(b []byte, v Version, f *fault) []byte {
	b, at := tlv.Begin(b, TagItem)
	b = text(b, TagItemName, it.Name, lenItemName, f)
	b = money(b, TagItemPrice, it.Price, f)
	b = tlv.AppendFVLN(b, TagQuantity, it.Quantity)
	if it.Quantity.Mantissa >= 1<<56 {
		f.set(TagQuantity, "%s does not fit 7 bytes", it.Quantity)
	}
	if v >= V120 {
		b = tlv.AppendByte(b, TagQuantityUnit, it.Measure)
	} else {
		b = text(b, TagUnitName, it.Unit, lenUnitName, f)
	}
	b = money(b, TagItemSum, it.Amount, f)
	if it.VAT != 0 {
		b = tlv.AppendByte(b, TagVATRate, byte(it.VAT))
		if it.VAT.Taxed() {
			b = money(b, TagItemVATSum, it.VATSum, f)
		}
	}
	b = moneyIf(b, TagItemUnitVAT, it.UnitVAT, f)
	if it.Type != 0 {
		b = tlv.AppendByte(b, TagItemType, byte(it.Type))
	}
	if it.Method != 0 {
		b = tlv.AppendByte(b, TagPaymentMethod, byte(it.Method))
	}
	b = it.appendAgent(b, f)
	b = moneyIf(b, TagExciseSum, it.Excise, f)
	b = fixed(b, TagOriginCountryCode, it.Country, lenOriginCountryCode, f)
	b = text(b, TagCustomsDeclaration, it.Declaration, lenCustomsDeclaration, f)
	if v >= V120 {
		b = it.appendMarking(b, f)
	} else if len(it.ProductCode) > 0 {
		if len(it.ProductCode) > lenProductCode {
			f.set(TagProductCode, "%d bytes, at most %d", len(it.ProductCode), lenProductCode)
		}
		b = tlv.AppendBytes(b, TagProductCode, it.ProductCode)
	}
	b = text(b, TagItemAttribute, it.Attribute, lenItemAttribute, f)
	if v >= V120 {
		for i := range it.Industry {
			b = it.Industry[i].append(b, TagItemIndustryAttribute, f)
		}
	}
	end(b, at, TagItem, maxItemLen, f)
	return b
}

func (it *Item) appendAgent(b []byte, f *fault) []byte {
	if it.Agent != 0 {
		b = tlv.AppendByte(b, TagItemAgentFlags, byte(it.Agent))
	}
	if it.AgentData != nil {
		start := len(b)
		var at int
		b, at = tlv.Begin(b, TagAgentData)
		f.in = TagAgentData
		b = it.AgentData.append(b, f)
		f.in = 0
		if len(b) == at {
			b = b[:start] // an agent without a single detail leaves no empty structure
		} else {
			end(b, at, TagAgentData, maxAgentLen, f)
		}
	}
	if s := it.Supplier; s != nil {
		var at int
		b, at = tlv.Begin(b, TagSupplierData)
		f.in = TagSupplierData
		b = phones(b, TagSupplierPhone, s.Phones, lenSupplierPhone, f)
		b = text(b, TagSupplierName, s.Name, lenSupplierName, f)
		f.in = 0
		end(b, at, TagSupplierData, maxSupplierLen, f)
	}
	return fixed(b, TagSupplierINN, it.SupplierINN, lenSupplierINN, f)
}

// appendMarking writes the tags of marked goods of 1.2. No information system
// answers an emulator, so 2106 says that nothing was checked.
func (it *Item) appendMarking(b []byte, f *fault) []byte {
	if m := it.Marking; m != nil {
		var at int
		b, at = tlv.Begin(b, TagProductCodeStructured)
		f.in = TagProductCodeStructured
		b = m.append(b, f)
		f.in = 0
		end(b, at, TagProductCodeStructured, maxFreeLen, f)
		if m.Marked() {
			b = tlv.AppendByte(b, TagMarkingMode, 0)
			b = tlv.AppendByte(b, TagItemCheckResult, 0)
		}
	}
	if q := it.Fraction; q != nil {
		var at int
		b, at = tlv.Begin(b, TagFractionalQuantity)
		b = tlv.AppendVLN(b, TagNumerator, q.Numerator)
		b = tlv.AppendVLN(b, TagDenominator, q.Denominator)
		end(b, at, TagFractionalQuantity, maxFreeLen, f)
	}
	return b
}
