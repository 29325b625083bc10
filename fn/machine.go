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
	next   State // scratch, so that a refused command leaves no trace
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
	m.next = *s
	documents, size := len(out.Documents), len(out.buf)
	if err := c.apply(m, &m.next, now-now%60, out); err != nil {
		out.Documents, out.buf = out.Documents[:documents], out.buf[:size]
		return err
	}
	*s = m.next
	return nil
}

// header starts the head of the next document.
func (s *State) header(form ffd.Form, now Time) ffd.Head {
	r := &s.Registration
	return ffd.Head{Version: r.FFD, Form: form, Drive: s.Drive, RegNumber: r.RegNumber, INN: r.INN,
		Number: s.LastNumber + 1, Time: uint32(now)}
}

// maxData limits what the register sends for a document (spec/fn.md 4.2).
func maxData(form ffd.Form) int {
	switch form {
	case ffd.FormRegistration, ffd.FormReregistration, ffd.FormDriveClosing, ffd.FormSettlementState:
		return 2 << 10
	case ffd.FormShiftOpening, ffd.FormShiftClosing:
		return 1 << 10
	}
	return 30 << 10
}

// finish makes the document: container header, FN part, the data of the
// register, tail. head appends the FN part once the sign is set.
func (m *Machine) finish(s *State, h *ffd.Head, op ffd.Operation, total uint64, data []byte, out *Output, head func([]byte) []byte) error {
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
		return s.refuse(CodeTooLarge, "", "document of %d bytes, form %d takes %d", n, h.Form, h.Form.MaxLen())
	}
	_ = tlv.End(b, at) // MaxLen is below 64 KiB
	n := len(b) - start - ofdproto.ContainerHeaderLen
	if _, err := ofdproto.AppendContainerHeader(b[:start], ofdproto.ContainerParams{
		Type: ofdproto.FromRegister, Form: byte(h.Form), Drive: s.Drive, Number: h.Number,
		Service2Hash: m.sign.service2(s.Drive, h.Number),
	}, n); err != nil {
		return s.refuse(CodeFormat, "", "%v", err)
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

// checkData refuses what the register must not send: too much, or tags that the
// drive forms itself.
func (s *State) checkData(h *ffd.Head, data []byte) error {
	if n := maxData(h.Form); len(data) > n {
		return s.refuse(CodeTooLarge, "send fewer items or shorter texts", "%d bytes for form %d, at most %d", len(data), h.Form, n)
	}
	r := tlv.NewReader(data, 0)
	for r.Next() {
		if tag := r.Item().Tag; formedByDrive(tag, h) {
			return s.refuse(CodeForbiddenTag, "leave it out", "tag %d", tag)
		}
	}
	if err := r.Err(); err != nil {
		return s.refuse(CodeFormat, "", "%v", err)
	}
	return nil
}

// formedByDrive tells the tags that the register must not send (spec/fn.md 4.2);
// which they are differs by version and form.
func formedByDrive(tag uint16, h *ffd.Head) bool {
	registration := h.Form == ffd.FormRegistration || h.Form == ffd.FormReregistration
	switch tag {
	case ffd.TagFNNumber, ffd.TagKKTRegNumber, ffd.TagUserINN, ffd.TagFDNumber, ffd.TagDateTime, ffd.TagFiscalSign,
		ffd.TagShiftNumber, ffd.TagReceiptNumberInShift, ffd.TagSettlementType, ffd.TagTotalSum,
		ffd.TagFNMaxFFD, ffd.TagTaxSystems, ffd.TagEncryptionMode, ffd.TagAutomaticMode, ffd.TagKKTUsageConditions,
		ffd.TagReregistrationReasonCode, ffd.TagKKTChangeReasons, ffd.TagKeyResourceDays,
		ffd.TagFNResourceExhausted, ffd.TagFNReplaceUrgent, ffd.TagFNMemoryFull, ffd.TagOFDTimeout,
		ffd.TagUnsentFDCount, ffd.TagFirstUnsentFDDate, ffd.TagFDCountInShift, ffd.TagFirstUnsentFDNumber,
		ffd.TagReceiptCountInShift, ffd.TagFNTotals, ffd.TagUnsentTotals, ffd.TagShiftTotals, ffd.TagOperatorMessage:
		return true
	case ffd.TagUnsentNotificationCount, ffd.TagBadMarkingCodes, ffd.TagBadMarkingExchange:
		return true // spec/decisions.md, FN part of a shift closing
	case ffd.TagExciseMode, ffd.TagGamblingMode, ffd.TagLotteryMode, ffd.TagPrinterInAutomat:
		return registration && h.Version >= ffd.V110
	case ffd.TagFFDVersion:
		return h.Version >= ffd.V120
	case ffd.TagInternetOnlyKKT, ffd.TagServicesOnly, ffd.TagStrictFormSystem, ffd.TagOfflineMode:
		return registration
	case ffd.TagOFDINN:
		return h.Version >= ffd.V110
	}
	return false
}
