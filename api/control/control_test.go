package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/event"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	testINN    = "7708806062"
	testSerial = "00000000000000000001"
	testDrive  = "9999078900005430"
)

// bench is an API over a real fleet with one register.
type bench struct {
	t     testing.TB
	store *event.Stream
	clock *clockwork.FakeClock
	fleet *kkt.Fleet
	api   http.Handler // an API whose answers are checked
}

func newBench(t testing.TB, set func(*Options)) *bench {
	b := &bench{t: t, store: event.Watch(memory.Open()), clock: clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))}
	b.open(set)
	require.NoError(t, b.fleet.AddAccount(kkt.Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	b.fiscalize(testSerial, testDrive)
	return b
}

func (b *bench) open(set func(*Options)) {
	log := logrus.New()
	log.SetOutput(io.Discard)
	var err error
	b.fleet, err = kkt.Open(kkt.Options{Store: b.store, Clock: b.clock, Log: log, Seed: 1})
	require.NoError(b.t, err)
	o := Options{Fleet: b.fleet, Events: b.store, Log: log}
	if set != nil {
		set(&o)
	}
	b.api = described(b.t, New(o))
}

func (b *bench) fiscalize(serial, drive string) {
	b.t.Helper()
	require.NoError(b.t, b.fleet.Fiscalize(context.Background(), "pk_demo", kkt.Settings{Serial: serial, INN: testINN, RegNumber: "0000000004030311",
		UserName: `ООО "Ромашка & Ко"`, Address: "г. Москва", Place: "www.example.com", SenderEmail: "a@example.com", OFDName: "Тестовый ОФД",
		OFDINN: fn.TestOFDINN, TaxSystems: []ffd.TaxSystems{ffd.TaxOSN, ffd.TaxUSNIncome}, DriveNumber: drive, AutoShift: true, TakesCash: true}))
}

func (b *bench) submit(raw string) *kkt.Outcome {
	b.t.Helper()
	o, err := b.fleet.Submit(context.Background(), &kkt.Receipt{INN: testINN,
		Request: kkt.Request{API: "test", Account: "pk_demo", InvoiceID: "42", AccountID: "user", Raw: []byte(raw)},
		Parts: []ffd.Receipt{{Operation: ffd.Income, Payments: ffd.Payments{Cashless: 10000}, Items: []ffd.Item{{Name: tlv.MustText("Товар"),
			Price: 10000, Quantity: tlv.Decimal{Mantissa: 1}, Amount: 10000, VAT: ffd.VAT20}}}}})
	require.NoError(b.t, err)
	return o
}

// confirm gives the register the operator's ticket for a document.
func (b *bench) confirm(number uint32) {
	b.t.Helper()
	reg, err := b.fleet.Register(testSerial)
	require.NoError(b.t, err)
	inn := ffd.Pad[[12]byte](fn.TestOFDINN)
	box, err := fn.NewOperatorSigner([]byte(fn.DefaultMaster), inn).Container(nil, &ffd.Confirmation{OFDINN: inn,
		Drive: ffd.Pad[[16]byte](testDrive), Number: number, Time: uint32(reg.Now()) + 7})
	require.NoError(b.t, err)
	done := make(chan error, 1)
	reg.Delivery().Confirm(number, box, func(err error) { done <- err })
	require.NoError(b.t, <-done)
}

func (b *bench) do(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, Prefix+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w
}

// get asks for what must be there.
func (b *bench) get(path string) []byte {
	b.t.Helper()
	w := b.do("GET", path)
	require.Equal(b.t, http.StatusOK, w.Code, w.Body.String())
	require.Equal(b.t, jsonType, w.Header().Get("Content-Type"))
	return w.Body.Bytes()
}

// golden compares JSON, indented for its readers, with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, got, "", "  "))
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

type senderFunc func(serial string, drive storage.DriveID) (any, bool)

func (f senderFunc) State(serial string, drive storage.DriveID) (any, bool) { return f(serial, drive) }

func TestGolden(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Sender = senderFunc(func(serial string, _ storage.DriveID) (any, bool) {
			return sender.State{Connected: true, Sent: 2}, serial == testSerial
		})
	})
	golden(t, "fresh.json", b.get("registers/"+testSerial))
	o := b.submit(`{"Inn": "7708806062", "Text": "<ё>"}`)
	b.confirm(1)
	b.confirm(2)
	b.clock.Advance(50 * time.Hour)
	for name, path := range map[string]string{
		"registers.json":    "registers",
		"register.json":     "registers/" + testSerial,
		"documents.json":    "registers/" + testSerial + "/documents",
		"drives.json":       "registers/" + testSerial + "/drives",
		"receipt.json":      "receipts/" + o.ID,
		"unconfirmed.json":  "registers/" + testSerial + "/documents/3",
		"confirmed.json":    "registers/" + testSerial + "/documents/2",
		"documents-id.json": "registers/" + testSerial + "/drives/1/documents?after=1&limit=1",
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, b.get(path)) })
	}
	require.Equal(t, b.get("registers/"+testSerial+"/documents/3"), b.get("registers/"+testSerial+"/drives/1/documents/3"))
}

