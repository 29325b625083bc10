package cloudkassir

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/tlv"
)

// onePiece is the quantity of an item that has none.
var onePiece = tlv.Decimal{Mantissa: 1}

// maxQuantityDecimals is what the API keeps of a quantity (spec/api/cloudkassir.md 2.3).
const maxQuantityDecimals = 6

// readItems reads the items of a receipt.
func (q *request) readItems(v tolerant.Value, r *ffd.Receipt) {
	list := v.Get("Items")
	if list.Len() == 0 || list.Kind() != tolerant.Array {
		q.refuse(checkItems, list, "")
		return
	}
	for _, m := range list.All() {
		q.items = append(q.items, ffd.Item{})
		item, ok := q.object(m, checkItems)
		if !ok {
			q.refuse(checkItems, m, "ожидается объект")
			continue
		}
		q.readItem(item, &q.items[len(q.items)-1], r.Agent)
	}
	r.Items = q.items
}

func (q *request) readItem(v tolerant.Value, it *ffd.Item, agent ffd.AgentFlags) {
	it.Name = q.label(v.Get("Label"))
	q.require(v, checkNumbers, "Price", "Amount")
	it.Price, it.Amount = q.money(v.Get("Price")), q.money(v.Get("Amount"))
	it.Quantity = q.quantity(v.Get("Quantity"))
	q.discount(it)
	it.VAT = q.vat(v.Get("Vat"))
	it.Method, it.Type = q.paymentMethod(v.Get("Method")), q.itemType(v.Get("Object"))
	q.readUnit(v, it)
	it.Excise = q.money(v.Get("Excise"))
	it.Country = q.digits(v.Get("CountryOriginCode"), 3)
	it.Declaration = q.text(v.Get("CustomsDeclarationNumber"), lenDeclaration)
	q.readAgent(v, it, agent)
	q.readMarking(v, it)
	it.Attribute = q.text(v.Get("SaleObjectData"), lenItemAttribute)
	it.Industry = q.industry(v.Get("IndustryRequisiteCollection"))
	q.printUnderItem(v.Get("AdditionalPositionInfo"))
}

// label reads the name of an item, the only text that is cut instead of refused (spec/api/cloudkassir.md 2.3).
func (q *request) label(v tolerant.Value) tlv.Text {
	t := q.longText(v, checkItems)
	// A text of spaces or zero-width characters alone is none; one with a character that cannot be written is refused already.
	if !v.Filled() || len(bytes.TrimSpace(t.CP866())) == 0 && !q.broken(checkData) {
		q.refuse(checkItems, v, "не передано")
	}
	if t.Len() > lenItemName {
		q.note(v, fmt.Sprintf("%d characters, cut to %d", t.Len(), lenItemName))
	}
	return t.Cut(lenItemName)
}

// quantity reads a number above 0; absent means 1. Clients that count in binary floating point send 0.30000000000000004:
// what is finer than 6 decimals is rounded, in strict refused.
func (q *request) quantity(v tolerant.Value) tlv.Decimal {
	one := onePiece
	if !v.Filled() {
		return one
	}
	d, err := v.Decimal()
	if err != nil {
		q.refuseErr(checkNumbers, v, err)
		return one
	}
	if d.Scale > maxQuantityDecimals && q.api.o.Strict {
		q.refuse(checkData, v, fmt.Sprintf("не больше %d знаков после точки", maxQuantityDecimals))
		return one
	}
	if d.Scale > maxQuantityDecimals {
		q.note(v, fmt.Sprintf("%s rounded to %d decimals", d, maxQuantityDecimals))
		d.Mantissa, d.Scale = tolerant.Decimal{Mantissa: d.Mantissa, Scale: d.Scale - maxQuantityDecimals}.Round(), maxQuantityDecimals
	}
	switch {
	case d.Mantissa <= 0:
		q.refuse(checkNumbers, v, "должно быть больше нуля")
		return one
	case d.Mantissa >= 1<<56:
		q.refuse(checkData, v, "слишком большое количество")
		return one
	}
	return tlv.Decimal{Mantissa: uint64(d.Mantissa), Scale: d.Scale}.Minimal()
}

// discount makes price and amount agree: the amount stands, and where it is not price x quantity the price becomes
// amount / quantity, half up (spec/decisions.md, Discount).
func (q *request) discount(it *ffd.Item) {
	scale := uint64(1)
	for range it.Quantity.Scale {
		scale *= 10
	}
	if amount, ok := mulDiv(it.Price, it.Quantity.Mantissa, scale); ok && amount == it.Amount {
		return
	}
	price, ok := mulDiv(it.Amount, scale, it.Quantity.Mantissa)
	if !ok {
		price = maxMoney + 1 // the encoder refuses it by its tag
	}
	it.Price = price
}

