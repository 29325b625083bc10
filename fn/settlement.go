package fn

import (
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// SettlementState makes form 21 (commands 18h, 19h), in phase 3 with the shift
// open or closed, and in phase 7. In an open shift it is one of the shift's
// documents and is bound to its 24 hours.
type SettlementState struct {
	Data []byte // KKT part, ffd.SettlementState
	// Documents reads the unsent documents, whose totals are tag 1158. The state
	// does not keep them: tickets come by the thousand and this report hardly
	// ever, and a sum that lives in the state would need the document that each
	// ticket confirms. It must find every document that the state knows of, those
	// not yet stored included. Needed from FFD 1.1 on while documents are unsent.
	Documents DocumentReader
}

func (c *SettlementState) apply(m *Machine, s *State, now Time, out *Output) error {
	if s.Phase != PhasePostFiscal {
		if err := s.fiscal(); err != nil {
			return err
		}
	}
	if s.expired(now) {
		return s.refuse(shiftIsOld, s.Shift, s.ShiftOpened)
	}
	if err := s.notBefore(now); err != nil {
		return err
	}
	if err := s.resources(now); err != nil {
		return err
	}
	if s.ShiftOpen {
		s.ShiftDocuments++
	}
	modes := &s.Registration.Modes
	h := ffd.SettlementStateHead{Head: s.header(ffd.FormSettlementState, now), Shift: s.Shift, Offline: modes.Offline,
		FirstUnsent: s.FirstUnsent, Unsent: s.Unsent(), Marking: modes.Conditions.Has(ffd.MarkedGoods),
		DaysLeft: s.DaysLeft(now), Totals: &s.Totals}
	if s.FirstUnsent != 0 {
		h.UnsentSince = uint32(s.FirstUnsentTime.Midnight())
		if s.Registration.FFD >= ffd.V110 {
			totals, err := s.unsentTotals(c.Documents)
			if err != nil {
				return err
			}
			h.UnsentTotals = &totals
		}
	}
	return m.finish(s, &h.Head, 0, 0, c.Data, out, h.Append)
}

// unsentTotals is tag 1158: the receipts and corrections among the unsent
// documents.
func (s *State) unsentTotals(docs DocumentReader) (totals ffd.OperationTotals, err error) {
	if docs == nil {
		return totals, fmt.Errorf("drive %s: tag 1158 needs the unsent documents and nothing reads them", s.Drive[:])
	}
	next := s.FirstUnsent
	err = docs.Documents(next, int(s.Unsent()), func(number uint32, container, _ []byte) error {
		if number != next {
			return fmt.Errorf("document %d is missing", next)
		}
		next++
		box, err := ofdproto.ParseContainer(container)
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		doc := tlv.NewReader(box.Document, 0)
		if !doc.Next() {
			return fmt.Errorf("document %d: %w", number, doc.Err())
		}
		if !ffd.Form(doc.Item().Tag).IsSettlement() {
			return nil
		}
		op, payments, err := settlement(doc.Item())
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		totals.Add(op, payments)
		return nil
	})
	if err == nil && next <= s.LastNumber {
		err = fmt.Errorf("document %d is missing", next)
	}
	if err != nil {
		return totals, fmt.Errorf("drive %s: totals of unsent documents: %w", s.Drive[:], err)
	}
	return totals, nil
}

// settlement reads operation and payments of a receipt or correction.
func settlement(doc tlv.Item) (op ffd.Operation, p ffd.Payments, err error) {
	r := doc.Children()
	for r.Next() {
		it := r.Item()
		to := paymentOf(&p, it.Tag)
		if to == nil && it.Tag != ffd.TagSettlementType {
			continue
		}
		v, err := tlv.Uint(it.Value)
		if err != nil {
			return op, p, fmt.Errorf("tag %d: %w", it.Tag, err)
		}
		if to == nil {
			op = ffd.Operation(v)
			continue
		}
		*to = v
	}
	if err := r.Err(); err != nil {
		return op, p, err
	}
	if !op.Valid() {
		return op, p, fmt.Errorf("tag %d: no operation", ffd.TagSettlementType)
	}
	return op, p, nil
}
