package kkt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"kktd/clock"
	"kktd/event"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/outbox"
	"kktd/storage"
)

// delayed holds the receipts that are queued: those whose time has not come, and
// those that wait for a register. What they are made of is in the store, so that
// a restart goes on with them. Each is in one of the maps, or in the hands of a
// register; so none is made twice.
type delayed struct {
	order sync.Mutex // one dispatch of many at a time, so that they stay in order

	mu      sync.Mutex
	timers  map[[16]byte]dueTimer // by the key of the receipt record
	waiting map[[16]byte]string   // with the INN; "" when it is not known yet
	held    map[[16]byte]bool     // in the hands of a register, or of who ends them
	stopped bool
}

// dueTimer follows the business clock; that of a retry the real one too, so that a
// clock which stands does not keep it waiting.
type dueTimer struct {
	business, real clockwork.Timer // real: nil but for a retry
	due            int64           // business time, Unix milliseconds
}

func (t dueTimer) stop() {
	t.business.Stop()
	if t.real != nil {
		t.real.Stop()
	}
}

func (d *delayed) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	for _, t := range d.timers {
		t.stop()
	}
	clear(d.timers)
	clear(d.waiting)
}

// wait puts a receipt among those that wait for a register.
func (d *delayed) wait(key [16]byte, inn string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, key)
	if !d.stopped { // else it is in the store, and the next start goes on with it
		d.waiting[key] = inn
	}
}

// release forgets a receipt that was claimed: it is made, or left for the next start.
func (d *delayed) release(key [16]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, key)
}

// learn notes the INN of a receipt that waits. One that somebody has claimed
// meanwhile does not wait again: two registers would make it.
func (d *delayed) learn(key [16]byte, inn string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.waiting[key]; ok {
		d.waiting[key] = inn
	}
}

// claim takes a receipt out of those that wait, until wait, schedule or release; false
// when somebody else did.
func (d *delayed) claim(key [16]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.waiting[key]
	if ok {
		delete(d.waiting, key)
		d.held[key] = true
	}
	return ok
}

// schedule makes a queued receipt at its time by the business clock.
func (f *Fleet) schedule(key [16]byte, due int64) { f.plan(key, due, false) }

// retry makes a queued receipt when either clock has gone on by retryDelayed.
func (f *Fleet) retry(key [16]byte) {
	f.plan(key, f.clock.Now().Add(retryDelayed).UnixMilli(), true)
}

func (f *Fleet) plan(key [16]byte, due int64, retry bool) {
	d := &f.delayed
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, key)
	if d.stopped {
		return // it is in the store: the next start goes on with it
	}
	wait := time.Duration(due-f.clock.Now().UnixMilli()) * time.Millisecond
	t := dueTimer{business: f.clock.AfterFunc(max(wait, 0), func() { f.dispatchDue(key) }), due: due}
	if retry {
		t.real = clock.Real().AfterFunc(retryDelayed, func() { f.dispatchDue(key) })
	}
	d.timers[key] = t
}

// dispatchDue makes the receipts whose time has come, the fired one among them:
// a jump of the clock fires many timers at once, in no order of their own.
func (f *Fleet) dispatchDue(fired [16]byte) {
	d := &f.delayed
	d.order.Lock()
	defer d.order.Unlock()
	now := f.clock.Now().UnixMilli()
	type dueKey struct {
		key [16]byte
		due int64
	}
	var list []dueKey
	d.mu.Lock()
	if _, ok := d.timers[fired]; !ok { // an earlier one has taken it along
		d.mu.Unlock()
		return
	}
	for key, t := range d.timers {
		if t.due <= now || key == fired {
			list = append(list, dueKey{key, t.due})
		}
	}
	for _, x := range list {
		d.timers[x.key].stop()
		delete(d.timers, x.key)
		d.waiting[x.key] = ""
	}
	d.mu.Unlock()
	slices.SortFunc(list, func(a, b dueKey) int {
		return cmp.Or(cmp.Compare(a.due, b.due), bytes.Compare(a.key[:], b.key[:]))
	})
	for _, x := range list {
		f.dispatch(x.key)
	}
}

// resumeDelayed schedules the receipts that were queued when the last run ended.
func (f *Fleet) resumeDelayed() error {
	due := map[[16]byte]int64{}
	err := f.store.Records(kindDelayed, nil, nil, 0, func(key, value []byte) error {
		q, err := parseQueued(value)
		if err == nil && len(key) != 16 {
			err = fmt.Errorf("%w: queued receipt: key of %d bytes", ErrRecord, len(key))
		}
		if err != nil { // it stays for fsck to tell of; the others are made
			f.log.WithField("key", fmt.Sprintf("%X", key)).WithError(err).Error("a queued receipt cannot be read and is not made")
			return nil
		}
		due[[16]byte(key)] = q.due
		return nil
	})
	f.delayed.order.Lock() // none is made before all are known
	defer f.delayed.order.Unlock()
	for key, at := range due {
		f.schedule(key, at)
	}
	return err
}

