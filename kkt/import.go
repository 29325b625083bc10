package kkt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"kktd/clock"
	"kktd/event"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// Import makes a register from a file that Export wrote, under its own serial number
// and with its own drives, documents and tickets. Everything is proved before anything
// is seen: that the file is whole, that the settings can be used, that each document
// is one that its drive can have made and is signed with the master key of this fleet,
// that tickets verify as the ticket check has it, that the state of each drive is
// what its documents lead to and that receipts name documents which are there. Its
// organisation is made when it is not there. Receipts get new ids. Memory does not
// grow with the file, and what a crash leaves the next Open takes away.
//
// Errors: *ImageError when the file is to blame; *InvalidError when serial number,
// drive number or account are; ErrClosed, and that of in.
func (f *Fleet) Import(ctx context.Context, a Account, in io.Reader) (*Register, ImageSummary, error) {
	if err := ctx.Err(); err != nil {
		return nil, ImageSummary{}, err
	}
	if !f.enter() {
		return nil, ImageSummary{}, ErrClosed
	}
	defer f.leave(1)
	if _, err := f.accountFor(a); err != nil {
		return nil, ImageSummary{}, err
	}
	x := &importer{draft: draft{f: f}, ctx: ctx, account: a, verifier: fn.NewDriveVerifier(f.master)}
	x.draft.take = x.take
	r, err := x.run(in)
	if err != nil {
		x.abandon()
		return nil, ImageSummary{}, err
	}
	p := r.profile.Load()
	f.log.WithField("register", p.Serial).WithField("drive", p.DriveNumber).WithField("documents", x.documents).Info("register is imported")
	f.announce(r)
	return r, ImageSummary{Drives: len(x.rec.Drives), Documents: x.documents, Receipts: x.receipts}, nil
}

// announce tells of a register whose documents came in an image: to who sends them,
// and to the receipts that wait for a register.
func (f *Fleet) announce(r *Register) {
	if f.onDocuments != nil {
		for _, o := range r.Outgoing() {
			f.onDocuments(o)
		}
		f.onDocuments(r)
	}
	f.tellWarnings(r)
	f.retryWaiting(r.Settings().INN)
}

// importer is the sink that makes a register of a file.
type importer struct {
	draft
	ctx       context.Context
	account   Account // as it was asked for
	verifier  *fn.DriveVerifier
	number    uint32 // of the last document of the drive
	documents uint32
	record    registerRecord
	checker   *fsck    // of the drives, once all are there
	found     []string // what it tells
	key, sign bool     // the reasons are the master key, the ticket check
}

func (x *importer) run(in io.Reader) (*Register, error) {
	if err := readImage(in, x); err != nil {
		return nil, err
	}
	if err := x.verified(); err != nil {
		return nil, err
	}
	return x.finish()
}

// head implements imageSink.
func (x *importer) head(h *imageHead) error {
	s := &h.Settings
	for i := -1; i < len(h.Past); i++ {
		one, what := s, "settings"
		if i >= 0 {
			one, what = &h.Past[i].Settings, fmt.Sprintf("past[%d].settings", i)
		}
		if _, err := newProfile(&x.f.zones, 0, *one); err != nil {
			return badImage("%s: %v", what, err)
		}
		for n, d := range one.Drives {
			if d != storage.DriveID(n+1) {
				return badImage("%s: drives: %v, want them counted from 1", what, one.Drives)
			}
		}
		if one.Serial != s.Serial || one.INN != s.INN {
			return badImage("%s: of register %s of %s, and the image is of %s of %s", what, one.Serial, one.INN, s.Serial, s.INN)
		}
	}
	if c := h.Clock; c != nil {
		if err := c.Check(); err != nil || c.Mode == clock.Following {
			return badImage("its own clock: mode %q: %v", c.Mode, err)
		}
	}
	if err := x.f.checkNumbers(s); err != nil {
		return err
	}
	if err := x.free(s.Serial); err != nil {
		return err
	}
	return x.draft.head(h)
}

// free refuses the serial number of a register that is there.
func (x *importer) free(serial string) error {
	if _, err := x.f.Register(serial); err == nil {
		return invalid("serial", serial, "there is a register with this number: delete it first, or bring it to a snapshot with restore",
			"касса с таким номером уже есть: сначала удалите её")
	}
	return nil
}

// freeDrive refuses a drive that is in a register.
func (x *importer) freeDrive(number string) error {
	if !x.f.anyDrive && !strings.HasPrefix(number, debugPrefix) {
		return invalid("drive_number", number, "numbers of an emulator begin with 9999; any-drive-number allows others",
			"номера ФН эмулятора начинаются с 9999, другие разрешает настройка any-drive-number")
	}
	err := x.f.checkDrive(number)
	if wrong := (*InvalidError)(nil); errors.As(err, &wrong) {
		wrong.Rule += ": delete that register first"
	}
	return err
}

