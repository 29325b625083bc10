package fn

import (
	"kktd/ffd"
	"kktd/tlv"
)

// maxData limits what the register sends for a document (spec/fn.md 4.2).
func maxData(form ffd.Form) int {
	switch form {
	case ffd.FormRegistration, ffd.FormReregistration, ffd.FormDriveClosing, ffd.FormSettlementState:
		return 2 << 10
	case ffd.FormShiftOpening, ffd.FormShiftClosing:
		return 1 << 10
	}
	return 30 << 10
}

// maxTag is the end of the numbers that the orders use for tags.
const maxTag = 2304

// tagSet is a set of tags below maxTag.
type tagSet [maxTag / 64]uint64

// add tells that the tag was in the set before.
func (t *tagSet) add(tag uint16) bool {
	if tag >= maxTag {
		return false
	}
	word, bit := &t[tag/64], uint64(1)<<(tag%64)
	had := *word&bit != 0
	*word |= bit
	return had
}

// checkData refuses what the register must not send: too much, tags that the
// drive forms itself and, from 1.1 on, tags that come twice.
func (s *State) checkData(h *ffd.Head, data []byte) error {
	if n := maxData(h.Form); len(data) > n {
		return s.refuse(tooMuchData, len(data), h.Form, n)
	}
	var seen tagSet
	r := tlv.NewReader(data, 0)
	for r.Next() {
		tag := r.Item().Tag
		if formedByDrive(tag, h) {
			return s.refuseTag(tag, drivesTag, tag)
		}
		if seen.add(tag) && h.Version >= ffd.V110 && !repeats(tag) {
			return s.refuseTag(tag, repeatedTag, tag)
		}
	}
	if err := r.Err(); err != nil {
		return s.refuse(malformedData, h.Form, err)
	}
	return nil
}

// repeats tells the tags of the register that may stand more than once at the top
// of a document (spec/ffd/documents.md).
func repeats(tag uint16) bool {
	switch tag {
	case ffd.TagItem, ffd.TagReceiptIndustryAttribute, ffd.TagMarkedCheckResult, ffd.TagTransferOperatorPhone,
		ffd.TagPaymentAgentPhone, ffd.TagPaymentOperatorPhone, ffd.TagSupplierPhone:
		return true
	}
	return false
}

// formedByDrive tells the tags that the register must not send (spec/fn.md 4.2);
// which they are differs by version and form.
func formedByDrive(tag uint16, h *ffd.Head) bool {
	registration := h.Form == ffd.FormRegistration || h.Form == ffd.FormReregistration
	switch tag {
	case ffd.TagFNNumber, ffd.TagKKTRegNumber, ffd.TagUserINN, ffd.TagFDNumber, ffd.TagDateTime, ffd.TagFiscalSign,
		ffd.TagShiftNumber, ffd.TagReceiptNumberInShift, ffd.TagSettlementType, ffd.TagTotalSum,
		ffd.TagFNMaxFFD, ffd.TagTaxSystems, ffd.TagEncryptionMode, ffd.TagAutomaticMode, ffd.TagKKTUsageConditions,
		ffd.TagReregistrationReasonCode, ffd.TagKKTChangeReasons, ffd.TagKeyResourceDays,
		ffd.TagFNResourceExhausted, ffd.TagFNReplaceUrgent, ffd.TagFNMemoryFull, ffd.TagOFDTimeout,
		ffd.TagUnsentFDCount, ffd.TagFirstUnsentFDDate, ffd.TagFDCountInShift, ffd.TagFirstUnsentFDNumber,
		ffd.TagReceiptCountInShift, ffd.TagFNTotals, ffd.TagUnsentTotals, ffd.TagShiftTotals, ffd.TagOperatorMessage:
		return true
	case ffd.TagUnsentNotificationCount, ffd.TagBadMarkingCodes, ffd.TagBadMarkingExchange:
		return true // spec/decisions.md, FN part of a shift closing
	case ffd.TagExciseMode, ffd.TagGamblingMode, ffd.TagLotteryMode, ffd.TagPrinterInAutomat:
		return registration && h.Version >= ffd.V110
	case ffd.TagFFDVersion:
		return h.Version >= ffd.V120
	case ffd.TagInternetOnlyKKT, ffd.TagServicesOnly, ffd.TagStrictFormSystem:
		return registration
	case ffd.TagOfflineMode:
		return registration || h.Form == ffd.FormSettlementState
	case ffd.TagOFDINN:
		return h.Version >= ffd.V110
	}
	return false
}

// sums is what the drive counts of a receipt.
type sums struct {
	payments ffd.Payments
	vat      ffd.VATTotals
}

