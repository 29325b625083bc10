package cloudkassir

import (
	"strconv"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
)

// The requisite of an online check of a marking code (spec/api/cloudkassir.md 2.12): the body behind the marking system and
// the resolution that demands the check, No 1944 of 21.11.2023.
const (
	markFOIV     = "030"
	markDate     = "21.11.2023"
	markDocument = "1944"
)

// validateMark answers /kkt/validate-mark-code. No marking system answers an emulator: a code is good when it has the form of one.
func (q *request) validateMark() []byte {
	v := q.doc.Root()
	if answer := q.markAccess(v, "MarkCode", `,"IsValid":false,"Message":`, `,"IndustryRequisite":null}`); answer != nil {
		return answer
	}
	return q.appendMark([]byte(`{"Success":true`), v.Get("MarkCode"))
}

// validateMarks answers /kkt/validate-mark-codes.
func (q *request) validateMarks() []byte {
	v := q.doc.Root()
	codes := v.Get("MarkCodes")
	if q.refusal == nil && codes.Filled() {
		q.array(codes)
	}
	if answer := q.markAccess(v, "MarkCodes", `,"Message":`, `,"Results":[]}`); answer != nil {
		return answer
	}
	b := []byte(`{"Success":true,"Message":null,"Results":[`)
	for i, m := range codes.All() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"MarkCode":`...), m.Literal())
		b = q.appendMark(b, m)
	}
	return append(b, `]}`...)
}

// markAccess is the answer to a request that is not carried out, nil when it may be: head and tail stand around its message.
func (q *request) markAccess(v tolerant.Value, codes, head, tail string) []byte {
	if q.refusal == nil {
		if !v.Get("Inn").Filled() {
			q.refuse(checkNoINN, v.Get("Inn"), "")
		}
		q.require(v, checkMissing, codes)
	}
	inn := q.str(v.Get("Inn"))
	message := ""
	if q.refusal != nil {
		q.answerRefusal(q.refusal) // for its log line
		message = q.refusal.text()
	} else if _, ok := q.api.o.Fleet.Organisation(inn); !ok || !q.account.Allows(inn) {
		message = "Терминал " + q.account.PublicID + " не имеет доступа к ИНН " + inn
		q.answerRefusal(&refusal{code: codeUnknown, field: "Inn", message: message})
	} else {
		return nil
	}
	return append(appendString(append([]byte(`{"Success":false`), head...), message), tail...)
}

// appendMark appends IsValid, Message and IndustryRequisite of one code and the end of their object.
func (q *request) appendMark(b []byte, v tolerant.Value) []byte {
	text, err := v.Text()
	message := ""
	if err != nil {
		message = reasonOf(err)
	} else if code, err := ffd.ParseProductCode(text, ""); err != nil {
		message = reasonOf(err)
	} else if !code.Marked() {
		message = "код товара без признаков маркировки"
	}
	b = append(b, `,"IsValid":`...)
	b = strconv.AppendBool(b, message == "")
	b = append(b, `,"Message":`...)
	if message != "" {
		return append(appendString(b, message), `,"IndustryRequisite":null}`...)
	}
	w := modelWriter{b: append(b, `null,"IndustryRequisite":`...)}
	w.text("Code", markFOIV)
	w.text("DocumentDate", markDate)
	w.text("DocumentNumber", markDocument)
	w.text("RequisiteValue", "UUID="+q.api.o.NewID()+"&Time="+strconv.FormatInt(q.api.o.Fleet.Now().UnixMilli(), 10))
	return append(w.b, "}}"...)
}
