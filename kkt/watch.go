package kkt

import (
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"kktd/clock"
	"kktd/event"
	"kktd/fn"
)

// watch waits for the moment at which the warnings of a register change by time
// alone; what documents and tickets change is told in their own commits.
type watch struct {
	mu    sync.Mutex
	timer clockwork.Timer
	clock *clock.Business // that the timer follows
	due   fn.Time         // of the timer
}

// tellWarnings tells which warnings have gone on and off since the last time, and
// keeps what it has told.
func (b *batch) tellWarnings() {
	now := b.state.Warnings(b.wall)
	changed := now ^ b.warned
	if changed == 0 || b.r.left { // the warnings of a register are those of the drive that is in it
		return
	}
	for i := range warnings {
		w := &warnings[i]
		if changed&w.flag == 0 {
			continue
		}
		kind := event.WarningOff
		if now&w.flag != 0 {
			kind = event.WarningOn
		}
		b.tell(event.Event{Kind: kind, Text: string(w.kind)})
	}
	var value []byte // without warnings there is no record
	if now != 0 {
		value = []byte{byte(now)}
	}
	b.put(kindWarnings, []byte(b.profile.Serial), value)
	b.warned, b.dirty = now, true
}

// watchJob looks at the warnings; the batch does it for every job that changes
// something.
type watchJob struct{ ready chan error }

func (*watchJob) apply(b *batch) { b.look = true }

func (*watchJob) fail(error) {}

func (j *watchJob) done(err error) { j.ready <- err }

// differs tells that the warnings are others than those that were told.
func (r *Register) differs() bool {
	now := r.Now()
	r.view.Lock()
	defer r.view.Unlock()
	return r.view.broken == nil && r.view.state.Warnings(now) != r.view.told
}

// tellWarnings has the warnings of registers told that differ from what was told,
// and returns when that is durable.
func (f *Fleet) tellWarnings(registers ...*Register) {
	var jobs []*watchJob
	for _, r := range registers {
		if r.differs() {
			j := &watchJob{ready: make(chan error, 1)}
			r.submit(j)
			if f.oneTicket { // what registers tell has one order then
				<-j.ready
			} else {
				jobs = append(jobs, j)
			}
		}
		r.arm()
	}
	for _, j := range jobs {
		<-j.ready // the log has its error; the next look tells what this one did not
	}
}

// arm sets the timer for the next change by time. A timer that comes too early looks
// again, so that most commits leave it as it is.
func (r *Register) arm() {
	if r.left {
		return
	}
	c, now := r.Clock(), r.Now()
	r.view.Lock()
	due := r.view.state.NextWarning(now)
	if r.view.broken != nil {
		due = 0
	}
	r.view.Unlock()
	w := &r.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if due == 0 || w.timer != nil && w.clock == c && w.due > now && w.due <= due {
		return
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	w.clock, w.due = c, due
	w.timer = c.AfterFunc(time.Duration(due-now)*time.Second, func() {
		go func() {
			// A move of the clock tells of all registers in their order; what it has
			// made due looks behind it.
			r.fleet.moving.Lock()
			defer r.fleet.moving.Unlock()
			r.fleet.tellWarnings(r)
		}()
	})
}

// disarm ends the waiting.
func (r *Register) disarm() {
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	if r.watch.timer != nil {
		r.watch.timer.Stop()
	}
}

// loadWarnings reads what was told of each register before the start.
func (f *Fleet) loadWarnings() error {
	return f.store.Records(kindWarnings, nil, nil, 0, func(key, value []byte) error {
		if r := f.registers[string(key)]; r != nil && len(value) == 1 {
			r.view.told = fn.WarningFlags(value[0])
		}
		return nil
	})
}
