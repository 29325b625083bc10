package kkt

import (
	"context"

	"kktd/event"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// Renewal is a register as new.
type Renewal struct {
	Register *Register
	Made     []Made
	Lost     uint32 // documents that had not reached the OFD
}

// RenewRegister takes a register back to where it was when it was made: registered with
// document 1 of a wiped drive, under the settings it has now, in service and on the
// daemon's clock. Everything that was before goes with all drives, as DeleteRegister
// has it, but for the snapshots. It is one durable step; receipts that come meanwhile
// are made after it. Errors: ErrNotFound, ErrOutOfService, *fn.Refusal, ErrClosed.
func (f *Fleet) RenewRegister(ctx context.Context, serial string) (Renewal, error) {
	list, _, err := f.renew(ctx, f.one(serial))
	if err != nil {
		return Renewal{}, err
	}
	return list[0], nil
}

// RenewRegisters is RenewRegister for all, each in a step of its own, and counts what
// went. None is renewed when one of them is out of service.
func (f *Fleet) RenewRegisters(ctx context.Context) (Deletion, error) {
	_, sum, err := f.renew(ctx, f.every)
	return sum, err
}

// renewal is the work on one register.
type renewal struct {
	swap
	lost  uint32
	since uint64
}

func (f *Fleet) renew(ctx context.Context, which func() ([]*Register, error)) (made []Renewal, sum Deletion, err error) {
	list, done, err := f.still(ctx, which)
	defer done()
	if err != nil || len(list) == 0 {
		return nil, sum, err
	}
	since, err := f.beforeReceipts()
	if err != nil {
		return nil, sum, err
	}
	work := make([]*renewal, len(list))
	users := map[string]bool{}
	for i, r := range list {
		if _, err := r.State(); err != nil {
			return nil, sum, err
		}
		if work[i], err = f.newRenewal(r, since); err != nil {
			return nil, sum, err
		}
		users[work[i].profile.INN] = true
	}
	for _, w := range work {
		if f.onRestored != nil {
			f.onRestored(w.profile.DriveNumber, 0)
		}
	}
	err = f.renewAll(list, work)
	for _, w := range work {
		if w.err != nil {
			continue
		}
		made = append(made, Renewal{w.r, w.j.made, w.lost})
		sum.Registers, sum.Documents, sum.Receipts = sum.Registers+1, sum.Documents+w.gone.documents, sum.Receipts+len(w.gone.receipts)
	}
	for inn := range users {
		f.retryWaiting(inn) // for receipts that a full drive or a maintenance kept waiting
	}
	return made, sum, err
}

func (f *Fleet) newRenewal(r *Register, since uint64) (*renewal, error) {
	next, _ := r.Settings().with(nil)
	next.Drives, next.Maintenance = []storage.DriveID{f.store.ReserveDrive()}, false
	p, err := newProfile(&f.zones, r.id, next)
	return &renewal{swap: swap{profile: p, before: r.profile.Load(), gone: &part{}}, since: since}, err
}

// renewAll halts the registers, finds what is theirs and lets each make its step. The
// error is the first one; each renewal has its own.
func (f *Fleet) renewAll(list []*Register, work []*renewal) (err error) {
	f.parking.Lock()
	defer f.parking.Unlock()
	g := newGathering(f)
	defer g.end()
	for i, w := range work {
		w.halt = list[i].halt()
		g.parts[list[i].Serial()] = w.gone
	}
	for _, w := range work {
		if e := w.arrive(); e != nil && err == nil {
			err = e
		}
	}
	for _, w := range work {
		w.sealLeft()
	}
	if err == nil {
		g.halted = list
		err = g.gather(list, event.RegisterReset)
	}
	// Each is a commit of its own: they share what a commit costs, unless what the
	// registers tell shall have one order.
	for _, w := range work {
		w.begin(err)
		if f.oneTicket {
			w.wait()
		}
	}
	for _, w := range work {
		if w.wait(); w.err != nil && err == nil {
			err = w.err
		}
		w.settle()
	}
	return err
}

// begin lets the goroutine go on, with nothing to do when err says so.
func (w *renewal) begin(err error) {
	if w.err != nil {
		return // it never came
	}
	w.goOn <- func(b *batch, _ *operation) error {
		if err != nil {
			return err
		}
		return w.step(b)
	}
}

// step is what the register does.
func (w *renewal) step(b *batch) error {
	for _, r := range append(w.left, b.r) {
		first, last := r.Unsent()
		if first != 0 {
			w.lost += last - first + 1
		}
	}
	p := w.profile
	p.since = w.since
	b.profile, b.machine = p, fn.NewMachine(b.r.fleet.master, p.drive)
	b.state = fn.Blank(p.drive, p.DriveModel, ffd.V120, p.DriveCapacity)
	b.change.Drive, b.change.Expect, b.change.Forget = p.Drive(), 0, w.gone.change.Forget
	b.change.Records = append(b.change.Records, w.gone.change.Records...)
	b.change.Events = append(b.change.Events, w.gone.change.Events...)
	if w.setClock(nil); w.own != nil {
		b.step()
		b.lookAtClock()
	}
	if err := b.command(&p.register); err != nil {
		return err
	}
	return b.putJSON(kindRegister, p.Serial, registerRecord{ID: p.id, Settings: p.Settings, Since: p.since})
}

// settle makes known what the step has changed, or undoes what was begun.
func (w *renewal) settle() {
	if w.err != nil {
		w.undo()
		return
	}
	w.end()
	w.r.arm()
	w.r.fleet.log.WithField("register", w.r.Serial()).WithField("drive", w.profile.DriveNumber).WithField("unsent", w.lost).Info("the register is as new")
}
