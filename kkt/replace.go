package kkt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kktd/event"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// ReplaceDrive closes the drive with document 6, unless it is closed already, and
// puts a new one in, which begins with document 11 with reason 0 of tag 1205, the
// given reasons and those of the differences. change may set number, model and
// capacity of the new drive; a number that it leaves is made. What the old drive
// has not sent still goes to the OFD.
//
// The closing and the new drive are two commits, as they are two documents of two
// drives: when the second fails, the first is made and the next call goes on from
// there.
func (r *Register) ReplaceDrive(ctx context.Context, change func(*Settings) error, reasons uint32) ([]Made, error) {
	f := r.fleet
	f.creating.Lock()
	defer f.creating.Unlock()
	if _, err := r.State(); err != nil {
		return nil, err
	}
	old := r.Settings()
	defer f.retryWaiting(old.INN)
	next, err := old.with(change)
	if err != nil {
		return nil, err
	}
	if next.DriveNumber == old.DriveNumber {
		next.DriveNumber = f.freeDrive()
	} else if err := f.checkDrive(next.DriveNumber); err != nil {
		return nil, err
	}
	next.Drives = append(next.Drives, f.store.ReserveDrive())
	p, err := r.prepareChange(&old, next)
	if err != nil {
		return nil, err
	}
	c := p.register
	c.Reasons = reasonDrive | reasons | changeReasons(&old, &p.Settings)
	fresh := fn.Blank(p.drive, p.DriveModel, ffd.V120, p.DriveCapacity)
	machine := fn.NewMachine(f.master, p.drive)
	var left *Register
	made, err := r.operate(ctx, func(b *batch, j *operation) error {
		if b.state.Phase < fn.PhaseFiscal {
			return invalid("drive_number", p.DriveNumber, "the drive in the register is blank: register it with fiscalize", "в кассе чистый ФН, зарегистрируйте его: fiscalize")
		}
		// What the new drive refuses must not cost the old one.
		trial := fresh
		if err := machine.Apply(&trial, &c, b.wall, &fn.Output{}); err != nil {
			return err
		}
		if b.state.Phase == fn.PhaseFiscal {
			if err := b.closeDrive(Person{}); err != nil {
				return err
			}
			if err := j.commit(b); err != nil {
				return err
			}
		}
		if b.state.FirstUnsent != 0 {
			left = b.r.leave(b.profile, b.state, b.r.version)
			b.r.keep(left) // before a ticket that is under way comes to the new drive
		}
		past := b.replaced(b.state.LastNumber)
		b.state, b.machine = fresh, machine
		b.change.Drive, b.change.Expect = p.Drive(), 0
		if err := b.command(&c); err != nil {
			return err
		}
		return b.enter(p, past)
	})
	if err != nil {
		r.drop(left)
		return made, err
	}
	f.noteDrive(p)
	f.log.WithField("register", p.Serial).WithField("drive", p.DriveNumber).WithField("old", old.DriveNumber).Info("the drive is replaced")
	if left != nil && f.onDocuments != nil {
		f.onDocuments(left)
	}
	return made, nil
}

// ResetDrive wipes the debug drive: it is blank again, under a new id, so that its
// old documents stay readable under the old one. What it had not sent is gone, as
// with a real drive; lost tells how many documents that are.
func (r *Register) ResetDrive(ctx context.Context) (lost uint32, err error) {
	f := r.fleet
	f.creating.Lock()
	defer f.creating.Unlock()
	if _, err := r.State(); err != nil {
		return 0, err
	}
	next, _ := r.Settings().with(nil)
	next.Drives = append(next.Drives, f.store.ReserveDrive())
	p, err := newProfile(&r.fleet.zones, r.id, next)
	if err != nil {
		return 0, err
	}
	_, err = r.operate(ctx, func(b *batch, _ *operation) error {
		if b.state.Phase < fn.PhaseFiscal {
			return invalid("drive_number", b.profile.DriveNumber, "the drive is blank already", "ФН уже чистый")
		}
		past := b.replaced(b.state.LastNumber)
		past.Wiped, lost = true, b.state.Unsent()
		if err := b.command(&fn.Reset{}); err != nil {
			return err
		}
		b.change.Drive, b.change.Expect = p.Drive(), 0
		b.occur(event.DriveInserted)
		return b.enter(p, past)
	})
	if err == nil {
		f.noteDrive(p)
		f.log.WithField("register", p.Serial).WithField("drive", p.DriveNumber).WithField("unsent", lost).Info("the drive is wiped")
	}
	return lost, err
}

