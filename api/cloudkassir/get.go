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

// find looks for the receipt, or the correction, that the request names, and reads its request again. One of another account,
// another API or the other kind is not there for it.
func (q *request) find(correction bool) (*kkt.ReceiptRecord, error) {
	id := q.str(q.doc.Root().Get("Id"))
	if id == "" {
		return nil, kkt.ErrNotFound
	}
	r, err := q.api.o.Fleet.Receipt(id)
	if err != nil {
		return nil, err
	}
	if r.API != apiName || r.Account != q.account.PublicID {
		return nil, kkt.ErrNotFound
	}
	if err := q.parseRaw(r.Raw); err != nil {
		return nil, err
	}
	if q.doc.Root().Get("CorrectionReceiptData").Present() != correction {
		return nil, kkt.ErrNotFound
	}
	return r, nil
}

func (q *request) status() []byte           { return q.statusOf(false) }
func (q *request) correctionStatus() []byte { return q.statusOf(true) }
func (q *request) get() []byte              { return q.getOf(false, q.appendModel) }
func (q *request) getCorrection() []byte    { return q.getOf(true, q.appendCorrection) }

// statusOf answers /kkt/receipt/status/get and its like for corrections (spec/api/cloudkassir.md 2.4, 2.7).
func (q *request) statusOf(correction bool) []byte {
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	r, err := q.find(correction)
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
	b := []byte(`{"Model":"` + word + `","InnerResult":null,"Success":true,"Message":` + message)
	if word == string(kkt.Queued) {
		b = q.appendQueueWarnings(b, r)
	}
	return append(b, '}')
}

// appendQueueWarnings appends the troubles of the register that a queued receipt may wait for, by the codes of
// spec/api/cloudkassir.md 2.4; nothing when there are none.
func (q *request) appendQueueWarnings(b []byte, r *kkt.ReceiptRecord) []byte {
	reg, err := q.api.o.Fleet.Register(r.Register)
	if err != nil {
		return b
	}
	begun := false
	for _, x := range reg.Warnings() {
		code, text := queueWarningOf(x.Kind)
		if code == 0 {
			continue
		}
		if begun {
			b = append(b, ',')
		} else {
			b = append(b, `,"Warnings":[`...)
		}
		begun = true
		w := modelWriter{b: b}
		w.key("Code")
		w.b = strconv.AppendInt(w.b, int64(code), 10)
		w.text("Description", text)
		b = append(w.b, '}')
	}
	if begun {
		b = append(b, ']')
	}
	return b
}

// failure is why a receipt was not made, in Russian; "" when it was. What the table of codes has is told in its words.
func failure(r *kkt.ReceiptRecord) string {
	if choice, ok := r.Choice(); ok {
		return refusalOf(choice).text()
	}
	return r.Reason()
}

// failureCode is the error code of a receipt that was not made.
func failureCode(r *kkt.ReceiptRecord) int {
	if choice, ok := r.Choice(); ok {
		return lackCode(choice.Lack)
	}
	return codeUnknown
}

