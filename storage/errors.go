package storage

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound is returned when there is no such drive, document, ticket or record.
	ErrNotFound = errors.New("not found")

	// ErrInvalid is returned when a change or an argument breaks the rules of this package. The caller is wrong.
	ErrInvalid = errors.New("invalid")

	// ErrTooLarge is returned when a key is longer than MaxKey or a value longer than MaxValue.
	ErrTooLarge = errors.New("too large")

	// ErrConflict is returned when the version of the drive's state is not the expected one (ConflictError),
	// or when another ticket is stored for the document (TicketError).
	ErrConflict = errors.New("conflict")

	// ErrGap is returned when a document number does not follow the last one (GapError).
	ErrGap = errors.New("document numbers are not contiguous")

	// ErrUnknownOutcome is returned when a commit failed in I/O: the change may or may not be on disk. Reload
	// the version of the drive and look.
	ErrUnknownOutcome = errors.New("commit failed, its outcome is unknown")

	// ErrStopped is returned when the store takes no more changes until it is opened again: after a failed fsync
	// what it shows is no proof of what is on disk.
	ErrStopped = errors.New("store has stopped")

	// ErrClosed is returned when the store has been closed.
	ErrClosed = errors.New("store is closed")

	// ErrUnsupported is returned when the engine cannot do what was asked.
	ErrUnsupported = errors.New("not supported by this store")

	// ErrLocked is returned when another process holds the file.
	ErrLocked = errors.New("file is in use by another process")

	// ErrNewerFormat is returned when the file was written in a newer format than this kktd knows.
	ErrNewerFormat = errors.New("file has a newer format")

	// ErrForeign is returned when the file is sound but belongs to another program.
	ErrForeign = errors.New("file belongs to another program")

	// ErrDamaged is returned when the file cannot be read as what it was written as.
	ErrDamaged = errors.New("file is damaged")
)

// ConflictError tells that the state of a drive has another version than the change expects.
type ConflictError struct {
	Drive           DriveID
	Expected, Found uint64 // 0: no state
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("drive %d: change expects version %d of the state, found %d", e.Drive, e.Expected, e.Found)
}

// Unwrap returns ErrConflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// TicketError tells that a ticket with other bytes is stored for the document. Reloading the state does not help.
type TicketError struct {
	Drive  DriveID
	Number uint32
}

func (e *TicketError) Error() string {
	return fmt.Sprintf("drive %d: document %d has a ticket with other bytes", e.Drive, e.Number)
}

// Unwrap returns ErrConflict.
func (e *TicketError) Unwrap() error { return ErrConflict }

// GapError tells that a document would leave a gap or use a number twice, or that a ticket is for a document
// that is not there.
type GapError struct {
	Drive DriveID
	Want  uint32 // number that comes next; for a ticket the last document, 0 when there is none
	Found uint32 // number in the change
	// Ticket is set when Found is the number of a ticket.
	Ticket bool
}

func (e *GapError) Error() string {
	if e.Ticket {
		return fmt.Sprintf("drive %d: ticket for document %d, the last document is %d", e.Drive, e.Found, e.Want)
	}
	return fmt.Sprintf("drive %d: document %d where %d comes next", e.Drive, e.Found, e.Want)
}

// Unwrap returns ErrGap.
func (e *GapError) Unwrap() error { return ErrGap }