// mulDiv is a x b / c half up; false when it does not fit 64 bits.
func mulDiv(a, b, c uint64) (uint64, bool) {
	hi, lo := bits.Mul64(a, b)
	lo, carry := bits.Add64(lo, c/2, 0)
	if hi += carry; hi >= c {
		return 0, false
	}
	n, _ := bits.Div64(hi, lo, c)
	return n, true
}

// readUnit fills 1197 and 2108: UnitCode, or what MeasurementUnit names.
func (q *request) readUnit(v tolerant.Value, it *ffd.Item) {
	unit := v.Get("MeasurementUnit")
	if name := q.str(unit); name != "" {
		// CP866 has no squares and cubes, and FFD 1.2 does not even write the name.
		plain := strings.ReplaceAll(strings.ReplaceAll(name, "²", "2"), "³", "3")
		if plain != name {
			q.note(unit, fmt.Sprintf("%q written as %q", name, plain))
		}
		it.Measure = unitOf(plain)
		if it.Unit = q.encode(unit, plain); it.Unit.Len() > lenUnit {
			q.refuse(checkData, unit, fmt.Sprintf("%d символов, не больше %d", it.Unit.Len(), lenUnit))
		}
	}
	if code, ok := q.unitCode(v.Get("UnitCode")); ok {
		it.Measure = code
	}
}

// readMarking fills 1162 of FFD 1.05 and 1163, 1291 of FFD 1.2; the encoder leaves out what its version lacks.
func (q *request) readMarking(v tolerant.Value, it *ffd.Item) {
	if raw := v.Get("RawMarkCode"); raw.Filled() {
		code, err := ffd.ParseProductCode(q.str(raw), q.str(v.Get("GroupSeparator")))
		if err != nil {
			q.refuseErr(checkData, raw, err)
		}
		it.Marking = code
	}
	if data, ok := q.object(v.Get("ProductCodeData"), checkData); ok {
		if m := data.Get("CodeProductNomenclature"); m.Filled() {
			code, err := ffd.ProductCode105(q.str(m))
			if err != nil {
				q.note(m, "left out: "+err.Error())
			}
			it.ProductCode = code
		}
	}
	q.readEAN(v.Get("Ean13"), it)
	// 2003 goes into document 82, not into the receipt (spec/decisions.md, 2000, 2003).
	status := v.Get("ExpectedMarkItemStatus")
	if n, ok := q.number(status, 1, 255, checkData); ok && n > 6 && n < 255 {
		q.refuse(checkData, status, fmt.Sprintf("значение %d, допустимы от 1 до 6 и 255", n))
	}
	part, ok := q.object(v.Get("MarkPartQuantity"), checkData)
	if !ok {
		return
	}
	q.require(part, checkMissing, "Numerator", "Denominator")
	numerator, ok1 := q.number(part.Get("Numerator"), 1, 1<<47, checkData)
	denominator, ok2 := q.number(part.Get("Denominator"), 1, 1<<47, checkData)
	switch {
	case !ok1 || !ok2:
		return
	case numerator >= denominator:
		q.refuse(checkData, part, "числитель должен быть меньше знаменателя")
	case q.api.o.Strict && (it.Quantity != tlv.Decimal{Mantissa: 1} || it.Price != it.Amount || it.Measure != ffd.MeasurePiece):
		q.refuse(checkData, part, "количество должно быть 1, цена равна сумме, мера количества 0")
	}
	it.Fraction = &ffd.Fraction{Numerator: uint64(numerator), Denominator: uint64(denominator)}
}

// readEAN takes the legacy bar code where there is no marking code.
func (q *request) readEAN(v tolerant.Value, it *ffd.Item) {
	s := q.str(v)
	if s == "" {
		return
	}
	if n := len(s); n != 8 && n != 13 && n != 14 || !allDigits(s) {
		q.note(v, "no bar code of 8, 13 or 14 digits, left out")
		return
	}
	if it.Marking == nil {
		it.Marking, _ = ffd.ParseProductCode(s, "") // digits of these lengths are always a code
	}
	if it.ProductCode == nil {
		it.ProductCode, _ = ffd.ProductCode1162(s, "")
	}
}
