package ffd

import (
	"bytes"
	"slices"

	"kktd/tlv"
)

// checkText checks the form of texts that have one, and collects the numbers
// with check digits. Every byte is a character of CP866.
func (c *checker) checkText(e *Entry, it tlv.Item, at step) {
	v := it.Value
	if e.Fixed {
		v = tlv.TrimPadding(v)
		if len(v) > 0 && (v[0] == ' ' || v[len(v)-1] == 0) {
			c.find(Warning, RulePadding, at, "%q: дополняется пробелами справа", "%q, the padding is spaces on the right", it.Value)
		}
	}
	switch it.Tag {
	case TagUserINN:
		c.reg.inn = v
		c.checkINN(v, at)
	case TagOFDINN, TagCashierINN, TagTransferOperatorINN:
		c.checkINN(v, at)
	case TagBuyerINN, TagSupplierINN:
		// Zeros mean a buyer or supplier without a Russian INN (spec/ffd/tags.csv).
		if string(v) != "000000000000" {
			c.checkINN(v, at)
		}
	case TagFNNumber:
		if len(v) != lenFNNumber || !allDigits(v) {
			c.find(Warning, RuleFormat, at, "%q: нужно 16 цифр", "%q, want 16 digits", v)
		}
	case TagKKTRegNumber:
		// Without the serial number all that is known of the last six digits is that they are 16 bits.
		if len(v) != regNumberLen || !allDigits(v) || string(v[regOrderLen:]) > "065535" {
			c.find(Warning, RuleRegNumber, at, "%q не регистрационный номер", "%q is no registration number", v)
			return
		}
		c.reg.number, c.reg.at = v, at
	case TagKKTSerialNumber:
		c.reg.serial = v
	case TagBuyerBirthDate, TagFoundationDocDate:
		if !isDate(v) {
			c.find(Warning, RuleFormat, at, "%q: нужна дата ДД.ММ.ГГГГ", "%q, want a date DD.MM.YYYY", v)
		}
	case TagBuyerContact:
		if !isPhone(v) && !isEmail(v) {
			c.find(Warning, RuleContact, at, "%q: нужен телефон +цифры или электронный адрес", "%q, want a phone as +digits or an e-mail address", v)
		}
	case TagSenderEmail:
		if !isEmail(v) {
			c.find(Warning, RuleContact, at, "%q не электронный адрес", "%q is no e-mail address", v)
		}
	case TagTransferOperatorPhone, TagPaymentAgentPhone, TagPaymentOperatorPhone, TagSupplierPhone:
		if !isPhone(v) {
			c.find(Warning, RuleContact, at, "%q: нужен телефон +цифры", "%q, want a phone as +digits", v)
		}
	case TagOriginCountryCode, TagBuyerCitizenship, TagFOIVID:
		if len(v) != 3 || !allDigits(v) {
			c.find(Warning, RuleFormat, at, "%q: нужно 3 цифры", "%q, want 3 digits", v)
		}
	case TagBuyerDocumentCode:
		if !slices.Contains(buyerDocuments[:], string(v)) {
			c.find(Warning, RuleValue, at, "%q не код документа", "%q is no code of a document", v)
		}
	case TagProductCodeEAN8, TagProductCodeEAN13, TagProductCodeITF14:
		if !isGTIN(v) {
			c.find(Warning, RuleFormat, at, "%q: контрольная цифра не сходится", "%q, the check digit does not fit", v)
		}
	}
	for _, b := range it.Value {
		// Line breaks stand in real addresses, GS in marking codes.
		if b < ' ' && b != '\r' && b != '\n' && b != 0x1D {
			c.find(Note, RuleFormat, at, "управляющий символ %02Xh", "control character %02Xh", b)
			return
		}
	}
}

// buyerDocuments are the codes of tag 1245 (spec/ffd/encoding.md 6).
var buyerDocuments = [...]string{"21", "22", "26", "27", "28", "31", "32", "33", "34", "35", "36", "37", "38", "40"}

func (c *checker) checkINN(v []byte, at step) {
	switch {
	case innAddsUp(v):
	case len(v) == innLenPerson && v[0] == '0' && v[1] == '0' && innAddsUp(v[2:]):
		// A fault of devices (spec/ffd/encoding.md 2.4).
		c.find(Warning, RulePadding, at, "%q: ИНН дополнен нулями слева, нужны пробелы справа", "%q, the INN has zeros on the left, want spaces on the right", v)
	default:
		c.find(Warning, RuleINN, at, "%q: ИНН не сходится", "%q, the INN does not add up", v)
	}
}

// checkBytes checks the byte arrays that have a form.
func (c *checker) checkBytes(it tlv.Item, at step) {
	switch v := it.Value; it.Tag {
	case TagFiscalSign:
		if len(v) == fiscalSignLen && v[1] != 4 {
			c.find(Warning, RuleType, at, "ФПД % X: второй байт %d, должен быть 4", "the sign % X has %d as its second byte, want 4", v, v[1])
		}
	case TagProductCode:
		if !isProductCodeType(v) {
			c.find(Note, RuleValue, at, "% X: тип кода товара не известен", "% X, the type of the product code is not known", v)
		}
	}
}

