package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"kktd/api/control"
	"kktd/event"
	"kktd/fault"
	"kktd/ofd"
	"kktd/storage"
)

// FaultKinds are all faults that can be set, whatever room they act in.
func FaultKinds() *fault.Registry { return fault.NewRegistry(fault.Kinds(), ofd.FaultKinds()) }

// faultKinds are those that can be set here: an OFD that is not ours has no faults of ours.
func (c *Config) faultKinds() *fault.Registry {
	if c.OFD != ofdBuiltIn {
		return fault.NewRegistry(fault.Kinds())
	}
	return FaultKinds()
}

// Faults are the faults in force.
func (d *Daemon) Faults() *fault.Set { return &d.faults }

// openFaults puts the faults between the store and everybody, and lets what they do
// be told. None is in force yet; kinds can be set.
func (d *Daemon) openFaults(s storage.Store, kinds *fault.Registry) *event.Stream {
	d.faultKinds = kinds
	d.faults.Seed = d.config.Seed
	d.faults.OnFired = func(state fault.State, subject fault.Subject) {
		d.struck(&state)
		d.told(fmt.Sprintf("fault %d: %v, struck %d times", state.ID, state.Fault, state.Fired), &subject)
	}
	return event.Watch(fault.Store(s, &d.faults))
}

// setFaults puts the faults of the configuration in force.
func (d *Daemon) setFaults() error {
	for _, text := range d.config.Faults {
		f, err := d.faultKinds.Parse(text)
		if err != nil {
			return err
		}
		d.faults.Add(f)
	}
	return nil
}

// struck counts a strike by the point where it acts.
func (d *Daemon) struck(state *fault.State) {
	name := state.Effect.Name()
	point := "other"
	for _, k := range d.faultKinds.Kinds() {
		if k.Name == name {
			point = k.Where
		}
	}
	d.metrics.Fired(point, name)
}

// told stores the event of a fault that has struck, before it acts. The event passes
// by the faults of the store.
func (d *Daemon) told(text string, s *fault.Subject) {
	log := d.log.WithField("fault", text)
	for _, f := range [...]struct{ name, value string }{{"register", s.Register}, {"inn", s.INN}, {"api", s.API}, {"invoice", s.Invoice}, {"drive", s.Drive}} {
		if f.value != "" {
			log = log.WithField(f.name, f.value)
		}
	}
	log.Info("a fault that was set on purpose strikes")
	e := event.Event{Kind: event.FaultFired, Time: d.clock.Now().UnixMilli(), Register: s.Register, Drive: s.Drive, Form: uint16(s.Form), Text: text}
	c := storage.Change{Events: [][]byte{e.Append(nil)}}
	if _, err := d.store.Append(fault.Spare(context.Background()), c); err != nil {
		log.WithError(err).Error("that a fault has struck could not be stored")
	}
}

// Headers of a request that brings faults of its own, and of the control token, which
// it needs when it comes from another machine.
const (
	faultHeader = "X-Kktd-Fault"
	tokenHeader = "X-Kktd-Token"
)

// faulty lets faults act on the requests of an API: those in force, those of the header,
// and that of a magic number in the body. peek reads from a request what is
// known of it.
func (d *Daemon) faulty(peek func(r *http.Request, body []byte) fault.Match, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := d.takeBody()
		defer d.putBody(body)
		body.read(r.Body)
		r.Body = body
		header := r.Header[faultHeader]
		if header == nil && !d.faults.On(nil) && !bytes.Contains(body.buf.Bytes(), []byte(fault.MagicPrefix)) {
			next.ServeHTTP(w, r)
			return
		}
		subject := fault.Subject{Match: peek(r, body.buf.Bytes())}
		own, err := d.ownFaults(r, header, &subject.Match)
		if err != nil {
			problem := &control.Problem{Status: http.StatusBadRequest, Code: "invalid_fault", Field: faultHeader, Message: err.Error()}
			errors.As(err, &problem)
			_ = control.WriteJSON(w, problem.Status, map[string]any{"error": problem})
			return
		}
		if subject.Own = own; own != nil {
			r = r.WithContext(fault.With(r.Context(), own))
		}
		d.serveFaulty(w, r, &subject, next)
	})
}