func TestBytesAreThoseOfTheStore(t *testing.T) {
	b := newBench(t, nil)
	b.submit("{}")
	b.confirm(1)
	path := "registers/" + testSerial + "/documents/"
	for number := uint32(1); number <= 3; number++ {
		box, err := b.store.Document(1, number)
		require.NoError(t, err)
		c, err := ofdproto.ParseContainer(box)
		require.NoError(t, err)
		for _, accept := range []string{octetStream, "application/octet-stream;q=0.9, */*", "text/html, application/octet-stream, application/json"} {
			w := b.do("GET", path+fmt.Sprint(number), "Accept", accept)
			require.Equal(t, octetStream, w.Header().Get("Content-Type"))
			require.Equal(t, c.Document, w.Body.Bytes())
		}
		var view struct {
			TLV, Container []byte
			Ticket         *struct{ Container []byte }
		}
		require.NoError(t, json.Unmarshal(b.get(path+fmt.Sprint(number)), &view))
		require.Equal(t, c.Document, view.TLV)
		require.Equal(t, box, view.Container)
		require.Equal(t, number == 1, view.Ticket != nil)
		if view.Ticket != nil {
			ticket, err := b.store.Ticket(1, number)
			require.NoError(t, err)
			require.Equal(t, ticket, view.Ticket.Container)
		}
	}
	for _, accept := range []string{"", "*/*", "application/json, application/octet-stream", "text/html"} {
		require.Equal(t, jsonType, b.do("GET", path+"1", "Accept", accept).Header().Get("Content-Type"), accept)
	}
}

func TestRefusals(t *testing.T) {
	b := newBench(t, nil)
	r := "registers/" + testSerial
	for _, c := range []struct {
		name, method, path string
		status             int
		code, field        string
		message, allowed   string
	}{
		{"unknown parameter", "GET", "registers?lmit=5", 400, "unknown_parameter", "lmit", `"lmit"`, "after, limit"},
		{"parameter where none is known", "GET", r + "?limit=5", 400, "unknown_parameter", "limit", "known: none", "none"},
		{"parameter twice", "GET", "registers?limit=5&limit=6", 400, "invalid_parameter", "limit", "2 times", "one value"},
		{"query cut short", "GET", "registers?limit=%2", 400, "invalid_parameter", "", "%2", "after, limit"},
		{"semicolon", "GET", "registers?limit=1;after=2", 400, "invalid_parameter", "", "semicolon", "after, limit"},
		{"limit 0", "GET", "registers?limit=0", 400, "invalid_parameter", "limit", `"0"`, "1..100000"},
		{"limit too large", "GET", r + "/documents?limit=100001", 400, "invalid_parameter", "limit", "100001", "1..100000"},
		{"limit empty", "GET", r + "/documents?limit=", 400, "invalid_parameter", "limit", `""`, "1..100000"},
		{"limit negative", "GET", r + "/drives?limit=-1", 400, "invalid_parameter", "limit", "-1", "1..100000"},
		{"after is no number", "GET", r + "/documents?after=x", 400, "invalid_parameter", "after", `"x"`, "0..16777215"},
		{"after too large", "GET", r + "/documents?after=4294967296", 400, "invalid_parameter", "after", "4294967296", "0..16777215"},
		{"drives after", "GET", r + "/drives?after=y", 400, "invalid_parameter", "after", `"y"`, "0..9223372036854775807"},
		{"wait is no duration", "GET", r + "/documents?wait=soon", 400, "invalid_parameter", "wait", "soon", "seconds (10), 500ms, 10s, 36h, 30d, P30D, PT10S"},
		{"number is no number", "GET", r + "/documents/first", 400, "invalid_parameter", "number", "first", "1..16777215"},
		{"number 0", "GET", r + "/documents/0", 400, "invalid_parameter", "number", `"0"`, "1..16777215"},
		{"drive is no number", "GET", r + "/drives/" + testDrive + "x/documents", 400, "invalid_parameter", "drive", testDrive + "x", "1..9223372036854775807"},
		{"unknown register", "GET", "registers/7", 404, "not_found", "serial", `register "7"`, ""},
		{"documents of an unknown register", "GET", "registers/7/documents", 404, "not_found", "serial", "GET /control/v1/registers", ""},
		{"unknown document", "GET", r + "/documents/2", 404, "not_found", "", "document 2", ""},
		{"unknown drive", "GET", r + "/drives/2/documents", 404, "not_found", "drive", "no drive 2", ""},
		{"unknown receipt", "GET", "receipts/00000000000000000000000000000000", 404, "not_found", "", "receipt", ""},
		{"malformed receipt id", "GET", "receipts/x", 404, "not_found", "", "32 hexadecimal digits", ""},
		{"unknown path", "GET", "shifts", 404, "not_found", "", "/control/v1/shifts", "*"},
		{"slash at the end", "GET", "registers/", 404, "not_found", "", "/control/v1/registers/", "*"},
		{"method", "POST", r, 405, "method_not_allowed", "", "POST", "DELETE, GET, HEAD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.do(c.method, c.path)
			require.Equal(t, c.status, w.Code, w.Body.String())
			var answer struct{ Error Problem }
			d := json.NewDecoder(w.Body)
			d.DisallowUnknownFields()
			require.NoError(t, d.Decode(&answer))
			require.Equal(t, c.code, answer.Error.Code)
			require.Equal(t, c.field, answer.Error.Field)
			require.Contains(t, answer.Error.Message, c.message)
			if c.allowed != "*" {
				require.Equal(t, c.allowed, answer.Error.Allowed)
			}
			if c.status == http.StatusMethodNotAllowed {
				require.Equal(t, c.allowed, w.Header().Get("Allow"))
			}
		})
	}
}

