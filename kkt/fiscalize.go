package kkt

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"kktd/event"
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
	DefaultINN      = "7708806062"
)

// Defaults are the settings of a new register that is told nothing but its
// numbers: registered with the test OFD, for everything that a receipt may ask
// for (design/architecture.md, first start). An empty version is 1.2.
func Defaults(v ffd.Version) Settings {
	s := Settings{INN: DefaultINN, UserName: `ООО "Тестовая организация"`, Address: "109012, г. Москва, ул. Примерная, д. 1",
		Place: "www.cloudpayments.ru", SenderEmail: "kassa@example.com", OFDName: "Тестовый ОФД kktd", OFDINN: fn.TestOFDINN, FFD: v,
		Conditions: ffd.ExciseGoods | ffd.MarkedGoods, AutoShift: true, TakesAgents: true, TakesCash: true, TakesBSO: true, TakesUserAttribute: true}
	for _, w := range taxWords {
		s.TaxSystems = append(s.TaxSystems, w.bit)
	}
	s.Complete()
	if s.FFD < ffd.V120 {
		s.Conditions &^= since12
	}
	return s
}

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
	defer f.retryWaiting(s.INN) // for the receipts that no other register could make
	r, err := f.Register(s.Serial)
	if err != nil {
		a, _ := f.Account(account)
		_, _, err = f.create(Order{Account: a, Settings: s})
		return err
	}
	return f.change(account, r, s)
}

// Create registers a new register as Fiscalize does, without a look at its
// numbers: they are the program's own.
func (f *Fleet) Create(account string, s Settings) error {
	f.creating.Lock()
	defer f.creating.Unlock()
	a, _ := f.Account(account)
	_, _, err := f.create(Order{Account: a, Settings: s})
	return err
}

func (f *Fleet) checkNumbers(s *Settings) error {
	if !f.anyDrive && !strings.HasPrefix(s.DriveNumber, debugPrefix) {
		return invalid("drive_number", s.DriveNumber, "numbers of an emulator begin with 9999; any-drive-number allows others",
			"номера ФН эмулятора начинаются с 9999, другие разрешает настройка any-drive-number")
	}
	for _, c := range []struct {
		field, value, ruleRu string
		err                  error
	}{
		{"inn", s.INN, "контрольные цифры не сходятся", ffd.CheckINN(s.INN)},
		{"reg_number", s.RegNumber, "контрольные цифры не сходятся с ИНН и заводским номером", ffd.CheckRegNumber(s.RegNumber, s.INN, s.Serial)},
	} {
		if c.err == nil {
			continue
		}
		if f.strict {
			return invalid(c.field, c.value, c.err.Error(), c.ruleRu)
		}
		f.log.WithField("register", s.Serial).WithError(c.err).Info("check digits are wrong; taken all the same, as strict is not set")
	}
	return nil
}

// create makes a register with its drive and registers it, unless the drive is to
// stay blank, in one commit with the account and the organisation.
func (f *Fleet) create(o Order) (*Register, []Made, error) {
	s := o.Settings
	s.Complete()
	if err := f.checkDrive(s.DriveNumber); err != nil {
		return nil, nil, err
	}
	drive := f.store.ReserveDrive()
	s.Drives = []storage.DriveID{drive}
	since, err := f.beforeReceipts()
	if err != nil {
		return nil, nil, err
	}
	f.mu.RLock()
	rec := registerRecord{ID: f.lastID + 1, Settings: s, Since: since}
	org, known := f.organisations[s.INN]
	f.mu.RUnlock()
	p, err := newProfile(&f.zones, rec.ID, s)
	if err != nil {
		return nil, nil, err
	}
	p.since = since
	r := &Register{fleet: f, id: rec.ID}
	r.view.state = fn.Blank(p.drive, s.DriveModel, ffd.V120, s.DriveCapacity)
	r.profile.Store(p)
	b := f.batches.Get().(*batch)
	defer f.batches.Put(b)
	b.begin(r)
	j := &operation{}
	if o.Blank {
		b.occur(event.DriveInserted)
	} else if err := b.command(&p.register); err != nil {
		return nil, nil, err
	}
	account, joins, err := f.joined(o.Account, s.INN)
	if err != nil {
		return nil, nil, err
	}
	if joins {
		if err := b.putJSON(kindAccount, account.PublicID, account); err != nil {
			return nil, nil, err
		}
	}
	j.note(b)
	if err := b.putJSON(kindRegister, s.Serial, rec); err != nil {
		return nil, nil, err
	}
	if !known {
		org = Organisation{INN: s.INN, Name: s.UserName, Address: s.Address, Temporary: o.Fresh}
		if err := b.putJSON(kindOrganisation, org.INN, org); err != nil {
			return nil, nil, err
		}
	}
	defer f.announced(s.Serial, s.INN)()
	if err := b.commit(); err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	f.organisations[org.INN] = org
	if joins {
		f.setAccount(account)
	}
	f.add(r)
	f.drives++
	f.mu.Unlock()
	f.log.WithField("register", s.Serial).WithField("drive", s.DriveNumber).WithField("inn", s.INN).WithField("blank", o.Blank).Info("register is made")
	if !o.Blank && f.onDocuments != nil {
		f.onDocuments(r)
	}
	return r, j.made, nil
}

