package clock

import (
	"container/heap"
	"time"

	"github.com/jonboulle/clockwork"
)

// waiter is a timer or a ticker of a Business clock.
type waiter struct {
	clock *Business
	due   time.Time
	order uint64         // of two with one time the older rings first
	every time.Duration  // of a ticker; 0: it rings once
	index int            // in the heap, -1 when it does not wait
	ch    chan time.Time // holds one
	do    func()         // of AfterFunc, instead of ch
}

// start begins to wait for d from now on. A wait that is over rings at once.
func (b *Business) start(w *waiter, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin(w, d)
}

func (b *Business) begin(w *waiter, d time.Duration) {
	w.due = b.now().Add(max(d, 0))
	b.order++
	w.order = b.order
	heap.Push(&b.waiters, w)
	if w.index == 0 || d <= 0 {
		b.fire()
	}
}

// cancel ends a wait; false when it was over.
func (b *Business) cancel(w *waiter) bool {
	if w.index < 0 {
		return false
	}
	heap.Remove(&b.waiters, w.index)
	if len(b.waiters) == 0 && b.armed != nil { // the base shall not keep a clock that nobody has any more
		b.armed.Stop()
		b.armed = nil
	}
	return true
}

// Chan implements clockwork.Timer and Ticker.
func (w *waiter) Chan() <-chan time.Time { return w.ch }

// Stop ends the wait; false when it was over already.
func (w *waiter) Stop() bool {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	return w.clock.cancel(w)
}

// Reset begins the wait anew; false when it was over already.
func (w *waiter) Reset(d time.Duration) bool {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	waited := w.clock.cancel(w)
	select {
	case <-w.ch: // what rang for the last wait, as with timers of Go 1.23
	default:
	}
	if w.every > 0 {
		w.every = d
	}
	w.clock.begin(w, d)
	return waited
}

// ticker has the methods of clockwork.Ticker.
type ticker struct{ *waiter }

func (t ticker) Stop() { t.waiter.Stop() }

func (t ticker) Reset(d time.Duration) {
	if d <= 0 {
		panic("clock: Reset of a ticker with a time that is not positive")
	}
	t.waiter.Reset(d)
}

// NewTimer implements Clock.
func (b *Business) NewTimer(d time.Duration) clockwork.Timer {
	w := &waiter{clock: b, index: -1, ch: make(chan time.Time, 1)}
	b.start(w, d)
	return w
}

// AfterFunc implements Clock.
func (b *Business) AfterFunc(d time.Duration, f func()) clockwork.Timer {
	w := &waiter{clock: b, index: -1, do: f}
	b.start(w, d)
	return w
}

// NewTicker implements Clock; it panics when d is not positive.
func (b *Business) NewTicker(d time.Duration) clockwork.Ticker {
	if d <= 0 {
		panic("clock: a ticker with a time that is not positive")
	}
	w := &waiter{clock: b, index: -1, ch: make(chan time.Time, 1), every: d}
	b.start(w, d)
	return ticker{w}
}

// After implements Clock.
func (b *Business) After(d time.Duration) <-chan time.Time { return b.NewTimer(d).Chan() }

// Sleep implements Clock. On a clock that stands it waits for whoever moves it.
func (b *Business) Sleep(d time.Duration) { <-b.After(d) }

// Since implements Clock.
func (b *Business) Since(t time.Time) time.Duration { return b.Now().Sub(t) }

// Until implements Clock.
func (b *Business) Until(t time.Time) time.Duration { return t.Sub(b.Now()) }

// waiters is a heap by time and order.
type waiters []*waiter

func (h waiters) Len() int { return len(h) }

func (h waiters) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].order < h[j].order
}

func (h waiters) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *waiters) Push(x any) {
	w := x.(*waiter)
	w.index = len(*h)
	*h = append(*h, w)
}

// Pop implements heap.Interface.
func (h *waiters) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.index = -1
	return w
}
