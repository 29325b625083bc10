package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"kktd/storage"
)

// reader is a world within a read transaction.
type reader struct {
	tx    *bbolt.Tx
	world *world
	// foreign is set while the caller's function runs: its panic is not ours to catch.
	foreign bool
	// stop is what the caller's function returned to end a scan.
	stop error
}

// view runs fn in a read transaction. Damage that bbolt meets becomes storage.ErrDamaged; an error of the caller's
// function comes back as it is.
func (s *Store) view(fn func(*reader) error) (err error) {
	r := reader{world: s.world}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r.foreign {
			return
		}
		if p := recover(); p != nil {
			err = s.wrap(damaged(fmt.Errorf("%v", p)))
		}
	}()
	err = s.db.View(func(tx *bbolt.Tx) error {
		r.tx = tx
		return fn(&r)
	})
	if r.stop != nil {
		return r.stop
	}
	return s.wrap(err)
}

// call runs the caller's function.
func (r *reader) call(fn func() error) error {
	r.foreign = true
	r.stop = fn()
	r.foreign = false
	return r.stop
}

// touch refuses a slice that garbage in the file has made: one longer than anything stored, or one that leaves the
// mapping. It panics or faults here, where it is caught, and not in the caller's hands.
func touch(b []byte) {
	if len(b) > storage.MaxValue+stateHeaderSize+blockSize*positionSize {
		panic(fmt.Sprintf("value of %d bytes", len(b)))
	}
	if len(b) > 0 {
		_ = b[len(b)-1]
	}
}

// clone copies a slice out of the mapping.
func clone(b []byte) []byte {
	touch(b)
	return bytes.Clone(b)
}

// bucket returns nil when nothing has been put in it yet.
func (r *reader) bucket(i bucketIndex) *bbolt.Bucket { return r.tx.Bucket(r.world.names[i]) }

// get returns the value of a key, nil when there is none.
func (r *reader) get(i bucketIndex, key []byte) []byte {
	b := r.bucket(i)
	if b == nil {
		return nil
	}
	return b.Get(key)
}

// State implements storage.Store.
func (s *Store) State(d storage.DriveID) (state []byte, version uint64, err error) {
	err = s.view(func(r *reader) error {
		v := r.get(stateBucket, appendDriveKey(nil, d))
		if v == nil {
			return fmt.Errorf("state of drive %d: %w", d, storage.ErrNotFound)
		}
		row, err := parseState(v)
		state, version = clone(row.state), row.version
		return err
	})
	return state, version, err
}

// Drives implements storage.Store.
func (s *Store) Drives(fn func(storage.DriveID, []byte, uint64) error) error {
	return s.view(func(r *reader) error {
		b := r.bucket(stateBucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			id, err := parseUint64(k)
			if err != nil {
				return err
			}
			row, err := parseState(v)
			if err != nil {
				return err
			}
			touch(row.state)
			if err := r.call(func() error { return fn(storage.DriveID(id), row.state, row.version) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// Record implements storage.Store.
func (s *Store) Record(k storage.Kind, key []byte) (value []byte, err error) {
	err = s.view(func(r *reader) error {
		v := r.get(recordsBucket, appendRecordKey(nil, k, key))
		if v == nil {
			return fmt.Errorf("record %d/%q: %w", k, key, storage.ErrNotFound)
		}
		value = clone(v)
		return nil
	})
	return value, err
}

// Records implements storage.Store.
func (s *Store) Records(k storage.Kind, prefix, after []byte, limit int, fn func(key, value []byte) error) error {
	return s.view(func(r *reader) error {
		b := r.bucket(recordsBucket)
		if b == nil {
			return nil
		}
		start := appendRecordKey(nil, k, prefix)
		within := start
		skip := after != nil && bytes.Compare(after, prefix) >= 0
		if skip {
			start = appendRecordKey(nil, k, after)
		}
		c := b.Cursor()
		key, value := c.Seek(start)
		if skip && bytes.Equal(key, start) {
			key, value = c.Next()
		}
		for n := 0; bytes.HasPrefix(key, within) && (limit <= 0 || n < limit); n++ {
			touch(key)
			touch(value)
			if err := r.call(func() error { return fn(key[1:], value) }); err != nil {
				return err
			}
			key, value = c.Next()
		}
		return nil
	})
}

// LastRecord implements storage.Store.
func (s *Store) LastRecord(k storage.Kind, prefix []byte) (key, value []byte, err error) {
	err = s.view(func(r *reader) error {
		within := appendRecordKey(nil, k, prefix)
		if b := r.bucket(recordsBucket); b != nil {
			if found, v := last(b.Cursor(), within); found != nil {
				key, value = clone(found[1:]), clone(v)
				return nil
			}
		}
		return fmt.Errorf("last record %d/%q: %w", k, prefix, storage.ErrNotFound)
	})
	return key, value, err
}

// last returns the pair with the greatest key that has the prefix, nil when there is none.
func last(c *bbolt.Cursor, prefix []byte) (key, value []byte) {
	if upper := successor(prefix); upper == nil {
		key, value = c.Last()
	} else if key, _ = c.Seek(upper); key == nil {
		key, value = c.Last()
	} else {
		key, value = c.Prev()
	}
	if !bytes.HasPrefix(key, prefix) {
		return nil, nil
	}
	return key, value
}

// Events implements storage.Store.
func (s *Store) Events(after uint64, limit int, fn func(uint64, []byte) error) error {
	return s.view(func(r *reader) error {
		b := r.bucket(eventsBucket)
		if b == nil || after+1 == 0 {
			return nil
		}
		c := b.Cursor()
		k, v := c.Seek(binary.BigEndian.AppendUint64(nil, after+1))
		for n := 0; k != nil && (limit <= 0 || n < limit); n++ {
			number, err := parseUint64(k)
			if err != nil {
				return err
			}
			touch(v)
			if err := r.call(func() error { return fn(number, v) }); err != nil {
				return err
			}
			k, v = c.Next()
		}
		return nil
	})
}

// LastEvent implements storage.Store.
func (s *Store) LastEvent() (number uint64, err error) {
	err = s.view(func(r *reader) (err error) {
		number, err = lastNumber(r.bucket(eventsBucket))
		return err
	})
	return number, err
}
