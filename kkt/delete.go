package kkt

import (
	"context"
	"errors"
	"slices"

	"kktd/event"
	"kktd/storage"
)

// Deletion counts what went with registers.
type Deletion struct {
	Registers int
	Documents uint32 // of all their drives
	Receipts  int    // queued ones too
}

// DeleteRegister deletes a register with all its drives: documents, tickets,
// receipts, what waits in the outbox and the answers of requests. The organisation
// and its accounts stay, unless they were made along with a register (Order.Fresh) and
// this is the last one; what the OFD has stays. It is one durable step. Receipts under
// way either are made before it, and go, or find another register.
// Errors: ErrNotFound, ErrClosed.
func (f *Fleet) DeleteRegister(ctx context.Context, serial string) (Deletion, error) {
	return f.deleteRegisters(ctx, f.one(serial))
}

// DeleteRegisters deletes all registers, in one step.
func (f *Fleet) DeleteRegisters(ctx context.Context) (Deletion, error) {
	return f.deleteRegisters(ctx, f.every)
}

// one and every are which registers something is done to.
func (f *Fleet) one(serial string) func() ([]*Register, error) {
	return func() ([]*Register, error) {
		r, err := f.Register(serial)
		return []*Register{r}, err
	}
}

func (f *Fleet) every() ([]*Register, error) { return f.Registers(), nil }

// alone lets nobody else make or change registers until done.
func (f *Fleet) alone(ctx context.Context) (done func(), err error) {
	f.creating.Lock()
	if err = ctx.Err(); err == nil && !f.enter() {
		err = ErrClosed
	}
	if err != nil {
		f.creating.Unlock()
		return func() {}, err
	}
	return func() {
		f.leave(1)
		f.creating.Unlock()
	}, nil
}

// still is alone that lets nobody move a clock either, and says which registers are
// meant.
func (f *Fleet) still(ctx context.Context, which func() ([]*Register, error)) (list []*Register, done func(), err error) {
	end, err := f.alone(ctx)
	if err != nil {
		return nil, end, err
	}
	f.moving.Lock()
	done = func() {
		f.moving.Unlock()
		end()
	}
	list, err = which()
	return list, done, err
}

func (f *Fleet) deleteRegisters(ctx context.Context, which func() ([]*Register, error)) (sum Deletion, err error) {
	list, done, err := f.still(ctx, which)
	defer done()
	if err != nil || len(list) == 0 {
		return sum, err
	}
	f.parking.Lock()
	defer f.parking.Unlock()
	f.subscriptions.mu.Lock()
	defer f.subscriptions.mu.Unlock()
	f.remove(list)
	for _, r := range list {
		r.seal()
	}
	g, p := newGathering(f), &part{}
	defer g.end()
	for _, r := range list {
		g.parts[r.Serial()] = p
	}
	var users leaving
	if err = g.gather(list, event.RegisterDeleted); err == nil {
		for _, r := range list {
			p.drop(kindRegister, []byte(r.Serial()))
			p.drop(kindWarnings, []byte(r.Serial()))
			if err == nil {
				err = g.findSnapshots(r.Serial(), p)
			}
		}
	}
	if err == nil {
		if users, err = f.leavingUsers(list); err == nil {
			p.change.Records = append(p.change.Records, users.records...)
			err = f.append(p.change)
		}
	}
	if errors.Is(err, storage.ErrUnknownOutcome) && f.isGone(list[0].Serial()) {
		err = nil
	}
	if err != nil {
		f.comeBack(list, p.queued)
		return sum, err
	}
	f.forgetUsers(&users)
	for _, r := range list {
		for _, gone := range slices.Concat(r.outgoing, []*Register{r}) {
			gone.publish(errGone(r.Serial()))
		}
		r.disarm()
		f.log.WithField("register", r.Serial()).Info("register is deleted")
		if f.onDeleted != nil {
			f.onDeleted(r.Serial(), r.Settings().Drives)
		}
	}
	return Deletion{Registers: len(list), Documents: p.documents, Receipts: len(p.receipts)}, nil
}

// isGone tells that the store has no record of a register.
func (f *Fleet) isGone(serial string) bool {
	_, err := f.store.Record(kindRegister, []byte(serial))
	return errors.Is(err, storage.ErrNotFound)
}

// remove makes registers unknown, so that no request chooses them any more.
func (f *Fleet) remove(list []*Register) {
	gone := make(map[*Register]bool, len(list))
	f.mu.Lock()
	defer f.mu.Unlock()
	users := map[string]bool{}
	for _, r := range list {
		p := r.profile.Load()
		gone[r], users[p.INN] = true, true
		delete(f.registers, p.Serial)
		delete(f.byID, r.id)
		delete(f.driveNumbers, p.DriveNumber)
		for i := range p.past {
			delete(f.driveNumbers, p.past[i].Settings.DriveNumber)
		}
	}
	for inn := range users {
		left := slices.DeleteFunc(slices.Clone(f.byINN[inn]), func(r *Register) bool { return gone[r] })
		if f.byINN[inn] = left; len(left) == 0 {
			delete(f.byINN, inn)
		}
	}
}

// comeBack undoes what was begun, when the deletion could not be stored.
func (f *Fleet) comeBack(list []*Register, queued [][16]byte) {
	f.mu.Lock()
	for _, r := range list {
		f.add(r)
	}
	f.mu.Unlock()
	for _, r := range list {
		r.unseal()
	}
	f.waitAgain(queued)
}

// waitAgain puts queued receipts back that were taken out, each until its time.
func (f *Fleet) waitAgain(queued [][16]byte) {
	f.delayed.order.Lock() // none is made before all are there
	defer f.delayed.order.Unlock()
	for _, key := range queued {
		due := f.clock.Now().UnixMilli()
		if value, err := f.store.Record(kindDelayed, key[:]); err == nil {
			q, err := parseQueued(value)
			if err != nil {
				continue // it was told of at the start
			}
			due = q.due
		}
		f.schedule(key, due)
	}
}

// seal refuses new jobs and returns when those that were queued are done, of the
// drives that were replaced too.
func (r *Register) seal() {
	for _, x := range append(r.setSealed(true), r) {
		x.drain()
	}
}

func (r *Register) unseal() { r.setSealed(false) }

// setSealed returns the drives that were replaced, which it goes for too.
func (r *Register) setSealed(sealed bool) []*Register {
	r.mu.Lock()
	r.sealed = sealed
	outgoing := slices.Clone(r.outgoing)
	r.mu.Unlock()
	for _, o := range outgoing {
		o.setSealed(sealed)
	}
	return outgoing
}

func (r *Register) isSealed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sealed
}

// errNothing is what an operation returns that only waits for its turn.
var errNothing = errors.New("kkt: nothing to do")

// drain returns when the jobs in the queue are done, whether the register is
// sealed or not. The caller is counted in.
func (r *Register) drain() {
	r.mu.Lock()
	if !r.running && len(r.queue) == 0 {
		r.mu.Unlock()
		return
	}
	r.fleet.enterAgain()
	j := &operation{do: func(*batch, *operation) error { return errNothing }, ready: make(chan error, 1)}
	r.push(j)
	r.mu.Unlock()
	<-j.ready
}
