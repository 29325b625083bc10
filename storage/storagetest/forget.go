package storagetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

// testForget forgets a drive that has several blocks of documents between two others.
func testForget(t *testing.T, s storage.Store) {
	for d := storage.DriveID(1); d <= 3; d++ {
		c := step(d, 0, 1, 70)
		for n := uint32(1); n <= 69; n += 2 {
			c.Tickets = append(c.Tickets, ticket(d, n))
		}
		must(t, s, c)
	}
	result := must(t, s, storage.Change{Forget: []storage.DriveID{2, 9}, Records: []storage.Record{put(1, "gone", "2")}, Events: [][]byte{[]byte("deleted")}})
	require.Equal(t, storage.Result{FirstEvent: 1}, result)
	requireForgotten(t, s, 2)
	for _, d := range []storage.DriveID{1, 3} {
		last, err := s.LastDocument(d)
		require.NoError(t, err)
		require.EqualValues(t, 70, last)
		found, err := s.Document(d, 33)
		require.NoError(t, err)
		require.Equal(t, document(d, 33).Container, found)
		_, err = s.Ticket(d, 69)
		require.NoError(t, err)
	}
	_, err := s.Append(t.Context(), step(2, 1, 71, 71))
	require.ErrorIs(t, err, storage.ErrConflict, "a writer that does not know yet")
	must(t, s, step(3, 1, 71, 72))
	must(t, s, storage.Change{Drive: 1, Expect: 1, State: []byte("alone"), Forget: []storage.DriveID{3}, Documents: []storage.Document{document(1, 71)}})
	requireForgotten(t, s, 3)
	found, err := s.Document(1, 71)
	require.NoError(t, err)
	require.Equal(t, document(1, 71).Container, found)
	require.Greater(t, s.ReserveDrive(), storage.DriveID(3), "an id is never given again")
	for _, c := range []storage.Change{{Forget: []storage.DriveID{0}}, {Drive: 1, Expect: 2, State: []byte("s"), Forget: []storage.DriveID{1}}} {
		_, err := s.Append(t.Context(), c)
		require.ErrorIs(t, err, storage.ErrInvalid)
	}
	Verify(t, s)
}

func requireForgotten(t *testing.T, s storage.Store, d storage.DriveID) {
	t.Helper()
	_, _, err := s.State(d)
	require.ErrorIs(t, err, storage.ErrNotFound)
	last, err := s.LastDocument(d)
	require.NoError(t, err)
	require.Zero(t, last)
	_, err = s.Document(d, 1)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = s.Ticket(d, 1)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoError(t, s.Documents(d, 1, 0, func(uint32, []byte, []byte) error {
		t.Error("a forgotten drive has a document")
		return nil
	}))
}

// testForgetReopen forgets the drive with the greatest id.
func testForgetReopen(t *testing.T, s storage.Store, reopen Reopen) {
	must(t, s, step(1, 0, 1, 40))
	must(t, s, step(2, 0, 1, 40))
	must(t, s, storage.Change{Forget: []storage.DriveID{2}})
	s = reopen(t, s)
	requireForgotten(t, s, 2)
	require.Greater(t, s.ReserveDrive(), storage.DriveID(2))
	must(t, s, step(1, 1, 41, 70))
	Verify(t, s)
}
