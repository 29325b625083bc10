package ofd

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// drive is what is known of an FN number. The lock is held from the look at the store to the end of the commit, so that two
// connections cannot store one document twice.
type drive struct {
	number [ofdproto.DriveLen]byte
	refs   int // under Server.mu

	mu       sync.Mutex
	loaded   bool
	head     head
	restored *uint32 // lowest document that it was put back to; nil: never
	verifier *fn.DriveVerifier
}

// sparePerConn is how many drives per connection are remembered, busy or not: a register that comes with a new connection for each
// document finds itself known.
const sparePerConn = 4

// acquire gives the drive with the number; release it when the connection ends or turns to another drive.
func (s *Server) acquire(number [ofdproto.DriveLen]byte) *drive {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.drives[number]
	if !ok {
		if len(s.drives) >= s.o.MaxConns*sparePerConn {
			s.forget()
		}
		d = &drive{number: number, verifier: fn.NewDriveVerifier(s.o.Master)}
		s.drives[number] = d
	}
	d.refs++
	return d
}

func (s *Server) release(d *drive) {
	if d == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.refs--
}

// forget drops one drive that no connection speaks for. At most one in sparePerConn is busy, so it is found at once.
func (s *Server) forget() {
	for number, d := range s.drives {
		if d.refs == 0 {
			delete(s.drives, number)
			return
		}
	}
}

// load reads what the store knows of the drive.
func (s *Server) load(d *drive) (err error) {
	if !d.loaded {
		if d.head, err = s.head(d.number); err == nil {
			d.restored, err = s.restoredTo(d.number)
		}
		d.loaded = err == nil
	}
	return err
}

// place is where a document goes.
type place struct {
	epoch    uint64
	opens    bool // the epoch begins with this document
	other    bool
	odd      []byte // key of an entry of its own; nil: it goes into the tail
	findings []ffd.Finding
}

// find looks for the document in the store. A document that is there comes back; for another one the place it takes.
func (s *Server) find(d *drive, number uint32, container []byte) (p place, known *Document, err error) {
	if len(d.head.epochs) == 0 {
		if number != 1 {
			p.findings = append(p.findings, d.expected(number, finding(ffd.Warning, RuleFirst, "первый документ этого ФН имеет номер %d", "the first document of this drive has number %d", number)))
		}
		p.opens = true
		return p, nil, nil
	}
	p.epoch = d.head.epoch()
	if last := d.head.last; number > last {
		if number != last+1 {
			p.findings = append(p.findings, d.expected(number, finding(ffd.Warning, RuleGap, "нет документов %d-%d", "documents %d to %d are missing", last+1, number-1)))
		}
		return p, nil, nil
	}
	id, err := s.locate(&d.head, number)
	if err != nil {
		return p, nil, err
	}
	first, err := s.get(id)
	switch {
	case err != nil:
		return p, nil, err
	case first != nil && bytes.Equal(first.Container, container):
		return p, first, nil
	case number == 1:
		p.opens = true
		return p, nil, nil
	case first == nil:
		p.odd = numberKey(nil, p.epoch, number)
		p.findings = append(p.findings, finding(ffd.Warning, RuleOrder, "пришел после документа %d", "came after document %d", d.head.last))
		return p, nil, nil
	}
	p.other = true
	p.odd = otherKey(p.epoch, number, container)
	p.findings = append(p.findings, d.expected(number, finding(ffd.Warning, RuleOther, "под номером %d уже есть другой документ", "another document has number %d", number)))
	if id, err = s.odd(p.odd); err == nil {
		known, err = s.get(id)
	}
	return p, known, err
}

// get reads a document, nil for the ID 0.
func (s *Server) get(id uint64) (*Document, error) {
	if id == 0 {
		return nil, nil
	}
	v, err := s.o.Store.Record(kindDocument, documentKey(nil, id))
	if err != nil {
		return nil, fmt.Errorf("document %d: %w", id, err)
	}
	d, err := parseRecord(v)
	d.ID = id
	return &d, err
}

// take stores the document of a request, unless it is there already, and fills r.Document. It returns when the document
// is durable.
func (s *Server) take(d *drive, v *conversation, r *Request, container []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := s.load(d); err != nil {
		return err
	}
	p, known, err := s.find(d, r.Number, container)
	if err != nil {
		return err
	}
	if known != nil {
		r.Document, r.Resend = *known, true
		s.counters.resends.Add(1)
		s.o.Log.WithFields(logrus.Fields{"drive": r.Drive(), "document": r.Number, "remote": r.Remote}).
			Info("ofd: a document came again and gets its ticket again")
		return nil
	}
	doc := Document{Epoch: p.epoch, Drive: d.number, Number: r.Number, Other: p.other, Container: container,
		Received: s.o.Clock.Now().Truncate(time.Millisecond), Findings: append(p.findings, s.judge(d, r, container)...)}
	if v.ticket, err = s.ticket(v.ticket[:0], v.signer, r, &doc); err != nil {
		return err
	}
	doc.Ticket = v.ticket
	if err := s.keep(&v.change, d, &doc, p); err != nil {
		return err
	}
	if p.opens && len(d.head.epochs) > 1 {
		s.o.Log.WithFields(map[string]any{"drive": r.Drive(), "remote": r.Remote, "epoch": doc.Epoch}).
			Info("ofd: document 1 with other bytes: a new life of this drive number begins")
	}
	r.Document = doc
	s.counters.documents.Add(1)
	s.counters.findings.Add(uint64(len(doc.Findings)))
	s.logFindings(r)
	return nil
}

