package fn

import (
	"encoding/binary"
	"fmt"

	"kktd/ffd"
	"kktd/tlv"
)

// Record is the short record of a document, the answer to command 40h. Form is
// the plain code of the form in every version: one source has drives of 1.1 and
// later give others (83h, C3h ...) for records of a new layout that it does not
// describe.
type Record struct {
	Form   ffd.Form
	Ticket bool
	Time   Time
	Number uint32
	Sign   uint32 // the printed ФП

	INN        [12]byte       // forms 1, 11, 6
	RegNumber  [20]byte       // forms 1, 11, 6
	TaxSystems ffd.TaxSystems // forms 1, 11
	Modes      ffd.Modes      // forms 1, 11
	Reason     byte           // form 11: 1101, or the least of its codes that 1205 stands for

	Shift     uint32        // forms 2, 5
	Operation ffd.Operation // forms 3, 4, 31, 41
	Total     uint64        // forms 3, 4, 31, 41; kopecks
	Unsent    uint32        // form 21
	Since     Time          // form 21, day of the oldest unsent document; 0 none
}

// Append appends the answer: form, ticket and the record of the form
// (spec/fn.md 4.4); in form 21 the oldest document is a DATE, as 19h answers it.
func (x *Record) Append(b []byte) []byte {
	b = append(b, byte(x.Form), bit(x.Ticket, 0))
	b = appendDateTime(b, x.Time)
	b = binary.LittleEndian.AppendUint32(b, x.Number)
	b = binary.LittleEndian.AppendUint32(b, x.Sign)
	switch x.Form {
	case ffd.FormRegistration, ffd.FormReregistration:
		b = append(append(b, x.INN[:]...), x.RegNumber[:]...)
		b = append(b, byte(x.TaxSystems), modeByte(x.Modes))
		if x.Form == ffd.FormReregistration {
			b = append(b, x.Reason)
		}
	case ffd.FormShiftOpening, ffd.FormShiftClosing:
		b = appendUint16(b, x.Shift)
	case ffd.FormReceipt, ffd.FormBSO, ffd.FormCorrection, ffd.FormBSOCorrection:
		b = append(b, byte(x.Operation), byte(x.Total), byte(x.Total>>8), byte(x.Total>>16), byte(x.Total>>24), byte(x.Total>>32))
	case ffd.FormDriveClosing:
		b = append(append(b, x.INN[:]...), x.RegNumber[:]...)
	case ffd.FormSettlementState:
		b = appendDate(binary.LittleEndian.AppendUint32(b, x.Unsent), x.Since)
	}
	return b
}

// take reads the record out of a document.
func (x *Record) take(doc tlv.Item) error {
	var r RegistrationRecord
	if err := r.take(doc); err != nil {
		return err
	}
	x.Form, x.Time, x.Number, x.Sign = ffd.Form(doc.Tag), r.Time, r.Number, r.Sign
	x.INN, x.RegNumber, x.TaxSystems, x.Modes, x.Reason = r.INN, r.RegNumber, r.TaxSystems, r.Modes, r.code()
	return numbers(doc, func(tag uint16, v uint64) {
		switch tag {
		case ffd.TagShiftNumber:
			x.Shift = uint32(v)
		case ffd.TagSettlementType:
			x.Operation = ffd.Operation(v)
		case ffd.TagTotalSum:
			x.Total = v
		case ffd.TagUnsentFDCount:
			x.Unsent = uint32(v)
		case ffd.TagFirstUnsentFDDate:
			x.Since = Time(v)
		}
	})
}

// RegistrationRecord is what a registration report says: the answer to command
// 43h.
type RegistrationRecord struct {
	FFD        ffd.Version
	Time       Time
	INN        [12]byte
	RegNumber  [20]byte
	TaxSystems ffd.TaxSystems
	Modes      ffd.Modes
	OFDINN     [12]byte
	Reasons    uint32 // 1205, or in 1.05 1101, the first; 0 of form 1
	Number     uint32
	Sign       uint32
}

// Append appends the answer; with index the reason stands in it, as in the answer
// to a request with an index. From FFD 1.1 on there are the further modes, the
// operator and a reason of four bytes.
func (x *RegistrationRecord) Append(b []byte, index bool) []byte {
	b = appendDateTime(b, x.Time)
	b = append(append(b, x.INN[:]...), x.RegNumber[:]...)
	b = append(b, byte(x.TaxSystems), modeByte(x.Modes))
	later := x.FFD >= ffd.V110
	if later {
		b = append(append(b, moreModes(x.Modes)), x.OFDINN[:]...)
	}
	if index && later {
		b = binary.LittleEndian.AppendUint32(b, x.Reasons)
	} else if index {
		b = append(b, byte(x.Reasons))
	}
	b = binary.LittleEndian.AppendUint32(b, x.Number)
	return binary.LittleEndian.AppendUint32(b, x.Sign)
}

