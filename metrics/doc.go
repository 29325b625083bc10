// Package metrics counts what the daemon does and shows it in the form of Prometheus.
//
//	Metrics      a registry of its own: nothing is registered in the global one
//	Definitions  all metrics, from which docs/metrics.md is made
//	Store, Fleet, Commit, Watcher, Refused, Fired   what the rooms below are watched by: a counter each, no allocation
//	Watch        what is read when somebody looks: registers, queues, the test OFD
//
// The rooms below know nothing of it: they have hooks, and this room decorates what
// they take as an interface. Labels have few values: no receipt, no document and no
// address is one, and a register only while there are at most MaxRegisters.
package metrics
