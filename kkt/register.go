package kkt

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kktd/clock"
	"kktd/fn"
	"kktd/storage"
)

// Register is one register and its fiscal drive.
type Register struct {
	fleet *Fleet
	id    uint64
	// imaging is held while a snapshot of it is made, deleted or put back.
	imaging sync.Mutex

	mu      sync.Mutex // guards the queue
	queue   []job
	urgent  int                // jobs in the queue that somebody waits for
	running bool               // the goroutine runs
	flush   bool               // jobs that can wait have waited long enough
	armed   bool               // the timer that sets flush runs
	hurry   context.CancelFunc // withdraws the patient commit that is under way; nil: there is none
	sealed  bool               // it is being deleted, or is: no more jobs
	profile atomic.Pointer[profile]
	// outgoing are drives that were replaced while documents of theirs were unsent.
	// Each is a register of its own that makes nothing and takes tickets. mu guards
	// the list.
	outgoing []*Register
	clock    atomic.Pointer[clock.Business] // its own; nil: the daemon's
	watch    watch
	left     bool // it is an outgoing one

	// The goroutine that runs, one at a time, owns these.
	version uint64      // of the state in the store
	machine *fn.Machine // nil: not needed yet

	view struct { // what is committed, for readers
		sync.Mutex
		state   fn.State
		broken  error
		told    fn.WarningFlags // what the stream of events says
		sent    sentMark        // the same, of the drive
		changed chan struct{}   // closed by the next commit; nil when nobody waits
	}
}

// job is a piece of work for a register. apply changes the batch alone; done is
// called once, after the commit that holds it or with the reason why there is
// none.
type job interface {
	apply(b *batch)
	fail(err error) // instead of apply, when that could not end
	done(err error)
}

// load reads the drive of a stored register. A state that does not decode, or
// that disagrees with the documents, puts the register out of service; the
// others work on.
func (r *Register) load() error {
	p := r.profile.Load()
	state, version, err := r.fleet.readHead(p)
	if err != nil {
		return err
	}
	r.view.state, r.version = state, version
	return nil
}

// publish wakes who waits for a change, and tells why the register is out of service
// from now on, nil when it is not. One that is stays so.
func (r *Register) publish(broken error) {
	r.view.Lock()
	defer r.view.Unlock()
	r.breakDown(broken)
	if r.view.changed != nil {
		close(r.view.changed)
		r.view.changed = nil
	}
}

// breakDown keeps the first reason why the register is out of service. The caller
// holds view.
func (r *Register) breakDown(broken error) {
	if r.view.broken == nil {
		r.view.broken = broken
	}
}

// ticketPause is how long a ticket waits for a receipt to share its commit with.
// Nobody waits for tickets, but a commit for each would stand in the way of
// receipts. While more documents are unsent than tickets wait, more tickets are to
// come and they wait longer for one another: a crash then costs at most so many
// documents sent again. It is real time: it spares the disk, not the business.
const (
	ticketPause  = 5 * time.Millisecond
	backlogPause = 25 * time.Millisecond
)

// pause is how long the tickets in the queue wait. The caller holds mu, and
// nothing but tickets is in the queue.
func (r *Register) pause() time.Duration {
	if first, last := r.Unsent(); first != 0 && int(last-first) >= len(r.queue) {
		return backlogPause
	}
	return ticketPause
}

// submit queues a job and starts the register's goroutine when none runs and the
// job cannot wait.
func (r *Register) submit(j job) {
	if !r.fleet.enter() {
		j.done(ErrClosed)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sealed {
		r.fleet.leave(1)
		go j.done(errGone(r.Serial())) // not under the lock: who asks may ask again
		return
	}
	r.push(j)
}

// push puts a job at the end of the queue. The caller holds mu.
func (r *Register) push(j job) {
	r.queue = append(r.queue, j)
	if !canWait(j) {
		r.urgent++
		if r.hurry != nil {
			r.hurry()
		}
	}
	r.wake()
}

func canWait(j job) bool {
	switch j.(type) {
	case *ticketJob, *sentJob:
		return true
	}
	return false
}

func cannotWait(j job) bool { return !canWait(j) }

// wake starts the goroutine, or the timer that will. The caller holds mu.
func (r *Register) wake() {
	switch {
	case r.running || len(r.queue) == 0:
	case r.urgent > 0 || r.flush || r.fleet.oneTicket || len(r.queue) >= maxBatch:
		r.running = true
		go r.run()
	case !r.armed:
		r.armed = true
		time.AfterFunc(r.pause(), func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.armed, r.flush = false, true
			r.wake()
		})
	}
}

