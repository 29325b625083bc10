package ofd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
)

// Kinds of the records in the server's namespace.
//
// Documents stand in the order of their arrival, so that those of all drives that share a commit also share its pages, and a list in
// order of time is a scan. A drive finds its own through an index that is written in blocks (see index.go).
const (
	kindOldDocument storage.Kind = 1 // version 1 of the layout, see upgrade.go
	kindDrive       storage.Kind = 2 // FN number as on the wire -> appendHead
	kindBlock       storage.Kind = 3 // epoch u64 BE, greatest number u32 BE -> appendEntries
	kindOdd         storage.Kind = 4 // epoch, number [, SHA-256 of the container] -> sequence u64 BE
	kindEpoch       storage.Kind = 5 // epoch u64 BE -> FN number
	kindDocument    storage.Kind = 6 // sequence u64 BE -> appendRecord; it grows at the end, and what is behind it seldom
	kindRestored    storage.Kind = 7 // FN number -> lowest document that it was put back to, u32 BE
)

const (
	recordVersion = 2
	recordHeadLen = 1 + 1 + 8 + 8 + 4 + ofdproto.DriveLen + 4 + 4 // version, flags, time, epoch, number, drive, two lengths
	maxRecordPart = ofdproto.MaxContainerLen

	recordOther = 0x01 // flag: Document.Other
)

// errRecord is returned when a stored record is not one this package wrote.
var errRecord = errors.New("ofd: record is damaged")

// Document is one document as the server keeps it.
type Document struct {
	ID        uint64                  // 1, 2, ... in the order of arrival; unique in the store
	Epoch     uint64                  // of the FN number, unique in the store
	Drive     [ofdproto.DriveLen]byte // FN number
	Number    uint32                  // of the document, 1..ofdproto.MaxNumber
	Other     bool                    // came with other bytes under a number that was taken
	Received  time.Time               // business time of the first arrival, whole milliseconds
	Container []byte                  // as it came, without the session header
	Ticket    []byte                  // container of the answer
	Findings  []ffd.Finding           // what was wrong; Rule is one of ffd or of this package
}

// DriveNumber is the FN number without padding.
func (d *Document) DriveNumber() string { return ofdproto.DriveString(d.Drive) }

// appendRecord writes all of a document but its ID: head, container, ticket, findings.
func appendRecord(b []byte, d *Document) []byte {
	flags := byte(0)
	if d.Other {
		flags |= recordOther
	}
	b = append(b, recordVersion, flags)
	b = binary.BigEndian.AppendUint64(b, uint64(d.Received.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, d.Epoch)
	b = binary.BigEndian.AppendUint32(b, d.Number)
	b = append(b, d.Drive[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(d.Container)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(d.Ticket)))
	b = append(append(b, d.Container...), d.Ticket...)
	for i := range d.Findings {
		b = appendFinding(b, &d.Findings[i])
	}
	return b
}

// parseRecord is the reverse; Container and Ticket are parts of v.
func parseRecord(v []byte) (d Document, err error) {
	d, rest, err := parseRecordHead(v)
	if err != nil {
		return d, err
	}
	for len(rest) > 0 {
		var f ffd.Finding
		if f, rest, err = parseFinding(rest); err != nil {
			return d, err
		}
		d.Findings = append(d.Findings, f)
	}
	return d, nil
}

// parseRecordHead is parseRecord without the findings, which are the rest.
func parseRecordHead(v []byte) (d Document, rest []byte, err error) {
	if len(v) < recordHeadLen || v[0] != recordVersion {
		return d, nil, fmt.Errorf("%w: %d bytes, want version %d and at least %d", errRecord, len(v), recordVersion, recordHeadLen)
	}
	if v[1]&^recordOther != 0 {
		return d, nil, fmt.Errorf("%w: flags %02Xh", errRecord, v[1])
	}
	d.Other = v[1]&recordOther != 0
	d.Received = time.UnixMilli(int64(binary.BigEndian.Uint64(v[2:]))).UTC()
	d.Epoch, d.Number = binary.BigEndian.Uint64(v[10:]), binary.BigEndian.Uint32(v[18:])
	d.Drive = [ofdproto.DriveLen]byte(v[22:])
	container, ticket := binary.BigEndian.Uint32(v[38:]), binary.BigEndian.Uint32(v[42:])
	rest = v[recordHeadLen:]
	if container > maxRecordPart || ticket > maxRecordPart || int(container+ticket) > len(rest) {
		return d, nil, fmt.Errorf("%w: container of %d and ticket of %d bytes in %d", errRecord, container, ticket, len(rest))
	}
	d.Container, rest = rest[:container:container], rest[container:]
	d.Ticket, rest = rest[:ticket:ticket], rest[ticket:]
	return d, rest, nil
}

// appendFinding writes severity, tag, offset and four texts, each behind its length.
func appendFinding(b []byte, f *ffd.Finding) []byte {
	b = append(b, byte(f.Severity))
	b = binary.BigEndian.AppendUint16(b, f.Tag)
	b = binary.AppendVarint(b, int64(f.Offset))
	for _, s := range [...]string{f.Path, f.Rule, f.Ru, f.En} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

func parseFinding(v []byte) (f ffd.Finding, rest []byte, err error) {
	bad := fmt.Errorf("%w: finding of %d bytes", errRecord, len(v))
	if len(v) < 3 {
		return f, nil, bad
	}
	f.Severity, f.Tag = ffd.Severity(v[0]), binary.BigEndian.Uint16(v[1:])
	offset, n := binary.Varint(v[3:])
	if n <= 0 {
		return f, nil, bad
	}
	f.Offset, v = int(offset), v[3+n:]
	for _, s := range [...]*string{&f.Path, &f.Rule, &f.Ru, &f.En} {
		length, n := binary.Uvarint(v)
		if n <= 0 || length > uint64(len(v)-n) {
			return f, nil, bad
		}
		*s, v = string(v[n:n+int(length)]), v[n+int(length):]
	}
	return f, v, nil
}

func documentKey(b []byte, id uint64) []byte { return binary.BigEndian.AppendUint64(b, id) }

func parseSequence(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("%w: number of %d bytes, want 8", errRecord, len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}
