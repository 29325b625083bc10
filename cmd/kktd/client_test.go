package main

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"testing"

	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/daemon"
)

// kktd runs a command in this process.
func kktd(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	root := newRootCommand()
	var out, errOut bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errOut)
	root.SetArgs(args)
	err = root.ExecuteContext(context.Background())
	return out.String(), err
}

// startDaemon starts a daemon in this process on a file.
func startDaemon(t *testing.T, data string) *daemon.Daemon {
	t.Helper()
	log, _ := logtest.NewNullLogger()
	c := daemon.Default()
	c.Data, c.Listen, c.OFDListen, c.Seed = data, "127.0.0.1:0", "127.0.0.1:0", 1
	d, err := daemon.Start(context.Background(), c, clock.Real(), log)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Shutdown(context.Background()) })
	return d
}

func TestCommandReachesADaemon(t *testing.T) {
	data := filepath.Join(t.TempDir(), "x.db")
	d := startDaemon(t, data)
	for _, args := range [][]string{{"--addr", d.HTTPAddr()}, {"--addr", d.URL()}} {
		out, err := kktd(t, append([]string{"register", "list"}, args...)...)
		require.NoError(t, err)
		require.Contains(t, out, daemon.FirstRegister)
		require.Contains(t, out, "фискальный режим")
	}
	out, err := kktd(t, "register", "list", "--json", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	require.Contains(t, out, `{"items":[{"serial":"00000000000000000001"`)

	_, err = kktd(t, "register", "list", "--data", data)
	require.ErrorContains(t, err, "--addr HOST:PORT", "the file is the daemon's")

	t.Setenv("KKTD_ADDR", d.HTTPAddr())
	out, err = kktd(t, "register", "show")
	require.NoError(t, err)
	require.Contains(t, out, "9999078900005430")

	out, err = kktd(t, "register", "show", "--serial", "7", "--json")
	require.Equal(t, exitError, report(&bytes.Buffer{}, err))
	require.Contains(t, out, `"code":"not_found"`)
}

func TestCommandStartsTheBodyOnAFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "x.db")
	_, err := kktd(t, "register", "list", "--data", data)
	require.ErrorContains(t, err, "kktd register new")
	require.NoFileExists(t, data, "a look makes no file")

	require.NoError(t, startDaemon(t, data).Shutdown(context.Background()))
	out, err := kktd(t, "register", "show", "--data", data)
	require.NoError(t, err)
	require.Contains(t, out, "9999078900005430")
}

func TestCommandFindsNoDaemon(t *testing.T) {
	_, err := kktd(t, "register", "list", "--addr", "nowhere:port:1")
	require.ErrorContains(t, err, "--addr")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	_, err = kktd(t, "register", "list", "--addr", addr)
	require.ErrorContains(t, err, "is kktd serve running there?")
}
