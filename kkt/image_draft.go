package kkt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// A draft is the copy of an image while it is made. Large drives are written in steps
// of a bounded size, and a record that stands in the store from the first of them on
// tells which drives and records are of a copy that is not whole. The last step takes
// that record away and makes the copy known. So whatever ends the process in between
// leaves the record, and Open takes away what it names. A copy that fits into one
// step needs no record.
type draft struct {
	f      *Fleet
	rec    draftRecord
	stored bool           // something is
	named  int            // drives in the stored record; 0: there is none
	change storage.Change // of the current drive, or of records alone; not stored yet
	size   int            // bytes in it
	form   []byte         // of the current drive's state
	states []fn.State
	take   func(*imageReceipt) error // what becomes of receipts

	imageHead // by the number of drives in the image
	receipts  int
}

// draftRecord names what a draft has stored.
type draftRecord struct {
	Drives   []storage.DriveID `json:"drives"`             // the first names the draft
	Snapshot bool              `json:"snapshot,omitempty"` // receipts stand under the first drive
	Register uint64            `json:"register,omitempty"` // id that receipts stand under
	Since    uint64            `json:"since,omitempty"`    // a sequence number before those of the receipts
}

// Limits of a step of a draft.
const (
	draftDocuments = 512
	draftBytes     = 1 << 20
	draftKeys      = 1024 // that are taken away at once
)

// Keys of kindBase: of a base by the id of the drive, of a draft by that of its
// first drive.
const (
	keyBase  = 'b'
	keyDraft = 'd'
)

func baseKey(first byte, d storage.DriveID) []byte {
	return binary.BigEndian.AppendUint64([]byte{first}, uint64(d))
}

func (d *draft) key() []byte { return baseKey(keyDraft, d.rec.Drives[0]) }

// head implements imageSink.
func (d *draft) head(h *imageHead) error {
	d.imageHead = *h
	return nil
}

// drive implements imageSink.
func (d *draft) drive(s *fn.State) error {
	if len(d.rec.Drives) > 0 {
		if err := d.flush(); err != nil {
			return err
		}
	}
	form, err := s.AppendBinary(nil)
	if err != nil {
		return err
	}
	d.rec.Drives, d.states, d.form = append(d.rec.Drives, d.f.store.ReserveDrive()), append(d.states, *s), form
	d.change = storage.Change{Drive: d.rec.Drives[len(d.rec.Drives)-1], State: form}
	return nil
}

// document implements imageSink.
func (d *draft) document(container, ticket []byte) error {
	if len(d.change.Documents) >= d.f.draftDocuments || d.size >= draftBytes {
		if err := d.flush(); err != nil {
			return err
		}
	}
	number := uint32(1)
	if n := len(d.change.Documents); n > 0 {
		number = d.change.Documents[n-1].Number + 1
	} else if d.change.Expect > 0 {
		last, err := d.f.store.LastDocument(d.change.Drive)
		if err != nil {
			return err
		}
		number = last + 1
	}
	d.change.Documents = append(d.change.Documents, storage.Document{Number: number, Container: bytes.Clone(container)})
	if len(ticket) > 0 {
		d.change.Tickets = append(d.change.Tickets, storage.Ticket{Number: number, Container: bytes.Clone(ticket)})
	}
	d.size += len(container) + len(ticket)
	return nil
}

// receipt implements imageSink.
func (d *draft) receipt(r *imageReceipt) error {
	d.receipts++
	return d.take(r)
}

// put adds a record to the copy. It keeps key and value.
func (d *draft) put(kind storage.Kind, key, value []byte) error {
	if d.size >= draftBytes {
		if err := d.flush(); err != nil {
			return err
		}
	}
	d.change.Records = append(d.change.Records, storage.Record{Kind: kind, Key: key, Value: value})
	d.size += len(key) + len(value)
	return nil
}

// flush stores what there is so far, with the record that names it.
func (d *draft) flush() error {
	if d.named != len(d.rec.Drives) {
		value, err := json.Marshal(&d.rec)
		if err != nil {
			return err
		}
		d.change.Records = append(d.change.Records, storage.Record{Kind: kindBase, Key: d.key(), Value: value})
	}
	version, err := d.f.storeDrive(d.change)
	if err != nil {
		return err
	}
	d.stored, d.named, d.size = true, len(d.rec.Drives), 0
	d.change = storage.Change{Drive: d.change.Drive, Expect: version, State: d.form}
	return nil
}

