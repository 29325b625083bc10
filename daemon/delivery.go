package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"kktd/api/control"
	"kktd/kkt"
)

// How documents go to the OFD (design/architecture.md, Outside).
const (
	DeliveryAsync  = "async"  // by themselves, behind the answers
	DeliverySync   = "sync"   // an answer waits for the tickets of what the request made
	DeliveryManual = "manual" // when the control API is told to deliver, and then once
)

// How long an answer may wait for tickets. The most stays below the time in which
// the server must have answered.
const (
	defaultSyncTimeout = 10 * time.Second
	maxSyncTimeout     = 2 * time.Minute
)

func (c *Config) checkDelivery() error {
	switch {
	case c.Delivery != DeliveryAsync && c.Delivery != DeliverySync && c.Delivery != DeliveryManual:
		return fmt.Errorf("delivery: %q, want async, sync or manual", c.Delivery)
	case c.Delivery != DeliveryAsync && c.OFD == OFDNone:
		return fmt.Errorf("delivery: %s needs an OFD, and ofd is none; leave one of them out", c.Delivery)
	case c.SyncTimeout < time.Millisecond || c.SyncTimeout > maxSyncTimeout:
		return fmt.Errorf("sync-timeout: %v, want 1ms to %v with its unit, as 10s", c.SyncTimeout, maxSyncTimeout)
	}
	return nil
}

// linger is that of the sender: what the state of a drive shows shall not depend on
// how long ago its last document went out, where clients are promised the same answers.
func (c *Config) linger() time.Duration {
	if c.Delivery == DeliveryAsync {
		return 0
	}
	return -1
}

// onDocuments sends what a commit made, and notes for whom it was made.
func (d *Daemon) onDocuments(r *kkt.Register) {
	switch d.config.Delivery {
	case DeliverySync:
		if d.askers.note(r) {
			return // who asked sends it, one drive after the other
		}
	case DeliveryManual:
		return
	}
	d.sender.Wake(r.Delivery())
}

// onClock ends the wait after a failure when the register's own clock was moved, as a
// move of the daemon's clock does.
func (d *Daemon) onClock(r *kkt.Register) {
	if d.config.Delivery == DeliveryManual {
		return
	}
	for _, delivery := range deliveriesOf(r) {
		d.sender.Deliver(delivery)
	}
}

// sendBacklog sends what the last run left and what the first start made. With sync
// it is confirmed before the first request, as far as the time allows.
func (d *Daemon) sendBacklog(ctx context.Context) {
	switch d.config.Delivery {
	case DeliveryAsync:
		for _, delivery := range d.fleet.Deliveries() {
			if first, _ := delivery.Unsent(); first != 0 {
				d.sender.Wake(delivery)
			}
		}
	case DeliverySync:
		d.awaitAll(ctx, d.fleet.Deliveries(), "start")
	}
}

// askers are the requests under way, each with the registers that made documents
// since it came: its own ones among them.
type askers struct {
	mu   sync.Mutex
	open map[*asker]struct{}
}

type asker struct{ registers []*kkt.Register }

func (a *askers) enter() *asker {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[*asker]struct{}{}
	}
	x := new(asker)
	a.open[x] = struct{}{}
	return x
}

// leave gives the registers in the order of their serial numbers, once.
func (a *askers) leave(x *asker) []*kkt.Register {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, x)
	list := x.registers
	x.registers = nil
	slices.SortFunc(list, func(a, b *kkt.Register) int { return strings.Compare(a.Serial(), b.Serial()) })
	return list
}

// note tells whether there is any.
func (a *askers) note(r *kkt.Register) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for x := range a.open {
		if !slices.Contains(x.registers, r) {
			x.registers = append(x.registers, r)
		}
	}
	return len(a.open) > 0
}

// awaitTickets holds the answers of requests that made documents back until the OFD
// has confirmed these, with delivery sync. Nobody's lock is held meanwhile: registers
// take tickets, and other requests go on.
func (d *Daemon) awaitTickets(next http.Handler) http.Handler {
	if d.config.Delivery != DeliverySync {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r) // it makes nothing, and may be a stream
			return
		}
		asker, held := d.askers.enter(), awaitedAnswer{heldAnswer{header: w.Header()}, w}
		defer func() {
			for _, delivery := range deliveriesOf(d.askers.leave(asker)...) {
				d.sender.Wake(delivery) // the handler has cut the connection by a panic
			}
		}()
		next.ServeHTTP(&held, r)
		d.awaitAll(r.Context(), deliveriesOf(d.askers.leave(asker)...), r.URL.Path)
		held.release()
	})
}

// awaitedAnswer is an answer that waits for tickets. A fault may still take the
// connection over; then there is nothing to send.
type awaitedAnswer struct {
	heldAnswer
	w http.ResponseWriter
}

