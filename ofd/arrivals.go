package ofd

import "sync"

// arrivals numbers documents in the order of their arrival. A number is given before its commit, and commits may end in another
// order; settled is how far a reader may go without passing by a document that is still under way.
type arrivals struct {
	mu   sync.Mutex
	last uint64
	open []uint64 // given and not settled, ascending
}

func (a *arrivals) begin() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	a.open = append(a.open, a.last)
	return a.last
}

// end tells that the document is durable, or will not be.
func (a *arrivals) end(id uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, other := range a.open { // documents end about in the order they began: it is among the first
		if other == id {
			a.open = append(a.open[:i], a.open[i+1:]...)
			return
		}
	}
}

// settled is the greatest number behind which nothing is under way.
func (a *arrivals) settled() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) > 0 {
		return a.open[0] - 1
	}
	return a.last
}
