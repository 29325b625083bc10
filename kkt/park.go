package kkt

import (
	"strings"
	"time"

	"kktd/fault"
	"kktd/storage"
)

// park queues a receipt for which no register works at the moment. It is made
// when a maintenance ends or another register comes that fits. reg is the register
// that could not make it; nil: those that fit are on maintenance.
func (f *Fleet) park(r *Receipt, reg *Register) (*Outcome, error) {
	if !f.enter() {
		return nil, ErrClosed
	}
	defer f.leave(1)
	f.parking.RLock() // no register is deleted before the receipt waits
	defer f.parking.RUnlock()
	maintained := reg == nil
	if maintained {
		if reg = f.parkedAt(r); reg == nil {
			return nil, &ChoiceError{INN: r.INN, Lack: LackRegister}
		}
	}
	if reg.isSealed() {
		return nil, errGone(reg.Serial())
	}
	p := reg.profile.Load()
	parts, _, err := p.prepareAll(r, nil, nil)
	if err != nil {
		return nil, err // what cannot be written is refused at once
	}
	form, err := queuedJSON(r)
	if err != nil {
		return nil, err
	}
	now := f.clock.Now().UnixMilli()
	rec := ReceiptRecord{Status: Queued, Register: p.Serial, Drive: p.Drive(), API: r.Request.API, Account: r.Request.Account,
		InvoiceID: r.Request.InvoiceID, AccountID: r.Request.AccountID, Created: now, Printed: r.Request.Printed, Raw: r.Request.Raw}
	sequence := f.sequence.Add(1)
	key := receiptKey(reg.id, sequence)
	state, _ := reg.State()
	o := &Outcome{ID: f.ids.make(reg.id, sequence), Status: Queued, Register: p.Serial,
		Warnings: p.warnings(&state, reg.wall(p))}
	if maintained {
		o.Warnings = append(o.Warnings, Warning{Kind: WarnMaintenance, Register: p.Serial})
	}
	records := []storage.Record{{Kind: kindReceipt, Key: key[:], Value: rec.append(nil)}, {Kind: kindDelayed, Key: key[:], Value: appendQueued(nil, now, form)}}
	if r.Request.Render != nil {
		o.Answer = r.Request.Render(o)
	}
	if r.Request.Key != "" {
		slot, over := f.newAnswer(now)
		hash := answerKey(&r.Request)
		records = append(records, storage.Record{Kind: kindAnswer, Key: appendAnswerKey(nil, slot, &hash), Value: appendAnswer(nil, now, o.ID, o.Answer)})
		for _, key := range over {
			records = append(records, storage.Record{Kind: kindAnswer, Key: key})
		}
	}
	if err := f.append(storage.Change{Records: records}); err != nil {
		return nil, err
	}
	f.delayed.wait(key, r.INN)
	switch {
	case maintained:
		f.dispatch(key) // the maintenance may have ended meanwhile
	case !reg.paperless(&r.Request, parts):
		f.retryWaiting("") // there is paper again, for all of them
	}
	return o, nil
}

// parkedAt is the register that a parked receipt is shown at: the first of those
// that fit and are on maintenance.
func (f *Fleet) parkedAt(r *Receipt) *Register {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := f.byINN[r.INN]
	for _, x := range all {
		if p := x.profile.Load(); (p.Maintenance || meets[fault.RegisterMaintenance](x)) && fits(r, p) {
			return x
		}
	}
	if len(all) == 0 {
		return nil // they have just been deleted
	}
	return all[0] // it has just come back
}

// SetMaintenance takes a register out of the choice or brings it back; changed
// is false when it was so already. Receipts that fit no other register wait, and
// are made when one comes back. It is durable when SetMaintenance returns.
// Errors: ErrNotFound; ErrOutOfService when the register cannot come back;
// ErrClosed.
func (f *Fleet) SetMaintenance(serial string, on bool) (changed bool, err error) {
	f.creating.Lock()
	defer f.creating.Unlock()
	r, err := f.Register(serial)
	if err != nil {
		return false, err
	}
	if _, err := r.State(); err != nil {
		return false, err
	}
	old := r.profile.Load()
	if old.Maintenance == on {
		return false, nil
	}
	next := old.Settings
	next.Maintenance = on
	p, err := newProfile(&f.zones, r.id, next)
	if err != nil {
		return false, err
	}
	j := &changeJob{profile: p, ready: make(chan error, 1)}
	r.submit(j)
	if err := <-j.ready; err != nil {
		return false, err
	}
	f.log.WithField("register", serial).WithField("maintenance", on).Info("maintenance of a register has changed")
	if !on {
		f.retryWaiting(next.INN)
	}
	return true, nil
}

// Choice is why no register could make a receipt of Status Error, when that is
// the reason.
func (r *ReceiptRecord) Choice() (*ChoiceError, bool) {
	rest, ok := strings.CutPrefix(r.Error, choicePrefix)
	inn, lack, found := strings.Cut(rest, choiceMiddle)
	if !ok || !found {
		return nil, false
	}
	return &ChoiceError{INN: inn, Lack: Lack(lack)}, true
}

// Now is the business time.
func (f *Fleet) Now() time.Time { return f.clock.Now() }
