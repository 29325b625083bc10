package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/storage/memory"
	"kktd/tlv"
)

const (
	testINN    = "7708806062"
	testSerial = "00000000000000000001"
	testDrive  = "9999078900005430"
)

type bench struct {
	*Pages
	t     testing.TB
	fleet *kkt.Fleet
	clock *clockwork.FakeClock
}

func open(t testing.TB, delay time.Duration) *bench {
	log, _ := logtest.NewNullLogger()
	b := &bench{t: t, clock: clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))}
	var err error
	b.fleet, err = kkt.Open(kkt.Options{Store: memory.Open(), Clock: b.clock, Log: log, Seed: 1, Delay: delay})
	require.NoError(t, err)
	require.NoError(t, b.fleet.Create("", kkt.Settings{Serial: testSerial, INN: testINN, RegNumber: "0000000004030311", UserName: `ООО "Ромашка"`,
		Address: "г. Москва", Place: "www.example.com", SenderEmail: "a@example.com", OFDName: "Тестовый ОФД", OFDINN: fn.TestOFDINN,
		TaxSystems: []ffd.TaxSystems{ffd.TaxOSN}, DriveNumber: testDrive, DriveCapacity: 1000, AutoShift: true}))
	b.Pages = New(Options{Fleet: b.fleet, Log: log})
	return b
}

func part(kopecks uint64) ffd.Receipt {
	return ffd.Receipt{Operation: ffd.Income, Payments: ffd.Payments{Cashless: kopecks},
		Items: []ffd.Item{{Name: tlv.MustText("Чай"), Price: kopecks, Quantity: tlv.Decimal{Mantissa: 1}, Amount: kopecks, VAT: ffd.VAT20}}}
}

func (b *bench) submit(parts ...ffd.Receipt) *kkt.Outcome {
	b.t.Helper()
	o, err := b.fleet.Submit(context.Background(), &kkt.Receipt{INN: testINN, Parts: parts, Request: kkt.Request{API: "test",
		Printed: kkt.Printed{Lines: []string{"Спасибо за покупку"}, Items: []kkt.ItemLine{{Text: "Гарантия"}}}}})
	require.NoError(b.t, err)
	return o
}

func (b *bench) get(path, accept string, set ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	for _, f := range set {
		f(r)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b *bench) register() *kkt.Register {
	r, err := b.fleet.Register(testSerial)
	require.NoError(b.t, err)
	return r
}

const (
	typeHTML = "text/html; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
	typeJSON = "application/json; charset=utf-8"
)

const firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/png,*/*;q=0.8"

func TestForms(t *testing.T) {
	b := open(t, 0)
	path := "/r/" + b.submit(part(10000)).ID
	for _, c := range []struct {
		name, ending, accept, contentType, contains string
	}{
		{"nothing said", "", "", typeHTML, "<!DOCTYPE html>"},
		{"curl", "", "*/*", typeHTML, "КАССОВЫЙ ЧЕК"},
		{"browser", "", firefox, typeHTML, "<svg"},
		{"text", "", "text/plain", typeText, "КАССОВЫЙ ЧЕК\n"},
		{"JSON", "", "application/json", typeJSON, `"documents":[{"mark":"ТЕСТ (отладочный ФН)"`},
		{"picture", "", "image/png", "image/png", "\x89PNG"},
		{"picture, then text", "", "image/png;q=0.5, text/plain;q=0.6", typeText, "Спасибо за покупку"},
		{"nothing of ours", "", "application/pdf", typeHTML, "Гарантия"},
		{".html", ".html", "text/plain", typeHTML, "<svg"},
		{".txt", ".txt", firefox, typeText, "█"},
		{".json", ".json", firefox, typeJSON, `"qr":"t=20260110T1000&s=100.00&fn=9999078900005430&i=3&fp=`},
		{".png", ".png", firefox, "image/png", "\x89PNG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := b.get(path+c.ending, c.accept)
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, c.contentType, w.Header().Get("Content-Type"))
			require.Contains(t, w.Body.String(), c.contains)
			require.Equal(t, c.ending == "", w.Header().Get("Vary") == "Accept")
			require.Equal(t, "private, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
			require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
			again := b.get(path+c.ending, c.accept, func(r *http.Request) { r.Header.Set("If-None-Match", w.Header().Get("ETag")) })
			require.Equal(t, http.StatusNotModified, again.Code)
			require.Empty(t, again.Body.String())
			head := b.get(path+c.ending, c.accept, func(r *http.Request) { r.Method = http.MethodHead })
			require.Equal(t, http.StatusOK, head.Code)
			require.Empty(t, head.Body.String())
		})
	}
	b.o.Recurring = true
	require.Equal(t, "private, no-cache", b.get(path, "").Header().Get("Cache-Control"))
}

