package kkt

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/fault"
	"kktd/fn"
	"kktd/outbox"
	"kktd/storage"
)

// Options are what a fleet needs from outside.
type Options struct {
	Store  storage.Store
	Clock  clock.Clock // business time; a *clock.Business of OpenClock goes on where the store left it
	Log    logrus.FieldLogger
	Master []byte // key of the fiscal signs; empty: fn.DefaultMaster
	// Seed is where ids come from. A store that has a seed keeps its own.
	Seed       uint64
	TicketMode fn.TicketMode
	// AnyDriveNumber allows drive numbers that do not begin with 9999.
	AnyDriveNumber bool
	// Strict makes errors of what is a warning otherwise: check digits.
	Strict bool
	// Delay is how long a receipt stays queued before its document is made, by the
	// business clock; 0 makes it before the answer.
	Delay time.Duration
	// OneTicket commits each ticket at once and by itself, so that what follows from
	// tickets has one order; without it they wait for receipts and for one another.
	OneTicket bool
	// OnDocuments is called after each commit that made documents, before who asked
	// for them is answered, and with what is left of a drive that was replaced
	// (Register.Outgoing); it must be quick.
	OnDocuments func(*Register)
	// OnClock is called after a move of a register's own clock; it must be quick.
	OnClock func(*Register)
	// OnDeleted is called when drives have gone, with their register or without it; it
	// must be quick.
	OnDeleted func(serial string, drives []storage.DriveID)
	// OnRestored is called before a drive is put back to a document or comes from a file
	// with so many, by its FN number: the next ones have numbers that it had before.
	OnRestored func(drive string, last uint32)
	// OnStopped is called when the store takes no more changes: the process should
	// end and be started again. It must be quick.
	OnStopped func(error)
	// Outbox takes what Notifiers render; without it they are not asked.
	Outbox    *outbox.Box
	Notifiers []Notifier
	// MailServer is the lane of the outbox that receipts for e-mail addresses go into;
	// empty, or without an Outbox, they are only kept.
	MailServer string
	// Faults are what goes wrong on purpose; nil: nothing.
	Faults *fault.Set
}

// Fleet is all organisations, accounts and registers of one store.
type Fleet struct {
	store       storage.Store
	clock       *clock.Business
	log         logrus.FieldLogger
	master      []byte
	ids         idMaker
	ticketMode  fn.TicketMode
	anyDrive    bool
	strict      bool
	delay       time.Duration
	oneTicket   bool
	onDocuments func(*Register)
	onClock     func(*Register)
	onDeleted   func(string, []storage.DriveID)
	onRestored  func(string, uint32)
	onStopped   func(error)
	outbox      *outbox.Box
	notifiers   []Notifier
	mailServer  string
	faults      *fault.Set
	batches     sync.Pool
	jobs        sync.Pool

	mu            sync.RWMutex // guards the maps
	organisations map[string]Organisation
	accounts      map[string]Account
	registers     map[string]*Register   // by serial number
	byINN         map[string][]*Register // in the order of their ids
	coming        map[string]string      // INN by serial number, of registers that are being committed
	driveNumbers  map[string]string      // FN numbers of all drives that are or were in a register: its serial
	drives        uint64                 // FN numbers that are made go on from here
	byID          map[uint64]*Register
	holders       map[string][]string // public ids of the accounts that may use an organisation, by INN
	lastID        uint64

	sequence atomic.Uint64 // of the last receipt record
	seed     uint64
	turn     atomic.Uint64 // of equal registers
	zones    zones
	creating sync.Mutex   // one registration at a time
	parking  sync.RWMutex // held for reading while a receipt is parked, for writing while none may be
	moving   sync.Mutex   // one move of a clock at a time
	replay   replays
	answers  answers

	subscriptions subscriptions

	draftDocuments int // in one step of a copy

	delayed delayed
	closing struct {
		sync.Mutex
		closed  bool
		pending int
		idle    *sync.Cond
	}
}

