package diagnosis

import (
	"sync"
	"time"
)

// Limits of what is kept of refused requests.
const (
	MaxRefusals = 1000    // the oldest go
	MaxRefused  = 4 << 10 // bytes of a body
)

// Refusal is a request that an outside API refused: there is no receipt that could
// tell of it. Nothing in it is a secret.
type Refusal struct {
	Number    uint64    `json:"number"` // since the start of the daemon
	Time      time.Time `json:"time"`   // business time
	API       string    `json:"api"`
	Path      string    `json:"path"`
	Account   string    `json:"account,omitempty"` // public id
	InvoiceID string    `json:"invoice_id,omitempty"`
	INN       string    `json:"inn,omitempty"`
	Code      int       `json:"code"`            // of the API
	Message   string    `json:"message"`         // as the client got it
	Field     string    `json:"field,omitempty"` // path of the value that is wrong
	Cause     string    `json:"cause,omitempty"` // the error behind it
	Request   string    `json:"request,omitempty"`
	Cut       bool      `json:"cut,omitempty"` // Request is the beginning alone
}

// Refusals are the last refused requests, in memory. The zero value is empty and
// ready; it may be used from many goroutines.
type Refusals struct {
	// OnAdd is told of each, outside of the lock; nil: nobody is. It must be quick.
	OnAdd func(*Refusal)

	mu   sync.Mutex
	ring []Refusal
	last uint64
}

// Add keeps a refusal and lets the oldest go.
func (r *Refusals) Add(x Refusal) {
	if r.OnAdd != nil {
		r.OnAdd(&x)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	x.Number = r.last
	if len(r.ring) < MaxRefusals {
		r.ring = append(r.ring, x)
		return
	}
	r.ring[(r.last-1)%MaxRefusals] = x
}

// List calls f for the refusals behind a number, oldest first, until it returns an
// error, which is returned. f may take its time.
func (r *Refusals) List(after uint64, f func(*Refusal) error) error {
	for {
		x, ok := r.next(after)
		if !ok {
			return nil
		}
		if err := f(&x); err != nil {
			return err
		}
		after = x.Number
	}
}

// next is the first refusal behind a number.
func (r *Refusals) next(after uint64) (Refusal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if oldest := r.last - uint64(len(r.ring)); after < oldest {
		after = oldest
	}
	if after >= r.last {
		return Refusal{}, false
	}
	return r.ring[after%MaxRefusals], true
}

// Last is the number of the newest refusal, 0 when there was none.
func (r *Refusals) Last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
