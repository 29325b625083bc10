package ofd

import (
	"maps"
	"sync"
	"sync/atomic"

	"kktd/ofdproto"
)

// Reasons for which a connection is closed, besides those of ofdproto.
const (
	// ReasonTimeout: the rest of a frame did not come in time.
	ReasonTimeout ofdproto.Reason = "timeout"
	// ReasonCut: the connection ended inside a frame.
	ReasonCut ofdproto.Reason = "cut"
	// ReasonSilent: a connection sent nothing at all for the idle time.
	ReasonSilent ofdproto.Reason = "silent"
	// ReasonUnread: the peer did not take an answer in time, or was gone. The document is stored.
	ReasonUnread ofdproto.Reason = "unread"
)

// Counters count since the server was made, except Connections, which is now.
type Counters struct {
	Documents uint64 // stored
	Resends   uint64 // documents that were there already, answered with the same ticket
	Findings  uint64 // kept with documents, notes included
	Probes    uint64 // messages without a container
	Failures  uint64 // requests without an answer because the store failed

	BadFrames   map[ofdproto.Reason]uint64
	Faults      map[string]uint64 // struck on purpose, by the name of the fault
	Connections int
	Accepted    uint64 // connections that were taken
	Turned      uint64 // connections turned away because of MaxConns
}

type counters struct {
	documents, resends, findings, probes, failures, accepted, turned atomic.Uint64

	mu     sync.Mutex
	bad    map[ofdproto.Reason]uint64
	faults map[string]uint64
}

func (c *counters) badFrame(r ofdproto.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad[r]++
}

// Counters gives the counters of now. The map belongs to the caller.
func (s *Server) Counters() Counters {
	c := &s.counters
	out := Counters{Documents: c.documents.Load(), Resends: c.resends.Load(), Findings: c.findings.Load(),
		Probes: c.probes.Load(), Failures: c.failures.Load(), Accepted: c.accepted.Load(), Turned: c.turned.Load()}
	c.mu.Lock()
	out.BadFrames, out.Faults = maps.Clone(c.bad), maps.Clone(c.faults)
	c.mu.Unlock()
	s.mu.Lock()
	out.Connections = len(s.conns)
	s.mu.Unlock()
	return out
}
