package bench

import (
	"kktd/ffd"
	"kktd/tlv"
)

// view is a decoded receipt: numbers, and texts as views into the document.
type view struct {
	version, operation, taxSystem                                   byte
	number, time, shift, receipt                                    uint32
	drive, regNumber, inn, sign                                     []byte
	cashier, cashierINN, contact, sender                            []byte
	place, address                                                  []byte
	total, cash, cashless, prepaid, credit, provision, vat20, vat10 uint64
	items                                                           []itemView
}

type itemView struct {
	name                      []byte
	price, amount, vatSum     uint64
	quantity                  tlv.Decimal
	measure, vat, typ, method byte
}

// read fills the view from a document with its frame. It keeps the array of
// items.
func (w *view) read(doc []byte) error {
	_, content, _, ok := tlv.Next(doc)
	if !ok {
		return damage(doc)
	}
	*w = view{items: w.items[:0]}
	tag, v, rest, ok := tlv.Next(content)
	for ; ok; tag, v, rest, ok = tlv.Next(rest) {
		var err error
		switch tag {
		case ffd.TagItem:
			w.items = append(w.items, itemView{})
			err = w.items[len(w.items)-1].read(v)
		case ffd.TagFNNumber:
			w.drive = v
		case ffd.TagKKTRegNumber:
			w.regNumber = v
		case ffd.TagUserINN:
			w.inn = v
		case ffd.TagFiscalSign:
			w.sign = v
		case ffd.TagCashier:
			w.cashier = v
		case ffd.TagCashierINN:
			w.cashierINN = v
		case ffd.TagBuyerContact:
			w.contact = v
		case ffd.TagSenderEmail:
			w.sender = v
		case ffd.TagSettlementPlace:
			w.place = v
		case ffd.TagSettlementAddress:
			w.address = v
		case ffd.TagFFDVersion:
			w.version, err = oneByte(v)
		case ffd.TagSettlementType:
			w.operation, err = oneByte(v)
		case ffd.TagAppliedTaxSystem:
			w.taxSystem, err = oneByte(v)
		case ffd.TagFDNumber:
			w.number, err = tlv.Fixed32(v)
		case ffd.TagDateTime:
			w.time, err = tlv.Fixed32(v)
		case ffd.TagShiftNumber:
			w.shift, err = tlv.Fixed32(v)
		case ffd.TagReceiptNumberInShift:
			w.receipt, err = tlv.Fixed32(v)
		case ffd.TagTotalSum:
			w.total, err = tlv.Uint(v)
		case ffd.TagCashSum:
			w.cash, err = tlv.Uint(v)
		case ffd.TagCashlessSum:
			w.cashless, err = tlv.Uint(v)
		case ffd.TagPrepaidSum:
			w.prepaid, err = tlv.Uint(v)
		case ffd.TagCreditSum:
			w.credit, err = tlv.Uint(v)
		case ffd.TagProvisionSum:
			w.provision, err = tlv.Uint(v)
		case ffd.TagVAT20Sum:
			w.vat20, err = tlv.Uint(v)
		case ffd.TagVAT10Sum:
			w.vat10, err = tlv.Uint(v)
		}
		if err != nil {
			return err
		}
	}
	return damage(rest)
}

func (w *itemView) read(content []byte) error {
	tag, v, rest, ok := tlv.Next(content)
	for ; ok; tag, v, rest, ok = tlv.Next(rest) {
		var err error
		switch tag {
		case ffd.TagItemName:
			w.name = v
		case ffd.TagItemPrice:
			w.price, err = tlv.Uint(v)
		case ffd.TagQuantity:
			w.quantity, err = tlv.FVLN(v)
		case ffd.TagQuantityUnit:
			w.measure, err = oneByte(v)
		case ffd.TagItemSum:
			w.amount, err = tlv.Uint(v)
		case ffd.TagVATRate:
			w.vat, err = oneByte(v)
		case ffd.TagItemVATSum:
			w.vatSum, err = tlv.Uint(v)
		case ffd.TagItemType:
			w.typ, err = oneByte(v)
		case ffd.TagPaymentMethod:
			w.method, err = oneByte(v)
		}
		if err != nil {
			return err
		}
	}
	return damage(rest)
}

// damage tells what is wrong with the bytes that tlv.Next left; nothing is when
// there are none.
func damage(rest []byte) error {
	r := tlv.NewReader(rest, 0)
	r.Next()
	return r.Err()
}

// oneByte reads a Byte.
func oneByte(v []byte) (byte, error) {
	if len(v) != 1 {
		return 0, tlv.ErrLength
	}
	return v[0], nil
}

// walk is the least that a decoder does: every tag once, every number read.
func walk(b []byte) (sum uint64) {
	for tag, v, rest, ok := tlv.Next(b); ok; tag, v, rest, ok = tlv.Next(rest) {
		if tag == ffd.TagItem || tag == uint16(ffd.FormReceipt) {
			sum += walk(v)
		} else if len(v) <= tlv.MaxVLNLen {
			n, _ := tlv.Uint(v)
			sum += n
		}
	}
	return sum
}
