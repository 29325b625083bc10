package cloudkassir

import (
	"fmt"
	"net/http"
	"unicode/utf8"

	"kktd/diagnosis"
	"kktd/kkt"
)

// Explain reads the kept request of a receipt again, by the settings of now: what it
// asks for, and what was changed on the way. Nothing is made.
func (a *API) Explain(rec *kkt.ReceiptRecord) diagnosis.Reading {
	account, _ := a.o.Fleet.Account(rec.Account)
	q := new(request) // not of the pool: the receipt outlives the call
	q.begin(a, &http.Request{Header: http.Header{}}, "", account)
	q.body.Write(rec.Raw)
	read := (*request).readReceipt
	if err := q.doc.ParseBody("", q.body.Bytes()); err != nil {
		return diagnosis.Reading{Refusal: err.Error()}
	}
	if q.doc.Root().Get("CorrectionReceiptData").Filled() {
		read = (*request).readCorrection
	}
	read(q)
	x := diagnosis.Reading{Receipt: &q.out, Notes: q.notes}
	for _, s := range q.subs {
		x.Substitutions = append(x.Substitutions, fmt.Sprintf("%q -> %q", s.From, s.To))
	}
	if q.refusal != nil {
		x.Receipt, x.Refusal = nil, q.refusal.text()
	}
	return x
}

// keepRefusal tells of a request that is refused and leaves nothing else. The body has
// no secret: credentials are in the head.
func (q *request) keepRefusal(r *refusal) {
	if q.api.o.Refusals == nil {
		return
	}
	root := q.doc.Root()
	x := diagnosis.Refusal{Time: q.api.o.Fleet.Now(), API: apiName, Path: q.path, Account: q.account.PublicID, Code: r.code, Message: r.text(), Field: r.field}
	x.InvoiceID, _ = root.Get("InvoiceId").Text()
	if x.INN, _ = root.Get("Inn").Text(); x.INN == "" {
		if data, err := root.Get("CorrectionReceiptData").Object(); err == nil {
			x.INN, _ = data.Get("OrganizationInn").Text()
		}
	}
	if r.cause != nil {
		x.Cause = r.cause.Error()
	}
	body := q.body.Bytes()
	if x.Cut = len(body) > diagnosis.MaxRefused; x.Cut {
		body = body[:diagnosis.MaxRefused]
	}
	if utf8.Valid(body) || x.Cut {
		x.Request = string(body)
	}
	q.api.o.Refusals.Add(x)
}
