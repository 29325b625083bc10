package kkt

import (
	"context"
	"errors"

	"kktd/fault"
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
	r.Request.Faults = fault.Own(ctx)
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
		f.noteReplay(o)
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
		if errors.Is(err, errStale) {
			continue // the only one that fits was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		if reg == nil {
			if o, err := f.park(r, nil); !errors.Is(err, errStale) {
				return o, err
			}
			continue
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
		case errors.Is(j.err, fault.ErrNoPaper):
			if o, err := f.park(r, reg); !errors.Is(err, errStale) { // else it was deleted meanwhile
				return o, err
			}
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
