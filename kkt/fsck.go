package kkt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// FsckOptions say what to check and with which key.
type FsckOptions struct {
	Store      storage.Store
	Master     []byte // key of the fiscal signs; empty: fn.DefaultMaster
	TicketMode fn.TicketMode
}

// Difference is one thing that is not as it must be. Nothing is ever repaired:
// which side is right a person decides.
type Difference struct {
	Register string          `json:"register,omitempty"` // serial number
	Drive    string          `json:"drive,omitempty"`    // FN number
	DriveID  storage.DriveID `json:"drive_id,omitempty"` // internal
	Document uint32          `json:"document,omitempty"` // number
	What     string          `json:"what"`
	Expected string          `json:"expected,omitempty"`
	Found    string          `json:"found,omitempty"`
	Do       string          `json:"do"` // for a person
}

// String is the difference as one line.
func (d *Difference) String() string {
	var b strings.Builder
	part := func(format string, args ...any) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, format, args...)
	}
	if d.Register != "" {
		part("register %s", d.Register)
	}
	switch {
	case d.Drive != "" && d.DriveID != 0:
		part("drive %s (id %d)", d.Drive, d.DriveID)
	case d.DriveID != 0:
		part("drive id %d", d.DriveID)
	case d.Drive != "":
		part("drive %s", d.Drive)
	}
	if d.Document != 0 {
		part("document %d", d.Document)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(d.What)
	if d.Expected != "" || d.Found != "" {
		fmt.Fprintf(&b, ": expected %s, found %s", d.Expected, d.Found)
	}
	if d.Do != "" {
		b.WriteString("; " + d.Do)
	}
	return b.String()
}

// What a person does about a difference.
const (
	doRestore = "restore a backup"
	doKey     = "when kktd runs with a --master-key, give it here too, else restore a backup"
	doTicket  = "when kktd runs with another --ticket-check, give it here too, else restore a backup"
)

// FsckSummary counts what was looked at.
type FsckSummary struct {
	Registers int `json:"registers"`
	Snapshots int `json:"snapshots"` // their drives, documents and receipts are counted with the others
	Drives    int `json:"drives"`
	Documents int `json:"documents"`
	Tickets   int `json:"tickets"`
	Receipts  int `json:"receipts"`
	Answers   int `json:"answers"`
	Queued    int `json:"queued"`
	Events    int `json:"events"`
}

// Fsck goes through everything that this room keeps in the store and calls found
// for each difference:
//
//   - the documents of every drive, also of those that a register had before, are
//     made again one by one and compared byte by byte, tickets are verified, and the
//     state that comes out is compared with the stored one field by field;
//   - the events tell of every document and every ticket once and in order, and that
//     a document was sent, once, between the two;
//   - records of registers, receipts, queued receipts and answers agree with the
//     documents and with each other;
//   - settings of clocks and notifications, messages, what must be told outside and
//     the warnings that were told can be read, and what they refer to is there.
//
// The counters of a document depend on the tickets that came before it (1097,
// 1098, 1053, 1206). The order of both is that of the events, which stand in the
// stream as their commits did. Events name a drive by its FN number, which a drive
// keeps when it is reset; document 1 in the stream begins the next life of the
// number, and lives follow one another as the internal ids of the drives do,
// since an id is never used again. A drive that came in an image, by an import or from
// a snapshot, begins in the stream behind its base: for the documents up to there the
// order of tickets is not known, so they are not made again, but what they lead to is
// the state of the base, their signs verify, and so do their tickets.
//
// What a crash has left of a copy that was not finished is passed over: the next
// start takes it away.
//
// The error is one of the store that leaves nothing to look at. What is not told
// are records of other rooms.
func Fsck(o FsckOptions, found func(Difference)) (FsckSummary, error) {
	c := newFsck(o, found)
	for _, step := range []func() error{c.readSeed, c.readRegisters, c.readDrafts, c.readSnapshots, c.readDrives, c.readBases, c.readEvents, c.replayAll,
		c.checkPasts, c.readReceipts, c.readSnapshotReceipts, c.checkUnclaimed, c.readQueued, c.readPrinted, c.readMessages, c.readAnswers, c.readRepeats, c.readClocks, c.readWarnings, c.readSubscriptions, c.readOutbox, c.readSent} {
		if err := step(); err != nil {
			return c.sum, err
		}
	}
	return c.sum, nil
}

