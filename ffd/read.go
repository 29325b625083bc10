package ffd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"kktd/tlv"
)

// ErrDocument is returned when bytes are not one whole document of the form
// that is read.
var ErrDocument = errors.New("ffd: not a document of this form")

// parser reads a document into the Go types by the table of documents. It keeps
// the first error, with the path of tags that leads to it.
type parser struct {
	v      Version
	form   Form
	path   [maxDepth]step
	depth  int // steps of path in use
	counts []countCheck
	err    error
}

// countCheck holds a number of the document against the counters it is made of.
type countCheck struct {
	it   tlv.Item
	path string
	made func() uint32 // the sum of the counters
}

// take gives an item to the member of a Go type that has its tag; false when the
// type has none in the version.
type take func(*parser, tlv.Item) bool

// ParseReceipt reads forms 3, 4, 31 and 41. Texts of all results of the readers
// are views into doc. A tag that the type does not have in the version of the
// document is a *FieldError that names it; the order of tags is not looked at,
// which is for Check.
func ParseReceipt(doc []byte) (ReceiptHead, Receipt, error) {
	var h ReceiptHead
	var r Receipt
	err := parse(doc, &h.Head, []take{h.take, r.take}, FormReceipt, FormBSO, FormCorrection, FormBSOCorrection)
	r.Form, r.Operation = h.Form, h.Operation
	return h, r, err
}

// ParseRegistration reads forms 1 and 11. The modes and 1017 stand in both
// results, whichever part of the document the version has them in.
func ParseRegistration(doc []byte) (RegistrationHead, Registration, error) {
	var h RegistrationHead
	var r Registration
	err := parse(doc, &h.Head, []take{h.take, r.take}, FormRegistration, FormReregistration)
	h.Modes.Conditions |= r.Modes.Conditions
	r.Modes = h.Modes
	switch {
	case h.Modes.Offline: // nothing of the operator is there
	case h.Version < V110:
		h.OFDINN = Pad[[12]byte](r.OFDINN.CP866())
	default:
		r.OFDINN = tlv.RawText(tlv.TrimPadding(bytes.Clone(h.OFDINN[:])))
	}
	return h, r, err
}

// ParseShiftOpening reads form 2.
func ParseShiftOpening(doc []byte) (ShiftOpeningHead, ShiftReport, error) {
	var h ShiftOpeningHead
	r := ShiftReport{Form: FormShiftOpening}
	err := parse(doc, &h.Head, []take{h.take, r.take}, FormShiftOpening)
	return h, r, err
}

// ParseShiftClosing reads form 5. Offline and Marking are told by the tags that
// are there.
func ParseShiftClosing(doc []byte) (ShiftClosingHead, ShiftReport, error) {
	var h ShiftClosingHead
	r := ShiftReport{Form: FormShiftClosing}
	err := parse(doc, &h.Head, []take{h.take, r.take}, FormShiftClosing)
	h.Offline, h.Marking = !holds(doc, TagUnsentFDCount), holds(doc, TagUnsentNotificationCount)
	return h, r, err
}

// ParseSettlementState reads form 21. Marking is told by the tags that are there.
func ParseSettlementState(doc []byte) (SettlementStateHead, SettlementState, error) {
	var h SettlementStateHead
	var r SettlementState
	err := parse(doc, &h.Head, []take{h.take, r.take}, FormSettlementState)
	h.Marking = holds(doc, TagUnsentNotificationCount)
	return h, r, err
}

// ParseDriveClosing reads form 6.
func ParseDriveClosing(doc []byte) (DriveClosingHead, DriveClosing, error) {
	var h DriveClosingHead
	var r DriveClosing
	err := parse(doc, &h.Head, []take{h.take, r.take}, FormDriveClosing)
	return h, r, err
}

// ParseMarkingRequest reads form 81.
func ParseMarkingRequest(doc []byte) (MarkingRequest, error) {
	var x MarkingRequest
	err := parse(doc, &Head{}, []take{x.take}, FormMarkingRequest)
	return x, err
}

// ParseMarkingNotice reads form 82.
func ParseMarkingNotice(doc []byte) (MarkingNotice, error) {
	var x MarkingNotice
	err := parse(doc, &Head{}, []take{x.take}, FormMarkingNotice)
	return x, err
}

// ParseMarkingAnswer reads form 83.
func ParseMarkingAnswer(doc []byte) (MarkingAnswer, error) {
	var x MarkingAnswer
	err := parse(doc, &Head{}, []take{x.take}, FormMarkingAnswer)
	return x, err
}

// ParseMarkingNoticeAck reads form 84.
func ParseMarkingNoticeAck(doc []byte) (MarkingNoticeAck, error) {
	var x MarkingNoticeAck
	err := parse(doc, &Head{}, []take{x.take}, FormMarkingNoticeAck)
	return x, err
}

