package cloudkassir

import (
	"fmt"
	"strings"
	"time"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/kkt"
)

// VATReading says what the VatRate 5 of a correction means: the older document numbers the rates as the format does, the newer
// one has the codes of items. Every other code is in one of them alone (spec/api/cloudkassir.md 5.2).
type VATReading bool

// The readings.
const (
	VATReadingOld VATReading = false // 5 is 0 %
	VATReadingNew VATReading = true  // 5 is 5 %
)

// correction answers /kkt/correction-receipt (spec/api/cloudkassir.md 2.6).
func (q *request) correction() []byte { return q.submit((*request).readCorrection) }

// readCorrection translates the body into q.out. What it breaks is in q.refusal then.
func (q *request) readCorrection() {
	if q.refusal != nil {
		return
	}
	root := q.doc.Root()
	data := root.Get("CorrectionReceiptData")
	v, ok := q.object(data, checkMissing)
	if !ok {
		q.refuse(checkMissing, data, "не передано")
		return
	}
	q.out.INN = q.organisation(v.Get("OrganizationInn"))
	if q.refusal != nil {
		return
	}
	var r ffd.Receipt
	r.Correction = q.readBasis(v)
	r.Operation = q.correctionOperation(v.Get("CorrectionReceiptType"))
	q.readCorrectionHead(v, &r)
	q.out.BySums = q.vatRate(v.Get("VatRate"))
	if items := v.Get("Items"); items.Len() > 0 || items.Filled() && items.Kind() != tolerant.Array {
		q.readItems(v, &r)
		q.readCorrectionSums(v, &r)
	} else {
		q.readSumsAlone(v, &r)
	}
	if q.refusal != nil {
		return
	}
	q.out.Serial = q.device(v.Get("DeviceNumber"))
	q.split(r)
	q.out.Parts = q.parts
	q.keep(root)
}

// readBasis reads 1173 and 1174. A real register wants the number of a prescription; the document's samples have null there
// (spec/api/cloudkassir.md 2.6), so without strict it may lack where the format lets it.
func (q *request) readBasis(v tolerant.Value) *ffd.Correction {
	c := &ffd.Correction{}
	kind, _ := q.number(v.Get("CorrectionType"), 0, 1, checkData)
	c.ByOrder = kind == 1
	cause := v.Get("CauseCorrection")
	basis, ok := q.object(cause, checkMissing)
	if !ok {
		q.refuse(checkMissing, cause, "не передано")
		return c
	}
	q.require(basis, checkMissing, "CorrectionDate")
	if s := q.str(basis.Get("CorrectionDate")); s != "" {
		day, err := tolerant.Date(s)
		switch seconds := day.Unix(); {
		case err != nil:
			q.refuseErr(checkData, basis.Get("CorrectionDate"), err)
		case seconds < 0 || seconds >= 1<<32:
			q.refuse(checkData, basis.Get("CorrectionDate"), "дата вне 1970–2106 годов")
		default:
			c.Date = uint32(seconds)
		}
	}
	number := basis.Get("CorrectionNumber")
	c.Number = q.text(number, lenBasisNumber)
	if c.ByOrder && c.Number.IsEmpty() {
		if q.api.o.Strict {
			q.refuse(checkMissing, number, "не передано: обязателен при коррекции по предписанию")
		} else {
			q.note(number, "absent in a correction by prescription")
		}
	}
	return c
}

// correctionOperation reads 1054 of a correction, a code of the format.
func (q *request) correctionOperation(v tolerant.Value) ffd.Operation {
	if !v.Filled() {
		q.refuse(checkOperation, v, "не передано")
		return 0
	}
	n, _ := q.number(v, int64(ffd.Income), int64(ffd.ExpenseReturn), checkOperation)
	return ffd.Operation(n)
}

// readCorrectionHead reads what stands once in a correction: what a receipt has, part of it under other names.
func (q *request) readCorrectionHead(v tolerant.Value, r *ffd.Receipt) {
	system := v.Get("TaxationSystem")
	if q.api.o.Strict && !system.Filled() {
		q.refuse(checkMissing, system, "не передано")
	}
	r.TaxSystem = q.taxSystem(system)
	r.Place = q.text(v.Get("PaymentPlace"), lenPlace)
	r.Address = q.text(v.Get("PaymentAddress"), lenPlace)
	r.Cashier = q.text(v.Get("CashierName"), lenCashier)
	r.CashierINN = q.inn(v.Get("CashierInn"), checkData)
	r.InternetSettlement, _ = q.flag(v.Get("IsInternetPayment"))
	if bso, ok := q.flag(v.Get("IsBso")); ok {
		q.bso = bso
		q.out.BSO = &q.bso
	}
	contact := v.Get("CustomerContactAddress")
	if strings.Contains(contact.Literal(), "@") {
		r.Contact = q.email(contact)
	} else {
		r.Contact = q.phone(contact, checkPhone)
	}
	q.readBuyer(v, r)
	q.readRequisites(v, r)
	if other := v.Get("IndustryRequisites"); other.Filled() {
		r.Industry = append(r.Industry, q.industry(other)...)
	}
	q.readTimeZone(v)
}

