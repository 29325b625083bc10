package storagetest

import (
	"context"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

func testEmpty(t *testing.T, s storage.Store) {
	_, _, err := s.State(1)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = s.Document(1, 1)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = s.Ticket(1, 1)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = s.Record(1, []byte("key"))
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, _, err = s.LastRecord(1, nil)
	require.ErrorIs(t, err, storage.ErrNotFound)
	number, err := s.LastDocument(1)
	require.NoError(t, err)
	require.Zero(t, number)
	event, err := s.LastEvent()
	require.NoError(t, err)
	require.Zero(t, event)
	must(t, s, storage.Change{Records: []storage.Record{remove(1, "key")}})
	Verify(t, s)
}

func testAppend(t *testing.T, s storage.Store) {
	c := step(7, 0, 1, 2)
	c.Tickets = []storage.Ticket{ticket(7, 1)}
	c.Records = []storage.Record{put(3, "receipt", "queued")}
	c.Events = [][]byte{[]byte("opened"), []byte("signed")}
	require.Equal(t, storage.Result{Version: 1, FirstEvent: 1}, must(t, s, c))
	require.Equal(t, storage.Result{Version: 2}, must(t, s, step(7, 1, 3, 2)), "state alone")
	require.Equal(t, storage.Result{Version: 3}, must(t, s, step(7, 2, 3, 3)))

	state, version, err := s.State(7)
	require.NoError(t, err)
	require.Equal(t, "state 3 of 7", string(state))
	require.EqualValues(t, 3, version)
	last, err := s.LastDocument(7)
	require.NoError(t, err)
	require.EqualValues(t, 3, last)
	for n := uint32(1); n <= 3; n++ {
		got, err := s.Document(7, n)
		require.NoError(t, err)
		require.Equal(t, document(7, n).Container, got)
	}
	for _, n := range []uint32{0, 4, math.MaxUint32} {
		_, err := s.Document(7, n)
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
	value, err := s.Record(3, []byte("receipt"))
	require.NoError(t, err)
	require.Equal(t, "queued", string(value))
	Verify(t, s)
}

// testCopies proves that neither side can change what is stored.
func testCopies(t *testing.T, s storage.Store) {
	c := step(1, 0, 1, 1)
	c.Tickets = []storage.Ticket{ticket(1, 1)}
	c.Records = []storage.Record{put(1, "key", "value")}
	c.Events = [][]byte{[]byte("event")}
	must(t, s, c)
	ours := [][]byte{c.State, c.Documents[0].Container, c.Tickets[0].Container, c.Records[0].Key,
		c.Records[0].Value, c.Events[0]}
	read := func() [][]byte {
		state, _, err := s.State(1)
		require.NoError(t, err)
		container, err := s.Document(1, 1)
		require.NoError(t, err)
		confirmation, err := s.Ticket(1, 1)
		require.NoError(t, err)
		value, err := s.Record(1, []byte("key"))
		require.NoError(t, err)
		lastKey, lastValue, err := s.LastRecord(1, nil)
		require.NoError(t, err)
		return [][]byte{state, container, confirmation, value, lastKey, lastValue}
	}
	want := read()
	for _, slices := range [][][]byte{ours, read()} {
		for _, b := range slices {
			clear(b)
		}
		require.Equal(t, want, read())
	}
}

func testRefused(t *testing.T, s storage.Store) {
	must(t, s, step(1, 0, 1, 1))
	long := make([]byte, storage.MaxValue+1)
	state := []byte("state")
	for _, test := range []struct {
		name   string
		change storage.Change
		want   error
	}{
		{"nothing", storage.Change{}, storage.ErrInvalid},
		{"version without drive", storage.Change{Expect: 1, Events: [][]byte{{1}}}, storage.ErrInvalid},
		{"state without drive", storage.Change{State: state}, storage.ErrInvalid},
		{"document without drive", storage.Change{Documents: []storage.Document{document(0, 1)}}, storage.ErrInvalid},
		{"ticket without drive", storage.Change{Tickets: []storage.Ticket{ticket(0, 1)}}, storage.ErrInvalid},
		{"drive without state", storage.Change{Drive: 2, Events: [][]byte{{1}}}, storage.ErrInvalid},
		{"empty state", storage.Change{Drive: 2, State: []byte{}}, storage.ErrInvalid},
		{"absurd drive", storage.Change{Drive: storage.MaxDrive + 1, State: state}, storage.ErrInvalid},
		{"large state", storage.Change{Drive: 2, State: long}, storage.ErrTooLarge},
		{"document 0", storage.Change{Drive: 2, State: state, Documents: []storage.Document{{Container: state}}},
			storage.ErrInvalid},
		{"empty document", storage.Change{Drive: 2, State: state, Documents: []storage.Document{{Number: 1}}},
			storage.ErrInvalid},
		{"large document", storage.Change{Drive: 2, State: state,
			Documents: []storage.Document{{Number: 1, Container: long}}}, storage.ErrTooLarge},
		{"documents with a gap", storage.Change{Drive: 2, State: state,
			Documents: []storage.Document{document(2, 1), document(2, 3)}}, storage.ErrGap},
		{"documents twice", storage.Change{Drive: 2, State: state,
			Documents: []storage.Document{document(2, 1), document(2, 1)}}, storage.ErrGap},
		{"documents past the last number", storage.Change{Drive: 2, State: state,
			Documents: []storage.Document{document(2, math.MaxUint32), {Container: state}}}, storage.ErrInvalid},
		{"ticket 0", storage.Change{Drive: 2, State: state, Tickets: []storage.Ticket{{Container: state}}},
			storage.ErrInvalid},
		{"empty ticket", storage.Change{Drive: 2, State: state, Tickets: []storage.Ticket{{Number: 1}}},
			storage.ErrInvalid},
		{"tickets descending", storage.Change{Drive: 1, Expect: 1, State: state,
			Tickets: []storage.Ticket{ticket(1, 1), ticket(1, 1)}}, storage.ErrInvalid},
		{"kind 0", storage.Change{Records: []storage.Record{put(0, "key", "")}}, storage.ErrInvalid},
		{"empty key", storage.Change{Records: []storage.Record{put(1, "", "")}}, storage.ErrInvalid},
		{"large key", storage.Change{Records: []storage.Record{{Kind: 1, Key: long[:storage.MaxKey+1]}}},
			storage.ErrTooLarge},
		{"large record", storage.Change{Records: []storage.Record{{Kind: 1, Key: state, Value: long}}},
			storage.ErrTooLarge},
		{"large event", storage.Change{Events: [][]byte{long}}, storage.ErrTooLarge},
		{"version of another time", step(1, 0, 2, 2), storage.ErrConflict},
		{"version of a drive that is not there", step(2, 1, 1, 1), storage.ErrConflict},
		{"first document is not 1", step(2, 0, 2, 2), storage.ErrGap},
		{"ticket without a document", storage.Change{Drive: 1, Expect: 1, State: state,
			Tickets: []storage.Ticket{ticket(1, 2)}}, storage.ErrGap},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.change.Drive != 0 {
				test.change.Records = append(test.change.Records, put(9, "trace", "of a refused change"))
				test.change.Events = append(test.change.Events, []byte("trace"))
			}
			_, err := s.Append(t.Context(), test.change)
			require.ErrorIs(t, err, test.want)
			_, version, err := s.State(1)
			require.NoError(t, err)
			require.EqualValues(t, 1, version)
			_, _, err = s.State(2)
			require.ErrorIs(t, err, storage.ErrNotFound)
			_, err = s.Record(9, []byte("trace"))
			require.ErrorIs(t, err, storage.ErrNotFound)
			last, err := s.LastEvent()
			require.NoError(t, err)
			require.Zero(t, last)
		})
	}
	must(t, s, storage.Change{Records: []storage.Record{{Kind: 255, Key: long[:storage.MaxKey],
		Value: long[:storage.MaxValue]}}})
	value, err := s.Record(255, long[:storage.MaxKey])
	require.NoError(t, err)
	require.Len(t, value, storage.MaxValue)
	Verify(t, s)
}