// last gives the change that makes the copy known, for who adds to it what does so.
func (d *draft) last() storage.Change {
	c := d.change
	if d.stored {
		c.Records = append(slices.Clone(c.Records), storage.Record{Kind: kindBase, Key: d.key()})
	}
	return c
}

// forewarn tells who keeps documents by FN number what is about to happen to the drives.
func (d *draft) forewarn() {
	if d.f.onRestored == nil {
		return
	}
	for i := range d.states {
		d.f.onRestored(ofdproto.DriveString(d.states[i].Drive), d.states[i].LastNumber)
	}
}

// abandon takes away what was stored, unless the last step was stored after all. When
// it fails, the next Open does.
func (d *draft) abandon() {
	if !d.stored {
		return
	}
	_, err := d.f.store.Record(kindBase, d.key())
	if errors.Is(err, storage.ErrNotFound) {
		return
	}
	if err == nil {
		err = d.f.sweep(&d.rec)
	}
	if err != nil {
		d.f.log.WithError(err).Warn("an unfinished copy of a register is left in the store; the next start takes it away")
	}
}

// storeDrive makes a change of a drive that nobody else writes to and gives its new
// version. An unknown outcome is looked up.
func (f *Fleet) storeDrive(c storage.Change) (version uint64, err error) {
	res, err := f.store.Append(context.Background(), c)
	if !errors.Is(err, storage.ErrUnknownOutcome) || errors.Is(err, storage.ErrStopped) {
		return res.Version, err
	}
	form, version, lookErr := f.store.State(c.Drive)
	if lookErr == nil && version == c.Expect+1 && bytes.Equal(form, c.State) {
		return version, nil
	}
	return 0, err
}

// sweepDrafts takes away the copies that a crash has left unfinished.
func (f *Fleet) sweepDrafts() error {
	drafts, err := readDrafts(f.store)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if err := f.sweep(&d); err != nil {
			return err
		}
		f.log.WithField("drives", d.Drives).Warn("a copy of a register that was not finished is taken away")
	}
	return nil
}

// readDrafts reads the records of unfinished copies.
func readDrafts(store storage.Store) (list []draftRecord, err error) {
	err = store.Records(kindBase, []byte{keyDraft}, nil, 0, func(key, value []byte) error {
		var d draftRecord
		if err := json.Unmarshal(value, &d); err != nil || len(d.Drives) == 0 || !bytes.Equal(key, baseKey(keyDraft, d.Drives[0])) {
			return fmt.Errorf("%w: unfinished copy %X: %w", ErrRecord, key, errors.Join(err, errors.New("it does not name its drives")))
		}
		list = append(list, d)
		return nil
	})
	return list, err
}

// sweep takes a draft away, its record last.
func (f *Fleet) sweep(d *draftRecord) error {
	if d.Snapshot {
		if err := f.dropRecords(kindSnapshot, snapshotReceipts(d.Drives[0]), nil, nil); err != nil {
			return err
		}
	}
	if d.Register != 0 {
		after := receiptKey(1<<64-1, d.Since)
		for _, kind := range [...]storage.Kind{kindReceipt, kindMessage} {
			err := f.dropRecords(kind, nil, after[:], func(key []byte) bool { return len(key) == 16 && binary.BigEndian.Uint64(key[8:]) == d.Register })
			if err != nil {
				return err
			}
		}
	}
	for _, id := range d.Drives {
		if err := f.dropRecords(kindPrinted, driveKeyOf(id), nil, nil); err != nil {
			return err
		}
		if err := f.append(storage.Change{Forget: []storage.DriveID{id}}); err != nil {
			return err
		}
	}
	return f.append(storage.Change{Records: []storage.Record{{Kind: kindBase, Key: baseKey(keyDraft, d.Drives[0])}}})
}

// dropRecords takes records of a kind away in steps, those that which says so of; nil:
// all.
func (f *Fleet) dropRecords(kind storage.Kind, prefix, after []byte, which func(key []byte) bool) error {
	for {
		var c storage.Change
		n := 0
		err := f.store.Records(kind, prefix, after, draftKeys, func(key, _ []byte) error {
			n++
			after = append(after[:0:0], key...)
			if which == nil || which(key) {
				c.Records = append(c.Records, storage.Record{Kind: kind, Key: after})
			}
			return nil
		})
		if err == nil && len(c.Records) > 0 {
			err = f.append(c)
		}
		if err != nil || n < draftKeys {
			return err
		}
	}
}
