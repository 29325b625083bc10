package fn

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// Replay carries out the life of a drive once more: the command that made a
// stored document is rebuilt from it and given to the machine, which must make
// the same bytes again. The state after the last document and ticket is then the
// one that the drive must have.
type Replay struct {
	State   State // so far
	machine *Machine
	docs    DocumentReader
	out     Output
	times   []Time // 1012 of the documents, by number less one
}

// ErrReplay is returned when the drive cannot have made a stored document.
var ErrReplay = errors.New("fn: the document does not follow from those before it")

// NewReplay begins the life of a drive. What no document tells is taken from the
// stored state: number, model, version and capacity of the drive. docs reads the
// stored documents, for the totals of unsent ones in form 21.
func NewReplay(master []byte, stored *State, docs DocumentReader) *Replay {
	return &Replay{State: Blank(stored.Drive, stored.Model, stored.MaxFFD, stored.Capacity), machine: NewMachine(master, stored.Drive), docs: docs}
}

// Document makes the next document again and returns where the stored one has
// other bytes. keeps is the registration that the register keeps for it: a
// version has no tag for some conditions of use, and those come from there; nil
// when it is not known. The error is an ErrReplay that says why the drive would
// not have made the document; the replay is then at its end.
func (r *Replay) Document(container []byte, keeps *Registration) ([]ffd.Difference, error) {
	made, err := r.make(container, keeps)
	if err != nil || bytes.Equal(made, container) {
		return nil, err
	}
	return ffd.Diff(ofdproto.Tree(made), ofdproto.Tree(container)), nil
}

// Follow is Document for one whose bytes cannot be made again, as it is not known
// which tickets came before it: the state follows, the bytes are not compared.
func (r *Replay) Follow(container []byte, keeps *Registration) error {
	_, err := r.make(container, keeps)
	return err
}

// make makes the next document again; it lives until the next one.
func (r *Replay) make(container []byte, keeps *Registration) ([]byte, error) {
	c, err := ofdproto.ParseContainer(container)
	if errors.Is(err, ofdproto.ErrCRC) {
		// The difference will name the CRC; what the rest says is looked at all the same.
		sealed := bytes.Clone(container)
		if err = ofdproto.SealContainer(sealed); err == nil {
			c, err = ofdproto.ParseContainer(sealed)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReplay, err)
	}
	command, now, err := r.State.rebuild(c.Document, keeps)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReplay, err)
	}
	if state, is := command.(*SettlementState); is {
		state.Documents = r.docs
	}
	r.out.Reset()
	if err := r.machine.Apply(&r.State, command, now, &r.out); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReplay, err)
	}
	r.times = append(r.times, r.State.LastTime)
	return r.out.Documents[0].Container, nil
}

// Confirm gives the stored ticket of the oldest unsent document to the drive. One
// that the drive would refuse is an error, and the document counts as confirmed
// all the same, so that what comes after it can be looked at.
func (r *Replay) Confirm(number uint32, ticket []byte, mode TicketMode) error {
	s := &r.State
	if s.FirstUnsent != number {
		return fmt.Errorf("%w: a ticket for document %d, the oldest without one is %d", ErrReplay, number, s.FirstUnsent)
	}
	c := Confirm{Container: ticket, Mode: mode}
	if int(number) < len(r.times) {
		c.NextTime = r.times[number]
	}
	err := r.machine.Apply(s, &c, s.LastTime, &r.out)
	if err == nil {
		return nil
	}
	c.Mode = TicketOff // a sign that does not verify leaves code and message readable
	if r.machine.Apply(s, &c, s.LastTime, &r.out) != nil {
		s.confirmed(c.NextTime)
	}
	return err
}

// Diff returns the fields in which a stored state differs from the replayed one.
// What no document tells is not looked at: whether the drive has failed, and the
// numbers of registration reports that a state of version 1 did not keep.
func (r *Replay) Diff(stored *State) []FieldDifference {
	s := r.State
	s.Failed = stored.Failed
	for i, number := range stored.RegistrationDocs {
		if number == 0 && i < int(stored.Registrations) {
			s.RegistrationDocs[i] = 0
		}
	}
	return s.Diff(stored)
}

// DiffFollowed is Diff after Follow: nor does it look at what hangs on the order of
// documents and tickets, the messages of the operator (1206) and the warnings that
// are left of them.
func (r *Replay) DiffFollowed(stored *State) []FieldDifference {
	s := *r
	s.State.Messages, s.State.OperatorWarning = stored.Messages, stored.OperatorWarning
	return s.Diff(stored)
}

