package ofd

import (
	"errors"
	"fmt"
	"time"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
)

// ErrNotFound is returned when there is no such document.
var ErrNotFound = errors.New("ofd: no such document")

// Epochs are the epochs of an FN number, oldest first; none when nothing came from it. The error is ofdproto.ErrDrive for a
// number that is not 1 to 16 digits, or one of the store.
func (s *Server) Epochs(drive string) ([]uint64, error) {
	number, err := ofdproto.ParseDrive(drive)
	if err != nil {
		return nil, err
	}
	h, err := s.head(number)
	return h.epochs, err
}

// Documents calls fn for the documents in the epoch in force of an FN number, from number `from` on, ascending; documents with other
// bytes stand behind the first one of their number. A limit of 0 means no limit. An error of fn ends the scan and is returned
// unchanged.
func (s *Server) Documents(drive string, from uint32, limit int, fn func(*Document) error) error {
	number, err := ofdproto.ParseDrive(drive)
	if err != nil {
		return err
	}
	h, err := s.head(number)
	if err != nil || len(h.epochs) == 0 {
		return err
	}
	return s.each(h.epoch(), h.tail, from, limit, fn)
}

// EpochDocuments is Documents for one of the Epochs.
func (s *Server) EpochDocuments(epoch uint64, from uint32, limit int, fn func(*Document) error) error {
	v, err := s.o.Store.Record(kindEpoch, documentKey(nil, epoch))
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil || len(v) != ofdproto.DriveLen {
		return errors.Join(err, fmt.Errorf("%w: epoch %d", errRecord, epoch))
	}
	h, err := s.head([ofdproto.DriveLen]byte(v))
	switch {
	case err != nil:
		return err
	case h.epoch() != epoch:
		h.tail = nil
	}
	return s.each(epoch, h.tail, from, limit, fn)
}

func (s *Server) each(epoch uint64, tail []entry, from uint32, limit int, fn func(*Document) error) error {
	list, err := s.list(epoch, tail, from, limit)
	if err != nil {
		return err
	}
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	for _, e := range list {
		d, err := s.get(e.id)
		if err == nil {
			err = fn(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Document is the document with the ID, or ErrNotFound.
func (s *Server) Document(id uint64) (*Document, error) {
	if id == 0 || id > s.arrivals.settled() {
		return nil, fmt.Errorf("%w: %d", ErrNotFound, id)
	}
	d, err := s.get(id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %d", ErrNotFound, id)
	}
	return d, err
}

// Filter says which documents of the stream of arrivals are wanted. The zero value wants all.
type Filter struct {
	Drive    string    // FN number; "": any
	Form     ffd.Form  // 0: any
	From, To time.Time // business time of arrival, From included, To not; zero: no bound
	Findings bool      // only documents with findings
}

// scanPage is how many records are read under one hold of the store.
const scanPage = 512

// Arrivals calls fn for the documents that a filter wants, with IDs above after, in the order of arrival, until fn returns an error,
// which is returned unchanged. A document that is being stored ends the list, so that whoever goes on behind the last ID misses
// nothing. Slices live during the call; fn must be quick and must not call the server.
func (s *Server) Arrivals(after uint64, f Filter, fn func(*Document) error) error {
	var drive [ofdproto.DriveLen]byte
	if f.Drive != "" {
		var err error
		if drive, err = ofdproto.ParseDrive(f.Drive); err != nil {
			return err
		}
	}
	settled := s.arrivals.settled()
	for after < settled {
		read := 0
		err := s.o.Store.Records(kindDocument, nil, documentKey(nil, after), scanPage, func(key, value []byte) error {
			id, err := parseSequence(key)
			if err != nil {
				return err
			}
			if id > settled {
				return errEnough
			}
			read, after = read+1, id
			d, rest, err := parseRecordHead(value)
			switch {
			case err != nil:
				return fmt.Errorf("document %d: %w", id, err)
			case f.Drive != "" && d.Drive != drive,
				f.Form != 0 && (len(d.Container) <= FormAt || ffd.Form(d.Container[FormAt]) != f.Form),
				!f.From.IsZero() && d.Received.Before(f.From), !f.To.IsZero() && !d.Received.Before(f.To),
				f.Findings && len(rest) == 0:
				return nil
			}
			if d, err = parseRecord(value); err != nil {
				return fmt.Errorf("document %d: %w", id, err)
			}
			d.ID = id
			return fn(&d)
		})
		if err == errEnough || err == nil && read < scanPage {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// FormAt is where a container has the code of its document (spec/ofd-protocol.md 6.1).
const FormAt = 5

// LastDocument is the ID of the document that came last, 0 before the first.
func (s *Server) LastDocument() uint64 { return s.arrivals.settled() }

// Zone is the one of 1012 in tickets.
func (s *Server) Zone() *time.Location { return s.o.Zone }
