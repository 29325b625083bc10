package kkt

import (
	"fmt"
	"time"

	"kktd/ffd"
	"kktd/outbox"
	"kktd/storage"
)

// Notifier renders what is told outside of receipts and registers. Its methods
// are called on the goroutine of a register, before the commit that the entries go
// into; they must be quick, and when nobody listens allocate nothing. What is
// given to them is theirs until they return.
type Notifier interface {
	// OfReceipt is asked for each receipt that became Processed or Error.
	OfReceipt(*ReceiptNotice) []outbox.Entry
	// OfRegister is asked for what happened to a register.
	OfRegister(*RegisterNotice) []outbox.Entry
}

// ReceiptNotice is a receipt that has just become what it will stay.
type ReceiptNotice struct {
	Fleet    *Fleet
	Record   ReceiptRecord // with its ID
	Register *Settings     // in force for it
	Zone     *time.Location
	Time     int64 // business time, Unix milliseconds

	containers [][]byte // of its documents
}

// Parts is how many documents the receipt has; 0 when it failed.
func (n *ReceiptNotice) Parts() int { return len(n.containers) }

// Container is the document of a part as it goes to the OFD.
func (n *ReceiptNotice) Container(part int) []byte { return n.containers[part] }

// Details are the fiscal data of a part, from its document.
func (n *ReceiptNotice) Details(part int) (*ReceiptDetails, error) {
	d, err := parseDetails(n.containers[part])
	if err != nil {
		return nil, fmt.Errorf("receipt %s, part %d: %w", n.Record.ID, part+1, err)
	}
	d.Register = *n.Register
	return d, nil
}

// RegisterEvent is what happened to a register.
type RegisterEvent string

// What can happen to a register.
const (
	Registered   RegisterEvent = "registered"   // document 1: its fiscalisation has ended
	Reregistered RegisterEvent = "reregistered" // document 11: its registration data changed
	DriveClosed  RegisterEvent = "drive_closed" // document 6: its drive takes no more

	// Without a report:
	MaintenanceBegun RegisterEvent = "maintenance_begun" // it takes no receipts
	MaintenanceEnded RegisterEvent = "maintenance_ended"
)

// RegisterNotice is what has just happened to a register.
type RegisterNotice struct {
	Fleet    *Fleet
	Event    RegisterEvent
	Register *Settings // in force now
	Time     int64     // business time, Unix milliseconds
	Document uint32    // number of the report that was made; 0: none
}

// notices is the part of a batch that tells. The notices live in it so that
// asking costs no memory.
type notices struct {
	receipt  ReceiptNotice
	register RegisterNotice
	refs     []outbox.Ref // of entries in the change
}

// tellReceipt asks for the entries about a receipt. Its documents are those of out
// from an index on.
func (b *batch) tellReceipt(rec *ReceiptRecord, id string, documents int) {
	f := b.r.fleet
	if len(f.notifiers) == 0 {
		return
	}
	n := &b.notice.receipt
	containers := n.containers[:0]
	if rec.Status == Processed {
		for i := range b.out.Documents[documents:] {
			if d := &b.out.Documents[documents+i]; d.Form.IsSettlement() {
				containers = append(containers, d.Container)
			}
		}
	}
	*n = ReceiptNotice{Fleet: f, Record: *rec, Register: &b.profile.Settings, Zone: b.profile.zone, Time: b.now, containers: containers}
	n.Record.ID = id
	for _, notifier := range f.notifiers {
		b.putEntries(notifier.OfReceipt(n))
	}
	n.Record = ReceiptRecord{}
	clear(n.containers)
}

// reportedBy is what happened to a register when a document is a report on it, ""
// for other documents.
func reportedBy(form ffd.Form) RegisterEvent {
	switch form {
	case ffd.FormRegistration:
		return Registered
	case ffd.FormReregistration:
		return Reregistered
	case ffd.FormDriveClosing:
		return DriveClosed
	}
	return ""
}

// tellRegister asks for the entries about the register of the batch. number is that
// of the report, 0 without one.
func (b *batch) tellRegister(what RegisterEvent, number uint32) {
	f := b.r.fleet
	if len(f.notifiers) == 0 {
		return
	}
	n := &b.notice.register
	*n = RegisterNotice{Fleet: f, Event: what, Register: &b.profile.Settings, Time: b.now, Document: number}
	for _, notifier := range f.notifiers {
		b.putEntries(notifier.OfRegister(n))
	}
}

// putEntries appends the records of entries and their refs. An entry that cannot
// be written is not told, with a log line: it must not stop the receipt.
func (f *Fleet) putEntries(records []storage.Record, refs []outbox.Ref, entries []outbox.Entry, now int64) ([]storage.Record, []outbox.Ref) {
	for i := range entries {
		e := &entries[i]
		e.Created = now
		more, ref, err := f.outbox.Put(records, e)
		if err != nil {
			f.log.WithField("register", e.Register).WithField("receipt", e.Receipt).WithError(err).Error("a notification cannot be kept and is not sent")
			continue
		}
		records, refs = more, append(refs, ref)
	}
	return records, refs
}

func (b *batch) putEntries(entries []outbox.Entry) {
	if len(entries) > 0 {
		b.change.Records, b.notice.refs = b.r.fleet.putEntries(b.change.Records, b.notice.refs, entries, b.now)
	}
}

// told hands the entries of a commit to the deliverer.
func (b *batch) told() {
	if len(b.notice.refs) > 0 {
		b.r.fleet.outbox.Committed(b.notice.refs)
		b.notice.refs = b.notice.refs[:0]
	}
}
