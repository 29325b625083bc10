package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/daemon"
)

func TestWait(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.URL()+"/kkt/receipt", strings.NewReader(demoReceipt))
	require.NoError(t, err)
	r.SetBasicAuth(daemon.FirstPublicID, daemon.FirstSecret)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	_, id, _ := strings.Cut(string(answer), `"Id":"`)
	id, _, _ = strings.Cut(id, `"`)
	wait := func(args ...string) (string, error) {
		return kktd(t, append([]string{"wait", "--addr", d.HTTPAddr(), "--timeout", "10s"}, args...)...)
	}
	for _, args := range [][]string{{"confirmed", "--receipt", id}, {"confirmed"}, {"confirmed", "--inn", "7708806062"}} {
		_, err = wait(args...)
		require.NoError(t, err, args)
	}
	out, err := wait("document", "--receipt", id, "--after", "0")
	require.NoError(t, err)
	require.Regexp(t, `^\d+  \S+  document  register 00000000000000000001  document 3  receipt `+id+"\n$", out)
	out, err = wait("shift_opened", "--after", "0", "--json")
	require.NoError(t, err)
	require.Regexp(t, `^\{"number":3,"kind":"shift_opened".*\}\n$`, out)

	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"confirmed", "--inn", "7702203276"}, "no register fits", exitError},
		{[]string{"confirmed", "--receipt", "x"}, "32 hexadecimal digits", exitError},
		{[]string{"confirmedd"}, `there is no "confirmedd"; want document, confirmed`, exitError},
		{[]string{"shift_closed", "--timeout", "1ms"}, "within 1ms", exitTimeout},
	} {
		_, err = wait(c.args...)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, c.code, report(io.Discard, err), c.args)
	}
}

func TestReady(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	out, err := kktd(t, "ready", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	require.Equal(t, "ready\n", out)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := l.Addr().String()
	require.NoError(t, l.Close())
	_, err = kktd(t, "ready", "--addr", gone)
	require.Equal(t, exitError, report(io.Discard, err))
	_, err = kktd(t, "ready", "--addr", gone, "--wait", "--timeout", "1ms")
	coded := &codeError{}
	require.True(t, errors.As(err, &coded))
	require.Equal(t, exitTimeout, coded.code)
}
