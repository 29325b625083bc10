package storage

import (
	"context"
	"io"
)

// DriveID is the internal identity of a fiscal drive. It is never reused and starts at 1, so a drive that was
// reset, cloned or replaced never meets the documents of another one with the same FN number.
type DriveID uint64

// Kind tells the owners of records apart, 1..255. The owner declares the constants; the store does not know
// their meaning.
type Kind uint8

// Document is a finished fiscal document as the container that goes to the OFD.
type Document struct {
	Number    uint32 // 1040, from 1
	Container []byte // not empty
}

// Ticket is the operator's confirmation of the document with the same number, as it came.
type Ticket struct {
	Number    uint32
	Container []byte // not empty
}

// Record is one put or delete in the table of its kind.
type Record struct {
	Kind  Kind
	Key   []byte // 1..MaxKey bytes
	Value []byte // nil deletes (a key that is not there too); empty but not nil is a value
}

// Change is one atomic durable step for one drive. The slices must stay unchanged until Append returns.
type Change struct {
	Drive  DriveID // 0: a change without a drive; then only Records, Events and Forget may be set
	Expect uint64  // version of the drive's state that must be in force; 0: the drive has no state yet
	State  []byte  // new state, not empty when Drive is not 0

	Documents []Document // contiguous, following the last stored number of the drive (first of a drive: 1)
	Tickets   []Ticket   // strictly ascending; for stored documents or ones in this change

	Records []Record // applied in order: of two with one key the last one stays
	Events  [][]byte // numbered by the store in commit order

	// Forget are drives whose state, documents and tickets go, in the same step; one that is not there costs
	// nothing. Their ids are never given again. Drive is not among them.
	Forget []DriveID

	// Patient tells that the change would rather share a commit than have one of its own: while others are
	// being committed it may wait a few milliseconds for the next of them.
	Patient bool
}

// Result tells what an applied change has become.
type Result struct {
	Version    uint64 // version of the drive's state now in force: Expect + 1; 0 for a change without a drive
	FirstEvent uint64 // number of the change's first event, the others follow it; 0 when it has none
}

// Store is a world of drives, records and events. All methods may be called from many goroutines.
//
// Scans call fn inside a read of the engine: fn must be quick, must not call the store (a scan may hold a lock
// that a commit is waiting for) and must copy what it keeps. An error of fn ends the scan and is returned
// unchanged. A limit of 0 means no limit; page with a limit to stream to a slow reader.
//
// Besides the errors named below every method may return ErrClosed, and one on a file ErrDamaged or an I/O error.
type Store interface {
	// Append applies the change and returns when it is durable. When it returns an error other than
	// ErrUnknownOutcome, nothing of the change is or will be stored.
	//
	// Errors: ErrInvalid, ErrTooLarge; ErrConflict (ConflictError, TicketError), ErrGap (GapError);
	// ErrUnknownOutcome; ErrUnsupported when the store is open for reading only; the error of ctx when it ended
	// before the commit began. Once the commit has begun, Append waits for its end whatever ctx says.
	Append(ctx context.Context, c Change) (Result, error)
	// ReserveDrive returns the next id for a drive. The reservation is not durable until a Change uses the id;
	// an id that a stored change has used is never returned.
	ReserveDrive() DriveID

	// State returns the state of a drive and its version, or ErrNotFound.
	State(d DriveID) (state []byte, version uint64, err error)
	// Drives calls fn for every drive, ascending.
	Drives(fn func(d DriveID, state []byte, version uint64) error) error
	// Document returns the container of a document, or ErrNotFound.
	Document(d DriveID, number uint32) ([]byte, error)
	// Documents calls fn for the documents of a drive from number `from` on, ascending; ticket is nil when
	// there is none. A drive that is not there has no documents.
	Documents(d DriveID, from uint32, limit int, fn func(number uint32, container, ticket []byte) error) error
	// LastDocument returns the number of the last document of a drive, 0 when there is none.
	LastDocument(d DriveID) (number uint32, err error)
	// Ticket returns the ticket for a document, or ErrNotFound.
	Ticket(d DriveID, number uint32) ([]byte, error)

	// Record returns the value of a record, not nil, or ErrNotFound.
	Record(k Kind, key []byte) ([]byte, error)
	// Records calls fn for the records of a kind whose key has the prefix (nil: all), in ascending order of key
	// (bytewise), from the first key greater than after (nil: from the first).
	Records(k Kind, prefix, after []byte, limit int, fn func(key, value []byte) error) error
	// LastRecord returns the record with the greatest key that has the prefix (nil: any), or ErrNotFound.
	LastRecord(k Kind, prefix []byte) (key, value []byte, err error)

	// Events calls fn for the events with numbers greater than after, ascending. Numbers are 1, 2, 3 ... in
	// commit order, without gaps.
	Events(after uint64, limit int, fn func(number uint64, event []byte) error) error
	// LastEvent returns the number of the last event, 0 when there is none.
	LastEvent() (uint64, error)

	// Namespace returns a separate world of drives, records and events in the same file and the same commits.
	// The name is 1..MaxNamespace of a-z, 0-9 and -, else ErrInvalid; the same name gives the same world. A
	// namespace has namespaces of its own. Close on it does nothing, it ends with the store it came from;
	// Backup on it copies the whole file.
	Namespace(name string) (Store, error)

	// Backup writes a consistent copy of the whole store while it is in use, or returns ErrUnsupported.
	Backup(w io.Writer) error
	// Close waits for the changes that Append has taken and for the reads under way and closes the store.
	// Later calls, a second Close included, return ErrClosed.
	Close() error
}