func testConflict(t *testing.T, s storage.Store) {
	must(t, s, step(1, 0, 1, 1))
	must(t, s, step(1, 1, 2, 2))
	_, err := s.Append(t.Context(), step(1, 1, 3, 3))
	var conflict *storage.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, &storage.ConflictError{Drive: 1, Expected: 1, Found: 2}, conflict)
	require.ErrorIs(t, err, storage.ErrConflict)
	must(t, s, step(1, 2, 3, 3))
	Verify(t, s)
}

func testGap(t *testing.T, s storage.Store) {
	must(t, s, step(1, 0, 1, 3))
	for _, number := range []uint32{1, 3, 5, math.MaxUint32} {
		_, err := s.Append(t.Context(), step(1, 1, number, number))
		var gap *storage.GapError
		require.ErrorAs(t, err, &gap)
		require.Equal(t, &storage.GapError{Drive: 1, Want: 4, Found: number}, gap)
		require.ErrorIs(t, err, storage.ErrGap)
	}
	must(t, s, step(1, 1, 4, 4))
	Verify(t, s)
}

func testTickets(t *testing.T, s storage.Store) {
	must(t, s, step(1, 0, 1, 5))
	confirm := func(expect uint64, tickets ...storage.Ticket) error {
		c := step(1, expect, 1, 0)
		c.Tickets = tickets
		_, err := s.Append(t.Context(), c)
		return err
	}
	require.NoError(t, confirm(1, ticket(1, 1), ticket(1, 2)))
	require.NoError(t, confirm(2, ticket(1, 2), ticket(1, 4)), "the same bytes again")
	err := confirm(3, storage.Ticket{Number: 4, Container: []byte("other bytes")})
	var other *storage.TicketError
	require.ErrorAs(t, err, &other)
	require.Equal(t, &storage.TicketError{Drive: 1, Number: 4}, other)
	require.ErrorIs(t, err, storage.ErrConflict)
	require.ErrorIs(t, confirm(3, ticket(1, 3), ticket(1, 6)), storage.ErrGap)

	got, err := s.Ticket(1, 4)
	require.NoError(t, err)
	require.Equal(t, ticket(1, 4).Container, got)
	_, err = s.Ticket(1, 3)
	require.ErrorIs(t, err, storage.ErrNotFound)
	Verify(t, s)
}

