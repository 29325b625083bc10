package fn

import "kktd/ffd"

// CloseDrive makes form 6, the last document of the drive (commands 04h, 05h),
// with the shift closed. Phase 3 goes to 7, where documents still go to the OFD
// and form 21 can be made, and to 15 with the last ticket; at once in the
// autonomous mode, where nothing waits for a ticket (spec/fn.md 2).
//
// Neither the end of the term nor a full memory stops it, 30 days of unsent
// documents do (spec/decisions.md, unsent documents).
type CloseDrive struct {
	Data []byte // KKT part, ffd.DriveClosing
}

func (c *CloseDrive) apply(m *Machine, s *State, now Time, out *Output) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	if s.ShiftOpen {
		return s.refuse(shiftIsOpen, s.Shift)
	}
	if err := s.notBefore(now); err != nil {
		return err
	}
	if err := s.unsentTooLong(now); err != nil {
		return err
	}
	h := ffd.DriveClosingHead{Head: s.header(ffd.FormDriveClosing, now), Shift: s.Shift, Totals: &s.Totals}
	if err := m.finish(s, &h.Head, 0, 0, c.Data, out, h.Append); err != nil {
		return err
	}
	if s.Phase = PhasePostFiscal; s.FirstUnsent == 0 {
		s.Phase = PhaseArchive
	}
	return nil
}
