package ofd

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
)

// Kinds of the records in the server's namespace.
const (
	// kindDocument: epoch u64 BE, number u32 BE -> appendRecord. Other bytes under a known number stand right behind
	// the first ones, their SHA-256 added to the key.
	kindDocument storage.Kind = 1
	// kindDrive: FN number as on the wire -> appendEpochs.
	kindDrive storage.Kind = 2
)

const (
	recordVersion = 1
	keyLen        = 12            // epoch and number
	recordHeadLen = 1 + 8 + 4 + 4 // version, time, length of the container, of the ticket
	epochLen      = 8
	maxRecordPart = ofdproto.MaxContainerLen
)

// errRecord is returned when a stored record is not one this package wrote.
var errRecord = errors.New("ofd: record is damaged")

// Document is one document as the server keeps it.
type Document struct {
	Epoch     uint64        // of the FN number, unique in the store
	Number    uint32        // of the document, 1..ofdproto.MaxNumber
	Other     bool          // came with other bytes under a number that was taken
	Received  time.Time     // business time of the first arrival, whole milliseconds
	Container []byte        // as it came, without the session header
	Ticket    []byte        // container of the answer
	Findings  []ffd.Finding // what was wrong; Rule is one of ffd or of this package
}

func epochKey(epoch uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, keyLen), epoch)
}

func documentKey(epoch uint64, number uint32) []byte {
	return binary.BigEndian.AppendUint32(epochKey(epoch), number)
}

// otherKey is the key for other bytes under a number that is taken.
func otherKey(epoch uint64, number uint32, container []byte) []byte {
	sum := sha256.Sum256(container)
	return append(documentKey(epoch, number), sum[:]...)
}

func parseKey(key []byte) (epoch uint64, number uint32, other bool, err error) {
	if len(key) != keyLen && len(key) != keyLen+sha256.Size {
		return 0, 0, false, fmt.Errorf("%w: key % X", errRecord, key)
	}
	return binary.BigEndian.Uint64(key), binary.BigEndian.Uint32(key[epochLen:]), len(key) > keyLen, nil
}

// storedFinding is a ffd.Finding with the names it is stored under.
type storedFinding struct {
	Path     string       `json:"path,omitempty"`
	Tag      uint16       `json:"tag,omitempty"`
	Offset   int          `json:"offset,omitempty"`
	Rule     string       `json:"rule"`
	Severity ffd.Severity `json:"severity"`
	Ru       string       `json:"ru"`
	En       string       `json:"en"`
}

// appendRecord writes what a key does not tell: version, time in milliseconds, lengths, container, ticket, and the findings
// as JSON when there are any.
func appendRecord(b []byte, d *Document) ([]byte, error) {
	b = append(b, recordVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(d.Received.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, uint32(len(d.Container)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(d.Ticket)))
	b = append(append(b, d.Container...), d.Ticket...)
	if len(d.Findings) == 0 {
		return b, nil
	}
	findings := make([]storedFinding, len(d.Findings))
	for i, f := range d.Findings {
		findings[i] = storedFinding(f)
	}
	text, err := json.Marshal(findings)
	return append(b, text...), err
}

// parseRecord is the reverse; Container and Ticket are parts of v.
func parseRecord(v []byte) (d Document, err error) {
	if len(v) < recordHeadLen || v[0] != recordVersion {
		return d, fmt.Errorf("%w: %d bytes, want version %d and at least %d", errRecord, len(v), recordVersion, recordHeadLen)
	}
	d.Received = time.UnixMilli(int64(binary.BigEndian.Uint64(v[1:]))).UTC()
	container, ticket := binary.BigEndian.Uint32(v[9:]), binary.BigEndian.Uint32(v[13:])
	rest := v[recordHeadLen:]
	if container > maxRecordPart || ticket > maxRecordPart || int(container+ticket) > len(rest) {
		return d, fmt.Errorf("%w: container of %d and ticket of %d bytes in %d", errRecord, container, ticket, len(rest))
	}
	d.Container, rest = rest[:container:container], rest[container:]
	d.Ticket, rest = rest[:ticket:ticket], rest[ticket:]
	if len(rest) == 0 {
		return d, nil
	}
	var findings []storedFinding
	if err := json.Unmarshal(rest, &findings); err != nil {
		return d, fmt.Errorf("%w: findings: %w", errRecord, err)
	}
	for _, f := range findings {
		d.Findings = append(d.Findings, ffd.Finding(f))
	}
	return d, nil
}

// appendEpochs writes the epochs of an FN number, oldest first.
func appendEpochs(b []byte, epochs []uint64) []byte {
	b = append(b, recordVersion)
	for _, e := range epochs {
		b = binary.BigEndian.AppendUint64(b, e)
	}
	return b
}

func parseEpochs(v []byte) (epochs []uint64, err error) {
	if len(v) < 1+epochLen || v[0] != recordVersion || (len(v)-1)%epochLen != 0 {
		return nil, fmt.Errorf("%w: epochs % X", errRecord, v)
	}
	for v = v[1:]; len(v) > 0; v = v[epochLen:] {
		epochs = append(epochs, binary.BigEndian.Uint64(v))
	}
	return epochs, nil
}
