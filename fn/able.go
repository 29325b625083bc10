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
