package kkt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kktd/clock"
	"kktd/event"
	"kktd/fn"
	"kktd/storage"
)

// Restored tells what a register was put back to.
type Restored struct {
	Snapshot
	Gone int // receipts that were made since, or wait
}

// picture gives the image of a snapshot.
func (s *snapshotRecord) picture(store storage.Store) (*picture, error) {
	p := &picture{imageHead: s.Head, drives: s.Drives, receipts: s.Receipts}
	for _, id := range s.Drives {
		form, _, err := store.State(id)
		var state fn.State
		if err == nil {
			state, err = fn.ParseState(form)
		}
		if err != nil {
			return nil, fmt.Errorf("snapshot %s of register %s: drive with id %d: %w; kktd fsck tells more", s.Name, s.Head.Settings.Serial, id, err)
		}
		p.states = append(p.states, state)
	}
	p.eachRecord = func(each func(*imageReceipt) error) error { return eachSnapshotReceipt(store, s.Drives[0], each) }
	return p, nil
}

// eachSnapshotReceipt reads the receipts of a snapshot in the order in which they came.
func eachSnapshotReceipt(store storage.Store, first storage.DriveID, each func(*imageReceipt) error) error {
	prefix := snapshotReceipts(first)
	for after := []byte(nil); ; {
		var page []*imageReceipt
		err := store.Records(kindSnapshot, prefix, after, fsckPage, func(key, value []byte) error {
			x, err := parseImageReceipt(value)
			if err == nil && len(key) != len(prefix)+16 {
				err = fmt.Errorf("%w: receipt of a snapshot: key of %d bytes", ErrRecord, len(key))
			}
			if err != nil {
				return err
			}
			x.key = [16]byte(key[len(prefix):])
			page, after = append(page, x), append(after[:0:0], key...)
			return nil
		})
		for _, x := range page {
			if err == nil {
				err = each(x)
			}
		}
		if err != nil || len(page) < fsckPage {
			return err
		}
	}
}

// Restore puts the register back to a snapshot: settings, own clock, drives with
// documents and tickets, and receipts, under the ids they had. What was made since is
// gone, with its receipts, what the outbox has of them and the answers of their
// requests; receipts that wait at the register are gone too. The daemon's clock does
// not go back. The drives get new internal ids. The copy is made while the register
// goes on; then it is put back in one durable step.
//
// That step holds the receipts of the snapshot in memory, and no document beyond a
// part of a drive. Errors: ErrNotFound, ErrOutOfService, ErrClosed, an *InvalidError
// when another register has a drive of the snapshot by now.
func (r *Register) Restore(ctx context.Context, name string) (Restored, error) {
	r.imaging.Lock()
	defer r.imaging.Unlock()
	f := r.fleet
	if _, err := r.State(); err != nil {
		return Restored{}, err
	}
	s, err := f.snapshot(r.Serial(), name)
	if err != nil {
		return Restored{}, err
	}
	p, err := s.picture(f.store)
	if err != nil {
		return Restored{}, err
	}
	x := &restorer{r: r, snapshot: s, draft: draft{f: f}, kept: map[[16]byte]bool{}, messages: map[[16]byte]*Message{}, swap: swap{gone: &part{}}}
	x.draft.take = x.take
	if err = p.walk(&contextStore{f.store, ctx}, x); err == nil && x.receipts != s.Receipts {
		err = fmt.Errorf("%w: snapshot %s of register %s has %d receipts in place of %d: kktd fsck tells more", ErrRecord, name, r.Serial(), x.receipts, s.Receipts)
	}
	if err == nil {
		err = x.finish(ctx)
	}
	if err != nil {
		x.abandon()
		return Restored{}, err
	}
	f.log.WithField("register", r.Serial()).WithField("snapshot", name).WithField("receipts_gone", len(x.gone.receipts)).Info("register is put back to a snapshot")
	return Restored{Snapshot: s.view(), Gone: len(x.gone.receipts)}, nil
}

// restorer is the sink that puts a register in the place of what it is.
type restorer struct {
	draft
	swap
	r        *Register
	snapshot *snapshotRecord
	kept     map[[16]byte]bool
	messages map[[16]byte]*Message // of the snapshot, that are there
	records  []storage.Record      // of the receipts of the snapshot
	clock    *clock.Business       // to be its own; nil: the daemon's
}