func newFsck(o FsckOptions, found func(Difference)) *fsck {
	c := &fsck{store: o.Store, master: o.Master, mode: o.TicketMode, registers: map[string]*fsckRegister{}, accounts: map[string]bool{},
		warned: told{}, lives: map[storage.DriveID]*life{}, drafts: map[storage.DriveID]bool{}}
	if len(c.master) == 0 {
		c.master = []byte(fn.DefaultMaster)
	}
	c.found = func(d Difference) {
		c.differences++
		found(d)
	}
	return c
}

// fsck is one run of Fsck.
type fsck struct {
	store  storage.Store
	master []byte
	mode   fn.TicketMode
	found  func(Difference)
	sum    FsckSummary

	ids       *idMaker // nil without a seed
	registers map[string]*fsckRegister
	accounts  map[string]bool // that can be read
	zones     zones
	warned    told // by the events
	lives     map[storage.DriveID]*life
	order     []*life // by id
	snapshots []*fsckSnapshot
	drafts    map[storage.DriveID]bool // drives of unfinished copies
	draftIDs  []uint64                 // of registers that were not imported to the end
	// differences counts those that were told; enough, when it is not 0, ends the look
	// at a drive.
	differences, enough int
	cuts                map[string]uint64 // by FN number: see Cuts
}

// fsckRegister is a register as its record has it.
type fsckRegister struct {
	registerRecord
	profile  *profile
	snapshot string // name; "": the register itself
}

// name is the register as a difference names it.
func (r *fsckRegister) name() string {
	if r.snapshot != "" {
		return r.Serial + ", snapshot " + r.snapshot
	}
	return r.Serial
}

// life is a drive from its first document to its last.
type life struct {
	id       storage.DriveID
	number   string        // FN number
	owner    *fsckRegister // nil: no register has it
	state    fn.State
	readable bool // the state
	last     uint32
	base     *base // nil: the events tell of all its documents
	unknown  bool  // its base cannot be used: it is not replayed

	steps    []fsckStep // of the events
	forms    []byte     // by number less one, as far as the replay went
	receipts [][16]byte // key of the receipt that the event of a document names; zeros: none
	claimed  []bool     // a receipt record has the document
	sent     uint32     // last document that an event tells to be sent
}

func (l *life) difference(document uint32, what, expected, found, do string) Difference {
	d := Difference{Drive: l.number, DriveID: l.id, Document: document, What: what, Expected: expected, Found: found, Do: do}
	if l.owner != nil {
		d.Register = l.owner.name()
	}
	return d
}

// beside tells that a document came in an image: no event here tells of it.
func (l *life) beside(number uint32) bool { return l.base != nil && number <= l.base.number }

func (c *fsck) tell(l *life, document uint32, what, expected, found, do string) {
	c.found(l.difference(document, what, expected, found, do))
}

func (c *fsck) readSeed() error {
	value, err := c.store.Record(kindMeta, seedKey)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		if _, _, err := c.store.LastRecord(kindReceipt, nil); err == nil {
			c.found(Difference{What: "the seed of the receipts' ids is missing", Do: doRestore})
		}
		return nil
	case err != nil:
		return err
	case len(value) != 8:
		c.found(Difference{What: "the seed of the receipts' ids", Expected: "8 bytes", Found: fmt.Sprint(len(value)), Do: doRestore})
		return nil
	}
	ids := newIDMaker(binary.BigEndian.Uint64(value))
	c.ids = &ids
	return nil
}

// readRegisters reads the records of registers, organisations and accounts.
func (c *fsck) readRegisters() error {
	err := c.records(kindRegister, func(key, value []byte) error {
		r := &fsckRegister{}
		if err := json.Unmarshal(value, &r.registerRecord); err != nil {
			c.found(Difference{Register: string(key), What: "the record of the register cannot be read: " + err.Error(), Do: doRestore})
			return nil
		}
		c.sum.Registers++
		if r.Serial != string(key) {
			c.found(Difference{Register: string(key), What: "serial number in the record", Expected: string(key), Found: r.Serial, Do: doRestore})
		}
		p, err := newProfile(&c.zones, r.ID, r.Settings)
		if err != nil {
			c.found(Difference{Register: r.Serial, Drive: r.DriveNumber, What: err.Error(), Do: doRestore})
			p = &profile{Settings: r.Settings, zone: time.UTC}
		}
		p.past, r.profile = r.Past, p
		for _, other := range c.registers {
			if other.ID == r.ID {
				c.found(Difference{Register: r.Serial, What: fmt.Sprintf("its internal id %d is that of register %s too", r.ID, other.Serial), Do: doRestore})
			}
		}
		c.registers[r.Serial] = r
		return nil
	})
	if err != nil {
		return err
	}
	readable := func(kind storage.Kind, name string, parse func(value []byte) (string, error)) {
		if err == nil {
			err = c.records(kind, func(key, value []byte) error {
				if own, err := parse(value); err != nil || own != string(key) {
					c.found(Difference{What: fmt.Sprintf("record of %s %q", name, key), Expected: "its own key in it", Found: fmt.Sprintf("%q, %v", own, err), Do: doRestore})
				}
				return nil
			})
		}
	}
	readable(kindOrganisation, "organisation", func(b []byte) (string, error) {
		var o Organisation
		err := json.Unmarshal(b, &o)
		return o.INN, err
	})
	readable(kindAccount, "account", func(b []byte) (string, error) {
		var a Account
		err := json.Unmarshal(b, &a)
		c.accounts[a.PublicID] = err == nil
		return a.PublicID, err
	})
	return err
}

