package cloudkassir

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/tlv"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	testINN  = "7708806062"
	testGUID = "5b6f4c6e-0f4e-4a0e-9a53-0d3c9f6a0c11"
)

// spy is the real fleet; it looks at each receipt on its way.
type spy struct {
	*kkt.Fleet
	look  func(*kkt.Receipt)
	fail  error // of Submit
	calls atomic.Int64
	// organisations are known beside those with registers.
	organisations map[string]kkt.Organisation
}

func (s *spy) Organisation(inn string) (kkt.Organisation, bool) {
	if o, ok := s.organisations[inn]; ok {
		return o, true
	}
	return s.Fleet.Organisation(inn)
}

func (s *spy) Submit(ctx context.Context, r *kkt.Receipt) (*kkt.Outcome, error) {
	s.calls.Add(1)
	if s.look != nil {
		s.look(r)
	}
	if s.fail != nil {
		return nil, s.fail
	}
	return s.Fleet.Submit(ctx, r)
}

// bench is the API over real registers in memory.
type bench struct {
	t     testing.TB
	fleet *spy
	api   *API
	store storage.Store
	opts  Options
	clock *clockwork.FakeClock
	hook  *logtest.Hook
}

func settings() kkt.Settings {
	return kkt.Settings{Serial: "00000000000000000001", INN: testINN, RegNumber: "0000000004030311", UserName: "ООО \"Ромашка\"",
		Address: "117342, Москва, ул. Бутлерова, 17Б", Place: "www.example.com", SenderEmail: "sender@example.com",
		OFDName: "Первый ОФД", OFDINN: "7709364346", FFD: ffd.V120,
		TaxSystems:  []ffd.TaxSystems{ffd.TaxOSN, ffd.TaxUSNIncome, ffd.TaxUSNProfit, ffd.TaxENVD, ffd.TaxESHN, ffd.TaxPatent},
		DriveNumber: "9999078900005430", AutoShift: true, TakesAgents: true, TakesCash: true, TakesBSO: true, TakesUserAttribute: true,
		Conditions: ffd.ExciseGoods | ffd.MarkedGoods}
}

// open starts an API; set changes the register before it is registered and the options.
func open(t testing.TB, set func(*kkt.Settings, *Options)) *bench {
	b := &bench{t: t, clock: clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))}
	log, hook := logtest.NewNullLogger()
	b.hook, b.store = hook, memory.Open()
	fleet, err := kkt.Open(kkt.Options{Store: b.store, Clock: b.clock, Log: log, Seed: 1})
	require.NoError(t, err)
	b.fleet = &spy{Fleet: fleet}
	t.Cleanup(func() { b.fleet.Fleet.Close() })
	s, o := settings(), Options{Fleet: b.fleet, Log: log, NewID: func() string { return testGUID }}
	if set != nil {
		set(&s, &o)
	}
	require.NoError(t, fleet.AddAccount(kkt.Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	require.NoError(t, fleet.AddAccount(kkt.Account{PublicID: "pk_other", Secret: "secret_other"}))
	require.NoError(t, fleet.Fiscalize(context.Background(), "pk_demo", s))
	hook.Reset()
	b.opts = o
	b.api = New(o)
	return b
}

// reopen restarts the registers on the same store.
func (b *bench) reopen() {
	b.t.Helper()
	b.fleet.Fleet.Close()
	fleet, err := kkt.Open(kkt.Options{Store: b.store, Clock: b.clock, Log: b.opts.Log, Seed: 1})
	require.NoError(b.t, err)
	b.fleet.Fleet = fleet
	b.api = New(b.opts)
}

// post sends a request with the demo credentials; set changes it.
func (b *bench) post(path, body string, set ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("pk_demo", "secret_demo")
	for _, f := range set {
		f(r)
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w
}

// answer posts and wants HTTP 200 and JSON.
func (b *bench) answer(path, body string, set ...func(*http.Request)) string {
	b.t.Helper()
	w := b.post(path, body, set...)
	require.Equal(b.t, http.StatusOK, w.Code)
	require.Equal(b.t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	require.True(b.t, json.Valid(w.Body.Bytes()), w.Body.String())
	return w.Body.String()
}

// queued posts a receipt that must be taken and returns its id.
func (b *bench) queued(body string, set ...func(*http.Request)) string {
	b.t.Helper()
	answer := b.answer(pathReceipt, body, set...)
	var a struct{ Model struct{ Id string } }
	require.NoError(b.t, json.Unmarshal([]byte(answer), &a))
	require.Len(b.t, a.Model.Id, 32, answer)
	return a.Model.Id
}

// tree is the KKT part of the documents of a receipt, a line a tag; to be called while the receipt lives.
func tree(t testing.TB, r *kkt.Receipt, v ffd.Version) string {
	var out strings.Builder
	for _, part := range r.Parts {
		part.Items = append([]ffd.Item(nil), part.Items...)
		part.SumVAT()
		doc, at := tlv.Begin(nil, uint16(ffd.FormReceipt))
		doc, err := part.Append(doc, v)
		require.NoError(t, err)
		require.NoError(t, tlv.End(doc, at))
		writeTree(&out, ffd.Decode(doc, v), "")
	}
	return out.String()
}

func writeTree(b *strings.Builder, n *ffd.Node, indent string) {
	if len(n.Items) == 0 {
		fmt.Fprintf(b, "%s%d %v\n", indent, n.Tag, n.Value())
		return
	}
	fmt.Fprintf(b, "%s%d\n", indent, n.Tag)
	for _, item := range n.Items {
		writeTree(b, item, indent+"  ")
	}
}

func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// indent makes an answer readable in a golden file and keeps the order of its keys.
func indent(t testing.TB, answer string) string {
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, []byte(answer), "", "  "))
	return b.String() + "\n"
}

// entry is the one log line with the message.
func (b *bench) entry(message string) *logrus.Entry {
	b.t.Helper()
	var found []*logrus.Entry
	for _, e := range b.hook.AllEntries() {
		if e.Message == message {
			found = append(found, e)
		}
	}
	require.Len(b.t, found, 1, message)
	return found[0]
}

// receiptOf is a request with the items and further members of CustomerReceipt.
func receiptOf(items, more string) string {
	return `{"Inn":"` + testINN + `","Type":"Income","CustomerReceipt":{"Items":[` + items + `]` + more + `}}`
}

const oneItem = `{"Label":"Товар","Price":100,"Quantity":1,"Amount":100,"Vat":20}`

// storedDocument is a document of a receipt.
type storedDocument struct {
	form ffd.Form
	text string // a line a tag
}

// documents reads the stored documents of a receipt and holds each against the rules of the format.
func (b *bench) documents(rec *kkt.ReceiptRecord) (list []storedDocument) {
	b.t.Helper()
	reg, err := b.fleet.Register(rec.Register)
	require.NoError(b.t, err)
	for _, n := range rec.Documents {
		box, _, err := reg.Document(rec.Drive, n)
		require.NoError(b.t, err)
		c, err := ofdproto.ParseContainer(box)
		require.NoError(b.t, err)
		for _, f := range ffd.Check(c.Document) {
			if !strings.Contains(f.String(), "1021") { // these registers have no cashier
				require.NotEqual(b.t, ffd.Error, f.Severity, "%v", f)
			}
		}
		var text strings.Builder
		writeTree(&text, ffd.Decode(c.Document, reg.SettingsAt(rec.Drive, n).FFD), "")
		list = append(list, storedDocument{ffd.Form(c.Form), text.String()})
	}
	return list
}
