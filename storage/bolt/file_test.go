package bolt

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/storagetest"
)

func TestLocked(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kktd.db"))
	for _, readOnly := range []bool{false, true} {
		_, err := Open(Options{Path: s.path, ReadOnly: readOnly, LockTimeout: time.Millisecond})
		require.ErrorIs(t, err, storage.ErrLocked)
		require.ErrorContains(t, err, "stop the other kktd or choose another file")
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kktd.db")
	_, err := Open(Options{Path: path, ReadOnly: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	s := open(t, path)
	_, err = s.Append(t.Context(), storage.Change{Drive: 1, State: []byte{1}})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	one, err := Open(Options{Path: path, ReadOnly: true})
	require.NoError(t, err)
	two, err := Open(Options{Path: path, ReadOnly: true})
	require.NoError(t, err, "readers share the file")
	for _, s := range []*Store{one, two} {
		_, version, err := s.State(1)
		require.NoError(t, err)
		require.EqualValues(t, 1, version)
		_, err = s.Append(t.Context(), storage.Change{Drive: 1, Expect: 1, State: []byte{2}})
		require.ErrorIs(t, err, storage.ErrUnsupported)
		room, err := s.Namespace("room")
		require.NoError(t, err)
		_, _, err = room.State(1)
		require.ErrorIs(t, err, storage.ErrNotFound)
		require.NoError(t, s.Close())
	}
}

func TestEmptyFileIsNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kktd.db")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	s := open(t, path)
	_, err := s.Append(t.Context(), storage.Change{Drive: s.ReserveDrive(), State: []byte{1}})
	require.NoError(t, err)
}

func TestNoSync(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kktd.db")
	s, err := Open(Options{Path: path, NoSync: true})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), storage.Change{Drive: 1, State: []byte{1}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, _, err = open(t, path).State(1)
	require.NoError(t, err)
}

// TestBackup copies while changes go on: the copy is a store of its own with all that was answered before.
func TestBackup(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kktd.db"))
	change := func(n uint32) error {
		_, err := s.Append(context.Background(), storage.Change{Drive: 1, Expect: uint64(n), State: []byte{1},
			Documents: []storage.Document{{Number: n + 1, Container: make([]byte, 800)}}})
		return err
	}
	for n := range uint32(50) {
		require.NoError(t, change(n))
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := uint32(50); ; n++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if err := change(n); err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 3 {
		var backup bytes.Buffer
		require.NoError(t, s.Backup(&backup))
		path := filepath.Join(t.TempDir(), "copy.db")
		require.NoError(t, os.WriteFile(path, backup.Bytes(), 0o600))
		restored := open(t, path)
		last, err := restored.LastDocument(1)
		require.NoError(t, err)
		require.GreaterOrEqual(t, last, uint32(50))
		storagetest.Verify(t, restored)
	}
	close(stop)
	require.NoError(t, <-ended)
}

// TestWithdraw ends the context of a change that stands in the queue and of one that is in a commit.
func TestWithdraw(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kktd.db"))
	hold, err := s.db.Begin(true) // the committer waits for it
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 2)
	appendDrive := func(d storage.DriveID) {
		_, err := s.Append(ctx, storage.Change{Drive: d, State: []byte{1}})
		results <- err
	}
	go appendDrive(1)
	require.Eventually(t, func() bool { // the first has been taken
		s.queue.mu.Lock()
		defer s.queue.mu.Unlock()
		return len(s.queue.spare) == 1
	}, 5*time.Second, time.Millisecond)
	go appendDrive(2)
	require.Eventually(t, func() bool { return s.queue.length.Load() == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-results, context.Canceled, "the second is withdrawn")
	require.NoError(t, hold.Rollback())
	require.NoError(t, <-results, "the first is in a commit and waits for it")
	_, _, err = s.State(1)
	require.NoError(t, err)
	_, _, err = s.State(2)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// TestAppendAllocs holds the room's own part of a change to a few allocations: the rest is bbolt's.
func TestAppendAllocs(t *testing.T) {
	s, err := Open(Options{Path: filepath.Join(t.TempDir(), "kktd.db"), NoSync: true})
	require.NoError(t, err)
	defer s.Close()
	state := make([]byte, 600)
	version := uint64(0)
	ctx := t.Context()
	ours := testing.AllocsPerRun(100, func() {
		_, _ = s.Append(ctx, storage.Change{Drive: 1, Expect: version, State: state})
		version++
	})
	require.EqualValues(t, 101, version)
	_, found, err := s.State(1)
	require.NoError(t, err)
	require.Equal(t, version, found)
	require.LessOrEqual(t, ours, 75.0, "of them some 60 are bbolt's for the transaction")
}