// getOf answers /kkt/receipt/get and its like for corrections (spec/api/cloudkassir.md 2.5, 2.8): the request's own words and the
// fiscal data of its document.
func (q *request) getOf(correction bool, appendModel func([]byte, *kkt.ReceiptRecord, *kkt.ReceiptDetails) []byte) []byte {
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	r, err := q.find(correction)
	if errors.Is(err, kkt.ErrNotFound) {
		q.log().WithFields(logrus.Fields{"field": "Id", "reason": "no such receipt"}).Warn("refused")
		return append(appendString([]byte(`{"Model":null,"InnerResult":null,"Success":false,"Message":`), "Чек не найден"), '}')
	}
	var details *kkt.ReceiptDetails
	if err == nil && r.Status == kkt.Processed {
		details, err = q.api.o.Fleet.Details(r)
	}
	if err != nil {
		return q.answerRefusal(refusalOf(err))
	}
	q.debug("id", r.ID)
	b := append(make([]byte, 0, 2048+len(r.Raw)), `{"Model":`...)
	b = appendModel(b, r, details)
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
	b = append(b, `,"Items":`...)
	b = q.appendItems(b, receipt)
	b = append(b, `,"TaxationSystem":`...)
	if code := receipt.Get("TaxationSystem"); code.Filled() || d == nil || d.TaxSystem == 0 {
		b = appendEchoNumber(b, code, "null")
	} else {
		b = strconv.AppendInt(b, int64(bits.TrailingZeros8(uint8(d.TaxSystem))), 10)
	}
	b = append(b, `,"Amounts":`...)
	if amounts, ok := q.object(receipt.Get("Amounts"), checkBody); ok {
		for i, name := range wayNames() {
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

// appendItems appends Items as the request had them.
func (q *request) appendItems(b []byte, v tolerant.Value) []byte {
	b = append(b, '[')
	for i, m := range v.Get("Items").All() {
		if i > 0 {
			b = append(b, ',')
		}
		item, _ := q.object(m, checkBody)
		b = q.appendItem(b, item)
	}
	return append(b, ']')
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
	base, root, fiscal := q.api.baseURL(q.http), q.doc.Root(), known(d)
	w := modelWriter{b: b}
	place, cashier, moment, ofd, qr := fiscal.Place, fiscal.Cashier, "", "", ""
	if d == nil {
		place, cashier = receipt.Get("CalculationPlace").Literal(), receipt.Get("CashierName").Literal()
	} else {
		moment = time.Unix(int64(fiscal.Time), 0).UTC().Format("2006-01-02T15:04:05")
		ofd, qr = receiptURL(base, r.ID)+"/ofd", qrURL(q.api.qrBase(base), d)
	}
	word := ""
	if operation := operationOf(root.Get("Type").Literal()); operation.Valid() {
		word = operations()[operation-ffd.Income]
	}
	w.text("Id", r.ID)
	w.text("AccountId", r.AccountID)
	w.key("Amount")
	w.b = appendTotal(w.b, d)
	w.text("CalculationPlace", place)
	w.text("CashierName", cashier)
	w.text("DateTime", moment)
	w.text("DeviceNumber", fiscal.Register.Serial)
	w.digits("DocumentNumber", fiscal.Number)
	w.text("FiscalNumber", fiscal.DriveNumber)
	w.sign("FiscalSign", d)
	w.text("InvoiceId", r.InvoiceID)
	w.text("Ofd", operatorName(&fiscal.Register))
	w.text("OfdReceiptUrl", ofd)
	w.text("OrganizationInn", root.Get("Inn").Literal())
	w.text("QrCodeUrl", qr)
	w.text("RegNumber", fiscal.Register.RegNumber)
	w.text("SenderEmail", fiscal.Register.SenderEmail)
	w.digits("SessionCheckNumber", fiscal.Receipt)
	w.digits("SessionNumber", fiscal.Shift)
	w.text("SettlePlace", fiscal.Register.Address)
	w.text("TransactionId", "") // receipts of card payments alone have one
	w.text("Type", word)
	return append(w.b, '}')
}

// appendTotal appends the total of a document as a number, null without one.
func appendTotal(b []byte, d *kkt.ReceiptDetails) []byte {
	if d == nil {
		return append(b, "null"...)
	}
	return appendShort(b, d.Total)
}

// appendShort appends kopecks as roubles in the shortest form of a number.
func appendShort(b []byte, kopecks uint64) []byte {
	b = strconv.AppendUint(b, kopecks/100, 10)
	if k := kopecks % 100; k != 0 {
		b = append(b, '.', byte('0'+k/10))
		if k%10 != 0 {
			b = append(b, byte('0'+k%10))
		}
	}
	return b
}

// qrHost is where the real service's QrCodeUrl leads (spec/api/cloudkassir.md 2.5).
const qrHost = "https://qr.cloudpayments.ru"

// qrBase begins QrCodeUrl: the base of all links, or the host of the real service (spec/decisions.md, Links in answers).
func (a *API) qrBase(base string) string {
	if a.o.OriginalLinks {
		return qrHost
	}
	return base
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
