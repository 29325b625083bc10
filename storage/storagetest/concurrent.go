package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

// testRace lets two writers use the same versions: of each version exactly one wins.
func testRace(t *testing.T, s storage.Store) {
	const versions = 30
	var won [2]int
	for version := range uint64(versions) {
		var results [2]error
		var ready, done sync.WaitGroup
		ready.Add(2)
		for i := range results {
			done.Go(func() {
				c := step(1, version, uint32(version+1), uint32(version+1))
				c.Records = []storage.Record{put(1, fmt.Sprintf("%03d", version), fmt.Sprint(i))}
				ready.Done()
				ready.Wait()
				_, results[i] = s.Append(t.Context(), c)
			})
		}
		done.Wait()
		winner := 0
		if results[0] != nil {
			winner = 1
		}
		require.NoError(t, results[winner])
		var conflict *storage.ConflictError
		require.ErrorAs(t, results[1-winner], &conflict)
		require.Equal(t, storage.ConflictError{Drive: 1, Expected: version, Found: version + 1}, *conflict)
		value, err := s.Record(1, fmt.Appendf(nil, "%03d", version))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(winner), string(value), "nothing of the loser is stored")
		won[winner]++
	}
	t.Logf("the writers won %d and %d of %d", won[0], won[1], versions)
	Verify(t, s)
}

func testManyWriters(t *testing.T, s storage.Store) {
	const writers, changes = 32, 20
	events := make([]map[uint64]string, writers)
	var done sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		events[i] = make(map[uint64]string)
		done.Go(func() {
			d := storage.DriveID(i + 1)
			for n := range uint32(changes) {
				c := step(d, uint64(n), n+1, n+1)
				event := fmt.Sprintf("%d/%d", d, n)
				c.Events = [][]byte{[]byte(event), []byte(event)}
				result, err := s.Append(t.Context(), c)
				if err == nil && result.Version != uint64(n)+1 {
					err = fmt.Errorf("version %d after %d changes", result.Version, n+1)
				}
				if err != nil {
					errs[i] = err
					return
				}
				events[i][result.FirstEvent] = event
				events[i][result.FirstEvent+1] = event
				if got, err := s.Document(d, n+1); err != nil || string(got) != string(c.Documents[0].Container) {
					errs[i] = fmt.Errorf("document %d of %d after append: %q, %v", n+1, d, got, err)
					return
				}
			}
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	all := make(map[uint64]string)
	for _, m := range events {
		for number, event := range m {
			all[number] = event
		}
	}
	require.Len(t, all, writers*changes*2, "a number was given twice")
	require.NoError(t, s.Events(0, 0, func(number uint64, event []byte) error {
		require.Equal(t, all[number], string(event))
		return nil
	}))
	Verify(t, s)
}

// testGroupConflict mixes writers with one that always has the wrong version and one that skips a number.
func testGroupConflict(t *testing.T, s storage.Store) {
	const writers, changes = 16, 20
	must(t, s, step(1, 0, 1, 1))
	var done sync.WaitGroup
	errs := make([]error, writers+1)
	for i := range writers {
		done.Go(func() {
			d := storage.DriveID(i + 2)
			for n := range uint32(changes) {
				if _, err := s.Append(t.Context(), step(d, uint64(n), n+1, n+1)); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	done.Go(func() {
		for range changes {
			c := step(1, 5, 2, 2)
			c.Records = []storage.Record{put(1, "trace", "")}
			if _, err := s.Append(t.Context(), c); !errors.Is(err, storage.ErrConflict) {
				errs[writers] = fmt.Errorf("wrong version: %v", err)
			}
			if _, err := s.Append(t.Context(), step(1, 1, 3, 3)); !errors.Is(err, storage.ErrGap) {
				errs[writers] = fmt.Errorf("wrong number: %v", err)
			}
		}
	})
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	_, err := s.Record(1, []byte("trace"))
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, version, err := s.State(1)
	require.NoError(t, err)
	require.EqualValues(t, 1, version)
	for i := range writers {
		last, err := s.LastDocument(storage.DriveID(i + 2))
		require.NoError(t, err)
		require.EqualValues(t, changes, last)
	}
	Verify(t, s)
}

// testCloseUnderLoad closes while writers are at work: what was answered is there, the rest is refused as closed.
func testCloseUnderLoad(t *testing.T, s storage.Store, reopen Reopen) {
	const writers = 8
	var answered [writers]atomic.Uint32
	var done, working sync.WaitGroup
	errs := make([]error, writers)
	working.Add(writers)
	for i := range writers {
		done.Go(func() {
			for n := uint32(0); ; n++ {
				if _, err := s.Append(t.Context(), step(storage.DriveID(i+1), uint64(n), n+1, n+1)); err != nil {
					errs[i] = err
					return
				}
				answered[i].Store(n + 1)
				if n == 2 {
					working.Done()
				}
			}
		})
	}
	working.Wait()
	reopened := s // the writers go on with s
	if reopen == nil {
		require.NoError(t, s.Close())
	} else {
		reopened = reopen(t, s)
	}
	done.Wait()
	for i, err := range errs {
		require.ErrorIs(t, err, storage.ErrClosed)
		if reopen != nil {
			last, err := reopened.LastDocument(storage.DriveID(i + 1))
			require.NoError(t, err)
			require.Equal(t, answered[i].Load(), last)
		}
	}
}
