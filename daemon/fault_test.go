package daemon

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
	"kktd/fault"
	"kktd/kkt"
)

// ask makes a request with headers; no answer gives status 0.
func (b *bench) ask(method, path, body string, headers ...string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequest(method, b.URL()+path, strings.NewReader(body))
	require.NoError(b.t, err)
	req.SetBasicAuth(FirstPublicID, FirstSecret)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, string(raw)
}

// control makes a request of the control API, which must succeed.
func (b *bench) control(method, path, body string, v any) {
	b.t.Helper()
	status, answer := b.ask(method, control.Prefix+path, body)
	require.Less(b.t, status, 300, answer)
	require.NotZero(b.t, status, answer)
	if v != nil {
		require.NoError(b.t, json.Unmarshal([]byte(answer), v), answer)
	}
}

func (b *bench) setFault(text string) (f control.FaultView) {
	b.t.Helper()
	raw, _ := json.Marshal(map[string]string{"fault": text})
	b.control("POST", "faults", string(raw), &f)
	return f
}

// fired are the texts of the events that tell of faults.
func (b *bench) fired() (texts []string) {
	b.t.Helper()
	var list struct{ Items []struct{ Text string } }
	b.control("GET", "events?kind=fault_fired&limit=1000", "", &list)
	for _, e := range list.Items {
		texts = append(texts, e.Text)
	}
	return texts
}

// documents is how many there are in the first register.
func (b *bench) documents() uint32 {
	b.t.Helper()
	r, err := b.Fleet().Register(FirstRegister)
	require.NoError(b.t, err)
	s, err := r.State()
	require.NoError(b.t, err)
	return s.LastNumber
}

// invoice is a receipt with a number.
func invoice(id string) string {
	return strings.Replace(receiptBody, `{"Inn"`, fmt.Sprintf(`{"InvoiceId":%q,"Inn"`, id), 1)
}

// TestAPIFaults sets a fault in each way and sees what the client gets and what was made.
func TestAPIFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		set     string // by the control API
		header  string
		invoice string
		status  int
		text    string // of the answer
		made    bool
		fired   string
	}{
		{"status before the work", "http-status:503:times=1", "", "1", 503, "", false, "fault 1: http-status:code=503:times=1, struck 1 times"},
		{"status in place of the answer", "http-status:500:at=answer", "", "1", 500, "", true, "fault 1: http-status:code=500:at=answer, struck 1 times"},
		{"answer lost", "cut:inn=7708806062:amount=100", "", "1", 0, "", true, "fault 1: cut:inn=7708806062:amount=100.00, struck 1 times"},
		{"another amount", "cut:amount=99", "", "1", 200, "Queued", true, ""},
		{"by invoice", "cut:request:invoice=a/b:api=cloudkassir", "", "a/b", 0, "", false, "fault 1: cut:at=request:api=cloudkassir:invoice=a/b, struck 1 times"},
		{"late answer", "latency:5ms:at=answer", "", "1", 200, "Queued", true, "fault 1: latency:for=5ms:at=answer, struck 1 times"},
		{"header", "", "latency:1ms, http-status:429:at=answer", "1", 429, "", true, "fault of the request: latency:for=1ms"},
		{"magic number", "", "", "kktd-fault-answer-lost/17", 0, "", true, "fault of the request: cut"},
		{"power cut", "power-cut:times=1:invoice=1", "", "1", 0, "", false, "fault 1: power-cut:invoice=1:times=1, struck 1 times"},
		{"crypto unit", "drive-crypto:times=1:form=3", "", "1", 200, "Queued", false, "fault 1: drive-crypto:form=3:times=1, struck 1 times"},
		{"drive full", "drive-full", "", "1", 200, `"ErrorCode":8`, false, "fault 1: drive-full, struck 1 times"},
		{"out of order", "register-error", "", "1", 200, "неисправность включена намеренно", false, "fault 1: register-error, struck 1 times"},
		{"paper out", "paper-out", "", "1", 200, "Queued", false, "fault 1: paper-out, struck 1 times"},
		{"magic number of the drive", "", "", "kktd-fault-crypto", 200, "Queued", false, "fault of the request: drive-crypto"},
		{"bad header", "", "cutt", "1", 400, `X-Kktd-Fault: fault: there is no \"cutt\"; want one of http-status`, false, ""},
		{"header of a fault that acts on no request alone", "", "latency:1ms, disk-full", "1", 400, `there is no \"disk-full\"; want one of http-status`, false, ""},
		{"no such magic number", "", "", "kktd-fault-nothing/1", 400, `"field":"InvoiceId"`, false, ""},
		{"store", "commit-fails:times=1", "", "1", 200, `"Success":false`, false, "fault 1: commit-fails:times=1, struck 1 times"},
		{"store, unknown outcome", "commit-fails:unknown:times=1", "", "1", 200, "Queued", true, "fault 1: commit-fails:outcome=unknown:times=1, struck 1 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, func(c *Config) { c.OFD = OFDNone })
			before := b.documents()
			if c.set != "" {
				b.setFault(c.set)
			}
			var headers []string
			if c.header != "" {
				headers = []string{"X-Kktd-Fault", c.header}
			}
			status, answer := b.ask("POST", "/kkt/receipt", invoice(c.invoice), headers...)
			require.Equal(t, c.status, status, answer)
			require.Contains(t, answer, c.text)
			require.Equal(t, c.made, b.documents() > before)
			if fired := b.fired(); c.fired != "" {
				require.Contains(t, fired, c.fired)
			} else {
				require.Empty(t, fired)
			}
			b.control("POST", "faults/reset", "", nil)
			status, answer = b.ask("POST", "/kkt/receipt", invoice("later"))
			require.Equal(t, 200, status)
			require.Contains(t, answer, "Queued", "all is as before")
		})
	}
}

