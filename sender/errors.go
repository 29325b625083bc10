package sender

import (
	"errors"
	"fmt"
)

// ErrNoAnswer is what errors.Is finds in an AnswerError.
var ErrNoAnswer = errors.New("sender: no ticket came")

// ErrDocument is returned when a register gives other documents than its unsent range says.
var ErrDocument = errors.New("sender: the register has no such document")

// AnswerError is returned when the peer gave no ticket: it could not be reached, closed the connection, was silent, or sent
// something else.
type AnswerError struct {
	Reason Reason
	Cause  error
}

func (e *AnswerError) Error() string { return fmt.Sprintf("%v: %v", ErrNoAnswer, e.Cause) }

// Unwrap gives ErrNoAnswer and the cause.
func (e *AnswerError) Unwrap() []error { return []error{ErrNoAnswer, e.Cause} }

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
