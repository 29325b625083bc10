package kkt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"kktd/fn"
	"kktd/storage"
)

// Kinds of the records that this room keeps in the store.
const (
	kindMeta         storage.Kind = 1  // the seed; how often requests came again, by the key of the receipt
	kindOrganisation storage.Kind = 2  // by INN
	kindAccount      storage.Kind = 3  // by public id
	kindRegister     storage.Kind = 4  // by serial number
	kindReceipt      storage.Kind = 5  // by sequence number and register
	kindAnswer       storage.Kind = 6  // by hour and the hash of account, scope and key of a request
	kindClock        storage.Kind = 11 // settings of clocks: "daemon", "register SERIAL"
	kindWarnings     storage.Kind = 12 // the warning flags that were told of a register, by serial number
	kindDelayed      storage.Kind = 7  // what a queued receipt is made of, by the key of its record
	kindMessage      storage.Kind = 9  // by the key of its receipt
	kindSubscription storage.Kind = 10 // by public id of the account, API and type; 8 is outbox.Kind
	kindPrinted      storage.Kind = 13 // key of the receipt whose printed texts a document has, by drive and number
	kindSnapshot     storage.Kind = 14 // snapshots of registers by serial number and name, and their receipts; see snapshot.go
	kindBase         storage.Kind = 15 // where the events of a drive begin that came in an image; unfinished copies
	kindSent         storage.Kind = 16 // up to which document it was told that they were sent, by drive
)

// recordVersion is the first byte of a stored answer or delayed receipt,
// receiptVersion that of a receipt. Older versions stay readable: a receipt of
// version 1 has no printed texts, up to version 2 its error is in English alone.
const (
	recordVersion  = 1
	receiptVersion = 3
)

// ErrRecord is returned when a stored record does not decode.
var ErrRecord = errors.New("kkt: stored record cannot be read")

// append appends the stored form: strings and numbers in a fixed order, each
// string with its length before it. The id is not stored: it is the key.
func (r *ReceiptRecord) append(b []byte) []byte {
	b = append(b, receiptVersion)
	b = appendString(b, string(r.Status))
	b = appendString(b, r.Register)
	b = binary.AppendUvarint(b, uint64(r.Drive))
	b = binary.AppendUvarint(b, uint64(len(r.Documents)))
	for _, n := range r.Documents {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = binary.AppendVarint(b, r.Created)
	b = append(b, byte(r.Code))
	for _, s := range [...]string{r.Error, r.ErrorRu, r.API, r.Account, r.InvoiceID, r.AccountID} {
		b = appendString(b, s)
	}
	b = r.Printed.append(b)
	return append(b, r.Raw...)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// recordReader reads what append wrote and remembers that it ran out.
type recordReader struct {
	b      []byte
	failed bool
}

func (r *recordReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *recordReader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *recordReader) byte() byte {
	if len(r.b) == 0 {
		r.failed = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *recordReader) string() string { return string(r.bytes()) }

// bytes is string without a copy.
func (r *recordReader) bytes() []byte {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.failed, r.b = true, nil
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func parseReceiptRecord(id string, b []byte) (*ReceiptRecord, error) {
	if len(b) == 0 || b[0] == 0 || b[0] > receiptVersion {
		return nil, fmt.Errorf("%w: receipt %s: not version 1 to %d", ErrRecord, id, receiptVersion)
	}
	r := recordReader{b: b[1:]}
	rec := &ReceiptRecord{ID: id, Status: Status(r.string()), Register: r.string(), Drive: storage.DriveID(r.uint())}
	n := r.uint()
	if n > uint64(len(r.b)) { // each number has a byte at least
		return nil, fmt.Errorf("%w: receipt %s: %d documents", ErrRecord, id, n)
	}
	for range n {
		rec.Documents = append(rec.Documents, uint32(r.uint()))
	}
	rec.Created, rec.Code, rec.Error = r.int(), fn.Code(r.byte()), r.string()
	if b[0] >= 3 {
		rec.ErrorRu = r.string()
	}
	rec.API, rec.Account, rec.InvoiceID, rec.AccountID = r.string(), r.string(), r.string(), r.string()
	if b[0] >= 2 {
		rec.Printed = r.printed()
	}
	if r.failed {
		return nil, fmt.Errorf("%w: receipt %s: it ends too early", ErrRecord, id)
	}
	rec.Raw = append([]byte(nil), r.b...)
	return rec, nil
}

// answerKey is the key of the stored answer of a request.
func answerKey(r *Request) [32]byte {
	h := sha256.New()
	for _, s := range [...]string{r.API, r.Account, r.Scope, r.Key} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	return [32]byte(h.Sum(nil))
}

// appendAnswer appends the stored form of an answer: when it was given, the id
// of the receipt, the bytes.
func appendAnswer(b []byte, given int64, id string, answer []byte) []byte {
	b = binary.AppendVarint(append(b, recordVersion), given)
	return append(appendString(b, id), answer...)
}

func parseAnswer(b []byte) (given int64, id string, answer []byte, err error) {
	if len(b) == 0 || b[0] != recordVersion {
		return 0, "", nil, fmt.Errorf("%w: answer: not version %d", ErrRecord, recordVersion)
	}
	r := recordReader{b: b[1:]}
	given, id = r.int(), r.string()
	if r.failed {
		return 0, "", nil, fmt.Errorf("%w: answer: it ends too early", ErrRecord)
	}
	return given, id, r.b, nil
}

// registerRecord is the stored form of a register, as JSON.
type registerRecord struct {
	ID uint64 `json:"id"` // never reused; a part of the keys of its receipts
	Settings
	Past []Past `json:"past,omitempty"` // oldest first
	// Since is a sequence number before those of all its receipts.
	Since uint64 `json:"since,omitempty"`
}

// Past are settings that a registration change has replaced.
type Past struct {
	Drive    storage.DriveID `json:"drive"`
	Last     uint32          `json:"last"` // last document made under them
	Settings Settings        `json:"settings"`
	// Wiped tells that the drive was reset after it: what it had not sent is gone.
	Wiped bool `json:"wiped,omitempty"`
}

// jsonRecord makes a record with a JSON value.
func jsonRecord(kind storage.Kind, key string, v any) (storage.Record, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return storage.Record{}, fmt.Errorf("kkt: record %q: %w", key, err)
	}
	return storage.Record{Kind: kind, Key: []byte(key), Value: b}, nil
}