// Open reads organisations, accounts and registers from the store. A register
// whose data cannot be used is out of service, with a log line; the others work.
func Open(o Options) (*Fleet, error) {
	f := &Fleet{store: o.Store, log: o.Log, master: o.Master, ticketMode: o.TicketMode, anyDrive: o.AnyDriveNumber,
		strict: o.Strict, delay: o.Delay, oneTicket: o.OneTicket, onDocuments: o.OnDocuments, onClock: o.OnClock, onDeleted: o.OnDeleted, onRestored: o.OnRestored, onStopped: o.OnStopped, organisations: map[string]Organisation{}, accounts: map[string]Account{},
		registers: map[string]*Register{}, byINN: map[string][]*Register{}, coming: map[string]string{}, byID: map[uint64]*Register{}, holders: map[string][]string{}, driveNumbers: map[string]string{}, outbox: o.Outbox, notifiers: o.Notifiers, mailServer: o.MailServer, faults: o.Faults}
	if f.outbox == nil {
		f.notifiers, f.mailServer = nil, ""
	}
	var err error
	if f.clock, err = business(o.Clock); err != nil {
		return nil, err
	}
	if len(f.master) == 0 {
		f.master = []byte(fn.DefaultMaster)
	}
	f.draftDocuments = draftDocuments
	f.batches.New = func() any { return new(batch) }
	f.jobs.New = func() any { return &receiptJob{ready: make(chan struct{}, 1)} }
	f.replay.calls = map[[32]byte]chan struct{}{}
	f.delayed.timers, f.delayed.waiting, f.delayed.held = map[[16]byte]dueTimer{}, map[[16]byte]string{}, map[[16]byte]bool{}
	f.closing.idle = sync.NewCond(&f.closing.Mutex)
	if err := f.sweepDrafts(); err != nil {
		return nil, err
	}
	if err := f.loadSeed(o.Seed); err != nil {
		return nil, err
	}
	key, _, err := f.store.LastRecord(kindReceipt, nil)
	if err == nil {
		f.sequence.Store(sequenceOf(key))
		f.turn.Store(sequenceOf(key))
	} else if !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err := f.loadFloor(); err != nil {
		return nil, err
	}
	if err := f.answers.open(f.store); err != nil {
		return nil, err
	}
	if err := loadJSON(f.store, kindOrganisation, func(v Organisation) { f.organisations[v.INN] = v }); err != nil {
		return nil, err
	}
	if err := loadJSON(f.store, kindAccount, func(v Account) { f.setAccount(v) }); err != nil {
		return nil, err
	}
	if err := f.loadSubscriptions(); err != nil {
		return nil, err
	}
	var records []*registerRecord
	if err := loadJSON(f.store, kindRegister, func(v registerRecord) { records = append(records, &v) }); err != nil {
		return nil, err
	}
	slices.SortFunc(records, func(a, b *registerRecord) int { return int(a.ID) - int(b.ID) })
	drives := uint64(0)
	for _, r := range f.reviveAll(records) {
		f.add(r)
		drives += uint64(len(r.Settings().Drives))
	}
	f.resumeDrives(f.drives, drives)
	if err := f.loadWarnings(); err != nil {
		return nil, err
	}
	if err := f.resumeDelayed(); err != nil {
		return nil, err
	}
	f.tellWarnings(f.Registers()...) // what time has changed since the last run
	return f, nil
}

// revive makes a register of what is stored of it. One whose data cannot be used is
// out of service.
func (f *Fleet) revive(rec *registerRecord) *Register {
	r := &Register{fleet: f, id: rec.ID}
	p, err := newProfile(&f.zones, rec.ID, rec.Settings)
	if err != nil {
		p = &profile{Settings: rec.Settings, id: rec.ID, zone: time.UTC} // to be shown, not to be used
	}
	p.past, p.since = rec.Past, rec.Since
	r.profile.Store(p)
	if err == nil {
		err = r.load()
	}
	if err == nil {
		err = r.loadClock()
	}
	if err != nil {
		r.publish(fmt.Errorf("%w: %w", ErrOutOfService, err))
		f.log.WithField("register", rec.Serial).WithError(err).Error("register is out of service")
	}
	r.outgoing = r.findOutgoing()
	return r
}

func loadJSON[T any](s storage.Store, kind storage.Kind, add func(T)) error {
	return s.Records(kind, nil, nil, 0, func(key, value []byte) error {
		var v T
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("%w: %q: %w", ErrRecord, key, err)
		}
		add(v)
		return nil
	})
}

var seedKey = []byte("seed")

