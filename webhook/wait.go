package webhook

import (
	"container/heap"
	"time"
)

// wait lets an entry wait until the business clock reaches due, or for left by the
// real one. mu is held.
func (d *Deliverer) wait(it *item, due time.Time, left time.Duration) {
	it.phase = waiting
	it.due = [2]time.Time{due, d.clocks[1].Now().Add(left)}
	for i := range d.waiting {
		heap.Push(&d.waiting[i], it)
		d.arm(i)
	}
}

func (d *Deliverer) stopWaiting(it *item) {
	for i := range d.waiting {
		heap.Remove(&d.waiting[i], it.at[i])
	}
}

// arm sets the timer of a clock to the first entry that waits. mu is held.
func (d *Deliverer) arm(i int) {
	if d.ended || d.waiting[i].Len() == 0 {
		return
	}
	first := d.waiting[i].list[0].due[i]
	if d.timers[i] != nil {
		if !first.Before(d.armed[i]) {
			return // it looks again when it ends
		}
		d.timers[i].Stop()
	}
	d.armed[i] = first
	d.timers[i] = d.clocks[i].AfterFunc(max(0, first.Sub(d.clocks[i].Now())), func() { d.tick(i) })
}

// tick makes ready what a clock has reached.
func (d *Deliverer) tick(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	d.timers[i] = nil
	now := d.clocks[i].Now()
	for d.waiting[i].Len() > 0 {
		it := d.waiting[i].list[0]
		if it.due[i].After(now) {
			break
		}
		d.stopWaiting(it)
		d.makeReady(it)
	}
	d.arm(i)
	d.dispatch()
}

// byDue is a heap of entries by their time on one of the clocks.
type byDue struct {
	clock int
	list  []*item
}

// Len implements heap.Interface.
func (h *byDue) Len() int { return len(h.list) }

// Less implements heap.Interface. Of one time the older entry is first.
func (h *byDue) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	if !a.due[h.clock].Equal(b.due[h.clock]) {
		return a.due[h.clock].Before(b.due[h.clock])
	}
	return a.ref.Number < b.ref.Number
}

// Swap implements heap.Interface.
func (h *byDue) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].at[h.clock], h.list[j].at[h.clock] = i, j
}

// Push implements heap.Interface.
func (h *byDue) Push(x any) {
	it := x.(*item)
	it.at[h.clock] = len(h.list)
	h.list = append(h.list, it)
}

// Pop implements heap.Interface.
func (h *byDue) Pop() any {
	last := len(h.list) - 1
	it := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	return it
}

// byNumber is a heap of entries by their number.
type byNumber []*item

// Len implements heap.Interface.
func (h byNumber) Len() int { return len(h) }

// Less implements heap.Interface.
func (h byNumber) Less(i, j int) bool { return h[i].ref.Number < h[j].ref.Number }

// Swap implements heap.Interface.
func (h byNumber) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *byNumber) Push(x any) { *h = append(*h, x.(*item)) }

// Pop implements heap.Interface.
func (h *byNumber) Pop() any {
	old := *h
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return it
}
