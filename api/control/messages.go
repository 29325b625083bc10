package control

import (
	"bytes"
	"errors"
	"net/http"
	netmail "net/mail"
	"strings"
	"time"

	"kktd/kkt"
	"kktd/outbox"
)

// States of a message beside those of the outbox.
const (
	messageKept     outbox.State = "kept"     // nobody delivers it: an SMS, or mail without a server
	messageFinished outbox.State = "finished" // long ago: the outbox has forgotten how it ended
)

// MessageStates are the states that a message may be in.
func MessageStates() []string {
	return append([]string{string(messageKept)}, append(webhookStates(), string(messageFinished))...)
}

// messageItem is a message in a list.
type messageItem struct {
	Receipt  string          `json:"receipt"`
	Kind     kkt.MessageKind `json:"kind"`
	Address  string          `json:"address"`
	Register string          `json:"register"`
	Created  time.Time       `json:"created"` // business time
	State    outbox.State    `json:"state"`   // kept, waiting, delivered, failed or finished
	Entry    uint64          `json:"entry,omitempty"`
	Attempts int             `json:"attempts"`
	Due      *time.Time      `json:"due,omitempty"` // of the next attempt
	Error    string          `json:"error,omitempty"`
}

// messageView is a message asked for alone, with what it says.
type messageView struct {
	messageItem
	From    string            `json:"from,omitempty"`
	Subject string            `json:"subject,omitempty"`
	Text    string            `json:"text"`
	HTML    string            `json:"html,omitempty"`
	Last    []messageAttempt  `json:"last"` // attempts, oldest first
	Links   map[string]string `json:"links"`
}

// messageAttempt is one attempt to deliver.
type messageAttempt struct {
	Number int       `json:"number"`
	Time   time.Time `json:"time"` // business time
	Code   int       `json:"code"` // of the server; 0: it gave none
	Error  string    `json:"error"`
}

// messageItem finds out how a message fares.
func (a *API) messageItem(m *kkt.Message) (messageItem, outbox.Status, error) {
	zone := time.UTC
	if reg, err := a.fleet.Register(m.Register); err == nil {
		zone = reg.Zone()
	}
	item := messageItem{Receipt: m.Receipt, Kind: m.Kind, Address: m.Address, Register: m.Register, Created: time.UnixMilli(m.Created).In(zone),
		State: messageKept, Entry: m.Entry}
	if m.Entry == 0 {
		return item, outbox.Status{}, nil
	}
	_, s, err := a.outbox.Head(m.Entry)
	if errors.Is(err, outbox.ErrNotFound) {
		item.State = messageFinished
		return item, s, nil
	}
	if err != nil {
		return item, s, err
	}
	item.State, item.Attempts = s.State, s.Attempts
	if s.Due != 0 {
		item.Due = new(time.UnixMilli(s.Due).In(zone))
	}
	if n := len(s.Last); n > 0 {
		item.Error = s.Last[n-1].Error
	}
	return item, s, nil
}

// messageList answers for messages: those that went, or would go, to buyers.
func (a *API) messageList(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "kind", "state", "address", "register", "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	for _, f := range [...]struct{ name, allowed string }{{"kind", "email, sms"}, {"state", strings.Join(MessageStates(), ", ")}} {
		if v := q.get(f.name); v != "" && !strings.Contains(", "+f.allowed+", ", ", "+v+", ") {
			return invalid(f.name, f.allowed, "%s: %q is none of %s", f.name, v, f.allowed)
		}
	}
	last := q.get("after")
	return a.writeList(w, r, limit, func(p *page) error {
		err := a.fleet.Messages(last, func(m *kkt.Message) error {
			fits := matches(q.get("kind"), string(m.Kind)) && matches(q.get("address"), m.Address) && matches(q.get("register"), m.Register)
			if fits {
				item, _, err := a.messageItem(m)
				if err != nil {
					return err
				}
				if matches(q.get("state"), string(item.State)) {
					if err := p.add(item, m.Receipt); err != nil {
						return err
					}
				}
			}
			last = m.Receipt
			return nil
		})
		if errors.Is(err, kkt.ErrNotFound) {
			return invalid("after", "the id of a receipt", "after: %q is not the id of a receipt", q.get("after"))
		}
		return err
	})
}

// matches tells that a value is what a filter asks for, if it asks.
func matches(filter, value string) bool { return filter == "" || filter == value }

// readable is an address as people read it: its String is for the head of a letter.
func readable(a *netmail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name + " <" + a.Address + ">"
}

const letterType = "message/rfc822"

// message answers for messages/{id}: one, with what it says; as a letter by the
// Accept header.
func (a *API) message(w http.ResponseWriter, r *http.Request) error {
	if a.letters == nil {
		a.unknownPath(w, r)
		return nil
	}
	if _, err := parseQuery(r); err != nil {
		return err
	}
	m, err := a.fleet.Message(r.PathValue("id"))
	if err != nil {
		return err
	}
	letter, err := a.letters.Compose(m)
	if err != nil {
		return err
	}
	if m.Kind == kkt.Email && strings.Contains(r.Header.Get("Accept"), letterType) {
		var b bytes.Buffer
		if _, err := letter.WriteTo(&b); err != nil {
			return err
		}
		writeBytes(w, http.StatusOK, letterType, b.Bytes())
		return nil
	}
	item, s, err := a.messageItem(m)
	if err != nil {
		return err
	}
	view := messageView{messageItem: item, Subject: letter.Subject, Text: letter.Text, HTML: letter.HTML, Last: []messageAttempt{},
		Links: map[string]string{"receipt": Prefix + "receipts/" + m.Receipt, "page": "/r/" + m.Receipt}}
	if letter.From != nil {
		view.From = readable(letter.From)
	}
	for _, x := range s.Last {
		view.Last = append(view.Last, messageAttempt{Number: x.Number, Time: time.UnixMilli(x.Time).In(item.Created.Location()), Code: x.Code, Error: x.Error})
	}
	return WriteJSON(w, http.StatusOK, view)
}
