package kkt

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"kktd/event"
	"kktd/fn"
	"kktd/outbox"
	"kktd/storage"
)

// batch is what one commit of a register carries. It is taken from a pool and
// belongs to the running goroutine.
type batch struct {
	r     *Register
	jobs  []job
	now   int64   // of the daemon's clock, Unix milliseconds
	wall  fn.Time // of the register's clock
	state fn.State
	out   fn.Output

	machine *fn.Machine // of the drive of the change

	change  storage.Change
	buf     []byte // keys, values and events of the change
	form    []byte // of the state
	profile *profile
	dirty   bool // there is something to commit
	notice  notices
	look    bool            // the warnings may differ from what was told
	warned  fn.WarningFlags // the warnings that were told
	sent    sentMark        // the documents that were told to be sent
}

// process applies the jobs of the batch, commits once and answers them. It returns how
// many it answered: none when they were put back.
func (b *batch) process(r *Register) int {
	err := r.broken()
	if err == nil {
		b.begin(r)
		// Tickets first: the age of the oldest unsent document, which receipts are
		// judged by, then needs one look at the store a batch.
		for _, tickets := range [...]bool{true, false} {
			for _, j := range b.jobs {
				if canWait(j) == tickets {
					b.apply(j)
				}
			}
			if tickets {
				err = b.settleUnsent()
			}
			if err != nil {
				break
			}
		}
	}
	if err == nil && (b.dirty || b.look) {
		b.tellWarnings()
	}
	if err == nil && b.dirty {
		err = b.commit()
	}
	if err == errWithdrawn {
		r.putBack(b.jobs)
		clear(b.jobs)
		return 0
	}
	if err == nil && len(b.out.Documents) > 0 && r.fleet.onDocuments != nil {
		r.fleet.onDocuments(r)
	}
	for i, j := range b.jobs {
		j.done(err)
		b.jobs[i] = nil
	}
	return len(b.jobs)
}

// apply lets one job change the batch. A panic in it, which only a fault in the
// program can cause, is that job's failure: the batch is put back and the other
// registers and clients go on.
func (b *batch) apply(j job) {
	before := b.mark()
	defer func() {
		if p := recover(); p != nil {
			b.reset(before)
			b.r.fleet.log.WithField("register", b.profile.Serial).WithField("stack", string(debug.Stack())).Errorf("panic: %v", p)
			j.fail(fmt.Errorf("register %s: internal error: %v", b.profile.Serial, p))
		}
	}()
	j.apply(b)
}

// mark is what reset puts a batch back to.
type mark struct {
	state                               fn.State
	machine                             *fn.Machine
	drive                               storage.DriveID
	expect                              uint64
	profile                             *profile
	dirty                               bool
	documents, tickets, records, events int
	refs                                []outbox.Ref
	sent                                sentMark
}

func (b *batch) mark() mark {
	return mark{state: b.state, machine: b.machine, drive: b.change.Drive, expect: b.change.Expect, profile: b.profile, dirty: b.dirty, documents: len(b.out.Documents), tickets: len(b.change.Tickets),
		records: len(b.change.Records), events: len(b.change.Events), refs: b.notice.refs, sent: b.sent}
}

func (b *batch) reset(m mark) {
	b.state, b.profile, b.dirty = m.state, m.profile, m.dirty
	b.machine, b.change.Drive, b.change.Expect = m.machine, m.drive, m.expect
	b.out.Documents, b.change.Tickets = b.out.Documents[:m.documents], b.change.Tickets[:m.tickets]
	b.change.Records, b.change.Events = b.change.Records[:m.records], b.change.Events[:m.events]
	b.notice.refs, b.sent = m.refs, m.sent
}

func (r *Register) broken() error {
	r.view.Lock()
	defer r.view.Unlock()
	return r.view.broken
}

