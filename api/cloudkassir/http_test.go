package cloudkassir

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"kktd/kkt"
)

func TestCredentials(t *testing.T) {
	b := open(t, nil)
	for name, set := range map[string]func(*http.Request){
		"none":         func(r *http.Request) { r.Header.Del("Authorization") },
		"wrong secret": func(r *http.Request) { r.SetBasicAuth("pk_demo", "secret_dem0") },
		"unknown id":   func(r *http.Request) { r.SetBasicAuth("pk_nobody", "") },
		"no Basic":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{pathReceipt, pathStatus, pathGet, pathFiscalize} {
				w := b.post(path, "{}", set)
				require.Equal(t, http.StatusUnauthorized, w.Code)
				require.Equal(t, `Basic realm="CloudKassir", charset="UTF-8"`, w.Header().Get("WWW-Authenticate"))
				require.Empty(t, w.Body.String())
			}
		})
	}
	require.Zero(t, b.fleet.calls.Load())
}

func TestTest(t *testing.T) {
	const ok = `{"Success":true,"Message":"` + testGUID + `"}`
	open401 := func(r *http.Request) { r.SetBasicAuth("pk_demo", "no") }
	anonymous := func(r *http.Request) { r.Header.Del("Authorization") }
	b := open(t, nil)
	for _, path := range []string{"/test", "/kkt/test", "/Test/", "/KKT/TEST"} {
		require.Equal(t, ok, b.answer(path, ""))
		require.Equal(t, ok, b.answer(path, "", anonymous))
		require.Equal(t, http.StatusUnauthorized, b.post(path, "", open401).Code)
		require.Equal(t, ok, b.answer(path, "", func(r *http.Request) { r.Method = http.MethodGet }))
	}
	strict := open(t, func(_ *kkt.Settings, o *Options) { o.ProtectTest = true })
	require.Equal(t, http.StatusUnauthorized, strict.post("/test", "", anonymous).Code)
	require.Equal(t, ok, strict.answer("/test", ""))
}

func TestMethods(t *testing.T) {
	b := open(t, nil)
	for _, path := range b.api.Routes() {
		w := b.post(path, "", func(r *http.Request) { r.Method = http.MethodPut })
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Contains(t, w.Header().Get("Allow"), "POST")
	}
	require.Equal(t, http.StatusMethodNotAllowed, b.post(pathReceipt, "", func(r *http.Request) { r.Method = http.MethodGet }).Code)
	require.Equal(t, http.StatusNotFound, b.post("/kkt/unknown", "").Code)
}

func TestTooLarge(t *testing.T) {
	b := open(t, nil)
	r := httptest.NewRequest(http.MethodPost, pathReceipt, strings.NewReader(receiptOf(oneItem, "")))
	r.SetBasicAuth("pk_demo", "secret_demo")
	w := httptest.NewRecorder()
	r.Body = http.MaxBytesReader(w, r.Body, 50)
	b.api.ServeHTTP(w, r)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, http.StatusRequestEntityTooLarge, b.entry("body not read").Data["status"])
}

func TestIdempotency(t *testing.T) {
	b := open(t, nil)
	var seen kkt.Request
	b.fleet.look = func(r *kkt.Receipt) { seen = r.Request }
	key := func(r *http.Request) { r.Header.Set("X-Request-ID", "key-1") }
	first := b.answer("/KKT/Receipt/", receiptOf(oneItem, ""), key)
	require.Equal(t, "key-1", seen.Key)
	require.Equal(t, pathReceipt, seen.Scope)
	require.Equal(t, "pk_demo", seen.Account)
	require.Equal(t, first, b.answer(pathReceipt, receiptOf(item(`"Price":5,"Amount":5`), ""), key), "the body is not compared")
	require.Contains(t, b.entry("same X-Request-ID within the hour: the first answer again, nothing executed").Data, "id")
	require.Equal(t, first, b.answer(pathReceipt, `{"Inn":`, key), "nor does it have to be readable")
	require.NotEqual(t, first, b.answer(pathReceipt, receiptOf(oneItem, "")), "no key, no protection")
	b.clock.Advance(time.Hour)
	require.NotEqual(t, first, b.answer(pathReceipt, receiptOf(oneItem, ""), key))

	failed := func(r *http.Request) { r.Header.Set("X-Request-ID", "key-2") }
	require.Contains(t, b.answer(pathReceipt, receiptOf(oneItem, `,"Amounts":{"Credit":1}`), failed), `"ErrorCode":13`)
	b.queued(receiptOf(oneItem, ""), failed) // a failed answer does not bind the key
}

