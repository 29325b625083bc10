package kkttest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Event is something that has happened: kinds as "kktd wait --help" lists them.
type Event struct {
	Number   uint64    `json:"number"`
	Kind     string    `json:"kind"`
	Time     time.Time `json:"time"` // business time
	Register string    `json:"register"`
	Drive    string    `json:"drive"`
	Document uint32    `json:"document"`
	Form     uint16    `json:"form"`
	Receipt  string    `json:"receipt"`
	Text     string    `json:"text"`
}

type eventPage struct {
	Items      []Event
	Next, Last uint64
}

// Events are those so far, of some kinds or of all, oldest first.
func (s *Server) Events(kinds ...string) []Event {
	s.t.Helper()
	var page eventPage
	s.Call(http.MethodGet, "events?"+url.Values{"kind": {strings.Join(kinds, ",")}, "limit": {"100000"}}.Encode(), nil, &page)
	return page.Items
}

// LastEvent is the number of the last event, to wait behind.
func (s *Server) LastEvent() uint64 {
	s.t.Helper()
	var page eventPage
	s.Call(http.MethodGet, "events?limit=1", nil, &page)
	return page.Last
}

// poll asks once for an event, as long as ctx allows.
func (s *Server) poll(ctx context.Context, kinds string, after uint64) (page eventPage, err error) {
	end, _ := ctx.Deadline()
	wait := max(time.Until(end), time.Millisecond).Truncate(time.Millisecond)
	q := url.Values{"kind": {kinds}, "after": {strconv.FormatUint(after, 10)}, "limit": {"1"}, "wait": {min(wait, time.Minute).String()}}
	return page, s.call(ctx, http.MethodGet, "events?"+q.Encode(), nil, &page)
}

// WaitEvent waits for the first event of a kind behind a number, 0 for the first of all.
func (s *Server) WaitEvent(kind string, after uint64) Event {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), s.patience)
	defer cancel()
	for ctx.Err() == nil {
		page, err := s.poll(ctx, kind, after)
		switch {
		case err != nil && ctx.Err() == nil:
			s.t.Fatalf("kkttest: event %s: %v", kind, err)
		case len(page.Items) > 0:
			return page.Items[0]
		}
	}
	s.t.Fatalf("kkttest: no event %s behind %d within %v", kind, after, s.patience)
	return Event{}
}

// WaitConfirmed waits until the OFD has confirmed every document of all registers. When
// that does not come the test ends with what the delivery says.
func (s *Server) WaitConfirmed() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), s.patience)
	defer cancel()
	left := ""
	for ctx.Err() == nil {
		// The number first: what happens between the look and the wait is not missed.
		after := s.LastEvent()
		if left = s.unsent(); left == "" {
			return
		}
		if _, err := s.poll(ctx, "confirmed,document", after); err != nil && ctx.Err() == nil {
			s.t.Fatalf("kkttest: %v", err)
		}
	}
	s.t.Fatalf("kkttest: the OFD has not confirmed everything within %v:\n%s", s.patience, left)
}

// unsent are lines for the registers that have something to send.
func (s *Server) unsent() (lines string) {
	s.t.Helper()
	var page struct {
		Items []struct {
			Serial string
			Unsent *struct{ Count uint32 }
			Sender struct {
				LastError string `json:"last_error"`
			}
		}
	}
	s.Call(http.MethodGet, "registers?limit=100000", nil, &page)
	for _, r := range page.Items {
		if r.Unsent != nil && r.Unsent.Count > 0 {
			lines += fmt.Sprintf("register %s: %d unsent; %s\n", r.Serial, r.Unsent.Count, r.Sender.LastError)
		}
	}
	return lines
}

// Delivered is what came of the unsent documents of a drive.
type Delivered struct {
	Register, Drive   string
	Confirmed, Unsent uint32
	Error, Reason     string
}

// Deliver sends what is unsent now, as Delivery "manual" wants it, and waits for the
// outcome; a failure is told, and ends no test.
func (s *Server) Deliver() []Delivered {
	s.t.Helper()
	var answer struct{ Items []Delivered }
	s.Call(http.MethodPost, "deliver", map[string]any{"timeout": s.patience.String()}, &answer)
	return answer.Items
}
