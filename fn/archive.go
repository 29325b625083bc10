package fn

import (
	"encoding/binary"
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// DocumentReader reads the archive of one drive: the containers as the drive
// made them and the tickets as they came.
type DocumentReader interface {
	// Documents calls f for the documents from a number on, ascending, at most
	// limit of them; ticket is nil when there is none. The slices live until f
	// returns. An error of f ends it and is returned.
	Documents(from uint32, limit int, f func(number uint32, container, ticket []byte) error) error
}

// Archive answers the drive's commands that read documents, 40h to 47h. They work
// from phase 1 on and after a failure of the drive. What is not there is a
// *Refusal with CodeNoData; any other error is a fault of the archive.
type Archive struct {
	State     *State
	Documents DocumentReader
}

// read calls f with a document that the state knows of.
func (a Archive) read(number uint32, f func(doc tlv.Item, ticket []byte) error) error {
	s := a.State
	switch {
	case s.Phase == PhaseSetup:
		return s.fiscal()
	case number == 0 || number > s.LastNumber:
		return s.refuseFor(number, noDocument, number, s.LastNumber)
	}
	found := false
	err := a.Documents.Documents(number, 1, func(n uint32, container, ticket []byte) error {
		if found = n == number; !found {
			return nil
		}
		doc, err := document(container)
		if err != nil {
			return err
		}
		return f(doc, ticket)
	})
	if _, refused := err.(*Refusal); refused {
		return err
	}
	if err == nil && !found {
		err = fmt.Errorf("it is missing in the archive, the last is %d", s.LastNumber)
	}
	if err != nil {
		return fmt.Errorf("drive %s, document %d: %w", s.Drive[:], number, err)
	}
	return nil
}

// document is the outermost item of a container.
func document(container []byte) (tlv.Item, error) {
	box, err := ofdproto.ParseContainer(container)
	if err != nil {
		return tlv.Item{}, err
	}
	r := tlv.NewReader(box.Document, 0)
	if !r.Next() {
		return tlv.Item{}, r.Err()
	}
	return r.Item(), nil
}

// FindDocument answers command 40h.
func (a Archive) FindDocument(number uint32) (x Record, err error) {
	err = a.read(number, func(doc tlv.Item, ticket []byte) error {
		x.Ticket = ticket != nil
		return x.take(doc)
	})
	return x, err
}

// TicketRecord is the answer to command 41h.
type TicketRecord struct {
	Time   Time     // of acceptance, by the operator's clock
	Sign   [18]byte // 1078, zeros behind it or where the operator sent none
	Number uint32   // of the document
}

// Ticket answers command 41h.
func (a Archive) Ticket(number uint32) (x TicketRecord, err error) {
	err = a.read(number, func(_ tlv.Item, ticket []byte) error {
		if ticket == nil {
			return a.State.refuseFor(number, noTicket, number)
		}
		box, err := ofdproto.ParseContainer(ticket)
		if err != nil {
			return fmt.Errorf("ticket: %w", err)
		}
		c, err := ffd.ParseConfirmation(box.Document)
		if err != nil {
			return fmt.Errorf("ticket: %w", err)
		}
		x.Time, x.Number = Time(c.Time), c.Number
		copy(x.Sign[:], c.Sign)
		return nil
	})
	return x, err
}

// Append appends the 27 bytes of the answer.
func (x TicketRecord) Append(b []byte) []byte {
	b = append(appendDateTime(b, x.Time), x.Sign[:]...)
	return binary.LittleEndian.AppendUint32(b, x.Number)
}

// Registration answers command 43h: the registration report with an index from 1,
// the one in force for index 0.
func (a Archive) Registration(index int) (x RegistrationRecord, err error) {
	number, err := a.registrationNumber(index)
	if err != nil {
		return x, err
	}
	err = a.read(number, func(doc tlv.Item, _ []byte) error { return x.take(doc) })
	return x, err
}

// RegistrationItem answers command 44h: a tag of the registration report with an
// index, or of that in force for 0, as its whole TLV.
func (a Archive) RegistrationItem(index int, tag uint16) (item []byte, err error) {
	number, err := a.registrationNumber(index)
	if err != nil {
		return nil, err
	}
	err = a.read(number, func(doc tlv.Item, _ []byte) error {
		it, ok := tlv.Find(doc.Value, tag)
		if !ok {
			return a.State.refuseFor(number, noTag, number, tag)
		}
		item = tlv.AppendBytes(nil, it.Tag, it.Value)
		return nil
	})
	return item, err
}

// RegistrationItems answers command 44h with tag FFFFh: the items of a
// registration report, for 47h to read one by one.
func (a Archive) RegistrationItems(index int) (Reading, error) {
	number, err := a.registrationNumber(index)
	if err != nil {
		return Reading{}, err
	}
	return a.OpenDocument(number)
}

// registrationNumber is the number of the registration report with an index.
func (a Archive) registrationNumber(index int) (uint32, error) {
	s := a.State
	if s.Phase == PhaseSetup {
		return 0, s.fiscal()
	}
	made := int(s.Registrations)
	if index == 0 {
		index = made
	}
	if index < 1 || index > made {
		return 0, s.refuse(noRegistration, index, made)
	}
	if n := s.RegistrationDocs[index-1]; n != 0 {
		return n, nil
	}
	// The state comes from a version that did not keep the numbers.
	var number uint32
	seen := 0
	err := a.Documents.Documents(1, int(s.LastNumber), func(n uint32, container, _ []byte) error {
		doc, err := document(container)
		if err != nil {
			return fmt.Errorf("document %d: %w", n, err)
		}
		if form := ffd.Form(doc.Tag); form == ffd.FormRegistration || form == ffd.FormReregistration {
			if seen++; seen == index {
				number = n
			}
		}
		return nil
	})
	if err == nil && number == 0 {
		err = fmt.Errorf("%d registration reports, the state counts %d", seen, made)
	}
	if err != nil {
		return 0, fmt.Errorf("drive %s: %w", s.Drive[:], err)
	}
	return number, nil
}

// Reading is a document that is read item by item: the answer to command 45h.
type Reading struct {
	Form   ffd.Form
	Length uint16 // of the document without tag and length

	state  *State
	number uint32
	rest   tlv.Reader
}

// OpenDocument answers command 45h.
func (a Archive) OpenDocument(number uint32) (x Reading, err error) {
	x = Reading{state: a.State, number: number}
	err = a.read(number, func(doc tlv.Item, _ []byte) error {
		x.Form, x.Length = ffd.Form(doc.Tag), uint16(len(doc.Value))
		x.rest = tlv.NewReader(append([]byte(nil), doc.Value...), 0)
		return nil
	})
	return x, err
}

// Append appends the 4 bytes of the answer.
func (x *Reading) Append(b []byte) []byte {
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(x.Form)), x.Length)
}

// Next answers commands 46h and 47h: the next item at the top of the document as
// its whole TLV; a *Refusal with CodeNoData at the end.
func (x *Reading) Next() ([]byte, error) {
	if x.state == nil {
		return nil, (&State{}).refuseFor(0, endOfData, 0)
	}
	if x.rest.Next() {
		it := x.rest.Item()
		return tlv.AppendBytes(nil, it.Tag, it.Value), nil
	}
	if err := x.rest.Err(); err != nil {
		return nil, fmt.Errorf("drive %s, document %d: %w", x.state.Drive[:], x.number, err)
	}
	return nil, x.state.refuseFor(x.number, endOfData, x.number)
}