// TestFaultsOfARequestThatIsMadeLater: those of its document would not reach it, and say
// so; those of the API act at once.
func TestFaultsOfARequestThatIsMadeLater(t *testing.T) {
	b := start(t, func(c *Config) { c.OFD, c.ProcessingDelay = OFDNone, time.Hour })
	for _, c := range []struct {
		header, invoice string
		status          int
		text            string
	}{
		{"drive-crypto", "7", 400, "set it before: kktd fault add drive-crypto:invoice=7:times=1"},
		{"latency:1ms, paper-out", "", 400, "kktd fault add paper-out:invoice=INVOICEID:times=1"},
		{"", "kktd-fault-crypto/1", 400, `"field":"InvoiceId"`},
		{"latency:1ms", "7", 200, "Queued"},
		{"register-error", "7", 200, "неисправность"},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{faultHeader, c.header}
		}
		status, answer := b.ask("POST", "/kkt/receipt", invoice(c.invoice), headers...)
		require.Equal(t, c.status, status, answer)
		require.Contains(t, answer, c.text)
	}
	b.setFault("drive-crypto:invoice=7:times=1") // as it was taught
	b.control("POST", "clock", `{"advance":"2h"}`, nil)
	eventually(t, "the fault has met the receipt", func() bool { return len(b.fired()) == 3 })
}

// TestFaultControl goes through the life of a fault at the control API.
func TestFaultControl(t *testing.T) {
	b := start(t, func(c *Config) { c.OFD, c.Faults = OFDNone, []string{"latency:1ms:invoice=none"} })
	var f control.FaultView
	b.control("POST", "faults", `{"name":"http-status","params":{"code":429,"times":1,"inn":"7708806062"}}`, &f)
	require.Equal(t, control.FaultView{ID: 2, Name: "http-status", Fault: "http-status:code=429:inn=7708806062:times=1"}, f)
	status, _ := b.ask("POST", "/kkt/receipt", invoice("1"))
	require.Equal(t, 429, status)
	b.control("GET", "faults/2", "", &f)
	require.Equal(t, control.FaultView{ID: 2, Name: "http-status", Fault: "http-status:code=429:inn=7708806062:times=1", Seen: 1, Fired: 1, Spent: true}, f)
	var list struct{ Items []control.FaultView }
	b.control("GET", "faults", "", &list)
	require.Len(t, list.Items, 2, "the one of the configuration stands first")
	b.control("DELETE", "faults/2", "", nil)
	var kinds struct{ Items []control.FaultKindView }
	b.control("GET", "faults/kinds", "", &kinds)
	require.Len(t, kinds.Items, len(fault.Kinds()), "without an OFD of ours there are none of its")
	for _, k := range kinds.Items {
		require.NotEmpty(t, k.About)
		require.NotEmpty(t, k.AboutRu)
	}
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "faults/2", "", "no fault in force has the id 2"},
		{"DELETE", "faults/x", "", "is no number"},
		{"POST", "faults", `{}`, "want either fault"},
		{"POST", "faults", `{"fault":"cut","params":{}}`, "they go with name"},
		{"POST", "faults", `{"fault":"cut:x"}`, "want answer or request"},
		{"POST", "faults", `{"name":"latency","params":{"for":["1s"]}}`, "invalid"},
		{"POST", "faults", `{"nam":"cut"}`, "known: fault, name, params"},
	} {
		status, answer := b.ask(c.method, control.Prefix+c.path, c.body)
		require.GreaterOrEqual(t, status, 400)
		require.Contains(t, answer, c.want)
	}
	var reset struct{ Lifted int }
	b.control("DELETE", "faults", "", &reset)
	require.Equal(t, 1, reset.Lifted)
}

