package ffd

import (
	"errors"
	"fmt"

	"kktd/tlv"
)

// ErrConfirmation is returned when a document is not an operator confirmation
// that a drive can take.
var ErrConfirmation = errors.New("ffd: not an operator confirmation")

// Answer codes of an operator, tag 1022 (spec/ofd-protocol.md 8.3).
const (
	OFDAccepted      byte = 0
	OFDFormatRefused byte = 14
)

// Confirmation is form 7, the ticket of an operator (spec/ofd-protocol.md 8.1).
type Confirmation struct {
	OFDINN  [12]byte // 1017, padded
	Sign    []byte   // 1078, ФПО: 88h 06h and 6 bytes; nil when the operator sends none
	Drive   [16]byte // 1041
	Number  uint32   // 1040 of the confirmed document
	Time    uint32   // 1012, time of acceptance with seconds
	Code    byte     // 1022 inside 1068; an absent one counts as accepted
	Message byte     // 1206; 0 leaves it out
	// KKTMessage is what 1067 of FFD 1.0 holds; nil without it. It is read, not written.
	KKTMessage []byte
}

// Append appends the whole document with its frame, tags in the order of real
// answers.
func (c *Confirmation) Append(b []byte) []byte {
	b, at := tlv.Begin(b, uint16(FormConfirmation))
	b = tlv.AppendBytes(b, TagOFDINN, c.OFDINN[:])
	if c.Sign != nil {
		b = tlv.AppendBytes(b, TagOperatorFiscalSign, c.Sign)
	}
	b = tlv.AppendBytes(b, TagFNNumber, c.Drive[:])
	b = tlv.AppendUint32(b, TagFDNumber, c.Number)
	b = tlv.AppendUint32(b, TagDateTime, c.Time)
	b, inner := tlv.Begin(b, TagOperatorMessageToFN)
	b = tlv.AppendByte(b, TagOFDResponseCode, c.Code)
	_ = tlv.End(b, inner) // a document of fixed size cannot outgrow its frame
	if c.Message != 0 {
		b = tlv.AppendByte(b, TagOperatorMessage, c.Message)
	}
	_ = tlv.End(b, at)
	return b
}

// ParseConfirmation reads a whole document 7. Operators differ in order,
// padding and in where 1022 stands, so it goes by tag, not by place. 1040 and
// 1041 must be there; Sign and KKTMessage are views into doc.
func ParseConfirmation(doc []byte) (Confirmation, error) {
	var c Confirmation
	r := tlv.NewReader(doc, 0)
	if !r.Next() || r.Item().Tag != uint16(FormConfirmation) || len(r.Rest()) != 0 {
		return c, fmt.Errorf("%w: the outermost tag must be 7 and fill the document", ErrConfirmation)
	}
	var number, drive bool
	in := r.Item().Children()
	for in.Next() {
		it := in.Item()
		var n uint64
		switch it.Tag {
		case TagFDNumber, TagDateTime, TagOFDResponseCode, TagOperatorMessage:
			var err error
			if n, err = tlv.Uint(it.Value); err != nil || n > 1<<32-1 {
				return c, fmt.Errorf("%w: tag %d at offset 0x%x is no number of at most 4 bytes", ErrConfirmation, it.Tag, it.Offset)
			}
		}
		switch it.Tag {
		case TagOFDINN:
			c.OFDINN = Pad[[12]byte](it.Value)
		case TagOperatorFiscalSign:
			c.Sign = it.Value
		case TagFNNumber:
			c.Drive, drive = Pad[[16]byte](it.Value), true
		case TagFDNumber:
			c.Number, number = uint32(n), true
		case TagDateTime:
			c.Time = uint32(n)
		case TagOFDResponseCode:
			c.Code = byte(n)
		case TagOperatorMessage:
			c.Message = byte(n)
		case TagOperatorMessageToKKT1v0:
			c.KKTMessage = it.Value
		case TagOperatorMessageToFN:
			if code, ok := tlv.Find(it.Value, TagOFDResponseCode); ok && len(code.Value) > 0 {
				c.Code = code.Value[0]
			}
		}
	}
	if err := in.Err(); err != nil {
		return c, fmt.Errorf("%w: %w", ErrConfirmation, err)
	}
	if !number || !drive {
		return c, fmt.Errorf("%w: tags 1040 and 1041 must be there", ErrConfirmation)
	}
	return c, nil
}
