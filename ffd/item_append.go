package ffd

import "kktd/tlv"

// append writes one item in kktd's one order (spec/decisions.md, KKT part of a
// receipt). Every item has the members up to 1214; the details after them are
// rare, so one question leaves all of them out.
func (it *Item) append(b []byte, v Version, f *fault) []byte {
	it.check(v, f)
	b, at := tlv.Begin(b, TagItem)
	b = checkedText(b, TagItemName, it.Name)
	b = tlv.AppendVLN(b, TagItemPrice, it.Price)
	b = tlv.AppendFVLN(b, TagQuantity, it.Quantity)
	if v >= V120 {
		b = tlv.AppendByte(b, TagQuantityUnit, it.Measure)
	} else {
		b = checkedText(b, TagUnitName, it.Unit)
	}
	b = tlv.AppendVLN(b, TagItemSum, it.Amount)
	if it.VAT != 0 {
		b = tlv.AppendByte(b, TagVATRate, byte(it.VAT))
		if it.VAT.Taxed() {
			f.money(TagItemVATSum, it.VATSum)
			b = tlv.AppendVLN(b, TagItemVATSum, it.VATSum)
		}
	}
	if it.UnitVAT != 0 {
		b = tlv.AppendVLN(b, TagItemUnitVAT, it.UnitVAT)
	}
	if it.Type != 0 {
		b = tlv.AppendByte(b, TagItemType, byte(it.Type))
	}
	if it.Method != 0 {
		b = tlv.AppendByte(b, TagPaymentMethod, byte(it.Method))
	}
	if it.hasDetails() {
		b = it.appendDetails(b, v, f)
	}
	f.size(TagItem, len(b)-at, lenItem)
	_ = tlv.End(b, at) // what it refuses, size has refused
	return b
}

// check holds the members that append writes itself against their limits.
func (it *Item) check(v Version, f *fault) {
	f.text(TagItemName, it.Name, lenItemName)
	f.money(TagItemPrice, it.Price)
	f.quantity(TagQuantity, it.Quantity)
	if v < V120 {
		f.text(TagUnitName, it.Unit, lenUnitName)
	}
	f.money(TagItemSum, it.Amount)
	f.money(TagItemUnitVAT, it.UnitVAT)
	if it.Type != 0 && !it.Type.Valid(v) {
		f.set(TagItemType, "FFD %s has no type %d", "в ФФД %s нет признака %d", v, it.Type)
	}
}

// hasDetails tells that appendDetails has something to write.
func (it *Item) hasDetails() bool {
	texts := it.SupplierINN.Len() | it.Country.Len() | it.Declaration.Len() | it.Attribute.Len()
	return texts|len(it.ProductCode)|len(it.Industry)|int(it.Agent) != 0 || it.Excise != 0 ||
		it.AgentData != nil || it.Supplier != nil || it.Marking != nil || it.Fraction != nil
}

// appendDetails writes what stands after 1214.
func (it *Item) appendDetails(b []byte, v Version, f *fault) []byte {
	b = it.appendAgent(b, f)
	b = moneyIf(b, TagExciseSum, it.Excise, f)
	b = fixed(b, TagOriginCountryCode, it.Country, lenOriginCountryCode, f)
	b = text(b, TagCustomsDeclaration, it.Declaration, lenCustomsDeclaration, f)
	if v >= V120 {
		b = it.appendMarking(b, f)
	} else {
		b = octets(b, TagProductCode, it.ProductCode, lenProductCode, f)
	}
	b = text(b, TagItemAttribute, it.Attribute, lenItemAttribute, f)
	if v >= V120 {
		for i := range it.Industry {
			b = it.Industry[i].appendAs(b, TagItemIndustryAttribute, f)
		}
	}
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
			end(b, at, TagAgentData, lenAgentData, f)
		}
	}
	if s := it.Supplier; s != nil {
		var at int
		b, at = tlv.Begin(b, TagSupplierData)
		f.in = TagSupplierData
		b = s.append(b, f)
		f.in = 0
		end(b, at, TagSupplierData, lenSupplierData, f)
	}
	return fixed(b, TagSupplierINN, it.SupplierINN, lenSupplierINN, f)
}

// appendMarking writes the tags of marked goods of 1.2.
func (it *Item) appendMarking(b []byte, f *fault) []byte {
	if m := it.Marking; m != nil {
		var at int
		b, at = tlv.Begin(b, TagProductCodeStructured)
		f.in = TagProductCodeStructured
		b = m.append(b, f)
		f.in = 0
		end(b, at, TagProductCodeStructured, maxFreeLen, f)
		if m.Marked() {
			b = tlv.AppendByte(b, TagMarkingMode, it.MarkingMode)
			b = tlv.AppendByte(b, TagItemCheckResult, it.CheckResult)
		}
	}
	if q := it.Fraction; q != nil {
		var at int
		b, at = tlv.Begin(b, TagFractionalQuantity)
		b = q.append(b, f)
		end(b, at, TagFractionalQuantity, maxFreeLen, f)
	}
	return b
}