// leave makes the register that delivers what a drive has not sent when it is
// taken out.
func (r *Register) leave(p *profile, state fn.State, version uint64) *Register {
	o := &Register{fleet: r.fleet, id: r.id, left: true, version: version}
	o.view.state = state
	o.profile.Store(p)
	return o
}

// keep puts a drive among those that have something to send.
func (r *Register) keep(o *Register) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outgoing = append(r.outgoing, o)
}

// drop takes it out again, when it stays in the register after all.
func (r *Register) drop(o *Register) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outgoing = slices.DeleteFunc(r.outgoing, func(x *Register) bool { return x == o })
}

// outgoingDrive is the replaced drive with the id, nil when it has nothing to send.
func (r *Register) outgoingDrive(id storage.DriveID) *Register {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.outgoing {
		if o.profile.Load().Drive() == id {
			return o
		}
	}
	return nil
}

// findOutgoing finds the replaced drives that have something to send.
func (r *Register) findOutgoing() (list []*Register) {
	p := r.profile.Load()
	last := map[storage.DriveID]*Past{}
	for i := range p.past {
		last[p.past[i].Drive] = &p.past[i]
	}
	for _, id := range p.Drives {
		past := last[id]
		if id == p.Drive() || past == nil || past.Wiped {
			continue
		}
		o, err := r.loadDrive(past)
		if err != nil {
			r.fleet.log.WithField("register", p.Serial).WithField("drive", past.Settings.DriveNumber).WithError(err).
				Error("the documents of a replaced drive cannot be sent")
			continue
		}
		if first, _ := o.Unsent(); first != 0 {
			list = append(list, o)
		}
	}
	return list
}

func (r *Register) loadDrive(past *Past) (*Register, error) {
	p, err := newProfile(&r.fleet.zones, r.id, past.Settings)
	if err != nil {
		return nil, err
	}
	state, version, err := r.fleet.readHead(p)
	if err != nil {
		return nil, err
	}
	return r.leave(p, state, version), nil
}

// Outgoing are the replaced drives that still have something to send, each as a
// register that takes tickets and nothing else.
func (r *Register) Outgoing() (list []*Register) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.outgoing {
		if first, _ := o.Unsent(); first != 0 {
			list = append(list, o)
		}
	}
	return list
}

// Deliveries are those of all drives, replaced ones included.
func (f *Fleet) Deliveries() (list []*Delivery) {
	for _, r := range f.Registers() {
		list = append(list, r.Delivery())
		for _, o := range r.Outgoing() {
			list = append(list, o.Delivery())
		}
	}
	return list
}

// DriveState is the committed state of a drive that is or was in the register.
// Errors: ErrNotFound, ErrOutOfService, and that of a state that does not decode.
func (r *Register) DriveState(id storage.DriveID) (fn.State, error) {
	if id == r.profile.Load().Drive() {
		return r.State()
	}
	if !r.HasDrive(id) {
		return fn.State{}, fmt.Errorf("%w: drive %d in register %s", ErrNotFound, id, r.Serial())
	}
	form, _, err := r.fleet.store.State(id)
	if errors.Is(err, storage.ErrNotFound) {
		return fn.State{}, fmt.Errorf("%w: state of drive %d of register %s", ErrNotFound, id, r.Serial())
	}
	if err != nil {
		return fn.State{}, err
	}
	return fn.ParseState(form)
}

// DriveArchive answers the archive commands of a drive that is or was in the
// register. Errors: those of DriveState.
func (r *Register) DriveArchive(id storage.DriveID) (fn.Archive, error) {
	state, err := r.DriveState(id)
	return fn.Archive{State: &state, Documents: driveReader{r.fleet.store, id}}, err
}

// Wiped tells that the drive with the id was reset: a new one with its number
// followed.
func (r *Register) Wiped(id storage.DriveID) bool {
	return slices.ContainsFunc(r.profile.Load().past, func(p Past) bool { return p.Drive == id && p.Wiped })
}

// driveReader reads the archive of one drive from the store.
type driveReader struct {
	store storage.Store
	drive storage.DriveID
}

// Documents implements fn.DocumentReader.
func (d driveReader) Documents(from uint32, limit int, f func(number uint32, container, ticket []byte) error) error {
	return d.store.Documents(d.drive, from, limit, f)
}