// vatRate reads the rate of a correction by its sums; 0 when it is absent. null is a rate of the newer document.
func (q *request) vatRate(v tolerant.Value) ffd.VATRate {
	if v.Kind() == tolerant.Null {
		return ffd.VATNone
	}
	if !v.Filled() {
		return 0
	}
	code, err := v.Int(tolerant.Arithmetic)
	switch {
	case err != nil:
		q.refuseErr(checkData, v, err)
		return 0
	case code == 5 && q.api.o.VATReading == VATReadingOld:
		q.note(v, "5 read as 0 %, the code of the format; --correction-vat new reads it as 5 %")
		return ffd.VAT0
	case code >= 1 && code <= 6 && code != 5:
		return ffd.VATRate(code)
	}
	rate := vatOf(code)
	if rate == 0 {
		q.refuse(checkData, v, fmt.Sprintf("ставка %d не поддерживается, допустимы от 1 до 6 или null, 0, 5, 7, 10, 20, 22, 105, 107, 110, 120, 122", code))
	}
	return rate
}

// readCorrectionSums reads Amounts beside items: as those of a receipt, or as they are when they need not agree.
func (q *request) readCorrectionSums(v tolerant.Value, r *ffd.Receipt) {
	if q.api.o.FreeCorrections {
		var given bool
		if r.Payments, given = q.amounts(v); given {
			if total := r.ItemsTotal(); r.Payments.Total() != total && !q.broken(checkTotal) {
				q.note(v.Get("Amounts"), fmt.Sprintf("%s beside items of %s", roubles(r.Payments.Total()), roubles(total)))
			}
			return
		}
	}
	q.readPayments(v, r)
}

// readSumsAlone reads a correction without items: FFD 1.05 has its total at one rate. FFD 1.1 and 1.2 want items; the document's
// sample has none, so without strict the total becomes one.
func (q *request) readSumsAlone(v tolerant.Value, r *ffd.Receipt) {
	if rate := v.Get("VatRate"); !rate.Filled() && q.out.BySums == 0 {
		q.refuse(checkMissing, rate, "не передано: без Items нужна ставка НДС")
	}
	sums, given := v.Get("Amounts"), false
	switch r.Payments, given = q.amounts(v); {
	case !given:
		q.refuse(checkMissing, sums, "не передано")
	case r.Payments.Total() == 0 && !q.broken(checkTotal):
		q.refuse(checkTotal, sums, "итог чека равен нулю")
	}
	if q.api.o.Strict {
		return
	}
	q.items = append(q.items, ffd.Item{Name: q.encode(v, "Коррекция"), Quantity: onePiece, Price: r.Payments.Total(), Amount: r.Payments.Total(),
		VAT: q.out.BySums, Method: ffd.FullSettlement, Type: otherItem})
	r.Items = q.items
	q.note(v.Get("Items"), "absent: on a register of FFD 1.1 or 1.2 the total becomes one item; strict refuses")
}

// device reads the number of the register that must make a correction. The newer document does not have it, and the older one's
// sample names a register of its own; without strict an unknown one leaves the choice to the fleet.
func (q *request) device(v tolerant.Value) string {
	serial := q.str(v)
	if serial == "" || q.api.o.Strict {
		return serial
	}
	if r, err := q.api.o.Fleet.Register(serial); err != nil || r.Settings().INN != q.out.INN {
		q.note(v, "the organisation has no such register, another one is taken; strict refuses")
		return ""
	}
	return serial
}

// keep fills what is stored with the receipt.
func (q *request) keep(root tolerant.Value) {
	q.out.Request = kkt.Request{
		API: apiName, Account: q.account.PublicID, InvoiceID: q.str(root.Get("InvoiceId")), AccountID: q.str(root.Get("AccountId")),
		Raw: q.body.Bytes(), Printed: q.printed, Key: q.http.Header.Get("X-Request-Id"), Scope: q.path,
	}
}

// otherItem is "иной предмет расчета" of tag 1212.
const otherItem ffd.ItemType = 13

// correctionDate is CorrectionDate as answers have it: midnight of the register in UTC (spec/api/cloudkassir.md 2.8).
func correctionDate(written string, zone *time.Location) string {
	day, err := tolerant.Date(written)
	if err != nil {
		return written
	}
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone).UTC().Format("2006-01-02T15:04:05Z")
}
