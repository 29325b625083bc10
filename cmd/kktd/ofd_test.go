package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
)

func runOFD(t *testing.T, stdin string, args ...string) (stdout string, err error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(io.Discard)
	root.SetArgs(append([]string{"ofd"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestOFDSend(t *testing.T) {
	d := ofdtest.NewDrive(t, "9999078900005430")
	d.Receipts(2)
	session := func(c []byte) []byte {
		return ofdproto.AppendSession(nil, d.State.Drive, ofdproto.PVersion(byte(ffd.V120)), ofdproto.FlagsDocument, c)
	}
	document := func(n, tail int) []byte {
		c := d.Containers[n-1]
		return c[ofdproto.ContainerHeaderLen : len(c)-ofdproto.TailLen+tail]
	}
	all := bytes.Join([][]byte{session(d.Containers[0]), d.Containers[1], document(3, 0), document(4, ofdproto.TailLen)}, nil)
	probe := ofdproto.AppendSession(nil, d.State.Drive, ofdproto.PVersion(4), ofdproto.FlagsProbe, nil)
	for _, tc := range []struct {
		name, stdin string
		args        []string
		fault       string
		want        []string // in the output
		stored      int
		err         string
	}{
		{"message, container, document without and with its sign", hex.EncodeToString(all), nil, "",
			[]string{"1/4  ", "4/4  ", "document 4, form 3 Кассовый чек", "Подтверждение оператора", "the ticket verifies (lenient)"}, 4, ""},
		{"base64, one a line", base64.StdEncoding.EncodeToString(session(d.Containers[0])) + "\n" + base64.StdEncoding.EncodeToString(d.Containers[1]) + "\n",
			[]string{"--out", "hexdump", "--ticket-check", "strict"}, "", []string{"2/2  ", "верждение", "verifies (strict)"}, 2, ""},
		{"raw, a connection each", string(all), []string{"--in", "raw", "--one-connection", "--out", "none"}, "", []string{"accepted"}, 4, ""},
		{"the sign of the tax service's export", hex.EncodeToString(document(1, 8)), []string{"--out", "none"}, "", []string{"accepted"}, 1, ""},
		{"probe", hex.EncodeToString(probe), nil, "", []string{"the OFD is there"}, 0, ""},
		{"refused", hex.EncodeToString(all), nil, "refuse:form=3:times=1",
			[]string{"refuses the document: code 14, message 02h", "accepted"}, 4, "1 of 4 were not accepted"},
		{"a ticket that does not verify", hex.EncodeToString(d.Containers[0]), nil, "wrong-number",
			[]string{"would refuse the ticket"}, 1, "1 of 1"},
		{"no answer", hex.EncodeToString(d.Containers[0]), []string{"--timeout", "50ms"}, "drop", []string{"no answer within 50ms"}, 1, "1 of 1"},
		{"closed", hex.EncodeToString(d.Containers[0]), nil, "drop:close", []string{"its log tells why"}, 1, "1 of 1"},
		{"cut short", hex.EncodeToString(session(d.Containers[0])[:100]), nil, "", nil, 0, "the input has 100"},
		{"no document", "00 00 00 00 01", nil, "", nil, 0, "neither a message"},
		{"no form", hex.EncodeToString(all), []string{"--out", "fns"}, "", nil, 0, "want tree, hexdump or none"},
		{"check", hex.EncodeToString(all), []string{"--ticket-check", "no"}, "", nil, 0, "want lenient, strict or off"},
		{"address", hex.EncodeToString(all), []string{"--to", "nowhere"}, "", nil, 0, "want HOST:PORT"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, addr := ofdtest.Serve(t, ofd.Options{})
			if tc.fault != "" {
				s.Faults().Add(ofdtest.Fault(t, tc.fault))
			}
			out, err := runOFD(t, tc.stdin, append([]string{"send", "-", "--to", addr}, tc.args...)...)
			if tc.err == "" {
				require.NoError(t, err, out)
			} else {
				require.ErrorContains(t, err, tc.err)
			}
			for _, want := range tc.want {
				require.Contains(t, out, want)
			}
			require.EqualValues(t, tc.stored, s.Counters().Documents)
			require.Empty(t, s.Counters().BadFrames)
			require.NoError(t, s.Documents("9999078900005430", 0, 0, func(doc *ofd.Document) error {
				require.Equal(t, d.Containers[doc.Number-1], doc.Container, "what was made around it is what the drive made")
				return nil
			}))
		})
	}
	out, err := runOFD(t, hex.EncodeToString(d.Containers[0]), "send", "-", "--to", "127.0.0.1:1")
	require.ErrorContains(t, err, "1 of 1")
	require.Contains(t, out, "is the OFD running")
}

func TestOFDDecode(t *testing.T) {
	d := ofdtest.NewDrive(t, "9999078900005430")
	b := ofdproto.AppendSession(nil, d.State.Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument, d.Containers[0])
	out, err := runOFD(t, hex.EncodeToString(append(b, b...)), "decode")
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(out, "сообщение"))
	require.Contains(t, out, "Отчет о регистрации")
}

// The OFD alone, as its command runs it: faults, trace, what came, the receipt page, and the file over a restart.
func TestOFDServe(t *testing.T) {
	dir := t.TempDir()
	d := ofdtest.NewDrive(t, "9999078900005430")
	d.Receipts(1)
	serve := func(args ...string) (url, addr string, stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		root := newRootCommand()
		var out output
		root.SetOut(&out)
		root.SetErr(io.Discard)
		root.SetArgs(append([]string{"ofd", "serve", "--data", filepath.Join(dir, "ofd.db"), "--listen", "127.0.0.1:0", "--ofd-listen", "127.0.0.1:0"}, args...))
		ended := make(chan error, 1)
		go func() { ended <- root.ExecuteContext(ctx) }()
		ready := regexp.MustCompile(`HTTP +(http://[^/]+)\S*\n +OFD +(\S+)`)
		require.Eventually(t, func() bool { return ready.MatchString(out.String()) }, 10*time.Second, time.Millisecond)
		m := ready.FindStringSubmatch(out.String())
		return m[1], m[2], func() { cancel(); require.NoError(t, <-ended) }
	}
	get := func(url string) (int, string) {
		resp, err := http.Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(b)
	}
	trace := filepath.Join(dir, "trace.txt")
	_, addr, stop := serve("--clock", "frozen:2026-01-10T10:00:00+03:00", "--trace", trace, "--ofd-fault", "refuse:11:form=2", "--ofd-fault", "twice:form=1")
	for i, c := range d.Containers {
		_, err := runOFD(t, hex.EncodeToString(c), "send", "-", "--to", addr)
		require.Equal(t, i == 1, err != nil)
	}
	stop()
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(text), "register -> OFD  "))
	require.Equal(t, 4, strings.Count(string(text), "OFD -> register  149 bytes")+strings.Count(string(text), "OFD -> register  154 bytes"))

	url, _, stop := serve()
	defer stop()
	status, body := get(url + "/control/v1/ofd/documents?form=3")
	require.Equal(t, http.StatusOK, status)
	var list struct {
		Items []struct {
			ReceiptURL string    `json:"receipt_url"`
			Received   time.Time `json:"received"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Len(t, list.Items, 1)
	require.Equal(t, "2026-01-10T10:00:00+03:00", list.Items[0].Received.Format(time.RFC3339))
	status, body = get(list.Items[0].ReceiptURL)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "КАССОВЫЙ ЧЕК")
	require.Contains(t, body, "ООО Ромашка", "from the report of registration")
	for path, want := range map[string]int{"/ofd/r?fn=9999078900005430&i=3&fp=1": 404, "/ofd/r?fn=x&i=3&fp=1": 404, "/ofd/r": 400, "/": 200, "/healthz": 200, "/readyz": 200,
		"/nothing": 404, "/control/v1/registers": 404, "/control/v1/ofd/counters": 200, "/metrics": 200} {
		status, body := get(url + path)
		require.Equal(t, want, status, "%s: %s", path, body)
	}
}

func TestOFDServeRefuses(t *testing.T) {
	for _, tc := range []struct {
		want string
		args []string
	}{
		{`there is no "ofd-explode"`, []string{"--ofd-fault", "explode"}},
		{"with its unit", []string{"--ofd-fault", "delay:5"}},
		{`"frozen:soon": "soon" is no time`, []string{"--clock", "frozen:soon"}},
		{"trace", []string{"--trace", "/no/such/folder/x"}},
		{"--ofd-listen", []string{"--ofd-listen", "256.0.0.1:1"}},
	} {
		_, err := runOFD(t, "", append([]string{"serve", "--memory", "--listen", "127.0.0.1:0"}, tc.args...)...)
		require.ErrorContains(t, err, tc.want)
	}
	help, err := runOFD(t, "", "serve", "--help")
	require.NoError(t, err)
	for _, k := range ofd.FaultKinds() {
		require.Contains(t, help, strings.TrimPrefix(k.Usage, ofd.FaultPrefix))
	}
}
