package kkt

import (
	"encoding/binary"
	"errors"
	"fmt"

	"kktd/event"
	"kktd/storage"
)

// sentMark is the last document of a drive of which was told that it was sent.
type sentMark struct {
	drive  storage.DriveID // 0: not looked up yet
	number uint32
}

// sentJob tells that a document went out whose ticket does not come at once. Where it
// does, the commit of the ticket tells both: the ordinary way costs no commit more.
type sentJob struct{ senderJob }

func (j *sentJob) apply(b *batch) {
	if j.elsewhere(b, func() job { return &sentJob{j.senderJob} }) {
		return
	}
	sent, err := b.sentSoFar()
	if err != nil || j.number <= sent || j.number > b.state.LastNumber {
		j.err = err
		return
	}
	b.tellSent(sent, j.number)
	// What a ticket has told needs no record: the unsent range shows it.
	start := len(b.buf)
	b.buf = binary.BigEndian.AppendUint32(b.buf, j.number)
	b.put(kindSent, driveKeyOf(j.drive), b.slice(start))
	b.dirty = true
}

// sentSoFar is the last document of the drive of the batch of which was told that it
// was sent.
func (b *batch) sentSoFar() (uint32, error) {
	if b.sent.drive != b.change.Drive {
		number, err := b.r.fleet.sentRecord(b.change.Drive)
		if err != nil {
			return 0, err
		}
		b.sent = sentMark{b.change.Drive, number}
	}
	return max(b.sent.number, confirmedBefore(b.state.FirstUnsent, b.state.LastNumber)), nil
}

// tellSent tells that the documents behind sent up to a number went out.
func (b *batch) tellSent(sent, number uint32) {
	for n := sent + 1; n <= number; n++ {
		b.tell(event.Event{Kind: event.Sent, Document: n})
	}
	b.sent.number = max(sent, number)
}

// sentRecord is what is stored of a drive, 0 when nothing was told before its ticket.
func (f *Fleet) sentRecord(drive storage.DriveID) (uint32, error) {
	value, err := f.store.Record(kindSent, driveKeyOf(drive))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return 0, nil
	case err == nil && len(value) != 4:
		err = fmt.Errorf("%w: the last document sent of drive %d: %d bytes, want 4", ErrRecord, drive, len(value))
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(value), nil
}

// Sent is the last document of a drive that is or was in the register of which the
// stream of events tells that it went out to the OFD, 0 for none. Documents with a
// ticket count as sent.
func (r *Register) Sent(drive storage.DriveID) (uint32, error) {
	if drive != r.profile.Load().Drive() {
		if o := r.outgoingDrive(drive); o != nil {
			return o.Sent(drive)
		}
		state, err := r.DriveState(drive)
		if err != nil {
			return 0, err
		}
		return r.fleet.sentOf(drive, state.FirstUnsent, state.LastNumber)
	}
	r.view.Lock()
	mark, first, last := r.view.sent, r.view.state.FirstUnsent, r.view.state.LastNumber
	r.view.Unlock()
	if mark.drive == drive {
		return max(mark.number, confirmedBefore(first, last)), nil
	}
	return r.fleet.sentOf(drive, first, last)
}

func (f *Fleet) sentOf(drive storage.DriveID, first, last uint32) (uint32, error) {
	number, err := f.sentRecord(drive)
	return max(number, confirmedBefore(first, last)), err
}

// confirmedBefore is the last document with a ticket when first, 0 for none, is the
// first one without.
func confirmedBefore(first, last uint32) uint32 {
	if first == 0 {
		return last
	}
	return first - 1
}
