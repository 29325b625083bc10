package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/storage"
)

// Problem is an error that the client is told, as {"error":{...}}.
type Problem struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`   // the parameter that is wrong, or the path of a field in the body: items[2].name
	Allowed string `json:"allowed,omitempty"` // what it may be

	MessageRu string   `json:"message_ru,omitempty"` // where there is one
	Drive     *Refused `json:"drive,omitempty"`      // the drive's own refusal
}

// Refused is a refusal of the drive.
type Refused struct {
	Code     string `json:"code"` // answer code of the drive, "02h"
	Name     string `json:"name"`
	NameRu   string `json:"name_ru"`
	Number   string `json:"number"`   // of the drive
	Document uint32 `json:"document"` // that was not made
	Why      string `json:"why"`
	WhyRu    string `json:"why_ru,omitempty"`
	Hint     string `json:"hint"` // what a person does about it
	HintRu   string `json:"hint_ru"`
}

// Error is the message.
func (p *Problem) Error() string { return p.Message }

// problemOf finds what to tell of an error. What is no fault of the client keeps
// its text: whoever reads this API owns the machine.
func problemOf(err error) *Problem {
	p, wrong, field, refusal := (*Problem)(nil), (*kkt.InvalidError)(nil), (*ffd.FieldError)(nil), (*fn.Refusal)(nil)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &wrong):
		return &Problem{Status: http.StatusBadRequest, Code: "invalid_field", Message: err.Error(), MessageRu: wrong.RuleRu, Field: wrong.Field, Allowed: strings.TrimPrefix(wrong.Rule, "want ")}
	case errors.As(err, &field):
		return &Problem{Status: http.StatusBadRequest, Code: "invalid_field", Message: err.Error(), MessageRu: field.RuleRu, Field: field.Path}
	case errors.As(err, &refusal):
		status := http.StatusConflict
		if refusal.Code == fn.CodeNoData {
			status = http.StatusNotFound
		}
		return &Problem{Status: status, Code: "refused", Message: err.Error(), MessageRu: refusal.Russian(), Drive: viewRefusal(refusal)}
	case errors.Is(err, kkt.ErrImage):
		return &Problem{Status: http.StatusBadRequest, Code: "invalid_image", Message: err.Error()}
	case errors.Is(err, kkt.ErrExists):
		return &Problem{Status: http.StatusConflict, Code: "exists", Message: err.Error()}
	case errors.Is(err, kkt.ErrQueued):
		return &Problem{Status: http.StatusConflict, Code: "queued", Message: err.Error()}
	case errors.Is(err, fault.ErrSet):
		return &Problem{Status: http.StatusServiceUnavailable, Code: "fault", Message: err.Error() + "; kktd fault list shows it, kktd fault reset lifts it"}
	case errors.Is(err, kkt.ErrOutOfService):
		return &Problem{Status: http.StatusServiceUnavailable, Code: "out_of_service", Message: err.Error()}
	case errors.Is(err, kkt.ErrNotFound):
		return &Problem{Status: http.StatusNotFound, Code: "not_found", Message: err.Error()}
	case errors.Is(err, kkt.ErrClosed), errors.Is(err, storage.ErrClosed):
		return &Problem{Status: http.StatusServiceUnavailable, Code: "stopping", Message: "kktd is stopping; try again when it is back"}
	}
	return &Problem{Status: http.StatusInternalServerError, Code: "internal", Message: err.Error()}
}

func viewRefusal(r *fn.Refusal) *Refused {
	hint, hintRu := r.Code.Advice()
	if r.Hint != "" {
		hint, hintRu = r.Hint, r.HintRu
	}
	return &Refused{Code: fmt.Sprintf("%02Xh", byte(r.Code)), Name: r.Code.Error(), NameRu: r.Code.Russian(),
		Number: r.Drive, Document: r.Number, Why: r.Why, WhyRu: r.WhyRu, Hint: hint, HintRu: hintRu}
}

// refusal is the answer that tells of a problem.
type refusal struct {
	Error Problem `json:"error"`
}

func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, fault.ErrPowerCut) {
		panic(http.ErrAbortHandler) // nobody gets an answer
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		a.log.WithField("path", r.URL.Path).WithError(err).Error("request failed")
	}
	_ = WriteJSON(w, p.Status, refusal{*p})
}

// newEncoder writes JSON as it is meant, without the escapes that HTML needs.
func newEncoder(b *bytes.Buffer) *json.Encoder {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e
}

const jsonType = "application/json; charset=utf-8"

// WriteJSON answers with a value as JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	var b bytes.Buffer
	if err := newEncoder(&b).Encode(v); err != nil {
		return err
	}
	writeBytes(w, status, jsonType, b.Bytes())
	return nil
}

func writeBytes(w http.ResponseWriter, status int, contentType string, b []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that is gone is no matter of ours
}

// pageSize is how many items of a list are read from the store at once.
const pageSize = 256

// page is the part of a list that is being read. It lives until the next one.
type page struct {
	buf   bytes.Buffer
	enc   *json.Encoder
	want  int // items still to come
	begun bool
	next  any // what to pass as after when there is more behind the last item
	more  bool
}

// add takes an item and what to pass as after to go on behind it. It returns
// errPageFull instead when the page is full: there is more.
func (p *page) add(item, after any) error {
	if p.want == 0 {
		p.more = true
		return errPageFull
	}
	p.want--
	if p.begun {
		p.buf.WriteByte(',')
	}
	p.begun, p.next = true, after
	if err := p.enc.Encode(item); err != nil {
		return err
	}
	p.buf.Truncate(p.buf.Len() - 1) // the newline of Encode
	return nil
}

var errPageFull = errors.New("control: the page is full")

// writeList writes a list of at most limit items. read adds the items from a
// page's start on; it begins with the first item and then where it stopped.
func (a *API) writeList(w http.ResponseWriter, r *http.Request, limit int, read func(*page) error) error {
	var p page
	p.enc = newEncoder(&p.buf)
	p.buf.WriteString(`{"items":[`)
	for written := false; ; written = true {
		p.want, p.more = min(limit, pageSize), false
		limit -= p.want
		if err := read(&p); err != nil && !errors.Is(err, errPageFull) {
			if !written {
				return err
			}
			a.log.WithField("path", r.URL.Path).WithError(err).Error("list is cut off")
			panic(http.ErrAbortHandler)
		}
		if p.more && limit > 0 {
			w.Header().Set("Content-Type", jsonType)
			if _, err := p.buf.WriteTo(w); err != nil {
				return nil // the client is gone
			}
			continue
		}
		if !p.more {
			p.next = nil
		}
		next, _ := json.Marshal(p.next) // a number, a text or nil
		p.buf.WriteString(`],"next":`)
		p.buf.Write(next)
		p.buf.WriteString("}\n")
		if !written {
			writeBytes(w, http.StatusOK, jsonType, p.buf.Bytes())
			return nil
		}
		_, _ = p.buf.WriteTo(w)
		return nil
	}
}
