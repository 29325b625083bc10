package cloudkassir

import (
	"errors"

	"github.com/sirupsen/logrus"

	"kktd/api/internal/tolerant"
	"kktd/fault"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/tlv"
)

// usualAnswer has room for an answer without warnings, in bytes.
const usualAnswer = 256

// receipt answers /kkt/receipt (spec/api/cloudkassir.md 2.3).
func (q *request) receipt() []byte { return q.submit((*request).readReceipt) }

// submit answers a request for a receipt or a correction, which read translates.
func (q *request) submit(read func(*request)) []byte {
	if answer := q.replay(); answer != nil {
		return answer
	}
	if r := q.fault(); r != nil {
		return q.answerRefusal(r)
	}
	read(q)
	q.logNotes()
	if q.refusal != nil {
		return q.answerRefusal(q.refusal)
	}
	base := q.api.baseURL(q.http)
	q.out.Request.Render = func(o *kkt.Outcome) []byte { return appendQueued(make([]byte, 0, usualAnswer), base, o) }
	outcome, err := q.submitInQuota()
	if err != nil {
		return q.answerRefusal(refusalOf(err))
	}
	if outcome.Replayed { // by a twin of this request that came first
		q.logReplay(outcome)
	} else if q.api.o.Log.IsLevelEnabled(logrus.DebugLevel) {
		q.log().WithField("id", outcome.ID).WithField("register", outcome.Register).Debug("receipt taken")
	}
	return outcome.Answer
}

// fault is the refusal that a fault asks for, nil when none does.
func (q *request) fault() *refusal {
	own := fault.Own(q.http.Context())
	if !q.api.o.Faults.On(own) {
		return nil
	}
	hits := fault.Strike[fault.OnAPIError](q.api.o.Faults, &fault.Subject{Match: Peek(q.http, q.body.Bytes()), Own: own})
	if len(hits) == 0 {
		return nil
	}
	return &refusal{code: hits[0].Effect.ErrorCode(), cause: errFault}
}

// errFault is the cause of a refusal that was set on purpose.
var errFault = errors.New("cloudkassir: a fault was set")

// errQuota is returned when the organisation has made its test receipts.
var errQuota = errors.New("cloudkassir: test receipts limit")

// submitInQuota hands the receipt to the registers and counts it when there is a quota.
func (q *request) submitInQuota() (*kkt.Outcome, error) {
	fleet, inn := q.api.o.Fleet, q.out.INN
	if q.api.o.TestQuota == 0 {
		return fleet.Submit(q.http.Context(), &q.out)
	}
	now := fleet.Now()
	if !q.api.quota.take(inn, now, q.api.o.TestQuota) {
		return nil, errQuota
	}
	outcome, err := fleet.Submit(q.http.Context(), &q.out)
	if err != nil || outcome.Replayed {
		q.api.quota.back(inn, now)
	}
	return outcome, err
}

// replay is the answer to the first request with the same X-Request-ID, nil when there is none. The body of this one is not
// looked at (spec/api/cloudkassir.md 1.3).
func (q *request) replay() []byte {
	r := kkt.Request{API: apiName, Account: q.account.PublicID, Key: q.http.Header.Get("X-Request-Id"), Scope: q.path}
	if r.Key == "" {
		return nil
	}
	outcome, err := q.api.o.Fleet.Replay(&r)
	if err != nil {
		return q.answerRefusal(refusalOf(err))
	}
	if outcome == nil {
		return nil
	}
	q.logReplay(outcome)
	return outcome.Answer
}

func (q *request) logReplay(o *kkt.Outcome) {
	q.log().WithField("id", o.ID).WithField("request_id", q.http.Header.Get("X-Request-Id")).
		Info("same X-Request-ID within the hour: the first answer again, nothing executed")
}

// readReceipt translates the body into q.out. What it breaks is in q.refusal then.
func (q *request) readReceipt() {
	if q.refusal != nil {
		return
	}
	root := q.doc.Root()
	q.out.INN = q.organisation(root.Get("Inn"))
	if q.refusal != nil {
		return
	}
	operation := q.operation(root.Get("Type"))
	receipt, _ := q.object(root.Get("CustomerReceipt"), checkItems)
	if q.refusal != nil {
		return
	}
	var r ffd.Receipt
	r.Operation = operation
	q.readHead(receipt, &r)
	q.readItems(receipt, &r)
	q.readPayments(receipt, &r)
	if q.refusal != nil {
		return
	}
	q.split(r)
	q.out.Parts = q.parts
	q.keep(root)
}

