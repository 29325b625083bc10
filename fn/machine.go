package fn

import (
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// Document is one document that the drive finished and signed.
type Document struct {
	Number    uint32
	Form      ffd.Form
	Time      Time
	Sign      uint32 // the printed ФП
	Shift     uint32
	Receipt   uint32 // number in the shift, of receipts and corrections
	Container []byte // as it goes to the OFD
}

// TLV is the document without container header and tail.
func (d *Document) TLV() []byte {
	return d.Container[ofdproto.ContainerHeaderLen : len(d.Container)-ofdproto.TailLen]
}

// Output collects the documents of one or more commands in one buffer. The zero
// Output is ready for use.
type Output struct {
	Documents []Document
	buf       []byte
	next      State // scratch, so that a refused command leaves no trace
}

// Reset forgets the documents and keeps the memory.
func (o *Output) Reset() { o.Documents, o.buf = o.Documents[:0], o.buf[:0] }

// Command is something that the register tells the drive to do.
type Command interface {
	apply(m *Machine, s *State, now Time, out *Output) error
}

// Machine carries out commands for one drive.
type Machine struct {
	sign   driveSigner
	ticket ticketChecker
}

// NewMachine makes the machine of a drive with the master key of the
// installation.
func NewMachine(master []byte, drive [16]byte) *Machine {
	return &Machine{sign: newDriveSigner(master, drive), ticket: ticketChecker{master: master}}
}

// Apply carries out a command at a moment of the register's wall clock. Without
// an error s is the new state and out has the documents that were made; with one
// (a *Refusal, or a *ffd.FieldError that names what cannot be written) both are
// as they were.
func (m *Machine) Apply(s *State, c Command, now Time, out *Output) error {
	if _, reset := c.(*Reset); s.Failed && !reset {
		return s.refuse(failed)
	}
	out.next = *s
	documents, size := len(out.Documents), len(out.buf)
	if err := c.apply(m, &out.next, now-now%60, out); err != nil {
		out.Documents, out.buf = out.Documents[:documents], out.buf[:size]
		return err
	}
	*s = out.next
	return nil
}

// header starts the head of the next document.
func (s *State) header(form ffd.Form, now Time) ffd.Head {
	r := &s.Registration
	return ffd.Head{Version: r.FFD, Form: form, Drive: s.Drive, RegNumber: r.RegNumber, INN: r.INN,
		Number: s.LastNumber + 1, Time: uint32(now)}
}

// finish makes the document: container header, FN part, the data of the
// register, tail. head appends the FN part once the sign is set.
func (m *Machine) finish(s *State, h *ffd.Head, op ffd.Operation, total uint64, data []byte, out *Output, head func([]byte) []byte) error {
	if Time(h.Time) < year2000 {
		return s.refuse(dateTooEarly, Time(h.Time))
	}
	if err := s.checkData(h, data); err != nil {
		return err
	}
	shift := s.Shift
	if h.Form == ffd.FormRegistration || h.Form == ffd.FormReregistration {
		shift = 0
	}
	h.Sign = m.sign.documentSign(h, shift, op, total)
	start := len(out.buf)
	b := grow(out.buf, ofdproto.ContainerHeaderLen+len(data)+2048)
	b = b[:start+ofdproto.ContainerHeaderLen]
	b, at := tlv.Begin(b, uint16(h.Form))
	b = head(b)
	b = append(b, data...)
	if n := len(b) - at; n > h.Form.MaxLen() {
		return s.refuse(documentTooLong, n, h.Form, h.Form.MaxLen())
	}
	_ = tlv.End(b, at) // MaxLen is below 64 KiB
	n := len(b) - start - ofdproto.ContainerHeaderLen
	if _, err := ofdproto.AppendContainerHeader(b[:start], ofdproto.ContainerParams{
		Type: ofdproto.FromRegister, Form: byte(h.Form), Drive: s.Drive, Number: h.Number,
		Service2Hash: m.sign.service2(s.Drive, h.Number),
	}, n); err != nil {
		return s.refuse(badContainer, err)
	}
	b = ofdproto.Tail{Kind: ofdproto.TailMessage, Sign: m.sign.messageSign(b[start:])}.Append(b)
	if err := ofdproto.SealContainer(b[start:]); err != nil {
		return fmt.Errorf("drive %s: %w", s.Drive, err)
	}
	out.buf = b
	out.Documents = append(out.Documents, Document{Number: h.Number, Form: h.Form, Time: Time(h.Time), Sign: h.Sign,
		Shift: shift, Container: b[start:len(b):len(b)]})
	s.LastNumber, s.LastTime, s.LastForm = h.Number, Time(h.Time), h.Form
	if s.FirstUnsent == 0 && !s.Registration.Modes.Offline {
		s.FirstUnsent, s.FirstUnsentTime = h.Number, Time(h.Time)
	}
	return nil
}

// grow makes room for n bytes more without changing the length.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	bigger := make([]byte, len(b), 2*cap(b)+n)
	copy(bigger, b)
	return bigger
}
