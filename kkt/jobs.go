package kkt

import (
	"errors"
	"fmt"

	"kktd/event"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// receiptJob makes the documents of one receipt and its record.
type receiptJob struct {
	profile *profile // that the parts were prepared with
	parts   []fn.Receipt
	request *Request
	outcome Outcome
	err     error
	due     int64  // when a delayed receipt is made, Unix milliseconds
	queued  []byte // what it is made of then
	ready   chan struct{}

	data      []byte // of the parts, reused
	documents []uint32
}

// errStale is returned when the registration changed between the preparation of
// a receipt and its turn: it must be prepared again.
var errStale = errors.New("kkt: the registration has changed")

func (j *receiptJob) apply(b *batch) {
	if j.profile != b.profile {
		j.err = errStale
		return
	}
	rec := ReceiptRecord{Status: Queued, Register: b.profile.Serial, Drive: b.profile.Drive(), API: j.request.API,
		Account: j.request.Account, InvoiceID: j.request.InvoiceID, AccountID: j.request.AccountID, Created: b.now,
		Printed: j.request.Printed, Raw: j.request.Raw}
	sequence := b.r.fleet.sequence.Add(1)
	key := receiptKey(b.r.id, sequence)
	id := b.r.fleet.ids.make(b.r.id, sequence)
	documents := len(b.out.Documents)
	if b.r.fleet.delay > 0 {
		j.err, j.due = nil, b.now+b.r.fleet.delay.Milliseconds()
		start := len(b.buf)
		b.buf = appendQueued(b.buf, j.due, j.queued)
		b.put(kindDelayed, key[:], b.slice(start))
	} else if j.err = b.makeParts(j.parts, &rec, key, id, j.documents[:0], j.request.Faults); j.err != nil {
		return
	}
	j.documents = rec.Documents
	j.outcome = Outcome{ID: id, Status: rec.Status, Register: b.profile.Serial, Warnings: b.profile.warnings(&b.state, b.wall)}
	if rec.Status != Queued {
		b.tellReceipt(&rec, id, documents)
	}
	start := len(b.buf)
	b.buf = rec.append(b.buf)
	b.put(kindReceipt, key[:], b.slice(start))
	if j.request.Render != nil {
		j.outcome.Answer = j.request.Render(&j.outcome)
	}
	if j.request.Key != "" {
		b.putAnswer(j.request, id, j.outcome.Answer)
	}
	b.dirty = true
}

// putAnswer stores the answer of a request and lets some go whose hour is over.
func (b *batch) putAnswer(r *Request, id string, answer []byte) {
	slot, over := b.r.fleet.newAnswer(b.now)
	hash := answerKey(r)
	var key [answerKeyLen]byte
	start := len(b.buf)
	b.buf = appendAnswer(b.buf, b.now, id, answer)
	b.put(kindAnswer, appendAnswerKey(key[:0], slot, &hash), b.slice(start))
	for _, key := range over {
		b.put(kindAnswer, key, nil)
	}
}

// makeParts makes the documents of a receipt, all or none, and puts into the
// record what became of it. What the drive refuses is the receipt's failure;
// any other error is returned and nothing is changed: that its memory is full too, as a
// full drive is passed over when a register is chosen. own are the faults that came
// with the request.
func (b *batch) makeParts(parts []fn.Receipt, rec *ReceiptRecord, key [16]byte, id string, numbers []uint32, own *fault.Set) error {
	state, documents := b.state, len(b.out.Documents)
	rec.Status = Processed
	for i := range parts {
		err := b.spoiled(parts[i].Form, parts[i].Total, rec, own)
		if err == nil {
			err = b.r.machine.Apply(&b.state, &parts[i], b.wall, &b.out)
		}
		if err == nil {
			numbers = append(numbers, b.state.LastNumber)
			continue
		}
		b.state, b.out.Documents = state, b.out.Documents[:documents]
		if refusal := (*fn.Refusal)(nil); !errors.As(err, &refusal) || refusal.Full {
			return err
		}
		numbers = numbers[:0]
		rec.fail(err)
		b.tell(event.Event{Kind: event.ReceiptFailed, Receipt: id, Text: rec.Error})
		break
	}
	rec.Documents = numbers
	b.tellDocuments(documents, id)
	if !rec.Printed.empty() {
		b.putPrinted(rec.Drive, numbers, key)
	}
	if rec.Status == Processed {
		b.putMessage(parts, rec, key, id)
	}
	return nil
}

// tellDocuments tells of the documents from an index on; the receipt's id goes
// with receipts, not with the shift reports before them.
func (b *batch) tellDocuments(from int, receipt string) {
	for _, d := range b.out.Documents[from:] {
		e := event.Event{Kind: event.Document, Document: d.Number, Form: uint16(d.Form)}
		if d.Form.IsSettlement() {
			e.Receipt = receipt
		}
		b.tell(e)
		switch d.Form {
		case ffd.FormShiftOpening:
			b.tell(event.Event{Kind: event.ShiftOpened, Document: d.Number})
		case ffd.FormShiftClosing:
			b.tell(event.Event{Kind: event.ShiftClosed, Document: d.Number})
		}
		if what := reportedBy(d.Form); what != "" {
			b.tellRegister(what, d.Number)
		}
	}
}

func (j *receiptJob) fail(err error) { j.err = err }

func (j *receiptJob) done(err error) {
	if err != nil {
		j.err = err
	}
	j.ready <- struct{}{}
}

// senderJob is what the sender tells of a document of a drive.
type senderJob struct {
	drive  storage.DriveID
	number uint32
	tell   func(error)
	err    error
}

// elsewhere tells that the drive is not in the register any more. One that was replaced
// gets the job again.
func (j *senderJob) elsewhere(b *batch, again func() job) bool {
	j.err = nil // it is applied again when its commit was withdrawn
	if j.drive == b.profile.Drive() {
		return false
	}
	if o := b.r.outgoingDrive(j.drive); o != nil {
		o.submit(again())
		j.tell = func(error) {} // the other one tells
	} else {
		j.err = errReplaced(b.profile, j.drive, j.number)
	}
	return true
}

func (j *senderJob) fail(err error) { j.err = err }

func (j *senderJob) done(err error) {
	if err == nil {
		err = j.err
	}
	j.tell(err)
}

// ticketJob stores a ticket.
type ticketJob struct {
	senderJob
	ticket []byte
}

func (j *ticketJob) apply(b *batch) {
	if j.elsewhere(b, func() job { return &ticketJob{j.senderJob, j.ticket} }) {
		return
	}
	switch first := b.state.FirstUnsent; {
	case first == 0 || j.number < first:
		return
	case j.number > first:
		j.err = &fn.Refusal{Code: fn.CodeTicket, Reason: fn.ReasonNumber, Drive: b.profile.DriveNumber, Number: j.number,
			Why: fmt.Sprintf("document %d waits for a ticket", first)}
		return
	}
	c := fn.Confirm{Container: j.ticket, Mode: b.r.fleet.ticketMode}
	var sent uint32
	if sent, j.err = b.sentSoFar(); j.err != nil {
		return
	}
	if j.err = b.r.machine.Apply(&b.state, &c, b.wall, &b.out); j.err != nil {
		return
	}
	b.tellSent(sent, j.number)
	b.change.Tickets = append(b.change.Tickets, storage.Ticket{Number: j.number, Container: j.ticket})
	b.tell(event.Event{Kind: event.Confirmed, Document: j.number})
	b.dirty = true
}
