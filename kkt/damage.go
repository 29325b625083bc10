package kkt

import (
	"errors"
	"fmt"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/tlv"
)

// What a start sees of a damage and what it does not. A start reads the state of
// each drive, its last document and its first unsent one, with their tickets: a
// fixed number of reads, however full the drive is. That finds a state that does
// not decode, one that was put back without its documents or the other way
// round, and an unsent range that disagrees with the tickets. Everything in
// between, counters, signs and documents in the middle, is Fsck's. A document in
// the middle that turns out to be missing when it is read, to be sent or shown,
// puts the register out of service then.

// headDocument is what the head of a drive is compared with.
type headDocument struct {
	form ffd.Form
	time fn.Time
}

// readDocument reads a document that must be there. An error names drive and
// number.
func (f *Fleet) readDocument(p *profile, number uint32) (d headDocument, err error) {
	box, err := f.store.Document(p.Drive(), number)
	if err != nil {
		return d, fmt.Errorf("document %d: %w", number, err)
	}
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("document %d: %w: %w; restore a backup", number, storage.ErrDamaged, fmt.Errorf(format, args...))
	}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return d, wrong("%w", err)
	}
	n, _ := c.DocumentNumber()
	if drive, _ := ofdproto.UnpackDrive(c.Drive); n != number || drive != p.drive {
		return d, wrong("the store has document %d of drive %s there", n, ofdproto.DriveString(drive))
	}
	d.form = ffd.Form(c.Form)
	outer := tlv.NewReader(c.Document, 0)
	if outer.Next() {
		if it, ok := tlv.Find(outer.Item().Value, ffd.TagDateTime); ok {
			v, err := tlv.Fixed32(it.Value)
			d.time = fn.Time(v)
			if err == nil {
				return d, nil
			}
		}
	}
	return d, wrong("no tag 1012")
}

// readHead reads the state of a drive and compares it with the documents at both
// ends of what is unsent.
func (f *Fleet) readHead(p *profile) (state fn.State, version uint64, err error) {
	form, version, err := f.store.State(p.Drive())
	if err == nil {
		state, err = fn.ParseState(form)
	}
	if err == nil {
		err = f.checkHead(p, &state)
	}
	if err != nil {
		return state, 0, fmt.Errorf("register %s, drive %s: %w", p.Serial, p.DriveNumber, err)
	}
	return state, version, nil
}

// errHead is returned when a state disagrees with the stored documents.
func errHead(format string, args ...any) error {
	return fmt.Errorf(format+"; kktd fsck tells more, restore a backup", args...)
}

func (f *Fleet) checkHead(p *profile, s *fn.State) error {
	last, err := f.store.LastDocument(p.Drive())
	switch {
	case err != nil:
		return err
	case s.Drive != p.drive:
		return errHead("the state is of drive %s", ofdproto.DriveString(s.Drive))
	case last != s.LastNumber:
		return errHead("the state is at document %d, the last document stored is %d", s.LastNumber, last)
	case s.FirstUnsent > last:
		return errHead("the state has document %d unsent, the last document stored is %d", s.FirstUnsent, last)
	case last == 0:
		return nil
	}
	d, err := f.readDocument(p, last)
	switch {
	case err != nil:
		return err
	case d.form != s.LastForm || d.time != s.LastTime:
		return errHead("document %d has form %d and time %d, the state form %d and time %d", last, d.form, d.time, s.LastForm, s.LastTime)
	}
	if s.FirstUnsent == 0 {
		if s.Registration.Modes.Offline {
			return nil
		}
		return f.checkTicket(p, last, true)
	}
	if d, err = f.readDocument(p, s.FirstUnsent); err != nil {
		return err
	}
	if d.time != s.FirstUnsentTime {
		return errHead("document %d, the first unsent, has time %d, the state has time %d", s.FirstUnsent, d.time, s.FirstUnsentTime)
	}
	return f.checkTicket(p, s.FirstUnsent, false)
}

// checkTicket compares whether a document has a ticket with what the state says.
func (f *Fleet) checkTicket(p *profile, number uint32, want bool) error {
	_, err := f.store.Ticket(p.Drive(), number)
	switch {
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return err
	case want && err != nil:
		return errHead("document %d is sent by the state and has no ticket", number)
	case !want && err == nil:
		return errHead("document %d is unsent by the state and has a ticket", number)
	}
	return nil
}

// of is the profile with the drive that was in the register.
func (p *profile) of(drive storage.DriveID) *profile {
	if drive == p.Drive() {
		return p
	}
	return &profile{Settings: p.settingsAt(drive, 1)}
}

// damaged names register and drive in an error of the store that tells of a
// damage, and puts the register out of service when the drive is in it. Other
// errors, nil too, come back as they are.
func (r *Register) damaged(p *profile, err error) error {
	if err == nil || !errors.Is(err, storage.ErrDamaged) || errors.Is(err, ErrOutOfService) {
		return err
	}
	err = fmt.Errorf("%w: register %s, drive %s: %w", ErrOutOfService, p.Serial, p.DriveNumber, err)
	if p.Drive() != r.profile.Load().Drive() {
		return err // an old drive: the one in the register is sound
	}
	r.view.Lock()
	known := r.view.broken != nil
	r.breakDown(err)
	r.view.Unlock()
	if !known {
		r.fleet.log.WithField("register", p.Serial).WithError(err).Error("register is out of service")
	}
	return err
}
