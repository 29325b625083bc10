package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fn"
	"kktd/ofd"
	"kktd/storage"
	"kktd/storage/memory"
)

type bench struct {
	*Daemon
	t     testing.TB
	clock *clockwork.FakeClock
	log   *logtest.Hook
}

func start(t testing.TB, set func(*Config)) *bench {
	c := Default()
	c.Memory, c.Listen, c.OFDListen, c.Seed = true, "127.0.0.1:0", "127.0.0.1:0", 1
	if set != nil {
		set(&c)
	}
	logger, hook := logtest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	clk := clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))
	d, err := Start(context.Background(), c, clk, logger)
	require.NoError(t, err)
	b := &bench{Daemon: d, t: t, clock: clk, log: hook}
	t.Cleanup(func() { require.NoError(t, b.Shutdown(context.Background())) })
	return b
}

const receiptBody = `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[{"Label":"Чай","Price":100,"Quantity":1,"Amount":100,"Vat":20}],"Amounts":{"Electronic":100}}}`

func (b *bench) post(path, body string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.URL()+path, strings.NewReader(body))
	require.NoError(b.t, err)
	req.SetBasicAuth(FirstPublicID, FirstSecret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, string(raw)
}

func (b *bench) get(path string) (int, string) {
	b.t.Helper()
	resp, err := http.Get(b.URL() + path)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, string(raw)
}

func (b *bench) unsent() uint32 {
	r, err := b.Fleet().Register(FirstRegister)
	require.NoError(b.t, err)
	s, err := r.State()
	require.NoError(b.t, err)
	return s.Unsent()
}

func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	require.Eventually(t, f, 10*time.Second, 5*time.Millisecond, what)
}

func TestReceiptIsDelivered(t *testing.T) {
	b := start(t, nil)
	status, answer := b.post("/kkt/receipt", receiptBody)
	require.Equal(t, 200, status, answer)
	var model struct {
		Model struct{ Id, ReceiptLocalUrl string }
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &model))
	require.Equal(t, b.URL()+"/r/"+model.Model.Id, model.Model.ReceiptLocalUrl)
	eventually(t, "every document is confirmed", func() bool { return b.unsent() == 0 })
	require.EqualValues(t, 3, b.OFD().Counters().Documents)
	status, text := b.get("/r/" + model.Model.Id)
	require.Equal(t, 200, status)
	require.Contains(t, text, "КАССОВЫЙ ЧЕК")
	for path, want := range map[string]string{"/r/" + model.Model.Id + ".txt": "КАССОВЫЙ ЧЕК\n", "/control/v1/registers/" + FirstRegister + "/documents/1/slip.txt": "ОТЧЕТ О РЕГИСТРАЦИИ",
		"/control/v1/registers/" + FirstRegister + "/documents/2/slip": "<!DOCTYPE html>", "/control/v1/registers/" + FirstRegister + "/drives/1/documents/3/slip.png": "PNG",
		"/control/v1/registers/" + FirstRegister + "/documents/3/slip.json": `"title":"Кассовый чек"`} {
		status, text = b.get(path)
		require.Equal(t, 200, status, path)
		require.Contains(t, text, want)
	}
	for _, path := range []string{"documents/9/slip", "documents/3/slip.pdf", "documents/3/slips", "documents/3/slip.", "drives/9/documents/3/slip.txt"} {
		status, text = b.get("/control/v1/registers/" + FirstRegister + "/" + path)
		require.Equal(t, 404, status, path)
		require.Contains(t, text, `"error"`)
	}
	status, _ = b.get("/r/00000000000000000000000000000000")
	require.Equal(t, 404, status)
	status, _ = b.get("/healthz")
	require.Equal(t, 200, status)
	status, _ = b.get("/nowhere")
	require.Equal(t, 404, status)
}

func TestPathsInAnyCase(t *testing.T) {
	b := start(t, nil)
	for _, path := range []string{"/kkt/receipt", "/KKT/Receipt", "/kkt/receipt/", "/Kkt/Receipt/"} {
		_, answer := b.post(path, receiptBody)
		require.Contains(t, answer, `"Success":true`, path)
	}
}

// TestOFDComesBack makes ten receipts while the OFD is away; when it is back the
// business clock alone brings them to it, in order and once each.
func TestOFDComesBack(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := reserved.Addr().String()
	require.NoError(t, reserved.Close())
	b := start(t, func(c *Config) { c.OFD = addr })
	for range 10 {
		_, answer := b.post("/kkt/receipt", receiptBody)
		require.Contains(t, answer, `"Success":true`)
	}
	eventually(t, "the sender has failed", func() bool {
		_, text := b.get("/control/v1/registers/" + FirstRegister)
		return strings.Contains(text, "refused")
	})
	require.EqualValues(t, 12, b.unsent())

	server, err := ofd.New(ofd.Options{Store: memory.Open(), Clock: b.clock, Zone: time.UTC, Master: []byte(fn.DefaultMaster)})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		require.NoError(t, server.Shutdown(context.Background()))
		<-served
	}()
	eventually(t, "the next try brings them", func() bool {
		b.clock.Advance(time.Minute)
		return b.unsent() == 0
	})
	var numbers []uint32
	require.NoError(t, server.Documents("9999078900005430", 1, 0, func(d *ofd.Document) error {
		numbers = append(numbers, d.Number)
		return nil
	}))
	require.Equal(t, []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, numbers)
	require.EqualValues(t, 12, server.Counters().Documents)
	require.Zero(t, server.Counters().Resends)
}

