package ofd

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
)

// Version 1 of the layout had documents under epoch and number, and the epochs of a drive without an index. upgrade brings such a
// store into the present form when the server starts, one document after another in the order of their arrival. It may be cut short at
// any place: a document that has been moved is gone from its old place in the same commit.
func (s *Server) upgrade() (done bool, err error) {
	type old struct {
		key      []byte
		received uint64
	}
	var list []old
	err = s.o.Store.Records(kindOldDocument, nil, nil, 0, func(key, value []byte) error {
		if len(key) < epochLen+numberLen || len(value) < oldHeadLen {
			return fmt.Errorf("%w: key % X", errRecord, key)
		}
		list = append(list, old{slices.Clone(key), binary.BigEndian.Uint64(value[1:])})
		return nil
	})
	if err != nil || len(list) == 0 {
		return false, err
	}
	s.o.Log.Infof("ofd: the store has %d documents in its first layout; they are brought into the present one", len(list))
	slices.SortStableFunc(list, func(a, b old) int { return cmp.Compare(a.received, b.received) })
	drives := make(map[[ofdproto.PackedDriveLen]byte]*drive)
	var work change
	for _, o := range list {
		value, err := s.o.Store.Record(kindOldDocument, o.key)
		if err != nil {
			return false, err
		}
		doc, err := parseOldRecord(value)
		if err != nil {
			return false, err
		}
		epoch, number := binary.BigEndian.Uint64(o.key), binary.BigEndian.Uint32(o.key[epochLen:])
		c, err := ofdproto.ParseContainer(doc.Container)
		if err != nil {
			return false, fmt.Errorf("%w: document % X: %w", errRecord, o.key, err)
		}
		d, ok := drives[c.Drive]
		if !ok {
			if d, err = s.oldDrive(c.Drive); err != nil {
				return false, err
			}
			drives[c.Drive] = d
		}
		doc.Drive, doc.Epoch, doc.Number, doc.Other = d.number, epoch, number, len(o.key) > epochLen+numberLen
		if err := s.move(&work, d, &doc, o.key); err != nil {
			return false, err
		}
	}
	return true, nil
}

// move stores a document of the first layout in the present one and takes it away from its old place.
func (s *Server) move(c *change, d *drive, doc *Document, oldKey []byte) error {
	p := place{epoch: doc.Epoch, other: doc.Other}
	h := &d.head
	switch {
	case len(h.epochs) == 0 || h.epoch() < doc.Epoch:
		p.opens = true
		s.lastEpoch.Store(doc.Epoch - 1)
	case doc.Other:
		p.odd = otherKey(doc.Epoch, doc.Number, doc.Container)
	case h.epoch() != doc.Epoch || doc.Number <= h.last:
		p.odd = numberKey(nil, doc.Epoch, doc.Number)
	}
	c.also = []storage.Record{{Kind: kindOldDocument, Key: oldKey}}
	return s.keep(c, d, doc, p)
}

// oldDrive is a drive without what the first layout knew of it: the documents tell it again.
func (s *Server) oldDrive(packed [ofdproto.PackedDriveLen]byte) (*drive, error) {
	number, err := ofdproto.UnpackDrive(packed)
	if err != nil {
		return nil, err
	}
	d := &drive{number: number, loaded: true}
	v, err := s.o.Store.Record(kindDrive, number[:])
	if err == nil && len(v) > 0 && v[0] == recordVersion {
		d.head, err = parseHead(v) // an upgrade was cut short
	}
	return d, err
}

const oldHeadLen = 1 + 8 + 4 + 4 // version, time, length of the container, of the ticket

// parseOldRecord reads a record of the first layout: its findings were JSON.
func parseOldRecord(v []byte) (d Document, err error) {
	if len(v) < oldHeadLen || v[0] != 1 {
		return d, fmt.Errorf("%w: %d bytes, want version 1 and at least %d", errRecord, len(v), oldHeadLen)
	}
	d.Received = time.UnixMilli(int64(binary.BigEndian.Uint64(v[1:]))).UTC()
	container, ticket := binary.BigEndian.Uint32(v[9:]), binary.BigEndian.Uint32(v[13:])
	rest := v[oldHeadLen:]
	if container > maxRecordPart || ticket > maxRecordPart || int(container+ticket) > len(rest) {
		return d, fmt.Errorf("%w: container of %d and ticket of %d bytes in %d", errRecord, container, ticket, len(rest))
	}
	d.Container, d.Ticket, rest = rest[:container], rest[container:container+ticket], rest[container+ticket:]
	if len(rest) == 0 {
		return d, nil
	}
	var findings []struct {
		Path     string
		Tag      uint16
		Offset   int
		Rule     string
		Severity ffd.Severity
		Ru, En   string
	}
	if err := json.Unmarshal(rest, &findings); err != nil {
		return d, errors.Join(errRecord, err)
	}
	for _, f := range findings {
		d.Findings = append(d.Findings, ffd.Finding(f))
	}
	return d, nil
}
