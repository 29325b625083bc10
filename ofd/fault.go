package ofd

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"kktd/ffd"
	"kktd/ofdproto"
)

// Fault is a thing that goes wrong on purpose: what, with whom and how often. FaultKinds lists what there is, ParseFault reads the
// text form.
type Fault struct {
	Effect Effect
	Drive  string   // only messages of this FN number; "": any
	Form   ffd.Form // only documents of this form; 0: any, probes too
	After  uint64   // so many matching messages pass first
	Times  uint64   // so many are struck, then the fault has spent itself; 0: all
}

// Effect is what a fault does: one of the small types of this package, Refuse, Delay, Drop and the others. Each stands in a
// file of its own and acts at one of four points: when a connection comes, while a request is read, when a ticket is made, or when an
// answer is about to go out.
type Effect interface {
	// Name is the name that ParseFault knows it by.
	Name() string
	// args are its parameters as ParseFault reads them, "" when all have their defaults.
	args() string
}

// The four points. A fault acts at one of them.
type (
	// onConnect acts before the first byte is read; false closes the connection.
	onConnect interface {
		connect(w *waiter, c net.Conn) (stay bool)
	}
	// onRequest tells how many bytes of a message of that size are read before the connection is closed.
	onRequest interface {
		take(size int) int
	}
	// onTicket changes a ticket before it is signed and stored. It does not act on a resend, which gets what is stored.
	onTicket interface {
		mark(c *ffd.Confirmation)
	}
	// onAnswer changes what goes out; what is stored stays as it is, so that a resend gets the right ticket once the fault has ended.
	onAnswer interface {
		alter(w *waiter, a *answer)
	}
)

// actsOnProbes tells which faults of an answer mean anything for a message without a container.
func actsOnProbes(e Effect) bool {
	switch e.(type) {
	case Delay, Late, Drop, Twice, CutRequest, CutAnswer:
		return true
	}
	return false
}

// check tells why the fault cannot be set.
func (f *Fault) check() error {
	if f.Effect == nil {
		return fmt.Errorf("ofd: a fault without an effect; want one of %s", strings.Join(faultNames(), ", "))
	}
	if c, ok := f.Effect.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return fmt.Errorf("ofd: fault %s: %w", f.Effect.Name(), err)
		}
	}
	if f.Drive != "" {
		if _, err := ofdproto.ParseDrive(f.Drive); err != nil {
			return fmt.Errorf("ofd: fault %s: drive: %w", f.Effect.Name(), err)
		}
	}
	if _, early := f.Effect.(onConnect); early && (f.Drive != "" || f.Form != 0) {
		return fmt.Errorf("ofd: fault %s acts before the first byte is read and knows neither drive nor form; leave them out", f.Effect.Name())
	}
	return nil
}

// matches tells whether the fault is meant for a message; form is 0 for a probe.
func (f *Fault) matches(drive [ofdproto.DriveLen]byte, form ffd.Form) bool {
	return (f.Drive == "" || f.Drive == ofdproto.DriveString(drive)) && (f.Form == 0 || f.Form == form) &&
		(form != 0 || actsOnProbes(f.Effect))
}

// String is the text form, which ParseFault reads: NAME[:PARAM]...
func (f Fault) String() string {
	if f.Effect == nil {
		return ""
	}
	b := f.Effect.Name()
	for _, p := range [...]struct{ key, value string }{{"", f.Effect.args()}, {"drive", f.Drive}, {"form", plain(uint64(f.Form))},
		{"after", plain(f.After)}, {"times", plain(f.Times)}} {
		switch {
		case p.value == "":
		case p.key == "":
			b += ":" + p.value
		default:
			b += ":" + p.key + "=" + p.value
		}
	}
	return b
}

// plain is a number as text, "" for 0.
func plain(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
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

// waiter lets a fault wait for the real clock. The wait ends early when the faults are lifted or the server stops.
type waiter struct {
	ctx    context.Context
	lifted <-chan struct{}
}
