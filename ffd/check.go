package ffd

import (
	"fmt"
	"slices"
	"strconv"

	"kktd/tlv"
)

// Severity says how much a finding matters. Only errors make an operator answer
// that format control failed (spec/decisions.md, Severity of a finding).
type Severity uint8

// The severities.
const (
	Note    Severity = iota + 1 // style
	Warning                     // check digits, enumerations, what real devices do too
	Error                       // frame, length, type, missing duty, sums that do not add up
)

// String is "note", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// Rules of the format-logical control, as Finding.Rule has them.
const (
	RuleFrame     = "frame"      // TLV structure
	RuleForm      = "form"       // not one fiscal document
	RuleUnknown   = "unknown"    // tag that the dictionary lacks
	RuleMisplaced = "misplaced"  // tag that this document, structure or version lacks
	RulePrintOnly = "print-only" // tag of the printed form
	RuleLength    = "length"
	RuleType      = "type"
	RuleDuty      = "duty"   // tag that must be there
	RuleRepeat    = "repeat" // tag that must not repeat
	RulePayments  = "payments"
	RuleItems     = "items"
	RuleItemSum   = "item-sum"
	RuleValue     = "value" // enumeration or mask
	RuleFormat    = "format"
	RuleINN       = "inn"
	RuleRegNumber = "reg-number"
)

// Finding is what the format-logical control found.
type Finding struct {
	Path     string // tags from the document down, repeated ones counted from 0: "3/1059[2]/1079"
	Tag      uint16
	Offset   int // of the TLV, or of the structure that lacks the tag; from the start of the document
	Rule     string
	Severity Severity
	Ru, En   string // what is wrong
}

// String is the finding in a line of English.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s, at offset 0x%x (%s)", f.Severity, f.Path, f.En, f.Offset, f.Rule)
}

// Check is the format-logical control of one document TLV: structure, tags,
// lengths, types, duties, repeats, sums, enumerations and check digits. The
// version is that of tag 1209; confirmations and marking documents, which do
// not have it, are taken as 1.2. A document that is in order costs no allocation.
func Check(doc []byte) []Finding {
	v := versionOf(doc)
	if len(doc) >= 2 && Form(uint16(doc[0])|uint16(doc[1])<<8) == FormConfirmation {
		v = V120
	}
	return CheckAs(doc, v)
}

// CheckAs is Check by the rules of a version, for documents that do not tell theirs.
func CheckAs(doc []byte, v Version) []Finding {
	c := checker{v: v}
	c.document(doc)
	return c.findings
}

// maxRows is above the number of rows of any table, which a test proves.
const maxRows = 64

type checker struct {
	v        Version
	old      bool // without 1209: 1.0, for which there are no tables
	depth    int
	path     [maxDepth + 1]step
	findings []Finding

	sums receiptSums
	item itemSums
	reg  registration
}

type step struct {
	tag    uint16
	repeat bool
	index  uint16
	offset int
}

// find records a finding about a tag inside the structure that is walked; the texts are formats for the
// same arguments.
func (c *checker) find(s Severity, rule string, at step, ru, en string, args ...any) {
	path := ""
	for _, p := range append(slices.Clone(c.path[:c.depth]), at) {
		if path != "" {
			path += "/"
		}
		path += strconv.Itoa(int(p.tag))
		if p.repeat {
			path += "[" + strconv.Itoa(int(p.index)) + "]"
		}
	}
	c.findings = append(c.findings, Finding{Path: path, Tag: at.tag, Offset: at.offset, Rule: rule, Severity: s,
		Ru: fmt.Sprintf(ru, args...), En: fmt.Sprintf(en, args...)})
}

func (c *checker) document(doc []byte) {
	r := tlv.NewReader(doc, 0)
	ok := r.Next()
	var it tlv.Item
	switch damage, _ := r.Err().(*tlv.DamageError); {
	case ok:
		it = r.Item()
	case damage != nil && len(doc) >= tlv.HeaderLen:
		c.find(Error, RuleFrame, step{tag: damage.Tag}, "документ обрывается: нужно %d Б, есть %d", "the document is cut short: %d bytes needed, %d there",
			damage.Want, damage.Have)
		it = tlv.Item{Tag: damage.Tag, Value: doc[tlv.HeaderLen:]}
	default:
		c.find(Error, RuleFrame, step{}, "%d Б: нет даже заголовка документа", "%d bytes are no document", len(doc))
		return
	}
	at := step{tag: it.Tag}
	form := Form(it.Tag)
	switch n := form.MaxLen(); {
	case n == 0:
		c.find(Error, RuleForm, at, "%d не код формы документа", "%d is no form of a document", it.Tag)
		return
	case len(it.Value) > n:
		c.find(Error, RuleLength, at, "документ %d Б, не больше %d", "a document of %d bytes, want at most %d", len(it.Value), n)
	}
	if len(r.Rest()) > 0 && ok {
		c.find(Error, RuleFrame, step{tag: it.Tag, offset: tlv.HeaderLen + len(it.Value)}, "за документом лишние %d Б", "%d bytes after the document", len(r.Rest()))
	}
	if _, ok := tlv.Find(it.Value, TagFFDVersion); !ok && hasVersion(form) {
		c.old = true
	}
	c.walk(it, at)
	c.checkSums(form, at)
	c.checkRegistration(form)
}

// hasVersion tells that documents of the form hold tag 1209.
func hasVersion(f Form) bool {
	return f != FormConfirmation && (f < FormMarkingRequest || f > FormMarkingNoticeAck)
}

