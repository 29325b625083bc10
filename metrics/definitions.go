package metrics

import "github.com/prometheus/client_golang/prometheus"

// Kind is the type of a metric.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Definition is a metric.
type Definition struct {
	Name   string
	Kind   Kind
	Labels []string
	Help   string
}

// The metrics. Sizes are numbers of changes or documents; times are seconds of the real
// clock, ages those of the business clock.
var (
	receipts = Definition{"kktd_receipts_total", Counter, []string{"api", "result"},
		"Requests for receipts and corrections that were taken: processed (the document is made), queued (it waits), failed (the drive refused, the receipt is in state Error), repeated (the same X-Request-ID got its first answer)."}
	refusals = Definition{"kktd_refused_requests_total", Counter, []string{"api", "code"},
		"Requests that an API refused, by its own error code; 401 is wrong credentials. Nothing was made."}
	receiptTime = Definition{"kktd_receipt_seconds", Histogram, []string{"api"},
		"Time from a receipt that was read and checked to its commit, or to its refusal by a register."}

	documents = Definition{"kktd_documents_total", Counter, []string{"form"}, "Fiscal documents that were stored, by the code of their form (3 is a receipt, 31 a correction)."}
	tickets   = Definition{"kktd_tickets_total", Counter, nil, "Tickets of the OFD that were stored."}
	events    = Definition{"kktd_events_total", Counter, []string{"kind"}, "Events that were stored, by their kind."}
	writes    = Definition{"kktd_append_seconds", Histogram, nil, "Time that a change to the store of registers took, with the wait for the commit that carries it."}
	failures  = Definition{"kktd_append_failures_total", Counter, nil, "Changes that the store did not take."}

	commitTime      = Definition{"kktd_commit_seconds", Histogram, nil, "Time of a commit to the data file, fsync and all; nothing with --memory."}
	commitChanges   = Definition{"kktd_commit_changes", Histogram, nil, "Changes that shared a commit to the data file."}
	commitDocuments = Definition{"kktd_commit_documents", Histogram, nil, "Fiscal documents that shared a commit to the data file."}

	exchangeTime = Definition{"kktd_ofd_answer_seconds", Histogram, nil, "Time from a document that begins to go out to the ticket of the OFD, connecting and sending again at once included."}
	sendings     = Definition{"kktd_ofd_sent_total", Counter, []string{"again"}, "Documents that were sent to the OFD; again=\"true\" are those that were sent before."}
	refused      = Definition{"kktd_ofd_refused_total", Counter, nil, "Tickets that refuse a document: their tag 1022 is not 0."}
	ofdFailures  = Definition{"kktd_ofd_failures_total", Counter, []string{"reason"}, "Deliveries that failed, by the reasons of docs/delivery.md."}
	ofdQueues    = Definition{"kktd_ofd_registers", Gauge, []string{"state"}, "Drives with something to send: ready (waits for a connection), working, waiting (after a failure)."}

	faultsFired = Definition{"kktd_faults_fired_total", Counter, []string{"point", "fault"}, "Strikes of faults that were set on purpose."}
	faultsSet   = Definition{"kktd_faults", Gauge, nil, "Faults in force that have not spent themselves."}

	registers      = Definition{"kktd_registers", Gauge, []string{"service"}, "Registers by what they can do."}
	shiftsOpen     = Definition{"kktd_open_shifts", Gauge, nil, "Registers with an open shift."}
	unsent         = Definition{"kktd_unsent_documents", Gauge, nil, "Documents without a ticket, those of replaced drives included."}
	unsentAge      = Definition{"kktd_unsent_oldest_seconds", Gauge, nil, "Age of the oldest document without a ticket by the clock of its register; 0 when there is none."}
	registerUnsent = Definition{"kktd_register_unsent_documents", Gauge, []string{"register"},
		"Documents of the drive in a register without a ticket; nothing with more than 100 registers."}
	waiting  = Definition{"kktd_queued_receipts", Gauge, []string{"for"}, "Receipts that are Queued: for their time (--processing-delay) or for a register."}
	business = Definition{"kktd_business_time_seconds", Gauge, nil, "The business clock, Unix time."}

	notices        = Definition{"kktd_webhook_attempts_total", Counter, []string{"result"}, "Attempts to deliver notifications and letters: delivered or failed."}
	noticesGivenUp = Definition{"kktd_webhook_given_up_total", Counter, nil, "Notifications and letters that are not tried again."}
	noticesWorking = Definition{"kktd_webhook_deliveries", Gauge, nil, "Notifications and letters that are being delivered."}

	testOFD            = Definition{"kktd_test_ofd_documents_total", Counter, []string{"again"}, "Documents that the test OFD received; again=\"true\" are those that it had."}
	testOFDFindings    = Definition{"kktd_test_ofd_findings_total", Counter, nil, "Findings of format control of the test OFD, remarks included."}
	testOFDBadFrames   = Definition{"kktd_test_ofd_bad_frames_total", Counter, []string{"reason"}, "Connections that the test OFD closed because of what came, or did not come."}
	testOFDConnections = Definition{"kktd_test_ofd_connections", Gauge, nil, "Open connections of the test OFD."}
)

// Definitions are all metrics of kktd itself, in the order of a table.
func Definitions() []Definition {
	return []Definition{receipts, refusals, receiptTime, documents, tickets, events, writes, failures, commitTime, commitChanges, commitDocuments,
		registers, shiftsOpen, waiting, unsent, unsentAge, registerUnsent, sendings, exchangeTime, refused, ofdFailures, ofdQueues,
		notices, noticesGivenUp, noticesWorking, faultsFired, faultsSet, business, testOFD, testOFDFindings, testOFDBadFrames, testOFDConnections}
}

// Buckets of the histograms. A commit is of some hundred microseconds to some
// milliseconds, an answer of the built-in OFD too, that of a real one takes up to a minute.
var (
	secondsBuckets = prometheus.ExponentialBuckets(0.0001, 2.5, 13) // 0.1 ms to 6 s
	answerBuckets  = prometheus.ExponentialBuckets(0.0005, 3, 12)   // 0.5 ms to 89 s
	sizeBuckets    = prometheus.ExponentialBuckets(1, 2, 11)        // 1 to 1024
)

func (d Definition) counter() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
}

func (d Definition) histogram(buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
}

func (d Definition) desc() *prometheus.Desc { return prometheus.NewDesc(d.Name, d.Help, d.Labels, nil) }