func allDigits(v []byte) bool {
	for _, b := range v {
		if b < '0' || b > '9' {
			return false
		}
	}
	return len(v) > 0
}

// isPhone takes + and 10 to 15 digits.
func isPhone(v []byte) bool { return len(v) >= 11 && len(v) <= 16 && v[0] == '+' && allDigits(v[1:]) }

// isEmail takes one @ with something on both sides, and a point behind it.
func isEmail(v []byte) bool {
	at := bytes.IndexByte(v, '@')
	if at < 1 || bytes.IndexByte(v[at+1:], '@') >= 0 || bytes.IndexByte(v, ' ') >= 0 {
		return false
	}
	point := bytes.LastIndexByte(v, '.')
	return point > at+1 && point < len(v)-1
}

// isGTIN checks the last digit: weights 3 and 1 from the right.
func isGTIN(v []byte) bool {
	sum := 0
	for i := range v {
		weight := 1 + 2*((len(v)-1-i)%2)
		sum += weight * int(v[i]-'0')
	}
	return allDigits(v) && sum%10 == 0
}

// isDate takes a day that the calendar has, as ДД.ММ.ГГГГ.
func isDate(v []byte) bool {
	if len(v) != 10 || v[2] != '.' || v[5] != '.' || !allDigits(v[:2]) || !allDigits(v[3:5]) || !allDigits(v[6:]) {
		return false
	}
	two := func(i int) int { return int(v[i]-'0')*10 + int(v[i+1]-'0') }
	day, month, year := two(0), two(3), two(6)*100+two(8)
	days := [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if month > 12 {
		return false
	}
	last := days[month]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		last++
	}
	return day >= 1 && day <= last
}

// Moments that the control knows, seconds of the wall clock since 1970
// (spec/ffd/encoding.md 6; spec/ffd/documents.md, amendments).
const (
	firstDocument = 1451606400 // 2016-01-01, FFD 1.0
	lastDocument  = 4102444800 // 2100-01-01
	endOfENVD     = 1609459200 // 2021-01-01
	startOf5And7  = 1735689600 // 2025-01-01: codes 7 to 10 of 1199
	startOf22     = 1767225600 // 2026-01-01: codes 11 and 12
	secondsOfDay  = 86400
)

// checkNumber checks what a number must be beside its enumeration.
func (c *checker) checkNumber(u uint64, at step) {
	switch at.tag {
	case TagDateTime:
		c.checkTime(u, at)
	case TagFirstUnsentFDDate, TagCorrectionDate:
		switch {
		case u%secondsOfDay != 0:
			c.find(Note, RuleDate, at, "%d: дата без времени, 00:00:00", "%d, a date has the time 00:00:00", u)
		case at.tag == TagCorrectionDate && c.time != 0 && u > c.time:
			c.find(Warning, RuleDate, at, "%d: позже чека коррекции", "%d is later than the correction", u)
		}
	case TagAppliedTaxSystem:
		if TaxSystems(u).Has(TaxENVD) && c.time >= endOfENVD {
			c.find(Warning, RuleDate, at, "ЕНВД отменен с 2021 года", "this system of taxation ended with 2020")
		}
	case TagTaxSystems:
		if u == 0 {
			c.find(Warning, RuleValue, at, "нет ни одной системы налогообложения", "no system of taxation")
		}
	case TagVATRate:
		c.checkRateDate(VATRate(min(u, 255)), at)
	case TagFDNumber, TagReceiptNumberInShift:
		if u == 0 {
			c.find(Warning, RuleNumber, at, "номера идут с 1", "numbers start with 1")
		}
	}
}

func (c *checker) checkTime(u uint64, at step) {
	if c.depth == 1 {
		c.time = u
	}
	form := Form(c.path[0].tag)
	switch {
	case u < firstDocument || u >= lastDocument:
		c.find(Warning, RuleDate, at, "%d: время не между 2016 и 2099 годом", "%d, the time is not between 2016 and 2099", u)
	case u%60 != 0 && hasVersion(form):
		c.find(Note, RuleDate, at, "%d: ФН пишет время без секунд", "%d, the drive writes no seconds", u)
	}
}

// checkRateDate: 20 % stays valid for corrections and returns (spec/ffd/encoding.md 6).
func (c *checker) checkRateDate(r VATRate, at step) {
	switch {
	case c.time == 0:
	case r >= VAT5 && r <= VAT7107 && c.time < startOf5And7:
		c.find(Warning, RuleDate, at, "ставка %s введена с 2025 года", "the rate %s came with 2025", r)
	case r >= VAT22 && r <= VAT22122 && c.time < startOf22:
		c.find(Warning, RuleDate, at, "ставка %s введена с 2026 года", "the rate %s came with 2026", r)
	}
}
