package sender

import (
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"kktd/clock"
	"kktd/ofdproto"
	"kktd/storage"
)

type phase byte

const (
	idle     phase = iota
	ready          // in Sender.ready
	working        // a worker has it
	draining       // after a failure: until every queued Confirm is decided
	waiting        // for the timers
)

// errYield ends the service of a queue because others wait for the worker.
var errYield = errors.New("sender: others wait")

// key names a queue. A register has one for each drive with unsent documents; two drives of one FN number, as after a reset, differ
// in their ids.
type key struct {
	serial string
	drive  storage.DriveID
}

// queue is one drive of a register. Sender.mu guards it, except next and highest, which belong to the worker that has it.
type queue struct {
	key
	number   [ofdproto.DriveLen]byte
	register Register
	phase    phase
	woken    bool          // Wake came while a worker had it
	poke     chan struct{} // holds a value when the worker has a reason to look
	state    State
	inFlight int   // Confirms and Sents without a done
	failed   error // of a Confirm, until the back-off
	attempts int   // failures in a row
	timers   [2]clockwork.Timer
	waits    uint64        // number of the wait, so that a late timer is known
	rest     chan struct{} // of Rest; nil when nobody waits
	gone     bool          // it leaves the scheduler when nothing is under way

	next    uint32 // first document that was not sent or must be sent again; 0: ask the register
	highest uint32 // greatest number that was ever sent
	told    uint32 // greatest number that the register knows to be sent
}

func (q *queue) signal() {
	select {
	case q.poke <- struct{}{}:
	default:
	}
}

func (q *queue) resting() bool { return (q.phase == idle || q.phase == waiting) && q.inFlight == 0 }

// settle tells who waits in Rest.
func (q *queue) settle() {
	if q.rest != nil && q.resting() {
		close(q.rest)
		q.rest = nil
	}
}

func (q *queue) stopTimers() {
	for i, t := range q.timers {
		if t != nil {
			t.Stop()
			q.timers[i] = nil
		}
	}
}

// finish takes a queue back from its worker.
func (s *Sender) finish(q *queue, err error) {
	s.mu.Lock()
	defer s.unlockAndLog(q, q.waits)
	delete(s.busy, q.number)
	switch {
	case err == errYield && q.failed == nil:
		s.makeReady(q)
	case err != nil || q.failed != nil:
		q.next = 0
		if q.failed == nil {
			q.failed = err
		}
		q.phase = draining
		s.backOffWhenDrained(q)
	case q.woken:
		s.makeReady(q)
	default:
		q.phase = idle
		s.leave(q)
	}
}

// Forget takes drives of a register that are gone out of the schedule. What is under way with one ends first: it finds nothing unsent
// any more.
func (s *Sender) Forget(serial string, drives []storage.DriveID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range drives {
		if q := s.queues[key{serial, d}]; q != nil {
			q.gone = true
			s.leave(q)
		}
	}
}

// leave forgets a queue that is to go and is at rest. s.mu is held.
func (s *Sender) leave(q *queue) {
	if !q.gone || q.inFlight > 0 || q.phase != idle && q.phase != waiting || s.queues[q.key] != q {
		return
	}
	q.stopTimers()
	delete(s.queues, q.key)
}

// confirmed is the done of a Confirm.
func (s *Sender) confirmed(q *queue, number uint32, err error) {
	s.mu.Lock()
	defer s.unlockAndLog(q, q.waits)
	s.landed(q)
	switch {
	case err == nil:
		q.state.Confirmed++
		q.attempts = 0
	case q.failed == nil:
		q.failed = &ConfirmError{Serial: q.serial, Number: number, Cause: err}
	}
	if q.failed != nil {
		q.signal()
	}
	s.leave(q)
	if q.phase == idle && q.failed != nil {
		q.next = 0
		q.phase = draining
	}
	s.backOffWhenDrained(q)
}

// noted is the done of a Sent. That it failed is told in the log of the register; the ticket will tell that the document was sent.
func (s *Sender) noted(q *queue) {
	s.mu.Lock()
	defer s.unlockAndLog(q, q.waits)
	s.landed(q)
	s.leave(q)
	s.backOffWhenDrained(q)
}

// landed counts a done. s.mu is held.
func (s *Sender) landed(q *queue) {
	if q.inFlight >= s.o.MaxInFlight {
		q.signal()
	}
	q.inFlight--
}

// unlockAndLog tells who waits in Rest, and writes the line for a wait that has begun since waits was read: not under the lock, a log may be slow.
func (s *Sender) unlockAndLog(q *queue, waits uint64) {
	begun, attempt, state := q.waits != waits, q.attempts, q.state
	q.settle()
	s.mu.Unlock()
	if begun {
		next := "when it is asked for"
		if !s.o.NoRetry {
			next = state.NextTry.Format(time.RFC3339)
		}
		s.o.Log.WithFields(map[string]any{"register": q.serial, "drive": ofdproto.DriveString(q.number), "ofd": s.o.Addr,
			"reason": state.LastReason, "attempt": attempt, "next_try": next}).
			Warn(strings.TrimPrefix(state.LastError.Error(), "sender: "))
	}
}

// backOffWhenDrained begins the wait of a queue that is draining, once no Confirm is open: a Confirm that fails later would
// otherwise set back what was sent again meanwhile.
func (s *Sender) backOffWhenDrained(q *queue) {
	if q.phase != draining || q.inFlight > 0 {
		return
	}
	d, now := s.backOff(q), s.o.Clock.Now()
	q.phase = waiting
	q.fail(q.failed, now)
	s.o.Watcher.Failed(q.state.LastReason)
	q.failed = nil
	if q.gone {
		s.leave(q)
		return
	}
	if !s.o.NoRetry {
		q.state.NextTry = now.Add(d)
	}
	if s.ended || s.ctx.Err() != nil {
		return
	}
	q.waits++
	if s.o.NoRetry {
		return
	}
	wait := q.waits
	due := func() { s.due(q, wait) }
	q.timers = [2]clockwork.Timer{s.o.Clock.AfterFunc(d, due), clock.Real().AfterFunc(d, due)}
}

// due ends a wait when either clock has reached it.
func (s *Sender) due(q *queue, wait uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.phase != waiting || q.waits != wait || s.ended {
		return
	}
	q.stopTimers()
	s.makeReady(q)
}

// backOff is the wait after the failures so far: BackoffMin doubled with each, at most BackoffMax, minus up to a quarter, so
// that registers that failed together do not return together. It depends on seed, register and attempt alone.
func (s *Sender) backOff(q *queue) time.Duration {
	d := s.o.BackoffMin
	for range q.attempts {
		if d >= s.o.BackoffMax/2 {
			d = s.o.BackoffMax
			break
		}
		d *= 2
	}
	h := fnv.New64a()
	h.Write([]byte(q.serial))
	random := rand.New(rand.NewPCG(s.o.Seed, h.Sum64()+uint64(q.attempts)))
	return d - time.Duration(random.Int64N(int64(d)/4+1))
}
