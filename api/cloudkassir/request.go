package cloudkassir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/sirupsen/logrus"

	"kktd/api/internal/tolerant"
	"kktd/fault"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/tlv"
)

// request is one call of the API: its body as a tree, the memory of its translation, what it breaks. It is pooled.
type request struct {
	api     *API
	http    *http.Request
	path    string
	account kkt.Account

	body  bytes.Buffer
	doc   tolerant.Document
	arena tlv.Arena

	out   kkt.Receipt
	bso   bool // what out.BSO points to
	parts []ffd.Receipt
	items []ffd.Item

	printed kkt.Printed // on the slip alone

	refusal *refusal // the one of the earliest check
	notes   []string // what was left out or changed, for the log
	subs    []ffd.Substitution
}

// maxKept bounds the memory that a large request leaves in the pool, in bytes of its body.
const maxKept = 64 << 10

func (q *request) begin(a *API, r *http.Request, path string, account kkt.Account) {
	q.api, q.http, q.path, q.account = a, r, path, account
}

// release gives the memory back to the pool, unless it is too large.
func (q *request) release() {
	if q.body.Cap() > maxKept {
		return
	}
	a := q.api
	q.reset()
	a.pool.Put(q)
}

// reset forgets the request and keeps its memory.
func (q *request) reset() {
	clear(q.items)
	clear(q.parts)
	q.items, q.parts = q.items[:0], q.parts[:0]
	q.body.Reset()
	q.doc.Reset()
	q.arena.Reset()
	q.api, q.http, q.path, q.account = nil, nil, "", kkt.Account{}
	q.printed = kkt.Printed{}
	q.out, q.bso, q.refusal, q.notes, q.subs = kkt.Receipt{}, false, nil, q.notes[:0], q.subs[:0]
}

// readBody reads the body as it comes; what is no readable JSON or form is a refusal and no error.
func (q *request) readBody(w http.ResponseWriter, r *http.Request) error {
	if _, err := q.body.ReadFrom(r.Body); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := q.doc.ParseBody(r.Header.Get("Content-Type"), q.body.Bytes()); err != nil {
		q.refusal = &refusal{check: checkBody, code: codeUnknown, reason: reasonOf(err), cause: err}
	} else if root := q.doc.Root(); root.Kind() != tolerant.Object {
		q.refuse(checkBody, root, "ожидается объект")
	}
	return nil
}

// refuse notes that v breaks a check.
func (q *request) refuse(c check, v tolerant.Value, reason string) {
	if q.refusal == nil || c < q.refusal.check {
		q.refusal = &refusal{check: c, code: c.code(), field: v.Path(), reason: reason}
	}
}

// refuseErr notes that v breaks a check by an error of the tolerant reader.
func (q *request) refuseErr(c check, v tolerant.Value, err error) {
	if q.refusal == nil || c < q.refusal.check {
		q.refusal = &refusal{check: c, code: c.code(), field: v.Path(), reason: reasonOf(err), cause: err}
	}
}

// broken tells whether a check before c, or c itself, is broken already.
func (q *request) broken(c check) bool { return q.refusal != nil && q.refusal.check <= c }

// note keeps a line for the log about a value that was not taken as it is.
func (q *request) note(v tolerant.Value, what string) {
	q.notes = append(q.notes, v.Path()+": "+what)
}

func (q *request) log() *logrus.Entry {
	return q.api.o.Log.WithFields(logrus.Fields{"api": apiName, "path": q.path, "account": q.account.PublicID})
}

// answerRefusal logs and renders the refusal r.
func (q *request) answerRefusal(r *refusal) []byte {
	if errors.Is(r.cause, fault.ErrPowerCut) {
		panic(http.ErrAbortHandler) // nobody gets an answer
	}
	e := q.log().WithFields(logrus.Fields{"code": r.code, "reason": r.text()})
	if r.field != "" {
		e = e.WithField("field", r.field)
	}
	if r.cause != nil {
		e = e.WithError(r.cause)
	}
	e.Warn("refused")
	q.keepRefusal(r)
	return appendRefusal(nil, r.code, r.text())
}

// logNotes writes what was changed on the way, one line for all substitutions and one for all the rest.
func (q *request) logNotes() {
	if len(q.subs) > 0 {
		var b strings.Builder
		for _, s := range q.subs {
			fmt.Fprintf(&b, " %q->%q", s.From, s.To)
		}
		q.log().WithField("substitutes", b.String()[1:]).Info("characters outside CP866 substituted")
	}
	if len(q.notes) > 0 {
		q.log().WithField("fields", strings.Join(q.notes, "; ")).Warn("taken with changes")
	}
}

// The readers below take an optional value: absent, null and "" give zero, a bad value is a refusal and gives zero.

// maxMoney is the greatest sum in kopecks: a VLN of 6 bytes (spec/ffd/encoding.md 2.2).
const maxMoney = 1<<48 - 1

// money reads roubles as kopecks, from 0.
func (q *request) money(v tolerant.Value) uint64 {
	if !v.Filled() {
		return 0
	}
	kopecks, err := v.Kopecks()
	switch {
	case errors.Is(err, tolerant.ErrDecimals):
		q.refuse(checkDecimals, v, "передано "+v.Fail(err).Value)
	case err != nil:
		q.refuseErr(checkNumbers, v, err)
	case kopecks < 0:
		q.refuse(checkNumbers, v, "не может быть меньше нуля")
	case kopecks > maxMoney:
		q.refuse(checkData, v, "слишком большая сумма")
		return maxMoney // not 0, which would break an earlier check
	default:
		return uint64(kopecks)
	}
	return 0
}