func TestLinks(t *testing.T) {
	proxied := func(r *http.Request) {
		r.Header.Set("X-Forwarded-Proto", "https, http")
		r.Header.Set("X-Forwarded-Host", "kassa.example, inner")
	}
	for _, c := range []struct {
		name, publicURL, want string
		set                   func(*http.Request)
	}{
		{"as asked", "", "http://example.com", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:5000" }},
		{"behind a proxy here", "", "https://kassa.example", func(r *http.Request) { proxied(r); r.RemoteAddr = "127.0.0.1:5000" }},
		{"behind a proxy here, IPv6", "", "https://kassa.example", func(r *http.Request) { proxied(r); r.RemoteAddr = "[::1]:5000" }},
		{"headers from afar", "", "http://example.com", func(r *http.Request) { proxied(r); r.RemoteAddr = "192.0.2.1:5000" }},
		{"setting", "https://public.example/", "https://public.example", proxied},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, func(_ *kkt.Settings, o *Options) { o.PublicURL = c.publicURL })
			id := b.queued(receiptOf(oneItem, ""), c.set)
			b = open(t, func(_ *kkt.Settings, o *Options) { o.PublicURL = c.publicURL })
			require.Equal(t, `{"Model":{"Id":"`+id+`","ErrorCode":0,"ReceiptLocalUrl":"`+c.want+`/r/`+id+
				`"},"InnerResult":null,"Success":true,"Message":"Queued","Warning":null,"WarningCodes":null}`,
				b.answer(pathReceipt, receiptOf(oneItem, ""), c.set))
			require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`, c.set), `"QrCodeUrl":"`+c.want+`/receipt?q=t%3d20260110T100000%26s%3d100.00%26fn%3d9999078900005430%26i%3d3%26fp%3d`)
		})
	}
}

func TestOriginalLinks(t *testing.T) {
	b := open(t, func(_ *kkt.Settings, o *Options) { o.OriginalLinks = true })
	id := b.queued(receiptOf(oneItem, ""))
	answer := b.answer(pathGet, `{"Id":"`+id+`"}`)
	require.Contains(t, answer, `"QrCodeUrl":"https://qr.cloudpayments.ru/receipt?q=t%3d`)
	require.Contains(t, answer, `"OfdReceiptUrl":"http://example.com/r/`+id+`/ofd"`)
}

func TestForm(t *testing.T) {
	b := open(t, nil)
	form := func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
	nested := url.Values{"Inn": {testINN}, "Type": {"Income"}, "CustomerReceipt[Items][0][Label]": {"Товар"}, "CustomerReceipt[Items][0][Price]": {"100.00"},
		"CustomerReceipt[Items][0][Amount]": {"100.00"}, "CustomerReceipt[Amounts][Electronic]": {"100.00"}}.Encode()
	flat := url.Values{"Inn": {testINN}, "Type": {"Income"}, "CustomerReceipt": {`{"Items":[` + oneItem + `]}`}}.Encode()
	for _, body := range []string{nested, flat} {
		id := b.queued(body, form)
		require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"Label":"Товар","Price":100,"Quantity":1,"Amount":100,`)
	}
}

func TestWarnings(t *testing.T) {
	got := string(appendQueued(nil, "http://x", &kkt.Outcome{ID: "ab", Warnings: []kkt.Warning{
		{Kind: kkt.WarnMemory, Register: "01801810008658"}, {Kind: kkt.WarnFormatCheck, Register: "1"}, {Kind: kkt.WarnOutOfOrder, Register: "2"}}}))
	require.Equal(t, `{"Model":{"Id":"ab","ErrorCode":0,"ReceiptLocalUrl":"http://x/r/ab"},"InnerResult":null,"Success":true,"Message":"Queued",`+
		`"Warning":"01801810008658: Буфер ФН переполнен - Необходима замена ФН; 2: Ошибка кассы - Обратитесь к администратору","WarningCodes":[4,5]}`, got)
}

// TestConcurrent: pooled memory never shows one client the receipt of another.
func TestConcurrent(t *testing.T) {
	b := open(t, nil)
	var clients errgroup.Group
	for client := range 8 {
		clients.Go(func() error {
			for n := range 20 {
				label := fmt.Sprintf("Товар %d-%d", client, n)
				key := func(r *http.Request) { r.Header.Set("X-Request-ID", label) }
				first := b.post(pathReceipt, receiptOf(item(`"label":"`+label+`"`), ""), key).Body.String()
				if again := b.post(pathReceipt, receiptOf(oneItem, ""), key).Body.String(); again != first {
					return fmt.Errorf("%s: %s, then %s", label, first, again)
				}
				_, rest, _ := strings.Cut(first, `"Id":"`)
				id, _, _ := strings.Cut(rest, `"`)
				if got := b.post(pathGet, `{"Id":"`+id+`"}`).Body.String(); !strings.Contains(got, `"Label":"`+label+`"`) {
					return fmt.Errorf("%s: %s", label, got)
				}
			}
			return nil
		})
	}
	require.NoError(t, clients.Wait())
}
