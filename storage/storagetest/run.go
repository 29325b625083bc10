package storagetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

// Open returns an empty store of the engine under test. It should leave nothing behind after the test.
type Open func(t *testing.T) storage.Store

// Reopen closes the store and opens what it held.
type Reopen func(t *testing.T, s storage.Store) storage.Store

// Run runs the suite. reopen is nil for an engine whose content ends with Close.
func Run(t *testing.T, open Open, reopen Reopen) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s storage.Store)
	}{
		{"empty store", testEmpty},
		{"append and read", testAppend},
		{"what append takes is copied", testCopies},
		{"refused changes leave no trace", testRefused},
		{"version conflict", testConflict},
		{"document gap", testGap},
		{"tickets", testTickets},
		{"records", testRecords},
		{"records by prefix", testRecordScan},
		{"many records", testManyRecords},
		{"documents scan", testDocumentScan},
		{"events", testEvents},
		{"scan ends with the error of the callback", testScanError},
		{"namespaces", testNamespaces},
		{"ended context", testContext},
		{"reserve drive", testReserve},
		{"forgotten drive", testForget},
		{"two writers race for one version", testRace},
		{"many writers", testManyWriters},
		{"a conflict leaves the group alone", testGroupConflict},
		{"random operations against a model", func(t *testing.T, s storage.Store) { testModel(t, s, reopen) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			test.run(t, s)
		})
	}
	t.Run("close", func(t *testing.T) { testClose(t, open(t)) })
	t.Run("close under load", func(t *testing.T) { testCloseUnderLoad(t, open(t), reopen) })
	if reopen == nil {
		return
	}
	t.Run("reopen keeps everything", func(t *testing.T) { testReopen(t, open(t), reopen) })
	t.Run("forgotten drive after reopen", func(t *testing.T) { testForgetReopen(t, open(t), reopen) })
	t.Run("reserve after reopen", func(t *testing.T) { testReserveReopen(t, open(t), reopen) })
}

// Verify checks the invariants of a store.
func Verify(t testing.TB, s storage.Store) {
	t.Helper()
	var drives []storage.DriveID
	require.NoError(t, s.Drives(func(d storage.DriveID, state []byte, version uint64) error {
		require.NotZero(t, d)
		require.NotEmpty(t, state, "drive %d", d)
		require.NotZero(t, version, "drive %d", d)
		if n := len(drives); n > 0 {
			require.Greater(t, d, drives[n-1])
		}
		drives = append(drives, d)
		return nil
	}))
	for _, d := range drives {
		last, err := s.LastDocument(d)
		require.NoError(t, err)
		tickets := make(map[uint32][]byte)
		next := uint32(1)
		require.NoError(t, s.Documents(d, 0, 0, func(number uint32, container, ticket []byte) error {
			require.Equal(t, next, number, "drive %d", d)
			require.NotEmpty(t, container)
			if ticket != nil {
				tickets[number] = bytes.Clone(ticket)
			}
			next++
			return nil
		}))
		require.Equal(t, last, next-1, "drive %d", d)
		for number, want := range tickets {
			got, err := s.Ticket(d, number)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	last, err := s.LastEvent()
	require.NoError(t, err)
	next := uint64(1)
	require.NoError(t, s.Events(0, 0, func(number uint64, _ []byte) error {
		require.Equal(t, next, number)
		next++
		return nil
	}))
	require.Equal(t, last, next-1)
}

// must appends a change that has to be taken.
func must(t testing.TB, s storage.Store, c storage.Change) storage.Result {
	t.Helper()
	result, err := s.Append(t.Context(), c)
	require.NoError(t, err)
	return result
}

// document returns a document whose bytes tell drive and number.
func document(d storage.DriveID, number uint32) storage.Document {
	return storage.Document{Number: number, Container: fmt.Appendf(nil, "document %d of %d", number, d)}
}

func ticket(d storage.DriveID, number uint32) storage.Ticket {
	return storage.Ticket{Number: number, Container: fmt.Appendf(nil, "ticket %d of %d", number, d)}
}

func put(k storage.Kind, key, value string) storage.Record {
	return storage.Record{Kind: k, Key: []byte(key), Value: []byte(value)}
}

func remove(k storage.Kind, key string) storage.Record {
	return storage.Record{Kind: k, Key: []byte(key)}
}

// step is a change of a drive: from the version expect, with documents first..last (none when last < first).
func step(d storage.DriveID, expect uint64, first, last uint32) storage.Change {
	c := storage.Change{Drive: d, Expect: expect, State: fmt.Appendf(nil, "state %d of %d", expect+1, d)}
	for n := uint64(first); n <= uint64(last); n++ {
		c.Documents = append(c.Documents, document(d, uint32(n)))
	}
	return c
}