// Unwrap lets http.ResponseController reach the connection.
func (a *awaitedAnswer) Unwrap() http.ResponseWriter { return a.w }

func (a *awaitedAnswer) release() {
	if a.status == 0 && a.body.Len() == 0 {
		return
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.send(a.w)
}

// deliveriesOf are those of registers, with the drives that they had before.
func deliveriesOf(registers ...*kkt.Register) (list []*kkt.Delivery) {
	for _, r := range registers {
		for _, o := range r.Outgoing() {
			list = append(list, o.Delivery())
		}
		list = append(list, r.Delivery())
	}
	return list
}

// awaitAll waits until what is unsent now has its tickets, at most SyncTimeout by the
// real clock.
func (d *Daemon) awaitAll(ctx context.Context, deliveries []*kkt.Delivery, what string) {
	limited, cancel := context.WithTimeout(ctx, d.config.SyncTimeout)
	defer cancel()
	for _, delivery := range deliveries {
		err := d.await(limited, delivery)
		if err == nil {
			continue
		}
		if ctx.Err() == nil && !errors.Is(err, kkt.ErrClosed) {
			first, last := delivery.Unsent()
			d.log.WithField("request", what).WithField("register", delivery.Serial()).WithField("unsent", fmt.Sprintf("%d-%d", first, last)).
				Warnf("delivery sync: no tickets within %v; the answer goes out without them", d.config.SyncTimeout)
		}
		return
	}
}

// await waits until the OFD has confirmed what is unsent now and, unless more came
// meanwhile, the sender has put the drive aside.
func (d *Daemon) await(ctx context.Context, delivery *kkt.Delivery) error {
	_, last := delivery.Unsent()
	if last == 0 {
		return d.awaitRest(ctx, delivery)
	}
	d.sender.Wake(delivery)
	for {
		changed := delivery.Changed()
		switch first, _ := delivery.Unsent(); {
		case first == 0:
			return d.awaitRest(ctx, delivery)
		case first > last: // others go on
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-d.stopping:
			return kkt.ErrClosed
		}
	}
}

// awaitOutcome waits until documents up to last are confirmed or the sender gives up
// for now.
func (d *Daemon) awaitOutcome(ctx context.Context, delivery *kkt.Delivery, last uint32) error {
	id, _, _ := delivery.DriveInfo()
	rest := d.sender.Rest(delivery.Serial(), id)
	for {
		changed := delivery.Changed()
		if first, _ := delivery.Unsent(); first > last {
			return nil
		}
		select {
		case <-rest:
			return nil
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-d.stopping:
			return kkt.ErrClosed
		}
	}
}

// awaitRest waits until the sender does nothing about the drive.
func (d *Daemon) awaitRest(ctx context.Context, delivery *kkt.Delivery) error {
	id, _, _ := delivery.DriveInfo()
	select {
	case <-d.sender.Rest(delivery.Serial(), id):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.stopping:
		return kkt.ErrClosed
	}
}

// deliverer is what the control API delivers with, nil without an OFD.
func (d *Daemon) deliverer() control.Deliverer {
	if d.sender == nil {
		return nil
	}
	return d.deliver
}

// deliver sends what registers, nil for all, have not sent: one drive after the other,
// so that one OFD gets it in one order, and each once. A wait after a failure is cut
// short. Drives without unsent documents are not told of.
func (d *Daemon) deliver(ctx context.Context, registers []*kkt.Register) (list []control.Delivered, err error) {
	if registers == nil {
		registers = d.fleet.Registers()
	}
	for _, delivery := range deliveriesOf(registers...) {
		first, last := delivery.Unsent()
		if first == 0 {
			continue
		}
		id, number, _ := delivery.DriveInfo()
		d.sender.Deliver(delivery)
		err := d.awaitOutcome(ctx, delivery, last)
		if errors.Is(err, kkt.ErrClosed) {
			return list, err
		}
		x := control.Delivered{Register: delivery.Serial(), Drive: string(number[:])}
		if now, _ := delivery.Unsent(); now == 0 || now > last {
			x.Confirmed = last - first + 1
		} else {
			x.Confirmed, x.Unsent = now-first, last-now+1
		}
		if s, ok := d.sender.State(delivery.Serial(), id); ok && s.LastError != nil && x.Unsent > 0 {
			x.Error, x.Reason = s.LastError.Error(), string(s.LastReason)
		} else if err != nil && x.Unsent > 0 {
			x.Error = "it is under way still: the time is over"
		}
		list = append(list, x)
		if err != nil {
			break
		}
	}
	return list, nil
}

// Settle waits until every document has its ticket, except where the sender waits
// after a failure or to be asked, and until ctx ends. It is real time.
func (d *Daemon) Settle(ctx context.Context) {
	if d.sender == nil {
		return
	}
	for _, delivery := range d.fleet.Deliveries() {
		if d.awaitRest(ctx, delivery) != nil {
			return
		}
	}
}
