package memory

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"kktd/storage"
)

// read runs fn under the read lock.
func (s *Store) read(fn func(*world) error) error {
	s.shared.mu.RLock()
	defer s.shared.mu.RUnlock()
	if s.shared.closed {
		return storage.ErrClosed
	}
	return fn(s.world)
}

// State implements storage.Store.
func (s *Store) State(d storage.DriveID) (state []byte, version uint64, err error) {
	err = s.read(func(w *world) error {
		found, ok := w.drives[d]
		if !ok {
			return fmt.Errorf("state of drive %d: %w", d, storage.ErrNotFound)
		}
		state, version = bytes.Clone(found.state), found.version
		return nil
	})
	return state, version, err
}

// Drives implements storage.Store.
func (s *Store) Drives(fn func(storage.DriveID, []byte, uint64) error) error {
	return s.read(func(w *world) error {
		for _, id := range slices.Sorted(maps.Keys(w.drives)) {
			if err := fn(id, w.drives[id].state, w.drives[id].version); err != nil {
				return err
			}
		}
		return nil
	})
}

// Document implements storage.Store.
func (s *Store) Document(d storage.DriveID, number uint32) (container []byte, err error) {
	err = s.read(func(w *world) error {
		found, ok := w.drives[d]
		if !ok || number == 0 || uint64(number) > uint64(len(found.documents)) {
			return fmt.Errorf("document %d of drive %d: %w", number, d, storage.ErrNotFound)
		}
		container = bytes.Clone(found.documents[number-1])
		return nil
	})
	return container, err
}

// Documents implements storage.Store.
func (s *Store) Documents(d storage.DriveID, from uint32, limit int, fn func(uint32, []byte, []byte) error) error {
	return s.read(func(w *world) error {
		found, ok := w.drives[d]
		if !ok {
			return nil
		}
		from := int(max(from, 1)) - 1
		for i, n := from, 0; i < len(found.documents) && (limit <= 0 || n < limit); i, n = i+1, n+1 {
			number := uint32(i + 1)
			if err := fn(number, found.documents[i], found.tickets[number]); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastDocument implements storage.Store.
func (s *Store) LastDocument(d storage.DriveID) (number uint32, err error) {
	err = s.read(func(w *world) error {
		if found, ok := w.drives[d]; ok {
			number = uint32(len(found.documents))
		}
		return nil
	})
	return number, err
}

// Ticket implements storage.Store.
func (s *Store) Ticket(d storage.DriveID, number uint32) (container []byte, err error) {
	err = s.read(func(w *world) error {
		if found, ok := w.drives[d]; ok {
			container = bytes.Clone(found.tickets[number])
		}
		if container == nil {
			return fmt.Errorf("ticket %d of drive %d: %w", number, d, storage.ErrNotFound)
		}
		return nil
	})
	return container, err
}

// Record implements storage.Store.
func (s *Store) Record(k storage.Kind, key []byte) (value []byte, err error) {
	err = s.read(func(w *world) error {
		if t, ok := w.records[k]; ok {
			if p, found := t.seek(key); found {
				e, _ := t.at(p)
				value = bytes.Clone(e.value)
				return nil
			}
		}
		return fmt.Errorf("record %d/%q: %w", k, key, storage.ErrNotFound)
	})
	return value, err
}

// Records implements storage.Store.
func (s *Store) Records(k storage.Kind, prefix, after []byte, limit int, fn func(key, value []byte) error) error {
	return s.read(func(w *world) error {
		t, ok := w.records[k]
		if !ok {
			return nil
		}
		p, _ := t.seek(prefix)
		if after != nil && bytes.Compare(after, prefix) >= 0 {
			var found bool
			if p, found = t.seek(after); found {
				p = t.next(p)
			}
		}
		for n := 0; limit <= 0 || n < limit; n++ {
			e, ok := t.at(p)
			if !ok || !bytes.HasPrefix(e.key, prefix) {
				return nil
			}
			if err := fn(e.key, e.value); err != nil {
				return err
			}
			p = t.next(p)
		}
		return nil
	})
}

// LastRecord implements storage.Store.
func (s *Store) LastRecord(k storage.Kind, prefix []byte) (key, value []byte, err error) {
	err = s.read(func(w *world) error {
		if t, ok := w.records[k]; ok {
			if e, ok := t.last(prefix); ok {
				key, value = bytes.Clone(e.key), bytes.Clone(e.value)
				return nil
			}
		}
		return fmt.Errorf("last record %d/%q: %w", k, prefix, storage.ErrNotFound)
	})
	return key, value, err
}

// Events implements storage.Store.
func (s *Store) Events(after uint64, limit int, fn func(uint64, []byte) error) error {
	return s.read(func(w *world) error {
		for n := 0; after < uint64(len(w.events)) && (limit <= 0 || n < limit); n++ {
			after++
			if err := fn(after, w.events[after-1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastEvent implements storage.Store.
func (s *Store) LastEvent() (number uint64, err error) {
	err = s.read(func(w *world) error {
		number = uint64(len(w.events))
		return nil
	})
	return number, err
}
