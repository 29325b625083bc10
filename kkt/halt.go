package kkt

import (
	"slices"

	"kktd/clock"
)

// halt is a pause of a register's goroutine, which then goes on with what it is told:
// nothing of the register changes in between, and what comes for it waits.
type halt struct {
	r    *Register
	here chan struct{} // closed when the goroutine has come to it
	goOn chan func(*batch, *operation) error
	j    *operation
	over bool
	err  error // of the work, or why the goroutine did not come
}

// halt begins a pause behind the jobs that are queued.
func (r *Register) halt() *halt {
	h := &halt{r: r, here: make(chan struct{}), goOn: make(chan func(*batch, *operation) error, 1)}
	h.j = &operation{ready: make(chan error, 1), do: func(b *batch, j *operation) error {
		close(h.here)
		return (<-h.goOn)(b, j)
	}}
	r.submit(h.j)
	return h
}

// arrive waits until the goroutine stands still. After an error it does not.
func (h *halt) arrive() error {
	select {
	case <-h.here:
	case h.err = <-h.j.ready:
		h.over = true
	}
	return h.err
}

// wait waits for the end of the work.
func (h *halt) wait() {
	if !h.over {
		h.err, h.over = <-h.j.ready, true
	}
}

// swap is the work that puts something else in the place of what a register is: a
// wiped drive, a snapshot.
type swap struct {
	*halt
	before  *profile
	profile *profile // to be in force
	gone    *part
	left    []*Register     // the drives that had something to send
	own     *clock.Business // that the register had; nil: none
	stepped bool            // its clock is swapped
}

// sealLeft lets the drives that were replaced take nothing more.
func (s *swap) sealLeft() {
	s.r.mu.Lock()
	s.left = slices.Clone(s.r.outgoing)
	s.r.mu.Unlock()
	for _, o := range s.left {
		o.seal()
	}
}

// setClock gives the register another clock of its own, nil for the daemon's, before
// its next job.
func (s *swap) setClock(c *clock.Business) {
	s.own, s.stepped = s.r.clock.Swap(c), true
}

// undo leaves the register what it was.
func (s *swap) undo() {
	if s.stepped {
		s.r.clock.Store(s.own)
	}
	for _, o := range s.left {
		o.unseal()
	}
	s.r.fleet.waitAgain(s.gone.queued)
}

// end makes known that the drives of before are gone.
func (s *swap) end() {
	r, f := s.r, s.r.fleet
	for _, o := range s.left {
		o.publish(errGone(o.Serial()))
	}
	left := r.findOutgoing()
	r.mu.Lock()
	r.outgoing = left
	r.mu.Unlock()
	f.mu.Lock()
	for _, number := range s.before.driveNumbers() {
		delete(f.driveNumbers, number)
	}
	for _, number := range s.profile.driveNumbers() {
		f.driveNumbers[number] = s.profile.Serial
	}
	f.mu.Unlock()
	if f.onDeleted != nil {
		f.onDeleted(r.Serial(), s.before.Drives)
	}
}
