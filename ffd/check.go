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
	RuleCondition = "condition" // tag that must be there in the case that the document shows
	RulePadding   = "padding"   // text of a fixed field that does not end with spaces
	RuleContact   = "contact"   // phone or e-mail
	RuleDate      = "date"
	RuleVATSum    = "vat-sum"   // 1200 of an item
	RuleVATTotal  = "vat-total" // total of a rate
	RuleCashless  = "cashless"  // payments of 1234
	RuleCounters  = "counters"
	RuleNumber    = "number" // number that starts with 1
	RuleFraction  = "fraction"
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

	time uint64 // 1012 of the document

	sums     receiptSums
	item     itemSums
	entry    vatEntry
	counters counterSums
	reg      registration
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
	c.path[0], c.depth = at, 1
	c.checkSums(form)
	c.checkRegistration(form)
	c.depth = 0
}

// hasVersion tells that documents of the form hold tag 1209.
func hasVersion(f Form) bool {
	return f != FormConfirmation && (f < FormMarkingRequest || f > FormMarkingNoticeAck)
}

// walk checks what stands inside a structure and tells the facts of it.
func (c *checker) walk(in tlv.Item, at step) facts {
	if c.depth >= maxDepth {
		c.find(Error, RuleFrame, at, "слишком глубокая вложенность", "nested too deep")
		return 0
	}
	index := &checkIndex.structures[checkIndex.of(in.Tag).structure]
	var seen [maxRows]uint16
	var present uint64
	var f facts
	c.path[c.depth] = at
	c.depth++
	c.open(in.Tag)
	children := 0
	version := min(max(c.v, V105), V120) - V105
	tag, v, rest, ok := tlv.Next(in.Value)
	for ; ok; tag, v, rest, ok = tlv.Next(rest) {
		it := tlv.Item{Tag: tag, Offset: in.Offset + len(in.Value) - len(rest) - len(v), Value: v}
		children++
		at := step{tag: tag, offset: it.Offset}
		known := checkIndex.of(tag)
		i := index.row(known)
		if i >= 0 {
			at.repeat, at.index = index.rows[i].Repeat, seen[i]
			present |= 1 << i
			if seen[i]++; seen[i] == 2 && !at.repeat {
				c.find(Warning, RuleRepeat, at, "тег повторяется", "the tag repeats")
			}
		}
		var e *Entry
		if i >= 0 && c.v != V100 {
			e = index.entries[i]
		} else if e = lookup(tag, c.v, in.Tag); e == nil {
			c.find(Warning, RuleUnknown, at, "тег не известен", "the tag is not known")
			continue
		}
		if known.present != 0 {
			f |= 1 << (firstPresent + int(known.present) - 1)
		}
		placed := i >= 0 && index.placed[version]>>i&1 != 0 || c.checkPlace(e, in.Tag, index.rows, i, at)
		c.checkLength(e, it, at)
		if e.Type != STLV {
			f |= c.checkValue(e, it, at, in.Tag)
			continue
		}
		if Form(tag).MaxLen() == 0 && (placed || readsAsTLV(it)) {
			f |= factsAround(tag, c.walk(it, at))
		}
	}
	if len(rest) > 0 {
		c.damage(rest, in.Offset+tlv.HeaderLen+len(in.Value)-len(rest))
	}
	if missing := index.required[version] &^ present; missing != 0 {
		c.checkDuties(in, index.rows, missing, at)
	}
	c.checkConditions(index.conditions, f, at)
	c.depth--
	c.close(in.Tag, children, at)
	return f
}

// damage tells of the rest of a structure that is no TLV.
func (c *checker) damage(rest []byte, offset int) {
	r := tlv.NewReader(rest, offset)
	r.Next()
	if damage, _ := r.Err().(*tlv.DamageError); damage != nil {
		c.find(Error, RuleFrame, step{tag: damage.Tag, offset: damage.Offset}, "значение обрывается: нужно %d Б, есть %d",
			"cut short: %d bytes needed, %d there", damage.Want, damage.Have)
	}
}

func readsAsTLV(it tlv.Item) bool {
	r := it.Children()
	for r.Next() {
	}
	return r.Err() == nil
}

// checkPlace tells whether the tag may stand in its parent in this version;
// structureIndex.placed answers for nearly all.
func (c *checker) checkPlace(e *Entry, parent uint16, rows []Row, i int, at step) bool {
	if len(rows) == 0 {
		return true
	}
	s := Warning
	if c.old {
		s = Note
	}
	switch {
	case i < 0 || rows[i].In(c.v) == 0:
		if slices.Contains(e.Parents, parent) && e.Versions.Has(c.v) {
			s = Note // of an earlier edition of the order, 1177 for one
		}
		c.find(s, RuleMisplaced, at, "тега нет в таблице %[1]d для ФФД %[2]s", "the table of %[1]d has no such tag in FFD %[2]s", parent, c.v)
		return i >= 0
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

// checkDuties tells of the rows that must be there in the bytes and are not.
// What an order after 2023 added is not verified, and 1.0 has no tables: warnings
// both.
func (c *checker) checkDuties(in tlv.Item, rows []Row, missing uint64, at step) {
	for i := range rows {
		if missing>>i&1 == 0 {
			continue
		}
		row := &rows[i]
		s := Error
		if c.old || row.In(c.v)&Amended != 0 {
			s = Warning
		}
		name := "?"
		if e := lookup(row.Tag, c.v, in.Tag); e != nil {
			name = e.NameRu
		}
		c.find(s, RuleDuty, step{tag: row.Tag, offset: at.offset}, "нет обязательного тега %d (%s), ФФД %s", "tag %d (%s) must be there in FFD %s", row.Tag, name, c.v)
	}
}