// drive implements imageSink.
func (x *importer) drive(s *fn.State) error {
	number := ofdproto.DriveString(s.Drive)
	if !digits16.MatchString(number) {
		return badImage("its number is %q, want 16 digits", number)
	}
	if err := x.freeDrive(number); err != nil {
		return err
	}
	if err := x.driveEnds(); err != nil {
		return err
	}
	x.number = 0
	return x.draft.drive(s)
}

// driveEnds looks whether the last drive has the documents of its state.
func (x *importer) driveEnds() error {
	if n := len(x.states); n > 0 && x.states[n-1].LastNumber != x.number {
		return badImage("drive %d before it is at document %d by its state and has %d documents", n, x.states[n-1].LastNumber, x.number)
	}
	return nil
}

// document implements imageSink.
func (x *importer) document(container, ticket []byte) error {
	if err := x.ctx.Err(); err != nil {
		return err
	}
	x.number++
	x.documents++
	switch what, do := checkContainer(x.verifier, x.states[len(x.states)-1].Drive, x.number, container); {
	case do == doKey:
		return badImage("document %d of drive %s: %s: it was signed with another master key; import it with the --master-key of the kktd that it comes from",
			x.number, x.states[len(x.states)-1].Drive, what)
	case what != "":
		return badImage("document %d of drive %s: %s", x.number, x.states[len(x.states)-1].Drive, what)
	}
	return x.draft.document(container, ticket)
}

// maxFound limits how much an import tells of what is wrong.
const maxFound = 3

// verified looks at the drives, once all are in the store.
func (x *importer) verified() error {
	if x.checker != nil {
		return nil
	}
	if err := x.driveEnds(); err != nil {
		return &ImageError{Offset: -1, What: "the file is whole, and contradicts itself", Cause: err}
	}
	s := &x.imageHead.Settings
	if len(s.Drives) != len(x.rec.Drives) {
		return &ImageError{Offset: -1, What: fmt.Sprintf("the settings tell of %d drives, and %d are there", len(s.Drives), len(x.rec.Drives))}
	}
	if err := x.begin(); err != nil {
		return err
	}
	c := newFsck(FsckOptions{Store: x.f.store, Master: x.f.master, TicketMode: x.f.ticketMode}, x.tell)
	c.enough, x.checker = maxFound, c
	owner := &fsckRegister{registerRecord: x.record}
	owner.profile, _ = newProfile(&x.f.zones, x.record.ID, x.record.Settings) // head has looked at it
	owner.profile.past = x.record.Past
	for i, id := range x.rec.Drives {
		l := &life{id: id, owner: owner, state: x.states[i], readable: true, last: x.states[i].LastNumber}
		l.base = &base{l.last, l.state}
		c.lives[id], c.order = l, append(c.order, l)
		c.nameDrive(l)
		if l.last == 0 && l.number != ofdproto.DriveString(l.state.Drive) {
			x.tell(l.difference(0, "number of the drive", l.number, ofdproto.DriveString(l.state.Drive), ""))
		}
	}
	if err := c.replayAll(); err != nil {
		return err
	}
	if len(x.found) == 0 {
		c.checkPast(owner)
	}
	return x.refused()
}

// begin stores what there is and gives the register its id, so that receipts can be
// stored under it.
func (x *importer) begin() error {
	if err := x.giveID(); err != nil {
		return err
	}
	x.named = 0 // the record of the draft must name the register
	h := x.imageHead.renumber(idIn(x.rec.Drives))
	x.record = registerRecord{ID: x.rec.Register, Settings: h.Settings, Past: h.Past, Since: x.rec.Since}
	return x.flush()
}

