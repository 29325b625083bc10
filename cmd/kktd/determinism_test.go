package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorded is a client that keeps every answer, word for word.
type recorded struct {
	*process
	answers []string
}

func (r *recorded) do(method, path, body string) string {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.SetBasicAuth("pk_demo", "secret_demo")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	resp.Header.Del("Date") // of the server's machine
	// Sockets live in real time: the OFD sees a little later that one was closed.
	raw = regexp.MustCompile(`"connections":\d+`).ReplaceAll(raw, []byte(`"connections":0`)) // open connections
	var head bytes.Buffer
	require.NoError(r.t, resp.Header.Write(&head))
	r.answers = append(r.answers, fmt.Sprintf("%s %s\n%s\n%s%s", method, path, resp.Status, &head, raw))
	require.Less(r.t, resp.StatusCode, 500, r.answers[len(r.answers)-1])
	return string(raw)
}

const simpleReceipt = `{"Inn":"7708806062","Type":%q,"InvoiceId":%q,"CustomerReceipt":{"Items":[{"Label":"Чай","Price":100,"Quantity":1,"Amount":100,"Vat":20}],` +
	`"Email":"buyer@example.com","Phone":"+79990000000","Amounts":{"Electronic":100}}}`

// script is what a client does, one request after the other.
func (r *recorded) script(manual bool) {
	control := func(method, path, body string) string { return r.do(method, "/control/v1/"+path, body) }
	deliver := func() {
		if manual {
			control("POST", "deliver", "")
		}
	}
	const first, second = "registers/00000000000000000001", "registers/00000000000000000002"
	control("GET", "registers", "")
	r.do("POST", "/test", `{}`)
	r.do("POST", "/test", `{}`)
	for i, kind := range []string{"Income", "IncomeReturn", "Expense", "ExpenseReturn"} {
		answer := r.do("POST", "/kkt/receipt", fmt.Sprintf(simpleReceipt, kind, fmt.Sprint("invoice-", i)))
		_, id, _ := strings.Cut(answer, `"Id":"`)
		id, _, _ = strings.Cut(id, `"`)
		require.Len(r.t, id, 32, answer)
		r.do("POST", "/kkt/receipt/status/get", fmt.Sprintf(`{"Id":%q}`, id))
		r.do("POST", "/kkt/receipt/get", fmt.Sprintf(`{"Id":%q}`, id))
		control("GET", "receipts/"+id, "")
		control("GET", "messages/"+id, "")
		for _, page := range []string{"", ".txt", ".json", ".png"} {
			r.do("GET", "/r/"+id+page, "")
		}
	}
	r.do("POST", "/kkt/receipt", `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[]}}`)
	r.do("POST", "/kkt/correction-receipt", `{"CorrectionReceiptData":{"OrganizationInn":"7708806062","VatRate":20,"TaxationSystem":0,"CorrectionReceiptType":1,`+
		`"CauseCorrection":{"CorrectionDate":"2026-01-09T00:00:00","CorrectionNumber":"1"},"Amounts":{"Electronic":100}}}`)
	deliver()
	control("POST", "registers", `{}`)
	control("POST", "registers", `{"inn":"7736207543","ffd":"1.05"}`)
	control("POST", "organisations", `{"inn":"7707083893","name":"ООО Ромашка"}`)
	control("POST", "organisations/7707083893/accounts", `{}`)
	control("POST", "clock", `{"advance":"25h"}`)
	for range 3 {
		r.do("POST", "/kkt/receipt", fmt.Sprintf(simpleReceipt, "Income", "later"))
	}
	control("POST", first+"/reports/state", "")
	control("POST", first+"/shift/close", "")
	control("POST", second+"/replace-drive", "")
	if manual {
		control("POST", "clock", `{"advance":"31d"}`) // the drive tells of what is unsent
		r.do("POST", "/kkt/receipt", fmt.Sprintf(simpleReceipt, "Income", "too late"))
		control("GET", first, "")
		control("POST", first+"/deliver", "")
	}
	deliver()
	for _, path := range []string{"registers", first, second, first + "/documents", second + "/drives", "clock", "organisations", "events?limit=10000", "messages", "ofd/documents", "ofd/findings",
		"ofd/counters", "webhooks"} {
		control("GET", path, "")
	}
	for n := range 13 {
		control("GET", fmt.Sprintf("%s/documents/%d", first, n+1), "") // TLV, container, ticket
	}
	for _, drive := range []string{"2", "4"} {
		for n := range 3 {
			control("GET", fmt.Sprintf("%s/drives/%s/documents/%d", second, drive, n+1), "")
		}
	}
}

// TestTheSameInTwoProcesses: with a seed, a clock that stands and delivery sync or manual, one client in sequence gets the same answers,
// documents, tickets, ids and events of every process, whatever the machine's processors and time zone.
func TestTheSameInTwoProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and starts the program four times")
	}
	program := buildProgram(t)
	for name, c := range map[string]struct {
		manual bool
		args   []string
	}{
		"manual, frozen": {true, []string{"--delivery", "manual", "--clock", "frozen:2026-01-10T10:00:00+03:00"}},
		"sync, stepping": {false, []string{"--delivery", "sync", "--clock", "stepping:1m:2026-01-10T10:00:00+03:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--memory", "--seed", "7", "--public-url", "http://kktd.test"}, c.args...)
			run := func(env ...string) []string {
				r := &recorded{process: startProgramIn(t, program, env, args...)}
				r.script(c.manual)
				return r.answers
			}
			here := run()
			there := run("GOMAXPROCS=1", "TZ=America/New_York", "LANG=C")
			require.Equal(t, len(here), len(there))
			for i := range here {
				require.Equal(t, here[i], there[i], "answer %d", i)
			}
			all := strings.Join(here, "\n")
			require.Contains(t, all, `"kind":"confirmed"`)
			require.Contains(t, all, `"ticket":{`)
			if os.Getenv("KKTD_TEST_PRINT") != "" {
				t.Log(all)
			}
		})
	}
}
