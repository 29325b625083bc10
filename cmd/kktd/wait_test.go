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

// demoSale makes the receipt of the demonstration and gives its id.
func demoSale(t *testing.T, d *daemon.Daemon) string {
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
	require.Len(t, id, 32, string(answer))
	return id
}

func TestWait(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	id := demoSale(t, d)
	wait := func(args ...string) (string, error) {
		return kktd(t, append([]string{"wait", "--addr", d.HTTPAddr(), "--timeout", "10s"}, args...)...)
	}
	for _, args := range [][]string{{"confirmed", "--receipt", id}, {"confirmed"}, {"confirmed", "--inn", "7708806062"}} {
		_, err := wait(args...)
		require.NoError(t, err, args)
	}
	out, err := wait("document", "--receipt", id, "--after", "0")
	require.NoError(t, err)
	require.Regexp(t, `^\d+  \S+  document  register 00000000000000000001  document 3  receipt `+id+"\n$", out)
	out, err = wait("shift_opened", "--after", "0", "--json")
	require.NoError(t, err)
	require.Regexp(t, `^\{"number":\d+,"kind":"shift_opened".*\}\n$`, out)

	for _, c := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"confirmed", "--inn", "7702203276"}, "no register fits", exitError},
		{[]string{"confirmed", "--receipt", "x"}, "32 hexadecimal digits", exitError},
		{[]string{"confirmedd"}, `there is no "confirmedd"; want document, sent, confirmed`, exitError},
		{[]string{"shift_closed", "--timeout", "1ms"}, "within 1ms", exitTimeout},
	} {
		_, err = wait(c.args...)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, c.code, report(io.Discard, err), c.args)
	}
}

// TestWaitSent waits for a document that goes out to an OFD which never answers.
func TestWaitSent(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	wait := func(args ...string) error {
		_, err := kktd(t, append([]string{"wait", "--addr", d.HTTPAddr(), "--timeout", "10s"}, args...)...)
		return err
	}
	require.NoError(t, wait("confirmed"))
	require.NoError(t, wait("sent"), "what is confirmed was sent")
	_, err := kktd(t, "fault", "add", "ofd-drop:form=3", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	id := demoSale(t, d)
	for _, args := range [][]string{{"--receipt", id}, {}, {"--inn", "7708806062"}, {"--after", "0", "--document", "3"}} {
		require.NoError(t, wait(append([]string{"sent"}, args...)...), args)
	}
	require.ErrorContains(t, wait("confirmed", "--receipt", id, "--timeout", "1ms"), "within 1ms")
	out, err := kktd(t, "why", id, "--lang", "en", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	require.Regexp(t, `document \d+: it went out to the OFD, event \d+; no ticket has been stored`, out)
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
