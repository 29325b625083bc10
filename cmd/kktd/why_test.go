package main

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/daemon"
)

// post asks the API of CloudKassir for a receipt and gives the answer.
func post(t *testing.T, d *daemon.Daemon, secret, key, body string) string {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.URL()+"/kkt/receipt", strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(daemon.FirstPublicID, secret)
	r.Header.Set("X-Request-Id", key)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(answer)
}

// TestWhy tells of a receipt that was made, and of requests that were refused.
func TestWhy(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	run := func(args ...string) (string, error) { return kktd(t, append(args, "--addr", d.HTTPAddr())...) }
	idOf := func(answer string) string {
		_, id, _ := strings.Cut(answer, `"Id":"`)
		id, _, _ = strings.Cut(id, `"`)
		return id
	}
	const body = `{"Inn":"7708806062","Type":"Income","InvoiceId":"77","CustomerReceipt":{"Items":[{"Label":"“x”","Price":100.50,"Quantity":2,"Amount":201,"Vat":20,"Object":33}],"Amounts":{"Electronic":201}}}`
	id := idOf(post(t, d, daemon.FirstSecret, "1", body))
	require.Equal(t, id, idOf(post(t, d, daemon.FirstSecret, "1", body)))
	_, err := run("wait", "confirmed", "--receipt", id, "--timeout", "10s")
	require.NoError(t, err)
	out, err := run("why", id, "--lang", "en")
	require.NoError(t, err)
	for _, want := range []string{"made and confirmed by the OFD; documents: 1", `InvoiceId "77", account pk_demo`, `'“' -> "\""`, "register 00000000000000000001 was chosen",
		"receipt No. 3 of drive 9999078900005430, FFD 1.2, shift 1, receipt 1", "total 201.00", "on disk, with events ", "code 0 (accepted)",
		"the OFD remarks 3/1059[0]/1163", "ticket on disk, event", "has set no address", "got the first answer, times: 1", "names no taxation system", "is told to have a marking code"} {
		require.Contains(t, out, want)
	}
	out, err = run("why", id, "--lang", "ru")
	require.NoError(t, err)
	require.Contains(t, out, "сформирован и подтверждён ОФД; документов: 1")

	require.Contains(t, post(t, d, daemon.FirstSecret, "2", `{"InvoiceId":"9"}`), `"ErrorCode":11`)
	post(t, d, "wrong", "3", body)
	out, err = run("why", "--last", "--lang", "en")
	require.NoError(t, err)
	require.Regexp(t, `(?s)^1  \S+  /kkt/receipt +9 +11 +Не передан ИНН: Inn\n2 .*401  wrong credentials\n$`, out)
	require.NotContains(t, out, "wrong\"")
	for _, last := range [][]string{{"--last", "1"}, {"--last=1"}, {"1", "--last"}} {
		out, err = run(append([]string{"why", "--lang", "en"}, last...)...)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(out, "\n"), out)
		require.Contains(t, out, "401")
	}
	out, err = run("why", "--invoice", "nobody", "--lang", "en")
	require.NoError(t, err)
	require.Equal(t, "no refused requests\n", out)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"why", "--last", "0"}, "--last: 0, want 1 or more"},
		{[]string{"why", id, "--last"}, "want the id of a receipt, or --last"},
		{[]string{"why", "5"}, "5"},
		{[]string{"why"}, "want the id of a receipt, or --last"},
		{[]string{"why", strings.Repeat("0", 32)}, "a refused request makes no receipt: kktd why --last"},
		{[]string{"why", id, "--lang", "de"}, `language "de": want ru or en`},
	} {
		_, err = run(c.args...)
		require.ErrorContains(t, err, c.want, c.args)
	}
}

// TestDoctor looks at a daemon that is well, and at one whose OFD is away.
func TestDoctor(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	_, err := kktd(t, "wait", "confirmed", "--addr", d.HTTPAddr(), "--timeout", "10s")
	require.NoError(t, err)
	out, err := kktd(t, "doctor", "--lang", "en", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	for _, want := range []string{"kktd answers and is ready", "registers: 1, all take receipts", "nothing waits for the OFD", "the built-in OFD works", "are free", "no faults are set"} {
		require.Contains(t, out, want)
	}
	_, err = kktd(t, "fault", "add", "latency:1ms", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	out, err = kktd(t, "doctor", "--lang", "ru", "--addr", d.HTTPAddr())
	require.NoError(t, err, "a warning is no error")
	require.Contains(t, out, "намеренная неисправность: latency:for=1ms")
	_, err = kktd(t, "clock", "advance", "1500d", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	out, err = kktd(t, "doctor", "--lang", "en", "--addr", d.HTTPAddr())
	require.Equal(t, exitError, report(io.Discard, err))
	require.Contains(t, out, "ERROR  registers     register 00000000000000000001 makes no receipts")
	_, id, _ := strings.Cut(post(t, d, daemon.FirstSecret, "1", demoReceipt), `"Id":"`)
	id, _, _ = strings.Cut(id, `"`)
	out, err = kktd(t, "why", id, "--lang", "en", "--addr", d.HTTPAddr())
	require.NoError(t, err)
	require.Regexp(t, `(?s)^ERROR  not made: .*the drive refused: 12h .*register 00000000000000000001 was chosen`, out)
}
