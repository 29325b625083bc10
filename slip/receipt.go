package slip

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"kktd/ffd"
)

// receipt composes forms 3, 4, 31 and 41.
func (c *composer) receipt() {
	c.head(c.title(), c.value(c.doc, ffd.TagSettlementType))
	c.fields(c.doc, 0, ffd.TagShiftNumber, ffd.TagReceiptNumberInShift, ffd.TagCashier, ffd.TagAutomatNumber)
	c.correction()
	c.rule()
	index := 0
	for _, it := range c.doc.Items {
		if it.Tag == ffd.TagItem {
			c.item(it, index)
			index++
		}
	}
	if index > 0 {
		c.rule()
	}
	c.lines = append(c.lines, line{kind: total, left: "ИТОГ", right: "= " + c.value(c.doc, ffd.TagTotalSum)})
	c.sums(c.doc, ffd.TagCashSum, ffd.TagCashlessSum, ffd.TagPrepaidSum, ffd.TagCreditSum, ffd.TagProvisionSum)
	c.sums(c.doc, ffd.TagVAT20Sum, ffd.TagVAT10Sum, ffd.TagVAT20120Sum, ffd.TagVAT10110Sum)
	if list := child(c.doc, ffd.TagVATAmounts); list != nil {
		for _, one := range list.Items {
			c.pair(0, "СУММА НДС "+c.value(one, ffd.TagVATRate), c.value(one, ffd.TagVATAmountValue))
		}
	}
	c.sums(c.doc, ffd.TagVAT0TurnoverSum, ffd.TagNoVATTurnoverSum)
	c.fields(c.doc, 0, ffd.TagAppliedTaxSystem, ffd.TagMarkedCheckResult)
	c.agent(c.doc, 0, ffd.TagAgentFlags)
	c.buyer()
	c.fields(c.doc, 0, ffd.TagReceiptAttribute)
	if a := child(c.doc, ffd.TagUserAttribute); a != nil {
		c.pair(0, c.value(a, ffd.TagUserAttributeName), c.value(a, ffd.TagUserAttributeValue))
	}
	if len(c.in.Lines) > 0 {
		c.rule()
		for _, s := range c.in.Lines {
			c.add(flowing, s)
		}
	}
	c.rule()
	c.pair(0, "САЙТ ФНС", c.or(ffd.TagFNSSite, c.in.Registration.FNSSite))
	c.add(code, c.qr())
	c.foot()
}

// sums adds the members that are not 0.
func (c *composer) sums(n *ffd.Node, tags ...uint16) {
	for _, tag := range tags {
		if u, _ := c.uint(n, tag); u != 0 {
			c.fields(n, 0, tag)
		}
	}
}

func (c *composer) correction() {
	c.fields(c.doc, 0, ffd.TagCorrectionType)
	if basis := child(c.doc, ffd.TagCorrectionBasis); basis != nil {
		c.fields(basis, 0, ffd.TagCorrectionDescription, ffd.TagCorrectionDate, ffd.TagPrescriptionNumber)
	}
}

func (c *composer) item(n *ffd.Node, index int) {
	name := strconv.Itoa(index+1) + ". " + c.value(n, ffd.TagItemName)
	if m := mark(n); m != "" {
		name += " " + m
	}
	c.add(itemName, name)
	c.pair(1, c.quantity(n)+" x "+c.value(n, ffd.TagItemPrice), "= "+c.value(n, ffd.TagItemSum))
	switch rate, ok := c.uint(n, ffd.TagVATRate); {
	case !ok:
	case ffd.VATRate(rate) == ffd.VATNone:
		c.pair(1, "НДС", "НЕ ОБЛАГАЕТСЯ")
	case ffd.VATRate(rate).Taxed() && child(n, ffd.TagItemVATSum) != nil:
		c.pair(1, "НДС "+c.value(n, ffd.TagVATRate), c.value(n, ffd.TagItemVATSum))
	default:
		c.pair(1, "НДС", c.value(n, ffd.TagVATRate))
	}
	// Goods and full settlement are what an absent word means on paper
	// (spec/ffd/documents.md, 1059).
	if u, ok := c.uint(n, ffd.TagItemType); ok && ffd.ItemType(u) != ffd.Goods {
		c.pair(1, "ПРЕДМЕТ", c.value(n, ffd.TagItemType))
	}
	if u, ok := c.uint(n, ffd.TagPaymentMethod); ok && ffd.PaymentMethod(u) != ffd.FullSettlement {
		c.pair(1, "СПОСОБ", c.value(n, ffd.TagPaymentMethod))
	}
	if p := child(n, ffd.TagProductCode); p != nil {
		s := p.Display()
		if s == strconv.Itoa(p.Len)+" Б" { // of no known kind
			s = c.show(p)
		}
		c.pair(1, "КОД ТОВАРА", s)
	}
	if p := child(n, ffd.TagProductCodeStructured); p != nil {
		for _, it := range p.Items {
			if it.Tag == ffd.TagProductCodeF3 || it.Tag == ffd.TagProductCodeF6 { // the two that are printed (spec/ffd/documents.md, 1163)
				c.pair(1, "КОД ТОВАРА", c.show(it))
			}
		}
	}
	c.fields(n, 1, ffd.TagItemUnitVAT, ffd.TagExciseSum, ffd.TagOriginCountryCode, ffd.TagCustomsDeclaration)
	c.agent(n, 1, ffd.TagItemAgentFlags)
	c.fields(n, 1, ffd.TagItemAttribute)
	if s := c.in.ItemLines[index]; s != "" {
		c.lines = append(c.lines, line{kind: flowing, level: 1, left: s})
	}
}

