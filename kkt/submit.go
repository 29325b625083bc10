package kkt

import (
	"context"
	"errors"
	"sync"

	"kktd/fn"
)

// Submit makes a receipt and returns when it is durable. What the drive itself
// refuses is a receipt with Status Error, not an error: the client was answered
// that it is queued.
//
// Errors: *ChoiceError when no register fits, *ffd.FieldError when a value cannot
// be written, ErrOutOfService, ErrClosed, and the error of ctx when it ended
// before the receipt was queued. After that Submit waits for the commit whatever
// ctx says. r must not be used again.
func (f *Fleet) Submit(ctx context.Context, r *Receipt) (*Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.Request.Key == "" {
		return f.make(r)
	}
	key := answerKey(&r.Request)
	release, err := f.replay.enter(ctx, key)
	if err != nil {
		return nil, err
	}
	defer release()
	if o, err := f.stored(key); o != nil || err != nil {
		return o, err
	}
	return f.make(r)
}

func (f *Fleet) make(r *Receipt) (*Outcome, error) {
	j := f.jobs.Get().(*receiptJob)
	defer func() {
		j.request, j.profile, j.outcome, j.queued = nil, nil, Outcome{}, nil
		f.jobs.Put(j)
	}()
	if f.delay > 0 {
		var err error
		if j.queued, err = queuedJSON(r); err != nil {
			return nil, err
		}
	}
	for {
		reg, err := f.choose(r)
		if err != nil {
			return nil, err
		}
		if reg == nil {
			return f.park(r)
		}
		j.request, j.profile = &r.Request, reg.profile.Load()
		if j.parts, j.data, err = j.profile.prepareAll(r, j.parts[:0], j.data[:0]); err != nil {
			return nil, err
		}
		reg.submit(j)
		<-j.ready
		switch {
		case errors.Is(j.err, errStale):
			continue
		case j.err != nil:
			return nil, j.err
		}
		o := j.outcome
		if o.Status == Queued {
			if key, err := f.ids.parse(o.ID); err == nil {
				f.schedule(key, j.due)
			}
		}
		return &o, nil
	}
}

// prepareAll prepares the parts of a receipt. Their data are appended to buf.
func (p *profile) prepareAll(r *Receipt, parts []fn.Receipt, buf []byte) ([]fn.Receipt, []byte, error) {
	for i := range r.Parts {
		c, data, err := p.prepare(&r.Parts[i], r, buf)
		if err != nil {
			return parts, buf, err
		}
		parts, buf = append(parts, c), data
	}
	return parts, buf, nil
}

// Replay is the answer that an earlier request with the same key got within the
// hour, nil when there is none. Submit looks itself; Replay lets an API answer
// before it reads a body, which is not compared (spec/api/cloudkassir.md 1.3).
func (f *Fleet) Replay(r *Request) (*Outcome, error) {
	if r.Key == "" {
		return nil, nil
	}
	return f.stored(answerKey(r))
}

// stored is the answer that an earlier request with the key got, nil when there
// is none or it is too old.
func (f *Fleet) stored(key [32]byte) (*Outcome, error) {
	return f.answers.find(key, f.clock.Now().UnixMilli())
}

// replays lets requests with one key in one at a time: the second waits and then
// finds the stored answer of the first.
type replays struct {
	mu    sync.Mutex
	calls map[[32]byte]chan struct{}
}

func (x *replays) enter(ctx context.Context, key [32]byte) (release func(), err error) {
	for {
		x.mu.Lock()
		running, busy := x.calls[key]
		if !busy {
			mine := make(chan struct{})
			x.calls[key] = mine
			x.mu.Unlock()
			return func() {
				x.mu.Lock()
				delete(x.calls, key)
				x.mu.Unlock()
				close(mine)
			}, nil
		}
		x.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
