package cloudkassir

import (
	"errors"
	"math/bits"
	"strconv"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/kkt"
)

// find looks for the receipt that the request names. One of another account or another API is not there for it.
func (q *request) find() (*kkt.ReceiptRecord, error) {
	id := q.str(q.doc.Root().Get("Id"))
	if id == "" {
		return nil, kkt.ErrNotFound
	}
	r, err := q.api.o.Fleet.Receipt(id)
	if err == nil && (r.API != apiName || r.Account != q.account.PublicID) {
		return nil, kkt.ErrNotFound
	}
	return r, err
}

// status answers /kkt/receipt/status/get (spec/api/cloudkassir.md 2.4).
func (q *request) status() []byte {
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	r, err := q.find()
	word, message := "NotFound", "null"
	switch {
	case err == nil:
		word = string(r.Status)
		if r.Status == kkt.Failed {
			message = string(appendString(nil, failure(r)))
		}
	case !errors.Is(err, kkt.ErrNotFound):
		return q.answerRefusal(refusalOf(err))
	}
	q.debug("status", word)
	return []byte(`{"Model":"` + word + `","InnerResult":null,"Success":true,"Message":` + message + `}`)
}

// failure is why a receipt was not made, in Russian.
func failure(r *kkt.ReceiptRecord) string {
	if r.Code != 0 {
		return driveRefused(r.Code)
	}
	return r.Error
}

// get answers /kkt/receipt/get (spec/api/cloudkassir.md 2.5): the request's own words and the fiscal data of its document.
func (q *request) get() []byte {
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	r, err := q.find()
	if errors.Is(err, kkt.ErrNotFound) {
		q.log().WithFields(logrus.Fields{"field": "Id", "reason": "no such receipt"}).Warn("refused")
		return append(appendString([]byte(`{"Model":null,"InnerResult":null,"Success":false,"Message":`), "Чек не найден"), '}')
	}
	var details *kkt.ReceiptDetails
	if err == nil && r.Status == kkt.Processed {
		details, err = q.api.o.Fleet.Details(r)
	}
	if err == nil {
		err = q.parseRaw(r.Raw)
	}
	if err != nil {
		return q.answerRefusal(refusalOf(err))
	}
	q.debug("id", r.ID)
	b := append(make([]byte, 0, 2048+len(r.Raw)), `{"Model":`...)
	b = q.appendModel(b, r, details)
	return append(b, `,"InnerResult":null,"Success":true,"Message":null}`...)
}

func (q *request) debug(field, value string) {
	if q.api.o.Log.IsLevelEnabled(logrus.DebugLevel) {
		q.log().WithField(field, value).Debug("answered")
	}
}

// parseRaw reads the kept request again. Its content type is not kept: JSON of a receipt begins with what JSON begins with, and
// a form whose first name looks so is found by the second try.
func (q *request) parseRaw(raw []byte) error {
	if err := q.doc.ParseBody("", raw); err != nil {
		return q.doc.ParseForm(raw)
	}
	return nil
}

// appendModel appends Model. d is nil while the receipt has no document.
func (q *request) appendModel(b []byte, r *kkt.ReceiptRecord, d *kkt.ReceiptDetails) []byte {
	root := q.doc.Root()
	receipt, _ := q.object(root.Get("CustomerReceipt"), checkBody)
	b = append(b, `{"Email":`...)
	b = appendEcho(b, receipt.Get("Email"))
	b = append(b, `,"Phone":`...)
	b = appendEcho(b, receipt.Get("Phone"))
	b = append(b, `,"Items":[`...)
	for i, m := range receipt.Get("Items").All() {
		if i > 0 {
			b = append(b, ',')
		}
		item, _ := q.object(m, checkBody)
		b = q.appendItem(b, item)
	}
	b = append(b, `],"TaxationSystem":`...)
	if code := receipt.Get("TaxationSystem"); code.Filled() || d == nil || d.TaxSystem == 0 {
		b = appendEchoNumber(b, code, "null")
	} else {
		b = strconv.AppendInt(b, int64(bits.TrailingZeros8(uint8(d.TaxSystem))), 10)
	}
	b = append(b, `,"Amounts":`...)
	if amounts, ok := q.object(receipt.Get("Amounts"), checkBody); ok {
		for i, name := range [...]string{"Electronic", "Cash", "AdvancePayment", "Credit", "Provision"} {
			b = appendKey(b, i == 0, name)
			b = appendEchoNumber(b, amounts.Get(name), "0")
		}
		b = append(b, '}')
	} else {
		b = append(b, "null"...)
	}
	bso, _ := receipt.Get("IsBso").Bool()
	b = append(b, `,"IsBso":`...)
	b = strconv.AppendBool(b, bso)
	b = append(b, `,"AdditionalData":`...)
	b = q.appendAdditional(b, r, d, receipt)
	return append(b, '}')
}

func (q *request) appendItem(b []byte, v tolerant.Value) []byte {
	for i, m := range [...]struct {
		key, member, none string
		text              bool
	}{
		{"Label", "Label", "null", true}, {"Price", "Price", "0", false}, {"Quantity", "Quantity", "1", false}, {"Amount", "Amount", "0", false},
		{"Department", "Department", "null", false}, {"Vat", "Vat", "null", false}, {"EAN13", "Ean13", "null", true},
		{"AgentSign", "AgentSign", "null", false}, {"Method", "Method", "0", false}, {"Object", "Object", "0", false},
		{"MeasurementUnit", "MeasurementUnit", "null", true},
	} {
		b = appendKey(b, i == 0, m.key)
		if m.text {
			b = appendEcho(b, v.Get(m.member))
		} else {
			b = appendEchoNumber(b, v.Get(m.member), m.none)
		}
	}
	b = append(b, `,"AgentData":`...)
	b = q.appendEchoes(b, v.Get("AgentData"), [][2]string{
		{"PayingAgentOperation", "AgentOperationName"}, {"PayingAgentPhone", "PaymentAgentPhone"},
		{"ReceivePaymentsOperatorPhone", "PaymentReceiverOperatorPhone"}, {"MoneyTransferOperatorPhone", "TransferOperatorPhone"},
		{"MoneyTransferOperatorName", "TransferOperatorName"}, {"MoneyTransferOperatorAddress", "TransferOperatorAddress"},
		{"MoneyTransferOperatorVATIN", "TransferOperatorInn"},
	})
	b = append(b, `,"PurveyorData":`...)
	b = q.appendEchoes(b, v.Get("PurveyorData"), [][2]string{{"Name", "Name"}, {"Inn", "Inn"}, {"Phone", "Phone"}})
	return append(b, '}')
}