func TestSeveralDocuments(t *testing.T) {
	b := open(t, 0)
	path := "/r/" + b.submit(part(100), part(200)).ID
	html := b.get(path, "").Body.String()
	require.Equal(t, 2, strings.Count(html, "<article"))
	require.Equal(t, 2, strings.Count(html, "Спасибо за покупку"))
	require.Equal(t, 1, strings.Count(html, "Гарантия"))
	var v struct{ Documents []struct{ Number int } }
	require.NoError(t, json.Unmarshal(b.get(path+".json", "").Body.Bytes(), &v))
	require.Len(t, v.Documents, 2)
	require.Equal(t, 4, v.Documents[1].Number)
	require.Equal(t, 2, strings.Count(b.get(path+".txt", "").Body.String(), "КАССОВЫЙ ЧЕК"))
}

func TestWithoutDocument(t *testing.T) {
	b := open(t, time.Minute)
	waiting, refused := b.submit(part(100)), b.submit(part(1<<47), part(1<<47))
	for _, c := range []struct{ ending, contentType, contains string }{
		{"", typeHTML, `<meta http-equiv="refresh" content="2">`}, {".txt", typeText, "Чек в очереди\n"}, {".png", typeText, "Чек в очереди\n"},
		{".json", typeJSON, `{"receipt":"` + waiting.ID + `","status":"Queued","documents":[]}`},
	} {
		w := b.get("/r/"+waiting.ID+c.ending, "")
		require.Equal(t, http.StatusAccepted, w.Code)
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, c.contentType, w.Header().Get("Content-Type"))
		require.Contains(t, w.Body.String(), c.contains)
	}
	b.clock.Advance(time.Minute)
	require.Eventually(t, func() bool { return b.get("/r/"+refused.ID, "").Code != http.StatusAccepted }, 10*time.Second, time.Millisecond)
	for _, c := range []struct{ ending, contentType, contains string }{
		{"", typeHTML, "Причина: ФН 9999078900005430, документ 4: код "}, {".txt", typeText, "Чек не сформирован\nПричина: ФН 9999078900005430, документ 4: код "}, {".png", typeText, "Чек не сформирован"},
		{".json", typeJSON, `"status":"Error","error":"ФН 9999078900005430, документ 4: код `},
	} {
		w := b.get("/r/"+refused.ID+c.ending, "")
		require.Equal(t, http.StatusGone, w.Code)
		require.Equal(t, c.contentType, w.Header().Get("Content-Type"))
		require.Contains(t, w.Body.String(), c.contains)
	}
}

func TestQR(t *testing.T) {
	b := open(t, 0)
	id := b.submit(part(12345)).ID
	var v struct{ Documents []struct{ QR string } }
	require.NoError(t, json.Unmarshal(b.get("/r/"+id+".json", "").Body.Bytes(), &v))
	code := v.Documents[0].QR
	seconds := strings.Replace(code, "&s=", "00&s=", 1)
	ask := func(ending, q string) *httptest.ResponseRecorder {
		return b.get("/receipt"+ending+"?q="+url.QueryEscape(q), "")
	}
	for _, q := range []string{code, seconds, strings.Replace(code, "fp=", "fp=00", 1), code[strings.Index(code, "fn="):]} {
		w := ask("", q)
		require.Equal(t, http.StatusOK, w.Code, q)
		require.Contains(t, w.Body.String(), "123.45")
		require.Contains(t, w.Body.String(), "Спасибо за покупку", "the printed texts are found by the document")
		require.Contains(t, w.Body.String(), `href="/receipt.png?q=`)
		require.Equal(t, "private, no-cache", w.Header().Get("Cache-Control"))
	}
	require.Equal(t, "image/png", ask(".png", code).Header().Get("Content-Type"))
	for _, c := range []struct{ name, q, contains string }{
		{"nothing", "", "нет fn и fp"},
		{"no code", "hello", "нет fn и fp"},
		{"no sign", strings.Split(code, "&fp=")[0], "нет fn и fp"},
		{"number is a word", strings.Replace(code, "i=3", "i=x", 1), "i должно быть номером"},
		{"another sum", strings.Replace(code, "s=123.45", "s=123.46", 1), "не совпадают с документом: s."},
		{"another sign", code[:strings.Index(code, "fp=")] + "fp=1&n=1", "не совпадают с документом: fp."},
		{"another operation", strings.Replace(code, "n=1", "n=2", 1), "не совпадают с документом: n."},
		{"another time", strings.Replace(code, "T1000", "T1001", 1), "не совпадают с документом: t."},
		{"no such document", strings.Replace(code, "i=3", "i=99", 1), "Документа № 99"},
		{"a report", strings.Replace(code, "i=3", "i=2", 1), "нет QR-кода"},
		{"another drive", strings.Replace(code, "fn=9999", "fn=8888", 1), "накопителя 8888"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(".txt", c.q)
			require.Equal(t, http.StatusNotFound, w.Code)
			require.Contains(t, w.Body.String(), c.contains)
		})
	}
}