// retryWaiting looks again for registers for the receipts of an organisation that
// wait, oldest first, "" for those of all: a register has come into service or has changed.
func (f *Fleet) retryWaiting(inn string) {
	d := &f.delayed
	d.order.Lock()
	defer d.order.Unlock()
	d.mu.Lock()
	var keys [][16]byte
	for key, of := range d.waiting {
		if inn == "" || of == inn || of == "" {
			keys = append(keys, key)
		}
	}
	d.mu.Unlock()
	slices.SortFunc(keys, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range keys {
		f.dispatch(key)
	}
}

// dispatch hands a waiting receipt to a register, or leaves it waiting. A receipt
// that no register fits any more fails.
func (f *Fleet) dispatch(key [16]byte) {
	if !f.enter() {
		return // it is in the store: the next start goes on with it
	}
	defer f.leave(1)
	j, err := f.assign(key)
	switch {
	case errors.Is(err, storage.ErrNotFound): // made already
		if f.delayed.claim(key) {
			f.delayed.release(key)
		}
	case err != nil:
		if choice, field := (*ChoiceError)(nil), (*ffd.FieldError)(nil); errors.As(err, &choice) || errors.As(err, &field) {
			if f.delayed.claim(key) {
				f.failQueued(key, err)
			}
			return
		}
		f.log.WithField("receipt", f.idOf(key)).WithError(err).Error("a queued receipt waits: no register can make it")
	case j != nil && f.delayed.claim(key):
		j.r.submit(j)
	}
}

// assign chooses the register for a waiting receipt and prepares its documents;
// no job and no error when it must wait on.
func (f *Fleet) assign(key [16]byte) (*delayedJob, error) {
	value, err := f.store.Record(kindDelayed, key[:])
	if err != nil {
		return nil, err
	}
	q, err := parseQueued(value)
	if err != nil {
		return nil, err
	}
	j := &delayedJob{key: key, version: q.version, parts: q.parts}
	if q.parts != nil {
		if j.r = f.registerOf(binary.BigEndian.Uint64(key[8:])); j.r == nil {
			return nil, fmt.Errorf("%w: the register of a queued receipt", ErrNotFound)
		}
		j.profile = j.r.profile.Load()
		if j.profile.Maintenance {
			f.delayed.learn(key, j.profile.INN)
			return nil, nil
		}
		return j, nil
	}
	f.delayed.learn(key, q.receipt.INN)
	if j.r, err = f.choose(&q.receipt); err != nil || j.r == nil {
		return nil, err
	}
	j.profile = j.r.profile.Load()
	j.version = j.profile.FFD
	j.parts, _, err = j.profile.prepareAll(&q.receipt, nil, nil)
	return j, err
}

// settingsOf are those of a register that may be gone, and its zone.
func (f *Fleet) settingsOf(serial string) (*Settings, *time.Location) {
	if r, err := f.Register(serial); err == nil {
		s := r.Settings()
		return &s, r.Zone()
	}
	return &Settings{Serial: serial}, time.UTC
}

// registerOf is the register with an internal id, nil when it is not there.
func (f *Fleet) registerOf(id uint64) *Register {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.byID[id]
}

// idOf is the id of the receipt whose record has the key.
func (f *Fleet) idOf(key [16]byte) string {
	return f.ids.make(binary.BigEndian.Uint64(key[8:]), sequenceOf(key[:]))
}

// failQueued ends a queued receipt that cannot be made: no register fits it any
// more, or its data do not go into the format of the one that does.
func (f *Fleet) failQueued(key [16]byte, cause error) {
	id := f.idOf(key)
	log := f.log.WithField("receipt", id).WithError(cause)
	rec, err := f.Receipt(id)
	if err == nil {
		rec.fail(cause)
		e := event.Event{Kind: event.ReceiptFailed, Time: f.clock.Now().UnixMilli(), Register: rec.Register, Receipt: id, Text: rec.Error}
		c := storage.Change{Records: []storage.Record{{Kind: kindReceipt, Key: key[:], Value: rec.append(nil)},
			{Kind: kindDelayed, Key: key[:]}}, Events: [][]byte{e.Append(nil)}}
		n := ReceiptNotice{Fleet: f, Record: *rec, Time: e.Time}
		n.Register, n.Zone = f.settingsOf(rec.Register)
		var refs []outbox.Ref
		for _, notifier := range f.notifiers {
			c.Records, refs = f.putEntries(c.Records, refs, notifier.OfReceipt(&n), e.Time)
		}
		if err = f.append(c); err == nil && f.outbox != nil {
			f.outbox.Committed(refs)
		}
	}
	if err != nil {
		log.WithField("store", err.Error()).Error("a queued receipt cannot be made, and that could not be stored")
		f.retry(key)
		return
	}
	f.delayed.release(key)
	log.Warn("a queued receipt cannot be made")
}

// delayedJob makes a receipt that was queued.
type delayedJob struct {
	key     [16]byte
	r       *Register
	profile *profile // that the parts were prepared with
	version ffd.Version
	parts   []fn.Receipt
	request Request // its API and InvoiceID, once it was tried
	err     error
}

func (j *delayedJob) apply(b *batch) {
	if j.profile != b.profile {
		j.err = errStale
		return
	}
	if j.err = j.make(b); errors.Is(j.err, storage.ErrNotFound) {
		j.err = nil // made already
	}
}

func (j *delayedJob) make(b *batch) error {
	store := b.r.fleet.store
	id := b.r.fleet.idOf(j.key)
	if _, err := store.Record(kindDelayed, j.key[:]); err != nil {
		return err
	}
	value, err := store.Record(kindReceipt, j.key[:])
	if err != nil {
		return err
	}
	rec, err := parseReceiptRecord(id, value)
	if err != nil {
		return err
	}
	j.request.API, j.request.InvoiceID = rec.API, rec.InvoiceID
	documents := len(b.out.Documents)
	if j.version != b.profile.FFD {
		b.failQueued(rec, id, &formatError{made: j.version, now: b.profile.FFD})
	} else {
		if b.profile.AutoShift {
			for i := range j.parts {
				j.parts[i].Shift = &b.profile.shift
			}
		}
		rec.Register, rec.Drive = b.profile.Serial, b.profile.Drive()
		if err := b.reachBack(sequenceOf(j.key[:])); err != nil {
			return err
		}
		if err := b.makeParts(j.parts, rec, j.key, id, nil, nil); interrupted(err) {
			return err
		} else if err != nil {
			if refusal := (*fn.Refusal)(nil); errors.As(err, &refusal) && refusal.Full {
				err = &ChoiceError{INN: b.profile.INN, Lack: LackMemory}
			}
			b.failQueued(rec, id, err) // it will not get better by waiting
		}
	}
	b.tellReceipt(rec, id, documents)
	start := len(b.buf)
	b.buf = rec.append(b.buf)
	b.put(kindReceipt, j.key[:], b.slice(start))
	b.put(kindDelayed, j.key[:], nil)
	b.dirty = true
	return nil
}

// failQueued ends a queued receipt that the drive was not even asked for.
func (b *batch) failQueued(rec *ReceiptRecord, id string, cause error) {
	rec.fail(cause)
	b.tell(event.Event{Kind: event.ReceiptFailed, Receipt: id, Text: rec.Error})
}

// formatError is returned when the documents of a queued receipt were made for
// another format than the register has by now.
type formatError struct{ made, now ffd.Version }

func (e *formatError) Error() string {
	return fmt.Sprintf("kkt: the register has changed to FFD %v, and the receipt was queued in FFD %v", e.now, e.made)
}

// Russian is the error in Russian words.
func (e *formatError) Russian() string {
	return fmt.Sprintf("касса переведена на ФФД %v, а чек ждал очереди в ФФД %v", e.now, e.made)
}

// fail marks nothing: the record stays queued, and done tries again.
func (j *delayedJob) fail(err error) { j.err = err }

// done tries again when the register has changed meanwhile, and later when the
// commit failed: the receipt was promised.
func (j *delayedJob) done(err error) {
	if err == nil {
		err = j.err
	}
	f := j.r.fleet
	switch {
	case err == nil || errors.Is(err, ErrClosed): // made, or left for the next start
		f.delayed.release(j.key)
	case errors.Is(err, fault.ErrNoPaper):
		j.noPaper()
	case errors.Is(err, errStale):
		f.delayed.wait(j.key, j.profile.INN)
		go f.dispatch(j.key) // not here: the register's goroutine holds its batch
	default:
		f.log.WithField("register", j.r.Serial()).WithError(err).Error("a queued receipt could not be made yet")
		if errors.Is(err, ErrRecord) {
			f.delayed.release(j.key)
			return
		}
		f.retry(j.key)
	}
}

// retryDelayed is the wait after a failed commit of a queued receipt.
const retryDelayed = 5 * time.Second
