package fn

import (
	"encoding/binary"
	"errors"
	"fmt"

	"kktd/ffd"
)

// stateVersion is the first byte of the stored form. A new field gets a new
// version; older ones are still read and take the new field's zero.
//
//	1  the first
//	2  Failed, RegistrationDocs
const stateVersion = 2

// ErrState is returned when a stored state does not decode. The drive is out of
// service then; nothing is repaired.
var ErrState = errors.New("fn: stored state cannot be read")

// ErrNewerState is returned when a state was stored by a newer kktd.
var ErrNewerState = errors.New("fn: stored state is of a newer version")

// AppendBinary appends the stored form of the state: a version byte, then fixed
// strings and variable-length numbers, some 150 to 900 bytes. It never fails.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	w := stateCoder{b: append(b, stateVersion), version: stateVersion}
	s.code(&w)
	return w.b, nil
}

// ParseState reads what AppendBinary wrote, of this or an older version.
func ParseState(b []byte) (State, error) {
	var s State
	if len(b) == 0 {
		return s, fmt.Errorf("%w: empty", ErrState)
	}
	if b[0] > stateVersion {
		return s, fmt.Errorf("%w: version %d, this kktd reads up to %d; use a newer kktd", ErrNewerState, b[0], stateVersion)
	}
	if b[0] == 0 {
		return s, fmt.Errorf("%w: version 0", ErrState)
	}
	r := stateCoder{b: b[1:], reading: true, version: b[0]}
	s.code(&r)
	if r.version < 2 && s.Registrations > 0 {
		s.RegistrationDocs[0] = 1
	}
	switch {
	case r.failed:
		return State{}, fmt.Errorf("%w: ends or overflows at byte %d of %d", ErrState, len(b)-len(r.b), len(b))
	case len(r.b) != 0:
		return State{}, fmt.Errorf("%w: %d bytes behind its end", ErrState, len(r.b))
	}
	if why := s.impossible(); why != "" {
		return State{}, fmt.Errorf("%w: %s", ErrState, why)
	}
	return s, nil
}

// impossible tells what the machine could not work with; "" when nothing is.
// Whether the state agrees with the documents is for who has them to say.
func (s *State) impossible() string {
	switch s.Phase {
	case PhaseSetup, PhaseReady, PhaseFiscal, PhasePostFiscal, PhaseArchive:
	default:
		return fmt.Sprintf("phase %d", byte(s.Phase))
	}
	switch {
	case !s.Model.Valid():
		return fmt.Sprintf("a drive of %d months", uint8(s.Model))
	case s.Registrations > maxRegistrations:
		return fmt.Sprintf("%d registration reports", s.Registrations)
	}
	return ""
}

// stateCoder writes or reads fields, so that one list of fields, State.code,
// serves both ways.
type stateCoder struct {
	b       []byte // written so far, or still to be read
	reading bool
	failed  bool
	version byte // of the form
}

func (c *stateCoder) raw(v []byte) {
	switch {
	case !c.reading:
		c.b = append(c.b, v...)
	case len(c.b) < len(v):
		c.failed = true
	default:
		copy(v, c.b)
		c.b = c.b[len(v):]
	}
}

// num codes one number of any width.
func num[T ~uint8 | ~uint16 | ~uint32 | ~uint64](c *stateCoder, v *T) {
	if !c.reading {
		c.b = binary.AppendUvarint(c.b, uint64(*v))
		return
	}
	x, n := binary.Uvarint(c.b)
	if n <= 0 || x > uint64(^T(0)) {
		c.failed = true
		return
	}
	*v, c.b = T(x), c.b[n:]
}

func truth(c *stateCoder, v *bool) {
	var x uint8
	if *v {
		x = 1
	}
	num(c, &x)
	*v = x == 1
	c.failed = c.failed || x > 1
}

// code lists the fields in their stored order, newer ones behind the older.
func (s *State) code(c *stateCoder) {
	c.raw(s.Drive[:])
	num(c, &s.Model)
	num(c, &s.MaxFFD)
	num(c, &s.Capacity)
	num(c, &s.Phase)
	num(c, &s.Registrations)
	num(c, &s.Registered)
	num(c, &s.TermDays)
	r := &s.Registration
	num(c, &r.FFD)
	c.raw(r.RegNumber[:])
	c.raw(r.INN[:])
	c.raw(r.OFDINN[:])
	num(c, &r.TaxSystems)
	truth(c, &r.Modes.Encryption)
	truth(c, &r.Modes.Offline)
	truth(c, &r.Modes.Automatic)
	num(c, &r.Modes.Conditions)
	num(c, &s.LastNumber)
	num(c, &s.LastTime)
	num(c, &s.LastForm)
	truth(c, &s.ShiftOpen)
	num(c, &s.Shift)
	num(c, &s.ShiftOpened)
	num(c, &s.ShiftReceipts)
	num(c, &s.ShiftDocuments)
	codeTotals(c, &s.ShiftTotals)
	codeTotals(c, &s.Totals)
	num(c, &s.FirstUnsent)
	num(c, &s.FirstUnsentTime)
	num(c, &s.OperatorCode)
	num(c, &s.OperatorWarning)
	num(c, &s.Messages)
	if c.version < 2 {
		return
	}
	truth(c, &s.Failed)
	for i := range s.RegistrationDocs {
		num(c, &s.RegistrationDocs[i])
	}
}

func codeTotals(c *stateCoder, t *ffd.Totals) {
	for i := range t.Receipts {
		codeSettlements(c, &t.Receipts[i])
	}
	for i := range t.Corrections {
		codeSettlements(c, &t.Corrections[i])
	}
}

func codeSettlements(c *stateCoder, t *ffd.SettlementTotals) {
	num(c, &t.Count)
	for _, v := range [...]*uint64{&t.Payments.Cash, &t.Payments.Cashless, &t.Payments.Prepaid, &t.Payments.Credit, &t.Payments.Provision, &t.Total} {
		num(c, v)
	}
	for i := range t.VAT {
		num(c, &t.VAT[i])
	}
}
