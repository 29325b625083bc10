package fn

import (
	"encoding/binary"
	"math"
	"time"

	"kktd/ffd"
)

// CurrentDocument is the document that is begun and not finished, the second byte
// of the status (spec/fn.md 3). A command of this machine is a whole document, so
// it is always NoDocument.
type CurrentDocument byte

// NoDocument says that no document is begun.
const NoDocument CurrentDocument = 0

// Status is the answer to command 30h, which works in every phase.
type Status struct {
	Phase     Phase
	Document  CurrentDocument
	Data      bool // data of the document were received; never
	ShiftOpen bool
	Warnings  WarningFlags
	LastTime  Time // of the last document
	Drive     [16]byte
	Last      uint32 // number of the last document
}

// Status answers command 30h.
func (s *State) Status(now Time) Status {
	return Status{Phase: s.Phase, ShiftOpen: s.ShiftOpen, Warnings: s.Warnings(now), LastTime: s.LastTime, Drive: s.Drive, Last: s.LastNumber}
}

// Append appends the 30 bytes of the answer.
func (x Status) Append(b []byte) []byte {
	b = append(b, byte(x.Phase), byte(x.Document), bit(x.Data, 0), bit(x.ShiftOpen, 0), byte(x.Warnings))
	b = appendDateTime(b, x.LastTime)
	b = append(b, x.Drive[:]...)
	return binary.LittleEndian.AppendUint32(b, x.Last)
}

// Number answers command 31h: 16 characters, which are their own wire form.
func (s *State) Number() [16]byte { return s.Drive }

// Term is the answer to command 32h.
type Term struct {
	LastDay Time  // midnight; 0 before the first registration
	Left    uint8 // registration reports that may still be made
	Made    uint8
}

// Term answers command 32h.
func (s *State) Term() Term {
	t := Term{Left: maxRegistrations - min(s.Registrations, maxRegistrations), Made: s.Registrations}
	if s.Registrations > 0 {
		t.LastDay = s.LastDay()
	}
	return t
}

// Append appends the 5 bytes of the answer.
func (x Term) Append(b []byte) []byte { return append(appendDate(b, x.LastDay), x.Left, x.Made) }

// Version is the answer to command 33h.
type Version struct {
	Name   [16]byte
	Serial bool // not a debug drive; never, so that nothing can be taken for a real receipt
}

// Version answers command 33h.
func (s *State) Version() Version { return Version{Name: ffd.Pad[[16]byte]("kktd fn debug")} }

// Append appends the 17 bytes of the answer.
func (x Version) Append(b []byte) []byte { return append(append(b, x.Name[:]...), bit(x.Serial, 0)) }

// Shift is the answer to command 10h. After a closing it keeps the shift that was
// closed until the next opening.
type Shift struct {
	Open     bool
	Number   uint32
	Receipts uint32
}

// ShiftParameters answers command 10h, in phase 3.
func (s *State) ShiftParameters() (Shift, error) {
	if err := s.fiscal(); err != nil {
		return Shift{}, err
	}
	return Shift{Open: s.ShiftOpen, Number: s.Shift, Receipts: s.ShiftReceipts}, nil
}

// Append appends the 5 bytes of the answer; numbers beyond two bytes stop at FFFFh.
func (x Shift) Append(b []byte) []byte {
	return appendUint16(appendUint16(append(b, bit(x.Open, 0)), x.Number), x.Receipts)
}

// Exchange is the answer to command 20h. What the drive's state does not keep, as
// it ends with the power, is for who holds the connection to fill in.
type Exchange struct {
	Connected bool // to the OFD, said with 21h
	Waiting   bool // a message was read out and has no ticket yet
	Reading   bool // between 22h and 24h or 25h
	Unsent    uint32
	First     uint32 // oldest unsent document, 0 none
	FirstTime Time
}

// ExchangeStatus answers command 20h, in phases 1 to 7; in phase 1 and in the
// autonomous mode nothing is there to send.
func (s *State) ExchangeStatus() (Exchange, error) {
	if s.Phase == PhaseSetup || s.Phase == PhaseArchive {
		return Exchange{}, s.fiscal()
	}
	return Exchange{Unsent: s.Unsent(), First: s.FirstUnsent, FirstTime: s.FirstUnsentTime}, nil
}

// Append appends the 13 bytes of the answer. Bits 3 to 5 of the first stay 0
// (spec/fn.md 4.3).
func (x Exchange) Append(b []byte) []byte {
	b = append(b, bit(x.Connected, 0)|bit(x.Unsent > 0, 1)|bit(x.Waiting, 2), bit(x.Reading, 0))
	b = binary.LittleEndian.AppendUint32(appendUint16(b, x.Unsent), x.First)
	return appendDateTime(b, x.FirstTime)
}

// UnsentCount answers command 42h; the answer stops at FFFFh. From phase 1 on.
func (s *State) UnsentCount() (uint16, error) {
	if s.Phase == PhaseSetup {
		return 0, s.fiscal()
	}
	return uint16(min(s.Unsent(), math.MaxUint16)), nil
}

// bit is a truth as one bit of a byte.
func bit(v bool, shift uint) byte {
	if v {
		return 1 << shift
	}
	return 0
}

func appendUint16(b []byte, v uint32) []byte {
	return binary.LittleEndian.AppendUint16(b, uint16(min(v, math.MaxUint16)))
}

// appendDate appends DATE: year minus 2000, month, day. Time 0, nothing, is three
// zeros.
func appendDate(b []byte, t Time) []byte {
	if t == 0 {
		return append(b, 0, 0, 0)
	}
	x := time.Unix(int64(t), 0).UTC()
	return append(b, byte(x.Year()-2000), byte(x.Month()), byte(x.Day()))
}

// appendDateTime appends DATE_TIME: DATE, hour and minute.
func appendDateTime(b []byte, t Time) []byte {
	minutes := t % day / 60
	return append(appendDate(b, t), byte(minutes/60), byte(minutes%60))
}
