package fn

// NextWarning is the first moment behind now at which the warning flags can change
// by time alone; 0 when there is none. What documents and tickets change is told by
// their own states.
func (s *State) NextWarning(now Time) (next Time) {
	consider := func(t Time) {
		if t > now && (next == 0 || t < next) {
			next = t
		}
	}
	if s.FirstUnsent != 0 {
		consider(s.FirstUnsentTime + ofdWarnDays*day)
	}
	if last := s.LastDay(); s.Phase >= PhaseFiscal && last > exhaustedDays*day {
		consider(last - exhaustedDays*day)
		consider(last - replaceDays*day)
	}
	return next
}