// rebuild finds the command and the time that made a document.
func (s *State) rebuild(doc []byte, keeps *Registration) (Command, Time, error) {
	outer := tlv.NewReader(doc, 0)
	if !outer.Next() {
		return nil, 0, fmt.Errorf("no document: %w", outer.Err())
	}
	h := ffd.Head{Form: ffd.Form(outer.Item().Tag), Version: s.Registration.FFD}
	body := outer.Item().Value
	now, err := uintOf(body, ffd.TagDateTime)
	if err != nil {
		return nil, 0, err
	}
	var registration *Register
	if h.Form == ffd.FormRegistration || h.Form == ffd.FormReregistration {
		if registration, err = rebuildRegister(doc, keeps); err != nil {
			return nil, 0, err
		}
		h.Version = registration.Registration.FFD
	}
	data, err := registerPart(body, &h)
	if err != nil {
		return nil, 0, err
	}
	switch h.Form {
	case ffd.FormRegistration, ffd.FormReregistration:
		registration.Data = data
		return registration, Time(now), nil
	case ffd.FormShiftOpening:
		return &OpenShift{Data: data}, Time(now), nil
	case ffd.FormShiftClosing:
		return &CloseShift{Data: data}, Time(now), nil
	case ffd.FormSettlementState:
		return &SettlementState{Data: data}, Time(now), nil
	case ffd.FormDriveClosing:
		return &CloseDrive{Data: data}, Time(now), nil
	}
	if !h.Form.IsSettlement() {
		return nil, 0, fmt.Errorf("form %d is made by no command of the drive", h.Form)
	}
	c := &Receipt{Form: h.Form, Data: data}
	operation, err := uintOf(body, ffd.TagSettlementType)
	if err != nil {
		return nil, 0, err
	}
	c.Operation = ffd.Operation(operation)
	c.Total, err = uintOf(body, ffd.TagTotalSum)
	return c, Time(now), err
}

func uintOf(body []byte, tag uint16) (uint64, error) {
	it, ok := tlv.Find(body, tag)
	if !ok {
		return 0, fmt.Errorf("no tag %d", tag)
	}
	v, err := tlv.Uint(it.Value)
	if err != nil {
		return 0, fmt.Errorf("tag %d at offset 0x%x: %w", tag, it.Offset, err)
	}
	return v, nil
}

// registerPart is what the register sent: what stands behind the tags that the
// drive forms itself.
func registerPart(body []byte, h *ffd.Head) ([]byte, error) {
	in := tlv.NewReader(body, 0)
	for {
		rest := in.Rest()
		if !in.Next() {
			return rest, in.Err()
		}
		if !formedByDrive(in.Item().Tag, h) {
			return rest, nil
		}
	}
}

// rebuildRegister finds the command of a registration report, without its Data.
func rebuildRegister(doc []byte, keeps *Registration) (*Register, error) {
	h, _, err := ffd.ParseRegistration(doc)
	if err != nil {
		return nil, err
	}
	c := &Register{Reasons: h.Reasons, Registration: Registration{FFD: h.Version, RegNumber: h.RegNumber, INN: h.INN, OFDINN: h.OFDINN,
		TaxSystems: h.TaxSystems, Modes: h.Modes}}
	if keeps == nil {
		return c, nil
	}
	c.Registration.Modes.Conditions |= keeps.Modes.Conditions &^ conditionsIn(h.Version)
	if h.Modes.Offline {
		c.Registration.OFDINN = keeps.OFDINN // autonomous mode: no 1017
	}
	return c, nil
}

// conditionsIn are the conditions of use that a version of the format has a tag
// or a bit for (spec/ffd/encoding.md, 1290).
func conditionsIn(v ffd.Version) ffd.Conditions {
	if v >= ffd.V120 {
		return ^ffd.Conditions(0)
	}
	return ffd.ServicesOnly | ffd.BSOSystem | ffd.InternetOnly | ffd.ExciseGoods | ffd.Gambling | ffd.Lottery | ffd.PrinterInAutomat
}

// FieldDifference is a field in which two states differ.
type FieldDifference struct {
	Field       string // its name in the type State: "Totals.Receipts[0].Count"
	Other, Mine string // values as text
}

// Diff returns the fields in which other differs from the state, in their order.
func (s *State) Diff(other *State) []FieldDifference {
	return diffFields(nil, "", reflect.ValueOf(*s), reflect.ValueOf(*other))
}

func diffFields(list []FieldDifference, name string, mine, other reflect.Value) []FieldDifference {
	switch kind := mine.Kind(); {
	case kind == reflect.Struct:
		for i := range mine.NumField() {
			field := mine.Type().Field(i).Name
			if name != "" {
				field = name + "." + field
			}
			list = diffFields(list, field, mine.Field(i), other.Field(i))
		}
	case kind == reflect.Array && mine.Type().Elem().Kind() == reflect.Uint8:
		if !mine.Equal(other) {
			list = append(list, FieldDifference{Field: name, Mine: fmt.Sprintf("%q", mine.Interface()), Other: fmt.Sprintf("%q", other.Interface())})
		}
	case kind == reflect.Array:
		for i := range mine.Len() {
			list = diffFields(list, fmt.Sprintf("%s[%d]", name, i), mine.Index(i), other.Index(i))
		}
	case !mine.Equal(other):
		list = append(list, FieldDifference{Field: name, Mine: fmt.Sprint(mine.Interface()), Other: fmt.Sprint(other.Interface())})
	}
	return list
}