// holds looks for a tag at the top of a document.
func holds(doc []byte, tag uint16) bool {
	if len(doc) < tlv.HeaderLen {
		return false
	}
	_, found := tlv.Find(doc[tlv.HeaderLen:], tag)
	return found
}

// parse gives each tag of a document to the first of its types that has it.
func parse(doc []byte, h *Head, types []take, forms ...Form) error {
	r := tlv.NewReader(doc, 0)
	if !r.Next() || len(r.Rest()) != 0 {
		return fmt.Errorf("%w: want one tag that fills all %d bytes", ErrDocument, len(doc))
	}
	outer := r.Item()
	p := parser{v: versionOf(doc), form: Form(outer.Tag), depth: 1}
	p.path[0].tag = outer.Tag
	if !slices.Contains(forms, p.form) {
		return fmt.Errorf("%w: form %d, want one of %d", ErrDocument, p.form, forms)
	}
	if !hasVersion(p.form) {
		p.v = V120
	} else if !holds(doc, TagFFDVersion) || !p.v.Writable() {
		return fmt.Errorf("%w: want FFD 1.05, 1.1 or 1.2 in tag 1209", ErrDocument)
	}
	h.Version, h.Form = p.v, p.form
	in := outer.Children()
	seen := make([]uint16, 0, maxRows)
	for p.err == nil && in.Next() {
		it, taken := in.Item(), false
		seen = p.once(outer.Tag, it, seen)
		for _, f := range types {
			if taken = f(&p, it); taken {
				break
			}
		}
		if !taken {
			p.unknown(it)
		}
	}
	p.damage(in.Err())
	for _, c := range p.counts {
		if n, err := tlv.Uint(c.it.Value); err != nil || n != uint64(c.made()) {
			p.failAt(c.path, c.it, "%d, the counters make %d", n, c.made())
		}
	}
	return p.err
}

// at is the path of the structure that is read.
func (p *parser) at() string {
	var b []byte
	for i, s := range p.path[:p.depth] {
		if i > 0 {
			b = append(b, '/')
		}
		b = strconv.AppendUint(b, uint64(s.tag), 10)
		if s.repeat {
			b = append(strconv.AppendUint(append(b, '['), uint64(s.index), 10), ']')
		}
	}
	return string(b)
}

// fail keeps the first error.
func (p *parser) fail(it tlv.Item, format string, args ...any) {
	if p.err == nil {
		p.failAt(p.at(), it, format, args...)
	}
}

func (p *parser) failAt(path string, it tlv.Item, format string, args ...any) {
	if p.err == nil {
		p.err = &FieldError{Path: fmt.Sprintf("%s/%d", path, it.Tag), Tag: it.Tag,
			Rule: fmt.Sprintf(format, args...) + fmt.Sprintf(", at offset 0x%x", it.Offset)}
	}
}

func (p *parser) unknown(it tlv.Item) {
	name := "not in the dictionary"
	if e := lookup(it.Tag, p.v, 0); e != nil {
		name = e.NameEn
	}
	p.fail(it, "tag %d (%s) has no place here in FFD %v", it.Tag, name, p.v)
}

// once refuses a second tag where the table has one: the types would lose it.
func (p *parser) once(parent uint16, it tlv.Item, seen []uint16) []uint16 {
	if !slices.Contains(seen, it.Tag) {
		return append(seen, it.Tag)
	}
	repeats := func(r Row) bool { return r.Tag == it.Tag && r.Repeat }
	// The table lets 2107 repeat, but nobody writes it twice (spec/ffd/documents.md).
	if it.Tag == TagMarkedCheckResult || !slices.ContainsFunc(Rows(parent), repeats) {
		p.fail(it, "the tag repeats")
	}
	return seen
}

func (p *parser) damage(err error) {
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("ffd: %s: %w", p.at(), err)
	}
}

// members reads a structure.
func (p *parser) members(it tlv.Item, f take) { p.inside(it, step{tag: it.Tag}, f) }

// element reads a structure that repeats.
func (p *parser) element(it tlv.Item, index int, f take) {
	p.inside(it, step{tag: it.Tag, repeat: true, index: uint16(index)}, f)
}

func (p *parser) inside(it tlv.Item, at step, f take) {
	p.path[p.depth] = at // the types nest less deep than maxDepth
	p.depth++
	in := it.Children()
	seen := make([]uint16, 0, maxRows)
	for p.err == nil && in.Next() {
		seen = p.once(it.Tag, in.Item(), seen)
		if !f(p, in.Item()) {
			p.unknown(in.Item())
		}
	}
	p.damage(in.Err())
	p.depth--
}

// made is the value behind a pointer, made when there is none.
func made[T any](x **T) *T {
	if *x == nil {
		*x = new(T)
	}
	return *x
}

// next is a new element of a list.
func next[T any](list *[]T) *T {
	var zero T
	*list = append(*list, zero)
	return &(*list)[len(*list)-1]
}
