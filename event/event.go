// Package event is the durable, numbered stream of what happened. An event is
// appended in the same commit as what it tells, so a reader that goes on from a
// number misses nothing and sees nothing that was not stored. Delivery to
// listeners is not its business.
//
//	Event, Kind, Append, Parse   one event and its stored form
//	Stream, Filter               the events of a store: read from a number on, waited for
package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Kind says what happened.
type Kind string

// The kinds.
const (
	Document      Kind = "document"       // a document was made
	Replayed      Kind = "replayed"       // a request came again and got its first answer
	Sent          Kind = "sent"           // it went out to the OFD for the first time; its ticket may never come
	Confirmed     Kind = "confirmed"      // its ticket was stored
	ReceiptFailed Kind = "receipt_failed" // a receipt that was taken could not be made
	DriveInserted Kind = "drive_inserted" // a register has a drive, new or wiped, that is not registered yet
	ShiftOpened   Kind = "shift_opened"   // the document is its report
	ShiftClosed   Kind = "shift_closed"   // the document is its report
	// RegisterDeleted comes once for each FN number that a register had, when it goes
	// with all its documents.
	RegisterDeleted Kind = "register_deleted"
	// RegisterReset is the same for a register that begins anew: its document 1 follows.
	RegisterReset Kind = "register_reset"
	// RegisterRestored and RegisterImported come once for each FN number that a register
	// had or has, when it is put back to a snapshot or comes from a file. Document is the
	// last one of the drive, 0 when it has none or is gone; Text names the snapshot.
	RegisterRestored Kind = "register_restored"
	RegisterImported Kind = "register_imported"

	WarningOn  Kind = "warning_on"  // Text names the trouble
	WarningOff Kind = "warning_off" // Text names the trouble

	WebhookDelivered Kind = "webhook_delivered" // a notification or a message reached its receiver
	WebhookFailed    Kind = "webhook_failed"    // an attempt failed; Text says which, where and why

	FaultFired Kind = "fault_fired" // a fault that was set on purpose has struck; Text says which
)

// Kinds are all kinds, as a help text lists them.
func Kinds() []Kind {
	return []Kind{Document, Sent, Confirmed, ReceiptFailed, ShiftOpened, ShiftClosed, WarningOn, WarningOff, DriveInserted, RegisterDeleted, RegisterReset, RegisterRestored, RegisterImported, WebhookDelivered, WebhookFailed, FaultFired, Replayed}
}

// Event is one thing that happened.
type Event struct {
	Number   uint64 `json:"number,omitempty"` // in the stream; given by the store, not stored
	Kind     Kind   `json:"kind"`
	Time     int64  `json:"time"`               // business time, Unix milliseconds
	Register string `json:"register"`           // serial number
	Drive    string `json:"drive,omitempty"`    // FN number
	Document uint32 `json:"document,omitempty"` // number
	Form     uint16 `json:"form,omitempty"`
	Receipt  string `json:"receipt,omitempty"` // id
	Text     string `json:"text,omitempty"`    // reason of a failure
}

// Append appends the stored form, JSON, without allocation. Drive and Receipt are
// digits; Register and Text may hold anything.
func (e *Event) Append(b []byte) []byte {
	b = append(append(append(b, kindBegins...), e.Kind...), `","time":`...)
	b = strconv.AppendInt(b, e.Time, 10)
	b = appendString(append(b, `,"register":`...), e.Register)
	if e.Drive != "" {
		b = append(append(append(b, `,"drive":"`...), e.Drive...), '"')
	}
	if e.Document != 0 {
		b = strconv.AppendUint(append(b, `,"document":`...), uint64(e.Document), 10)
	}
	if e.Form != 0 {
		b = strconv.AppendUint(append(b, `,"form":`...), uint64(e.Form), 10)
	}
	if e.Receipt != "" {
		b = append(append(append(b, `,"receipt":"`...), e.Receipt...), '"')
	}
	if e.Text != "" {
		b = appendString(append(b, `,"text":`...), e.Text)
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// kindBegins is how a stored event begins, before its kind.
const kindBegins = `{"kind":"`

// KindOf is the kind of a stored event without the rest, nil when it is none. It lives
// as long as b.
func KindOf(b []byte) []byte {
	rest, ok := bytes.CutPrefix(b, []byte(kindBegins))
	kind, _, whole := bytes.Cut(rest, []byte{'"'})
	if !ok || !whole {
		return nil
	}
	return kind
}

// Parse reads the stored form of the event with the number.
func Parse(number uint64, b []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(b, &e); err != nil {
		return e, fmt.Errorf("event %d: %w", number, err)
	}
	e.Number = number
	return e, nil
}
