package outbox

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
)

func put(t testing.TB, b *Box, e Entry) Ref {
	records, ref, err := b.Put(nil, &e)
	require.NoError(t, err)
	_, err = b.store.Append(context.Background(), storage.Change{Records: records})
	require.NoError(t, err)
	return ref
}

func open(t testing.TB, s storage.Store, keep int) *Box {
	b, err := Open(s, keep)
	require.NoError(t, err)
	return b
}

func waiting(t testing.TB, b *Box) (list []uint64) {
	lanes, err := b.Lanes()
	require.NoError(t, err)
	for _, l := range lanes {
		require.NoError(t, b.Waiting(l, func(r Ref, _ *Status) bool { list = append(list, r.Number); return true }))
	}
	return list
}

func TestLifeOfAnEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kktd.db")
	store, err := bolt.Open(bolt.Options{Path: path, NoSync: true})
	require.NoError(t, err)
	b := open(t, store, 0)
	want := Entry{Transport: "http", Lane: "http://a", Group: "r1", API: "cloudkassir", Type: "Receipt", Account: "pk", Receipt: "r1", Register: "1",
		Created: 5, Address: "http://a/hook", Method: "POST", Header: []Header{{"Content-Type", "text/plain"}}, Body: []byte("hello")}
	ref := put(t, b, want)
	want.Number = 1
	e, s, err := b.Entry(1)
	require.NoError(t, err)
	require.Equal(t, &want, e)
	require.Equal(t, Status{State: Waiting, Transport: "http", Group: ref.Group}, s)
	require.NotZero(t, ref.Group)

	s.Add(Attempt{Time: 6, Code: 500, Answer: string(make([]byte, 1000)), Error: "status 500"})
	s.Due = 100
	require.NoError(t, b.Record(ref, &s, event.Event{Kind: event.WebhookFailed, Receipt: "r1"}))
	require.NoError(t, store.Close())
	store, err = bolt.Open(bolt.Options{Path: path, NoSync: true})
	require.NoError(t, err)
	defer store.Close()
	b = open(t, store, 0)
	_, got, err := b.Head(1)
	require.NoError(t, err)
	require.Equal(t, s, got)
	require.Equal(t, 1, got.Last[0].Number)
	require.Len(t, got.Last[0].Answer, MaxAnswer)
	require.Equal(t, []uint64{1}, waiting(t, b))

	s.Add(Attempt{Time: 7, Code: 200})
	s.State = Delivered
	require.NoError(t, b.Record(ref, &s, event.Event{}))
	require.Empty(t, waiting(t, b))
	again, reopened, err := b.Reopen(1)
	require.NoError(t, err)
	require.True(t, reopened)
	require.Equal(t, ref, again)
	_, reopened, err = b.Reopen(1)
	require.NoError(t, err)
	require.False(t, reopened)
	require.Equal(t, []uint64{1}, waiting(t, b))
	_, _, err = b.Reopen(2)
	require.ErrorIs(t, err, ErrNotFound)
	last, err := store.LastEvent()
	require.NoError(t, err)
	require.EqualValues(t, 1, last)
	require.NoError(t, b.Drop(ref))
	require.Empty(t, waiting(t, b))
}

// The oldest finished entries of a lane go; those that wait, and other lanes, stay.
func TestKeep(t *testing.T) {
	store := memory.Open()
	b := open(t, store, 3)
	var refs []Ref
	for range 8 {
		refs = append(refs, put(t, b, Entry{Transport: "http", Lane: "a"}))
	}
	put(t, b, Entry{Transport: "http", Lane: "b"})
	for i, ref := range refs {
		if i != 1 {
			require.NoError(t, b.Record(ref, &Status{State: Delivered}, event.Event{}))
		}
		if i == 5 {
			b = open(t, store, 3)
		}
	}
	var numbers []uint64
	require.NoError(t, b.List(0, func(e *Entry, _ *Status) (bool, error) { numbers = append(numbers, e.Number); return true, nil }))
	require.Equal(t, []uint64{2, 6, 7, 8, 9}, numbers)
	require.Equal(t, []uint64{2, 9}, waiting(t, b))
	_, _, err := b.Entry(1)
	require.ErrorIs(t, err, ErrNotFound)
	require.EqualValues(t, 10, put(t, open(t, store, 3), Entry{Transport: "http", Lane: "a"}).Number, "numbers go on")
	n := 0
	require.NoError(t, store.Records(Kind, nil, nil, 0, func(_, _ []byte) error { n++; return nil }))
	require.Equal(t, 3*6, n, "head, body and status of each, nothing else")
}

func TestAttemptsAreBounded(t *testing.T) {
	var s Status
	for range 25 {
		s.Add(Attempt{Error: "x"})
	}
	require.Equal(t, 25, s.Attempts)
	require.Len(t, s.Last, MaxAttempts)
	require.Equal(t, 16, s.Last[0].Number)
	require.Equal(t, 25, s.Last[MaxAttempts-1].Number)
}

func TestDamagedRecords(t *testing.T) {
	store := memory.Open()
	b := open(t, store, 0)
	ref := put(t, b, Entry{Transport: "http", Lane: "a"})
	_, err := store.Append(context.Background(), storage.Change{Records: []storage.Record{
		{Kind: Kind, Key: laneKey(keyWaiting, ref.Lane, 1), Value: []byte("{")}, {Kind: Kind, Key: numberKey(keyHead, 2), Value: []byte("{")}}})
	require.NoError(t, err)
	_, _, err = b.Entry(1)
	require.ErrorIs(t, err, ErrRecord)
	_, _, err = b.Entry(2)
	require.ErrorIs(t, err, ErrRecord)
	require.ErrorIs(t, b.Waiting(ref.Lane, func(Ref, *Status) bool { return true }), ErrRecord)
	require.ErrorIs(t, b.List(0, func(*Entry, *Status) (bool, error) { return true, nil }), ErrRecord)
}
