package sender

import (
	"encoding/json"
	"maps"
	"time"

	"kktd/storage"
)

// State is what the sender knows of the exchange of one drive of a register. The counters begin with the process.
type State struct {
	Connected bool
	LastError error // of the last failure; nil after a ticket that was good
	// LastReason and FailedAt, by the business clock, are those of LastError; they stay when it is gone.
	LastReason Reason
	FailedAt   time.Time
	Failures   map[Reason]uint64 // how often each happened; nil: never

	LastCode    byte // 1022 of the last good ticket: any but 0 is a refusal by format control (spec/ofd-protocol.md 8.3)
	LastMessage byte // 1206 of the last good ticket, 0 without it
	// LastKKTMessage is what tag 1067 of the last good ticket holds, in hex; "" without it (spec/ofd-protocol.md 8.1).
	LastKKTMessage string
	Refused        uint64 // good tickets with a code other than 0
	Sent           uint64 // documents given to a connection, Resent included
	Resent         uint64 // those that had been given to one before
	Confirmed      uint64 // tickets committed
	InFlight       int    // good tickets that wait for their commit
	Unsent         uint32 // documents without a committed ticket

	Attempts int // failures since the last ticket that was committed
	// NextTry is when the next attempt is due by the business clock; zero when none is waiting.
	NextTry time.Time
}

// StateView is State as JSON.
type StateView struct {
	Connected   bool              `json:"connected"`
	Unsent      uint32            `json:"unsent"`                     // documents without a committed ticket
	LastError   string            `json:"last_error,omitempty"`       // of the last failure; absent after a ticket that was good
	LastReason  Reason            `json:"last_reason,omitempty"`      // of the last failure, also when it is over
	FailedAt    time.Time         `json:"failed_at,omitzero"`         // when that was, business time
	Failures    map[Reason]uint64 `json:"failures,omitempty"`         // how often each reason happened
	Attempts    int               `json:"attempts"`                   // failures since the last ticket that was committed
	NextTry     time.Time         `json:"next_try,omitzero"`          // business time; absent when no attempt is waiting
	LastCode    byte              `json:"last_code"`                  // 1022 of the last good ticket: any but 0 is a refusal by format control
	LastMessage byte              `json:"last_message"`               // 1206 of the last good ticket
	KKTMessage  string            `json:"last_kkt_message,omitempty"` // 1067 of the last good ticket, hex
	Refused     uint64            `json:"refused"`                    // good tickets with a code other than 0
	Sent        uint64            `json:"sent"`                       // documents given to a connection, resent ones included
	Resent      uint64            `json:"resent"`                     // those that had been given to one before
	Confirmed   uint64            `json:"confirmed"`                  // tickets committed
	InFlight    int               `json:"in_flight"`                  // good tickets that wait for their commit
}

// MarshalJSON writes the error as its text.
func (s State) MarshalJSON() ([]byte, error) {
	text := ""
	if s.LastError != nil {
		text = s.LastError.Error()
	}
	return json.Marshal(StateView{s.Connected, s.Unsent, text, s.LastReason, s.FailedAt, s.Failures, s.Attempts, s.NextTry, s.LastCode, s.LastMessage, s.LastKKTMessage, s.Refused,
		s.Sent, s.Resent, s.Confirmed, s.InFlight})
}

// State tells how the exchange of a drive of a register stands; false when it never woke the sender. The map belongs to the caller.
func (s *Sender) State(serial string, drive storage.DriveID) (State, bool) {
	s.mu.Lock()
	q, ok := s.queues[key{serial, drive}]
	if !ok {
		s.mu.Unlock()
		return State{}, false
	}
	st, register := q.state, q.register
	st.InFlight, st.Attempts, st.Failures = q.inFlight, q.attempts, maps.Clone(q.state.Failures)
	s.mu.Unlock()
	if first, last := register.Unsent(); first != 0 {
		st.Unsent = last - first + 1
	}
	return st, true
}

// fail notes a failure. Sender.mu is held.
func (q *queue) fail(err error, now time.Time) {
	q.attempts++
	q.state.LastError, q.state.LastReason, q.state.FailedAt = err, reasonOf(err), now
	if q.state.Failures == nil {
		q.state.Failures = make(map[Reason]uint64)
	}
	q.state.Failures[q.state.LastReason]++
}
