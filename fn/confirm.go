package fn

import (
	"bytes"
	"errors"
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
)

// TicketMode says how strictly signs of a ticket are checked
// (spec/decisions.md, ticket check).
type TicketMode byte

// The modes.
const (
	// TicketLenient takes a ticket without signs. Signs of an operator that uses
	// the shared debug key, which is the one with TestOFDINN, must verify.
	TicketLenient TicketMode = iota
	TicketStrict             // both signs must be there and verify with the shared debug key
	TicketOff                // signs are not looked at
)

// TestOFDINN is the INN of kktd's own test operator. It has right check digits
// and a first part that no tax office gives.
const TestOFDINN = "9999000013"

// Confirm stores the ticket for the oldest unsent document (command 26h).
type Confirm struct {
	Container []byte // of the answer, without the session header
	Mode      TicketMode
	// NextTime is the time of the document after the confirmed one, which becomes
	// the oldest; not used when there is none.
	NextTime Time
}

func (c *Confirm) apply(m *Machine, s *State, _ Time, _ *Output) error {
	switch {
	case s.Phase != PhaseFiscal && s.Phase != PhasePostFiscal:
		return s.fiscal()
	case s.Registration.Modes.Offline:
		return s.refuse(noExchange)
	case s.FirstUnsent == 0:
		return s.refuse(nothingWaits)
	}
	t, err := m.CheckTicket(s.Drive, s.FirstUnsent, c.Mode, c.Container)
	if err != nil {
		return err
	}
	s.OperatorCode = t.Code
	s.OperatorWarning = operatorWarning(s.Registration.FFD, &t)
	s.Messages |= t.Message & messageMask(s.Registration.FFD)
	s.confirmed(c.NextTime)
	return nil
}

// confirmed takes the oldest unsent document out of the range; next is the time
// of the one after it.
func (s *State) confirmed(next Time) {
	s.FirstUnsent++
	if s.FirstUnsentTime = next; s.FirstUnsent > s.LastNumber {
		s.FirstUnsent, s.FirstUnsentTime = 0, 0
		if s.Phase == PhasePostFiscal {
			s.Phase = PhaseArchive
		}
	}
}

// messageBits are the bits of 1206 by their three meanings for the drive.
type messageBits struct{ format, settings, ceases byte }

// bitsOf1206 gives the mask of the version (spec/decisions.md, 1206 bits).
func bitsOf1206(v ffd.Version) messageBits {
	if v >= ffd.V120 {
		return messageBits{format: 0x02, settings: 0x20, ceases: 0x40}
	}
	return messageBits{format: 0x02, settings: 0x40, ceases: 0x80}
}

func messageMask(v ffd.Version) byte {
	b := bitsOf1206(v)
	return b.format | b.settings | b.ceases
}

// operatorWarning gives bits 4 to 6 after a ticket: they follow the last ticket
// (spec/fn.md 3). Any code but 0 counts as a refused format
// (spec/ofd-protocol.md 8.3).
func operatorWarning(v ffd.Version, t *ffd.Confirmation) WarningFlags {
	bits := bitsOf1206(v)
	var w WarningFlags
	if t.Code != ffd.OFDAccepted || t.Message&bits.format != 0 {
		w |= WarnFormat
	}
	if t.Message&bits.settings != 0 {
		w |= WarnSettings
	}
	if t.Message&bits.ceases != 0 {
		w |= WarnOperator
	}
	return w
}

// ticketChecker keeps the key of the last operator it met.
type ticketChecker struct {
	master []byte
	inn    [12]byte
	signer OperatorSigner
}

func (c *ticketChecker) of(inn [12]byte) OperatorSigner {
	if c.signer.mac == nil || c.inn != inn {
		c.inn, c.signer = inn, NewOperatorSigner(c.master, inn)
	}
	return c.signer
}

// CheckTicket checks an answer to a document without a change of state: form of
// the header, CRC, drive, number, form of the body, signs, in this order
// (spec/ofd-protocol.md 8.2). The error is a *Refusal with CodeTicket and a
// Reason.
func (m *Machine) CheckTicket(drive [16]byte, number uint32, mode TicketMode, container []byte) (ffd.Confirmation, error) {
	refuse := func(r Reason, why string) (ffd.Confirmation, error) {
		s := State{Drive: drive}
		err := s.refuseFor(number, ticketRefused, ticketText{r, why})
		err.Reason = r
		return ffd.Confirmation{}, err
	}
	c, err := ofdproto.ParseContainer(container)
	if errors.Is(err, ofdproto.ErrCRC) {
		return refuse(ReasonCRC, err.Error())
	}
	if err != nil {
		return refuse(ReasonFormat, err.Error())
	}
	if got, err := ofdproto.UnpackDrive(c.ContainerHeader.Drive); err != nil || got != drive {
		return refuse(ReasonDrive, "container for drive "+ofdproto.DriveString(got))
	}
	if why := checkNumber(c.ContainerHeader, number, mode); why != "" {
		return refuse(ReasonNumber, why)
	}
	t, err := ffd.ParseConfirmation(c.Document)
	switch {
	case err != nil:
		return refuse(ReasonFormat, err.Error())
	case t.Drive != drive:
		return refuse(ReasonDrive, "tag 1041 names another drive")
	case t.Number != number:
		return refuse(ReasonNumber, "tag 1040 has another document number")
	case mode == TicketOff:
		return t, nil
	}
	if why := m.ticket.checkSigns(&t, c, mode); why != "" {
		return refuse(ReasonSign, why)
	}
	return t, nil
}

// checkNumber returns why the number of a container is not that of the document, "" when it is. A text of three digits stands for
// every number that begins with them: there is no room for more, and tag 1040 has the whole number.
func checkNumber(h ofdproto.ContainerHeader, number uint32, mode TicketMode) string {
	if h.Number == number {
		return ""
	}
	text, isText := h.DocumentNumber()
	for number >= 1000 {
		number /= 10
	}
	switch {
	case !isText || text != number:
		return "the container has another document number"
	case mode == TicketStrict:
		return fmt.Sprintf("the container has document number %d as text, a real operator sends three bytes; ticket-check lenient takes it", text)
	}
	return ""
}

// ticketText is what is wrong with a ticket; the details are English.
type ticketText struct {
	reason Reason
	why    string
}

func (t ticketText) String() string  { return t.why }
func (t ticketText) Russian() string { return t.reason.Russian() }

// checkSigns returns why the signs are not good, "" when they are.
func (c *ticketChecker) checkSigns(t *ffd.Confirmation, container ofdproto.Container, mode TicketMode) string {
	var tail ofdproto.Tail
	if len(container.Tail) > 0 {
		var err error
		if tail, err = ofdproto.ParseTail(container.Tail); err != nil || tail.Kind != ofdproto.TailConfirmation {
			return "the tail is no confirmation sign"
		}
	}
	if mode == TicketStrict && (t.Sign == nil || len(container.Tail) == 0) {
		return "a sign is missing and the check is strict"
	}
	if mode == TicketLenient && t.OFDINN != ffd.Pad[[12]byte](TestOFDINN) {
		return ""
	}
	signer := c.of(t.OFDINN)
	if want := signer.ConfirmationSign(t); t.Sign != nil && !bytes.Equal(t.Sign, want[:]) {
		return "1078 does not verify"
	}
	if len(container.Tail) > 0 && signer.MessageSign(container.Document) != tail.Sign {
		return "the sign of the confirmation does not verify"
	}
	return ""
}
