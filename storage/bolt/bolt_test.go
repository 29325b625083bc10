package bolt

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/storage"
	"kktd/storage/storagetest"
)

// open opens the file and, when the test ends, checks its pages and closes it.
func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(Options{Path: path})
	require.NoError(t, err)
	t.Cleanup(func() {
		if s.queue.isClosed() {
			return
		}
		checkPages(t, s)
		require.NoError(t, s.Close())
	})
	return s
}

func checkPages(t testing.TB, s *Store) {
	t.Helper()
	require.NoError(t, s.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			require.NoError(t, err)
		}
		return nil
	}))
}

func TestConformance(t *testing.T) {
	storagetest.Run(t,
		func(t *testing.T) storage.Store { return open(t, filepath.Join(t.TempDir(), "kktd.db")) },
		func(t *testing.T, s storage.Store) storage.Store {
			file := s.(*Store)
			require.NoError(t, file.Close())
			return open(t, file.path)
		})
}