// maxBatch limits how much one commit carries for one register.
const maxBatch = 512

// take moves the next jobs into the batch; false ends the goroutine. Tickets are
// taken along with what cannot wait.
func (r *Register) take(b *batch) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.urgent == 0 && !r.flush && !r.fleet.oneTicket && len(r.queue) < maxBatch || len(r.queue) == 0 {
		r.running, r.flush = false, false
		b.jobs = b.jobs[:0]
		r.wake()
		return false
	}
	r.flush = false
	n := r.together(r.queue[:min(len(r.queue), maxBatch)])
	b.jobs = append(b.jobs[:0], r.queue[:n]...)
	rest := copy(r.queue, r.queue[n:])
	clear(r.queue[rest:])
	r.queue = r.queue[:rest]
	for _, j := range b.jobs {
		if !canWait(j) {
			r.urgent--
		}
	}
	return true
}

// run works until nothing is left that cannot wait.
func (r *Register) run() {
	b := r.fleet.batches.Get().(*batch)
	defer r.fleet.batches.Put(b)
	for r.take(b) {
		r.fleet.leave(b.process(r))
	}
}

// commit stores a change. Tickets alone are patient until something comes that
// somebody waits for: then they are withdrawn, unless their commit has begun, and the
// error is errWithdrawn.
func (r *Register) commit(c storage.Change, jobs []job) (storage.Result, error) {
	ctx, done := r.patience(jobs)
	if ctx == nil {
		return r.fleet.store.Append(context.Background(), c)
	}
	defer done()
	c.Patient = true
	res, err := r.fleet.store.Append(ctx, c)
	if err != nil && err == ctx.Err() {
		err = errWithdrawn
	}
	return res, err
}

// patience gives the context that a commit of tickets alone can be withdrawn by, until
// done; nil when it shall not wait.
func (r *Register) patience(jobs []job) (ctx context.Context, done func()) {
	if r.fleet.oneTicket || len(jobs) == 0 || slices.ContainsFunc(jobs, cannotWait) {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.urgent > 0 {
		return nil, nil
	}
	ctx, r.hurry = context.WithCancel(context.Background())
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.hurry()
		r.hurry = nil
	}
}

// errWithdrawn is returned for a patient commit that makes room for others.
var errWithdrawn = errors.New("kkt: the tickets go along with what came meanwhile")

// putBack puts withdrawn jobs before those that came meanwhile.
func (r *Register) putBack(jobs []job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = slices.Insert(r.queue, 0, jobs...)
}

// Serial is the serial number of the register, tag 1013.
func (r *Register) Serial() string { return r.profile.Load().Serial }

// Settings are the settings in force.
func (r *Register) Settings() Settings { return r.profile.Load().Settings }

// State is the committed state of the drive, or why the register is out of
// service.
func (r *Register) State() (fn.State, error) {
	r.view.Lock()
	defer r.view.Unlock()
	return r.view.state, r.view.broken
}

// Now is the moment on the register's own wall clock.
func (r *Register) Now() fn.Time { return r.wall(r.profile.Load()) }

func (r *Register) wall(p *profile) fn.Time { return fn.Time(clock.Wall(r.Clock().Now(), p.zone)) }

// Changed is closed by the next commit of the register. Ask for it before
// looking at what may change.
func (r *Register) Changed() <-chan struct{} {
	r.view.Lock()
	defer r.view.Unlock()
	if r.view.changed == nil {
		r.view.changed = make(chan struct{})
	}
	return r.view.changed
}

// Unsent is the range of committed documents without a ticket, 0 and 0 when
// there are none.
func (r *Register) Unsent() (first, last uint32) {
	r.view.Lock()
	defer r.view.Unlock()
	if s := &r.view.state; r.view.broken == nil && s.FirstUnsent != 0 {
		return s.FirstUnsent, s.LastNumber
	}
	return 0, 0
}

// timeOf reads tag 1012 of a stored document.
func (r *Register) timeOf(number uint32) (fn.Time, error) {
	p := r.profile.Load()
	d, err := r.fleet.readDocument(p, number)
	return d.time, r.damaged(p, err)
}
