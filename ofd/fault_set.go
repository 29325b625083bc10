package ofd

import (
	"fmt"
	"net"
	"sync"
	"time"

	"kktd/clock"
	"kktd/ffd"
	"kktd/ofdproto"
)

// FaultState is a fault that is set, and what it has done so far.
type FaultState struct {
	Fault
	Seen uint64 // matching messages (for Away: connections)
	Done uint64 // of those, struck
}

// faultSet is the faults in force. A server without faults has none, which costs a look at a pointer.
type faultSet struct {
	lifted chan struct{} // closed when other faults take their place
	early  bool          // one of them acts while a request is read

	mu     sync.Mutex
	states []FaultState
}

// SetFaults puts these faults in the place of those that are set; with none it puts everything back. Whoever waits for a fault that
// is gone goes on at once. On an error, that of a fault that cannot be, nothing changes.
func (s *Server) SetFaults(faults ...Fault) error {
	set := &faultSet{lifted: make(chan struct{}), states: make([]FaultState, len(faults))}
	for i, f := range faults {
		if err := f.check(); err != nil {
			return err
		}
		if _, ok := f.Effect.(onRequest); ok {
			set.early = true
		}
		set.states[i].Fault = f
	}
	if len(faults) == 0 {
		set = nil
	}
	if old := s.faults.Swap(set); old != nil {
		close(old.lifted)
	}
	return nil
}

// Faults tells which faults are set, in their order, and what they did.
func (s *Server) Faults() []FaultState {
	set := s.faults.Load()
	if set == nil {
		return nil
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	return append([]FaultState(nil), set.states...)
}

// strike gives the effects of the kind T that hit a message, in the order of their faults, and counts them. A connection that has just
// come has neither drive nor form.
func strike[T any](s *Server, remote string, drive [ofdproto.DriveLen]byte, form ffd.Form, number uint32) (hits []T, w *waiter) {
	set := s.faults.Load()
	if set == nil {
		return nil, nil
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.states {
		f := &set.states[i]
		effect, ok := f.Effect.(T)
		if _, connecting := f.Effect.(onConnect); !ok || !connecting && !f.matches(drive, form) {
			continue
		}
		f.Seen++
		if f.Seen <= f.After || f.Times != 0 && f.Done >= f.Times {
			continue
		}
		f.Done++
		hits = append(hits, effect)
		s.counters.fault(f.Effect.Name())
		fields := map[string]any{"remote": remote, "fault": f.Fault.String()}
		if number != 0 {
			fields["drive"], fields["document"] = ofdproto.DriveString(drive), number
		}
		s.o.Log.WithFields(fields).Infof("ofd: fault: %s", f.Effect.Name())
	}
	return hits, &waiter{ctx: s.ctx, lifted: set.lifted}
}

// arrive lets the faults of a connection act; false closes it.
func (v *conversation) arrive(c net.Conn) bool {
	hits, w := strike[onConnect](v.s, v.remote, [ofdproto.DriveLen]byte{}, 0, 0)
	for _, h := range hits {
		if !h.connect(w, c) {
			return false
		}
	}
	return true
}

// wait returns after d of the real clock, when the faults are lifted or when the server stops.
func (w *waiter) wait(d time.Duration) {
	t := clock.Real().NewTimer(d)
	defer t.Stop()
	select {
	case <-t.Chan():
	case <-w.lifted:
	case <-w.ctx.Done():
	}
}

func (c *counters) fault(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[name]++
}

// cutRequest lets the faults of a request act on the message that r begins with; true when it was cut and the connection is to
// be closed. A message that cannot be told whose it is passes.
func (v *conversation) cutRequest(r peeker) bool {
	set := v.s.faults.Load()
	if set == nil || !set.early {
		return false
	}
	b, err := r.Peek(ofdproto.SessionHeaderLen)
	if err != nil {
		return false
	}
	h, err := ofdproto.ParseSessionHeader(b)
	if err != nil {
		return false
	}
	form, number := ffd.Form(0), uint32(0)
	if h.Flags.HasContainer() {
		if b, err = r.Peek(ofdproto.SessionHeaderLen + ofdproto.ContainerHeaderLen); err != nil {
			return false
		}
		c := ofdproto.ReadContainerHeader(b[ofdproto.SessionHeaderLen:])
		form = ffd.Form(c.Form)
		number, _ = c.DocumentNumber()
	}
	hits, _ := strike[onRequest](v.s, v.remote, h.Drive, form, number)
	for _, hit := range hits {
		_, _ = r.Discard(hit.take(ofdproto.SessionHeaderLen + int(h.BodyLen)))
		return true
	}
	return false
}

// peeker is what cutRequest needs of a bufio.Reader.
type peeker interface {
	Peek(n int) ([]byte, error)
	Discard(n int) (int, error)
}

// portion is n bytes of size; 0 is half of it. At least one byte stays behind.
func portion(n, size int) int {
	if n == 0 {
		n = size / 2
	}
	return min(n, size-1)
}

func checkPortion(n int) error {
	if n < 0 || n > ofdproto.MaxMessageLen {
		return fmt.Errorf("bytes: %d, want 0..%d; 0 is half of the message", n, ofdproto.MaxMessageLen)
	}
	return nil
}