func (x *importer) giveID() (err error) {
	f := x.f
	f.creating.Lock() // a register that is being made has the next id
	defer f.creating.Unlock()
	if x.rec.Since, err = f.beforeReceipts(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastID++
	x.rec.Register = f.lastID
	return nil
}

// tell takes what is wrong with the drives.
func (x *importer) tell(d Difference) {
	switch d.Do {
	case doKey:
		x.key = true
	case doTicket:
		x.sign = true
	}
	if d.Do, d.DriveID, d.Register = "", 0, ""; len(x.found) < maxFound {
		x.found = append(x.found, d.String())
	}
}

// refused is what was told as an error.
func (x *importer) refused() error {
	if len(x.found) == 0 {
		return nil
	}
	text := strings.Join(x.found, "; ")
	switch {
	case x.key:
		text += "; import it with the --master-key of the kktd that it comes from"
	case x.sign:
		text += "; import it with the --ticket-check and the --master-key of the kktd that it comes from"
	}
	return &ImageError{Offset: -1, What: "the file is whole, and contradicts itself: " + text}
}

// take stores a receipt under a new id.
func (x *importer) take(r *imageReceipt) error {
	if err := x.verified(); err != nil {
		return err
	}
	rec := &r.record
	if rec.Drive = idIn(x.rec.Drives)(rec.Drive); rec.Drive == 0 {
		return badImage("it names a drive that the image has not")
	}
	key := receiptKey(x.rec.Register, x.f.sequence.Add(1))
	rec.ID = x.f.idOf(key)
	switch {
	case rec.Status == Queued:
		return badImage("it is queued, and an image has none that is")
	case rec.Register != x.imageHead.Settings.Serial:
		return badImage("it is of register %q", rec.Register)
	case r.message != nil && rec.Status != Processed:
		return badImage("it has a message and no documents")
	}
	if err := x.checker.checkReceipt(key, rec); err != nil {
		return err
	}
	if err := x.refused(); err != nil {
		return badImage("%s", x.found[0])
	}
	return x.putReceipt(key, r)
}

// putReceipt adds a receipt to the copy as one of a register in force: with its
// message and, where it has printed texts, what leads to them.
func (d *draft) putReceipt(key [16]byte, r *imageReceipt) error {
	records, err := appendReceipt(nil, key, r)
	for _, rec := range records {
		if err == nil {
			err = d.put(rec.Kind, rec.Key, rec.Value)
		}
	}
	return err
}

// appendReceipt appends the records of a receipt whose Drive is an id in the store.
func appendReceipt(records []storage.Record, key [16]byte, r *imageReceipt) ([]storage.Record, error) {
	at := slices.Clone(key[:])
	records = append(records, storage.Record{Kind: kindReceipt, Key: at, Value: r.record.append(nil)})
	if r.message != nil {
		records = append(records, storage.Record{Kind: kindMessage, Key: at, Value: r.message.append(nil)})
	}
	if r.record.Printed.empty() {
		return records, nil
	}
	for _, number := range r.record.Documents {
		printed := printedKey(r.record.Drive, number)
		records = append(records, storage.Record{Kind: kindPrinted, Key: printed[:], Value: at})
	}
	return records, nil
}

// finish makes the register known, in one step.
func (x *importer) finish() (*Register, error) {
	f, s := x.f, &x.record.Settings
	f.creating.Lock()
	defer f.creating.Unlock()
	if err := x.free(s.Serial); err != nil {
		return nil, err
	}
	for i := range x.states {
		if err := x.freeDrive(ofdproto.DriveString(x.states[i].Drive)); err != nil {
			return nil, err
		}
	}
	account, err := f.accountFor(x.account) // it may have changed while the file came
	if err != nil {
		return nil, err
	}
	account, joins, err := f.joined(account, s.INN)
	if err != nil {
		return nil, err
	}
	c := x.last()
	add := func(kind storage.Kind, key string, v any) {
		rec, recErr := jsonRecord(kind, key, v)
		c.Records, err = append(c.Records, rec), errors.Join(err, recErr)
	}
	add(kindRegister, s.Serial, x.record)
	org, known := f.Organisation(s.INN)
	if !known {
		org = Organisation{INN: s.INN, Name: s.UserName, Address: s.Address}
		add(kindOrganisation, org.INN, org)
	}
	if joins {
		add(kindAccount, account.PublicID, account)
	}
	if x.imageHead.Clock != nil {
		add(kindClock, string(clockKey(s.Serial)), x.imageHead.Clock)
	}
	if err != nil {
		return nil, err
	}
	if c.Records, err = putBases(c.Records, x.rec.Drives, x.states); err != nil {
		return nil, err
	}
	c.Events = f.cutEvents(event.RegisterImported, s.Serial, "", nil, x.states)
	x.forewarn()
	defer f.announced(s.Serial, s.INN)()
	if _, err := f.storeDrive(c); err != nil {
		return nil, err
	}
	r := f.revive(&x.record)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.organisations[org.INN] = org
	if joins {
		f.setAccount(account)
	}
	f.drives += uint64(len(x.rec.Drives))
	f.add(r)
	return r, nil
}

// cutEvents tells of each FN number that a register had, gone are those, or has by the
// states of its drives.
func (f *Fleet) cutEvents(kind event.Kind, serial, text string, gone []string, states []fn.State) (list [][]byte) {
	numbers, last := slices.Clone(gone), map[string]uint32{}
	for i := range states {
		number := ofdproto.DriveString(states[i].Drive)
		numbers, last[number] = append(numbers, number), states[i].LastNumber
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		e := event.Event{Kind: kind, Time: f.clock.Now().UnixMilli(), Register: serial, Drive: number, Document: last[number], Text: text}
		list = append(list, e.Append(nil))
	}
	return list
}

// driveNumbers are the FN numbers that are or were in a register.
func (p *profile) driveNumbers() []string {
	list := []string{p.DriveNumber}
	for i := range p.past {
		list = append(list, p.past[i].Settings.DriveNumber)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
