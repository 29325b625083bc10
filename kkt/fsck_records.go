package kkt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"kktd/ffd"
	"kktd/storage"
)

// records calls f for the records of a kind outside of a read of the store. The
// slices live until f returns.
func (c *fsck) records(kind storage.Kind, f func(key, value []byte) error) error {
	type pair struct{ key, value []byte }
	var after []byte
	for {
		var page []pair
		err := c.store.Records(kind, nil, after, fsckPage, func(key, value []byte) error {
			page = append(page, pair{bytes.Clone(key), bytes.Clone(value)})
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := f(p.key, p.value); err != nil {
				return err
			}
		}
		if len(page) < fsckPage {
			return nil
		}
		after = page[len(page)-1].key
	}
}

// idOf is the id of the receipt with the key, for a message.
func (c *fsck) idOf(key []byte) string {
	if c.ids == nil || len(key) != 16 {
		return fmt.Sprintf("with key %X", key)
	}
	return c.ids.make(binary.BigEndian.Uint64(key[8:]), sequenceOf(key))
}

func (c *fsck) readReceipts() error {
	return c.records(kindReceipt, func(key, value []byte) error {
		c.sum.Receipts++
		id := c.idOf(key)
		if len(key) != 16 {
			c.found(Difference{What: fmt.Sprintf("receipt record with a key of %d bytes", len(key)), Expected: "16", Found: fmt.Sprint(len(key)), Do: doRestore})
			return nil
		}
		rec, err := parseReceiptRecord(id, value)
		if err != nil {
			c.found(Difference{What: err.Error(), Do: doRestore})
			return nil
		}
		if c.draftReceipt(key) {
			return nil
		}
		if c.registers[rec.Register] == nil {
			c.found(Difference{Register: rec.Register, DriveID: rec.Drive, What: "receipt " + id + " names a register that is not stored", Do: doRestore})
			return nil
		}
		if since := c.registers[rec.Register].Since; sequenceOf(key) <= since {
			c.found(Difference{Register: rec.Register, DriveID: rec.Drive, What: "receipt " + id + " stands before the receipts of the register: its number",
				Expected: fmt.Sprint("above ", since), Found: fmt.Sprint(sequenceOf(key)), Do: doRestore})
		}
		return c.checkReceipt([16]byte(key), rec)
	})
}

// checkReceipt compares a receipt record with the documents it names.
func (c *fsck) checkReceipt(key [16]byte, rec *ReceiptRecord) error {
	what := "receipt " + rec.ID
	l := c.lives[rec.Drive]
	if l == nil {
		c.found(Difference{Register: rec.Register, DriveID: rec.Drive, What: what + " names a drive that is not stored", Do: doRestore})
		return nil
	}
	switch {
	case rec.Status == Processed && len(rec.Documents) == 0:
		c.tell(l, 0, what+" is processed", "a document", "none", doRestore)
	case rec.Status != Processed && len(rec.Documents) > 0:
		c.tell(l, rec.Documents[0], what+", "+string(rec.Status)+", has documents", "none", fmt.Sprint(rec.Documents), doRestore)
	case rec.Status != Processed && rec.Status != Queued && rec.Status != Failed:
		c.tell(l, 0, what+", status", "Queued, Processed or Error", fmt.Sprintf("%q", rec.Status), doRestore)
	}
	if rec.Status == Queued {
		if _, err := c.store.Record(kindDelayed, key[:]); errors.Is(err, storage.ErrNotFound) {
			c.tell(l, 0, what+" is queued, and what it is made of is not stored", "", "", doRestore)
		} else if err != nil {
			return err
		}
	}
	for _, number := range rec.Documents {
		switch {
		case number == 0 || number > l.last:
			c.tell(l, number, what+" names a document that is not stored", fmt.Sprint("up to ", l.last), fmt.Sprint(number), doRestore)
			continue
		case !l.beside(number) && int(number) > len(l.receipts):
			continue // told already: it has no event
		case int(number) <= len(l.forms) && !ffd.Form(l.forms[number-1]).IsSettlement():
			c.tell(l, number, what+" names a document that is no receipt: its form", "3, 4, 31 or 41", fmt.Sprint(l.forms[number-1]), doRestore)
			continue
		case !l.beside(number) && c.ids != nil && l.receipts[number-1] != key:
			c.tell(l, number, "the event of the document and the record name different receipts", c.receiptAt(l, number), rec.ID, doRestore)
			continue
		case l.claimed == nil:
			l.claimed = make([]bool, l.last)
		}
		if l.claimed[number-1] {
			c.tell(l, number, what+" names the document twice", "", "", doRestore)
		}
		l.claimed[number-1] = true
	}
	return nil
}

// receiptAt is the id of the receipt that the event of a document names.
func (c *fsck) receiptAt(l *life, number uint32) string {
	key := l.receipts[number-1]
	if key == ([16]byte{}) {
		return "none"
	}
	return c.idOf(key[:])
}

// checkUnclaimed tells of documents whose receipt does not know them.
func (c *fsck) checkUnclaimed() error {
	for _, l := range c.order {
		for i, key := range l.receipts {
			if key != ([16]byte{}) && (l.claimed == nil || !l.claimed[i]) {
				number := uint32(i + 1)
				c.tell(l, number, "its event names receipt "+c.receiptAt(l, number)+", whose record is missing or does not name the document", "", "", doRestore)
			}
		}
	}
	return nil
}

// readQueued looks at what queued receipts are made of.
func (c *fsck) readQueued() error {
	return c.records(kindDelayed, func(key, value []byte) error {
		c.sum.Queued++
		what := "queued receipt " + c.idOf(key)
		if _, err := parseQueued(value); err != nil {
			c.found(Difference{What: what + ": " + err.Error(), Do: doRestore})
		}
		return c.checkStatus(what, key, Queued)
	})
}

// checkStatus tells when the receipt that something hangs on is not stored, or
// has another status than it must have.
func (c *fsck) checkStatus(what string, key []byte, want Status) error {
	rec, err := c.receipt(key)
	switch {
	case errors.Is(err, ErrRecord): // told already
	case err != nil:
		return err
	case rec == nil:
		c.found(Difference{What: what + " has no receipt record", Do: doRestore})
	case rec.Status != want:
		c.found(Difference{Register: rec.Register, DriveID: rec.Drive, What: what + ", status of its record", Expected: string(want), Found: string(rec.Status), Do: doRestore})
	}
	return nil
}

// readPrinted looks at which receipt has the printed texts of a document.
func (c *fsck) readPrinted() error {
	return c.records(kindPrinted, func(key, value []byte) error {
		if len(key) != 12 || len(value) != 16 {
			c.found(Difference{What: fmt.Sprintf("printed texts %X: key of %d bytes, value of %d", key, len(key), len(value)), Expected: "12 and 16", Found: "others", Do: doRestore})
			return nil
		}
		d, number := storage.DriveID(binary.BigEndian.Uint64(key)), binary.BigEndian.Uint32(key[8:])
		l := c.lives[d]
		if c.drafts[d] {
			return nil
		}
		if l == nil || number == 0 || number > l.last {
			c.found(Difference{DriveID: d, Document: number, What: "printed texts of a document that is not stored", Do: doRestore})
			return nil
		}
		rec, err := c.receipt(value)
		switch {
		case errors.Is(err, ErrRecord): // told already
		case err != nil:
			return err
		case rec == nil || rec.Drive != d || !slices.Contains(rec.Documents, number):
			c.tell(l, number, "its printed texts are looked for in receipt "+c.idOf(value)+", which does not name the document", "", "", doRestore)
		}
		return nil
	})
}

// readAnswers looks at the stored answers of requests with a key.
func (c *fsck) readAnswers() error {
	return c.records(kindAnswer, func(key, value []byte) error {
		c.sum.Answers++
		what := fmt.Sprintf("answer %X", key)
		given, id, _, err := parseAnswer(value)
		switch {
		case err != nil:
			c.found(Difference{What: what + ": " + err.Error(), Do: doRestore})
			return nil
		case len(key) != answerHashLen && (len(key) != answerKeyLen || binary.BigEndian.Uint64(key) != slotOf(given)):
			c.found(Difference{What: what + ", its key", Expected: fmt.Sprintf("hour %d and a hash", slotOf(given)), Found: fmt.Sprintf("%d bytes", len(key)), Do: doRestore})
		}
		if c.ids == nil {
			return nil
		}
		return c.checkNamed(what, id)
	})
}

// checkNamed tells when a receipt that something names is not stored.
func (c *fsck) checkNamed(what, id string) error {
	key, err := c.ids.parse(id)
	if err != nil {
		c.found(Difference{What: what + ": " + err.Error(), Do: doRestore})
		return nil
	}
	return c.checkKey(what+" is for receipt "+id+", which is not stored", key[:])
}

// checkKey tells when the receipt with a key is not stored.
func (c *fsck) checkKey(what string, key []byte) error {
	rec, err := c.receipt(key)
	if err == nil && rec == nil {
		c.found(Difference{What: what, Do: doRestore})
	}
	if errors.Is(err, ErrRecord) {
		return nil // told already
	}
	return err
}

// receipt reads a receipt record, nil when there is none; ErrRecord when it
// cannot be read.
func (c *fsck) receipt(key []byte) (*ReceiptRecord, error) {
	value, err := c.store.Record(kindReceipt, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseReceiptRecord("", value)
}
