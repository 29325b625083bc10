package check

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
)

func newChecker(t *testing.T) *Checker {
	c, err := New(control.OpenAPI(), control.Prefix)
	require.NoError(t, err)
	return c
}

// TestWhatDoesNotFit lets handlers answer wrong, and clients ask wrong.
func TestWhatDoesNotFit(t *testing.T) {
	c := newChecker(t)
	const (
		clock  = `{"mode":"real","now":"2026-01-10T10:00:00Z"}`
		stream = "id: 1\nevent: sent\ndata: {\"number\":1,\"kind\":\"sent\",\"time\":\"2026-01-10T10:00:00Z\"}\n\n"
	)
	refusal := func(code string) string { return `{"error":{"code":"` + code + `","message":"no"}}` }
	for _, x := range []struct {
		name, method, path, body string
		status                   int
		kind, answer             string
		want                     string
	}{
		{"as described", "GET", "clock", "", 200, "application/json", clock, ""},
		{"a body as described", "POST", "clock", `{"advance":"30d"}`, 200, "application/json", clock, ""},
		{"another path", "GET", "/elsewhere", "", 418, "text/plain", "", ""},
		{"a field more", "GET", "clock", "", 200, "application/json", `{"mode":"real","now":"2026-01-10T10:00:00Z","more":1}`, `property "more" is unsupported`},
		{"a field less", "GET", "clock", "", 200, "application/json", `{"mode":"real"}`, `property "now" is missing`},
		{"an unknown value", "GET", "clock", "", 200, "application/json", `{"mode":"fast","now":"2026-01-10T10:00:00Z"}`, "not one of the allowed values"},
		{"no moment", "GET", "clock", "", 200, "application/json", `{"mode":"real","now":"yesterday"}`, "date-time"},
		{"no JSON", "GET", "clock", "", 200, "application/json", `{`, "unexpected end"},
		{"another form", "GET", "clock", "", 200, "text/html", "x", "not described as text/html"},
		{"another status", "GET", "clock", "", 202, "application/json", clock, "the operation has no status 202"},
		{"an unknown code", "GET", "clock", "", 400, "application/json", refusal("bad_luck"), "not one of the allowed values"},
		{"an unknown field that was taken", "POST", "clock", `{"advanse":"30d"}`, 200, "application/json", clock, "the request was done"},
		{"a value that was taken", "POST", "clock", `{"mode":"fast"}`, 200, "application/json", clock, "the request was done"},
		{"an unknown parameter that was taken", "GET", "clock?fast=1", "", 200, "application/json", clock, `parameter "fast" is not described`},
		{"a limit that was taken", "GET", "registers?limit=0", "", 200, "application/json", `{"items":[],"next":null}`, "the request was done"},
		{"a known field that was refused", "POST", "clock", `{"advance":"30d"}`, 400, "application/json", refusal("unknown_field"), "the request was refused with unknown_field"},
		{"an unknown field that was refused", "POST", "clock", `{"advanse":"30d"}`, 400, "application/json", refusal("unknown_field"), ""},
		{"an undescribed route", "GET", "clocks", "", 200, "application/json", clock, "there is no such operation"},
		{"an undescribed method", "PUT", "clock", "", 405, "application/json", refusal("method_not_allowed"), `the header Allow is ""`},
		{"made, but where", "POST", "faults", `{"fault":"cut"}`, 201, "application/json", `{"id":1,"name":"cut","fault":"cut","seen":0,"fired":0,"spent":false}`, "the header Location is missing"},
		{"a stream", "GET", "events", "", 200, "text/event-stream", ": hello\n\n" + stream, ""},
		{"an event of an unknown kind", "GET", "events", "", 200, "text/event-stream", strings.ReplaceAll(stream, "sent", "lost"), "not one of the allowed values"},
		{"a line of no event", "GET", "events", "", 200, "text/event-stream", "hello\n\n", "is none of an event"},
		{"half an event", "GET", "events", "", 200, "text/event-stream", stream + "id: 2\nda", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", x.kind)
				w.WriteHeader(x.status)
				_, _ = io.WriteString(w, x.answer)
			})
			path := x.path
			if !strings.HasPrefix(path, "/") {
				path = control.Prefix + path
			}
			var onServer, onClient error
			server := httptest.NewServer(c.Handler(answer, func(err error) { onServer = err }))
			r, err := http.NewRequest(x.method, server.URL+path, strings.NewReader(x.body))
			require.NoError(t, err)
			if x.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			resp, err := c.Transport(&http.Transport{DisableKeepAlives: true}, func(err error) { onClient = err }).RoundTrip(r)
			require.NoError(t, err)
			if x.kind == "text/event-stream" { // of which that is checked which a client reads
				_, _ = io.Copy(io.Discard, resp.Body)
			}
			require.NoError(t, resp.Body.Close())
			server.Close()
			for _, err := range []error{onServer, onClient} {
				if x.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, x.want)
				}
			}
		})
	}
	require.True(t, c.Answered("GET /control/v1/clock"))
	require.False(t, c.Answered("GET /control/v1/doctor"))
	require.Contains(t, c.Operations(), "GET /control/v1/clock")
}

// runner is a set of tests.
type runner func() int

func (f runner) Run() int { return f() }

// TestRun tells of a request of the default transport.
func TestRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	ask := func(path string) runner {
		return func() int {
			resp, err := http.Get(server.URL + path)
			if err != nil {
				return 2
			}
			_ = resp.Body.Close()
			return 0
		}
	}
	before := http.DefaultTransport
	require.Equal(t, 1, Run(ask("/control/v1/clock"), control.OpenAPI(), control.Prefix))
	require.Equal(t, 0, Run(ask("/elsewhere"), control.OpenAPI(), control.Prefix))
	require.Equal(t, 1, Run(ask("/elsewhere"), []byte(`{}`), control.Prefix))
	require.Equal(t, before, http.DefaultTransport)
}
