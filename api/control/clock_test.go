package control

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// post sends a JSON body.
func (b *bench) post(path, body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, Prefix+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestClock(t *testing.T) {
	b := newBench(t, nil)
	const register = "registers/" + testSerial + "/clock"
	for _, c := range []struct {
		name, path, body string
		status           int
		answer           string // whole, or a part of a refusal
	}{
		{"freeze", "clock", `{"mode":"frozen"}`, 200, `{"mode":"frozen","now":"2026-01-10T07:00:00Z"}`},
		{"advance", "clock", `{"advance":"30d"}`, 200, `{"mode":"frozen","now":"2026-02-09T07:00:00Z"}`},
		{"a time alone", "clock", `{"time":"2026-02-10T10:00:00+03:00"}`, 200, `{"mode":"frozen","now":"2026-02-10T07:00:00Z"}`},
		{"the same time", "clock", `{"time":"2026-02-10T10:00:00+03:00"}`, 200, `{"mode":"frozen","now":"2026-02-10T07:00:00Z"}`},
		{"the register follows", register, "", 200, `{"mode":"real","now":"2026-02-10T10:00:00+03:00","own":false}`},
		{"its own", register, `{"advance":"P1DT1H"}`, 200, `{"mode":"offset","now":"2026-02-11T11:00:00+03:00","offset":"25h0m0s","own":true}`},
		{"run", "clock", `{"run":true}`, 200, `{"mode":"offset","now":"2026-02-10T07:00:00Z","offset":"744h0m0s"}`},
		{"step", "clock", `{"mode":"stepping","step":"1m"}`, 200, `{"mode":"stepping","now":"2026-02-10T07:00:00Z","step":"1m0s"}`},
		{"stepping without a step", "clock", `{"mode":"stepping"}`, 400, `step 0s, want a millisecond or more`},
		{"backward", "clock", `{"mode":"real"}`, 409, `"code":"backward"`},
		{"by force", "clock", `{"mode":"real","force":true}`, 200, `{"mode":"real","now":"2026-01-10T07:00:00Z"}`},
		{"the register comes back", register, `{"mode":"real","force":true}`, 200, `{"mode":"real","now":"2026-01-10T10:00:00+03:00","own":false}`},
		{"nothing asked", "clock", `{}`, 400, `not 0 of them`},
		{"two wishes", "clock", `{"run":true,"advance":"1h"}`, 400, `not 2 of them`},
		{"no such mode", "clock", `{"mode":"fast"}`, 400, `want real, offset, frozen or stepping`},
		{"step of a frozen one", "clock", `{"mode":"frozen","step":"1m"}`, 400, `"field":"step"`},
		{"time of a running one", "clock", `{"mode":"real","time":"2026-02-10T10:00:00+03:00"}`, 400, `"field":"time"`},
		{"unknown field", "clock", `{"advnace":"1h"}`, 400, `known: mode, time, offset, step, advance, run, force`},
		{"too far", "clock", `{"advance":"40000d"}`, 400, `want 2000 to 2099`},
		{"no such register", "registers/x/clock", `{"advance":"1d"}`, 404, `there is no register`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, answer := http.StatusOK, ""
			if c.body == "" {
				answer = strings.TrimSpace(string(b.get(c.path)))
			} else {
				status, answer = b.post(c.path, c.body)
			}
			require.Equal(t, c.status, status, answer)
			if status == http.StatusOK {
				require.Equal(t, c.answer, answer)
			} else {
				require.Contains(t, answer, c.answer)
			}
		})
	}
	b.clock.Advance(time.Hour)
	require.Contains(t, string(b.get("clock")), `"now":"2026-01-10T08:00:00Z"`)
}
