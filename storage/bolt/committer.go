package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"kktd/storage"
)

// run is the committer's goroutine.
func (e *engine) run() {
	defer close(e.ended)
	var b batch
	expected := 0
	for more := true; more; {
		var group []*pending
		group, more = e.queue.take(expected)
		if len(group) == 0 {
			expected = 0
			continue
		}
		err := e.queue.failure()
		began := time.Now()
		if err == nil {
			err = e.commit(&b, group)
		}
		made := Commit{Took: time.Since(began)}
		// Those who came during the commit will wait for those it answers now. Without them two halves of the
		// writers would take turns for ever, at twice the fsyncs.
		expected = int(e.queue.length.Load()) + len(group)
		if slices.ContainsFunc(group, func(p *pending) bool { return !p.change.Patient }) {
			e.queue.busy = time.Now()
		}
		for _, p := range group {
			if p.err == nil && err != nil {
				p.result, p.err = storage.Result{}, err
			}
			if p.err == nil {
				made.Changes, made.Documents = made.Changes+1, made.Documents+len(p.change.Documents)
				if p.change.Drive != 0 {
					p.world.see(p.change.Drive)
				}
			}
			p.done <- struct{}{}
		}
		if e.onCommit != nil && made.Changes > 0 {
			e.onCommit(made)
		}
	}
}

// commit makes a group durable. A change that is refused gets its err; the error returned is that of all others.
func (e *engine) commit(b *batch, group []*pending) error {
	var tx *bbolt.Tx
	committing := false
	err := guard(func() (err error) {
		if tx, err = e.db.Begin(true); err != nil {
			return err
		}
		applied, err := b.apply(tx, group)
		if err != nil {
			return err
		}
		if applied == 0 {
			return tx.Rollback()
		}
		committing = true
		return tx.Commit()
	})
	b.reset()
	if err == nil {
		return nil
	}
	err = e.wrap(err)
	if committing {
		err = fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, err)
	}
	jam := !e.abandon(tx, err)
	if jam || !isRecoverable(err) {
		e.queue.fail(err, jam)
		err = fmt.Errorf("%w: %w", storage.ErrStopped, err)
	}
	return err
}

// abandon ends a transaction that failed; it reports whether the file is free for the next one.
func (e *engine) abandon(tx *bbolt.Tx, cause error) bool {
	if tx == nil {
		return !errors.Is(cause, storage.ErrDamaged) // a panic in Begin keeps the lock, an error does not
	}
	return guard(func() error {
		_ = tx.Rollback() // says that it is closed when Commit has ended it
		return nil
	}) == nil
}

// isRecoverable reports whether the next commit can be trusted. After a panic the pages in memory are not, and after
// a failed fsync those on disk are not, since the kernel may have dropped them and the next fsync would not tell. A
// write that found no room is different: room can be made.
func isRecoverable(err error) bool {
	var write *fs.PathError
	return errors.As(err, &write) && errors.Is(write, syscall.ENOSPC)
}

// batch applies a group of changes to a transaction. It is reused, so that a change costs no allocation here.
type batch struct {
	worlds []batchWorld
	key    []byte
	values []byte // states with their headers; bbolt refers to them until the commit has ended
}

// batchWorld is a world within the transaction. It opens what is used only: a commit walks over every open bucket.
type batchWorld struct {
	*world
	tx      *bbolt.Tx
	opened  [bucketCount]bool
	buckets [bucketCount]*bbolt.Bucket // nil when it is not there yet
	numbers [bucketCount]uint64        // last number given, of the log and events once they are open
}

// maxSpareValues bounds the memory that is kept for the next group.
const maxSpareValues = 4 << 20

func (b *batch) reset() {
	clear(b.worlds)
	b.worlds = b.worlds[:0]
	if cap(b.values) > maxSpareValues {
		b.values = nil
	}
}

// apply checks and puts the changes one after the other, so that each meets what those before it have put. It returns
// how many were not refused. An error is one of the file and ends the whole group.
func (b *batch) apply(tx *bbolt.Tx, group []*pending) (applied int, err error) {
	size := 0
	for _, p := range group {
		size += stateHeaderSize + blockSize*positionSize + len(p.change.State)
	}
	b.values = slices.Grow(b.values[:0], size)
	for _, p := range group {
		w := b.enter(tx, p.world)
		var row stateRow
		if row, p.err = b.check(w, &p.change); p.err != nil {
			continue
		}
		if p.result, err = b.put(w, &p.change, row); err != nil {
			return 0, err
		}
		applied++
	}
	return applied, nil
}

// enter returns the world within the transaction.
func (b *batch) enter(tx *bbolt.Tx, w *world) *batchWorld {
	for i := range b.worlds {
		if b.worlds[i].world == w {
			return &b.worlds[i]
		}
	}
	b.worlds = append(b.worlds, batchWorld{world: w, tx: tx})
	return &b.worlds[len(b.worlds)-1]
}

// lastNumber returns the greatest key of a bucket with numbers, 0 when there is none.
func lastNumber(bucket *bbolt.Bucket) (uint64, error) {
	if bucket == nil {
		return 0, nil
	}
	k, _ := bucket.Cursor().Last()
	if k == nil {
		return 0, nil
	}
	return parseUint64(k)
}

// open returns a bucket, nil when it is not there yet.
func (w *batchWorld) open(i bucketIndex) *bbolt.Bucket {
	if !w.opened[i] {
		w.opened[i] = true
		w.keep(i, w.tx.Bucket(w.names[i]))
	}
	return w.buckets[i]
}

