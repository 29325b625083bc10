package diagnosis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kktd/event"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofdproto"
	"kktd/outbox"
	"kktd/webhook"
)

// ofReceipt leaves out what the events tell of other documents with the numbers of those
// of a receipt: of a drive that was wiped, or put back to a snapshot, at the same time.
func ofReceipt(list []event.Event, id string) []event.Event {
	others := map[uint32]bool{}
	return slices.DeleteFunc(list, func(e event.Event) bool {
		if e.Kind == event.Document {
			others[e.Document] = e.Receipt != id
		}
		return e.Receipt != id && others[e.Document]
	})
}

// commit tells when it became durable, then of the delivery.
func (t *telling) commit() error {
	list, whole, err := t.o.Events.Find(event.Story{Receipt: t.rec.ID, Drive: t.drive, Documents: t.rec.Documents, Since: t.rec.Created}, maxEvents)
	if err != nil {
		return err
	}
	list = ofReceipt(list, t.rec.ID)
	var first, last *event.Event
	for i := range list {
		switch e := &list[i]; e.Kind {
		case event.Document, event.ReceiptFailed:
			if first == nil {
				first = e
			}
			last = e
		}
	}
	switch {
	case first != nil:
		t.stepAt(time.UnixMilli(first.Time), "commit", Committed, first.Number, last.Number)
	case t.rec.Status == kkt.Queued:
		t.stepAt(time.UnixMilli(t.rec.Created), "commit", QueuedStored)
	}
	t.story.Steps = append(t.story.Steps, t.ofd...)
	confirmed := map[uint32]bool{}
	for i := range list {
		confirmed[list[i].Document] = confirmed[list[i].Document] || list[i].Kind == event.Confirmed
	}
	for i := range list {
		switch e := &list[i]; {
		case e.Kind == event.Confirmed:
			t.stepAt(time.UnixMilli(e.Time), "ofd", TicketStored, e.Document, e.Number)
		case e.Kind == event.Sent && !confirmed[e.Document]:
			t.stepAt(time.UnixMilli(e.Time), "ofd", OFDSent, e.Document, e.Number)
		}
	}
	if !whole {
		t.step("commit", EventsCut, maxEvents)
	}
	return nil
}

// delivery tells how a document fares with the OFD.
func (t *telling) delivery(reg *kkt.Register, number uint32, head *ffd.ReceiptHead, ticket []byte) {
	tell := func(code Code, args ...any) { t.ofd = append(t.ofd, say(t.lang, "ofd", code, args...)) }
	if ticket == nil {
		settings := reg.SettingsAt(t.rec.Drive, number)
		switch {
		case settings.Offline:
			tell(OFDOffline, number)
			return
		case t.o.NoOFD:
			tell(OFDNone, number)
			t.cause(OFDNone, number)
			return
		case reg.Wiped(t.rec.Drive):
			tell(OFDWiped, number)
			return
		}
		before := uint32(0)
		if st, err := reg.DriveState(t.rec.Drive); err == nil && st.FirstUnsent != 0 && number > st.FirstUnsent {
			before = number - st.FirstUnsent
		}
		tell(OFDWaits, number, before)
		if s, ok := t.o.Sender(t.rec.Register, t.rec.Drive); ok && s.LastError != nil {
			next := pick(t.lang, "at once", "сразу")
			if !s.NextTry.IsZero() {
				next = s.NextTry.In(t.zone).Format(time.RFC3339)
			}
			tell(OFDFails, s.Attempts, s.LastReason, s.LastError, next)
			t.cause(OFDFails, s.Attempts, s.LastReason, s.LastError, next)
		}
		return
	}
	c, err := ofdproto.ParseContainer(ticket)
	if err == nil {
		var confirmation ffd.Confirmation
		if confirmation, err = ffd.ParseConfirmation(c.Document); err == nil {
			t.ticket(number, head, &confirmation, tell)
		}
	}
	if err != nil {
		tell(TicketUnreadable, number, err)
	}
	if t.o.OFD == nil {
		return
	}
	if doc, _, err := t.o.OFD.Receipt(string(head.Drive[:]), number, head.Sign); err == nil {
		for _, f := range doc.Findings {
			tell(OFDFinding, number, f.Path, pick(t.lang, f.En, f.Ru), adviceOf(t.lang, f.Tag))
		}
	} else if !errors.Is(err, ofd.ErrNotFound) {
		tell(TicketUnreadable, number, err)
	}
}