func TestOperator(t *testing.T) {
	b := open(t, 0)
	o := b.submit(part(100))
	w := b.get("/r/"+o.ID+"/ofd", "")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "ФД № 3 ещё не передан оператору (Тестовый ОФД).")
	require.Equal(t, "private, no-cache", w.Header().Get("Cache-Control"))
	signer := fn.NewOperatorSigner([]byte(fn.DefaultMaster), ffd.Pad[[12]byte](fn.TestOFDINN))
	for n := uint32(1); n <= 3; n++ {
		box, err := signer.Container(nil, &ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](fn.TestOFDINN), Drive: ffd.Pad[[16]byte](testDrive), Number: n,
			Time: uint32(b.register().Now()) + 60})
		require.NoError(t, err)
		done := make(chan error, 1)
		b.register().Delivery().Confirm(n, box, func(err error) { done <- err })
		require.NoError(t, <-done)
	}
	require.Contains(t, b.get("/r/"+o.ID+"/ofd.txt", "").Body.String(), "ФД № 3 принят: Тестовый ОФД, 10.01.2026 10:01.\n")
	require.Contains(t, b.get("/r/"+o.ID+"/ofd.json", "").Body.String(), `"ofd":[{"document":3,"confirmed":true,"operator":"Тестовый ОФД","time":"2026-01-10T10:01:00","code":0}]`)
}

func TestNotFound(t *testing.T) {
	b := open(t, 0)
	for _, path := range []string{"/r/", "/r/x", "/r/00000000000000000000000000000000", "/r/00000000000000000000000000000000/ofd", "/r/../r", "/nowhere", "/receipts",
		"/r/%3Cscript%3E", "/r/00000000000000000000000000000000.html", "/r/x/y.png", "/receipt"} {
		w := b.get(path, "")
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Contains(t, w.Body.String(), "не найден", path)
		require.NotContains(t, w.Body.String(), "<script", path)
		require.Empty(t, w.Header().Get("ETag"))
	}
	w := b.get("/r/x", "", func(r *http.Request) { r.Method = http.MethodPost })
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, b.get("/", "").Body.String(), "POST /kkt/receipt")
}

// TestDocument shows every document of a register to who may see it.
func TestDocument(t *testing.T) {
	b := open(t, 0)
	b.submit(part(100))
	for n, want := range map[uint32]string{1: "ОТЧЕТ О РЕГИСТРАЦИИ", 2: "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ", 3: "КАССОВЫЙ ЧЕК"} {
		r := httptest.NewRequest(http.MethodGet, "/any/slip.txt", nil)
		w := httptest.NewRecorder()
		b.Document(w, r, b.register(), b.register().Settings().Drive(), n)
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), want)
	}
	w := httptest.NewRecorder()
	b.Document(w, httptest.NewRequest(http.MethodGet, "/any/slip", nil), b.register(), b.register().Settings().Drive(), 9)
	require.Equal(t, http.StatusNotFound, w.Code)
}

// TestInternalErrorsTellNothing keeps what only the log may know off the page.
func TestInternalErrorsTellNothing(t *testing.T) {
	log, hook := logtest.NewNullLogger()
	p := New(Options{Log: log})
	a := answer{format: asText, path: "/r/1"}
	w := httptest.NewRecorder()
	p.serve(w, httptest.NewRequest(http.MethodGet, "/r/1", nil), &a, errors.New("page 7 of the file is damaged"))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "page 7")
	require.Equal(t, logrus.ErrorLevel, hook.LastEntry().Level)
}

func BenchmarkReceipt(b *testing.B) {
	x := open(b, 0)
	path := "/r/" + x.submit(part(100)).ID
	for _, ending := range []string{".html", ".png", ".txt", ".json"} {
		b.Run(ending[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := &discard{header: http.Header{}}
				x.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+ending, nil))
				if w.status != 0 && w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}

type discard struct {
	header http.Header
	status int
	bytes.Buffer
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return io.Discard.Write(b) }
