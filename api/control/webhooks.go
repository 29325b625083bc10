package control

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"kktd/outbox"
	"kktd/webhook"
)

// webhookRoutes are there when there is an outbox.
func (a *API) webhookRoutes() []Route {
	if a.outbox == nil {
		return nil
	}
	return []Route{{"GET", "webhooks", a.webhooks}, {"GET", "webhooks/{id}", a.webhook}, {"POST", "webhooks/{id}/resend", a.resendWebhook}}
}

// webhookView is an entry of the outbox. An address is shown without its password.
type webhookView struct {
	ID        string          `json:"id"`
	State     outbox.State    `json:"state"`
	API       string          `json:"api"`
	Type      string          `json:"type"`
	Transport string          `json:"transport"`
	Account   string          `json:"account"`
	Receipt   string          `json:"receipt,omitempty"`
	Register  string          `json:"register"`
	Created   time.Time       `json:"created"` // business time
	Method    string          `json:"method,omitempty"`
	Address   string          `json:"address"`
	Attempts  int             `json:"attempts"`
	Next      *time.Time      `json:"next_attempt"` // null: at once, or none
	Last      []attemptView   `json:"last_attempts"`
	Header    []outbox.Header `json:"header,omitempty"` // these two of one entry alone
	Body      *string         `json:"body,omitempty"`
	Base64    string          `json:"body_base64,omitempty"` // of a body that is not UTF-8
}

type attemptView struct {
	Number int       `json:"number"`
	Time   time.Time `json:"time"` // business time
	Status int       `json:"status,omitempty"`
	Answer string    `json:"answer,omitempty"` // its first bytes
	Error  string    `json:"error,omitempty"`
}

func viewWebhook(e *outbox.Entry, s *outbox.Status) webhookView {
	v := webhookView{ID: strconv.FormatUint(e.Number, 10), State: s.State, API: e.API, Type: e.Type, Transport: e.Transport, Account: e.Account,
		Receipt: e.Receipt, Register: e.Register, Created: time.UnixMilli(e.Created).UTC(), Method: e.Method, Address: outbox.Redacted(e.Address),
		Attempts: s.Attempts, Last: []attemptView{}}
	if s.Due != 0 {
		v.Next = new(time.UnixMilli(s.Due).UTC())
	}
	for _, a := range s.Last {
		v.Last = append(v.Last, attemptView{Number: a.Number, Time: time.UnixMilli(a.Time).UTC(), Status: a.Code, Answer: a.Answer, Error: a.Error})
	}
	return v
}

// webhookStates are the values of the filter.
func webhookStates() []string {
	return []string{string(outbox.Waiting), string(outbox.Delivered), string(outbox.Failed)}
}

func (a *API) webhooks(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "after", "limit", "receipt", "account", "state")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 0, 1<<64-1)
	if err != nil {
		return err
	}
	state := q.get("state")
	if state != "" && !slices.Contains(webhookStates(), state) {
		return invalid("state", "waiting, delivered, failed", "state: %q is none of waiting, delivered, failed", state)
	}
	return a.writeList(w, r, limit, func(p *page) error {
		return a.outbox.List(after, func(e *outbox.Entry, s *outbox.Status) (bool, error) {
			if receipt := q.get("receipt"); receipt != "" && e.Receipt != receipt {
				return true, nil
			}
			if account := q.get("account"); account != "" && e.Account != account || state != "" && string(s.State) != state {
				return true, nil
			}
			v := viewWebhook(e, s)
			if err := p.add(v, v.ID); err != nil {
				return false, err
			}
			after = e.Number
			return true, nil
		})
	})
}

func webhookNumber(r *http.Request) (uint64, error) {
	return parseNumber("id", r.PathValue("id"), 1, 1<<64-1)
}

func (a *API) webhook(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	number, err := webhookNumber(r)
	if err != nil {
		return err
	}
	e, s, err := a.outbox.Entry(number)
	if err != nil {
		return webhookProblem(err)
	}
	v := viewWebhook(e, &s)
	v.Header = e.Header
	if utf8.Valid(e.Body) {
		v.Body = new(string(e.Body))
	} else {
		v.Base64 = base64.StdEncoding.EncodeToString(e.Body)
	}
	return WriteJSON(w, http.StatusOK, v)
}

// resendWebhook answers with the entry as it waits for its delivery.
func (a *API) resendWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := ReadBody(w, r, &struct{}{}); err != nil {
		return err
	}
	number, err := webhookNumber(r)
	if err != nil {
		return err
	}
	if err := a.resend(number); err != nil {
		return webhookProblem(err)
	}
	e, s, err := a.outbox.Head(number)
	if err != nil {
		return webhookProblem(err)
	}
	return WriteJSON(w, http.StatusAccepted, viewWebhook(e, &s))
}

func webhookProblem(err error) error {
	switch {
	case errors.Is(err, outbox.ErrNotFound):
		return &Problem{Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: err.Error() + "; GET " + Prefix + "webhooks lists those that are there"}
	case errors.Is(err, webhook.ErrBusy):
		return &Problem{Status: http.StatusConflict, Code: "busy", Field: "id", Message: err.Error() + "; look at what comes of it"}
	}
	return err
}
