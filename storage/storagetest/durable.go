package storagetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

func testReserve(t *testing.T, s storage.Store) {
	require.EqualValues(t, 1, s.ReserveDrive())
	require.EqualValues(t, 2, s.ReserveDrive())
	must(t, s, step(9, 0, 1, 1))
	must(t, s, step(2, 0, 1, 1))
	require.EqualValues(t, 10, s.ReserveDrive())
	_, err := s.Append(t.Context(), step(20, 1, 1, 1))
	require.ErrorIs(t, err, storage.ErrConflict)
	require.EqualValues(t, 11, s.ReserveDrive(), "a refused change uses no id")
}

func testReserveReopen(t *testing.T, s storage.Store, reopen Reopen) {
	room, err := s.Namespace("room")
	require.NoError(t, err)
	must(t, s, step(s.ReserveDrive(), 0, 1, 1))
	must(t, s, step(s.ReserveDrive(), 0, 1, 1))
	must(t, room, step(7, 0, 1, 1))
	s.ReserveDrive()
	s = reopen(t, s)
	require.Greater(t, s.ReserveDrive(), storage.DriveID(2))
	room, err = s.Namespace("room")
	require.NoError(t, err)
	require.Greater(t, room.ReserveDrive(), storage.DriveID(7))
}

func testReopen(t *testing.T, s storage.Store, reopen Reopen) {
	room, err := s.Namespace("room")
	require.NoError(t, err)
	for i, w := range []storage.Store{s, room} {
		c := step(1, 0, 1, uint32(10+i))
		c.Tickets = []storage.Ticket{ticket(1, 3)}
		c.Records = []storage.Record{put(1, "a", "1"), put(1, "b", "2")}
		c.Events = [][]byte{[]byte("event")}
		must(t, w, c)
	}
	for range 2 {
		s = reopen(t, s)
		room, err = s.Namespace("room")
		require.NoError(t, err)
		for i, w := range []storage.Store{s, room} {
			state, version, err := w.State(1)
			require.NoError(t, err)
			require.Equal(t, "state 1 of 1", string(state))
			require.EqualValues(t, 1, version)
			last, err := w.LastDocument(1)
			require.NoError(t, err)
			require.EqualValues(t, 10+i, last)
			confirmed, err := w.Ticket(1, 3)
			require.NoError(t, err)
			require.Equal(t, ticket(1, 3).Container, confirmed)
			require.Equal(t, "a=1 b=2", keys(t, w, 1, "", "", 0))
			Verify(t, w)
		}
	}
	require.Equal(t, storage.Result{Version: 2}, must(t, s, step(1, 1, 11, 11)))
	require.EqualValues(t, 2, must(t, s, storage.Change{Events: [][]byte{{}}}).FirstEvent)
}