func TestHead(t *testing.T) {
	b := newBench(t, nil)
	s := httptest.NewServer(b.api)
	defer s.Close()
	r, err := http.Head(s.URL + Prefix + "registers")
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.EqualValues(t, len(b.get("registers")), r.ContentLength)
}

// list is a list of which only the keys matter.
type list struct {
	Items []struct {
		Number uint32
		Serial string
	}
	Next any
}

func (b *bench) list(path string) (l list) {
	b.t.Helper()
	require.NoError(b.t, json.Unmarshal(b.get(path), &l))
	return l
}

func TestPages(t *testing.T) {
	b := newBench(t, nil)
	const documents = 2*pageSize + 10
	for range documents - 2 { // document 1 and the opening of the shift stand before
		b.submit("{}")
	}
	path := "registers/" + testSerial + "/documents"
	for _, c := range []struct {
		query string
		first uint32
		count int
		next  any
	}{
		{"", 1, 100, 100.0},
		{"?limit=256", 1, 256, 256.0},
		{"?limit=257", 1, 257, 257.0},
		{"?limit=512", 1, 512, 512.0},
		{"?limit=521", 1, 521, 521.0},
		{"?limit=522", 1, 522, nil},
		{"?limit=100000", 1, 522, nil},
		{"?after=10&limit=512", 11, 512, nil},
		{"?after=521", 522, 1, nil},
		{"?after=522", 0, 0, nil},
		{"?after=16777215", 0, 0, nil},
	} {
		t.Run(c.query, func(t *testing.T) {
			l := b.list(path + c.query)
			require.Len(t, l.Items, c.count)
			require.Equal(t, c.next, l.Next)
			for i, it := range l.Items {
				require.Equal(t, c.first+uint32(i), it.Number)
			}
		})
	}
}

func TestPagesOfRegisters(t *testing.T) {
	b := newBench(t, nil)
	b.fiscalize("2", "9999078900005432")
	b.fiscalize("a/b c", "9999078900005433")
	l := b.list("registers?limit=2")
	require.Equal(t, "2", l.Next)
	require.Equal(t, []string{testSerial, "2"}, []string{l.Items[0].Serial, l.Items[1].Serial})
	l = b.list("registers?limit=2&after=2")
	require.Nil(t, l.Next)
	require.Len(t, l.Items, 1)
	require.Equal(t, "a/b c", l.Items[0].Serial)
	b.get("registers/a%2Fb%20c/documents")
	require.Empty(t, b.list("registers?after=z").Items)
}