// loadSeed takes the seed of the store, or stores the one given.
func (f *Fleet) loadSeed(seed uint64) error {
	value, err := f.store.Record(kindMeta, seedKey)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		value = binary.BigEndian.AppendUint64(nil, seed)
		err = f.append(storage.Change{Records: []storage.Record{{Kind: kindMeta, Key: seedKey, Value: value}}})
	case err == nil && len(value) != 8:
		err = fmt.Errorf("%w: seed of %d bytes", ErrRecord, len(value))
	}
	if err != nil {
		return err
	}
	f.seed = binary.BigEndian.Uint64(value)
	f.ids = newIDMaker(f.seed)
	return nil
}

// add makes a register known. The caller holds mu or is alone.
func (f *Fleet) add(r *Register) {
	p := r.profile.Load()
	f.registers[p.Serial] = r
	list := f.byINN[p.INN] // others may be reading it
	if at, _ := slices.BinarySearchFunc(list, r.id, func(x *Register, id uint64) int { return cmp.Compare(x.id, id) }); at == len(list) {
		list = append(list, r)
	} else {
		list = slices.Insert(slices.Clone(list), at, r)
	}
	f.byINN[p.INN] = list
	for i := range p.past {
		f.driveNumbers[p.past[i].Settings.DriveNumber] = p.Serial
	}
	f.driveNumbers[p.DriveNumber] = p.Serial
	f.byID[r.id] = r
	f.lastID = max(f.lastID, r.id)
}

// noteDrive makes another drive of a register known.
func (f *Fleet) noteDrive(p *profile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.driveNumbers[p.DriveNumber] = p.Serial
	f.drives++
}

// Account finds the credentials of a public id.
func (f *Fleet) Account(publicID string) (Account, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	a, ok := f.accounts[publicID]
	return a, ok
}

// Organisation finds a user of registers.
func (f *Fleet) Organisation(inn string) (Organisation, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	o, ok := f.organisations[inn]
	return o, ok
}

// Register finds a register by its serial number.
func (f *Fleet) Register(serial string) (*Register, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if r := f.registers[serial]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("%w: register %q", ErrNotFound, serial)
}

// Registers are all registers by serial number.
func (f *Fleet) Registers() []*Register {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return bySerial(slices.AppendSeq(make([]*Register, 0, len(f.registers)), maps.Values(f.registers)))
}

// RegistersOf are those of an organisation by serial number.
func (f *Fleet) RegistersOf(inn string) []*Register {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return bySerial(slices.Clone(f.byINN[inn]))
}

// SerialsOf are the serial numbers of the registers of an organisation, those that are
// being committed too: whoever has read an event finds the register of it here.
func (f *Fleet) SerialsOf(inn string) (list []string) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, r := range f.byINN[inn] {
		list = append(list, r.Serial())
	}
	for serial, of := range f.coming {
		if of == inn {
			list = append(list, serial)
		}
	}
	return list
}

// announced tells that a register is about to be committed; gone takes that back once
// the fleet knows it, or when it was not committed.
func (f *Fleet) announced(serial, inn string) (gone func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.coming[serial] = inn
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.coming, serial)
	}
}

func bySerial(list []*Register) []*Register {
	slices.SortFunc(list, func(a, b *Register) int { return strings.Compare(a.Serial(), b.Serial()) })
	return list
}

// Empty tells that the store has never had a register.
func (f *Fleet) Empty() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.lastID == 0
}

// enter counts a job in; false when the fleet is closing.
func (f *Fleet) enter() bool {
	f.closing.Lock()
	defer f.closing.Unlock()
	if f.closing.closed {
		return false
	}
	f.closing.pending++
	return true
}

// enterAgain is enter for who is counted in: a closing fleet waits for what it began.
func (f *Fleet) enterAgain() {
	f.closing.Lock()
	defer f.closing.Unlock()
	f.closing.pending++
}

func (f *Fleet) leave(n int) {
	f.closing.Lock()
	defer f.closing.Unlock()
	if f.closing.pending -= n; f.closing.pending == 0 {
		f.closing.idle.Broadcast()
	}
}

// Close refuses new jobs and waits for those that are queued. It does not close
// the store.
func (f *Fleet) Close() {
	f.delayed.stop()
	for _, r := range f.Registers() {
		r.disarm()
	}
	f.closing.Lock()
	defer f.closing.Unlock()
	f.closing.closed = true
	for f.closing.pending > 0 {
		f.closing.idle.Wait()
	}
}
