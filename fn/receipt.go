package fn

import (
	"kktd/ffd"
	"kktd/tlv"
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

// maxTotal is the greatest total: 5 bytes in command 16h (spec/fn.md 4.2).
const maxTotal = 1<<40 - 1

func (c *Receipt) apply(m *Machine, s *State, now Time, out *Output) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	if err := c.shift(m, s, now, out); err != nil {
		return err
	}
	switch {
	case !c.Form.IsSettlement():
		return s.refuse(CodeFormat, "", "form %d is no receipt", c.Form)
	case !c.Operation.Valid():
		return s.refuse(CodeValue, "1 to 4", "operation %d", c.Operation)
	case c.Total > maxTotal:
		return s.refuse(CodeValue, "", "total of %d kopecks, at most %d", c.Total, uint64(maxTotal))
	case now < s.LastTime:
		return s.refuse(CodeDateTime, "set the clock", "time before that of the last document")
	}
	if err := s.resources(now); err != nil {
		return err
	}
	sums, err := s.account(c.Data, c.Total)
	if err != nil {
		return err
	}
	s.ShiftReceipts++
	s.ShiftDocuments++
	s.ShiftTotals.Add(c.Form, c.Operation, sums.payments, &sums.vat)
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
		return s.refuse(CodeShiftTooLong, "close the shift and open another", "shift %d is older than 24 hours", s.Shift)
	case c.Shift == nil:
		return s.refuse(CodeState, "open a shift", "no shift is open")
	}
	if expired {
		if err := (&CloseShift{Data: c.Shift.Close}).apply(m, s, now, out); err != nil {
			return err
		}
	}
	return (&OpenShift{Data: c.Shift.Open}).apply(m, s, now, out)
}

// sums is what the drive counts of a receipt.
type sums struct {
	payments ffd.Payments
	vat      ffd.VATTotals
}

// account reads the sums out of the data, as a drive does, and refuses totals
// that do not add up.
func (s *State) account(data []byte, total uint64) (sums, error) {
	var x sums
	r := tlv.NewReader(data, 0)
	seen := 0
	for r.Next() {
		it := r.Item()
		to := paymentOf(&x.payments, it.Tag)
		switch {
		case to != nil:
			seen++
		case it.Tag == ffd.TagAppliedTaxSystem:
			if err := s.checkTaxSystem(it.Value); err != nil {
				return x, err
			}
			continue
		default:
			if to = vatOf(&x.vat, it.Tag); to == nil {
				continue
			}
		}
		v, err := tlv.Uint(it.Value)
		if err != nil {
			return x, s.refuse(CodeFormat, "", "tag %d at offset 0x%x: %v", it.Tag, it.Offset, err)
		}
		*to = v
	}
	if err := r.Err(); err != nil {
		return x, s.refuse(CodeFormat, "", "%v", err)
	}
	if seen == 0 {
		return x, s.refuse(CodeMissingTag, "send 1031, 1081, 1215, 1216, 1217", "no payment")
	}
	if sum := x.payments.Total(); sum != total {
		return x, s.refuse(CodeValue, "", "the payments are %d kopecks, the total is %d", sum, total)
	}
	return x, nil
}

// vatOf is the total of a rate that a tag of a receipt holds; nil for other tags.
// The rates of 1115 have no counter (spec/ffd/documents.md, counters).
func vatOf(t *ffd.VATTotals, tag uint16) *uint64 {
	switch tag {
	case ffd.TagVAT20Sum:
		return &t[ffd.VAT20]
	case ffd.TagVAT10Sum:
		return &t[ffd.VAT10]
	case ffd.TagVAT0TurnoverSum:
		return &t[ffd.VAT0]
	case ffd.TagNoVATTurnoverSum:
		return &t[ffd.VATNone]
	case ffd.TagVAT20120Sum:
		return &t[ffd.VAT20120]
	case ffd.TagVAT10110Sum:
		return &t[ffd.VAT10110]
	}
	return nil
}

// checkTaxSystem refuses a taxation system that is not registered.
func (s *State) checkTaxSystem(value []byte) error {
	v, err := tlv.Uint(value)
	if t := ffd.TaxSystems(v); err != nil || v > 0xFF || !t.Single() || !s.Registration.TaxSystems.Has(t) {
		return s.refuse(CodeContradiction, "use one of the registered systems",
			"taxation system %X, registered are %02Xh", value, byte(s.Registration.TaxSystems))
	}
	return nil
}