// text reads a text of at most limit characters.
func (q *request) text(v tolerant.Value, limit int) tlv.Text {
	t := q.longText(v, checkData)
	if t.Len() > limit {
		q.refuse(checkData, v, fmt.Sprintf("%d символов, не больше %d", t.Len(), limit))
		return tlv.Text{}
	}
	return t
}

// longText reads a text of any length; c is broken when there is none where one must be.
func (q *request) longText(v tolerant.Value, c check) tlv.Text {
	if !v.Filled() {
		return tlv.Text{}
	}
	s, err := v.Text()
	if err != nil {
		q.refuseErr(c, v, err)
		return tlv.Text{}
	}
	return q.encode(v, s)
}

// encode makes a text of s, which v holds, and notes the substitutions.
func (q *request) encode(v tolerant.Value, s string) tlv.Text {
	t, subs, err := ffd.MakeText(&q.arena, s, q.api.o.Strict)
	if err != nil {
		q.refuseErr(checkData, v, err)
		return tlv.Text{}
	}
	for _, sub := range subs {
		known := false
		for _, old := range q.subs {
			known = known || old.From == sub.From
		}
		if !known {
			q.subs = append(q.subs, sub)
		}
	}
	return t
}

// str reads a text that stays UTF-8.
func (q *request) str(v tolerant.Value) string {
	if !v.Filled() {
		return ""
	}
	s, err := v.Text()
	if err != nil {
		q.refuseErr(checkData, v, err)
	}
	return s
}

// flag reads a boolean.
func (q *request) flag(v tolerant.Value) (value, ok bool) {
	if !v.Filled() {
		return false, false
	}
	value, err := v.Bool()
	if err != nil {
		q.refuseErr(checkData, v, err)
	}
	return value, err == nil
}

// number reads a code from low to high; a fraction is rounded (spec/api/cloudkassir.md 1.1, rule 5).
func (q *request) number(v tolerant.Value, low, high int64, c check) (int64, bool) {
	if !v.Filled() {
		return 0, false
	}
	n, err := v.Int(tolerant.Arithmetic)
	switch {
	case err != nil:
		q.refuseErr(c, v, err)
	case n < low || n > high:
		q.refuse(c, v, fmt.Sprintf("значение %d, допустимы от %d до %d", n, low, high))
	default:
		return n, true
	}
	return 0, false
}

// digits reads a code of exactly n digits.
func (q *request) digits(v tolerant.Value, n int) tlv.Text {
	s := q.str(v)
	if s != "" && (len(s) != n || !allDigits(s)) {
		q.refuse(checkData, v, fmt.Sprintf("ожидается цифр: %d", n))
		return tlv.Text{}
	}
	return q.encode(v, s)
}

// inn reads an INN and refuses a wrong form by c. The check digits matter in strict only: the document's own samples have
// wrong ones (spec/api/cloudkassir.md 2.3.1).
func (q *request) inn(v tolerant.Value, c check) tlv.Text {
	if !v.Filled() {
		return tlv.Text{}
	}
	s, err := v.Text()
	if err != nil {
		q.refuseErr(c, v, err)
		return tlv.Text{}
	}
	if reason := innFault(s, q.api.o.Strict); reason != "" {
		q.refuse(c, v, reason)
		return tlv.Text{}
	}
	return q.encode(v, s)
}

// innFault says what is wrong with an INN, "" when nothing is.
func innFault(s string, strict bool) string {
	switch {
	case len(s) != 10 && len(s) != 12 || !allDigits(s):
		return "ожидается 10 или 12 цифр"
	// Zeros stand for one without a Russian INN (spec/ffd/tags.csv, 1226 and 1228).
	case strict && s != "000000000000" && ffd.CheckINN(s) != nil:
		return "контрольные цифры ИНН не сходятся"
	}
	return ""
}

// date reads a day as the format writes it, ДД.ММ.ГГГГ.
func (q *request) date(v tolerant.Value) tlv.Text {
	s := q.str(v)
	if s == "" {
		return tlv.Text{}
	}
	day, err := tolerant.Date(s)
	if err != nil {
		q.refuseErr(checkData, v, err)
		return tlv.Text{}
	}
	return q.encode(v, day.Format("02.01.2006"))
}

// object reads an object or the JSON text of one; what is absent has no members.
func (q *request) object(v tolerant.Value, c check) (tolerant.Value, bool) {
	if !v.Filled() {
		return v, false
	}
	object, err := v.Object()
	if err != nil {
		if se := (*tolerant.SyntaxError)(nil); errors.As(err, &se) {
			c = checkBody
		}
		q.refuseErr(c, v, err)
		return v, false
	}
	return object, true
}

// require refuses an object that lacks one of its members.
func (q *request) require(object tolerant.Value, c check, names ...string) {
	for _, name := range names {
		if v := object.Get(name); !v.Filled() {
			q.refuse(c, v, "не передано")
		}
	}
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
