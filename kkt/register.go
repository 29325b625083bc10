package kkt

import (
	"fmt"
	"sync"
	"sync/atomic"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/tlv"
)

// Register is one register and its fiscal drive.
type Register struct {
	fleet *Fleet
	id    uint64

	mu      sync.Mutex // guards the queue
	queue   []job
	running bool
	profile atomic.Pointer[profile]

	// The goroutine that runs, one at a time, owns these.
	state   fn.State
	version uint64 // of the state in the store
	machine *fn.Machine

	view struct { // what is committed, for readers
		sync.Mutex
		state   fn.State
		broken  error
		changed chan struct{} // closed by the next commit; nil when nobody waits
	}
}

// job is a piece of work for a register. apply changes the batch alone; done is
// called once, after the commit that holds it or with the reason why there is
// none.
type job interface {
	apply(b *batch)
	done(err error)
}

// load reads the drive of a stored register. A state that does not decode, or
// that disagrees with the documents, puts the register out of service; the
// others work on.
func (r *Register) load() error {
	p := r.profile.Load()
	form, version, err := r.fleet.store.State(p.Drive())
	if err != nil {
		return fmt.Errorf("register %s, drive %s: %w", p.Serial, p.DriveNumber, err)
	}
	state, err := fn.ParseState(form)
	if err != nil {
		return fmt.Errorf("register %s, drive %s: %w", p.Serial, p.DriveNumber, err)
	}
	last, err := r.fleet.store.LastDocument(p.Drive())
	if err != nil {
		return fmt.Errorf("register %s, drive %s: %w", p.Serial, p.DriveNumber, err)
	}
	if last != state.LastNumber {
		return fmt.Errorf("register %s, drive %s: the state is at document %d, the last document stored is %d",
			p.Serial, p.DriveNumber, state.LastNumber, last)
	}
	r.state, r.version = state, version
	r.machine = fn.NewMachine(r.fleet.master, p.drive)
	r.publish(nil)
	return nil
}

// publish makes the committed state visible and wakes who waits for a change.
func (r *Register) publish(broken error) {
	r.view.Lock()
	defer r.view.Unlock()
	r.view.state, r.view.broken = r.state, broken
	if r.view.changed != nil {
		close(r.view.changed)
		r.view.changed = nil
	}
}

// submit queues a job and starts the register's goroutine when none runs.
func (r *Register) submit(j job) {
	if !r.fleet.enter() {
		j.done(ErrClosed)
		return
	}
	r.mu.Lock()
	r.queue = append(r.queue, j)
	start := !r.running
	r.running = true
	r.mu.Unlock()
	if start {
		go r.run()
	}
}

// maxBatch limits how much one commit carries for one register.
const maxBatch = 512

// run works until the queue is empty.
func (r *Register) run() {
	b := r.fleet.batches.Get().(*batch)
	defer r.fleet.batches.Put(b)
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.running = false
			r.mu.Unlock()
			return
		}
		n := min(len(r.queue), maxBatch)
		b.jobs = append(b.jobs[:0], r.queue[:n]...)
		rest := copy(r.queue, r.queue[n:])
		clear(r.queue[rest:])
		r.queue = r.queue[:rest]
		r.mu.Unlock()
		b.process(r)
		r.fleet.leave(n)
	}
}

// Serial is the serial number of the register, tag 1013.
func (r *Register) Serial() string { return r.profile.Load().Serial }

// Settings are the settings in force.
func (r *Register) Settings() Settings { return r.profile.Load().Settings }

// Master is the key that fiscal signs are derived from.
func (r *Register) Master() []byte { return r.fleet.master }

// State is the committed state of the drive, or why the register is out of
// service.
func (r *Register) State() (fn.State, error) {
	r.view.Lock()
	defer r.view.Unlock()
	return r.view.state, r.view.broken
}

// Now is the moment on the register's own wall clock.
func (r *Register) Now() fn.Time { return r.fleet.wall(r.profile.Load().zone) }

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

// DriveInfo names the current drive: its id in the store, its number, and the
// format it is registered for.
func (r *Register) DriveInfo() (id storage.DriveID, number [16]byte, version ffd.Version) {
	p := r.profile.Load()
	return p.Drive(), p.drive, p.FFD
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

// Documents calls f for the committed documents of the current drive from a
// number on. The container lives until f returns.
func (r *Register) Documents(from uint32, limit int, f func(number uint32, container []byte) error) error {
	return r.fleet.store.Documents(r.profile.Load().Drive(), from, limit, func(n uint32, container, _ []byte) error {
		return f(n, container)
	})
}

// timeOf reads tag 1012 of a stored document.
func (r *Register) timeOf(number uint32) (fn.Time, error) {
	box, err := r.fleet.store.Document(r.profile.Load().Drive(), number)
	if err != nil {
		return 0, fmt.Errorf("document %d: %w", number, err)
	}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return 0, fmt.Errorf("document %d: %w", number, err)
	}
	outer := tlv.NewReader(c.Document, 0)
	if outer.Next() {
		if it, ok := tlv.Find(outer.Item().Value, ffd.TagDateTime); ok {
			v, err := tlv.Fixed32(it.Value)
			return fn.Time(v), err
		}
	}
	return 0, fmt.Errorf("document %d: no tag 1012", number)
}
