package memory_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
	"kktd/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Store { return memory.Open() }, nil)
}

func TestBackup(t *testing.T) {
	require.ErrorIs(t, memory.Open().Backup(io.Discard), storage.ErrUnsupported)
}
