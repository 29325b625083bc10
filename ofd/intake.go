package ofd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// drive is what is known of an FN number while a connection speaks for it. The lock is held from the look at the store to
// the end of the commit, so that two connections cannot store one document twice.
type drive struct {
	number [ofdproto.DriveLen]byte
	refs   int // under Server.mu

	mu       sync.Mutex
	loaded   bool
	epochs   []uint64 // oldest first, the last is in force
	last     uint32   // greatest number in the epoch in force
	verifier *fn.DriveVerifier
}

// acquire gives the drive with the number; release it when the connection ends or turns to another drive.
func (s *Server) acquire(number [ofdproto.DriveLen]byte) *drive {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.drives[number]
	if !ok {
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
	if d.refs--; d.refs == 0 {
		delete(s.drives, d.number)
	}
}

// load reads what the store knows of the drive.
func (s *Server) load(d *drive) error {
	if d.loaded {
		return nil
	}
	epochs, err := s.epochs(d.number)
	if err != nil {
		return err
	}
	d.epochs, d.last = epochs, 0
	if len(epochs) > 0 {
		key, _, err := s.o.Store.LastRecord(kindDocument, epochKey(epochs[len(epochs)-1]))
		if err != nil {
			return fmt.Errorf("last document of drive %s: %w", ofdproto.DriveString(d.number), err)
		}
		if _, d.last, _, err = parseKey(key); err != nil {
			return err
		}
	}
	d.loaded = true
	return nil
}

// place is where a document goes.
type place struct {
	key      []byte
	epoch    uint64
	opens    bool // the epoch begins with this document
	other    bool
	findings []ffd.Finding
}

// find looks for the document in the store. A document that is there comes back; for another one the place it takes.
func (s *Server) find(d *drive, number uint32, container []byte) (p place, known *Document, err error) {
	if len(d.epochs) == 0 {
		if number != 1 {
			p.findings = append(p.findings, finding(ffd.Warning, RuleFirst, "первый документ этого ФН имеет номер %d", "the first document of this drive has number %d", number))
		}
		return s.newEpoch(p, number), nil, nil
	}
	p.epoch = d.epochs[len(d.epochs)-1]
	p.key = documentKey(p.epoch, number)
	if number > d.last {
		if number != d.last+1 {
			p.findings = append(p.findings, finding(ffd.Warning, RuleGap, "нет документов %d-%d", "documents %d to %d are missing", d.last+1, number-1))
		}
		return p, nil, nil
	}
	first, err := s.get(p.key)
	switch {
	case err != nil:
		return p, nil, err
	case first != nil && bytes.Equal(first.Container, container):
		return p, first, nil
	case number == 1:
		return s.newEpoch(p, number), nil, nil
	case first == nil:
		p.findings = append(p.findings, finding(ffd.Warning, RuleOrder, "пришел после документа %d", "came after document %d", d.last))
		return p, nil, nil
	}
	p.other = true
	p.key = otherKey(p.epoch, number, container)
	p.findings = append(p.findings, finding(ffd.Warning, RuleOther, "под номером %d уже есть другой документ", "another document has number %d", number))
	known, err = s.get(p.key)
	return p, known, err
}

func (s *Server) newEpoch(p place, number uint32) place {
	p.opens, p.epoch = true, s.lastEpoch.Add(1)
	p.key = documentKey(p.epoch, number)
	return p
}

// get reads a record of a document, nil when there is none.
func (s *Server) get(key []byte) (*Document, error) {
	v, err := s.o.Store.Record(kindDocument, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return documentOf(key, v)
}

func documentOf(key, v []byte) (*Document, error) {
	d, err := parseRecord(v)
	if err != nil {
		return nil, err
	}
	d.Epoch, d.Number, d.Other, err = parseKey(key)
	return &d, err
}

// take stores the document of a request, unless it is there already, and fills r.Document. It returns when the document
// is durable.
func (s *Server) take(d *drive, signer fn.OperatorSigner, r *Request, container []byte) error {
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
		return nil
	}
	doc := Document{Epoch: p.epoch, Number: r.Number, Other: p.other, Container: container,
		Received: s.o.Clock.Now(), Findings: append(p.findings, s.judge(d, r, container)...)}
	if doc.Ticket, err = s.ticket(signer, r, &doc); err != nil {
		return err
	}
	value, err := appendRecord(make([]byte, 0, recordHeadLen+len(doc.Container)+len(doc.Ticket)), &doc)
	if err != nil {
		return err
	}
	records := []storage.Record{{Kind: kindDocument, Key: p.key, Value: value}}
	epochs := d.epochs
	if p.opens {
		epochs = append(epochs[:len(epochs):len(epochs)], p.epoch)
		records = append(records, storage.Record{Kind: kindDrive, Key: d.number[:], Value: appendEpochs(nil, epochs)})
	}
	if _, err := s.o.Store.Append(context.Background(), storage.Change{Records: records, Patient: true}); err != nil {
		d.loaded = false // the outcome may be unknown: look again
		return fmt.Errorf("store document %d of drive %s: %w", r.Number, r.Drive(), err)
	}
	d.epochs = epochs
	if p.opens || r.Number > d.last {
		d.last = r.Number
	}
	if p.opens && len(epochs) > 1 {
		s.o.Log.WithFields(map[string]any{"drive": r.Drive(), "remote": r.Remote, "epoch": p.epoch}).
			Info("ofd: document 1 with other bytes: a new life of this drive number begins")
	}
	r.Document = doc
	s.counters.documents.Add(1)
	s.counters.findings.Add(uint64(len(doc.Findings)))
	s.logFindings(r)
	return nil
}

// ticketRoom holds the container of a ticket, in bytes (spec/ofd-protocol.md 8.1: 119, and 1206).
const ticketRoom = 128

// formatRefused is bit 1 of 1206, the same in every version of the format (spec/ofd-protocol.md 8.4).
const formatRefused = 0x02

// ticket makes the container of the answer.
func (s *Server) ticket(signer fn.OperatorSigner, r *Request, doc *Document) ([]byte, error) {
	t := ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](s.o.INN), Drive: r.Header.Drive, Number: r.Number,
		Time: clock.WallSeconds(doc.Received, s.o.Zone), Code: ffd.OFDAccepted}
	if refused(doc.Findings) {
		t.Code, t.Message = ffd.OFDFormatRefused, formatRefused
	}
	hits, _ := strike[onTicket](s, r.Remote, r.Header.Drive, ffd.Form(r.Container.Form), r.Number)
	for _, h := range hits {
		h.mark(&t)
	}
	return signer.Container(make([]byte, 0, ticketRoom), &t)
}

// logFindings writes a line for each finding; only one that refuses a document is a warning.
func (s *Server) logFindings(r *Request) {
	for _, f := range r.Document.Findings {
		level := logrus.DebugLevel
		if f.Severity >= ffd.Error {
			level = logrus.WarnLevel
		}
		s.o.Log.WithFields(logrus.Fields{"drive": r.Drive(), "document": r.Number, "remote": r.Remote, "rule": f.Rule}).
			Logf(level, "ofd: finding: %s: %s", f.Severity, f.En)
	}
}