// account reads the sums out of the data, as a drive does, and refuses totals
// that do not add up and what the registration does not allow.
func (s *State) account(form ffd.Form, data []byte, total uint64) (sums, error) {
	var x sums
	r := tlv.NewReader(data, 0)
	seen := 0
	for r.Next() {
		it := r.Item()
		to := paymentOf(&x.payments, it.Tag)
		switch {
		case to != nil:
			seen++
		case it.Tag == ffd.TagItem && s.Registration.FFD >= ffd.V110:
			if err := s.checkItem(form, it); err != nil {
				return x, err
			}
			continue
		case it.Tag == ffd.TagAppliedTaxSystem:
			if err := s.checkTaxSystem(it); err != nil {
				return x, err
			}
			continue
		default:
			if to = vatOf(&x.vat, it.Tag); to == nil {
				continue
			}
		}
		v, err := tlv.Uint(it.Value)
		if err != nil {
			return x, s.refuseTag(it.Tag, wrongValue, it.Tag, it.Offset, it.Value)
		}
		if v > maxTotal {
			return x, s.refuseTag(it.Tag, totalTooLarge, v, it.Tag, uint64(maxTotal))
		}
		*to = v
	}
	if err := r.Err(); err != nil {
		return x, s.refuse(malformedData, form, err)
	}
	if seen == 0 {
		return x, s.refuse(noPayment)
	}
	if sum := x.payments.Total(); sum != total {
		return x, s.refuse(paymentsDiffer, sum, total)
	}
	return x, nil
}

// paymentOf is the sum that a tag of a receipt holds; nil for other tags.
func paymentOf(p *ffd.Payments, tag uint16) *uint64 {
	switch tag {
	case ffd.TagCashSum:
		return &p.Cash
	case ffd.TagCashlessSum:
		return &p.Cashless
	case ffd.TagPrepaidSum:
		return &p.Prepaid
	case ffd.TagCreditSum:
		return &p.Credit
	case ffd.TagProvisionSum:
		return &p.Provision
	}
	return nil
}

// vatOf is the total of a rate that a tag of a receipt holds; nil for other tags.
// The rates of 1115 have no counter (spec/ffd/documents.md, counters).
func vatOf(t *ffd.VATTotals, tag uint16) *uint64 {
	switch tag {
	case ffd.TagVAT20Sum:
		return &t[ffd.VAT20]
	case ffd.TagVAT10Sum:
		return &t[ffd.VAT10]
	case ffd.TagVAT0TurnoverSum:
		return &t[ffd.VAT0]
	case ffd.TagNoVATTurnoverSum:
		return &t[ffd.VATNone]
	case ffd.TagVAT20120Sum:
		return &t[ffd.VAT20120]
	case ffd.TagVAT10110Sum:
		return &t[ffd.VAT10110]
	}
	return nil
}

// checkTaxSystem refuses a taxation system that is not registered.
func (s *State) checkTaxSystem(it tlv.Item) error {
	v, err := tlv.Uint(it.Value)
	if t := ffd.TaxSystems(v); err != nil || v > 0xFF || !t.Single() {
		return s.refuseTag(it.Tag, wrongValue, it.Tag, it.Offset, it.Value)
	} else if !s.Registration.TaxSystems.Has(t) {
		return s.refuseTag(it.Tag, otherTaxSystem, byte(t), byte(s.Registration.TaxSystems))
	}
	return nil
}

// Types of tag 1212 that need a condition of the registration
// (spec/ffd/encoding.md 6).
const (
	itemExcise         = 2
	itemBet            = 5
	itemWin            = 6
	itemLotteryTicket  = 7
	itemLotteryWin     = 8
	itemExciseNoCode   = 30
	itemExciseWithCode = 31
	itemMarkedNoCode   = 32
	itemMarkedWithCode = 33
)

// needs is what a type of item needs of the registration.
func needs(itemType uint64) (c ffd.Conditions, p problem) {
	switch itemType {
	case itemExcise:
		return ffd.ExciseGoods, exciseItem
	case itemExciseNoCode, itemExciseWithCode:
		return ffd.ExciseGoods | ffd.MarkedGoods, markedItem
	case itemMarkedNoCode, itemMarkedWithCode:
		return ffd.MarkedGoods, markedItem
	case itemBet, itemWin:
		return ffd.Gambling, gamblingItem
	case itemLotteryTicket, itemLotteryWin:
		return ffd.Lottery, lotteryItem
	}
	return 0, 0
}

// checkItem refuses an item that contradicts the registration (spec/fn.md 5,
// 19h), as drives do from 1.1 on.
func (s *State) checkItem(form ffd.Form, item tlv.Item) error {
	tag, v, rest, ok := tlv.Next(item.Value)
	for ; ok; tag, v, rest, ok = tlv.Next(rest) {
		if tag != ffd.TagItemType && tag != ffd.TagExciseSum {
			continue
		}
		n, err := tlv.Uint(v)
		if err != nil {
			return s.refuseTag(tag, wrongValue, tag, item.Offset, v)
		}
		var want ffd.Conditions
		p := exciseItem
		if tag == ffd.TagItemType {
			want, p = needs(n)
		} else if n != 0 {
			want = ffd.ExciseGoods
		}
		if lacks := want &^ s.Registration.Modes.Conditions; lacks != 0 {
			if lacks == ffd.ExciseGoods {
				p = exciseItem
			}
			return s.refuseTag(tag, p)
		}
	}
	if len(rest) != 0 {
		r := tlv.NewReader(rest, item.Offset+tlv.HeaderLen+len(item.Value)-len(rest))
		r.Next()
		return s.refuse(malformedData, form, r.Err())
	}
	return nil
}
