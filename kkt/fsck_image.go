package kkt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// fsckSnapshot is a snapshot as its record has it.
type fsckSnapshot struct {
	snapshotRecord
	register *fsckRegister // as it would be in force
	receipts int           // that were read
}

// readDrafts finds what a crash has left of unfinished copies.
func (c *fsck) readDrafts() error {
	drafts, err := readDrafts(c.store)
	if errors.Is(err, ErrRecord) {
		c.found(Difference{What: err.Error(), Do: doRestore})
		err = nil
	}
	for _, d := range drafts {
		for _, id := range d.Drives {
			c.drafts[id] = true
		}
		if d.Register != 0 {
			c.draftIDs = append(c.draftIDs, d.Register)
		}
	}
	return err
}

// draftReceipt tells that the receipt with a key is of an import that was not
// finished.
func (c *fsck) draftReceipt(key []byte) bool {
	return len(key) == 16 && slices.Contains(c.draftIDs, binary.BigEndian.Uint64(key[8:]))
}

// readSnapshots reads the records of the snapshots.
func (c *fsck) readSnapshots() error {
	return c.records(kindSnapshot, func(key, value []byte) error {
		if key[0] != keySnapshot {
			return nil // a receipt
		}
		var s snapshotRecord
		err := json.Unmarshal(value, &s)
		if err == nil && !bytes.Equal(key, snapshotKey(s.Head.Settings.Serial, s.Name)) {
			err = fmt.Errorf("it names itself %q of register %q", s.Name, s.Head.Settings.Serial)
		}
		if err == nil && len(s.Drives) == 0 {
			err = errors.New("it has no drives")
		}
		if err != nil {
			c.found(Difference{What: fmt.Sprintf("snapshot %q cannot be read: %v", key[1:], err), Do: doRestore})
			return nil
		}
		c.sum.Snapshots++
		if c.registers[s.Head.Settings.Serial] == nil {
			c.found(Difference{Register: s.Head.Settings.Serial, What: "snapshot " + s.Name + " of a register that is not stored", Do: doRestore})
		}
		head := s.Head.renumber(idIn(s.Drives))
		x := &fsckSnapshot{snapshotRecord: s, register: &fsckRegister{registerRecord: registerRecord{Settings: head.Settings, Past: head.Past}, snapshot: s.Name}}
		if x.register.profile, err = newProfile(&c.zones, 0, head.Settings); err != nil {
			c.found(Difference{Register: x.register.name(), Drive: head.Settings.DriveNumber, What: err.Error(), Do: doRestore})
			x.register.profile = &profile{Settings: head.Settings}
		}
		x.register.profile.past = head.Past
		c.snapshots = append(c.snapshots, x)
		return nil
	})
}

// readBases finds where the events of drives begin that came in an image.
func (c *fsck) readBases() error {
	for _, l := range c.order {
		if l.owner != nil && l.owner.snapshot != "" {
			if l.unknown = !l.readable || l.state.LastNumber != l.last; l.unknown {
				c.tell(l, 0, "the last document of its state", fmt.Sprint(l.last), fmt.Sprint(l.state.LastNumber), doRestore)
			}
			l.base = &base{l.last, l.state}
		}
	}
	return c.records(kindBase, func(key, _ []byte) error {
		if key[0] == keyDraft {
			return nil
		}
		if key[0] != keyBase || len(key) != 9 {
			c.found(Difference{What: fmt.Sprintf("record %X of kind %d", key, kindBase), Expected: "a base", Found: "something else", Do: doRestore})
			return nil
		}
		id := storage.DriveID(binary.BigEndian.Uint64(key[1:]))
		l := c.lives[id]
		if l == nil {
			c.found(Difference{DriveID: id, What: "the base of a drive that is not stored", Do: doRestore})
			return nil
		}
		b, err := readBase(c.store, id)
		switch {
		case errors.Is(err, ErrRecord):
			c.tell(l, 0, err.Error()+"; its documents are not looked at", "", "", doRestore)
		case err != nil:
			return err
		case b.number > l.last:
			c.tell(l, 0, "the drive came in an image with more documents than are stored", fmt.Sprint(b.number), fmt.Sprint(l.last), doRestore)
		default:
			l.base = b
			return nil
		}
		l.unknown = true
		return nil
	})
}

