package kkt

import "kktd/clock"

// halt is a pause of a register's goroutine, which then goes on with what it is told:
// nothing of the register changes in between, and what comes for it waits.
type halt struct {
	r    *Register
	here chan struct{} // closed when the goroutine has come to it
	goOn chan func(*batch, *operation) error
	j    *operation
	over bool
	err  error           // of the work, or why the goroutine did not come
	own  *clock.Business // that the register had and gave up; nil: none
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
