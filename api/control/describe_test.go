package control

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"kktd/fault"
	"kktd/openapi/check"
)

// checker is made once: reading the description takes longer than most tests.
var checker = sync.OnceValues(func() (*check.Checker, error) { return check.New(OpenAPI(), Prefix) })

// described holds what goes through an API against the description, which knows
// nothing of routes that a test brings.
func described(t testing.TB, a *API) http.Handler {
	if slices.ContainsFunc(a.Described(), func(r Route) bool { return Docs()[r.Method+" "+r.Path].ID == "" }) {
		return a
	}
	c, err := checker()
	require.NoError(t, err)
	return c.Handler(a, func(err error) { t.Error(err) })
}

// TestProblemsSayWhatMayBe sends values that cannot be used; the answer names the field
// and what it may be.
func TestProblemsSayWhatMayBe(t *testing.T) {
	kinds := fault.NewRegistry(fault.Kinds())
	b := newBench(t, func(o *Options) { o.Faults, o.FaultKinds = &fault.Set{}, kinds })
	for _, c := range []struct{ path, body, field, allowed string }{
		{"clock", `{"mode":"fast"}`, "mode", "real, offset, frozen, stepping"},
		{"clock", `{"advance":"soon"}`, "advance", "a length of time as 10s, 36h, 30d or P30D"},
		{"clock", `{"time":"tomorrow"}`, "time", "a time as 2026-01-31T10:00:00+03:00"},
		{"registers", `{"ffd":"1.0"}`, "ffd", "1.05, 1.1 or 1.2"},
		{"registers", `{"zone":"Mars"}`, "zone", "the name of a time zone as Europe/Moscow"},
		{"registers", `{"drive_model":14}`, "drive_model", "13, 15 or 36"},
		{"registers", `{"tax_systems":["x"]}`, "tax_systems", "osn, usn_income, usn_profit, envd, eshn, patent"},
		{"registers", `{"tax_systems":"osn"}`, "tax_systems", "a list, each a text"},
		{"registers", `{"blank":"yes"}`, "blank", "true or false"},
		{"faults", `{"fault":"cut:at=never"}`, "fault", "cut[:answer|request]"},
		{"faults", `{"name":"cut","params":{"at":"never"}}`, "params", "cut[:answer|request]"},
		{"faults", `{"name":"cut","params":["at"]}`, "params", "an object, each value a text"},
	} {
		t.Run(c.path+c.body, func(t *testing.T) {
			w := b.change(c.path, c.body)
			require.Equal(t, http.StatusBadRequest, w.Code)
			var answer refusal
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			require.Equal(t, "invalid_field", answer.Error.Code)
			require.Equal(t, c.field, answer.Error.Field)
			require.Equal(t, c.allowed, answer.Error.Allowed)
		})
	}
	w := b.change("faults", `{"name":"none"}`)
	require.Contains(t, w.Body.String(), `"allowed":"http-status, latency, cut, `)
}

// TestDescriptionAsYAML says the same as the JSON.
func TestDescriptionAsYAML(t *testing.T) {
	b := newBench(t, nil)
	w := b.do("GET", "openapi.yaml")
	require.Equal(t, http.StatusOK, w.Code)
	require.True(t, strings.HasPrefix(w.Body.String(), "openapi: 3.0.3\n"))
	var text, want any
	require.NoError(t, yaml.Unmarshal(w.Body.Bytes(), &text))
	require.NoError(t, json.Unmarshal(b.get("openapi.json"), &want))
	raw, err := json.Marshal(text)
	require.NoError(t, err)
	var got any
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Equal(t, want, got)
}
