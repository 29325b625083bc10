package kkt

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"kktd/storage"
)

// A snapshot is an image of a register in the store: copies of its drives under ids of
// their own and of its receipts under their keys. So it stays as it is whatever becomes
// of the register, and goes with it when that is deleted.

// snapshotRecord is the record of a snapshot, as JSON.
type snapshotRecord struct {
	Name     string            `json:"name"`
	Created  int64             `json:"created"` // business time, Unix milliseconds
	Head     imageHead         `json:"head"`
	Drives   []storage.DriveID `json:"drives"` // by their number in the image; the first names the receipts
	Receipts int               `json:"receipts"`
	Made     uint32            `json:"documents"` // of all drives
	Since    uint64            `json:"since"`     // as of the register, at that time
}

// Keys of kindSnapshot: of a snapshot by serial number, with its length before it, and
// name; of a receipt by the first drive of its snapshot and its own key.
const (
	keySnapshot        = 's'
	keySnapshotReceipt = 'r'
)

func snapshotKey(serial, name string) []byte {
	return append(snapshotsOf(serial), name...)
}

func snapshotsOf(serial string) []byte { return appendString([]byte{keySnapshot}, serial) }

func snapshotReceipts(first storage.DriveID) []byte { return baseKey(keySnapshotReceipt, first) }

// Snapshot is what is told of a snapshot.
type Snapshot struct {
	Register string // serial number
	Name     string
	Created  int64 // business time, Unix milliseconds
	ImageSummary
}

func (s *snapshotRecord) view() Snapshot {
	return Snapshot{Register: s.Head.Settings.Serial, Name: s.Name, Created: s.Created,
		ImageSummary: ImageSummary{Drives: len(s.Drives), Documents: s.Made, Receipts: s.Receipts}}
}

// ErrExists is returned when a snapshot with the name is there.
var ErrExists = errors.New("kkt: the snapshot is there already")

var snapshotName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func checkSnapshotName(name string) error {
	if !snapshotName.MatchString(name) {
		return invalid("name", name, "want 1 to 64 of A-Z, a-z, 0-9 and . _ -, the first a letter or digit",
			"ожидается от 1 до 64 латинских букв, цифр и знаков . _ -, сначала буква или цифра")
	}
	return nil
}

// Snapshot keeps the register as it is now under a name. replace lets it take the
// place of a snapshot with that name. Errors: *InvalidError, ErrExists, ErrQueued,
// ErrOutOfService, ErrNotFound when the register was deleted, ErrClosed.
func (r *Register) Snapshot(ctx context.Context, name string, replace bool) (Snapshot, error) {
	if err := checkSnapshotName(name); err != nil {
		return Snapshot{}, err
	}
	r.imaging.Lock()
	defer r.imaging.Unlock()
	f := r.fleet
	old, err := f.snapshot(r.Serial(), name)
	switch {
	case err == nil && !replace:
		return Snapshot{}, fmt.Errorf("%w: %s of register %s; delete it first, take another name or ask for its replacement", ErrExists, name, r.Serial())
	case err != nil && !errors.Is(err, ErrNotFound):
		return Snapshot{}, err
	}
	for {
		p, err := r.capture(ctx)
		if err != nil {
			return Snapshot{}, err
		}
		s, err := r.keepPicture(ctx, name, p, old)
		missing := errors.Is(err, ErrNotFound) || errors.Is(err, ErrRecord)
		if !missing || p.register == r.profile.Load() {
			return s, err
		}
		// It has begun anew meanwhile. That it was deleted the next capture tells.
	}
}

// keepPicture copies a picture and makes the copy known, in the place of old when that is
// not nil.
func (r *Register) keepPicture(ctx context.Context, name string, p *picture, old *snapshotRecord) (Snapshot, error) {
	f, d := r.fleet, &draft{f: r.fleet, rec: draftRecord{Snapshot: true}}
	d.take = func(x *imageReceipt) error {
		return d.put(kindSnapshot, append(snapshotReceipts(d.rec.Drives[0]), x.key[:]...), x.append(nil))
	}
	s := snapshotRecord{Name: name, Created: f.clock.Now().UnixMilli(), Head: p.imageHead, Made: p.documents(), Since: p.register.since}
	err := p.walk(&contextStore{f.store, ctx}, d)
	if err == nil {
		s.Drives, s.Receipts = d.rec.Drives, d.receipts
		err = r.keepSnapshot(&s, old, d)
	}
	if err != nil {
		d.abandon()
		return Snapshot{}, err
	}
	f.log.WithField("register", r.Serial()).WithField("snapshot", name).WithField("documents", s.Made).Info("snapshot is made")
	return s.view(), nil
}