// appendAdditional appends AdditionalData; what only a document knows is null without one.
func (q *request) appendAdditional(b []byte, r *kkt.ReceiptRecord, d *kkt.ReceiptDetails, receipt tolerant.Value) []byte {
	base := q.api.baseURL(q.http)
	root := q.doc.Root()
	var fiscal kkt.ReceiptDetails
	if d != nil {
		fiscal = *d
	}
	text := func(first bool, key, value string) {
		b = appendKey(b, first, key)
		if value == "" {
			b = append(b, "null"...)
			return
		}
		b = appendString(b, value)
	}
	// known is a text that is there when the document is.
	known := func(value func() string) string {
		if d == nil {
			return ""
		}
		return value()
	}
	digits := func(n uint32) string { return known(func() string { return strconv.FormatUint(uint64(n), 10) }) }
	place, cashier := fiscal.Place, fiscal.Cashier
	if d == nil {
		place, cashier = receipt.Get("CalculationPlace").Literal(), receipt.Get("CashierName").Literal()
	}
	word := ""
	if operation := operationOf(root.Get("Type").Literal()); operation.Valid() {
		word = operations()[operation-ffd.Income]
	}
	text(true, "Id", r.ID)
	text(false, "AccountId", r.AccountID)
	b = append(b, `,"Amount":`...)
	if d == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, tolerant.Decimal{Mantissa: int64(fiscal.Total / 100)}.String()...)
		if k := fiscal.Total % 100; k != 0 {
			b = append(b, '.', byte('0'+k/10))
			if k%10 != 0 {
				b = append(b, byte('0'+k%10))
			}
		}
	}
	text(false, "CalculationPlace", place)
	text(false, "CashierName", cashier)
	text(false, "DateTime", known(func() string { return time.Unix(int64(fiscal.Time), 0).UTC().Format("2006-01-02T15:04:05") }))
	text(false, "DeviceNumber", fiscal.Register.Serial)
	text(false, "DocumentNumber", digits(fiscal.Number))
	text(false, "FiscalNumber", fiscal.DriveNumber)
	text(false, "FiscalSign", digits(fiscal.Sign))
	text(false, "InvoiceId", r.InvoiceID)
	text(false, "Ofd", operatorName(&fiscal.Register))
	text(false, "OfdReceiptUrl", known(func() string { return receiptURL(base, r.ID) + "/ofd" }))
	text(false, "OrganizationInn", root.Get("Inn").Literal())
	text(false, "QrCodeUrl", known(func() string { return qrURL(base, &fiscal) }))
	text(false, "RegNumber", fiscal.Register.RegNumber)
	text(false, "SenderEmail", fiscal.Register.SenderEmail)
	text(false, "SessionCheckNumber", digits(fiscal.Receipt))
	text(false, "SessionNumber", digits(fiscal.Shift))
	text(false, "SettlePlace", fiscal.Register.Address)
	text(false, "TransactionId", "") // receipts of card payments alone have one
	text(false, "Type", word)
	return append(b, '}')
}

// qrURL is the link with the text of the QR code, with seconds as the samples have it (spec/decisions.md, QR).
func qrURL(base string, d *kkt.ReceiptDetails) string {
	qr := ffd.QR{Time: d.Time, Total: d.Total, Drive: d.DriveNumber, Number: d.Number, Sign: d.Sign, Operation: d.Operation, Seconds: true}
	b := append([]byte(base), "/receipt?q="...)
	for _, c := range []byte(qr.String()) {
		switch c {
		case '=':
			b = append(b, "%3d"...)
		case '&':
			b = append(b, "%26"...)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// appendKey appends the key of a member, behind a brace when it is the first.
func appendKey(b []byte, first bool, key string) []byte {
	sep := byte(',')
	if first {
		sep = '{'
	}
	return append(append(append(b, sep, '"'), key...), '"', ':')
}

// appendEcho appends what the request had as a text, null when nothing.
func appendEcho(b []byte, v tolerant.Value) []byte {
	if !v.Filled() {
		return append(b, "null"...)
	}
	return appendString(b, v.Literal())
}

// appendEchoNumber appends what the request had as a number in its shortest form, none when nothing.
func appendEchoNumber(b []byte, v tolerant.Value, none string) []byte {
	if !v.Filled() {
		return append(b, none...)
	}
	d, err := v.Decimal()
	if err != nil {
		return appendString(b, v.Literal())
	}
	return append(b, d.String()...)
}

// appendEchoes appends an object of texts under other names, null when the request had none.
func (q *request) appendEchoes(b []byte, v tolerant.Value, names [][2]string) []byte {
	object, ok := q.object(v, checkBody)
	if !ok {
		return append(b, "null"...)
	}
	for i, n := range names {
		b = appendKey(b, i == 0, n[0])
		b = appendEcho(b, object.Get(n[1]))
	}
	return append(b, '}')
}
