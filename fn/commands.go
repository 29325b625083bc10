package fn

import (
	"kktd/ffd"
)

// OpenShift makes form 2 (commands 11h, 12h).
type OpenShift struct {
	Data []byte // KKT part, ffd.ShiftReport
}

func (c *OpenShift) apply(m *Machine, s *State, now Time, out *Output) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	if s.ShiftOpen {
		return s.refuse(shiftIsOpen, s.Shift)
	}
	if now+earlyOpening < s.LastTime {
		return s.refuse(openingTooEarly, now, s.LastNumber, s.LastTime)
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
		return s.refuse(shiftIsClosed)
	}
	if err := s.notBefore(now); err != nil {
		return err
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
