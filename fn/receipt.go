package fn

import (
	"kktd/ffd"
)

// Receipt makes form 3, 4, 31 or 41 (commands 15h, 17h, 16h). With Shift it opens
// a shift when none is open, and closes and opens when the open one is older
// than 24 hours, all in this one step.
type Receipt struct {
	Form      ffd.Form
	Operation ffd.Operation
	Total     uint64 // 1020, kopecks
	Data      []byte // KKT part, ffd.Receipt
	Shift     *AutoShift
}

// AutoShift holds the KKT parts of the shift reports that a receipt may need.
type AutoShift struct {
	Open, Close []byte
}

func (c *Receipt) apply(m *Machine, s *State, now Time, out *Output) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	if err := c.shift(m, s, now, out); err != nil {
		return err
	}
	switch {
	case !c.Form.IsSettlement():
		return s.refuse(noReceipt, c.Form)
	case !c.Operation.Valid():
		return s.refuse(wrongOperation, c.Operation)
	case c.Total > maxTotal:
		return s.refuseTag(ffd.TagTotalSum, totalTooLarge, c.Total, ffd.TagTotalSum, uint64(maxTotal))
	}
	if s.Registration.Modes.Conditions.Has(ffd.BSOSystem) && (c.Form == ffd.FormReceipt || c.Form == ffd.FormCorrection) {
		return s.refuse(otherForm, c.Form)
	}
	if err := s.notBefore(now); err != nil {
		return err
	}
	if err := s.resources(now); err != nil {
		return err
	}
	sums, err := s.account(c.Form, c.Data, c.Total)
	if err != nil {
		return err
	}
	s.ShiftReceipts++
	s.ShiftDocuments++
	s.ShiftTotals.Add(c.Form, c.Operation, sums.payments, &sums.vat)
	if s.ShiftTotals.Max(c.Operation) > maxTotal {
		return s.refuse(shiftTotalsOver, s.Shift, uint64(maxTotal))
	}
	s.Totals.Add(c.Form, c.Operation, sums.payments, &sums.vat)
	h := ffd.ReceiptHead{Head: s.header(c.Form, now), Shift: s.Shift, Receipt: s.ShiftReceipts,
		Operation: c.Operation, Total: c.Total}
	if err := m.finish(s, &h.Head, c.Operation, c.Total, c.Data, out, h.Append); err != nil {
		return err
	}
	out.Documents[len(out.Documents)-1].Receipt = s.ShiftReceipts
	return nil
}

// shift brings the drive to an open shift younger than 24 hours.
func (c *Receipt) shift(m *Machine, s *State, now Time, out *Output) error {
	expired := s.expired(now)
	switch {
	case s.ShiftOpen && !expired:
		return nil
	case c.Shift == nil && expired:
		return s.refuse(shiftIsOld, s.Shift, s.ShiftOpened)
	case c.Shift == nil:
		return s.refuse(shiftIsClosed)
	}
	if expired {
		if err := (&CloseShift{Data: c.Shift.Close}).apply(m, s, now, out); err != nil {
			return err
		}
	}
	return (&OpenShift{Data: c.Shift.Open}).apply(m, s, now, out)
}
