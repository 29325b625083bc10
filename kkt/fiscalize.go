package kkt

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// debugPrefix begins the numbers of drives that nobody can take for real ones
// (spec/kkt.md 8).
const debugPrefix = "9999"

// Defaults of a new register (design/architecture.md, Outside).
const (
	DefaultCapacity = 250_000
	DefaultZone     = "Europe/Moscow"
	DefaultFNSSite  = "www.nalog.gov.ru"
)

// Complete gives a new register's settings their defaults where they are empty.
func (s *Settings) Complete() {
	for _, f := range []struct {
		field *string
		value string
	}{{&s.Zone, DefaultZone}, {&s.FNSSite, DefaultFNSSite}, {&s.QuantityDecimals, "minimal"}, {&s.UserName, "Организация " + s.INN},
		{&s.Address, s.Place}, {&s.Place, s.Address}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if s.FFD == 0 {
		s.FFD = ffd.V120
	}
	if s.DriveModel == 0 {
		s.DriveModel = fn.Model36
	}
	if s.DriveCapacity == 0 {
		s.DriveCapacity = DefaultCapacity
	}
}

// Fiscalize registers a register. An unknown one is created with its drive, its
// organisation joins those of the account, and document 1 is made. A known one
// with the same data is left as it is; with other data it makes a registration
// change, document 11, and closes an open shift before it. Settings of a known
// register that the caller cannot say (abilities, capacity, zone) stay.
//
// Errors wrap ErrInvalid and name the field; a *fn.Refusal is the drive's own.
func (f *Fleet) Fiscalize(ctx context.Context, account string, s Settings) error {
	f.creating.Lock()
	defer f.creating.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := f.checkNumbers(&s); err != nil {
		return err
	}
	r, err := f.Register(s.Serial)
	if err != nil {
		return f.create(account, s)
	}
	return f.change(r, s)
}

func (f *Fleet) checkNumbers(s *Settings) error {
	if !f.anyDrive && !strings.HasPrefix(s.DriveNumber, debugPrefix) {
		return fmt.Errorf("%w: drive_number: %q: numbers of an emulator begin with %s; allow others with any-drive-number", ErrInvalid, s.DriveNumber, debugPrefix)
	}
	for _, err := range []error{ffd.CheckINN(s.INN), ffd.CheckRegNumber(s.RegNumber, s.INN, s.Serial)} {
		if err == nil {
			continue
		}
		if f.strict {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		f.log.WithField("register", s.Serial).WithError(err).Info("check digits are wrong; taken all the same, as strict is not set")
	}
	return nil
}

func (f *Fleet) create(account string, s Settings) error {
	s.Complete()
	for _, other := range f.Registers() {
		if other.Settings().DriveNumber == s.DriveNumber {
			return fmt.Errorf("%w: drive_number: %s is in register %s", ErrInvalid, s.DriveNumber, other.Serial())
		}
	}
	drive := f.store.ReserveDrive()
	s.Drives = []storage.DriveID{drive}
	f.mu.RLock()
	rec := registerRecord{ID: f.lastID + 1, Settings: s}
	org, known := f.organisations[s.INN]
	acc, hasAccount := f.accounts[account]
	f.mu.RUnlock()
	p, err := newProfile(rec.ID, s)
	if err != nil {
		return err
	}
	r := &Register{fleet: f, id: rec.ID, machine: fn.NewMachine(f.master, p.drive),
		state: fn.Blank(p.drive, s.DriveModel, ffd.V120, s.DriveCapacity)}
	r.profile.Store(p)
	b := f.batches.Get().(*batch)
	defer f.batches.Put(b)
	b.begin(r)
	if err := r.machine.Apply(&b.state, &p.register, b.wall, &b.out); err != nil {
		return err
	}
	b.tellDocuments(0, "")
	if err := b.putJSON(kindRegister, s.Serial, rec); err != nil {
		return err
	}
	if !known {
		org = Organisation{INN: s.INN, Name: s.UserName, Address: s.Address}
		if err := b.putJSON(kindOrganisation, org.INN, org); err != nil {
			return err
		}
	}
	if hasAccount && !acc.Allows(s.INN) {
		acc.INNs = append(slices.Clone(acc.INNs), s.INN)
		if err := b.putJSON(kindAccount, acc.PublicID, acc); err != nil {
			return err
		}
	}
	if err := b.commit(); err != nil {
		return err
	}
	f.mu.Lock()
	f.organisations[org.INN] = org
	if hasAccount {
		f.accounts[acc.PublicID] = acc
	}
	f.add(r)
	f.mu.Unlock()
	f.log.WithField("register", s.Serial).WithField("drive", s.DriveNumber).WithField("inn", s.INN).Info("register is registered")
	if f.onDocuments != nil {
		f.onDocuments(r)
	}
	return nil
}

func (b *batch) putJSON(kind storage.Kind, key string, v any) error {
	rec, err := jsonRecord(kind, key, v)
	if err == nil {
		b.change.Records = append(b.change.Records, rec)
	}
	return err
}

// change makes a registration change of a known register when its data differ.
func (f *Fleet) change(r *Register, s Settings) error {
	old := r.Settings()
	next := old
	next.RegNumber, next.Place, next.SenderEmail, next.Phone = s.RegNumber, s.Place, s.SenderEmail, s.Phone
	next.OFDName, next.OFDINN, next.TaxSystems = s.OFDName, s.OFDINN, s.TaxSystems
	next.Conditions = old.Conditions&^ffd.BSOSystem | s.Conditions&ffd.BSOSystem
	if s.UserName != "" {
		next.UserName = s.UserName
	}
	if s.Address != "" {
		next.Address = s.Address
	}
	if s.FFD != 0 {
		next.FFD = s.FFD
	}
	switch {
	case s.INN != old.INN:
		return fmt.Errorf("%w: inn: register %s belongs to %s; a register does not change its user", ErrInvalid, old.Serial, old.INN)
	case s.DriveNumber != old.DriveNumber:
		return fmt.Errorf("%w: drive_number: register %s has drive %s; its replacement is another operation", ErrInvalid, old.Serial, old.DriveNumber)
	case reflect.DeepEqual(old, next):
		return nil
	}
	p, err := newProfile(r.id, next)
	if err != nil {
		return err
	}
	j := &changeJob{profile: p, reasons: changeReasons(&old, &next), ready: make(chan error, 1)}
	r.submit(j)
	return <-j.ready
}

// Bits of tag 1205 (spec/ffd/encoding.md 5).
const (
	reasonOFD       = 1 << 1
	reasonUser      = 1 << 2
	reasonPlace     = 1 << 3
	reasonTax       = 1 << 7
	reasonBSOOn     = 1 << 11
	reasonBSOOff    = 1 << 12
	reasonFFD       = 1 << 21
	reasonSomething = 1 << 31
)

func changeReasons(old, next *Settings) uint32 {
	var mask uint32
	for _, x := range []struct {
		differ bool
		bit    uint32
	}{
		{old.OFDName != next.OFDName || old.OFDINN != next.OFDINN, reasonOFD},
		{old.UserName != next.UserName, reasonUser},
		{old.Place != next.Place || old.Address != next.Address, reasonPlace},
		{old.TaxMask() != next.TaxMask(), reasonTax},
		{!old.Conditions.Has(ffd.BSOSystem) && next.Conditions.Has(ffd.BSOSystem), reasonBSOOn},
		{old.Conditions.Has(ffd.BSOSystem) && !next.Conditions.Has(ffd.BSOSystem), reasonBSOOff},
		{old.FFD != next.FFD, reasonFFD},
	} {
		if x.differ {
			mask |= x.bit
		}
	}
	if mask == 0 {
		mask = reasonSomething
	}
	return mask
}

// changeJob makes document 11 and puts the new settings in force, all in one
// commit.
type changeJob struct {
	profile *profile
	reasons uint32
	err     error
	ready   chan error
}

func (j *changeJob) apply(b *batch) {
	state, documents := b.state, len(b.out.Documents)
	if b.state.ShiftOpen {
		j.err = b.r.machine.Apply(&b.state, &fn.CloseShift{Data: b.profile.shift.Close}, b.wall, &b.out)
	}
	if j.err == nil {
		c := j.profile.register
		c.Reasons = j.reasons
		j.err = b.r.machine.Apply(&b.state, &c, b.wall, &b.out)
	}
	if j.err == nil {
		j.err = b.putJSON(kindRegister, j.profile.Serial, registerRecord{ID: j.profile.id, Settings: j.profile.Settings})
	}
	if j.err != nil {
		b.state, b.out.Documents = state, b.out.Documents[:documents]
		return
	}
	b.tellDocuments(documents, "")
	b.profile, b.dirty = j.profile, true
}

func (j *changeJob) done(err error) {
	if err == nil {
		err = j.err
	}
	j.ready <- err
}

// AddAccount stores credentials, or replaces those with the same public id.
func (f *Fleet) AddAccount(a Account) error {
	rec, err := jsonRecord(kindAccount, a.PublicID, a)
	if err != nil {
		return err
	}
	if err := f.append(storage.Change{Records: []storage.Record{rec}}); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accounts[a.PublicID] = a
	return nil
}

// append makes a change without a drive.
func (f *Fleet) append(c storage.Change) error {
	_, err := f.store.Append(context.Background(), c)
	return err
}
