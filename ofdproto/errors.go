package ofdproto

import (
	"errors"
	"strings"
)

// Reason says why a frame was refused. It is an error for errors.Is, and its value is a label for counters and logs.
type Reason string

const (
	// ErrSignature is returned when a message does not begin with 2A 08 41 0A.
	ErrSignature Reason = "bad_signature"
	// ErrMarking is returned when a message begins with DD 80 CA A1: its sender wants the marking service
	// (spec/ofd-protocol.md 9).
	ErrMarking Reason = "marking_signature"
	// ErrVersion is returned when the version of the session protocol, of the P-protocol or of the container is not a known one.
	ErrVersion Reason = "bad_version"
	// ErrFlags is returned when the session flags are malformed (spec/ofd-protocol.md 4.2).
	ErrFlags Reason = "bad_flags"
	// ErrLength is returned when a length field does not agree with the flags, the bytes at hand or the document inside.
	ErrLength Reason = "bad_length"
	// ErrTooLarge is returned when a container or document is longer than MaxContainerLen or MaxDocumentLen.
	ErrTooLarge Reason = "too_large"
	// ErrCRC is returned when the CRC of a session header, message or container is wrong.
	ErrCRC Reason = "bad_crc"
	// ErrType is returned when a container is neither FromRegister nor FromOperator.
	ErrType Reason = "bad_type"
	// ErrForm is returned when the data type of a container is no document code or differs from the code of the document inside.
	ErrForm Reason = "bad_form"
	// ErrDrive is returned when a drive number is not digits with padding, or the two of a message differ.
	ErrDrive Reason = "bad_drive"
	// ErrNumber is returned when a document number to be written is not 1..MaxNumber.
	ErrNumber Reason = "bad_number"
	// ErrTail is returned when a tail is not 10 bytes `81 06` or `82 06`, sign, `00 00`.
	ErrTail Reason = "bad_tail"
)

// Error is the label with spaces: "bad signature".
func (r Reason) Error() string { return strings.ReplaceAll(string(r), "_", " ") }

// ReasonOf finds the reason in err. It is false for errors of the stream, such as a timeout or io.ErrUnexpectedEOF.
func ReasonOf(err error) (Reason, bool) {
	var r Reason
	ok := errors.As(err, &r)
	return r, ok
}

// Quirks is a set of oddities that a reader takes but a careful one mentions.
type Quirks byte

const (
	// QuirkStrayCRC: CRC mode none with a CRC that is not zero; one operator does so (spec/ofd-protocol.md 4.2).
	QuirkStrayCRC Quirks = 1 << iota
	// QuirkPVersion: 01 01 or 01 02 where 01 10 or 01 20 is meant (spec/ofd-protocol.md 3).
	QuirkPVersion
	// QuirkContainerVersion: a container version 0x other than 01 (spec/ofd-protocol.md 6.1).
	QuirkContainerVersion
	// QuirkASCIINumber: the document number is text, `31 00 00` for 1 (spec/ofd-protocol.md 6.1).
	QuirkASCIINumber
	// QuirkPlainLen: the end of service data 2 is not the length of the document (spec/ofd-protocol.md 6.2).
	QuirkPlainLen
)

// String names the quirks, joined with commas; the empty set is "".
func (q Quirks) String() string {
	var names []string
	for i, name := range [...]string{"stray CRC", "P-version of one maker", "container version", "document number as text",
		"length in service data 2"} {
		if q&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