// ownFaults are those that a request brings; nil when it brings none.
func (d *Daemon) ownFaults(r *http.Request, header []string, m *fault.Match) (*fault.Set, error) {
	var faults []fault.Fault
	if header != nil {
		if !d.owns(r, r.Header.Get(tokenHeader)) {
			return nil, &control.Problem{Status: http.StatusForbidden, Code: "forbidden", Field: faultHeader,
				Message: faultHeader + " is taken from this machine; from another one with the control token in " + tokenHeader}
		}
		// One that acts on no single request would be taken and do nothing.
		list, err := d.faultKinds.OfRequests().ParseList(strings.Join(header, ","))
		if err != nil {
			return nil, fmt.Errorf("%s: %w; those of commits, notifications and the OFD act on no single request: set them with kktd fault add", faultHeader, err)
		}
		faults = list
	}
	magic, err := fault.Magic(m.Invoice)
	if err != nil {
		return nil, &control.Problem{Status: http.StatusBadRequest, Code: "invalid_fault", Field: "InvoiceId", Message: err.Error()}
	}
	if magic != "" {
		f, err := d.faultKinds.Parse(magic)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		return nil, nil
	}
	if err := d.reaches(faults, m.Invoice); err != nil {
		return nil, err
	}
	own := &fault.Set{Seed: d.faults.Seed + d.requests.Add(1), OnFired: func(state fault.State, subject fault.Subject) {
		d.struck(&state)
		d.told(fmt.Sprintf("fault of the request: %v", state.Fault), &subject)
	}}
	own.Add(faults...)
	return own, nil
}

// reaches tells why a fault of a request would not reach its document: that is made
// later, without the request.
func (d *Daemon) reaches(faults []fault.Fault, invoice string) error {
	for _, f := range faults {
		if _, ofDocument := f.Effect.(fault.OnDocument); !ofDocument || d.config.ProcessingDelay == 0 {
			continue
		}
		field := faultHeader
		if strings.HasPrefix(invoice, fault.MagicPrefix) {
			field, invoice = "InvoiceId", ""
		}
		if f.Match.Invoice = invoice; invoice == "" {
			f.Match.Invoice = "INVOICEID"
		}
		f.Times = 1
		return &control.Problem{Status: http.StatusBadRequest, Code: "invalid_fault", Field: field,
			Message: fmt.Sprintf("with --processing-delay a document is made later than its request, and %s of a request does not reach it; set it before: kktd fault add %v", f.Effect.Name(), f)}
	}
	return nil
}

// serveFaulty serves a request with the faults that hit it.
func (d *Daemon) serveFaulty(w http.ResponseWriter, r *http.Request, subject *fault.Subject, next http.Handler) {
	var after []fault.Hit[fault.OnAPI]
	for _, h := range fault.Strike[fault.OnAPI](&d.faults, subject) {
		if h.Effect.Side() == fault.AtAnswer {
			after = append(after, h)
		} else if h.Effect.Serve(w, r, h.Lifted) {
			return
		}
	}
	if len(after) == 0 {
		next.ServeHTTP(w, r)
		return
	}
	held := &heldAnswer{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(held, r)
	for _, h := range after {
		if h.Effect.Serve(w, r, h.Lifted) {
			return
		}
	}
	held.send(w)
}

// heldAnswer keeps an answer back.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *heldAnswer) Header() http.Header         { return a.header }
func (a *heldAnswer) WriteHeader(status int)      { a.status = status }
func (a *heldAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *heldAnswer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a client that is gone is no matter of ours
}

// body is the body of a request that was read before its time, with the error that
// ended the reading.
type body struct {
	buf  bytes.Buffer
	next int // byte to give
	err  error
}

func (d *Daemon) takeBody() *body {
	if b, ok := d.bodies.Get().(*body); ok {
		return b
	}
	return new(body)
}

func (d *Daemon) putBody(b *body) {
	if b.buf.Cap() <= maxKeptBody {
		d.bodies.Put(b)
	}
}

// maxKeptBody bounds what a pooled body keeps, in bytes.
const maxKeptBody = 64 << 10

func (b *body) read(from io.Reader) {
	b.buf.Reset()
	b.next = 0
	if _, b.err = b.buf.ReadFrom(from); b.err == nil {
		b.err = io.EOF
	}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n := copy(p, b.buf.Bytes()[b.next:])
	if b.next += n; b.next == b.buf.Len() {
		return n, b.err
	}
	return n, nil
}

// Close implements io.Closer. The server closes the body that it has made.
func (b *body) Close() error { return nil }
