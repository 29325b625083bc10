package bolt

import (
	"fmt"

	"kktd/storage"
)

// forget deletes a drive: its documents in the log, their blocks, its tickets, its state. The greatest id stays
// noted in the meta bucket, so that this one is not given again.
func (b *batch) forget(w *batchWorld, d storage.DriveID) error {
	b.key = appendDriveKey(b.key[:0], d)
	v := w.get(stateBucket, b.key)
	if v == nil {
		return nil
	}
	row, err := parseState(v)
	if err != nil {
		return fmt.Errorf("drive %d: %w", d, err)
	}
	if err := w.forgetLogged(row.tail); err != nil {
		return err
	}
	for block := range row.lastDocument / blockSize {
		b.key = appendDocumentKey(b.key[:0], d, block)
		if err := w.forgetLogged(w.get(documentsBucket, b.key)); err != nil {
			return err
		}
		if err := w.remove(documentsBucket, b.key); err != nil {
			return err
		}
	}
	if err := w.forgetTickets(d, row.lastDocument); err != nil {
		return err
	}
	b.key = appendDriveKey(b.key[:0], d)
	return w.remove(stateBucket, b.key)
}

// forgetLogged deletes the documents at positions in the log.
func (w *batchWorld) forgetLogged(positions []byte) error {
	if len(positions) == 0 {
		return nil
	}
	// The numbers of the log go on: a position that this transaction gives must not be one that it deleted.
	if !w.opened[logBucket] {
		last, err := lastNumber(w.open(logBucket))
		if err != nil {
			return err
		}
		w.numbers[logBucket] = last
	}
	for ; len(positions) >= positionSize; positions = positions[positionSize:] {
		if err := w.remove(logBucket, positions[:positionSize]); err != nil {
			return err
		}
	}
	return nil
}

// forgetTickets deletes the tickets of a drive.
func (w *batchWorld) forgetTickets(d storage.DriveID, last uint32) error {
	bucket := w.open(ticketsBucket)
	if bucket == nil {
		return nil
	}
	var key []byte
	for number := uint32(1); number <= last && number != 0; number++ {
		key = appendDocumentKey(key[:0], d, number)
		if err := bucket.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a pair, of a bucket that may not be there.
func (w *batchWorld) remove(i bucketIndex, key []byte) error {
	bucket := w.open(i)
	if bucket == nil {
		return nil
	}
	return bucket.Delete(key)
}
