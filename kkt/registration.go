package kkt

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"kktd/ffd"
	"kktd/fn"
)

// Order is what a new register shall be.
type Order struct {
	// Account may use the organisation from then on. With a secret it is made when it is
	// not there; without a public id it is the only account there is, if there is one.
	Account  Account
	Settings Settings
	Blank    bool // leave the drive unregistered, for Fiscalize of the register
	// Fresh makes an organisation and an account that are not there yet, for this
	// register alone: they go with it. An empty INN is made; the account must have a
	// public id and a secret.
	Fresh bool
}

// NewRegister makes a register with a new drive and registers it with document 1. What
// the settings leave empty is made: serial number, registration number with right check
// digits, number of the drive, and what Complete fills in.
//
// Errors: *InvalidError, *fn.Refusal, *ffd.FieldError, ErrClosed.
func (f *Fleet) NewRegister(ctx context.Context, o Order) (*Register, []Made, error) {
	done, err := f.alone(ctx)
	defer done()
	if err != nil {
		return nil, nil, err
	}
	if o.Fresh {
		if o.Settings.INN == "" {
			if o.Settings.INN, err = f.freshINN(); err != nil {
				return nil, nil, err
			}
		}
		err = f.checkFresh(&o)
	}
	if err == nil {
		o.Account, err = f.accountFor(o.Account)
	}
	if err != nil {
		return nil, nil, err
	}
	return f.newRegister(o)
}

// CloneRegister makes a register with the settings of another one, for the same
// organisation, with numbers of its own, and registers it with its own document 1.
// change may set its serial number and its drive. The errors are those of NewRegister,
// and ErrNotFound.
func (f *Fleet) CloneRegister(ctx context.Context, serial string, change func(*Settings) error) (*Register, []Made, error) {
	done, err := f.alone(ctx)
	defer done()
	if err != nil {
		return nil, nil, err
	}
	r, err := f.Register(serial)
	if err != nil {
		return nil, nil, err
	}
	s := r.Settings()
	s.Serial, s.RegNumber, s.DriveNumber, s.Drives, s.Maintenance = "", "", "", nil, false
	if s, err = s.with(change); err != nil {
		return nil, nil, err
	}
	return f.newRegister(Order{Settings: s})
}

// newRegister is NewRegister for who holds creating and has found the account.
func (f *Fleet) newRegister(o Order) (*Register, []Made, error) {
	s := &o.Settings
	if err := f.giveNumbers(s); err != nil {
		return nil, nil, err
	}
	if _, err := f.Register(s.Serial); err == nil {
		return nil, nil, invalid("serial", s.Serial, "there is a register with this number", "касса с таким номером уже есть")
	}
	if err := s.checkModes(nil); err != nil {
		return nil, nil, err
	}
	if err := f.checkNumbers(s); err != nil {
		return nil, nil, err
	}
	defer f.retryWaiting(s.INN) // for the receipts that no other register could make
	return f.create(o)
}

// accountFor is the account that is named, made or to be made, or the only one.
func (f *Fleet) accountFor(a Account) (Account, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if a.PublicID != "" {
		old, known := f.accounts[a.PublicID]
		switch {
		case known && a.Secret != "" && a.Secret != old.Secret:
			return a, invalid("secret", "", "the account is there and has another one; leave it out", "у этой учётной записи другой пароль")
		case !known && a.Secret == "":
			return a, invalid("account", a.PublicID, "there is no such account; give a secret to have it made", "такой учётной записи нет")
		case known:
			return old, nil
		}
		return Account{PublicID: a.PublicID, Secret: a.Secret}, nil
	}
	if a.Secret != "" {
		return a, invalid("account", "", "must be there with a secret", "не передано")
	}
	if len(f.accounts) == 1 {
		for _, only := range f.accounts {
			return only, nil
		}
	}
	return Account{}, nil
}

// giveNumbers makes the numbers that a new register was not given.
func (f *Fleet) giveNumbers(s *Settings) error {
	f.mu.RLock()
	next := f.lastID + 1
	f.mu.RUnlock()
	for n := next; s.Serial == ""; n++ {
		serial := fmt.Sprintf("%020d", n)
		if _, err := f.Register(serial); err != nil {
			s.Serial = serial
		}
	}
	if s.DriveNumber == "" {
		s.DriveNumber = f.freeDrive()
	}
	if s.RegNumber != "" || !digitINN.MatchString(s.INN) {
		return nil // a wrong INN is told of by its own name
	}
	var err error
	if s.RegNumber, err = ffd.MakeRegNumber(next, s.INN, s.Serial); err != nil {
		return invalid("serial", s.Serial, err.Error(), "заводской номер длиннее 20 символов")
	}
	return nil
}

// freeDrive is the number of a debug drive that stands and stood in no register
// (spec/kkt.md 8). It is made once noteDrive has counted the drive. The caller holds
// creating.
func (f *Fleet) freeDrive() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; ; f.drives++ { // past numbers that were given
		number := fmt.Sprintf("%s%012d", debugPrefix, f.drives+1)
		if _, known := f.driveNumbers[number]; !known {
			return number
		}
	}
}

