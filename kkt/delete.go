package kkt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"kktd/event"
	"kktd/outbox"
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
// and its accounts stay, and so does what the OFD has. It is one durable step.
// Receipts under way either are made before it, and go, or find another register.
// Errors: ErrNotFound, ErrClosed.
func (f *Fleet) DeleteRegister(ctx context.Context, serial string) (Deletion, error) {
	return f.deleteRegisters(ctx, func() ([]*Register, error) {
		r, err := f.Register(serial)
		return []*Register{r}, err
	})
}

// DeleteRegisters deletes all registers, in one step.
func (f *Fleet) DeleteRegisters(ctx context.Context) (Deletion, error) {
	return f.deleteRegisters(ctx, func() ([]*Register, error) { return f.Registers(), nil })
}

func (f *Fleet) deleteRegisters(ctx context.Context, which func() ([]*Register, error)) (sum Deletion, err error) {
	f.creating.Lock()
	defer f.creating.Unlock()
	f.moving.Lock()
	defer f.moving.Unlock()
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	if !f.enter() {
		return sum, ErrClosed
	}
	defer f.leave(1)
	list, err := which()
	if err != nil || len(list) == 0 {
		return sum, err
	}
	f.parking.Lock()
	defer f.parking.Unlock()
	f.remove(list)
	for _, r := range list {
		r.seal()
	}
	g := gathering{f: f, registers: map[string]*Register{}, receipts: map[[16]byte]bool{}}
	if err = g.gather(list); err == nil {
		err = f.append(g.change)
	}
	if errors.Is(err, storage.ErrUnknownOutcome) && f.isGone(list[0].Serial()) {
		err = nil
	}
	if err != nil {
		f.comeBack(list, g.queued)
		return sum, err
	}
	for _, r := range list {
		r.publish(errGone(r.Serial()))
		r.disarm()
		f.log.WithField("register", r.Serial()).Info("register is deleted")
		if f.onDeleted != nil {
			f.onDeleted(r.Serial())
		}
	}
	return Deletion{Registers: len(list), Documents: g.documents, Receipts: len(g.receipts)}, nil
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
		delete(f.driveNumbers, p.DriveNumber)
		for i := range p.past {
			delete(f.driveNumbers, p.past[i].Settings.DriveNumber)
		}
		f.drives -= len(p.Drives)
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
	for _, key := range queued {
		f.delayed.wait(key, "")
		go f.dispatch(key)
	}
}

// seal refuses new jobs and returns when those that were queued are done, of the
// drives that were replaced too.
func (r *Register) seal() {
	r.mu.Lock()
	r.sealed = true
	outgoing := slices.Clone(r.outgoing)
	r.mu.Unlock()
	for _, o := range outgoing {
		o.seal()
	}
	r.drain()
}

func (r *Register) isSealed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sealed
}

func (r *Register) unseal() {
	r.mu.Lock()
	r.sealed = false
	outgoing := slices.Clone(r.outgoing)
	r.mu.Unlock()
	for _, o := range outgoing {
		o.unseal()
	}
}

// errNothing is what an operation returns that only waits for its turn.
var errNothing = errors.New("kkt: nothing to do")

// drain returns when the jobs in the queue are done, whether the register is
// sealed or not.
func (r *Register) drain() {
	r.mu.Lock()
	if !r.running && len(r.queue) == 0 || !r.fleet.enter() {
		r.mu.Unlock()
		return
	}
	j := &operation{do: func(*batch, *operation) error { return errNothing }, ready: make(chan error, 1)}
	r.push(j)
	r.mu.Unlock()
	<-j.ready
}

// gathering is what goes with registers.
type gathering struct {
	f         *Fleet
	registers map[string]*Register
	receipts  map[[16]byte]bool // keys
	queued    [][16]byte        // those that were taken out of the waiting ones
	documents uint32
	change    storage.Change
}

func (g *gathering) drop(kind storage.Kind, key []byte) {
	g.change.Records = append(g.change.Records, storage.Record{Kind: kind, Key: key})
}