// checkDrive refuses a drive that stands in a register, or stood there.
func (f *Fleet) checkDrive(number string) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	serial, known := f.driveNumbers[number]
	if !known {
		return nil
	}
	if f.registers[serial].profile.Load().DriveNumber == number {
		return invalid("drive_number", number, "the drive is in register "+serial, "этот ФН стоит в кассе "+serial)
	}
	return invalid("drive_number", number, "the drive was in register "+serial, "этот ФН стоял в кассе "+serial)
}

func (b *batch) putJSON(kind storage.Kind, key string, v any) error {
	rec, err := jsonRecord(kind, key, v)
	if err == nil {
		b.change.Records = append(b.change.Records, rec)
	}
	return err
}

// change brings a known register to new settings: a registration change when
// what the report holds differs, the record alone when only the rest does.
func (f *Fleet) change(account string, r *Register, s Settings) error {
	old := r.Settings()
	if s.INN != old.INN {
		return invalid("inn", s.INN, "register "+old.Serial+" belongs to "+old.INN+" and does not change its user",
			"касса "+old.Serial+" зарегистрирована на другого пользователя")
	}
	if s.DriveNumber != old.DriveNumber {
		return invalid("drive_number", s.DriveNumber, "register "+old.Serial+" has drive "+old.DriveNumber+"; its replacement is another operation",
			"в кассе "+old.Serial+" стоит другой ФН, его замена делается отдельно")
	}
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
	p, err := newProfile(&f.zones, r.id, next)
	if err != nil {
		return err
	}
	state, err := r.State()
	if err != nil {
		return err
	}
	a, _ := f.Account(account)
	switch a, joins, err := f.joined(a, s.INN); {
	case err != nil:
		return err
	case joins:
		if err := f.putAccount(a); err != nil {
			return err
		}
	}
	if state.Phase == fn.PhaseReady {
		_, err := r.fiscalize(context.Background(), p)
		return err
	}
	if reflect.DeepEqual(old, next) {
		return nil
	}
	j := &changeJob{profile: p, reasons: changeReasons(&old, &next), ready: make(chan error, 1)}
	r.submit(j)
	return <-j.ready
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
	if j.reasons != 0 && b.state.ShiftOpen {
		j.err = b.command(&fn.CloseShift{Data: b.profile.shift.Close})
	}
	if j.reasons != 0 && j.err == nil {
		c := j.profile.register
		c.Reasons = j.reasons
		j.err = b.command(&c)
	}
	if j.err == nil {
		j.profile.past, j.profile.since = b.profile.past, b.profile.since
		if j.reasons != 0 {
			past := Past{Drive: b.profile.Drive(), Last: b.state.LastNumber - 1, Settings: b.profile.Settings}
			j.profile.past = append(slices.Clone(b.profile.past), past)
		}
		j.err = b.putJSON(kindRegister, j.profile.Serial, registerRecord{ID: j.profile.id, Settings: j.profile.Settings, Past: j.profile.past, Since: j.profile.since})
	}
	if j.err != nil {
		b.state, b.out.Documents = state, b.out.Documents[:documents]
		return
	}
	before := b.profile
	b.profile, b.dirty = j.profile, true
	b.tellDocuments(documents, "")
	switch {
	case b.profile.Maintenance && !before.Maintenance:
		b.tellRegister(MaintenanceBegun, 0)
	case before.Maintenance && !b.profile.Maintenance:
		b.tellRegister(MaintenanceEnded, 0)
	}
}

func (j *changeJob) fail(err error) { j.err = err }

func (j *changeJob) done(err error) {
	if err == nil {
		err = j.err
	}
	j.ready <- err
}

// AddAccount stores credentials, or replaces those with the same public id.
func (f *Fleet) AddAccount(a Account) error {
	f.creating.Lock()
	defer f.creating.Unlock()
	return f.putAccount(a)
}

// putAccount is AddAccount for who holds creating.
func (f *Fleet) putAccount(a Account) error {
	rec, err := jsonRecord(kindAccount, a.PublicID, a)
	if err != nil {
		return err
	}
	if err := f.append(storage.Change{Records: []storage.Record{rec}}); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setAccount(a)
	return nil
}

// append makes a change without a drive.
func (f *Fleet) append(c storage.Change) error {
	_, err := f.store.Append(context.Background(), c)
	return err
}