// readDrives reads the states and finds the register of each.
func (c *fsck) readDrives() error {
	owners := map[storage.DriveID]*fsckRegister{}
	for _, r := range c.owners() {
		for _, d := range r.Drives {
			if other := owners[d]; other != nil {
				c.found(Difference{Register: r.name(), DriveID: d, What: "register " + other.name() + " has the drive too", Do: doRestore})
				continue
			}
			owners[d] = r
		}
	}
	broken := map[storage.DriveID]error{}
	err := c.store.Drives(func(d storage.DriveID, form []byte, _ uint64) error {
		if c.drafts[d] {
			return nil
		}
		l := &life{id: d, owner: owners[d]}
		state, err := fn.ParseState(form)
		l.state, l.readable = state, err == nil
		c.lives[d], c.order = l, append(c.order, l)
		c.sum.Drives++
		broken[d] = err
		return nil
	})
	if err != nil {
		return err
	}
	for _, l := range c.order {
		if l.last, err = c.store.LastDocument(l.id); err != nil {
			return err
		}
		c.nameDrive(l)
		if err := broken[l.id]; errors.Is(err, fn.ErrNewerState) {
			c.tell(l, 0, err.Error(), "", "", "") // it says what to do
		} else if err != nil {
			c.tell(l, 0, err.Error(), "", "", doRestore)
		}
		if l.owner == nil {
			c.tell(l, 0, "no register has the drive", "", "", doRestore)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(owners)) {
		if c.lives[d] == nil {
			r := owners[d]
			c.found(Difference{Register: r.name(), Drive: r.profile.settingsAt(d, 1).DriveNumber, DriveID: d, What: "the state of the drive is missing", Do: doRestore})
		}
	}
	return nil
}

// nameDrive finds the FN number of a drive: two of its state, the settings of its
// register and its first document outvote the third.
func (c *fsck) nameDrive(l *life) {
	var settings string
	if l.owner != nil {
		settings = l.owner.profile.settingsAt(l.id, 1).DriveNumber
		l.number = settings
	}
	if state := string(l.state.Drive[:]); l.readable && (settings == "" || state == numberInFirst(c.store, l.id)) {
		l.number = state
	}
	if settings != "" && settings != l.number {
		c.tell(l, 0, "number of the drive in the settings of the register", l.number, settings, doRestore)
	}
}

func (c *fsck) serials() []string { return slices.Sorted(maps.Keys(c.registers)) }

// owners are the registers, by serial number, and their snapshots: all that has
// drives.
func (c *fsck) owners() (list []*fsckRegister) {
	for _, serial := range c.serials() {
		list = append(list, c.registers[serial])
	}
	for _, s := range c.snapshots {
		list = append(list, s.register)
	}
	return list
}

// replayAll makes the documents of every drive again.
func (c *fsck) replayAll() error {
	for _, l := range c.order {
		if err := c.replay(l); err != nil {
			return err
		}
	}
	return nil
}

func (c *fsck) replay(l *life) error {
	if l.unknown {
		return nil
	}
	p := player{c: c, l: l, docs: documentPages{store: c.store, drive: l.id}, tickets: map[uint32][]byte{}}
	stored := l.state
	if !l.readable {
		// Without its state only what the settings tell is known of the drive.
		if l.owner == nil {
			return nil
		}
		s := l.owner.profile.settingsAt(l.id, 1)
		stored = fn.Blank(stored.Drive, s.DriveModel, ffd.V120, s.DriveCapacity)
	}
	stored.Drive = ffd.Pad[[16]byte](l.number)
	p.replay = fn.NewReplay(c.master, &stored, &p.docs)
	if l.base != nil {
		if err := p.retrace(); err != nil {
			return err
		}
	}
	for _, s := range l.steps {
		if p.ended {
			break
		}
		if s.confirmed() {
			p.confirm(s.number())
		} else if err := p.document(s.number()); err != nil {
			return err
		}
	}
	if err := p.rest(); err != nil {
		return err
	}
	if !l.readable || p.ended {
		return nil
	}
	for _, d := range p.replay.Diff(&l.state) {
		c.tell(l, 0, "state, "+d.Field, d.Mine, d.Other, doRestore)
	}
	return nil
}

// player replays one drive.
type player struct {
	c       *fsck
	l       *life
	docs    documentPages
	replay  *fn.Replay
	tickets map[uint32][]byte // read with their documents, not yet given
	ended   bool              // the rest cannot be replayed
}

// document replays the next document; number is the one that an event tells of.
func (p *player) document(number uint32) error {
	if number > p.l.last {
		p.c.tell(p.l, number, "an event tells of the document, which is not stored", "", "", doRestore)
		return nil
	}
	d, err := p.docs.next()
	if err != nil || d == nil {
		return p.missing(err)
	}
	return p.make(d)
}

// missing tells that a document of the drive cannot be read.
func (p *player) missing(err error) error {
	if err != nil && !errors.Is(err, storage.ErrDamaged) {
		return err
	}
	p.ended = true
	what, do := fmt.Sprintf("the document is missing, and %d behind it are not looked at", p.l.last-p.docs.at-1), doRestore
	if err != nil {
		what, do = what+": "+err.Error(), "" // the error says it
	}
	p.c.tell(p.l, p.docs.at+1, what, "", "", do)
	return nil
}

func (p *player) make(d *storedDocument) error {
	keeps := p.meet(d)
	if d.ticket != nil {
		p.tickets[d.number] = d.ticket
	}
	differences, err := p.replay.Document(d.container, keeps)
	if err != nil {
		p.stop(d, err)
		return nil
	}
	p.c.tellBytes(p.l, d, differences)
	p.compare(d, keeps)
	return nil
}

// meet counts a document and gives the registration that the settings keep for it,
// nil when it is no report.
func (p *player) meet(d *storedDocument) *fn.Registration {
	c, l := p.c, p.l
	c.sum.Documents++
	l.forms = append(l.forms, 0)
	if len(d.container) > 5 {
		l.forms[len(l.forms)-1] = d.container[5]
	}
	if d.ticket != nil {
		c.sum.Tickets++
	}
	form := ffd.Form(l.forms[len(l.forms)-1])
	if l.owner != nil && (form == ffd.FormRegistration || form == ffd.FormReregistration) {
		if profile, err := newProfile(&c.zones, l.owner.ID, l.owner.profile.settingsAt(l.id, d.number)); err == nil {
			return &profile.register.Registration
		}
	}
	return nil
}

// stop ends the replay at a document that the drive cannot have made.
func (p *player) stop(d *storedDocument, err error) {
	p.ended, p.l.forms = true, p.l.forms[:d.number-1]
	p.c.tell(p.l, d.number, fmt.Sprintf("%v; %d documents behind it are not looked at", err, p.l.last-d.number), "", "", doRestore)
}

// compare holds a report against the registration that the settings keep for it.
func (p *player) compare(d *storedDocument, keeps *fn.Registration) {
	if keeps == nil {
		return
	}
	mine, other := fn.State{Registration: *keeps}, fn.State{Registration: p.replay.State.Registration}
	for _, f := range mine.Diff(&other) {
		p.c.tell(p.l, d.number, "the settings of the register and the report differ in "+f.Field, f.Mine, f.Other, doRestore)
	}
}

// tellBytes tells where a stored document differs from the one made again.
func (c *fsck) tellBytes(l *life, d *storedDocument, differences []ffd.Difference) {
	for _, x := range differences {
		if x.Path == "container:crc" && len(differences) > 1 || x.Path == "container/sign:number" {
			continue // follows from another one
		}
		expected, found := "none", "none"
		switch {
		case x.Field[0].Key != "":
			expected, found = fmt.Sprint(x.Field[0].Value), fmt.Sprint(x.Field[1].Value)
		case x.Kind == ffd.DiffOrder:
			expected, found = strings.Join(x.Order[0], " "), strings.Join(x.Order[1], " ")
		default:
			if x.A != nil {
				expected = nodeText(x.A)
			}
			if x.B != nil {
				found = nodeText(x.B)
			}
		}
		do := doRestore
		if strings.HasSuffix(x.Path, "/1077") || strings.HasPrefix(x.Path, "container/sign") || strings.HasSuffix(x.Path, ":service2") {
			do = doKey
		}
		c.tell(l, d.number, x.Path, expected, found, do)
	}
}

// maxNodeText limits the bytes of a value in a difference.
const maxNodeText = 64

func nodeText(n *ffd.Node) string {
	text := n.Display()
	if text == "" {
		text = fmt.Sprintf("%X", n.Append(nil))
	}
	if runes := []rune(text); len(runes) > maxNodeText {
		text = string(runes[:maxNodeText]) + "..."
	}
	return text
}

// confirm gives the drive the ticket that an event tells of.
func (p *player) confirm(number uint32) {
	ticket, ok := p.tickets[number]
	if !ok {
		p.c.tell(p.l, number, "an event tells of a ticket, which is not stored", "", "", doRestore)
		return
	}
	delete(p.tickets, number)
	err := p.replay.Confirm(number, ticket, p.c.mode)
	if err == nil {
		return
	}
	do := doRestore
	if r, refused := errors.AsType[*fn.Refusal](err); refused {
		if r.Reason == fn.ReasonSign {
			do = doTicket
		}
		r.Hint = "" // it is for who delivers
	}
	p.c.tell(p.l, number, "the ticket: "+err.Error(), "", "", do)
}

// rest replays what no event tells of.
func (p *player) rest() error {
	for !p.ended && p.docs.at < p.l.last {
		d, err := p.docs.next()
		if err != nil || d == nil {
			return p.missing(err)
		}
		p.c.tell(p.l, d.number, "no event tells of the document", "", "", doRestore)
		if err := p.make(d); err != nil {
			return err
		}
	}
	if p.ended {
		return nil
	}
	for _, number := range slices.Sorted(maps.Keys(p.tickets)) {
		p.c.tell(p.l, number, "no event tells of the ticket", "", "", doRestore)
		p.confirm(number)
	}
	return nil
}

// storedDocument is a document out of the store, copied.
type storedDocument struct {
	number            uint32
	container, ticket []byte
}

// fsckPage is how many documents or records are read at once. What looks at them
// may then ask the store.
const fsckPage = 256

// documentPages reads the documents of a drive one after the other.
type documentPages struct {
	store storage.Store
	drive storage.DriveID
	at    uint32 // last number given
	page  []storedDocument
	err   error // that ended the page
}

// next is the next document, nil behind the last one. An error belongs to the
// document at + 1.
func (p *documentPages) next() (*storedDocument, error) {
	if len(p.page) == 0 {
		if p.err != nil {
			return nil, p.err
		}
		p.err = p.store.Documents(p.drive, p.at+1, fsckPage, func(number uint32, container, ticket []byte) error {
			p.page = append(p.page, storedDocument{number, bytes.Clone(container), bytes.Clone(ticket)})
			return nil
		})
		if len(p.page) == 0 {
			return nil, p.err
		}
	}
	d := &p.page[0]
	p.page = p.page[1:]
	p.at = d.number
	return d, nil
}

// Lives gives the internal ids of the drives with documents by FN number,
// ascending: a number has several when its drive was reset.
func Lives(store storage.Store) (map[string][]storage.DriveID, error) {
	var ids []storage.DriveID
	err := store.Drives(func(d storage.DriveID, _ []byte, _ uint64) error {
		ids = append(ids, d)
		return nil
	})
	lives := map[string][]storage.DriveID{}
	for _, d := range ids {
		if number := numberInFirst(store, d); number != "" {
			lives[number] = append(lives[number], d)
		}
	}
	return lives, err
}

// numberInFirst is the FN number in the first document of a drive, "" when it
// cannot be read.
func numberInFirst(store storage.Store, d storage.DriveID) string {
	box, err := store.Document(d, 1)
	if err != nil {
		return ""
	}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return ""
	}
	number, _ := ofdproto.UnpackDrive(c.Drive)
	return ofdproto.DriveString(number)
}

// Documents implements fn.DocumentReader: form 21 has totals of the unsent ones.
func (p *documentPages) Documents(from uint32, limit int, f func(number uint32, container, ticket []byte) error) error {
	return p.store.Documents(p.drive, from, limit, f)
}
