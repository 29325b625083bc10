package fn

import (
	"kktd/ffd"
)

// OpenShift makes form 2 (commands 11h, 12h).
type OpenShift struct {
	Data []byte // KKT part, ffd.ShiftReport
}

// earlyOpening is how much earlier than the last document a shift may open
// (spec/fn.md 7).
const earlyOpening = 60 * 60

func (c *OpenShift) apply(m *Machine, s *State, now Time, out *Output) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	if s.ShiftOpen {
		return s.refuse(CodeState, "close the shift first", "shift %d is open", s.Shift)
	}
	if now+earlyOpening < s.LastTime {
		return s.refuse(CodeDateTime, "set the clock", "the opening is more than an hour before the last document")
	}
	if err := s.resources(now); err != nil {
		return err
	}
	s.Shift++
	s.ShiftOpen, s.ShiftOpened = true, now
	s.ShiftReceipts, s.ShiftDocuments = 0, 1
	s.ShiftTotals = ffd.Totals{}
	h := ffd.ShiftOpeningHead{Head: s.header(ffd.FormShiftOpening, now), Shift: s.Shift,
		Warnings: s.documentWarnings(now), Message: s.Messages}
	return m.finish(s, &h.Head, 0, 0, c.Data, out, h.Append)
}

// CloseShift makes form 5 (commands 13h, 14h). Neither the 24 hours nor the
// limits of memory, term and unsent documents stop it (spec/decisions.md).
type CloseShift struct {
	Data []byte // KKT part, ffd.ShiftReport
}

func (c *CloseShift) apply(m *Machine, s *State, now Time, out *Output) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	if !s.ShiftOpen {
		return s.refuse(CodeState, "open a shift first", "no shift is open")
	}
	if now < s.LastTime {
		return s.refuse(CodeDateTime, "set the clock", "time before that of the last document")
	}
	s.ShiftOpen = false
	s.ShiftDocuments++
	h := ffd.ShiftClosingHead{Head: s.header(ffd.FormShiftClosing, now), Shift: s.Shift,
		Receipts: s.ShiftReceipts, Documents: s.ShiftDocuments, Unsent: s.Unsent(),
		Offline: s.Registration.Modes.Offline, Marking: s.Registration.Modes.Conditions.Has(ffd.MarkedGoods),
		Warnings: s.documentWarnings(now), Message: s.Messages,
		Totals: &s.ShiftTotals, DriveTotals: &s.Totals, DaysLeft: s.DaysLeft(now)}
	if s.FirstUnsent != 0 {
		h.UnsentSince = uint32(s.FirstUnsentTime.Midnight())
	}
	s.Messages = 0
	return m.finish(s, &h.Head, 0, 0, c.Data, out, h.Append)
}

// fiscal refuses a command outside phase 3.
func (s *State) fiscal() error {
	if s.Phase != PhaseFiscal {
		hint := "register the drive"
		if s.Phase > PhaseFiscal {
			hint = "take a new drive"
		}
		return s.refuse(CodeState, hint, "phase %v", s.Phase)
	}
	return nil
}

// resources refuses every document but the closings when the term, the memory
// or the 30 days of unsent documents are used up (spec/fn.md 8, spec/decisions.md,
// unsent documents).
func (s *State) resources(now Time) error {
	switch {
	case now.Midnight() > s.LastDay():
		return s.refuse(CodeTermEnded, "close the drive and take a new one", "the term of %d days has ended", s.TermDays)
	case s.LastNumber >= s.Capacity:
		r := s.refuse(CodeNoSpace, "close the shift and the drive, take a new one", "all %d documents are used", s.Capacity)
		r.Full = true
		return r
	}
	return s.unsentTooLong(now)
}

// unsentTooLong refuses a document when the oldest unsent one is older than 30
// calendar days.
func (s *State) unsentTooLong(now Time) error {
	if s.blocked(now) {
		return s.refuse(CodeNoSpace, "deliver the documents to the OFD",
			"document %d is unsent for more than %d days", s.FirstUnsent, ofdBlockDays)
	}
	return nil
}

// expired tells that a shift is open for more than 24 hours.
func (s *State) expired(now Time) bool { return s.ShiftOpen && now > s.ShiftOpened+shiftSeconds }
