package kkt

import (
	"errors"
	"fmt"

	"kktd/ffd"
	"kktd/storage"
)

// ErrReplaced is returned when a ticket comes for a drive that is no longer in
// the register.
var ErrReplaced = errors.New("kkt: the drive is no longer in the register")

// Delivery is what brings the documents of one drive to the OFD. It stays with
// that drive: when the register gets another one, also one with the same FN
// number, there is nothing unsent here any more and tickets are refused.
type Delivery struct {
	r *Register
	p *profile
}

// Delivery is that of the drive which is in the register now, in the format it
// is registered for now.
func (r *Register) Delivery() *Delivery { return &Delivery{r: r, p: r.profile.Load()} }

// Serial is the serial number of the register, tag 1013.
func (d *Delivery) Serial() string { return d.p.Serial }

// Master is the key that fiscal signs are derived from.
func (d *Delivery) Master() []byte { return d.r.fleet.master }

// DriveInfo names the drive: its id in the store, its number, and the format it
// is registered for.
func (d *Delivery) DriveInfo() (id storage.DriveID, number [16]byte, version ffd.Version) {
	return d.p.Drive(), d.p.drive, d.p.FFD
}

// Unsent is the range of committed documents without a ticket, 0 and 0 when
// there are none.
func (d *Delivery) Unsent() (first, last uint32) {
	first, last = d.r.Unsent()
	if d.replaced() { // after the look at the range: it may be the next drive's
		return 0, 0
	}
	return first, last
}

// Changed is closed by the next commit of the drive.
func (d *Delivery) Changed() <-chan struct{} { return d.r.Changed() }

func (d *Delivery) replaced() bool { return d.r.profile.Load().Drive() != d.p.Drive() }

// Documents calls f for the committed documents from a number on. The container
// lives until f returns. A document that is missing puts the register out of
// service.
func (d *Delivery) Documents(from uint32, limit int, f func(number uint32, container []byte) error) error {
	return d.r.damaged(d.p, d.r.fleet.store.Documents(d.p.Drive(), from, limit, func(n uint32, container, _ []byte) error {
		return f(n, container)
	}))
}

// Confirm hands a ticket for a document to the drive. done is called once, after
// the commit or with the reason why the drive does not take it: ErrReplaced,
// ErrClosed, ErrOutOfService, a *fn.Refusal or an error of the store. A ticket
// for a document that has one is taken silently: the sender may repeat itself
// after a lost answer.
func (d *Delivery) Confirm(number uint32, ticket []byte, done func(error)) {
	d.r.submit(&ticketJob{senderJob{drive: d.p.Drive(), number: number, tell: done}, ticket})
}

// Sent tells that a document went out to the OFD for the first time and has no answer
// yet. done is called once, after the commit that tells of it or with the reason why
// there is none. A ticket tells the same of its document, so that Sent is for those
// whose ticket is late or never comes.
func (d *Delivery) Sent(number uint32, done func(error)) {
	d.r.submit(&sentJob{senderJob{drive: d.p.Drive(), number: number, tell: done}})
}

func errReplaced(p *profile, drive storage.DriveID, number uint32) error {
	return fmt.Errorf("%w: document %d is of drive %d, register %s has drive %d (%s) now", ErrReplaced, number, drive,
		p.Serial, p.Drive(), p.DriveNumber)
}
