package kkt

import (
	"errors"
	"fmt"
	"slices"

	"kktd/clock"
	"kktd/fn"
	"kktd/storage"
)

// An image is one register as it is: its settings, the ones it had before, its own
// clock, its drives with all documents and tickets, and the records of its receipts.
// Nothing in it names what is of one store alone: drives are numbered from 1, the
// oldest first, and receipts stand in the order in which they came, without ids.
//
//	a file      imageWriter, readImage    Register.Export, Fleet.Import
//	a snapshot  copies in the store       Fleet.Snapshot, Fleet.Restore
//	a draft     the copies while they are made, so that a crash leaves all or nothing
//
// What is queued, the answers of requests, what waits in the outbox and the events
// are not of the register but of the installation, and are in no image. So no image
// is made of a register while receipts wait at it: they would be in it as neither
// made nor waiting.

// imageSink takes an image part by part, in this order. What it is given lives until
// it returns.
type imageSink interface {
	head(*imageHead) error
	drive(*fn.State) error                   // oldest first
	document(container, ticket []byte) error // of the last drive, from number 1 on
	receipt(*imageReceipt) error
}

// imageHead is what an image says of the register before its drives.
type imageHead struct {
	Settings Settings       `json:"settings"` // drives by their number in the image
	Past     []Past         `json:"past,omitempty"`
	Clock    *clock.Setting `json:"clock,omitempty"` // nil: that of the daemon
}

// imageReceipt is a receipt of an image with its message to the buyer, nil when there
// is none.
type imageReceipt struct {
	key     [16]byte // zeros in a file
	record  ReceiptRecord
	message *Message
}

// append appends the form of files and snapshots: the message with its length before
// it, then the record.
func (r *imageReceipt) append(b []byte) []byte {
	var message []byte
	if r.message != nil {
		message = r.message.append(nil)
	}
	return r.record.append(appendString(b, string(message)))
}

func parseImageReceipt(b []byte) (*imageReceipt, error) {
	r, x := recordReader{b: b}, &imageReceipt{}
	message := r.string()
	if r.failed {
		return nil, fmt.Errorf("%w: receipt: its message ends too early", ErrRecord)
	}
	rec, err := parseReceiptRecord("of the image", r.b)
	if err != nil {
		return nil, err
	}
	if x.record = *rec; message != "" {
		x.message, err = parseMessage("of the image", []byte(message))
	}
	return x, err
}

// ErrQueued is returned when an image is asked of a register at which receipts wait.
var ErrQueued = errors.New("kkt: receipts are queued at the register")

func errQueued(serial string, n int) error {
	return fmt.Errorf("%w: %d at register %s; an image has what is made and nothing that waits: let them be made "+
		"(end the maintenance, move the clock on to their time) or delete the register", ErrQueued, n, serial)
}

// numberDrives gives the drives of settings other ids; those that are not known go.
func (s *Settings) numberDrives(id func(storage.DriveID) storage.DriveID) {
	var drives []storage.DriveID
	for _, d := range s.Drives {
		if n := id(d); n != 0 {
			drives = append(drives, n)
		}
	}
	s.Drives = drives
}

// renumber is the head with other ids of drives. Its slices are its own.
func (h *imageHead) renumber(id func(storage.DriveID) storage.DriveID) imageHead {
	x := imageHead{Settings: h.Settings, Past: slices.Clone(h.Past), Clock: h.Clock}
	x.Settings.numberDrives(id)
	for i := range x.Past {
		x.Past[i].Drive = id(x.Past[i].Drive)
		x.Past[i].Settings.numberDrives(id)
	}
	return x
}

// numberIn gives the number of a drive in an image with drives of a store.
func numberIn(drives []storage.DriveID) func(storage.DriveID) storage.DriveID {
	return func(d storage.DriveID) storage.DriveID { return storage.DriveID(slices.Index(drives, d) + 1) }
}

// idIn gives the id in a store of a drive of an image, 0 when it has no such drive.
func idIn(drives []storage.DriveID) func(storage.DriveID) storage.DriveID {
	return func(n storage.DriveID) storage.DriveID {
		if n == 0 || n > storage.DriveID(len(drives)) {
			return 0
		}
		return drives[n-1]
	}
}

// picture is a register in the store at one moment, or a snapshot: what an image is
// made of. The documents are read when it is walked through: they do not change.
type picture struct {
	imageHead  // drives by their number in the image
	register   *profile
	drives     []storage.DriveID
	states     []fn.State
	receipts   int
	eachRecord func(each func(*imageReceipt) error) error
}

// walk gives the image to a sink.
func (p *picture) walk(store storage.Store, to imageSink) error {
	if err := to.head(&p.imageHead); err != nil {
		return err
	}
	for i, id := range p.drives {
		if err := p.walkDrive(store, id, &p.states[i], to); err != nil {
			return err
		}
	}
	return p.eachRecord(to.receipt)
}

func (p *picture) walkDrive(store storage.Store, id storage.DriveID, state *fn.State, to imageSink) error {
	if err := to.drive(state); err != nil {
		return err
	}
	pages := documentPages{store: store, drive: id}
	for number := uint32(1); number <= state.LastNumber; number++ {
		d, err := pages.next()
		if err == nil && d == nil {
			err = fmt.Errorf("%w: it is missing: the register was deleted or put back meanwhile, or kktd fsck tells more", ErrRecord)
		}
		if err != nil {
			return fmt.Errorf("register %s, drive %s, document %d: %w", p.Settings.Serial, state.Drive, number, err)
		}
		ticket := d.ticket
		if state.FirstUnsent != 0 && number >= state.FirstUnsent {
			ticket = nil // it came since
		}
		if err := to.document(d.container, ticket); err != nil {
			return err
		}
	}
	return nil
}

// documents is the number of documents of all drives.
func (p *picture) documents() (n uint32) {
	for i := range p.states {
		n += p.states[i].LastNumber
	}
	return n
}
