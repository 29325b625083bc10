package sender

import (
	"errors"

	"kktd/fn"
	"kktd/ofdproto"
)

// Reason names why a delivery failed: the key of State.Failures, a field of the log and of the control API. Besides these there are
// the reasons of ofdproto (bad_signature, bad_crc ...) for an answer that is no message of the protocol.
type Reason string

// The reasons.
const (
	ReasonUnreachable Reason = "unreachable"  // no connection could be made
	ReasonClosed      Reason = "closed"       // the OFD closed the connection before it answered
	ReasonTimeout     Reason = "timeout"      // no whole answer within AnswerTimeout
	ReasonCut         Reason = "cut"          // the connection ended inside the answer
	ReasonOtherDrive  Reason = "other_drive"  // the message of the answer names another drive
	ReasonNoContainer Reason = "no_container" // a header alone (spec/ofd-protocol.md 8.5)
	ReasonTooLong     Reason = "too_long"     // more than a command of a drive takes
	ReasonRepeated    Reason = "repeated"     // the ticket of the document before, again and again

	// What the drive says of a ticket, its reasons 1 to 5 (spec/ofd-protocol.md 8.2).
	ReasonTicketSign   Reason = "ticket_sign"
	ReasonTicketFormat Reason = "ticket_format"
	ReasonTicketNumber Reason = "ticket_number"
	ReasonTicketDrive  Reason = "ticket_drive"
	ReasonTicketCRC    Reason = "ticket_crc"

	ReasonDocument Reason = "document" // the register gave another document than its unsent range says, or none
	ReasonStore    Reason = "store"    // a good ticket was not stored
)

// ticketReasons are the drive's reasons by their numbers.
var ticketReasons = map[fn.Reason]Reason{fn.ReasonSign: ReasonTicketSign, fn.ReasonFormat: ReasonTicketFormat,
	fn.ReasonNumber: ReasonTicketNumber, fn.ReasonDrive: ReasonTicketDrive, fn.ReasonCRC: ReasonTicketCRC}

// reasonOf finds the reason of a failure.
func reasonOf(err error) Reason {
	var confirm *ConfirmError
	var answer *AnswerError
	var refusal *fn.Refusal
	switch {
	case errors.As(err, &confirm):
		return ReasonStore
	case errors.As(err, &answer):
		return answer.Reason
	case errors.As(err, &refusal):
		if r, ok := ticketReasons[refusal.Reason]; ok {
			return r
		}
	}
	return ReasonDocument
}

// frameReason is the reason of an answer that could not be read.
func frameReason(err error, otherwise Reason) Reason {
	if r, ok := ofdproto.ReasonOf(err); ok {
		return Reason(r)
	}
	return otherwise
}