// Fiscalize registers a blank drive with document 1, under the settings that
// change makes of those of the register; nil changes nothing.
func (r *Register) Fiscalize(ctx context.Context, change func(*Settings) error) ([]Made, error) {
	r.fleet.creating.Lock()
	defer r.fleet.creating.Unlock()
	defer r.fleet.retryWaiting(r.Settings().INN)
	state, err := r.State()
	if err != nil {
		return nil, err
	}
	p, err := r.changed(change, state.Phase == fn.PhaseReady)
	if err != nil {
		return nil, err
	}
	return r.fiscalize(ctx, p)
}

// fiscalize is Fiscalize for who holds creating.
func (r *Register) fiscalize(ctx context.Context, p *profile) ([]Made, error) {
	return r.operate(ctx, func(b *batch, _ *operation) error {
		if err := b.command(&p.register); err != nil {
			return err
		}
		return b.enter(p, nil)
	})
}

// Reregister changes the registration with document 11, and closes a shift that is
// open before it. Its reasons, tag 1205, are those of the differences and the given
// ones. When nothing differs that the report holds, and no reason is given, the
// settings change without a document.
func (r *Register) Reregister(ctx context.Context, change func(*Settings) error, reasons uint32) ([]Made, error) {
	r.fleet.creating.Lock()
	defer r.fleet.creating.Unlock()
	defer r.fleet.retryWaiting(r.Settings().INN)
	state, err := r.State()
	if err != nil {
		return nil, err
	}
	old := r.Settings()
	p, err := r.changed(change, false)
	if err != nil {
		return nil, err
	}
	if err := checkZone(&old, &p.Settings, &state); err != nil {
		return nil, err
	}
	if p.Offline && !old.Offline && state.ShiftOpen {
		return nil, invalid("offline", "true", "close the shift first: its report must reach the OFD before the autonomous mode",
			"сначала закройте смену: отчёт о её закрытии должен уйти в ОФД до автономного режима")
	}
	reasons |= changeReasons(&old, &p.Settings)
	if reasons == 0 && reflect.DeepEqual(old, p.Settings) {
		return nil, invalid("reasons", "", "nothing changes; say why there is a report all the same", "ничего не меняется, укажите причину")
	}
	return r.operate(ctx, func(b *batch, _ *operation) error {
		if reasons == 0 {
			return b.enter(p, nil)
		}
		if err := b.closeShift(); err != nil {
			return err
		}
		c := p.register
		c.Reasons = reasons
		if err := b.command(&c); err != nil {
			return err
		}
		return b.enter(p, b.replaced(b.state.LastNumber-1))
	})
}

// checkZone refuses another zone within a shift: its documents would go back in time,
// or the shift be longer than it is.
func checkZone(old, next *Settings, state *fn.State) error {
	if old.Zone != next.Zone && state.ShiftOpen {
		return invalid("zone", next.Zone, "the zone changes with a closed shift only", "часовая зона меняется только при закрытой смене")
	}
	return nil
}

// changed is the profile of the settings that change makes. blank tells that the
// drive is not registered, so that its version may be any.
func (r *Register) changed(change func(*Settings) error, blank bool) (*profile, error) {
	old := r.Settings()
	next, err := old.with(change)
	if err != nil {
		return nil, err
	}
	if next.DriveNumber != old.DriveNumber || next.DriveModel != old.DriveModel || next.DriveCapacity != old.DriveCapacity {
		return nil, invalid("drive_number", next.DriveNumber, "another drive is put in with replace-drive", "другой ФН ставит replace-drive")
	}
	before := old
	if blank {
		before.FFD = 0
	}
	return r.prepareChange(&before, next)
}

// with is a copy of the settings that change has changed.
func (s Settings) with(change func(*Settings) error) (Settings, error) {
	s.TaxSystems, s.Drives = slices.Clone(s.TaxSystems), slices.Clone(s.Drives)
	if change == nil {
		return s, nil
	}
	err := change(&s)
	return s, err
}

// prepareChange checks the settings that come after old.
func (r *Register) prepareChange(old *Settings, next Settings) (*profile, error) {
	switch {
	case next.Serial != old.Serial:
		return nil, invalid("serial", next.Serial, "a register keeps its serial number; make another one", "заводской номер кассы не меняется")
	case next.INN != old.INN:
		return nil, invalid("inn", next.INN, "register "+old.Serial+" belongs to "+old.INN+" and does not change its user",
			"касса "+old.Serial+" зарегистрирована на другого пользователя")
	}
	if err := next.checkModes(old); err != nil {
		return nil, err
	}
	next.Complete()
	if err := r.fleet.checkNumbers(&next); err != nil {
		return nil, err
	}
	return newProfile(&r.fleet.zones, r.id, next)
}