func (b *batch) begin(r *Register) {
	b.r, b.profile = r, r.profile.Load()
	if r.machine == nil {
		r.machine = fn.NewMachine(r.fleet.master, b.profile.drive)
	}
	b.machine = r.machine
	r.view.Lock()
	b.state, b.warned, b.sent = r.view.state, r.view.told, r.view.sent
	r.view.Unlock()
	b.out.Reset()
	b.buf, b.dirty, b.look = b.buf[:0], false, false
	b.notice.refs = b.notice.refs[:0]
	b.change = storage.Change{Drive: b.profile.Drive(), Expect: r.version, Documents: b.change.Documents[:0],
		Tickets: b.change.Tickets[:0], Records: b.change.Records[:0], Events: b.change.Events[:0]}
	if slices.ContainsFunc(b.jobs, makes) {
		b.step()
	}
	b.lookAtClock()
}

// lookAtClock takes the time of the batch.
func (b *batch) lookAtClock() {
	b.now, b.wall = b.r.fleet.clock.Now().UnixMilli(), b.r.wall(b.profile)
}

// settleUnsent finds the time of the oldest unsent document after tickets moved
// the range on.
func (b *batch) settleUnsent() error {
	if b.state.FirstUnsent == 0 || b.state.FirstUnsentTime != 0 {
		return nil
	}
	t, err := b.r.timeOf(b.state.FirstUnsent)
	b.state.FirstUnsentTime = t
	return err
}

// slice keeps bytes that were appended to buf for the change.
func (b *batch) slice(start int) []byte { return b.buf[start:len(b.buf):len(b.buf)] }

func (b *batch) put(kind storage.Kind, key, value []byte) {
	start := len(b.buf)
	b.buf = append(b.buf, key...)
	b.change.Records = append(b.change.Records, storage.Record{Kind: kind, Key: b.slice(start), Value: value})
}

func (b *batch) tell(e event.Event) {
	e.Time, e.Register, e.Drive = b.now, b.profile.Serial, b.profile.DriveNumber
	start := len(b.buf)
	b.buf = e.Append(b.buf)
	b.change.Events = append(b.change.Events, b.slice(start))
}

// commit stores the batch and takes over the new state.
func (b *batch) commit() error {
	r := b.r
	var err error
	if b.form, err = b.state.AppendBinary(b.form[:0]); err != nil {
		return err
	}
	b.change.State = b.form
	for i := range b.out.Documents {
		d := &b.out.Documents[i]
		b.change.Documents = append(b.change.Documents, storage.Document{Number: d.Number, Container: d.Container})
	}
	res, err := r.commit(b.change, b.jobs)
	if err == errWithdrawn {
		return err
	}
	if errors.Is(err, storage.ErrUnknownOutcome) && !errors.Is(err, storage.ErrStopped) {
		res.Version, err = r.look(b.change.Drive, b.change.Expect, b.form, err)
	}
	if err != nil {
		// Nothing of the batch is stored: the register goes on from where it was.
		// Another version in the store means that it is not ours alone.
		if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrGap) || errors.Is(err, storage.ErrStopped) {
			err = fmt.Errorf("%w: %w", ErrOutOfService, err)
			r.publish(err)
		}
		if errors.Is(err, storage.ErrStopped) && r.fleet.onStopped != nil {
			r.fleet.onStopped(err)
		}
		r.fleet.log.WithField("register", b.profile.Serial).WithError(err).Error("commit failed")
		return fmt.Errorf("register %s: %w", b.profile.Serial, err)
	}
	r.version, r.machine = res.Version, b.machine
	if b.profile != r.profile.Load() {
		r.profile.Store(b.profile)
	}
	r.view.Lock()
	r.view.state, r.view.told, r.view.sent = b.state, b.warned, b.sent
	r.view.Unlock()
	r.publish(nil)
	r.arm()
	b.told()
	return nil
}

// look finds out what became of a commit with an unknown outcome: the version in
// the store tells whether the change is there (then it is returned) or not.
func (r *Register) look(drive storage.DriveID, expect uint64, form []byte, cause error) (uint64, error) {
	stored, version, err := r.fleet.store.State(drive)
	switch {
	case err == nil && version == expect+1 && bytes.Equal(stored, form):
		return version, nil
	case err == nil && version == expect, errors.Is(err, storage.ErrNotFound) && expect == 0:
		return 0, cause
	}
	err = fmt.Errorf("%w: the outcome of a commit is unknown, the store has version %d: %w: %w", ErrOutOfService, version, cause, err)
	r.publish(err)
	return 0, err
}