// quantity is the quantity with its unit, and the part of a piece.
func (c *composer) quantity(n *ffd.Node) string {
	s := c.value(n, ffd.TagQuantity)
	if s == "" {
		s = "1" // 1023 may be absent in 1.05 (spec/ffd/documents.md, 1059)
	}
	if part := child(n, ffd.TagFractionalQuantity); part != nil {
		s += " (" + c.value(part, ffd.TagNumerator) + "/" + c.value(part, ffd.TagDenominator) + ")"
	}
	unit := c.value(n, ffd.TagUnitName)
	if u, ok := c.uint(n, ffd.TagQuantityUnit); ok && byte(u) != ffd.MeasureOther {
		unit = c.value(n, ffd.TagQuantityUnit)
	}
	if unit != "" {
		s += " " + unit
	}
	return s
}

// mark is printed behind the name of marked goods (spec/ffd/encoding.md 5, 2106).
// Up to 1.1 nothing is checked; there the kind of the code tells.
func mark(n *ffd.Node) string {
	if r := child(n, ffd.TagItemCheckResult); r != nil {
		switch u, _ := r.Uint(); u {
		case 1, 5, 7, 17:
			return "[M-]"
		case 11, 15:
			return "[M+]"
		}
		return "[M]"
	}
	const dataMatrix, fur = 0x444D, 0x5246 // spec/ffd/encoding.md 6, 1162
	if p := child(n, ffd.TagProductCode); p != nil && len(p.Raw) >= 2 {
		if kind := binary.BigEndian.Uint16(p.Raw); kind == dataMatrix || kind == fur {
			return "[M]"
		}
	}
	return ""
}

// agent adds the agent tags, which stand in an item or, up to 1.1, at the top.
func (c *composer) agent(n *ffd.Node, level int, flags uint16) {
	if u, _ := c.uint(n, flags); u != 0 {
		c.fields(n, level, flags)
	}
	details := []uint16{ffd.TagTransferOperatorName, ffd.TagTransferOperatorAddress, ffd.TagTransferOperatorINN, ffd.TagTransferOperatorPhone,
		ffd.TagBankAgentOperation, ffd.TagPaymentAgentPhone, ffd.TagPaymentOperatorPhone}
	if data := child(n, ffd.TagAgentData); data != nil {
		c.fields(data, level, details...)
	} else {
		c.fields(n, level, details...)
	}
	if s := child(n, ffd.TagSupplierData); s != nil {
		c.fields(s, level, ffd.TagSupplierName, ffd.TagSupplierPhone)
	}
	c.fields(n, level, ffd.TagSupplierPhone, ffd.TagSupplierINN)
}

func (c *composer) buyer() {
	at := c.doc
	if b := child(c.doc, ffd.TagBuyerInfo); b != nil {
		at = b
	}
	c.fields(at, 0, ffd.TagBuyerName)
	if at == c.doc { // inside 1256 the INN is for the electronic form alone (spec/ffd/documents.md, 1256)
		c.fields(at, 0, ffd.TagBuyerINN)
	}
	c.fields(at, 0, ffd.TagBuyerAddress)
	c.fields(c.doc, 0, ffd.TagBuyerContact)
	if child(c.doc, ffd.TagBuyerContact) != nil {
		c.pair(0, "ЭЛ. АДР. ОТПРАВИТЕЛЯ", c.or(ffd.TagSenderEmail, c.in.Registration.SenderEmail))
	}
}

// qr is the text of the code (spec/ffd/encoding.md 8).
func (c *composer) qr() string {
	number := func(tag uint16) uint64 { u, _ := c.uint(c.doc, tag); return u }
	drive := strings.TrimSpace(c.value(c.doc, ffd.TagFNNumber))
	if slices.Contains([]uint64{number(ffd.TagDateTime), number(ffd.TagFDNumber), number(ffd.TagSettlementType)}, 0) || drive == "" {
		return "" // a document of another maker may lack what the code tells
	}
	return ffd.QR{Time: uint32(number(ffd.TagDateTime)), Total: number(ffd.TagTotalSum), Drive: drive, Number: uint32(number(ffd.TagFDNumber)),
		Sign: uint32(number(ffd.TagFiscalSign)), Operation: ffd.Operation(number(ffd.TagSettlementType))}.String()
}