// change is what keep writes, to be used again.
type change struct {
	records []storage.Record
	bytes   []byte
	value   []byte
	also    []storage.Record // go with it
	head    head             // what the drive will be; its memory is changed for the old one
}

// keep gives a document its ID and its place in the index and returns when all is durable. The caller holds the lock of the drive.
func (s *Server) keep(c *change, d *drive, doc *Document, p place) error {
	old, next := &d.head, &c.head
	next.epochs, next.last = append(next.epochs[:0], old.epochs...), old.last
	next.tail = append(next.tail[:0], old.tail...)
	c.records, c.bytes = c.records[:0], c.bytes[:0]
	if p.opens {
		doc.Epoch = s.lastEpoch.Add(1)
		if len(next.tail) > 0 {
			c.block(old.epoch(), next)
		}
		next.epochs, next.last = append(next.epochs, doc.Epoch), 0
		c.add(kindEpoch, documentKey(nil, doc.Epoch), d.number[:])
	}
	doc.ID = s.arrivals.begin()
	defer s.arrivals.end(doc.ID)
	if p.odd != nil {
		c.add(kindOdd, p.odd, documentKey(nil, doc.ID))
	} else {
		next.last = doc.Number
		if next.tail = append(next.tail, entry{number: doc.Number, id: doc.ID}); len(next.tail) == blockLen {
			c.block(doc.Epoch, next)
		}
		at := len(c.bytes)
		c.bytes = appendHead(c.bytes, next)
		c.add(kindDrive, d.number[:], c.bytes[at:])
	}
	at := len(c.bytes)
	c.bytes = documentKey(c.bytes, doc.ID)
	c.value = appendRecord(c.value[:0], doc)
	c.add(kindDocument, c.bytes[at:], c.value)
	c.records = append(c.records, c.also...)
	if _, err := s.o.Store.Append(context.Background(), storage.Change{Records: c.records, Patient: true}); err != nil {
		d.loaded = false // the outcome may be unknown: look again
		return fmt.Errorf("store document %d of drive %s: %w", doc.Number, ofdproto.DriveString(d.number), err)
	}
	d.head, c.head = c.head, d.head
	return nil
}

// block makes the tail a block of its own.
func (c *change) block(epoch uint64, h *head) {
	at := len(c.bytes)
	c.bytes = numberKey(c.bytes, epoch, h.tail[len(h.tail)-1].number)
	end := len(c.bytes)
	c.bytes = appendEntries(c.bytes, h.tail)
	c.add(kindBlock, c.bytes[at:end:end], c.bytes[end:])
	h.tail = h.tail[:0]
}

func (c *change) add(k storage.Kind, key, value []byte) {
	c.records = append(c.records, storage.Record{Kind: k, Key: key, Value: value})
}

// formatRefused is bit 1 of 1206, the same in every version of the format (spec/ofd-protocol.md 8.4).
const formatRefused = 0x02

// ticket appends the container of the answer to b.
func (s *Server) ticket(b []byte, signer fn.OperatorSigner, r *Request, doc *Document) ([]byte, error) {
	t := ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](s.o.INN), Drive: r.Header.Drive, Number: r.Number,
		Time: clock.WallSeconds(doc.Received, s.o.Zone), Code: ffd.OFDAccepted}
	if refused(doc.Findings) {
		t.Code, t.Message = ffd.OFDFormatRefused, formatRefused
	}
	for _, h := range strike[onTicket](s, r.Header.Drive, ffd.Form(r.Container.Form)) {
		h.Effect.mark(&t)
	}
	return signer.Container(b, &t)
}

// logFindings writes a line for each finding; only one that refuses a document is a warning.
func (s *Server) logFindings(r *Request) {
	debug := s.logsDebug()
	for _, f := range r.Document.Findings {
		level := logrus.DebugLevel
		if f.Severity >= ffd.Error {
			level = logrus.WarnLevel
		} else if !debug {
			continue // a line that nobody sees costs as much as the document
		}
		s.o.Log.WithFields(logrus.Fields{"drive": r.Drive(), "document": r.Number, "remote": r.Remote, "rule": f.Rule}).
			Logf(level, "ofd: finding: %s: %s", f.Severity, f.En)
	}
}

func (s *Server) logsDebug() bool {
	switch l := s.o.Log.(type) {
	case *logrus.Logger:
		return l.IsLevelEnabled(logrus.DebugLevel)
	case *logrus.Entry:
		return l.Logger.IsLevelEnabled(logrus.DebugLevel)
	}
	return true
}