// TestMagicFaults: each number of the table has a fault that can be read.
func TestMagicFaults(t *testing.T) {
	for _, m := range fault.MagicIDs() {
		_, err := FaultKinds().Parse(m.Fault)
		require.NoError(t, err, m.ID)
		require.NotEmpty(t, m.About)
		require.NotEmpty(t, m.AboutRu)
	}
}

// TestFaultHeaderIsOurs: another machine needs the token to bring faults.
func TestFaultHeaderIsOurs(t *testing.T) {
	b := start(t, func(c *Config) { c.OFD, c.ControlToken = OFDNone, "a-token-of-the-test" })
	for _, c := range []struct {
		token  string
		status int
	}{{"", 403}, {"wrong", 403}, {"a-token-of-the-test", 418}} {
		req, err := http.NewRequest("POST", b.URL()+"/kkt/receipt", strings.NewReader(receiptBody))
		require.NoError(t, err)
		req.Host = "kassa.example"
		req.Header.Set("X-Kktd-Fault", "http-status:418")
		if c.token != "" {
			req.Header.Set("X-Kktd-Token", c.token)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, c.status, resp.StatusCode)
	}
}

// TestWebhookFault keeps a notification from its receiver until the next attempt.
func TestWebhookFault(t *testing.T) {
	got := make(chan struct{}, 1)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"code":0}`)
		got <- struct{}{}
	}))
	defer shop.Close()
	b := start(t, func(c *Config) { c.OFD = OFDNone })
	b.setFault("webhook-none:times=1:register=" + FirstRegister)
	_, answer := b.post("/site/notifications/Receipt/update", fmt.Sprintf(`{"IsEnabled":true,"Address":%q,"HttpMethod":"POST"}`, shop.URL))
	require.Contains(t, answer, `"Success":true`)
	_, answer = b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	var list struct{ Items []struct{ Text string } }
	b.control("GET", "events?kind=webhook_failed&wait=10s", "", &list)
	require.Contains(t, list.Items[0].Text, fault.ErrSet.Error())
	require.Len(t, b.fired(), 1)
	require.Empty(t, got)
	b.control("POST", "clock", `{"advance":"1h"}`, nil)
	<-got
}

// TestOFDFault lets the built-in OFD refuse a document, and sees it in the state of the register.
func TestOFDFault(t *testing.T) {
	b := start(t, nil)
	b.setFault("ofd-refuse:14:form=3:times=1")
	_, answer := b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	eventually(t, "every document is confirmed", func() bool { return b.unsent() == 0 })
	r, err := b.Fleet().Register(FirstRegister)
	require.NoError(t, err)
	require.Equal(t, kkt.WarnFormatCheck, r.Warnings()[0].Kind)
	require.Equal(t, []string{"fault 1: ofd-refuse:code=14:bits=0x02:form=3:times=1, struck 1 times"}, b.fired())

	outside := start(t, func(c *Config) { c.OFD = OFDNone })
	status, answer := outside.ask("POST", control.Prefix+"faults", `{"fault":"ofd-drop"}`)
	require.Equal(t, 400, status)
	require.Contains(t, answer, `there is no \"ofd-drop\"`)
}
