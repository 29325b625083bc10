package kkt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// delayed holds the timers of receipts that are queued until their time comes.
// What they are made of is in the store, so that a restart goes on with them.
type delayed struct {
	mu      sync.Mutex
	timers  map[[16]byte]clockwork.Timer // by the key of the receipt record
	stopped bool
}

func (d *delayed) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	for _, t := range d.timers {
		t.Stop()
	}
	clear(d.timers)
}

// schedule makes a queued receipt at its time by the business clock.
func (f *Fleet) schedule(r *Register, key [16]byte, due int64) {
	d := &f.delayed
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return // it is in the store: the next start goes on with it
	}
	wait := time.Duration(due-f.clock.Now().UnixMilli()) * time.Millisecond
	d.timers[key] = f.clock.AfterFunc(max(wait, 0), func() {
		d.mu.Lock()
		delete(d.timers, key)
		d.mu.Unlock()
		r.submit(&delayedJob{key: key, r: r})
	})
}

// resumeDelayed schedules the receipts that were queued when the last run ended.
func (f *Fleet) resumeDelayed() error {
	type queued struct {
		key [16]byte
		due int64
	}
	var list []queued
	err := f.store.Records(kindDelayed, nil, nil, 0, func(key, value []byte) error {
		due, _, _, err := parseDelayed(value)
		if err == nil && len(key) != 16 {
			err = fmt.Errorf("%w: delayed receipt: key of %d bytes", ErrRecord, len(key))
		}
		if err == nil {
			list = append(list, queued{[16]byte(key), due})
		}
		return err
	})
	if err != nil {
		return err
	}
	byID := map[uint64]*Register{}
	for _, r := range f.registers {
		byID[r.id] = r
	}
	for _, q := range list {
		id := binary.BigEndian.Uint64(q.key[8:])
		if r := byID[id]; r != nil {
			f.schedule(r, q.key, q.due)
		} else {
			f.log.WithField("receipt", f.ids.make(id, sequenceOf(q.key[:]))).Error("a queued receipt belongs to no register")
		}
	}
	return nil
}

// appendDelayed appends the stored form of the parts of a queued receipt.
func appendDelayed(b []byte, due int64, v ffd.Version, parts []fn.Receipt) []byte {
	b = binary.AppendVarint(append(b, recordVersion, byte(v)), due)
	b = binary.AppendUvarint(b, uint64(len(parts)))
	for i := range parts {
		p := &parts[i]
		b = binary.AppendUvarint(b, uint64(p.Form))
		b = append(b, byte(p.Operation))
		b = binary.AppendUvarint(b, p.Total)
		b = append(binary.AppendUvarint(b, uint64(len(p.Data))), p.Data...)
	}
	return b
}

func parseDelayed(b []byte) (due int64, v ffd.Version, parts []fn.Receipt, err error) {
	if len(b) < 2 || b[0] != recordVersion {
		return 0, 0, nil, fmt.Errorf("%w: delayed receipt: not version %d", ErrRecord, recordVersion)
	}
	r := recordReader{b: b[2:]}
	due = r.int()
	n := r.uint()
	for i := uint64(0); i < n && !r.failed; i++ {
		parts = append(parts, fn.Receipt{Form: ffd.Form(r.uint()), Operation: ffd.Operation(r.byte()), Total: r.uint(), Data: []byte(r.string())})
	}
	if r.failed || len(r.b) != 0 {
		return 0, 0, nil, fmt.Errorf("%w: delayed receipt: it ends too early or too late", ErrRecord)
	}
	return due, ffd.Version(b[1]), parts, nil
}

// delayedJob makes a receipt that was queued.
type delayedJob struct {
	key [16]byte
	r   *Register
	err error
}

func (j *delayedJob) apply(b *batch) {
	if j.err = j.make(b); errors.Is(j.err, storage.ErrNotFound) {
		j.err = nil // made already
	}
}

func (j *delayedJob) make(b *batch) error {
	store := b.r.fleet.store
	id := b.r.fleet.ids.make(b.r.id, sequenceOf(j.key[:]))
	form, err := store.Record(kindDelayed, j.key[:])
	if err != nil {
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
	_, version, parts, err := parseDelayed(form)
	switch {
	case err != nil:
		return err
	case version != b.profile.FFD:
		rec.Status = Failed
		rec.Error = fmt.Sprintf("касса переведена на ФФД %v, а чек ждал очереди в ФФД %v", b.profile.FFD, version)
	default:
		if b.profile.AutoShift {
			for i := range parts {
				parts[i].Shift = &b.profile.shift
			}
		}
		rec.Drive = b.profile.Drive()
		if err := b.makeParts(parts, rec, j.key, id, nil); err != nil {
			rec.Status, rec.Error = Failed, err.Error() // it will not get better by waiting
		}
	}
	start := len(b.buf)
	b.buf = rec.append(b.buf)
	b.put(kindReceipt, j.key[:], b.slice(start))
	b.put(kindDelayed, j.key[:], nil)
	b.dirty = true
	return nil
}

// fail marks nothing: the record stays queued, and done tries again.
func (j *delayedJob) fail(err error) { j.err = err }

// done tries again later when the commit failed: the receipt was promised.
func (j *delayedJob) done(err error) {
	if err == nil {
		err = j.err
	}
	if err == nil || errors.Is(err, ErrClosed) {
		return // made, or left for the next start
	}
	f := j.r.fleet
	f.log.WithField("register", j.r.Serial()).WithError(err).Error("a queued receipt could not be made yet")
	if !errors.Is(err, ErrOutOfService) && !errors.Is(err, ErrRecord) {
		f.schedule(j.r, j.key, f.clock.Now().Add(retryDelayed).UnixMilli())
	}
}

// retryDelayed is the wait after a failed commit of a queued receipt.
const retryDelayed = 5 * time.Second