// ticket tells what the operator answers.
func (t *telling) ticket(number uint32, head *ffd.ReceiptHead, c *ffd.Confirmation, tell func(Code, ...any)) {
	inn := strings.TrimSpace(string(c.OFDINN[:]))
	name, _ := ffd.ValueNameIn(t.lang, ffd.TagOFDResponseCode, head.Version, uint64(c.Code))
	code := OFDAccepts
	if c.Code != ffd.OFDAccepted {
		code = OFDRefuses
		t.cause(OFDRefuses, number, inn, c.Code, name)
	}
	tell(code, number, inn, c.Code, name)
	if c.Time != 0 {
		last := &t.ofd[len(t.ofd)-1]
		at := wall(c.Time, t.zone)
		last.Time = &at
	}
	if c.Message != 0 {
		words, ok := ffd.ValueNameIn(t.lang, ffd.TagOperatorMessage, head.Version, uint64(c.Message))
		if !ok {
			words = "?"
		}
		tell(OFDMessage, fmt.Sprintf("%02Xh", c.Message), words)
		t.cause(OFDMessage, fmt.Sprintf("%02Xh", c.Message), words)
	}
}

// notifications tell of what went to the shop and to the buyer.
func (t *telling) notifications() error {
	told := false
	if t.o.Outbox != nil {
		err := t.o.Outbox.List(0, func(e *outbox.Entry, s *outbox.Status) (bool, error) {
			if e.Receipt == t.rec.ID {
				told = told || e.Transport == webhook.TransportHTTP
				t.notification(e, s)
			}
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	if kinds := t.o.Notifications[t.rec.API]; len(kinds) > 0 && !told && t.rec.Status != kkt.Queued {
		set := slices.ContainsFunc(kinds, func(kind string) bool {
			s := t.o.Fleet.Subscription(t.rec.Account, t.rec.API, kind)
			return s != nil && s.Enabled
		})
		if !set {
			t.step("notifications", NotSubscribed, t.rec.Account)
		}
	}
	m, err := t.o.Fleet.Message(t.rec.ID)
	switch {
	case err == nil && m.Entry == 0:
		t.step("notifications", MessageKept, m.Kind, m.Address)
	case err != nil && !errors.Is(err, kkt.ErrNotFound):
		return err
	}
	return nil
}

func (t *telling) notification(e *outbox.Entry, s *outbox.Status) {
	address := outbox.Redacted(e.Address)
	for _, a := range s.Last {
		if a.Error == "" {
			t.stepAt(time.UnixMilli(a.Time), "notifications", AttemptGood, e.Type, address, a.Number, a.Code)
		} else {
			t.stepAt(time.UnixMilli(a.Time), "notifications", AttemptFailed, e.Type, address, a.Number, a.Error)
		}
	}
	failed := len(s.Last) > 0 && s.Last[len(s.Last)-1].Error != ""
	switch {
	case s.State == outbox.Failed:
		t.cause(NotifyGivenUp, e.Type, address, s.Attempts, s.Last[len(s.Last)-1].Error, e.Number)
	case s.State == outbox.Waiting && failed:
		t.cause(NotifyFails, e.Type, address, s.Attempts, s.Last[len(s.Last)-1].Error)
	case s.State == outbox.Waiting:
		t.step("notifications", NotifyWaits, e.Type, address)
	}
}

// replays tells how often the request came again.
func (t *telling) replays() error {
	n, err := t.o.Fleet.Replays(t.rec.ID)
	if err == nil && n > 0 {
		t.step("replays", Replayed, n)
	}
	return err
}