// keepSnapshot makes a copy known, in the place of old when that is not nil.
func (r *Register) keepSnapshot(s, old *snapshotRecord, d *draft) error {
	f := r.fleet
	f.creating.Lock()
	defer f.creating.Unlock()
	if now, err := f.Register(r.Serial()); err != nil || now != r {
		return errGone(r.Serial())
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	c := d.last()
	c.Records = append(c.Records, storage.Record{Kind: kindSnapshot, Key: snapshotKey(r.Serial(), s.Name), Value: value})
	if old != nil {
		if c.Records, err = f.dropSnapshot(c.Records, old); err != nil {
			return err
		}
		c.Forget = old.Drives
	}
	_, err = f.storeDrive(c)
	return err
}

// dropSnapshot appends what takes the receipts of a snapshot away.
func (f *Fleet) dropSnapshot(records []storage.Record, s *snapshotRecord) ([]storage.Record, error) {
	err := f.store.Records(kindSnapshot, snapshotReceipts(s.Drives[0]), nil, 0, func(key, _ []byte) error {
		records = append(records, storage.Record{Kind: kindSnapshot, Key: slices.Clone(key)})
		return nil
	})
	return records, err
}

// findSnapshots adds the snapshots of a register to what goes with it.
func (g *gathering) findSnapshots(serial string, p *part) error {
	list, err := g.f.snapshotRecords(serial)
	for _, s := range list {
		if err == nil {
			p.drop(kindSnapshot, snapshotKey(serial, s.Name))
			p.change.Forget = append(p.change.Forget, s.Drives...)
			p.change.Records, err = g.f.dropSnapshot(p.change.Records, s)
		}
	}
	return err
}

// snapshot reads the record of a snapshot.
func (f *Fleet) snapshot(serial, name string) (*snapshotRecord, error) {
	value, err := f.store.Record(kindSnapshot, snapshotKey(serial, name))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: snapshot %q of register %s", ErrNotFound, name, serial)
	}
	if err != nil {
		return nil, err
	}
	return parseSnapshot(value)
}

func parseSnapshot(value []byte) (*snapshotRecord, error) {
	var s snapshotRecord
	err := json.Unmarshal(value, &s)
	if err == nil && len(s.Drives) == 0 {
		err = errors.New("it has no drives")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: snapshot: %w; kktd fsck tells more", ErrRecord, err)
	}
	return &s, nil
}

// snapshotRecords reads the snapshots of a register, of all when serial is empty.
func (f *Fleet) snapshotRecords(serial string) (list []*snapshotRecord, err error) {
	prefix := []byte{keySnapshot}
	if serial != "" {
		prefix = snapshotsOf(serial)
	}
	err = f.store.Records(kindSnapshot, prefix, nil, 0, func(_, value []byte) error {
		s, err := parseSnapshot(value)
		list = append(list, s)
		return err
	})
	return list, err
}

// Snapshots are those of a register, of all when serial is empty, by register and
// name.
func (f *Fleet) Snapshots(serial string) ([]Snapshot, error) {
	records, err := f.snapshotRecords(serial)
	if err != nil {
		return nil, err
	}
	list := make([]Snapshot, 0, len(records))
	for _, s := range records {
		list = append(list, s.view())
	}
	slices.SortFunc(list, func(a, b Snapshot) int {
		return cmp.Or(cmp.Compare(a.Register, b.Register), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// DeleteSnapshot deletes a snapshot of the register, in one step. Errors:
// ErrNotFound.
func (r *Register) DeleteSnapshot(name string) (Snapshot, error) {
	r.imaging.Lock()
	defer r.imaging.Unlock()
	f := r.fleet
	f.creating.Lock() // the register is not deleted meanwhile
	defer f.creating.Unlock()
	s, err := f.snapshot(r.Serial(), name)
	if err != nil {
		return Snapshot{}, err
	}
	c := storage.Change{Forget: s.Drives, Records: []storage.Record{{Kind: kindSnapshot, Key: snapshotKey(r.Serial(), name)}}}
	if c.Records, err = f.dropSnapshot(c.Records, s); err != nil {
		return Snapshot{}, err
	}
	if err = f.append(c); errors.Is(err, storage.ErrUnknownOutcome) && !errors.Is(err, storage.ErrStopped) {
		if _, lookErr := f.snapshot(r.Serial(), name); errors.Is(lookErr, ErrNotFound) {
			err = nil
		}
	}
	if err != nil {
		return Snapshot{}, err
	}
	f.log.WithField("register", r.Serial()).WithField("snapshot", name).Info("snapshot is deleted")
	return s.view(), nil
}

// SnapshotAll keeps all registers under one name, one after the other. Nothing is done
// when one of them cannot be kept at the moment, or has the snapshot and replace is not
// set. When it fails later, those that are told of are made. Errors: those of
// Register.Snapshot.
func (f *Fleet) SnapshotAll(ctx context.Context, name string, replace bool) (list []Snapshot, err error) {
	if err := checkSnapshotName(name); err != nil {
		return nil, err
	}
	registers := f.Registers()
	for _, r := range registers {
		if _, err := r.State(); err != nil {
			return nil, fmt.Errorf("register %s: %w", r.Serial(), err)
		}
		if _, err := f.snapshot(r.Serial(), name); err == nil && !replace {
			return nil, fmt.Errorf("%w: %s of register %s; delete it first, take another name or ask for its replacement", ErrExists, name, r.Serial())
		}
		if _, err := r.receiptKeys(); err != nil {
			return nil, err
		}
	}
	for _, r := range registers {
		s, err := r.Snapshot(ctx, name, replace)
		switch {
		case errors.Is(err, ErrNotFound): // it was deleted meanwhile
			continue
		case err != nil:
			return list, err
		}
		list = append(list, s)
	}
	return list, nil
}

// DeleteSnapshots deletes the snapshots with a name of all registers. Errors:
// ErrNotFound when none has one.
func (f *Fleet) DeleteSnapshots(name string) (list []Snapshot, err error) {
	for _, r := range f.Registers() {
		s, err := r.DeleteSnapshot(name)
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil:
			return list, err
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, errNoSnapshot(name)
	}
	return list, nil
}

func errNoSnapshot(name string) error {
	return fmt.Errorf("%w: no register has a snapshot %q", ErrNotFound, name)
}