// walk checks what stands inside a structure.
func (c *checker) walk(in tlv.Item, at step) {
	if c.depth >= maxDepth {
		c.find(Error, RuleFrame, at, "слишком глубокая вложенность", "nested too deep")
		return
	}
	rows := Rows(in.Tag)
	var seen [maxRows]uint16
	c.path[c.depth] = at
	c.depth++
	if in.Tag == TagItem {
		c.item = itemSums{}
	}
	r := in.Children()
	for r.Next() {
		it := r.Item()
		at := step{tag: it.Tag, offset: it.Offset}
		i, found := slices.BinarySearchFunc(rows, it.Tag, func(r Row, tag uint16) int { return int(r.Tag) - int(tag) })
		if found {
			at.repeat, at.index = rows[i].Repeat, seen[i]
			if seen[i]++; seen[i] == 2 && !at.repeat {
				c.find(Warning, RuleRepeat, at, "тег повторяется", "the tag repeats")
			}
		}
		e := lookup(it.Tag, c.v, in.Tag)
		if e == nil {
			c.find(Warning, RuleUnknown, at, "тег не известен", "the tag is not known")
			continue
		}
		placed := c.checkPlace(e, in.Tag, rows, i, found, at)
		c.checkLength(e, it, at)
		if e.Type != STLV {
			c.checkValue(e, it, at, in.Tag)
			continue
		}
		if Form(it.Tag).MaxLen() == 0 && (placed || readsAsTLV(it)) {
			c.walk(it, at)
		}
	}
	if damage, _ := r.Err().(*tlv.DamageError); damage != nil {
		c.find(Error, RuleFrame, step{tag: damage.Tag, offset: damage.Offset}, "значение обрывается: нужно %d Б, есть %d",
			"cut short: %d bytes needed, %d there", damage.Want, damage.Have)
	}
	c.checkDuties(in, rows, &seen, at)
	c.depth--
	if in.Tag == TagItem {
		c.checkItemSum(at)
	}
}

func readsAsTLV(it tlv.Item) bool {
	r := it.Children()
	for r.Next() {
	}
	return r.Err() == nil
}

// checkPlace tells whether the tag may stand in its parent in this version.
func (c *checker) checkPlace(e *Entry, parent uint16, rows []Row, i int, found bool, at step) bool {
	if len(rows) == 0 {
		return true
	}
	s := Warning
	if c.old {
		s = Note
	}
	switch {
	case !found || rows[i].In(c.v) == 0:
		if slices.Contains(e.Parents, parent) && e.Versions.Has(c.v) {
			s = Note // of an earlier edition of the order, 1177 for one
		}
		c.find(s, RuleMisplaced, at, "тега нет в таблице %[1]d для ФФД %[2]s", "the table of %[1]d has no such tag in FFD %[2]s", parent, c.v)
		return found
	case !rows[i].Electronic:
		c.find(Note, RulePrintOnly, at, "тег только для печатной формы", "the tag is for the printed form only")
	}
	return true
}

// checkLength compares with the dictionary. An empty value is legal on the wire
// (spec/ffd/encoding.md 2).
func (c *checker) checkLength(e *Entry, it tlv.Item, at step) {
	n := len(it.Value)
	fixed := e.Fixed && n != e.Len
	if e.Len == 0 || n == 0 || !fixed && n <= e.Len {
		return
	}
	s := Error
	switch it.Tag {
	case TagSaleCounters, TagSaleReturnCounters, TagPurchaseCounters, TagPurchaseReturnCounters, TagCorrectionCounters,
		TagCorrectionSaleCounters, TagCorrectionPurchaseCounters, TagCorrectionSaleReturnCounters, TagCorrectionPurchaseReturnCounters,
		TagFNTotals, TagUnsentTotals, TagShiftTotals, TagOperatorMessageToFN:
		return // published lengths that do not add up (spec/ffd/encoding.md 10)
	case TagKeyResourceDays:
		if n <= 4 {
			s = Note // a reader takes 1 to 4 bytes (spec/decisions.md, 1213)
		}
	case TagBuyerDocumentCode, TagProductCodeEGAIS2:
		s = Warning // 32 and 33 in firmware built on the first edition of 1.2
	}
	if fixed {
		c.find(s, RuleLength, at, "длина %d Б, должна быть %d", "length %d, want %d", n, e.Len)
		return
	}
	c.find(s, RuleLength, at, "длина %d Б, не больше %d", "length %d, want at most %d", n, e.Len)
}

// checkDuties looks for the tags that must be there in the bytes. What an order after 2023 added is
// not verified, and 1.0 has no tables: warnings both.
func (c *checker) checkDuties(in tlv.Item, rows []Row, seen *[maxRows]uint16, at step) {
	for i := range rows {
		row := &rows[i]
		duty := row.In(c.v)
		if seen[i] != 0 || !row.Electronic || duty.Base() != Required {
			continue
		}
		s := Error
		if c.old || duty&Amended != 0 {
			s = Warning
		}
		name := "?"
		if e := lookup(row.Tag, c.v, in.Tag); e != nil {
			name = e.NameRu
		}
		c.find(s, RuleDuty, step{tag: row.Tag, offset: at.offset}, "нет обязательного тега %d (%s), ФФД %s", "tag %d (%s) must be there in FFD %s", row.Tag, name, c.v)
	}
}
