package kkt

import (
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// Receipt is what an outside API asks for. The fields of Parts that come from
// the registration (place, address, cashier, sender, taxation system) are filled
// in by the register where they are empty; sums of VAT and the missing defaults
// of items are made by Submit.
type Receipt struct {
	INN string // of the user; chooses among the registers of the organisation
	// BSO asks for a register with (true) or without (false) the БСО sign; nil
	// takes any.
	BSO *bool
	// Serial asks for one register; empty takes any.
	Serial string
	// BySums is the rate of a correction that is made by its sums alone where the
	// format allows it: FFD 1.05 takes the rate and no items, FFD 1.1 and 1.2 take
	// the items. 0: by items everywhere.
	BySums ffd.VATRate
	// Parts are the documents, nearly always one. All are made or none. Form is
	// set by the register: 3, or 4 on a register for БСО; 31 or 41 for one with a
	// Correction.
	Parts []ffd.Receipt

	Request Request
}

// Request is what an API keeps with a receipt to answer for it later.
type Request struct {
	API       string // name of the API, "cloudkassir"
	Account   string // public id of the caller
	InvoiceID string
	AccountID string // of the buyer
	Raw       []byte // the body as it came, secrets removed
	Printed   Printed
	// Key makes the request idempotent together with Account and the API's Scope:
	// for an hour after a success the stored answer is given again. Empty: no
	// protection.
	Key   string
	Scope string // e.g. the path
	// Render makes the API's answer for a success. The bytes are stored in the
	// same commit and come back in Outcome.Answer.
	Render func(*Outcome) []byte
	// Faults are those that came with the request; Submit takes them from its context.
	Faults *fault.Set
}

// Outcome tells what became of a receipt that was taken.
type Outcome struct {
	ID       string // 32 hex digits
	Status   Status
	Register string // serial number
	Answer   []byte // what Render made, now or the first time
	Replayed bool   // the answer is that of an earlier request with the same key
	Warnings []Warning
}

// Status is the life of a receipt.
type Status string

// The states of a receipt. Error is final.
const (
	Queued    Status = "Queued"
	Processed Status = "Processed"
	Failed    Status = "Error"
)

// ReceiptRecord is what is stored of a receipt.
type ReceiptRecord struct {
	ID        string
	Status    Status
	Register  string // serial number
	Drive     storage.DriveID
	Documents []uint32 // numbers, one a part; empty while queued
	Error     string   // of Status Error
	ErrorRu   string   // the same in Russian; empty in records of older versions
	Code      fn.Code  // of Status Error, when the drive refused; else 0
	API       string
	Account   string
	InvoiceID string
	AccountID string
	Created   int64 // business time, Unix milliseconds
	Printed   Printed
	Raw       []byte
}

// ReceiptDetails are the fiscal data of a processed receipt: of its first
// document where it has several.
type ReceiptDetails struct {
	Register    Settings // in force when it was made
	DriveNumber string
	Number      uint32 // 1040
	Shift       uint32
	Receipt     uint32 // 1042
	Sign        uint32 // the printed ФП
	Time        uint32 // 1012
	Total       uint64 // kopecks
	Operation   ffd.Operation
	Form        ffd.Form
	TaxSystem   ffd.TaxSystems
	Place       string // 1187 as in the document
	Address     string // 1009 as in the document
	Cashier     string // 1021
}
