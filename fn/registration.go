package fn

import (
	"bytes"

	"kktd/ffd"
)

// ReplacesDrive is the bit of 1205 that says that the drive is new in a register
// that was registered before (spec/kkt.md 4).
const ReplacesDrive = 1 << 0

// Register makes form 1 or form 11 (commands 02h, A2h and 03h, A3h):
//
//   - in phase 1 without Reasons form 1, as document 1 of the drive;
//   - in phase 1 with ReplacesDrive among them form 11, as document 1: the drive
//     replaces another one, which was closed with CloseDrive;
//   - in phase 3 with other Reasons form 11, a change of registration.
//
// A change needs a closed shift. It may raise the version of the format, never
// lower it, and may go over to the autonomous mode only when no document waits
// for its ticket, since no exchange would bring it any more.
type Register struct {
	Registration Registration
	Data         []byte // KKT part, ffd.Registration
	Reasons      uint32 // 1205, of form 11; at least one bit
}

func (c *Register) apply(m *Machine, s *State, now Time, out *Output) error {
	r := &c.Registration
	form := ffd.FormRegistration
	if c.Reasons != 0 {
		form = ffd.FormReregistration
	}
	if err := c.checkPhase(s); err != nil {
		return err
	}
	switch {
	case !r.FFD.Writable() || r.FFD > s.MaxFFD:
		return s.refuse(versionTooHigh, r.FFD, s.MaxFFD)
	case r.Modes.Encryption:
		return s.refuse(encrypted)
	case r.TaxSystems == 0 || r.TaxSystems&^ffd.TaxAllSystems != 0:
		return s.refuse(noTaxSystem, byte(r.TaxSystems))
	}
	if s.Phase == PhaseFiscal {
		if err := c.checkChange(s, now); err != nil {
			return err
		}
	}
	fresh := s.Phase == PhaseReady
	if fresh {
		s.Registered = now
	}
	if !bytes.Equal(r.OFDINN[:], s.Registration.OFDINN[:]) {
		// What an operator said does not hold for the next one (spec/fn.md 3).
		s.OperatorWarning &^= WarnSettings | WarnOperator
	}
	s.Messages = translateMessages(s.Messages, s.Registration.FFD, r.FFD)
	s.Phase = PhaseFiscal
	s.Registration = *r
	s.TermDays = s.Model.termDays(r)
	if now.Midnight() > s.LastDay() {
		return s.refuse(termTooShort, s.TermDays, s.LastDay())
	}
	s.RegistrationDocs[s.Registrations] = s.LastNumber + 1
	s.Registrations++
	h := ffd.RegistrationHead{Head: s.header(form, now), DriveMax: s.MaxFFD, OFDINN: r.OFDINN,
		TaxSystems: r.TaxSystems, Modes: r.Modes, Reasons: c.Reasons, DaysLeft: s.DaysLeft(now)}
	if !fresh {
		h.Totals = &s.Totals
	}
	return m.finish(s, &h.Head, 0, 0, c.Data, out, h.Append)
}

// checkPhase refuses a report that the phase, the shift or the drive's past does
// not allow.
func (c *Register) checkPhase(s *State) error {
	replaces := c.Reasons&ReplacesDrive != 0
	switch {
	case s.Registrations >= maxRegistrations && s.Phase <= PhaseFiscal:
		return s.refuse(registrationsOver, s.Registrations)
	case s.Phase == PhaseReady && c.Reasons != 0 && !replaces:
		return s.refuse(changeOfNothing, s.Phase)
	case s.Phase == PhaseReady:
	case s.Phase != PhaseFiscal:
		return s.fiscal()
	case c.Reasons == 0:
		return s.refuse(registeredAlready)
	case replaces:
		return s.refuse(replacesNothing)
	case s.ShiftOpen:
		return s.refuse(shiftIsOpen, s.Shift)
	}
	return nil
}

// checkChange refuses a change that the drive's limits do not allow.
func (c *Register) checkChange(s *State, now Time) error {
	r := &c.Registration
	switch {
	case r.FFD < s.Registration.FFD:
		return s.refuse(versionLowered, r.FFD, s.Registration.FFD)
	case r.Modes.Offline && s.FirstUnsent != 0:
		return s.refuse(unsentOffline, s.Unsent())
	}
	if err := s.notBefore(now); err != nil {
		return err
	}
	return s.resources(now)
}

// translateMessages carries the bits of 1206 over to the masks of another
// version.
func translateMessages(messages byte, from, to ffd.Version) (bits byte) {
	old, now := bitsOf1206(from), bitsOf1206(to)
	if messages&old.format != 0 {
		bits |= now.format
	}
	if messages&old.settings != 0 {
		bits |= now.settings
	}
	if messages&old.ceases != 0 {
		bits |= now.ceases
	}
	return bits
}

// Reset wipes a debug drive (command 60h with code 16h): it goes back to phase 1
// from any phase and forgets all but its number, model, highest format and
// capacity. It makes no document. The caller's store must give the drive a new
// archive, as numbers begin at 1 again.
type Reset struct{}

// Debug tells a debug drive: its number begins with 9999 (spec/kkt.md 8). One
// with another number plays a serial drive and cannot be wiped.
func (s *State) Debug() bool { return bytes.HasPrefix(s.Drive[:], []byte("9999")) }

func (*Reset) apply(_ *Machine, s *State, _ Time, _ *Output) error {
	if !s.Debug() {
		return s.refuse(serialDrive)
	}
	*s = Blank(s.Drive, s.Model, s.MaxFFD, s.Capacity)
	return nil
}

// Fail breaks the drive down: a critical error, bit 7 of the warning flags. From
// then on every command is refused with 03h, until a debug drive is reset; the
// archive can still be read. It makes no document.
type Fail struct{}

func (*Fail) apply(_ *Machine, s *State, _ Time, _ *Output) error {
	s.Failed = true
	return nil
}
