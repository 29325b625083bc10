package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"kktd/storage"
)

// Store is a storage.Store in memory. Open makes one.
type Store struct {
	shared *shared
	name   string // "" for the store itself, "ofd/" for a namespace, "ofd/x/" for one in it
	world  *world
}

var _ storage.Store = (*Store)(nil)

// shared is what a store and its namespaces have in common.
type shared struct {
	mu     sync.RWMutex
	closed bool
	worlds map[string]*world
}

type world struct {
	reserved storage.DriveID
	drives   map[storage.DriveID]*drive
	records  map[storage.Kind]*table
	events   [][]byte
}

type drive struct {
	state     []byte
	version   uint64
	documents [][]byte // [number-1]
	tickets   map[uint32][]byte
}

// Open returns an empty store.
func Open() *Store {
	s := &Store{shared: &shared{worlds: make(map[string]*world)}}
	s.world = s.shared.open("")
	return s
}

func (s *shared) open(name string) *world {
	w, ok := s.worlds[name]
	if !ok {
		w = &world{drives: make(map[storage.DriveID]*drive), records: make(map[storage.Kind]*table)}
		s.worlds[name] = w
	}
	return w
}

// Append implements storage.Store.
func (s *Store) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if err := c.Check(); err != nil {
		return storage.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return storage.Result{}, err
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.closed {
		return storage.Result{}, storage.ErrClosed
	}
	return s.world.append(&c)
}

func (w *world) append(c *storage.Change) (storage.Result, error) {
	var result storage.Result
	if c.Drive != 0 {
		d, ok := w.drives[c.Drive]
		if !ok {
			d = &drive{tickets: make(map[uint32][]byte)}
		}
		if err := d.check(c); err != nil {
			return result, err
		}
		d.apply(c)
		w.drives[c.Drive] = d
		w.reserved = max(w.reserved, c.Drive)
		result.Version = d.version
	}
	for _, d := range c.Forget {
		delete(w.drives, d)
		w.reserved = max(w.reserved, d)
	}
	for _, r := range c.Records {
		t := w.table(r.Kind)
		if r.Value == nil {
			t.delete(r.Key)
			continue
		}
		t.put(bytes.Clone(r.Key), bytes.Clone(r.Value))
	}
	if len(c.Events) > 0 {
		result.FirstEvent = uint64(len(w.events)) + 1
	}
	for _, e := range c.Events {
		w.events = append(w.events, bytes.Clone(e))
	}
	return result, nil
}

func (d *drive) check(c *storage.Change) error {
	if err := c.CheckAgainst(d.version, uint32(len(d.documents))); err != nil {
		return err
	}
	for _, t := range c.Tickets {
		if old, ok := d.tickets[t.Number]; ok && !bytes.Equal(old, t.Container) {
			return &storage.TicketError{Drive: c.Drive, Number: t.Number}
		}
	}
	return nil
}

func (d *drive) apply(c *storage.Change) {
	d.version++
	d.state = bytes.Clone(c.State)
	for _, doc := range c.Documents {
		d.documents = append(d.documents, bytes.Clone(doc.Container))
	}
	for _, t := range c.Tickets {
		d.tickets[t.Number] = bytes.Clone(t.Container)
	}
}

func (w *world) table(k storage.Kind) *table {
	t, ok := w.records[k]
	if !ok {
		t = new(table)
		w.records[k] = t
	}
	return t
}

// ReserveDrive implements storage.Store.
func (s *Store) ReserveDrive() storage.DriveID {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	s.world.reserved++
	return s.world.reserved
}

// Namespace implements storage.Store.
func (s *Store) Namespace(name string) (storage.Store, error) {
	if err := storage.CheckNamespace(name); err != nil {
		return nil, err
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.closed {
		return nil, storage.ErrClosed
	}
	name = s.name + name + "/"
	return &Store{shared: s.shared, name: name, world: s.shared.open(name)}, nil
}

// Backup returns storage.ErrUnsupported: there is no file to copy.
func (s *Store) Backup(io.Writer) error {
	return fmt.Errorf("backup of a store in memory: %w", storage.ErrUnsupported)
}

// Close implements storage.Store.
func (s *Store) Close() error {
	if s.name != "" {
		return nil
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.closed {
		return storage.ErrClosed
	}
	s.shared.closed = true
	clear(s.shared.worlds)
	return nil
}
