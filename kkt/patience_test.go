package kkt

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

// busyStore never gets round to a patient change by itself: it lets it wait for an impatient one, as a store does for a
// moment that is busy with others. It counts what it commits.
type busyStore struct {
	storage.Store
	patient chan int // tickets of a patient change that begins to wait

	mu      sync.Mutex
	commits []storage.Change // of drives
}

func (s *busyStore) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if c.Patient && s.patient != nil {
		s.patient <- len(c.Tickets)
		<-ctx.Done()
		return storage.Result{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Drive != 0 {
		s.commits = append(s.commits, storage.Change{Documents: make([]storage.Document, len(c.Documents)), Tickets: make([]storage.Ticket, len(c.Tickets))})
	}
	return s.Store.Append(ctx, c)
}

// What somebody waits for does not wait for tickets: a commit of tickets alone that the store lets wait is withdrawn, and
// they go along with it.
func TestNobodyWaitsForTickets(t *testing.T) {
	for _, tc := range []struct {
		name      string
		do        func(b *bench)
		commits   int
		documents int // of the first commit
	}{
		{"receipt", func(b *bench) { require.Equal(t, Processed, b.submit(testReceipt(200)).Status) }, 1, 1},
		// An operation has a commit of its own; the tickets before it are as urgent as it is.
		{"shift closing", func(b *bench) {
			_, err := b.register().CloseShift(t.Context(), Person{})
			require.NoError(t, err)
		}, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := &busyStore{Store: memory.Open()}
			b := openBench(t, store, nil)
			require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo"}))
			require.NoError(t, b.fleet.Fiscalize(t.Context(), "pk_demo", testSettings()))
			b.submit(testReceipt(100))
			first, last := b.register().Unsent()
			require.EqualValues(t, 3, last-first+1)

			store.patient, store.commits = make(chan int), nil
			stored := make(chan error, last)
			for n := first; n <= last; n++ {
				b.register().Delivery().Confirm(n, ticketFor(t, testDrive, n), func(err error) { stored <- err })
			}
			select {
			case n := <-store.patient:
				require.Equal(t, 3, n)
			case <-time.After(10 * time.Second):
				require.Fail(t, "tickets alone are not patient")
			}
			require.Empty(t, stored)
			tc.do(b)
			for range last {
				require.NoError(t, <-stored)
			}
			require.Len(t, store.commits, tc.commits)
			require.Len(t, store.commits[0].Documents, tc.documents)
			require.Len(t, store.commits[0].Tickets, 3)
			first, _ = b.register().Unsent()
			require.Equal(t, last+1, first, "the new document alone waits for its ticket")
		})
	}
}
