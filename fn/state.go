package fn

import (
	"fmt"
	"time"

	"kktd/ffd"
)

// Phase is the phase of life, the first byte of the status (spec/fn.md 2).
type Phase byte

// The phases; every step sets one more bit.
const (
	PhaseSetup      Phase = 0  // настройка
	PhaseReady      Phase = 1  // готовность к фискализации
	PhaseFiscal     Phase = 3  // фискальный режим
	PhasePostFiscal Phase = 7  // постфискальный режим
	PhaseArchive    Phase = 15 // чтение данных из архива
)

// String is the phase as a word.
func (p Phase) String() string {
	switch p {
	case PhaseSetup:
		return "setup"
	case PhaseReady:
		return "ready"
	case PhaseFiscal:
		return "fiscal"
	case PhasePostFiscal:
		return "post-fiscal"
	case PhaseArchive:
		return "archive"
	}
	return fmt.Sprintf("Phase(%d)", byte(p))
}

// Russian is the phase as a Russian word.
func (p Phase) Russian() string {
	switch p {
	case PhaseSetup:
		return "настройка"
	case PhaseReady:
		return "готовность к фискализации"
	case PhaseFiscal:
		return "фискальный режим"
	case PhasePostFiscal:
		return "постфискальный режим"
	case PhaseArchive:
		return "чтение данных из архива"
	}
	return fmt.Sprintf("фаза %d", byte(p))
}

// Time is a moment of the register's wall clock as tag 1012 holds it: seconds
// since 1970 of the clock's face, whole minutes (spec/ffd/encoding.md 2.1).
type Time uint32

const day = 24 * 60 * 60

// Midnight is 00:00 of the same day.
func (t Time) Midnight() Time { return t - t%day }

// String is the moment as the clock shows it: "2026-01-10 10:00".
func (t Time) String() string { return time.Unix(int64(t), 0).UTC().Format("2006-01-02 15:04") }

// State is all that a drive remembers beside its documents. It is a value: copy
// it to keep it. Counters are those of spec/fn.md 6.
type State struct {
	Drive    [16]byte // FN number, ASCII
	Model    Model
	MaxFFD   ffd.Version // highest format the drive supports
	Capacity uint32      // documents

	Phase         Phase
	Registrations uint8 // reports made, forms 1 and 11
	Registered    Time  // of the first registration
	TermDays      uint16
	Registration  Registration // in force

	LastNumber uint32 // 1040 of the last document, 0 none
	LastTime   Time
	LastForm   ffd.Form

	ShiftOpen      bool
	Shift          uint32 // 1038, of the shift that is open or was the last
	ShiftOpened    Time
	ShiftReceipts  uint32 // 1042 of the last receipt of the shift
	ShiftDocuments uint32 // documents of the shift, the opening included
	ShiftTotals    ffd.Totals
	Totals         ffd.Totals // of the drive

	// FirstUnsent is the oldest document without a ticket; the unsent ones are
	// FirstUnsent to LastNumber. 0: none.
	FirstUnsent     uint32
	FirstUnsentTime Time

	OperatorCode    byte         // 1022 of the last ticket
	OperatorWarning WarningFlags // bits 4 to 6, from tickets
	Messages        byte         // 1206 of the tickets since the last shift closing

	Failed bool // the drive has broken down (Fail): nothing but Reset and reading works
	// RegistrationDocs are the numbers of the registration reports, [index-1]; 0
	// where a state of version 1 did not keep them, save the first.
	RegistrationDocs [maxRegistrations]uint32
}

// Registration is what the drive keeps of the report in force.
type Registration struct {
	FFD        ffd.Version
	RegNumber  [20]byte // 1037, padded
	INN        [12]byte // 1018, padded
	OFDINN     [12]byte // 1017, padded
	TaxSystems ffd.TaxSystems
	Modes      ffd.Modes
}

// Blank is the state of a drive that leaves the factory, ready for
// registration.
func Blank(drive [16]byte, model Model, maxFFD ffd.Version, capacity uint32) State {
	return State{Drive: drive, Model: model, MaxFFD: maxFFD, Capacity: capacity, Phase: PhaseReady}
}

// Unsent is the number of documents without a ticket, tag 1097.
func (s *State) Unsent() uint32 {
	if s.FirstUnsent == 0 {
		return 0
	}
	return s.LastNumber - s.FirstUnsent + 1
}

// WarningFlags is the fifth byte of the status (spec/fn.md 3).
type WarningFlags byte

// The warning flags.
const (
	WarnReplace    WarningFlags = 1 << iota // 3 days or less to the end of the term
	WarnExhausted                           // 30 days or less
	WarnMemory                              // archive 99 % full
	WarnOFDTimeout                          // the oldest unsent document is 2 days old
	WarnFormat                              // an operator refused the format of a document
	WarnSettings                            // the operator asks for other exchange settings
	WarnOperator                            // the operator ceases
	WarnCritical                            // failure of the drive
)

// Warnings are the flags at a moment.
func (s *State) Warnings(now Time) WarningFlags {
	w := s.OperatorWarning
	if s.Failed {
		w |= WarnCritical
	}
	if s.Phase >= PhaseFiscal {
		if left := s.DaysLeft(now); left <= replaceDays {
			w |= WarnReplace | WarnExhausted
		} else if left <= exhaustedDays {
			w |= WarnExhausted
		}
	}
	if uint64(s.LastNumber)*100 >= uint64(s.limit())*memoryPercent {
		w |= WarnMemory
	}
	if s.unsentFor(now) >= ofdWarnDays*day {
		w |= WarnOFDTimeout
	}
	return w
}

// unsentFor is the age of the oldest unsent document in seconds.
func (s *State) unsentFor(now Time) Time {
	if s.FirstUnsent == 0 || now < s.FirstUnsentTime {
		return 0
	}
	return now - s.FirstUnsentTime
}

// LastDay is the last day of the term, midnight.
func (s *State) LastDay() Time { return s.Registered.Midnight() + Time(s.TermDays)*day }

// DaysLeft is the number of days to the last day, tag 1213; 0 after it.
func (s *State) DaysLeft(now Time) uint16 {
	if last, today := s.LastDay(), now.Midnight(); today < last {
		return uint16((last - today) / day)
	}
	return 0
}

// documentWarnings are the flags that stand in shift reports.
func (s *State) documentWarnings(now Time) ffd.Warnings {
	w := s.Warnings(now)
	return ffd.Warnings{Exhausted: w&WarnExhausted != 0, Replace: w&WarnReplace != 0,
		MemoryFull: w&WarnMemory != 0, OFDTimeout: w&WarnOFDTimeout != 0}
}
