package sender

import (
	"errors"
	"fmt"
)

// ErrNoAnswer is returned when the peer gave no ticket: it closed the connection, was silent, or sent something else.
var ErrNoAnswer = errors.New("sender: no ticket came")

// ErrDocument is returned when a register gives other documents than its unsent range says.
var ErrDocument = errors.New("sender: the register has no such document")

// ConfirmError tells that a good ticket was not stored.
type ConfirmError struct {
	Serial string
	Number uint32 // of the document
	Cause  error
}

func (e *ConfirmError) Error() string {
	return fmt.Sprintf("sender: register %s, ticket for document %d not stored: %v", e.Serial, e.Number, e.Cause)
}

// Unwrap gives the cause.
func (e *ConfirmError) Unwrap() error { return e.Cause }
