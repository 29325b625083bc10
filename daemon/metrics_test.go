package daemon

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// metric is the value of a series, by its name with labels as a scrape shows it; -1 when
// it is not there.
func (b *bench) metric(series string) float64 {
	b.t.Helper()
	status, text := b.get(metricsPath)
	require.Equal(b.t, 200, status)
	_, rest, ok := strings.Cut("\n"+text, "\n"+series+" ")
	if !ok {
		return -1
	}
	value, _, _ := strings.Cut(rest, "\n")
	f, err := strconv.ParseFloat(value, 64)
	require.NoError(b.t, err)
	return f
}

func (b *bench) metrics(want map[string]float64) {
	b.t.Helper()
	for series, value := range want {
		require.Equal(b.t, value, b.metric(series), series)
	}
}

const correctionBody = `{"CorrectionReceiptData":{"OrganizationInn":"7708806062","VatRate":20,"TaxationSystem":0,"CorrectionReceiptType":1,` +
	`"CauseCorrection":{"CorrectionDate":"2026-01-09T00:00:00","CorrectionNumber":"1"},"Amounts":{"Electronic":100}}}`

// TestMetrics makes one of everything and looks at what a scrape says.
func TestMetrics(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{"code":0}`) }))
	defer shop.Close()
	b := start(t, func(c *Config) {
		c.Memory, c.Data, c.Durability = false, filepath.Join(t.TempDir(), "kktd.db"), "none"
	})
	_, answer := b.post("/site/notifications/Receipt/update", `{"IsEnabled":true,"Address":"`+shop.URL+`","HttpMethod":"POST"}`)
	require.Contains(t, answer, `"Success":true`)
	for range 2 {
		_, answer = b.ask("POST", "/kkt/receipt", receiptBody, "X-Request-ID", "1")
		require.Contains(t, answer, `"Success":true`)
	}
	_, answer = b.post("/kkt/correction-receipt", correctionBody)
	require.Contains(t, answer, `"Success":true`)
	_, answer = b.post("/kkt/receipt", `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[]}}`)
	require.Contains(t, answer, `"ErrorCode":12`)
	b.setFault("drive-crypto:form=3:times=1")
	b.post("/kkt/receipt", receiptBody)
	eventually(t, "the shop is told", func() bool { return b.metric(`kktd_webhook_attempts_total{result="delivered"}`) == 1 })
	eventually(t, "every document is confirmed", func() bool { return b.unsent() == 0 })
	b.metrics(map[string]float64{
		`kktd_receipts_total{api="cloudkassir",result="processed"}`:   2,
		`kktd_receipts_total{api="cloudkassir",result="repeated"}`:    1,
		`kktd_receipts_total{api="cloudkassir",result="failed"}`:      1,
		`kktd_refused_requests_total{api="cloudkassir",code="12"}`:    1,
		`kktd_receipt_seconds_count{api="cloudkassir"}`:               3,
		`kktd_documents_total{form="1"}`:                              1,
		`kktd_documents_total{form="2"}`:                              1,
		`kktd_documents_total{form="3"}`:                              1,
		`kktd_documents_total{form="31"}`:                             1,
		`kktd_tickets_total`:                                          4,
		`kktd_events_total{kind="sent"}`:                              4,
		`kktd_events_total{kind="receipt_failed"}`:                    1,
		`kktd_faults_fired_total{fault="drive-crypto",point="drive"}`: 1,
		`kktd_faults`:                        0,
		`kktd_ofd_sent_total{again="false"}`: 4, `kktd_ofd_sent_total{again="true"}`: 0, `kktd_ofd_answer_seconds_count`: 4,
		`kktd_test_ofd_documents_total{again="false"}`: 4,
		`kktd_registers{service="in_service"}`:         1, `kktd_registers{service="out_of_service"}`: 0, `kktd_open_shifts`: 1,
		`kktd_unsent_documents`: 0, `kktd_unsent_oldest_seconds`: 0, `kktd_register_unsent_documents{register="` + FirstRegister + `"}`: 0,
		`kktd_business_time_seconds`:                    float64(b.Daemon.clock.Now().Unix()),
		`kktd_queued_receipts{for="register"}`:          0,
		`kktd_ofd_registers{state="waiting"}`:           0,
		`kktd_refused_requests_total{api="x",code="1"}`: -1,
	})
	require.Positive(t, b.metric(`kktd_commit_seconds_count`))
	require.GreaterOrEqual(t, b.metric(`kktd_commit_changes_sum`), b.metric(`kktd_commit_seconds_count`))
	require.Positive(t, b.metric(`kktd_append_seconds_count`))
	require.Positive(t, b.metric(`go_goroutines`))

	// The OFD goes: documents wait, and grow old.
	b.setFault("ofd-away")
	b.setFault("ofd-cut-request")
	b.setFault("register-maintenance")
	b.control("POST", "registers/"+FirstRegister+"/reports/state", "", nil)
	b.control("POST", "clock", `{"advance":"2h"}`, nil)
	eventually(t, "the delivery has failed", func() bool { return b.metric(`kktd_ofd_registers{state="waiting"}`) == 1 })
	b.metrics(map[string]float64{`kktd_unsent_documents`: 1, `kktd_unsent_oldest_seconds`: 7200, `kktd_registers{service="maintenance"}`: 1, `kktd_faults`: 3,
		`kktd_register_unsent_documents{register="` + FirstRegister + `"}`: 1})
	_, text := b.get(metricsPath)
	require.Contains(t, text, "kktd_ofd_failures_total{reason=")
}

// TestMetricsAreGuarded as the control API is.
func TestMetricsAreGuarded(t *testing.T) {
	b := start(t, func(c *Config) { c.ControlToken = "secret" })
	for name, c := range map[string]struct {
		peer, host, token string
		want              int
	}{
		"this machine":                  {"127.0.0.1:1000", "127.0.0.1:5454", "", 200},
		"another machine":               {"192.0.2.1:1000", "kktd:5454", "", 403},
		"another, with the token":       {"192.0.2.1:1000", "kktd:5454", "secret", 200},
		"a page with a name of its own": {"127.0.0.1:1000", "evil.example.com", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", metricsPath, nil)
			r.RemoteAddr, r.Host = c.peer, c.host
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			w := httptest.NewRecorder()
			b.routes().ServeHTTP(w, r)
			require.Equal(t, c.want, w.Code)
		})
	}
}

// TestMetricsAreReadAlone: nothing can be sent there.
func TestMetricsAreReadAlone(t *testing.T) {
	b := start(t, nil)
	status, _ := b.ask("POST", metricsPath, "")
	require.Equal(t, http.StatusMethodNotAllowed, status)
	status, text := b.get("/Metrics/") // as other paths
	require.Equal(t, 200, status)
	require.Contains(t, text, "kktd_registers")
}

// BenchmarkScrape looks at a daemon with many registers.
func BenchmarkScrape(b *testing.B) {
	d := start(b, func(c *Config) { c.OFD = OFDNone })
	for range 1000 {
		d.control("POST", "registers", `{"ffd":"1.2"}`, nil)
	}
	h := d.routes()
	r := httptest.NewRequest("GET", metricsPath, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:1000", "127.0.0.1:5454"
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
