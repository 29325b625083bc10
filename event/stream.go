package event

import (
	"context"
	"errors"
	"slices"
	"sync"

	"kktd/storage"
)

// Stream is a store whose events can be waited for and read as Events. It stands
// between the store and everybody who appends to it. Namespaces are not watched:
// their events are their owners' own.
type Stream struct {
	storage.Store

	mu      sync.Mutex
	changed chan struct{} // closed by the next append; nil when nobody waits
}

// Watch makes the stream of a store.
func Watch(s storage.Store) *Stream { return &Stream{Store: s} }

// Append implements storage.Store.
func (s *Stream) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	res, err := s.Store.Append(ctx, c)
	// Who waits looks into the store, so that a wake too many does no harm.
	if len(c.Events) > 0 && (err == nil || errors.Is(err, storage.ErrUnknownOutcome)) {
		s.mu.Lock()
		if s.changed != nil {
			close(s.changed)
			s.changed = nil
		}
		s.mu.Unlock()
	}
	return res, err
}

// Changed is closed by the next append of events. Ask for it before looking at what
// there is.
func (s *Stream) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// errEnough ends a scan.
var errEnough = errors.New("event: enough")

// Read calls fn for at most limit events with numbers greater than after that the
// filter takes, and returns the number of the last event that was looked at: where
// to go on. A limit of 0 means no limit. fn may call the store. The error is that of
// the store, of a record that does not decode, or of fn.
func (s *Stream) Read(after uint64, limit int, f *Filter, fn func(*Event) error) (last uint64, err error) {
	last = after
	for taken := 0; ; {
		var page []Event
		looked := 0
		err := s.Events(last, pageSize, func(number uint64, b []byte) error {
			if f != nil && f.Until != 0 && number > f.Until {
				return errEnough
			}
			looked++
			last = number
			e, err := Parse(number, b)
			if err == nil && f.takes(&e) {
				if page = append(page, e); limit > 0 && taken+len(page) == limit {
					return errEnough
				}
			}
			return err
		})
		if err != nil && !errors.Is(err, errEnough) {
			return last, err
		}
		for i := range page {
			if err := fn(&page[i]); err != nil {
				return page[i].Number, err
			}
		}
		if taken += len(page); err != nil || looked < pageSize {
			return last, nil
		}
	}
}

// pageSize is how many events are read at once.
const pageSize = 256

// Filter says which events are wanted. An empty field does not ask.
type Filter struct {
	Kinds     []Kind
	Registers map[string]bool // by serial number; nil: any
	Drive     string          // FN number
	Receipt   string          // id
	Document  uint32
	Form      uint16
	Until     uint64 // number of the last event to look at; 0: any
}

func (f *Filter) takes(e *Event) bool {
	return f == nil || (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) &&
		(f.Registers == nil || f.Registers[e.Register]) && (f.Drive == "" || f.Drive == e.Drive) &&
		(f.Receipt == "" || f.Receipt == e.Receipt) && (f.Document == 0 || f.Document == e.Document) && (f.Form == 0 || f.Form == e.Form)
}
