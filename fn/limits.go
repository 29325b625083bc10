package fn

import "kktd/ofdproto"

const (
	exhaustedDays = 30 // spec/decisions.md, 1050, 1051
	replaceDays   = 3
	memoryPercent = 99 // spec/decisions.md, capacity
	ofdWarnDays   = 2  // spec/decisions.md, unsent documents
	ofdBlockDays  = 30
	shiftSeconds  = 24 * 60 * 60
	// earlyOpening is how much earlier than the last document a shift may open
	// (spec/fn.md 7).
	earlyOpening = 60 * 60
	// maxRegistrations is the number of registration reports in the life of a
	// drive (spec/decisions.md).
	maxRegistrations = 12
	// maxTotal is the greatest total of a receipt and of the counters of a shift,
	// kopecks: 5 bytes in the commands (spec/fn.md 4.2, spec/kkt.md 5.1).
	maxTotal = 1<<40 - 1
	// closings are the documents that a full drive has room for: of the shift and
	// of the drive (spec/decisions.md, capacity).
	closings = 2
	// year2000 is the first date that the drive's commands can say: DATE has the
	// year minus 2000 (spec/fn.md 1).
	year2000 Time = 946_684_800
)

// limit is the number of documents before the closings: the capacity, and never
// more than the three bytes of a container can number.
func (s *State) limit() uint32 { return min(s.Capacity, ofdproto.MaxNumber-closings) }

// fiscal refuses a command outside phase 3.
func (s *State) fiscal() error {
	switch {
	case s.Phase == PhaseFiscal:
		return nil
	case s.Phase == PhaseSetup:
		return s.refuse(inSetup, s.Phase)
	case s.Phase < PhaseFiscal:
		return s.refuse(notRegistered, s.Phase)
	}
	return s.refuse(closedDrive, s.Phase)
}

// notBefore refuses a time before that of the last document.
func (s *State) notBefore(now Time) error {
	if now < s.LastTime {
		return s.refuse(timeWentBack, now, s.LastNumber, s.LastTime)
	}
	return nil
}

// resources refuses every document but the closings when the term, the memory or
// the 30 days of unsent documents are used up (spec/fn.md 8, spec/decisions.md,
// unsent documents).
func (s *State) resources(now Time) error {
	switch {
	case now.Midnight() > s.LastDay():
		return s.refuse(termIsOver, s.TermDays, s.LastDay())
	case s.LastNumber >= s.limit():
		p, n := memoryIsFull, s.Capacity
		if s.LastNumber < s.Capacity {
			p, n = numbersAreOver, s.LastNumber
		}
		r := s.refuse(p, n)
		r.Full = true
		return r
	}
	return s.unsentTooLong(now)
}

// unsentTooLong refuses a document when the oldest unsent one is older than 30
// calendar days.
func (s *State) unsentTooLong(now Time) error {
	if s.FirstUnsent != 0 && now.Midnight() > s.FirstUnsentTime.Midnight()+ofdBlockDays*day {
		return s.refuse(unsentIsOld, s.FirstUnsent, s.FirstUnsentTime)
	}
	return nil
}

// expired tells that a shift is open for more than 24 hours.
func (s *State) expired(now Time) bool { return s.ShiftOpen && now > s.ShiftOpened+shiftSeconds }