func TestLongPoll(t *testing.T) {
	stopping := make(chan struct{})
	poll := func(b *bench, ctx context.Context, query string) <-chan list {
		answer := make(chan list, 1)
		go func() {
			w := httptest.NewRecorder()
			b.api.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", Prefix+"registers/"+testSerial+query, nil))
			var l list
			_ = json.Unmarshal(w.Body.Bytes(), &l)
			answer <- l
		}()
		synctest.Wait()
		return answer
	}
	for _, c := range []struct {
		name, query string
		wake        func(b *bench, cancel func())
		took        time.Duration
		numbers     int
	}{
		{"a commit", "/documents?after=1&wait=50", func(b *bench, _ func()) { b.submit("{}") }, 0, 2},
		{"what is there already", "/documents?wait=50", nil, 0, 1},
		{"a ticket is no document", "/documents?after=1&wait=50", func(b *bench, _ func()) { b.confirm(1) }, 50 * time.Second, 0},
		{"the time", "/documents?after=1&wait=20s", nil, 20 * time.Second, 0},
		{"the longest time", "/documents?after=1&wait=P30D", nil, time.Minute, 0},
		{"the end of the daemon", "/documents?after=1&wait=50", func(*bench, func()) { close(stopping) }, 0, 0},
		{"the end of the client", "/documents?after=1&wait=50", func(_ *bench, cancel func()) { cancel() }, 0, 0},
		{"no wait", "/documents?after=1&wait=0", nil, 0, 0},
		{"by the id of the drive", "/drives/1/documents?after=1&wait=50", func(b *bench, _ func()) { b.submit("{}") }, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stopping = make(chan struct{})
				b := newBench(t, func(o *Options) { o.Stopping = stopping })
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				start := time.Now()
				answer := poll(b, ctx, c.query)
				if c.wake != nil {
					require.Empty(t, answer, "it waits")
					c.wake(b, cancel)
				}
				require.Len(t, (<-answer).Items, c.numbers)
				require.Equal(t, c.took, time.Since(start))
			})
		})
	}
}

func TestOutOfService(t *testing.T) {
	b := newBench(t, nil)
	b.submit("{}")
	b.fleet.Close()
	state, version, err := b.store.State(1)
	require.NoError(t, err)
	state[0] = 99
	_, err = b.store.Append(context.Background(), storage.Change{Drive: 1, Expect: version, State: state})
	require.NoError(t, err)
	b.open(nil)
	golden(t, "out-of-service.json", b.get("registers"))
	require.Len(t, b.list("registers/"+testSerial+"/documents").Items, 3, "the archive can be read all the same")
	require.Contains(t, string(b.get("registers/"+testSerial+"/drives")), `"documents":3`)
}

func TestRequestThatIsNoText(t *testing.T) {
	b := newBench(t, nil)
	o := b.submit("\xff\x00")
	require.Contains(t, string(b.get("receipts/"+o.ID)), `"request_base64":"/wA="`)
}

// failing is a store whose scans of documents fail from a number on.
type failing struct {
	storage.Store
	from uint32
	err  error
}

func (f *failing) Documents(d storage.DriveID, from uint32, limit int, fn func(uint32, []byte, []byte) error) error {
	if f.from != 0 && from >= f.from {
		return f.err
	}
	return f.Store.Documents(d, from, limit, fn)
}

func TestStoreFails(t *testing.T) {
	b := newBench(t, nil)
	b.fleet.Close()
	store := &failing{Store: b.store}
	b.store = event.Watch(store)
	b.open(nil)
	for range pageSize {
		b.submit("{}")
	}
	path := "registers/" + testSerial + "/documents?limit=1000"
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"damage", errors.New("page 7 is damaged"), 500, `"code":"internal","message":"page 7 is damaged"`},
		{"closed", storage.ErrClosed, 503, `"code":"stopping"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			store.from, store.err = 1, c.err
			w := b.do("GET", path)
			require.Equal(t, c.status, w.Code)
			require.Contains(t, w.Body.String(), c.code)
		})
	}
	store.from = pageSize
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { b.do("GET", path) }, "half a list must not look whole")
}

func TestDamagedContainers(t *testing.T) {
	b := newBench(t, nil)
	b.submit("{}")
	box, err := b.store.Document(1, 3)
	require.NoError(t, err)
	box[2]++ // CRC
	item, _ := summary(3, box, false, time.UTC)
	require.Equal(t, uint32(3), item.Number)
	require.Contains(t, item.Error, "crc")
	ticket := viewTicket(box, time.UTC)
	require.Contains(t, ticket.Error, "crc")
	require.Equal(t, box, ticket.Container)
	box[2]--
	ticket = viewTicket(box, time.UTC)
	require.Contains(t, ticket.Error, "not an operator confirmation")
	require.NotNil(t, ticket.Tags)
}

func BenchmarkDocuments(b *testing.B) {
	x := newBench(b, nil)
	for range 1000 {
		x.submit("{}")
	}
	b.ReportAllocs()
	for b.Loop() {
		x.get("registers/" + testSerial + "/documents?limit=1000")
	}
}
