package bolt

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"kktd/storage"
)

// gatherPause is how long the committer yields to the writers it expects when none of them comes; gatherLimit is how
// long in all. Both are below the time of an fsync. Writers that work between their answer and their next change come
// one after the other, so each arrival renews the pause: with 64 registers a group then holds 54 changes instead of
// 33, a fifth more a second.
const (
	gatherPause = 100 * time.Microsecond
	gatherLimit = 10 * gatherPause
)

// patience is how long a patient change waits, from the last commit of an impatient one, for the next of those. A
// client that works without pause comes well within it.
const patience = 2 * time.Millisecond

// pending is a change on its way through the committer. The writer and the committer share it: whoever claims it
// first decides, the writer that it is withdrawn or the committer that it is in a group.
type pending struct {
	world  *world
	change storage.Change
	claim  atomic.Bool
	done   chan struct{} // one value when result and err stand

	result storage.Result
	err    error
}

// queue is where writers leave their changes for the committer.
type queue struct {
	mu      sync.Mutex
	waiting []*pending
	closed  bool
	failed  error // why no more changes are taken
	jam     bool  // bbolt's write lock is lost: closing the file would hang

	length atomic.Int32  // of waiting, to be looked at without the lock
	urgent atomic.Int32  // of those, the impatient ones
	busy   time.Time     // of the last commit with an impatient change; the committer's
	wake   chan struct{} // holds a value when there is something to do
	spare  []*pending    // the array of the last group, for the next one
	limit  *time.Timer
	pool   sync.Pool
}

func (q *queue) init() {
	q.wake = make(chan struct{}, 1)
	q.limit = time.NewTimer(gatherPause)
	q.pool.New = func() any { return &pending{done: make(chan struct{}, 1)} }
}

// Append implements storage.Store.
func (s *Store) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if err := c.Check(); err != nil {
		return storage.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return storage.Result{}, err
	}
	if s.readOnly {
		return storage.Result{}, fmt.Errorf("%s is open for reading only: %w", s.path, storage.ErrUnsupported)
	}
	q := &s.queue
	p := q.pool.Get().(*pending)
	p.world, p.change = s.world, c
	if err := q.push(p); err != nil {
		q.release(p)
		return storage.Result{}, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		if p.claim.CompareAndSwap(false, true) {
			return storage.Result{}, ctx.Err() // the committer will find it claimed and drop it
		}
		<-p.done
	}
	result, err := p.result, p.err
	q.release(p)
	return result, err
}

func (q *queue) release(p *pending) {
	p.world, p.change = nil, storage.Change{}
	p.result, p.err = storage.Result{}, nil
	p.claim.Store(false)
	q.pool.Put(p)
}

func (q *queue) push(p *pending) error {
	q.mu.Lock()
	err := q.failed
	switch {
	case q.closed:
		err = storage.ErrClosed
	case err == nil:
		q.waiting = append(q.waiting, p)
		q.length.Store(int32(len(q.waiting)))
		if !p.change.Patient {
			q.urgent.Add(1)
		}
	}
	q.mu.Unlock()
	if err != nil {
		return err
	}
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for changes and returns them; more is false when the queue is closed. The group is valid until the next
// call. expected is how many are worth waiting for.
func (q *queue) take(expected int) (group []*pending, more bool) {
	<-q.wake
	q.waitForUrgent()
	q.gather(expected)
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.waiting
	q.waiting = q.spare[:0]
	q.length.Store(0)
	q.urgent.Store(0)
	q.spare = taken
	group = taken[:0]
	for _, p := range taken {
		if p.claim.CompareAndSwap(false, true) {
			group = append(group, p)
		}
	}
	clear(taken[len(group):])
	return group, !q.closed
}

// waitForUrgent lets patient changes wait for an impatient one while the store is busy with those. A commit for a
// patient change alone would stand in the way of the next client.
func (q *queue) waitForUrgent() {
	for q.urgent.Load() == 0 && !q.isClosed() {
		left := patience - time.Since(q.busy)
		if left <= 0 {
			return
		}
		q.limit.Reset(left)
		select {
		case <-q.wake:
		case <-q.limit.C:
			return
		}
	}
}

// gather yields to the writers until as many changes wait as expected, none came for gatherPause, or gatherLimit has
// passed. One change is not waited for: a lone writer has nobody to share a commit with.
func (q *queue) gather(expected int) {
	if expected < 2 {
		return
	}
	pauses := gatherLimit / gatherPause
	for seen := int(q.length.Load()); seen < expected && pauses > 0; pauses-- {
		q.limit.Reset(gatherPause)
		q.yield(expected)
		now := int(q.length.Load())
		if now == seen {
			return
		}
		seen = now
	}
}

// yield lets others run until as many changes wait as expected or the timer ends.
func (q *queue) yield(expected int) {
	for int(q.length.Load()) < expected {
		select {
		case <-q.limit.C:
			return
		default:
			runtime.Gosched()
		}
	}
}

// close refuses further changes; it reports whether this call closed the queue.
func (q *queue) close() bool {
	q.mu.Lock()
	first := !q.closed
	q.closed = true
	q.mu.Unlock()
	q.signal()
	return first
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// fail refuses further changes with the reason. jam tells that bbolt's write lock was not given back.
func (q *queue) fail(cause error, jam bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failed = fmt.Errorf("%w: no more changes are taken until kktd is started again: %w", storage.ErrStopped, cause)
	q.jam = jam
}

func (q *queue) failure() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.failed
}

func (q *queue) jammed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.jam
}
