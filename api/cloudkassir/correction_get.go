package cloudkassir

import (
	"strconv"
	"time"

	"kktd/api/internal/tolerant"
	"kktd/kkt"
)

// appendCorrection appends Model of /kkt/correction-receipt/get (spec/api/cloudkassir.md 2.8). d is nil while there is no document.
func (q *request) appendCorrection(b []byte, r *kkt.ReceiptRecord, d *kkt.ReceiptDetails) []byte {
	v, _ := q.object(q.doc.Root().Get("CorrectionReceiptData"), checkBody)
	w := modelWriter{b: b}
	w.text("Status", string(r.Status))
	w.key("ErrorCode")
	if r.Status == kkt.Failed {
		w.b = strconv.AppendInt(w.b, int64(failureCode(r)), 10)
	} else {
		w.b = append(w.b, "null"...)
	}
	w.text("ErrorMessage", failure(r))
	w.key("Amounts")
	w.b = q.appendAmounts(w.b, v)
	w.key("Items")
	w.b = q.appendItems(w.b, v)
	for _, name := range [...]string{"TaxationSystem", "CorrectionType", "CorrectionReceiptType", "VatRate"} {
		none := "null"
		if name == "CorrectionType" {
			none = "0"
		}
		w.key(name)
		w.b = appendEchoNumber(w.b, v.Get(name), none)
	}
	fiscal := known(d)
	basis, _ := q.object(v.Get("CauseCorrection"), checkBody)
	w.text("CorrectionDate", correctionDate(basis.Get("CorrectionDate").Literal(), q.zoneOf(r)))
	w.key("CorrectionNumber")
	w.b = appendEcho(w.b, basis.Get("CorrectionNumber"))
	w.text("Id", r.ID)
	w.key("Amount")
	w.b = appendTotal(w.b, d)
	place, address, cashier := fiscal.Place, fiscal.Address, fiscal.Cashier
	if d == nil {
		place, address, cashier = v.Get("PaymentPlace").Literal(), v.Get("PaymentAddress").Literal(), v.Get("CashierName").Literal()
	}
	w.text("PaymentPlace", place)
	w.text("PaymentAddress", address)
	w.text("CashierName", cashier)
	w.text("DeviceNumber", fiscal.Register.Serial)
	w.digits("DocumentNumber", fiscal.Number)
	w.text("FiscalNumber", fiscal.DriveNumber)
	w.sign("FiscalSign", d)
	w.text("OfdName", operatorName(&fiscal.Register))
	w.text("OfdInn", fiscal.Register.OFDINN)
	link := ""
	if d != nil {
		link = receiptURL(q.api.baseURL(q.http), r.ID) + "/ofd"
	}
	w.text("OfdReceiptUrl", link)
	w.key("OrganizationInn")
	w.b = appendEcho(w.b, v.Get("OrganizationInn"))
	w.text("RegNumber", fiscal.Register.RegNumber)
	w.digits("SessionCheckNumber", fiscal.Receipt)
	w.digits("SessionNumber", fiscal.Shift)
	return append(w.b, '}')
}

// appendAmounts appends the five ways to pay and their sum; with items alone the whole total is Electronic, as it was taken.
func (q *request) appendAmounts(b []byte, v tolerant.Value) []byte {
	m, _ := q.object(v.Get("Amounts"), checkBody)
	sum := int64(0)
	w := modelWriter{b: b}
	for _, name := range wayNames() {
		w.key(name)
		w.b = appendEchoNumber(w.b, m.Get(name), "0")
		kopecks, _ := m.Get(name).Kopecks()
		sum += kopecks
	}
	w.key("Sum")
	w.b = appendShort(w.b, uint64(max(sum, 0)))
	return append(w.b, '}')
}

// zoneOf is the time zone of the register of a receipt.
func (q *request) zoneOf(r *kkt.ReceiptRecord) *time.Location {
	if reg, err := q.api.o.Fleet.Register(r.Register); err == nil {
		return reg.Zone()
	}
	return time.UTC // a record always names a register
}

// modelWriter appends the members of an object.
type modelWriter struct {
	b     []byte
	begun bool
}

func (w *modelWriter) key(name string) {
	w.b = appendKey(w.b, !w.begun, name)
	w.begun = true
}

// text appends a text, null when it is empty.
func (w *modelWriter) text(name, value string) {
	w.key(name)
	if value == "" {
		w.b = append(w.b, "null"...)
		return
	}
	w.b = appendString(w.b, value)
}

// digits appends a number as the string that answers have, null for 0, which no document has.
func (w *modelWriter) digits(name string, n uint32) {
	if n == 0 {
		w.text(name, "")
		return
	}
	w.text(name, strconv.FormatUint(uint64(n), 10))
}

// sign appends the fiscal sign, null without a document; unlike numbers it may be 0.
func (w *modelWriter) sign(name string, d *kkt.ReceiptDetails) {
	if d == nil {
		w.text(name, "")
		return
	}
	w.text(name, strconv.FormatUint(uint64(d.Sign), 10))
}

func known(d *kkt.ReceiptDetails) kkt.ReceiptDetails {
	if d == nil {
		return kkt.ReceiptDetails{}
	}
	return *d
}
