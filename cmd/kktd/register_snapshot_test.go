package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A register is put back to a snapshot, and comes back from its file, by the commands.
func TestImagesThroughTheCommands(t *testing.T) {
	dir := t.TempDir()
	d := startDaemon(t, filepath.Join(dir, "x.db"))
	serial := d.Fleet().Registers()[0].Serial()
	first, second := filepath.Join(dir, "first.image"), filepath.Join(dir, "second.image")
	do := func(args ...string) string {
		t.Helper()
		out, err := kktd(t, append(args, "--addr", d.HTTPAddr())...)
		require.NoError(t, err, args)
		return out
	}
	_, err := kktd(t, "register", "new", "--inn", "7702203276", "--serial", "2", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	require.Contains(t, do("register", "snapshot", "clean", "--serial", "2"), "документов 1, чеков 0")
	sell(t, d.URL())
	sell(t, d.URL())
	require.Contains(t, do("register", "restore", "clean", "--serial", "2"), "документов 1, чеков 0; чеков после него пропало 2")
	require.Contains(t, do("register", "snapshots"), "clean")
	sell(t, d.URL())
	do("wait", "confirmed") // tickets are a part of the image
	do("register", "export", "-o", first, "--serial", "2")
	_, err = kktd(t, "register", "import", first, "--addr", d.HTTPAddr())
	require.ErrorContains(t, err, "delete it first")
	do("register", "delete", "--serial", "2")
	require.Contains(t, do("register", "import", first), "документов 3, чеков 1")
	do("register", "export", "-o", second, "--serial", "2")
	one, err := os.ReadFile(first)
	require.NoError(t, err)
	two, err := os.ReadFile(second)
	require.NoError(t, err)
	require.Equal(t, one, two)
	require.Contains(t, do("register", "snapshot", "both", "--all"), serial)
	require.Contains(t, do("register", "restore", "both", "--all"), "пропало 0")
	require.Contains(t, do("register", "delete-snapshot", "both", "--all"), serial)
}
