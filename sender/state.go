package sender

import (
	"encoding/json"
	"time"

	"kktd/storage"
)

// State is what the sender knows of the exchange of one register. The counters begin with the process.
type State struct {
	Connected bool
	LastError error  // of the last failure; nil after a ticket that was good
	LastCode  byte   // 1022 of the last good ticket
	Sent      uint64 // documents given to a connection, Resent included
	Resent    uint64 // those that had been given to one before
	Confirmed uint64 // tickets committed
	InFlight  int    // good tickets that wait for their commit
	// NextTry is when the next attempt is due by the business clock; zero when none is waiting.
	NextTry time.Time
}

// MarshalJSON writes the error as its text.
func (s State) MarshalJSON() ([]byte, error) {
	text := ""
	if s.LastError != nil {
		text = s.LastError.Error()
	}
	return json.Marshal(struct {
		Connected bool      `json:"connected"`
		LastError string    `json:"last_error,omitempty"`
		LastCode  byte      `json:"last_code"`
		Sent      uint64    `json:"sent"`
		Resent    uint64    `json:"resent"`
		Confirmed uint64    `json:"confirmed"`
		InFlight  int       `json:"in_flight"`
		NextTry   time.Time `json:"next_try,omitzero"`
	}{s.Connected, text, s.LastCode, s.Sent, s.Resent, s.Confirmed, s.InFlight, s.NextTry})
}

// State tells how the exchange of a drive of a register stands; false when it never woke the sender.
func (s *Sender) State(serial string, drive storage.DriveID) (State, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[key{serial, drive}]
	if !ok {
		return State{}, false
	}
	st := q.state
	st.InFlight = q.inFlight
	return st, true
}
