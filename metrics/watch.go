package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"kktd/clock"
	"kktd/fault"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/sender"
	"kktd/webhook"
)

// MaxRegisters is how many registers are shown one by one: each is a series for whoever
// stores them.
const MaxRegisters = 100

// Sources are what is read when somebody looks. What is nil is not there.
type Sources struct {
	Fleet    *kkt.Fleet
	Sender   *sender.Sender
	OFD      *ofd.Server
	Webhooks *webhook.Deliverer
	Faults   *fault.Set
	Clock    clock.Clock
}

// Watch shows the sources from now on. It is called once.
func (m *Metrics) Watch(s Sources) { m.registry.MustRegister(&collector{s}) }

// collector reads the sources. A look at a register costs a lock of its own; it keeps
// nobody waiting.
type collector struct{ Sources }

// Describe implements prometheus.Collector. What comes depends on what is there, so
// nothing is promised.
func (*collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	if c.Fleet != nil {
		c.registers(to)
		notDue, parked := c.Fleet.QueuedReceipts()
		gauge(to, waiting, notDue, "time")
		gauge(to, waiting, parked, "register")
	}
	if c.Sender != nil {
		l := c.Sender.Load()
		gauge(to, ofdQueues, l.Ready, "ready")
		gauge(to, ofdQueues, l.Working, "working")
		gauge(to, ofdQueues, l.Waiting, "waiting")
	}
	if c.Webhooks != nil {
		n := c.Webhooks.Counters()
		count(to, notices, n.Delivered, "delivered")
		count(to, notices, n.Failed, "failed")
		count(to, noticesGivenUp, n.GivenUp)
		gauge(to, noticesWorking, n.Working)
	}
	if c.OFD != nil {
		n := c.OFD.Counters()
		count(to, testOFD, n.Documents, "false")
		count(to, testOFD, n.Resends, "true")
		count(to, testOFDFindings, n.Findings)
		for reason, times := range n.BadFrames {
			count(to, testOFDBadFrames, times, string(reason))
		}
		gauge(to, testOFDConnections, n.Connections)
	}
	inForce := 0
	for _, f := range c.Faults.List() {
		if !f.Spent() {
			inForce++
		}
	}
	gauge(to, faultsSet, inForce)
	gauge(to, business, float64(c.Clock.Now().UnixMilli())/1000)
}

// registers shows how the registers stand.
func (c *collector) registers(to chan<- prometheus.Metric) {
	list := c.Fleet.Registers()
	var unsentOf uint32
	var open int
	var oldest int64
	services := map[kkt.Service]int{}
	for _, r := range list {
		service, _ := r.Service()
		services[service]++
		for _, o := range r.Outgoing() {
			n, age := unsentIn(o)
			unsentOf, oldest = unsentOf+n, max(oldest, age)
		}
		n, age := unsentIn(r)
		unsentOf, oldest = unsentOf+n, max(oldest, age)
		if len(list) <= MaxRegisters {
			gauge(to, registerUnsent, n, r.Serial())
		}
		if state, err := r.State(); err == nil && state.ShiftOpen {
			open++
		}
	}
	for _, s := range kkt.Services() {
		gauge(to, registers, services[s], string(s))
	}
	gauge(to, shiftsOpen, open)
	gauge(to, unsent, unsentOf)
	gauge(to, unsentAge, oldest)
}

// unsentIn is what a drive has not sent and how old the first of it is, in seconds.
func unsentIn(r *kkt.Register) (n uint32, age int64) {
	state, err := r.State()
	if err != nil || state.FirstUnsent == 0 || r.Settings().Offline {
		return 0, 0
	}
	return state.Unsent(), int64(r.Now()) - int64(state.FirstUnsentTime)
}

func gauge[N int | uint32 | int64 | float64](to chan<- prometheus.Metric, d Definition, n N, labels ...string) {
	to <- prometheus.MustNewConstMetric(d.desc(), prometheus.GaugeValue, float64(n), labels...)
}

func count(to chan<- prometheus.Metric, d Definition, n uint64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d.desc(), prometheus.CounterValue, float64(n), labels...)
}
