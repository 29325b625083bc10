package kkt

import (
	"context"

	"kktd/event"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// Made is a document that an operation made.
type Made struct {
	Drive  storage.DriveID
	Number uint32
	Form   ffd.Form
	Time   fn.Time
	Sign   uint32 // the printed ФП
}

// operation is a job that a person or a program asks of a register by name: a
// shift report, a registration, another drive. It has a batch of its own, so that
// what it reads from the store is all there is and it may change the drive.
type operation struct {
	do    func(b *batch, j *operation) error
	made  []Made
	err   error
	ready chan error
}

// together is how many jobs from the front of a queue may share a batch.
func (r *Register) together(queue []job) int {
	for i, j := range queue {
		_, alone := j.(*operation)
		if alone || r.fleet.oneTicket && canWait(j) {
			return max(i, 1)
		}
	}
	return len(queue)
}

// operate carries out an operation on the register's goroutine and returns what
// it made once that is durable. It may have made something even when it fails:
// see ReplaceDrive.
func (r *Register) operate(ctx context.Context, do func(b *batch, j *operation) error) ([]Made, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j := &operation{do: do, ready: make(chan error, 1)}
	r.submit(j)
	err := <-j.ready
	return j.made, err
}

func (j *operation) apply(b *batch) {
	before := b.mark()
	if j.err = j.do(b, j); j.err != nil {
		b.reset(before)
		return
	}
	j.note(b)
	b.dirty = true
}

// note tells of the documents of the batch and keeps what the answer says of them.
func (j *operation) note(b *batch) {
	b.tellDocuments(0, "")
	for i := range b.out.Documents {
		d := &b.out.Documents[i]
		j.made = append(j.made, Made{Drive: b.change.Drive, Number: d.Number, Form: d.Form, Time: d.Time, Sign: d.Sign})
	}
}

// commit makes durable what the operation did so far; it goes on in a new batch.
func (j *operation) commit(b *batch) error {
	j.note(b)
	made := len(b.out.Documents) > 0
	if err := b.commit(); err != nil {
		j.made = nil
		return err
	}
	if r := b.r; made && r.fleet.onDocuments != nil {
		r.fleet.onDocuments(r)
	}
	b.begin(b.r)
	return nil
}

// command lets the drive carry out a command.
func (b *batch) command(c fn.Command) error {
	if form := formOf(c, &b.state); form != 0 {
		if err := b.spoiled(form, 0, nil, nil); err != nil {
			return err
		}
	}
	return b.machine.Apply(&b.state, c, b.wall, &b.out)
}

// closeShift closes a shift that is open, when the register does that by itself;
// otherwise the drive refuses what comes next and says why.
func (b *batch) closeShift() error {
	if !b.state.ShiftOpen || !b.profile.AutoShift {
		return nil
	}
	return b.command(&fn.CloseShift{Data: b.profile.shift.Close})
}

// enter puts a profile in force. With a mark of the past the documents so far are
// those of the settings before.
func (b *batch) enter(p *profile, past *Past) error {
	p.past, p.since = b.profile.past, b.profile.since
	if past != nil {
		p.past = append(p.past[:len(p.past):len(p.past)], *past)
	}
	b.profile = p
	return b.putJSON(kindRegister, p.Serial, registerRecord{ID: p.id, Settings: p.Settings, Past: p.past, Since: p.since})
}

// replaced is the past that begins with the next document, or drive.
func (b *batch) replaced(last uint32) *Past {
	return &Past{Drive: b.profile.Drive(), Last: last, Settings: b.profile.Settings}
}

// occur tells of something that has no document.
func (b *batch) occur(kind event.Kind) { b.tell(event.Event{Kind: kind}) }

func (j *operation) fail(err error) { j.err = err }

func (j *operation) done(err error) {
	if err == nil {
		err = j.err
	} else {
		j.made = nil
	}
	j.ready <- err
}