func (w *batchWorld) keep(i bucketIndex, bucket *bbolt.Bucket) {
	w.buckets[i] = bucket
	if bucket == nil {
		return
	}
	switch i {
	case logBucket, documentsBucket, ticketsBucket, eventsBucket:
		// Their keys come in order, of each drive at least: nothing is added to what stays behind a split.
		bucket.FillPercent = 1
	default:
		bucket.FillPercent = 0.9 // measured: a third less to write than half-full pages, for keys in order
	}
}

// put stores a pair, in a bucket that it makes when it is not there yet.
func (w *batchWorld) put(i bucketIndex, key, value []byte) error {
	bucket := w.open(i)
	if bucket == nil {
		var err error
		if bucket, err = w.tx.CreateBucket(w.names[i]); err != nil {
			return err
		}
		w.keep(i, bucket)
	}
	return bucket.Put(key, value)
}

// get returns the value of a key, nil when there is none.
func (w *batchWorld) get(i bucketIndex, key []byte) []byte {
	bucket := w.open(i)
	if bucket == nil {
		return nil
	}
	return bucket.Get(key)
}

// next returns the number for the next pair of a bucket with numbers.
func (w *batchWorld) next(i bucketIndex) (uint64, error) {
	if !w.opened[i] {
		last, err := lastNumber(w.open(i))
		if err != nil {
			return 0, err
		}
		w.numbers[i] = last
	}
	w.numbers[i]++
	return w.numbers[i], nil
}

// check says whether the change fits what is stored, and returns what is stored of the drive.
func (b *batch) check(w *batchWorld, c *storage.Change) (row stateRow, err error) {
	for _, d := range c.Forget {
		b.key = appendDriveKey(b.key[:0], d)
		if _, err := parseState(w.get(stateBucket, b.key)); err != nil {
			return row, fmt.Errorf("drive %d: %w", d, err)
		}
	}
	if c.Drive == 0 {
		return row, nil
	}
	b.key = appendDriveKey(b.key[:0], c.Drive)
	if row, err = parseState(w.get(stateBucket, b.key)); err != nil {
		return row, fmt.Errorf("drive %d: %w", c.Drive, err)
	}
	if err := c.CheckAgainst(row.version, row.lastDocument); err != nil {
		return row, err
	}
	for _, t := range c.Tickets {
		b.key = appendDocumentKey(b.key[:0], c.Drive, t.Number)
		if old := w.get(ticketsBucket, b.key); old != nil && !bytes.Equal(old, t.Container) {
			return row, &storage.TicketError{Drive: c.Drive, Number: t.Number}
		}
	}
	return row, nil
}

// put stores a change that has been checked.
func (b *batch) put(w *batchWorld, c *storage.Change, row stateRow) (storage.Result, error) {
	var result storage.Result
	if c.Drive != 0 {
		if err := b.putDrive(w, c, row); err != nil {
			return result, err
		}
		result.Version = c.Expect + 1
	}
	for _, d := range c.Forget {
		if err := b.forget(w, d); err != nil {
			return result, err
		}
	}
	for _, r := range c.Records {
		b.key = appendRecordKey(b.key[:0], r.Kind, r.Key)
		if err := w.putRecord(b.key, r.Value); err != nil {
			return result, err
		}
	}
	for i, event := range c.Events {
		number, err := w.next(eventsBucket)
		if err != nil {
			return result, err
		}
		if i == 0 {
			result.FirstEvent = number
		}
		b.key = binary.BigEndian.AppendUint64(b.key[:0], number)
		if err := w.put(eventsBucket, b.key, event); err != nil {
			return result, err
		}
	}
	return result, nil
}

func (w *batchWorld) putRecord(key, value []byte) error {
	if value != nil {
		return w.put(recordsBucket, key, value)
	}
	return w.remove(recordsBucket, key)
}

func (b *batch) putDrive(w *batchWorld, c *storage.Change, row stateRow) error {
	for _, t := range c.Tickets {
		b.key = appendDocumentKey(b.key[:0], c.Drive, t.Number)
		if err := w.put(ticketsBucket, b.key, t.Container); err != nil {
			return err
		}
	}
	// The new row is built at the end of values, which has room for it.
	start := len(b.values)
	tail := start + stateHeaderSize
	b.values = append(b.values[:tail], row.tail...)
	last := row.lastDocument
	for _, d := range c.Documents {
		position, err := w.next(logBucket)
		if err != nil {
			return err
		}
		b.key = binary.BigEndian.AppendUint64(b.key[:0], position)
		if err := w.put(logBucket, b.key, d.Container); err != nil {
			return err
		}
		b.values = binary.BigEndian.AppendUint64(b.values, position)
		if last = d.Number; last%blockSize == 0 {
			b.key = appendDocumentKey(b.key[:0], c.Drive, blockOf(last))
			if err := w.put(documentsBucket, b.key, bytes.Clone(b.values[tail:])); err != nil {
				return err
			}
			b.values = b.values[:tail]
		}
	}
	b.values = append(b.values, c.State...)
	binary.BigEndian.PutUint64(b.values[start:], c.Expect+1)
	binary.BigEndian.PutUint32(b.values[start+8:], last)
	b.key = appendDriveKey(b.key[:0], c.Drive)
	if err := w.put(stateBucket, b.key, b.values[start:len(b.values):len(b.values)]); err != nil {
		return err
	}
	if c.Expect == 0 {
		return w.putGreatestDrive(c.Drive)
	}
	return nil
}

// putGreatestDrive notes the id of a new drive, so that it is never reserved again.
func (w *batchWorld) putGreatestDrive(d storage.DriveID) error {
	if v := w.get(metaBucket, keyDrive); v != nil {
		greatest, err := parseUint64(v)
		if err != nil || uint64(d) <= greatest {
			return err
		}
	}
	return w.put(metaBucket, keyDrive, appendDriveKey(nil, d))
}
