package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
	"kktd/openapi"
	"kktd/openapi/check"
)

// described is a daemon that is asked everything, with every answer held against the
// description and some of them kept as its examples.
type described struct {
	*bench
	client   *http.Client
	receipt  string
	examples []openapi.Example
}

// say makes a request and returns the answer.
func (d *described) say(method, path, body string, headers ...string) (*http.Response, []byte) {
	d.t.Helper()
	r, err := http.NewRequest(method, d.URL()+path, strings.NewReader(body))
	require.NoError(d.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := d.client.Do(r)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	return resp, raw
}

// do makes a request of the control API and wants a status. An answer with an example
// name is kept for the route that it belongs to.
func (d *described) do(want int, method, path, body string, headers ...string) []byte {
	d.t.Helper()
	path = strings.ReplaceAll(path, "{receipt}", d.receipt)
	resp, raw := d.say(method, control.Prefix+path, body, headers...)
	require.Equal(d.t, want, resp.StatusCode, "%s %s: %s", method, path, raw)
	return raw
}

// example is do whose answer stands in the description.
func (d *described) example(want int, route, path, body string) {
	d.t.Helper()
	method, _, _ := strings.Cut(route, " ")
	raw := bytes.TrimSpace(d.do(want, method, path, body))
	e := openapi.Example{Route: route, Status: want, Media: "application/json", Answer: raw}
	if body != "" {
		e.Body = []byte(body)
	}
	d.examples = append(d.examples, e)
}

// pay makes a receipt and returns its id.
func (d *described) pay(body string) string {
	d.t.Helper()
	_, answer := d.post("/kkt/receipt", body)
	var made struct{ Model struct{ Id string } }
	require.NoError(d.t, json.Unmarshal([]byte(answer), &made), answer)
	require.NotEmpty(d.t, made.Model.Id, answer)
	return made.Model.Id
}

const first = "registers/" + FirstRegister

// everything asks for each route until it answers with success.
func (d *described) everything() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"code":0}`) }))
	defer shop.Close()
	d.receipt = d.pay(receiptBody)
	d.example(200, "POST deliver", "deliver", `{"timeout":"10s"}`)
	d.example(200, "GET receipts/{id}", "receipts/{receipt}?lang=en", "")
	d.example(200, "POST organisations/{inn}/webhooks", "organisations/"+FirstINN+"/webhooks", `{"type":"Receipt","address":"https://shop.example.com/kktd"}`)
	d.do(200, "POST", "organisations/"+FirstINN+"/webhooks", fmt.Sprintf(`{"type":"Receipt","address":%q}`, shop.URL))
	d.receipt = d.pay(contactBody + `"Email":"buyer@example.com"}}`)
	d.post("/kkt/receipt", `{"Inn":"7708806062"}`) // refused
	d.registers()
	d.documents()
	d.notifications()
	d.images()
	d.testBench()
	d.readings()
	d.errors()
}

func (d *described) registers() {
	d.example(201, "POST registers", "registers", `{"serial":"77","ffd":"1.2","tax_systems":["usn_income"],"conditions":["services"]}`)
	d.example(200, "GET registers", "registers?limit=1", "")
	d.example(200, "GET registers/{serial}", first, "")
	d.do(201, "POST", "registers", `{"serial":"78","blank":true}`)
	d.do(200, "POST", "registers/78/fiscalize", `{"cashier":"Иванова"}`)
	d.example(200, "POST registers/{serial}/shift/open", "registers/78/shift/open", `{"cashier":"Петрова"}`)
	d.example(200, "GET registers/{serial}/shift", "registers/78/shift", "")
	d.do(200, "POST", "registers/78/reports/state", "")
	d.example(200, "POST registers/{serial}/shift/close", "registers/78/shift/close", "")
	d.do(200, "POST", "registers/78/reregister", `{"user_name":"ООО Лютик","reasons":[4]}`)
	d.do(200, "POST", "registers/78/deliver", `{"timeout":"10s"}`)
	d.do(200, "POST", "registers/78/replace-drive", `{"drive_model":15}`)
	d.do(201, "POST", "registers/78/clone", `{"serial":"79"}`)
	d.do(200, "POST", "registers/79/close-drive", "")
	d.do(200, "POST", "registers/79/reset", `{"registered":true}`)
	d.example(200, "DELETE registers/{serial}", "registers/79", "")
	d.do(200, "POST", "deliver", "")
}

// images are registers as files and snapshots.
func (d *described) images() {
	d.example(201, "POST registers/{serial}/snapshots", "registers/78/snapshots", `{"name":"clean"}`)
	d.do(200, "GET", "registers/78/snapshots", "")
	d.do(200, "POST", "registers/78/snapshots/clean/restore", "")
	d.do(201, "POST", "snapshots", `{"name":"all"}`)
	d.do(200, "GET", "snapshots?limit=1", "")
	d.do(200, "POST", "snapshots/all/restore", "")
	d.do(200, "DELETE", "snapshots/all", "")
	d.do(200, "DELETE", "registers/78/snapshots/clean", "")
	image := d.do(200, "GET", "registers/78/export", "")
	d.do(200, "DELETE", "registers/78", "")
	d.do(201, "POST", "registers/import?account="+FirstPublicID, string(image), "Content-Type", "application/octet-stream")
}

func (d *described) documents() {
	for _, drive := range []string{"/drive", "/drives/1"} {
		d.do(200, "GET", first+drive+"/export?tickets=true", "")
		d.do(200, "GET", first+drive+"/records/1", "")
		d.do(200, "GET", first+drive+"/records/3", "")
		d.do(200, "GET", first+drive+"/registrations", "")
		d.do(200, "GET", first+drive+"/registrations/1", "")
	}
	for _, drive := range []string{"", "/drives/1"} {
		d.do(200, "GET", first+drive+"/documents?after=1&limit=1&wait=1s", "")
		d.do(200, "GET", first+drive+"/documents/3", "")
		d.do(200, "GET", first+drive+"/documents/3", "", "Accept", "application/octet-stream")
		for _, form := range []string{"", ".html", ".png", ".txt", ".json"} {
			d.do(200, "GET", first+drive+"/documents/3/slip"+form, "")
		}
	}
	d.example(200, "GET registers/{serial}/drive", first+"/drive", "")
	d.example(200, "GET registers/{serial}/drive/records/{number}", first+"/drive/records/3", "")
	d.example(200, "GET registers/{serial}/drives", first+"/drives", "")
	d.example(200, "GET registers/{serial}/documents", first+"/documents", "")
	d.example(200, "GET registers/{serial}/documents/{number}", first+"/documents/2", "")
	d.example(200, "GET ofd/documents", "ofd/documents?form=3&limit=1", "")
	d.do(200, "GET", "ofd/documents/1", "")
	d.do(200, "GET", "ofd/documents/1", "", "Accept", "application/octet-stream")
	d.do(200, "GET", "ofd/findings?severity=note&from=2026-01-10", "")
	d.do(200, "GET", "ofd/counters", "")
}

func (d *described) notifications() {
	eventually(d.t, "the notification is delivered", func() bool {
		return strings.Contains(string(d.do(200, "GET", "webhooks?state=delivered&receipt={receipt}", "")), d.receipt)
	})
	d.do(200, "GET", "webhooks/1", "")
	d.do(202, "POST", "webhooks/1/resend", "")
	d.example(200, "GET messages", "messages", "")
	d.do(200, "GET", "messages/{receipt}", "")
	d.do(200, "GET", "messages/{receipt}", "", "Accept", "message/rfc822")
	d.example(201, "POST organisations", "organisations", `{"inn":"7707083893","name":"ООО Лютик"}`)
	d.do(200, "POST", "organisations/7707083893", `{"address":"г. Москва"}`)
	d.do(200, "GET", "organisations/7707083893", "")
	d.do(200, "GET", "organisations", "")
	d.do(201, "POST", "organisations/7707083893/accounts", `{}`)
	d.do(200, "GET", "organisations/7707083893/accounts", "")
	d.do(200, "GET", "organisations/"+FirstINN+"/webhooks", "")
}

// testBench is the test bench: clock, events, faults, scenarios.
func (d *described) testBench() {
	d.example(200, "GET clock", "clock", "")
	d.example(200, "POST clock", "clock", `{"mode":"frozen","time":"2026-01-10T12:00:00+03:00"}`)
	d.example(200, "POST registers/{serial}/clock", "registers/77/clock", `{"advance":"30d"}`)
	d.do(200, "GET", "registers/77/clock", "")
	d.example(200, "POST scenarios/{name}", "scenarios/power-cut", `{"register":"77"}`)
	d.do(200, "GET", "scenarios", "")
	d.example(201, "POST faults", "faults", `{"fault":"cut:answer:times=1:inn=7707083893"}`)
	d.do(201, "POST", "faults", `{"name":"latency","params":{"for":"1ms","times":1,"inn":"7707083893"}}`)
	d.example(200, "GET faults", "faults", "")
	d.do(200, "GET", "faults/1", "")
	d.do(200, "GET", "faults/kinds", "")
	d.do(200, "DELETE", "faults/1", "")
	d.example(200, "POST faults/reset", "faults/reset", "")
	d.do(200, "DELETE", "faults", "")
	d.example(200, "GET events", "events?after=0&limit=3", "")
	// A stream, until it has told of something.
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL()+control.Prefix+"events?after=1&kind=document,sent", nil)
	require.NoError(d.t, err)
	resp, err := d.client.Do(r)
	require.NoError(d.t, err)
	_, err = resp.Body.Read(make([]byte, 1<<16))
	require.NoError(d.t, err)
	require.NoError(d.t, resp.Body.Close())
}

func (d *described) readings() {
	d.do(200, "GET", "receipts/{receipt}?lang=ru", "")
	d.do(200, "GET", "receipts/{receipt}?story=false", "")
	d.example(200, "GET refusals", "refusals?last=1", "")
	d.do(200, "GET", "doctor?lang=en", "")
	d.do(200, "GET", "openapi.json", "")
	d.do(200, "GET", "openapi.yaml", "")
	for _, probe := range []string{"/healthz", "/readyz"} {
		resp, _ := d.say("GET", probe, "")
		require.Equal(d.t, 200, resp.StatusCode)
	}
	d.example(200, "POST registers/reset", "registers/reset", "")
	d.do(200, "DELETE", "registers", "")
}

// errors are answers that are the same of every route; each stands as the example of
// its status.
func (d *described) errors() {
	for _, c := range []struct {
		status             int
		method, path, body string
		headers            []string
		code               string
	}{
		{400, "POST", "registers", `{"inm":"7708806062"}`, nil, "unknown_field"},
		{404, "GET", "registers/1", "", nil, "not_found"},
		{405, "PUT", "clock", `{}`, nil, "method_not_allowed"},
		{415, "POST", "clock", `{"advance":"1h"}`, []string{"Content-Type", "text/plain"}, "content_type"},
		{413, "POST", "clock", strings.Repeat(" ", 1<<20+1), nil, "too_large"},
		{403, "POST", "clock", `{"advance":"1h"}`, []string{"Origin", "https://shop.example.com"}, "forbidden"},
		{400, "GET", "clock?lang=ru", "", nil, "unknown_parameter"},
		{400, "GET", "registers?limit=0", "", nil, "invalid_parameter"},
		{400, "POST", "clock", `{"advance":1.5}`, nil, "invalid_field"},
		{400, "POST", "clock", `[]`, nil, "invalid_body"},
		{400, "POST", "faults", `{"fault":"none-such"}`, nil, "invalid_field"},
		{404, "GET", "nothing", "", nil, "not_found"},
		{409, "POST", "clock", `{"mode":"frozen","time":"2020-01-01T00:00:00Z"}`, nil, "backward"},
		{400, "POST", "registers/import", "no image", []string{"Content-Type", "application/octet-stream"}, "invalid_image"},
		{409, "POST", "organisations", `{"inn":"7707083893","name":"ООО Лютик"}`, nil, "exists"},
		{503, "POST", "registers", `{}`, nil, "fault"},
	} {
		if c.code == "fault" {
			d.do(201, "POST", "faults", `{"fault":"commit-fails:times=1"}`)
		}
		raw := bytes.TrimSpace(d.do(c.status, c.method, c.path, c.body, c.headers...))
		var p struct{ Error control.Problem }
		require.NoError(d.t, json.Unmarshal(raw, &p))
		require.Equal(d.t, c.code, p.Error.Code, "%s", raw)
		if slices.ContainsFunc(d.examples, func(e openapi.Example) bool { return e.Name == c.code }) {
			continue // one of a code is enough
		}
		d.examples = append(d.examples, openapi.Example{Name: c.code, Status: c.status, Media: "application/json", Answer: raw})
	}
}

// TestDescription keeps openapi.json, and docs/control-api.md with it, what the routes, their Docs, the types and the
// answers of a daemon say. Every route is asked until it answers with success.
func TestDescription(t *testing.T) {
	d := &described{bench: start(t, func(c *Config) { c.Delivery, c.PublicURL = DeliveryManual, "http://127.0.0.1:5454" })}
	config := openapi.Config{Root: "..", Routes: d.Daemon.control.Described(), Docs: docs(), Outside: outsideDocs()}
	raw, err := openapi.Build(config)
	require.NoError(t, err)
	c, err := check.New(raw, "/")
	require.NoError(t, err)
	plain := &http.Transport{}
	defer plain.CloseIdleConnections()
	d.client = &http.Client{Transport: c.Transport(plain, func(err error) { t.Error(err) })}
	d.everything()
	for _, operation := range c.Operations() {
		require.True(t, c.Answered(operation), "nothing asks for %s: add it to everything", operation)
	}

	config.Examples = d.examples
	raw, err = openapi.Build(config)
	require.NoError(t, err)
	_, err = check.New(raw, "/") // the examples fit, too
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("../api/control/openapi.json", raw, 0o666))
	}
	controlDocs(t, raw)
	if *update {
		return
	}
	want, got := strings.Split(string(control.OpenAPI()), "\n"), strings.Split(string(raw), "\n")
	for i := range min(len(want), len(got)) {
		// Line by line: the difference of the whole would fill screens.
		require.Equal(t, want[i], got[i], "line %d of the description is out of date: go test ./daemon -run TestDescription -update", i+1)
	}
	require.Len(t, got, len(want))
}

func docs() map[string]control.Doc {
	docs := control.Docs()
	for route, doc := range scenarioDocs() {
		docs[route] = doc
	}
	return docs
}

// outsideDocs are the paths beside the control API that a person starts with.
func outsideDocs() map[string]control.Doc {
	probe := control.Doc{Tag: "daemon", Answers: []control.Answer{{Status: http.StatusOK, Media: "text/plain"}}}
	health, ready := probe, probe
	health.ID, health.Summary = "getHealth", "Tell that the process lives"
	ready.ID, ready.Summary = "getReady", "Tell that requests are answered"
	ready.Answers = append(ready.Answers, control.Answer{Status: http.StatusServiceUnavailable, Media: "text/plain", About: "kktd is stopping."})
	return map[string]control.Doc{"GET /healthz": health, "GET /readyz": ready}
}
