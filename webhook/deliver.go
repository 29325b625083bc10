package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kktd/event"
	"kktd/fault"
	"kktd/outbox"
)

// storePause is the wait when an entry cannot be read or what came of it cannot be
// stored.
const storePause = time.Minute

// end is what the scheduler learns of a delivery.
type end struct {
	finished    bool
	unreachable bool
	pause       time.Duration // of an entry that is not finished
}

// deliver makes one attempt and stores what came of it.
func (d *Deliverer) deliver(ctx context.Context, ref outbox.Ref) end {
	log := d.o.Log.WithField("entry", ref.Number)
	e, s, err := d.o.Box.Entry(ref.Number)
	switch {
	case errors.Is(err, outbox.ErrNotFound):
		err = d.o.Box.Drop(ref)
		log.WithError(err).Info("webhook: an entry in the list of those that wait is not there: its register was deleted")
		return end{finished: true}
	case err != nil:
		log.WithError(err).Error("webhook: an entry cannot be read")
		return end{pause: storePause}
	case s.State != outbox.Waiting:
		// It was found in the store, and delivered, before who put it could tell of it.
		return end{finished: true}
	}
	t := d.o.Transports[e.Transport]
	var r Result
	if t == nil {
		r = Result{Err: fmt.Errorf("nobody delivers by %q here", e.Transport), Hopeless: true}
	} else if d.withheld(e) {
		r = Result{Err: fault.ErrSet}
	} else {
		r = t.Deliver(ctx, e)
	}
	if ctx.Err() != nil {
		return end{}
	}
	now := d.o.Clock.Now()
	a := outbox.Attempt{Time: now.UnixMilli(), Code: r.Code, Answer: r.Answer}
	if r.Err != nil {
		a.Error = r.Err.Error()
	}
	s.Add(a)
	out := end{unreachable: r.Unreachable}
	ev := event.Event{Kind: event.WebhookDelivered, Time: a.Time, Register: e.Register, Receipt: e.Receipt}
	switch {
	case r.Err == nil:
		s.State, s.Due, out.finished = outbox.Delivered, 0, true
		ev.Text = fmt.Sprintf("%s, entry %d, attempt %d", e.Type, ref.Number, s.Attempts)
	default:
		again := false
		if !r.Hopeless {
			out.pause, again = t.Pause(s.Attempts)
		}
		s.Due = now.Add(out.pause).UnixMilli()
		if !again {
			s.State, s.Due, out.finished = outbox.Failed, 0, true
		}
		ev.Kind = event.WebhookFailed
		ev.Text = fmt.Sprintf("%s, entry %d, attempt %d: %s", e.Type, ref.Number, s.Attempts, a.Error)
	}
	d.count(&s, r.Err == nil)
	log = log.WithField("type", e.Type).WithField("receiver", e.Lane).WithField("attempt", s.Attempts).WithField("receipt", e.Receipt)
	switch s.State {
	case outbox.Delivered:
		log.Debug("webhook: delivered")
	case outbox.Failed:
		log.Errorf("webhook: given up: %s", a.Error)
	default:
		log.WithField("next_try", time.UnixMilli(s.Due).Format(time.RFC3339)).Warnf("webhook: not delivered: %s", a.Error)
	}
	err = d.o.Box.Record(ref, &s, ev)
	if errors.Is(err, outbox.ErrNotFound) {
		log.Info("webhook: the register of an entry was deleted while it was delivered")
		return end{finished: true}
	}
	if err != nil {
		log.WithError(err).Error("webhook: what came of an attempt is not stored; it will be made again")
		return end{unreachable: r.Unreachable, pause: storePause}
	}
	return out
}

// withheld tells that a fault keeps an entry from its receiver.
func (d *Deliverer) withheld(e *outbox.Entry) bool {
	if !d.o.Faults.On(nil) {
		return false
	}
	withheld := false
	for _, h := range fault.Strike[fault.OnWebhook](d.o.Faults, &fault.Subject{Match: fault.Match{Register: e.Register, API: e.API}}) {
		withheld = withheld || h.Effect.Withhold()
	}
	return withheld
}

func (d *Deliverer) count(s *outbox.Status, delivered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case delivered:
		d.counters.Delivered++
	case s.State == outbox.Failed:
		d.counters.GivenUp++
		fallthrough
	default:
		d.counters.Failed++
	}
}