// retrace follows the documents that came in an image. Their tickets came at times
// that are not known: each is given behind its document.
func (p *player) retrace() error {
	b, verifier := p.l.base, fn.NewDriveVerifier(p.c.master)
	for !p.ended && p.docs.at < b.number {
		if p.c.enough > 0 && p.c.differences >= p.c.enough {
			p.ended = true
			return nil
		}
		d, err := p.docs.next()
		if err != nil || d == nil {
			return p.missing(err)
		}
		p.follow(d, verifier)
	}
	if p.ended {
		return nil
	}
	for _, d := range p.replay.DiffFollowed(&b.state) {
		p.c.tell(p.l, b.number, "state of the image, "+d.Field, d.Mine, d.Other, doRestore)
	}
	p.replay.State = b.state
	return nil
}

func (p *player) follow(d *storedDocument, verifier *fn.DriveVerifier) {
	keeps := p.meet(d)
	if what, do := checkContainer(verifier, p.replay.State.Drive, d.number, d.container); what != "" {
		p.c.tell(p.l, d.number, what, "", "", do)
	}
	if err := p.replay.Follow(d.container, keeps); err != nil {
		p.stop(d, err)
		return
	}
	p.compare(d, keeps)
	if d.ticket == nil {
		return
	}
	p.tickets[d.number] = d.ticket
	if first := p.l.base.state.FirstUnsent; first == 0 || d.number < first {
		p.confirm(d.number)
	}
}

// checkContainer tells what is wrong with the container of a document, and what a
// person does about it; "" when nothing is.
func checkContainer(verifier *fn.DriveVerifier, drive [16]byte, number uint32, box []byte) (what, do string) {
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return err.Error(), doRestore
	}
	n, _ := c.DocumentNumber()
	if got, _ := ofdproto.UnpackDrive(c.Drive); got != drive || n != number {
		return fmt.Sprintf("the container is of document %d of drive %s", n, ofdproto.DriveString(got)), doRestore
	}
	if !verifier.Verify(drive, box) {
		return "the sign of the container does not verify", doKey
	}
	return "", ""
}

// readSnapshotReceipts holds the receipts of snapshots against their documents.
func (c *fsck) readSnapshotReceipts() error {
	of := map[storage.DriveID]*fsckSnapshot{}
	for _, s := range c.snapshots {
		of[s.Drives[0]] = s
	}
	err := c.records(kindSnapshot, func(key, value []byte) error {
		if key[0] == keySnapshot {
			return nil
		}
		if key[0] != keySnapshotReceipt || len(key) != 1+8+16 {
			c.found(Difference{What: fmt.Sprintf("record %X of kind %d", key, kindSnapshot), Expected: "a snapshot or a receipt of one", Found: "something else", Do: doRestore})
			return nil
		}
		first := storage.DriveID(binary.BigEndian.Uint64(key[1:]))
		s, receipt := of[first], [16]byte(key[9:])
		if s == nil {
			if !c.drafts[first] {
				c.found(Difference{What: "receipt " + c.idOf(receipt[:]) + " of a snapshot that is not stored", Do: doRestore})
			}
			return nil
		}
		s.receipts++
		c.sum.Receipts++
		r, err := parseImageReceipt(value)
		if err != nil {
			c.found(Difference{Register: s.register.name(), What: "receipt " + c.idOf(receipt[:]) + ": " + err.Error(), Do: doRestore})
			return nil
		}
		r.record.ID, r.record.Drive = c.idOf(receipt[:]), idIn(s.Drives)(r.record.Drive)
		if r.record.Status == Queued {
			c.found(Difference{Register: s.register.name(), What: "receipt " + r.record.ID + " is queued, and a snapshot has none that is", Do: doRestore})
			return nil
		}
		return c.checkReceipt(receipt, &r.record)
	})
	for _, first := range slices.Sorted(maps.Keys(of)) {
		if s := of[first]; s.receipts != s.Receipts {
			c.found(Difference{Register: s.register.name(), What: "receipts", Expected: fmt.Sprint(s.Receipts), Found: fmt.Sprint(s.receipts), Do: doRestore})
		}
	}
	return err
}