// gather makes the change. The registers are sealed.
func (g *gathering) gather(list []*Register) error {
	f, since := g.f, list[0].since
	for _, r := range list {
		p := r.profile.Load()
		g.registers[p.Serial] = r
		since = min(since, r.since)
		for _, id := range p.Drives {
			last, err := f.store.LastDocument(id)
			if err != nil {
				return err
			}
			g.documents += last
			if err := g.keys(kindPrinted, driveKeyOf(id), nil, func(key, _ []byte) { g.drop(kindPrinted, key) }); err != nil {
				return err
			}
		}
		g.change.Forget = append(g.change.Forget, p.Drives...)
		g.drop(kindRegister, []byte(p.Serial))
		g.drop(kindWarnings, []byte(p.Serial))
		g.drop(kindClock, clockKey(p.Serial))
		g.tell(p)
	}
	for _, step := range []func() error{
		func() error { return g.findReceipts(since) },
		g.findAnswers,
		g.findEntries,
		g.putFloor,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// tell appends the events, one for each FN number.
func (g *gathering) tell(p *profile) {
	told := map[string]bool{}
	say := func(number string) {
		if !told[number] {
			told[number] = true
			e := event.Event{Kind: event.RegisterDeleted, Time: g.f.clock.Now().UnixMilli(), Register: p.Serial, Drive: number}
			g.change.Events = append(g.change.Events, e.Append(nil))
		}
	}
	for i := range p.past {
		say(p.past[i].Settings.DriveNumber)
	}
	say(p.DriveNumber)
}

func driveKeyOf(id storage.DriveID) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

// keys calls each for records of a kind, copied, in one read of the store.
func (g *gathering) keys(kind storage.Kind, prefix, after []byte, each func(key, value []byte)) error {
	return g.f.store.Records(kind, prefix, after, 0, func(key, value []byte) error {
		each(bytes.Clone(key), value)
		return nil
	})
}

// findReceipts finds the receipts that the registers made or failed to make, and
// those that wait at them. A waiting one may be in the hands of another register,
// which then has it: that is waited for.
func (g *gathering) findReceipts(since uint64) error {
	f := g.f
	after := receiptKey(1<<64-1, since)
	for {
		var busy bool
		clear(g.receipts)
		err := g.keys(kindReceipt, nil, after[:], func(key, value []byte) {
			status, serial := peekReceipt(value)
			if g.registers[serial] == nil || len(key) != 16 {
				return
			}
			at := [16]byte(key)
			g.receipts[at] = true
			if status != Queued || slices.Contains(g.queued, at) {
				return
			}
			if f.delayed.take(at) {
				g.queued = append(g.queued, at)
			} else {
				busy = true
			}
		})
		if err != nil {
			return err
		}
		if !busy {
			break
		}
		for _, other := range f.Registers() {
			other.drain()
		}
	}
	for key := range g.receipts {
		for _, kind := range [...]storage.Kind{kindReceipt, kindDelayed, kindMessage} {
			g.drop(kind, key[:])
		}
		g.drop(kindMeta, append([]byte(replayPrefix), key[:]...))
	}
	return nil
}

// peekReceipt reads status and register of a stored receipt, nothing else.
func peekReceipt(value []byte) (Status, string) {
	if len(value) == 0 {
		return "", ""
	}
	r := recordReader{b: value[1:]}
	return Status(r.string()), r.string()
}

// take takes a receipt out of those that wait; false when it is in the hands of a
// register.
func (d *delayed) take(key [16]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	timer, due := d.timers[key]
	if due {
		timer.Stop()
		delete(d.timers, key)
	}
	_, waiting := d.waiting[key]
	delete(d.waiting, key)
	return due || waiting || d.stopped
}

// findAnswers finds the stored answers of the receipts.
func (g *gathering) findAnswers() error {
	if len(g.receipts) == 0 {
		return nil
	}
	return g.keys(kindAnswer, nil, nil, func(key, value []byte) {
		if _, id, _, err := parseAnswer(value); err == nil {
			if receipt, err := g.f.ids.parse(id); err == nil && g.receipts[receipt] {
				g.drop(kindAnswer, key)
			}
		}
	})
}

// findEntries finds what the outbox has of the registers.
func (g *gathering) findEntries() (err error) {
	box := g.f.outbox
	if box == nil {
		return nil
	}
	g.change.Records, err = box.Forget(g.change.Records, func(e *outbox.Entry) bool { return g.registers[e.Register] != nil })
	return err
}

var floorKey = []byte("floor")

// putFloor keeps the numbers that ids of registers and receipts go on from when
// the records that showed them are gone: an id is never given twice.
func (g *gathering) putFloor() error {
	f := g.f
	f.mu.RLock()
	value := binary.BigEndian.AppendUint64(nil, f.lastID)
	f.mu.RUnlock()
	value = binary.BigEndian.AppendUint64(value, f.sequence.Load())
	g.change.Records = append(g.change.Records, storage.Record{Kind: kindMeta, Key: floorKey, Value: value})
	return nil
}

func (f *Fleet) loadFloor() error {
	value, err := f.store.Record(kindMeta, floorKey)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	floor, err := parseFloor(value)
	if err == nil {
		f.lastID = floor[0]
		f.sequence.Store(max(f.sequence.Load(), floor[1]))
	}
	return err
}

// parseFloor reads the last ids of a register and of a receipt.
func parseFloor(value []byte) (last [2]uint64, err error) {
	if len(value) != 16 {
		return last, fmt.Errorf("%w: floor of %d bytes", ErrRecord, len(value))
	}
	return [2]uint64{binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:])}, nil
}

// beforeReceipts is a sequence number before those of all receipts that a new
// register can make: the next ones and those that wait.
func (f *Fleet) beforeReceipts() (uint64, error) {
	since := f.sequence.Load()
	err := f.store.Records(kindDelayed, nil, nil, 1, func(key, _ []byte) error {
		if len(key) == 16 && sequenceOf(key) <= since {
			since = sequenceOf(key) - 1
		}
		return nil
	})
	return since, err
}
