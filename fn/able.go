package fn

// Able tells why the drive refuses every receipt at the moment, whatever it
// holds: its phase, its term, its memory, documents that wait too long for the
// OFD. It is nil when a receipt can be made. Errors: *Refusal.
func (s *State) Able(now Time) error {
	if err := s.fiscal(); err != nil {
		return err
	}
	return s.resources(now)
}

// Room tells whether the memory holds so many receipts more; with reports, those of the
// shift that the first of them needs too.
func (s *State) Room(now Time, receipts int, reports bool) bool {
	need := receipts
	if reports && (!s.ShiftOpen || s.expired(now)) {
		need++ // the opening
	}
	if reports && s.expired(now) {
		need++
	}
	return int64(s.LastNumber)+int64(need) <= int64(s.limit())
}