// take keeps a receipt of the snapshot for the last step.
func (x *restorer) take(r *imageReceipt) (err error) {
	if r.record.Drive = idIn(x.rec.Drives)(r.record.Drive); r.record.Drive == 0 {
		return fmt.Errorf("%w: snapshot: a receipt names a drive that is not there; kktd fsck tells more", ErrRecord)
	}
	x.kept[r.key] = true
	if r.message != nil { // one that is there leads to its entry in the outbox, which stays too
		if _, err = x.f.Message(x.f.idOf(r.key)); err == nil {
			x.messages[r.key], r.message = r.message, nil
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	x.records, err = appendReceipt(x.records, r.key, r)
	return err
}

// finish is the last step: nothing is made, deleted, moved or parked meanwhile.
func (x *restorer) finish(ctx context.Context) error {
	f, r := x.f, x.r
	list, done, err := f.still(ctx, f.one(r.Serial()))
	defer done()
	if err != nil {
		return err
	}
	if list[0] != r {
		return errGone(r.Serial())
	}
	if err := x.prepare(); err != nil {
		return err
	}
	if err := x.putMessages(); err != nil {
		return err
	}
	x.forewarn()
	f.parking.Lock()
	x.commit()
	f.parking.Unlock()
	if x.settle(); x.err == nil {
		f.announce(r)
	}
	return x.err
}

// putMessages puts those back that were there when they were looked for, and went with
// a reset of the register since.
func (x *restorer) putMessages() error {
	for key, m := range x.messages {
		_, err := x.f.Message(x.f.idOf(key))
		switch {
		case errors.Is(err, ErrNotFound):
			x.records = append(x.records, storage.Record{Kind: kindMessage, Key: slices.Clone(key[:]), Value: m.append(nil)})
		case err != nil:
			return err
		}
	}
	return nil
}

// prepare makes the settings of the snapshot ready.
func (x *restorer) prepare() (err error) {
	f, r := x.f, x.r
	h := x.imageHead.renumber(idIn(x.rec.Drives))
	if x.profile, err = newProfile(&f.zones, r.id, h.Settings); err != nil {
		return err
	}
	x.profile.past, x.profile.since = h.Past, x.snapshot.Since
	for _, number := range x.profile.driveNumbers() {
		f.mu.RLock()
		other, known := f.driveNumbers[number]
		f.mu.RUnlock()
		if known && other != r.Serial() {
			return invalid("drive_number", number, "the drive of the snapshot is in register "+other+" by now: delete that register first",
				"ФН из снимка уже стоит в кассе "+other)
		}
	}
	if h.Clock != nil {
		x.clock, err = clock.NewBusiness(f.clock, *h.Clock)
	}
	return err
}

// commit halts the register, finds what goes and lets it make its step.
func (x *restorer) commit() {
	r := x.r
	x.halt = r.halt()
	if x.arrive() != nil {
		return
	}
	x.before = r.profile.Load()
	x.sealLeft()
	g := newGathering(x.f)
	defer g.end()
	g.parts[r.Serial()], g.halted, g.kept = x.gone, []*Register{r}, x.kept
	err := g.gather([]*Register{r}, "")
	x.goOn <- func(b *batch, _ *operation) error {
		if err != nil {
			return err
		}
		return x.step(b)
	}
	x.wait()
}

// step is what the register does.
func (x *restorer) step(b *batch) error {
	f, c := x.f, x.last()
	records, err := putBases(slices.Concat(b.change.Records, x.gone.change.Records, x.records), x.rec.Drives, x.states)
	if err != nil {
		return err
	}
	b.change.Records = append(records, c.Records...)
	b.change.Events = append(b.change.Events, f.cutEvents(event.RegisterRestored, x.before.Serial, x.snapshot.Name, x.before.driveNumbers(), x.states)...)
	b.change.Drive, b.change.Expect, b.change.Forget = c.Drive, c.Expect, x.gone.change.Forget
	b.change.Documents, b.change.Tickets = c.Documents, c.Tickets
	b.profile, b.machine = x.profile, fn.NewMachine(f.master, x.profile.drive)
	b.state = x.states[len(x.states)-1]
	if x.clock != nil {
		if err := b.putJSON(kindClock, string(clockKey(x.profile.Serial)), x.imageHead.Clock); err != nil {
			return err
		}
	}
	x.setClock(x.clock)
	b.wall = b.r.wall(x.profile) // the warnings are told by it
	return b.putJSON(kindRegister, x.profile.Serial, registerRecord{ID: x.profile.id, Settings: x.profile.Settings, Past: x.profile.past, Since: x.profile.since})
}

// settle makes known what the step has changed, or undoes what was begun.
func (x *restorer) settle() {
	if x.err != nil {
		x.undo()
		return
	}
	x.end()
	if f := x.f; f.onClock != nil && (x.own != nil || x.clock != nil) {
		f.onClock(x.r)
	}
}

// RestoreAll puts all registers back that have a snapshot with the name, each in a step
// of its own; left are the others, which stay as they are. When it fails, those that
// are told of are put back. Errors: those of Register.Restore, ErrNotFound when none
// has one.
func (f *Fleet) RestoreAll(ctx context.Context, name string) (list []Restored, left []string, err error) {
	for _, r := range f.Registers() {
		x, err := r.Restore(ctx, name)
		switch {
		case errors.Is(err, ErrNotFound):
			left = append(left, r.Serial())
		case err != nil:
			return list, left, fmt.Errorf("register %s: %w", r.Serial(), err)
		default:
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		return nil, left, errNoSnapshot(name)
	}
	return list, left, nil
}
