package metrics

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/diagnosis"
	"kktd/event"
	"kktd/fault"
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
)

var update = flag.Bool("update", false, "write the table of docs/metrics.md anew")

// TestDocs holds the table of docs/metrics.md against that of the program.
func TestDocs(t *testing.T) {
	const path, begin, end = "../docs/metrics.md", "<!-- metrics -->\n", "<!-- end -->"
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var table strings.Builder
	fmt.Fprint(&table, "| metric | type | labels | what |\n|---|---|---|---|\n")
	for _, d := range Definitions() {
		labels := make([]string, len(d.Labels))
		for i, l := range d.Labels {
			labels[i] = "`" + l + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, strings.Join(labels, ", "), d.Help)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	text := before + begin + table.String() + end + after
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	require.Equal(t, string(raw), text, "go test ./metrics -run TestDocs -update")
}

// container is one of a document of the form, as far as it is looked at.
func container(form byte) []byte {
	return append(make([]byte, ofdproto.ContainerHeaderLen), form, 0, 0, 0)
}

// exercise makes something of everything that does not need a daemon.
func exercise(t *testing.T, m *Metrics) {
	s := m.Store(memory.Open())
	sent := event.Event{Kind: event.Sent}
	_, err := s.Append(t.Context(), storage.Change{Drive: 1, State: []byte{1}, Documents: []storage.Document{{Number: 1, Container: container(1)}, {Number: 2, Container: container(99)}},
		Tickets: []storage.Ticket{{Number: 1, Container: []byte{1}}}, Events: [][]byte{sent.Append(nil), []byte("?")}})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), storage.Change{Drive: 1, State: []byte{1}})
	require.ErrorIs(t, err, storage.ErrConflict)
	m.Commit(bolt.Commit{Changes: 3, Documents: 2, Took: 1e6})
	w := m.Watcher()
	w.Sending(false)
	w.Sending(true)
	w.Answered(1e6, 14)
	w.Failed(sender.ReasonClosed)
	m.Refused(&diagnosis.Refusal{API: "cloudkassir", Code: 12})
	m.Fired("api", "cut")
	f := m.Fleet(nil)
	for status := range results {
		f.count("cloudkassir", &kkt.Outcome{Status: status})
	}
	f.count("cloudkassir", &kkt.Outcome{Status: kkt.Processed, Replayed: true})
	m.receiptTime.WithLabelValues("cloudkassir")
}

func TestCounters(t *testing.T) {
	m := New()
	exercise(t, m)
	for series, want := range map[string]float64{
		`kktd_documents_total{form="1"}`: 1, `kktd_documents_total{form="other"}`: 1, `kktd_documents_total{form="3"}`: 0, `kktd_tickets_total`: 1,
		`kktd_events_total{kind="sent"}`: 1, `kktd_append_seconds_count`: 1, `kktd_append_failures_total`: 1,
		`kktd_commit_changes_sum`: 3, `kktd_commit_documents_sum`: 2, `kktd_commit_seconds_sum`: 0.001,
		`kktd_ofd_sent_total{again="true"}`: 1, `kktd_ofd_sent_total{again="false"}`: 1, `kktd_ofd_refused_total`: 1, `kktd_ofd_answer_seconds_count`: 1,
		`kktd_ofd_failures_total{reason="closed"}`: 1, `kktd_refused_requests_total{api="cloudkassir",code="12"}`: 1,
		`kktd_faults_fired_total{fault="cut",point="api"}`: 1, `kktd_receipts_total{api="cloudkassir",result="repeated"}`: 1,
		`kktd_receipts_total{api="cloudkassir",result="queued"}`: 1,
	} {
		require.Contains(t, scrape(m), fmt.Sprintf("\n%s %v\n", series, want))
	}
}

func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// TestNames holds what is shown against the definitions and the conventions of
// Prometheus.
func TestNames(t *testing.T) {
	m := New()
	exercise(t, m)
	fleet, err := kkt.Open(kkt.Options{Store: memory.Open(), Clock: clock.Real(), Log: logrus.New()})
	require.NoError(t, err)
	defer fleet.Close()
	m.Watch(Sources{Fleet: fleet, Sender: sender.New(sender.Options{}), Faults: new(fault.Set), Clock: clock.Real()})
	problems, err := testutil.GatherAndLint(m.registry)
	require.NoError(t, err)
	require.Empty(t, problems)

	families, err := m.registry.Gather()
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, f := range families {
		name := f.GetName()
		shown[name] = true
		if !strings.HasPrefix(name, "kktd_") {
			continue
		}
		i := slices.IndexFunc(Definitions(), func(d Definition) bool { return d.Name == name })
		require.GreaterOrEqual(t, i, 0, "%s has no definition", name)
		require.Equal(t, strings.ToUpper(string(Definitions()[i].Kind)), f.GetType().String(), name)
	}
	// These need a register, the deliverer of notifications or the test OFD, which a test of the daemon has.
	elsewhere := []string{"kktd_register_unsent_documents", "kktd_webhook_", "kktd_test_ofd_"}
	for _, d := range Definitions() {
		if !slices.ContainsFunc(elsewhere, func(prefix string) bool { return strings.HasPrefix(d.Name, prefix) }) {
			require.True(t, shown[d.Name], "%s is not shown", d.Name)
		}
	}
	require.True(t, shown["go_goroutines"] && shown["go_build_info"])
}

// TestCountingAllocatesNothing: what stands in the way of a receipt.
func TestCountingAllocatesNothing(t *testing.T) {
	m := New()
	e := event.Event{Kind: event.Document}
	c := storage.Change{Documents: []storage.Document{{Container: container(3)}}, Events: [][]byte{e.Append(nil)}}
	api, f, o := "cloudkassir", m.Fleet(nil), &kkt.Outcome{Status: kkt.Processed}
	for name, do := range map[string]func(){
		"store":   func() { m.stored(&c) },
		"receipt": func() { f.count(api, o); m.receiptTime.WithLabelValues(api).Observe(0.001) },
		"commit":  func() { m.Commit(bolt.Commit{Changes: 1, Documents: 1, Took: 1e6}) },
		"answer":  func() { m.Watcher().Answered(1e6, 0); m.Watcher().Sending(false) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, do), name)
	}
}

// BenchmarkCounting is what one receipt costs more.
func BenchmarkCounting(b *testing.B) {
	m := New()
	e := event.Event{Kind: event.Document}
	c := storage.Change{Documents: []storage.Document{{Container: container(3)}}, Events: [][]byte{e.Append(nil)}}
	f, o := m.Fleet(nil), &kkt.Outcome{Status: kkt.Processed}
	b.ReportAllocs()
	for b.Loop() {
		f.count("cloudkassir", o)
		m.receiptTime.WithLabelValues("cloudkassir").Observe(0.001)
		m.writes.Observe(0.001)
		m.stored(&c)
	}
}

// TestWithdrawnChange is no failure: its tickets go along with another one.
func TestWithdrawnChange(t *testing.T) {
	m := New()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := m.Store(refusing{memory.Open()})
	_, err := s.Append(ctx, storage.Change{Patient: true})
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, scrape(m), "\nkktd_append_failures_total 0\n")
}

// refusing is a store that honours the end of a context.
type refusing struct{ storage.Store }

func (refusing) Append(ctx context.Context, _ storage.Change) (storage.Result, error) {
	return storage.Result{}, ctx.Err()
}