// code is the reason as tag 1101 has it: the drive, the operator, the details of
// the user, the settings (spec/kkt.md 4).
func (x *RegistrationRecord) code() byte {
	switch r := x.Reasons; {
	case x.FFD < ffd.V110:
		return byte(r)
	case r&ReplacesDrive != 0:
		return 1
	case r&(1<<1) != 0:
		return 2
	case r&(1<<2|1<<3) != 0:
		return 3
	case r != 0:
		return 4
	}
	return 0
}

// take reads the record out of a document of any form.
func (x *RegistrationRecord) take(doc tlv.Item) error {
	x.OFDINN = ffd.Pad[[12]byte]("")
	r := doc.Children()
	for r.Next() {
		switch it := r.Item(); it.Tag {
		case ffd.TagUserINN:
			x.INN = ffd.Pad[[12]byte](it.Value)
		case ffd.TagKKTRegNumber:
			x.RegNumber = ffd.Pad[[20]byte](it.Value)
		case ffd.TagOFDINN:
			x.OFDINN = ffd.Pad[[12]byte](it.Value)
		case ffd.TagFiscalSign:
			if len(it.Value) != 6 {
				return fmt.Errorf("tag %d has %d bytes, want 6", it.Tag, len(it.Value))
			}
			x.Sign = binary.BigEndian.Uint32(it.Value[2:])
		}
	}
	return numbers(doc, x.number)
}

func (x *RegistrationRecord) number(tag uint16, v uint64) {
	m := &x.Modes
	switch tag {
	case ffd.TagFFDVersion:
		x.FFD = ffd.Version(v)
	case ffd.TagDateTime:
		x.Time = Time(v)
	case ffd.TagFDNumber:
		x.Number = uint32(v)
	case ffd.TagTaxSystems:
		x.TaxSystems = ffd.TaxSystems(v)
	case ffd.TagEncryptionMode:
		m.Encryption = v == 1
	case ffd.TagOfflineMode:
		m.Offline = v == 1
	case ffd.TagAutomaticMode:
		m.Automatic = v == 1
	case ffd.TagKKTUsageConditions:
		m.Conditions |= ffd.Conditions(v)
	case ffd.TagKKTChangeReasons:
		x.Reasons = uint32(v)
	case ffd.TagReregistrationReasonCode:
		if x.Reasons == 0 {
			x.Reasons = uint32(v)
		}
	default:
		if v == 1 {
			m.Conditions |= conditionOf(tag)
		}
	}
}

// conditionOf is the bit of 1290 that took the place of a tag.
func conditionOf(tag uint16) ffd.Conditions {
	switch tag {
	case ffd.TagPrinterInAutomat:
		return ffd.PrinterInAutomat
	case ffd.TagStrictFormSystem:
		return ffd.BSOSystem
	case ffd.TagInternetOnlyKKT:
		return ffd.InternetOnly
	case ffd.TagExciseMode:
		return ffd.ExciseGoods
	case ffd.TagServicesOnly:
		return ffd.ServicesOnly
	case ffd.TagGamblingMode:
		return ffd.Gambling
	case ffd.TagLotteryMode:
		return ffd.Lottery
	}
	return 0
}

// numbers calls f for the items of a document that are numbers of at most 8
// bytes.
func numbers(doc tlv.Item, f func(tag uint16, v uint64)) error {
	r := doc.Children()
	for r.Next() {
		if it := r.Item(); len(it.Value) <= 8 {
			if v, err := tlv.Uint(it.Value); err == nil {
				f(it.Tag, v)
			}
		}
	}
	return r.Err()
}

// modeByte is the mode of commands 03h and 43h (spec/fn.md 4.2). Bits 6 and 7
// have their meaning in FFD 1.2 alone, where alone the conditions exist.
func modeByte(m ffd.Modes) byte {
	c := m.Conditions
	return bit(m.Encryption, 0) | bit(m.Offline, 1) | bit(m.Automatic, 2) | bit(c.Has(ffd.ServicesOnly), 3) |
		bit(c.Has(ffd.BSOSystem), 4) | bit(c.Has(ffd.InternetOnly), 5) | bit(c.Has(ffd.Catering), 6) | bit(c.Has(ffd.Wholesale), 7)
}

// moreModes is the extended mode of commands A3h and 43h.
func moreModes(m ffd.Modes) byte {
	var b byte
	for i, c := range [...]ffd.Conditions{ffd.ExciseGoods, ffd.Gambling, ffd.Lottery, ffd.PrinterInAutomat, ffd.MarkedGoods,
		ffd.Pawnshop, ffd.Insurance, ffd.Vending} {
		b |= bit(m.Conditions.Has(c), uint(i))
	}
	return b
}