// organisation checks the INN of the user. One that the account may not use is answered like one that is not there.
func (q *request) organisation(v tolerant.Value) string {
	if !v.Filled() {
		q.refuse(checkNoINN, v, "")
		return ""
	}
	inn, err := v.Text()
	if err != nil {
		q.refuseErr(checkINN, v, err)
		return ""
	}
	if reason := innFault(inn, q.api.o.Strict); reason != "" {
		q.refuse(checkINN, v, reason)
		return ""
	}
	if _, ok := q.api.o.Fleet.Organisation(inn); !ok || !q.account.Allows(inn) {
		q.refuse(checkOrganisation, v, "")
		q.refusal.message = "Компания с ИНН " + inn + " не найдена"
	}
	return inn
}

// operation reads the kind of the settlement.
func (q *request) operation(v tolerant.Value) ffd.Operation {
	if !v.Filled() {
		q.refuse(checkOperation, v, "не передано")
		return 0
	}
	operation := operationOf(v.Literal())
	if operation == 0 {
		q.refuse(checkOperation, v, "допустимы Income, IncomeReturn, Expense, ExpenseReturn")
	}
	return operation
}

// Longest texts in characters (spec/ffd/tags.csv).
const (
	lenContact            = 64  // 1008
	lenPlace              = 256 // 1187
	lenCashier            = 64  // 1021
	lenAttribute          = 16  // 1192
	lenUserAttributeName  = 64  // 1085
	lenUserAttributeValue = 256 // 1086
	lenBuyerName          = 256 // 1227
	lenBuyerDocument      = 64  // 1246
	lenBuyerAddress       = 256 // 1254
	lenOperationData      = 64  // 1272
	lenIndustryNumber     = 32  // 1264
	lenIndustryValue      = 256 // 1265
	lenCashlessText       = 256 // 1237, 1238
	lenItemName           = 128 // 1030
	lenUnit               = 16  // 1197
	lenDeclaration        = 32  // 1231
	lenItemAttribute      = 64  // 1191
	lenAgentOperation     = 24  // 1044
	lenOperatorName       = 64  // 1026
	lenOperatorAddress    = 256 // 1005
	lenSupplierName       = 256 // 1225
	lenBasisNumber        = 32  // 1179
)

// readHead reads what stands once in a receipt.
func (q *request) readHead(v tolerant.Value, r *ffd.Receipt) {
	r.TaxSystem = q.taxSystem(v.Get("TaxationSystem"))
	r.Place = q.text(v.Get("CalculationPlace"), lenPlace)
	r.Cashier = q.text(v.Get("CashierName"), lenCashier)
	r.CashierINN = q.inn(v.Get("CashierInn"), checkData)
	r.InternetSettlement, _ = q.flag(v.Get("IsInternetPayment"))
	r.Agent = q.agentSign(v.Get("AgentSign"))
	if bso, ok := q.flag(v.Get("IsBso")); ok {
		q.bso = bso
		q.out.BSO = &q.bso
	}
	q.readContact(v, r)
	q.readBuyer(v, r)
	q.readRequisites(v, r)
	q.readPrinted(v.Get("AdditionalReceiptInfos"))
	q.readTimeZone(v)
}

// readTimeZone checks 1011. It goes into document 82, not into the receipt (spec/decisions.md, KKT part of a receipt).
func (q *request) readTimeZone(v tolerant.Value) {
	for _, name := range [...]string{"RussiaTimeZone", "TimeZoneCode"} {
		q.number(v.Get(name), 1, 11, checkData)
	}
}

// readContact fills 1008: the e-mail when both are there. Both must be good.
func (q *request) readContact(v tolerant.Value, r *ffd.Receipt) {
	r.Contact = q.email(v.Get("Email"))
	if number := q.phone(v.Get("Phone"), checkPhone); r.Contact.IsEmpty() {
		r.Contact = number
	}
}

// email reads an address.
func (q *request) email(v tolerant.Value) tlv.Text {
	if !v.Filled() {
		return tlv.Text{}
	}
	s, err := v.Text()
	if err == nil {
		err = tolerant.Email(s)
	}
	if err != nil {
		q.refuseErr(checkEmail, v, err)
		return tlv.Text{}
	}
	return q.text(v, lenContact)
}
