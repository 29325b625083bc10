package metrics

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kktd/diagnosis"
	"kktd/event"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/bolt"
)

// Metrics are the counters of a daemon. All methods may be called from many goroutines.
type Metrics struct {
	registry *prometheus.Registry

	receipts, refusals      *prometheus.CounterVec
	receiptTime             *prometheus.HistogramVec
	documents               map[uint16]prometheus.Counter
	otherDocuments, tickets prometheus.Counter
	events                  map[string]prometheus.Counter
	writes                  prometheus.Observer
	failures                prometheus.Counter
	commitTime              prometheus.Observer
	commitChanges           prometheus.Observer
	commitDocuments         prometheus.Observer
	exchangeTime            prometheus.Observer
	sent, resent, refused   prometheus.Counter
	ofdFailures             *prometheus.CounterVec
	faultsFired             *prometheus.CounterVec
}

// New makes the counters, with those of the process and of the Go runtime.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	counter := func(d Definition) *prometheus.CounterVec {
		v := d.counter()
		m.registry.MustRegister(v)
		return v
	}
	histogram := func(d Definition, buckets []float64) *prometheus.HistogramVec {
		v := d.histogram(buckets)
		m.registry.MustRegister(v)
		return v
	}
	m.receipts, m.refusals, m.receiptTime = counter(receipts), counter(refusals), histogram(receiptTime, secondsBuckets)
	forms := counter(documents)
	m.documents, m.otherDocuments = map[uint16]prometheus.Counter{}, forms.WithLabelValues("other")
	for _, f := range [...]ffd.Form{ffd.FormRegistration, ffd.FormShiftOpening, ffd.FormReceipt, ffd.FormBSO, ffd.FormShiftClosing, ffd.FormDriveClosing,
		ffd.FormReregistration, ffd.FormSettlementState, ffd.FormCorrection, ffd.FormBSOCorrection} {
		m.documents[uint16(f)] = forms.WithLabelValues(strconv.Itoa(int(f)))
	}
	m.tickets = counter(tickets).WithLabelValues()
	kinds := counter(events)
	m.events = map[string]prometheus.Counter{}
	for _, k := range event.Kinds() {
		m.events[string(k)] = kinds.WithLabelValues(string(k))
	}
	m.writes, m.failures = histogram(writes, secondsBuckets).WithLabelValues(), counter(failures).WithLabelValues()
	m.commitTime, m.commitChanges = histogram(commitTime, secondsBuckets).WithLabelValues(), histogram(commitChanges, sizeBuckets).WithLabelValues()
	m.commitDocuments = histogram(commitDocuments, sizeBuckets).WithLabelValues()
	m.exchangeTime = histogram(exchangeTime, answerBuckets).WithLabelValues()
	again := counter(sendings)
	m.sent, m.resent = again.WithLabelValues("false"), again.WithLabelValues("true")
	m.refused, m.ofdFailures, m.faultsFired = counter(refused).WithLabelValues(), counter(ofdFailures), counter(faultsFired)
	return m
}

// Handler answers a scrape.
func (m *Metrics) Handler() http.Handler {
	show := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "want GET", http.StatusMethodNotAllowed)
			return
		}
		show.ServeHTTP(w, r)
	})
}

// Gatherer is what Handler shows, for tests.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Fleet counts the receipts of the registers.
type Fleet struct {
	*kkt.Fleet
	m *Metrics
}

// Fleet puts the counters between an API and the registers.
func (m *Metrics) Fleet(f *kkt.Fleet) Fleet { return Fleet{f, m} }

// Results of receipts besides kkt.Status.
const resultRepeated = "repeated"

var results = map[kkt.Status]string{kkt.Processed: "processed", kkt.Queued: "queued", kkt.Failed: "failed"}

// Submit is that of the registers.
func (f Fleet) Submit(ctx context.Context, r *kkt.Receipt) (*kkt.Outcome, error) {
	api, began := r.Request.API, time.Now() // r may be used again when Submit is over
	o, err := f.Fleet.Submit(ctx, r)
	f.m.receiptTime.WithLabelValues(api).Observe(time.Since(began).Seconds())
	if err == nil {
		f.count(api, o)
	}
	return o, err
}

// Replay is that of the registers.
func (f Fleet) Replay(r *kkt.Request) (*kkt.Outcome, error) {
	o, err := f.Fleet.Replay(r)
	if o != nil && err == nil {
		f.count(r.API, o)
	}
	return o, err
}

func (f Fleet) count(api string, o *kkt.Outcome) {
	result := results[o.Status]
	if o.Replayed {
		result = resultRepeated
	}
	f.m.receipts.WithLabelValues(api, result).Inc()
}

// Refused counts a request that an API refused.
func (m *Metrics) Refused(r *diagnosis.Refusal) {
	m.refusals.WithLabelValues(r.API, strconv.Itoa(r.Code)).Inc()
}

// store counts what is stored of registers.
type store struct {
	storage.Store
	m *Metrics
}

// Store puts the counters between a store and those who use it. Namespaces of it are
// not counted: they are worlds of their own.
func (m *Metrics) Store(s storage.Store) storage.Store { return &store{s, m} }

// Append implements storage.Store.
func (s *store) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	began := time.Now()
	result, err := s.Store.Append(ctx, c)
	if err != nil {
		if !errors.Is(err, context.Canceled) { // withdrawn to go along with another one
			s.m.failures.Inc()
		}
		return result, err
	}
	s.m.writes.Observe(time.Since(began).Seconds())
	s.m.stored(&c)
	return result, nil
}

func (m *Metrics) stored(c *storage.Change) {
	for i := range c.Documents {
		m.documentOf(c.Documents[i].Container).Inc()
	}
	m.tickets.Add(float64(len(c.Tickets)))
	for _, e := range c.Events {
		if counter, ok := m.events[string(event.KindOf(e))]; ok {
			counter.Inc()
		}
	}
}

// documentOf is the counter of the form of a document: the tag that its TLV begins with.
func (m *Metrics) documentOf(container []byte) prometheus.Counter {
	if len(container) < ofdproto.ContainerHeaderLen+2 {
		return m.otherDocuments
	}
	if counter, ok := m.documents[binary.LittleEndian.Uint16(container[ofdproto.ContainerHeaderLen:])]; ok {
		return counter
	}
	return m.otherDocuments
}

// Commit counts a commit to the data file.
func (m *Metrics) Commit(c bolt.Commit) {
	m.commitTime.Observe(c.Took.Seconds())
	m.commitChanges.Observe(float64(c.Changes))
	m.commitDocuments.Observe(float64(c.Documents))
}

// Watcher counts the exchange with the OFD.
func (m *Metrics) Watcher() sender.Watcher { return (*watcher)(m) }

type watcher Metrics

func (w *watcher) Sending(again bool) {
	if again {
		w.resent.Inc()
	} else {
		w.sent.Inc()
	}
}

func (w *watcher) Answered(took time.Duration, code byte) {
	w.exchangeTime.Observe(took.Seconds())
	if code != ffd.OFDAccepted {
		w.refused.Inc()
	}
}

func (w *watcher) Failed(reason sender.Reason) { w.ofdFailures.WithLabelValues(string(reason)).Inc() }

// Fired counts a strike of a fault. point is where it acts: Kind.Where of its registry.
func (m *Metrics) Fired(point, fault string) { m.faultsFired.WithLabelValues(point, fault).Inc() }
