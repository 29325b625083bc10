package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// runFsck runs kktd fsck in the process.
func runFsck(t *testing.T, args ...string) (out string, err error) {
	root := newRootCommand()
	var b bytes.Buffer
	root.SetOut(&b)
	root.SetArgs(append([]string{"fsck"}, args...))
	err = root.ExecuteContext(t.Context())
	return b.String(), err
}

func TestFsckCommand(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "kktd.db")
	p := startProgram(t, buildProgram(t), "--data", data)
	require.Equal(t, true, p.post("/kkt/receipt", []byte(demoReceipt))["Success"])
	_, err := runFsck(t, "--data", data)
	require.ErrorContains(t, err, "stop the daemon first")
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()

	out, err := runFsck(t, "--data", data)
	require.NoError(t, err, out)
	require.Contains(t, out, "clean\n  registers  1, snapshots 0, drives 1, documents 3")
	out, err = runFsck(t, "--data", data, "--json")
	require.NoError(t, err)
	var told fsckReport
	require.NoError(t, json.Unmarshal([]byte(out), &told))
	require.Equal(t, 3, told.Checked.Documents)
	require.NotNil(t, told.Differences)

	out, err = runFsck(t, "--data", data, "--master-key", "another", "--most", "2")
	require.ErrorIs(t, err, errDiffers)
	require.Equal(t, exitError, report(io.Discard, err))
	require.Contains(t, out, "document 1: container/1/1077: expected")
	require.Contains(t, out, "--master-key")
	require.Contains(t, out, "more; --most 0 prints all")

	for name, c := range map[string]struct {
		content []byte
		want    string
	}{"empty": {nil, "file is empty"}, "garbage": {[]byte("garbage"), "damaged"}} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, c.content, 0o600))
		_, err = runFsck(t, "--data", path)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, path)
	}
	_, err = runFsck(t, "--data", filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
