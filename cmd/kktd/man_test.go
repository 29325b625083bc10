package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestManAndCompletion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	var out bytes.Buffer
	run := func(args ...string) error {
		out.Reset()
		root := newRootCommand()
		root.SetArgs(args)
		root.SetOut(&out)
		root.SetErr(&out)
		return root.Execute()
	}
	require.NoError(t, run("man", dir))
	page, err := os.ReadFile(filepath.Join(dir, "kktd-serve.1"))
	require.NoError(t, err)
	require.Contains(t, string(page), `.TH "KKTD-SERVE" "1"`)
	require.Contains(t, string(page), "delivery")
	require.FileExists(t, filepath.Join(dir, "kktd-clock-advance.1"))
	file := filepath.Join(dir, "kktd.1")
	require.Error(t, run("man", file), "a file is no folder")
	require.Error(t, run("man"))
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.NoError(t, run("completion", shell))
		require.Contains(t, out.String(), "kktd", shell)
	}
	require.NoError(t, run("__complete", "wait", "conf"))
	require.Contains(t, out.String(), "confirmed\n")
}
