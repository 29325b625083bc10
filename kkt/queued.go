package kkt

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"kktd/ffd"
	"kktd/fn"
)

// queued is what is stored of a receipt that waits: for its time, or for a
// register that works. It is the request and not the document of one register,
// so that whichever fits at the time can make it.
type queued struct {
	due     int64 // Unix milliseconds
	receipt Receipt

	// Of version 1, which held the documents for one register of one format.
	version ffd.Version
	parts   []fn.Receipt
}

// queuedVersion is the first byte of a stored queued receipt. Version 1 is read
// still, and made by the register whose id its key has.
const queuedVersion = 2

// queuedForm is the JSON behind version and time.
type queuedForm struct {
	INN    string        `json:"inn"`
	BSO    *bool         `json:"bso,omitempty"`
	Serial string        `json:"serial,omitempty"`
	BySums ffd.VATRate   `json:"by_sums,omitempty"`
	Parts  []ffd.Receipt `json:"parts"`
}

// queuedJSON is the part of the stored form that does not depend on the time.
func queuedJSON(r *Receipt) ([]byte, error) {
	b, err := json.Marshal(queuedForm{INN: r.INN, BSO: r.BSO, Serial: r.Serial, BySums: r.BySums, Parts: r.Parts})
	if err != nil {
		return nil, fmt.Errorf("kkt: queued receipt: %w", err)
	}
	return b, nil
}

// appendQueued appends the stored form.
func appendQueued(b []byte, due int64, form []byte) []byte {
	return append(binary.AppendVarint(append(b, queuedVersion), due), form...)
}

func parseQueued(b []byte) (q queued, err error) {
	if len(b) < 2 || b[0] == 0 || b[0] > queuedVersion {
		return q, fmt.Errorf("%w: queued receipt: not version 1 to %d", ErrRecord, queuedVersion)
	}
	if b[0] == 1 {
		return parseQueued1(b[1:])
	}
	r := recordReader{b: b[1:]}
	q.due = r.int()
	var form queuedForm
	if err := json.Unmarshal(r.b, &form); err != nil || r.failed {
		return q, fmt.Errorf("%w: queued receipt: %w", ErrRecord, err)
	}
	q.receipt = Receipt{INN: form.INN, BSO: form.BSO, Serial: form.Serial, BySums: form.BySums, Parts: form.Parts}
	return q, nil
}

func parseQueued1(b []byte) (q queued, err error) {
	q.version = ffd.Version(b[0])
	r := recordReader{b: b[1:]}
	q.due = r.int()
	n := r.uint()
	for i := uint64(0); i < n && !r.failed; i++ {
		q.parts = append(q.parts, fn.Receipt{Form: ffd.Form(r.uint()), Operation: ffd.Operation(r.byte()), Total: r.uint(), Data: []byte(r.string())})
	}
	if r.failed || len(r.b) != 0 {
		return q, fmt.Errorf("%w: queued receipt: it ends too early or too late", ErrRecord)
	}
	return q, nil
}