func testContext(t *testing.T, s storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Append(ctx, step(1, 0, 1, 1))
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = s.State(1)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func testClose(t *testing.T, s storage.Store) {
	must(t, s, step(1, 0, 1, 1))
	room, err := s.Namespace("room")
	require.NoError(t, err)
	require.NoError(t, room.Close())
	require.NoError(t, room.Close())
	must(t, s, step(1, 1, 2, 2))
	require.NoError(t, s.Close())
	require.NoError(t, room.Close())

	nothing := func([]byte, []byte) error { return errors.New("called") }
	for name, call := range map[string]func(storage.Store) error{
		"append":     func(s storage.Store) error { _, err := s.Append(t.Context(), step(1, 2, 3, 3)); return err },
		"state":      func(s storage.Store) error { _, _, err := s.State(1); return err },
		"document":   func(s storage.Store) error { _, err := s.Document(1, 1); return err },
		"ticket":     func(s storage.Store) error { _, err := s.Ticket(1, 1); return err },
		"record":     func(s storage.Store) error { _, err := s.Record(1, []byte("key")); return err },
		"records":    func(s storage.Store) error { return s.Records(1, nil, nil, 0, nothing) },
		"last":       func(s storage.Store) error { _, _, err := s.LastRecord(1, nil); return err },
		"last doc":   func(s storage.Store) error { _, err := s.LastDocument(1); return err },
		"last event": func(s storage.Store) error { _, err := s.LastEvent(); return err },
		"namespace":  func(s storage.Store) error { _, err := s.Namespace("room"); return err },
	} {
		require.ErrorIs(t, call(s), storage.ErrClosed, name)
		require.ErrorIs(t, call(room), storage.ErrClosed, name)
	}
	if err := s.Backup(io.Discard); !errors.Is(err, storage.ErrUnsupported) {
		require.ErrorIs(t, err, storage.ErrClosed)
	}
	require.ErrorIs(t, s.Close(), storage.ErrClosed)
}
