package outbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"kktd/storage"
)

// Kind is the kind of all records of the outbox in the store.
const Kind storage.Kind = 8

// ErrRecord is returned when a stored entry or status does not decode.
var ErrRecord = errors.New("outbox: stored record cannot be read")

// Entry is one thing to tell. What stands in it is fixed when it is put.
type Entry struct {
	Number    uint64 `json:"-"`         // given by Put; order of putting
	Transport string `json:"transport"` // who delivers it: "http", "mail"
	Lane      string `json:"lane"`      // the receiver: of HTTP scheme and host, of mail the server
	Group     string `json:"group,omitempty"`
	API       string `json:"api"`
	Type      string `json:"type"` // the API's name of the notification
	Account   string `json:"account,omitempty"`
	Receipt   string `json:"receipt,omitempty"` // id
	Register  string `json:"register"`          // serial number
	Created   int64  `json:"created"`           // business time, Unix milliseconds

	Address string   `json:"address"`
	Method  string   `json:"method,omitempty"`
	Header  []Header `json:"header,omitempty"`
	Body    []byte   `json:"-"` // a record of its own: lists do not read it
}

// Redacted is an address without its password, to be shown.
func Redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	return u.Redacted()
}

// Header is a line of a request's head. It holds no secret: the store and the
// control API show it.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// State is the life of an entry.
type State string

// The states. An entry that is Delivered or Failed is finished.
const (
	Waiting   State = "waiting"   // not delivered yet; there will be an attempt
	Delivered State = "delivered" // the receiver has it
	Failed    State = "failed"    // given up
)

// Limits of what is kept of attempts.
const (
	// MaxAttempts is how many of the last attempts a status keeps.
	MaxAttempts = 10
	// MaxAnswer is how many bytes are kept of an answer.
	MaxAnswer = 256
)

// Status is what came of an entry so far.
type Status struct {
	State     State     `json:"state"`
	Transport string    `json:"transport"`
	Group     uint64    `json:"group,omitempty"` // hash of Entry.Group; 0: in no group
	Attempts  int       `json:"attempts"`        // made so far
	Due       int64     `json:"due,omitempty"`   // of the next attempt, business time, Unix milliseconds; 0: at once
	Last      []Attempt `json:"last,omitempty"`  // oldest first, at most MaxAttempts
}

// Attempt is what came of one attempt.
type Attempt struct {
	Number int    `json:"number"`           // from 1
	Time   int64  `json:"time"`             // when it ended, business time, Unix milliseconds
	Code   int    `json:"code,omitempty"`   // status of the answer; 0: there was none
	Answer string `json:"answer,omitempty"` // its first bytes
	Error  string `json:"error,omitempty"`  // empty: delivered
}

// Add counts an attempt in and keeps it.
func (s *Status) Add(a Attempt) {
	s.Attempts++
	a.Number = s.Attempts
	if len(a.Answer) > MaxAnswer {
		a.Answer = a.Answer[:MaxAnswer]
	}
	if s.Last = append(s.Last, a); len(s.Last) > MaxAttempts {
		s.Last = append([]Attempt(nil), s.Last[len(s.Last)-MaxAttempts:]...)
	}
}

// LaneID is the lane of an entry in keys.
type LaneID [8]byte

func laneOf(transport, lane string) LaneID {
	sum := sha256.Sum256([]byte(transport + "\x00" + lane))
	return LaneID(sum[:8])
}

func groupOf(group string) uint64 {
	if group == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(group))
	return binary.BigEndian.Uint64(sum[:8]) | 1
}

// Ref names an entry that waits.
type Ref struct {
	Lane      LaneID
	Number    uint64
	Group     uint64
	Transport string
}

// First bytes of keys. The status of an entry stands under its lane, in one of two
// lists: so a start reads what waits and nothing else.
const (
	keyHead     = 'e' // number: the entry without its body, JSON
	keyBody     = 'b' // number: the body
	keyWaiting  = 'q' // lane, number: the status, JSON
	keyFinished = 'f' // lane, number: the status, JSON
	keyFloor    = 'n' // nothing: a head, of the greatest number when that was forgotten
)

func numberKey(first byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{first}, number)
}

func laneKey(first byte, lane LaneID, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{first}, lane[:]...), number)
}

func numberOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

func parseEntry(key, head []byte) (*Entry, error) {
	if len(key) != 9 {
		return nil, fmt.Errorf("%w: key of %d bytes", ErrRecord, len(key))
	}
	e := &Entry{Number: numberOf(key)}
	if err := json.Unmarshal(head, e); err != nil {
		return nil, fmt.Errorf("%w: entry %d: %w", ErrRecord, e.Number, err)
	}
	return e, nil
}

func parseStatus(number uint64, b []byte) (s Status, err error) {
	if err = json.Unmarshal(b, &s); err != nil {
		err = fmt.Errorf("%w: status of entry %d: %w", ErrRecord, number, err)
	}
	return s, err
}

// record makes a record with a JSON value.
func record(key []byte, v any) (storage.Record, error) {
	b, err := json.Marshal(v)
	return storage.Record{Kind: Kind, Key: key, Value: b}, err
}
