package ofd

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"kktd/clock"
	"kktd/fault"
	"kktd/ffd"
	"kktd/ofdproto"
)

// The points of the OFD's faults: when a connection comes, while a request is read, when a ticket is made, and when an answer is about
// to go out. The effects are the small types of this package, Refuse, Delay, Drop and the others; each stands in a file of its own.
type (
	// onConnect acts before the first byte is read; false closes the connection.
	onConnect interface {
		fault.Effect
		connect(w *waiter, c net.Conn) (stay bool)
	}
	// onRequest tells how many bytes of a message of that size are read before the connection is closed.
	onRequest interface {
		fault.Effect
		take(size int) int
	}
	// onTicket changes a ticket before it is signed and stored. It does not act on a resend, which gets what is stored.
	onTicket interface {
		fault.Effect
		mark(c *ffd.Confirmation)
	}
	// onAnswer changes what goes out; what is stored stays as it is, so that a resend gets the right ticket once the fault has ended.
	onAnswer interface {
		fault.Effect
		alter(w *waiter, a *answer)
	}
	// onProbe is an onAnswer that means something for a message without a container too.
	onProbe interface {
		onAnswer
		probes()
	}
)

// strike gives the effects at the point P that hit a message, in the order of their faults, and counts them. form is 0 for a probe.
func strike[P fault.Effect](s *Server, drive [ofdproto.DriveLen]byte, form ffd.Form) []fault.Hit[P] {
	if !s.faults.On(nil) {
		return nil
	}
	m := fault.Match{Form: uint8(form)}
	if drive != ([ofdproto.DriveLen]byte{}) {
		m.Drive = ofdproto.DriveString(drive)
	}
	hits := fault.Strike[P](s.faults, &fault.Subject{Match: m})
	for _, h := range hits {
		s.counters.fault(h.Effect.Name())
	}
	return hits
}

func (c *counters) fault(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[name]++
}

// Faults are the faults in force.
func (s *Server) Faults() *fault.Set { return s.faults }

// arrive lets the faults of a connection act; false closes it.
func (v *conversation) arrive(c net.Conn) bool {
	for _, h := range strike[onConnect](v.s, [ofdproto.DriveLen]byte{}, 0) {
		if !h.Effect.connect(&waiter{v.s.ctx, h.Lifted}, c) {
			return false
		}
	}
	return true
}

// alter lets the faults of an answer act.
func (v *conversation) alter(r *Request, reply Reply) Reply {
	a := answer{Reply: reply, v: v, r: r}
	form := ffd.Form(r.Container.Form)
	if form == 0 {
		for _, h := range strike[onProbe](v.s, r.Header.Drive, 0) {
			h.Effect.alter(&waiter{v.s.ctx, h.Lifted}, &a)
		}
		return a.Reply
	}
	for _, h := range strike[onAnswer](v.s, r.Header.Drive, form) {
		h.Effect.alter(&waiter{v.s.ctx, h.Lifted}, &a)
	}
	return a.Reply
}

// answer is a reply that faults may alter.
type answer struct {
	Reply
	v *conversation
	r *Request
}

// redo makes the message anew with another ticket; change gets the one that is stored. A ticket that cannot be made stays as it is.
func (a *answer) redo(change func(*ffd.Confirmation)) {
	c, err := ofdproto.ParseContainer(a.r.Document.Ticket)
	if err != nil {
		return
	}
	t, err := ffd.ParseConfirmation(c.Document)
	if err != nil {
		return
	}
	change(&t)
	ticket, err := a.v.signer.Container(nil, &t)
	if err != nil {
		return
	}
	a.Message = ofdproto.AppendSession(nil, a.r.Header.Drive, a.r.Header.PVersion, ofdproto.FlagsDocument, ticket)
}

// own makes the message a copy, so that it can be changed in place. It is false for a message without a container.
func (a *answer) own() bool {
	if len(a.Message) <= ofdproto.SessionHeaderLen {
		return false
	}
	a.Message = append([]byte(nil), a.Message...)
	return true
}

// container is the container within the message; own has been called.
func (a *answer) container() []byte { return a.Message[ofdproto.SessionHeaderLen:] }

// waiter lets a fault wait for the real clock. The wait ends early when the fault is lifted or the server stops.
type waiter struct {
	ctx    context.Context
	lifted <-chan struct{}
}

// wait returns after d of the real clock, when the fault is lifted or when the server stops.
func (w *waiter) wait(d time.Duration) {
	t := clock.Real().NewTimer(d)
	defer t.Stop()
	select {
	case <-t.Chan():
	case <-w.lifted:
	case <-w.ctx.Done():
	}
}

// cutRequest lets the faults of a request act on the message that r begins with; true when it was cut and the connection is to
// be closed. A message that cannot be told whose it is passes.
func (v *conversation) cutRequest(r peeker) bool {
	if !v.s.faults.On(nil) {
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
	form := ffd.Form(0)
	if h.Flags.HasContainer() {
		if b, err = r.Peek(ofdproto.SessionHeaderLen + ofdproto.ContainerHeaderLen); err != nil {
			return false
		}
		form = ffd.Form(ofdproto.ReadContainerHeader(b[ofdproto.SessionHeaderLen:]).Form)
	}
	for _, hit := range strike[onRequest](v.s, h.Drive, form) {
		_, _ = r.Discard(hit.Effect.take(ofdproto.SessionHeaderLen + int(h.BodyLen)))
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

func cutArgs(n int) string {
	if n == 0 {
		return ""
	}
	return "bytes=" + strconv.Itoa(n)
}