func TestNoOFD(t *testing.T) {
	b := start(t, func(c *Config) { c.OFD = OFDNone })
	_, answer := b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	require.EqualValues(t, 3, b.unsent())
	require.Equal(t, OFDNone, b.OFDAddr())
}

func TestRestartKeepsEverything(t *testing.T) {
	data := filepath.Join(t.TempDir(), "kktd.db")
	for i := range 3 {
		b := start(t, func(c *Config) { c.Memory, c.Data = false, data })
		_, answer := b.post("/kkt/receipt", receiptBody)
		require.Contains(t, answer, `"Success":true`)
		r, err := b.Fleet().Register(FirstRegister)
		require.NoError(t, err)
		s, err := r.State()
		require.NoError(t, err)
		require.EqualValues(t, 3+i, s.LastNumber)
		require.NoError(t, b.Shutdown(context.Background()))
		require.NoError(t, b.Shutdown(context.Background()), "a second stop does nothing")
	}
}

func TestBothFormats(t *testing.T) {
	for _, v := range []string{"1.05", "1.1", "1.2"} {
		b := start(t, func(c *Config) { c.FFD = v })
		_, answer := b.post("/kkt/receipt", receiptBody)
		require.Contains(t, answer, `"Success":true`)
		_, text := b.get("/control/v1/registers")
		require.Contains(t, text, `"ffd":"`+v+`"`)
		eventually(t, "confirmed", func() bool { return b.unsent() == 0 })
		_, text = b.get("/control/v1/registers")
		require.NotContains(t, text, "format", "the OFD has nothing against it")
	}
}

func TestBadHTTP(t *testing.T) {
	b := start(t, nil)
	status, _ := b.post("/kkt/receipt", `{"Inn":"`+strings.Repeat("7", 2<<20)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	resp, err := http.Get(b.URL() + "/kkt/receipt")
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	require.EqualValues(t, 1, func() uint32 {
		r, _ := b.Fleet().Register(FirstRegister)
		s, _ := r.State()
		return s.LastNumber
	}(), "bad requests made no document")
}

// TestSlowBody sends a body a byte at a time and then nothing: the server cuts it
// off. The limit is made short here; nothing else differs from the real server.
func TestSlowBody(t *testing.T) {
	b := start(t, nil)
	s := b.newHTTPServer(b.routes())
	s.ReadTimeout = 50 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	req, err := http.NewRequest(http.MethodPost, "http://x/kkt/receipt", bytes.NewReader(make([]byte, 100)))
	require.NoError(t, err)
	req.SetBasicAuth(FirstPublicID, FirstSecret)
	_, err = fmt.Fprintf(conn, "POST /kkt/receipt HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: 100\r\n\r\n{", req.Header.Get("Authorization"))
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Regexp(t, `^HTTP/1.1 4\d\d`, string(answer))
	eventually(t, "a log line", func() bool {
		for _, e := range b.log.AllEntries() {
			if e.Level <= logrus.WarnLevel {
				return true
			}
		}
		return false
	})
}

func TestConfigErrors(t *testing.T) {
	log, _ := logtest.NewNullLogger()
	for _, c := range []struct {
		name, want string
		set        func(*Config)
	}{
		{"durability", "durability", func(c *Config) { c.Durability = "maybe" }},
		{"ticket check", "ticket-check", func(c *Config) { c.TicketCheck = "no" }},
		{"no wait for the OFD", "ofd-timeout", func(c *Config) { c.OFDTimeout = 0 }},
		{"wait of hours for the OFD", "ofd-timeout", func(c *Config) { c.OFDTimeout = time.Hour }},
		{"format", "ffd", func(c *Config) { c.FFD = "1.0" }},
		{"no file", "data", func(c *Config) { c.Data = "" }},
		{"HTTP address", "listen", func(c *Config) { c.Listen = "5454" }},
		{"delay", "processing-delay", func(c *Config) { c.ProcessingDelay = -1 }},
		{"outside OFD", "ofd", func(c *Config) { c.OFD = "ofd.example.com" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Default()
			cfg.Data = filepath.Join(t.TempDir(), "x.db")
			c.set(&cfg)
			_, err := Start(context.Background(), cfg, clock.Real(), log)
			require.ErrorContains(t, err, c.want)
		})
	}
	cfg := Default()
	cfg.Data = filepath.Join(t.TempDir(), "x.db")
	cfg.Listen, cfg.OFDListen = "127.0.0.1:0", "127.0.0.1:0"
	d, err := Start(context.Background(), cfg, clock.Real(), log)
	require.NoError(t, err)
	defer d.Shutdown(context.Background())
	_, err = Start(context.Background(), cfg, clock.Real(), log)
	require.ErrorIs(t, err, storage.ErrLocked)
}

func TestProcessingDelay(t *testing.T) {
	b := start(t, func(c *Config) { c.ProcessingDelay = 10 * time.Second })
	_, answer := b.post("/kkt/receipt", receiptBody)
	var model struct{ Model struct{ Id string } }
	require.NoError(t, json.Unmarshal([]byte(answer), &model))
	ask := fmt.Sprintf(`{"Id":%q}`, model.Model.Id)
	_, answer = b.post("/kkt/receipt/status/get", ask)
	require.Contains(t, answer, `"Model":"Queued"`)
	_, answer = b.post("/kkt/receipt/get", ask)
	require.Contains(t, answer, `"FiscalSign":null`)
	b.clock.Advance(10 * time.Second)
	eventually(t, "made when its time has come", func() bool {
		_, answer := b.post("/kkt/receipt/status/get", ask)
		return strings.Contains(answer, `"Model":"Processed"`)
	})
}
