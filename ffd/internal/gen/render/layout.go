package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is one line of documents.csv that kktd writes: where the tag stands and
// which member of the Go type holds it. Lines of several documents that differ
// in their duties alone are one field.
type field struct {
	tag      int
	name     string // of the tag, without "Tag"
	docs     []int
	versions uint8 // bits 0 to 2: 1.05, 1.1, 1.2
	kind     string
	arg      string // of kinds like bit:Lottery
	path     string // from the Go type: "Warnings.Replace"; a "?" follows a pointer
	when     string // condition on the Go type, "" none
	limited  bool   // the dictionary has a length
}

// shape is what the methods of a message look like.
type shape int

const (
	headShape      shape = iota + 1 // Append(b): fields of fixed size, version inside
	registerShape                   // append(b, v, f): texts, several versions
	structureShape                  // append(b, f): one version or the same in all
	countersShape                   // append(b): numbers only
)

// message binds the rows of some documents or structures to a Go type.
type message struct {
	goType  string
	parents string
	part    string
	shape   shape
	suffix  string // of the methods, for a type that has two layouts
	// written by hand: receipts are what a register makes all day, so their
	// encoders are tuned. A test walks their output against the table.
	byHand bool
	fields []field
}

var messages = []message{
	{goType: "RegistrationHead", parents: "1 11", part: "fn", shape: headShape},
	{goType: "ShiftOpeningHead", parents: "2", part: "fn", shape: headShape},
	{goType: "SettlementStateHead", parents: "21", part: "fn", shape: headShape},
	{goType: "ReceiptHead", parents: "3 4 31 41", part: "fn", shape: headShape},
	{goType: "ShiftClosingHead", parents: "5", part: "fn", shape: headShape},
	{goType: "DriveClosingHead", parents: "6", part: "fn", shape: headShape},
	{goType: "Registration", parents: "1 11", part: "kkt", shape: registerShape},
	{goType: "ShiftReport", parents: "2 5", part: "kkt", shape: registerShape},
	{goType: "SettlementState", parents: "21", part: "kkt", shape: registerShape},
	{goType: "DriveClosing", parents: "6", part: "kkt", shape: registerShape},
	{goType: "Receipt", parents: "3 4 31 41", part: "kkt", shape: registerShape, byHand: true},
	{goType: "Item", parents: "1059", shape: registerShape, byHand: true},
	{goType: "AgentData", parents: "1223", shape: structureShape},
	{goType: "Supplier", parents: "1224", shape: structureShape},
	{goType: "UserAttribute", parents: "1084", shape: structureShape},
	{goType: "Correction", parents: "1174", shape: structureShape},
	{goType: "Buyer", parents: "1256", shape: structureShape},
	{goType: "IndustryAttribute", parents: "1260 1261", shape: structureShape},
	{goType: "OperationalAttribute", parents: "1270", shape: structureShape},
	{goType: "Fraction", parents: "1291", shape: structureShape},
	{goType: "CashlessPayment", parents: "1235", shape: structureShape},
	{goType: "Totals", parents: "1157 1194", shape: countersShape},
	{goType: "OperationTotals", parents: "1133 1158", shape: countersShape},
	{goType: "SettlementTotals", parents: "1129 1130 1131 1132", shape: countersShape, suffix: "Receipts"},
	{goType: "SettlementTotals", parents: "1145 1146 1232 1233", shape: countersShape, suffix: "Corrections"},
	{goType: "MarkingRequest", parents: "81", shape: structureShape},
	{goType: "MarkingNotice", parents: "82", shape: structureShape},
	{goType: "MarkedItem", parents: "2007", shape: structureShape},
	{goType: "MarkingAnswer", parents: "83", shape: structureShape},
	{goType: "MarkingNoticeAck", parents: "84", shape: structureShape},
}

// versionColumns are the duties, in the order of the bits of field.versions.
var versionColumns = []string{"v105", "v110", "v120"}

// layouts gives the messages with their fields in the order of the table.
func layouts(tags, docs []row) ([]message, error) {
	entries := map[string]row{}
	for _, t := range tags {
		if !strings.HasPrefix(t["note"], "LEGACY") {
			entries[t["tag"]] = t
		}
	}
	out := slices.Clone(messages)
	for i := range out {
		m := &out[i]
		parents, err := numbers(m.parents)
		if err != nil {
			return nil, err
		}
		for _, r := range docs {
			rowDocs, err := numbers(r["document"])
			if err != nil {
				return nil, fmt.Errorf("documents.csv: %w", err)
			}
			rowDocs = slices.DeleteFunc(rowDocs, func(d int) bool { return !slices.Contains(parents, d) })
			if len(rowDocs) == 0 || r["part"] != m.part || r["kind"] == "" {
				continue
			}
			tag, err := strconv.Atoi(r["tag"])
			entry, known := entries[r["tag"]]
			if err != nil || !known {
				return nil, fmt.Errorf("documents.csv: tag %q of %s is not in tags.csv", r["tag"], r["document"])
			}
			f := field{tag: tag, name: entry["name_en"], docs: rowDocs, path: r["field"], when: r["when"],
				limited: entry["len"] != ""}
			f.kind, f.arg, _ = strings.Cut(r["kind"], ":")
			if arg, ok := strings.CutSuffix(f.kind, "?"); ok && f.arg != "" {
				f.kind = arg + "?"
			}
			for bit, column := range versionColumns {
				if r[column] != "-" {
					f.versions |= 1 << bit
				}
			}
			if n := len(m.fields); n > 0 && m.fields[n-1].sameBut(f) {
				m.fields[n-1].docs = append(m.fields[n-1].docs, rowDocs...)
				continue
			}
			m.fields = append(m.fields, f)
		}
		if len(m.fields) == 0 {
			return nil, fmt.Errorf("documents.csv: no row for %s", m.goType)
		}
	}
	return out, nil
}

// sameBut tells that two fields differ in their documents alone.
func (f field) sameBut(g field) bool {
	return f.tag == g.tag && f.kind == g.kind && f.arg == g.arg && f.path == g.path && f.when == g.when && f.versions == g.versions
}

// allVersions are the versions in which the message exists.
func (m *message) allVersions() uint8 {
	var set uint8
	for _, f := range m.fields {
		set |= f.versions
	}
	return set
}

// versionCondition is the Go condition for the versions of a field; "" when
// they are those of the message.
func (m *message) versionCondition(f field, v string) (string, error) {
	if f.versions == m.allVersions() {
		return "", nil
	}
	switch f.versions {
	case 0b001:
		return v + " < V110", nil
	case 0b010:
		return v + " == V110", nil
	case 0b011:
		return v + " < V120", nil
	case 0b100:
		return v + " >= V120", nil
	case 0b110:
		return v + " >= V110", nil
	}
	return "", fmt.Errorf("documents.csv: %s/%d: no condition for the versions %03b", m.goType, f.tag, f.versions)
}

// forms are the documents that have the field; nil when all of the message do.
func (m *message) forms(f field) []int {
	if len(f.docs) == len(strings.Fields(m.parents)) || f.docs[0] > 255 {
		return nil
	}
	return f.docs
}

// expr is the Go expression of the member.
func (f field) expr() string {
	if strings.HasPrefix(f.path, "[") {
		return "x" + f.path
	}
	return "x." + f.path
}

// limit is the constant with the greatest length of the value.
func (f field) limit() string {
	if f.limited {
		return "len" + f.name
	}
	return "maxFreeLen"
}

func numbers(s string) ([]int, error) {
	var out []int
	for _, w := range strings.Fields(s) {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// renderPlaces writes the order as a table of its own, for those who read or
// show documents.
func renderPlaces(docs []row) (string, error) {
	type place struct {
		parent int
		text   string
	}
	var places []place
	parts := map[string]string{"fn": "DrivePart", "kkt": "RegisterPart", "": "WholePart"}
	for _, r := range docs {
		part, ok := parts[r["part"]]
		if !ok {
			return "", fmt.Errorf("documents.csv: part %q is not known", r["part"])
		}
		if r["kind"] == "" {
			continue
		}
		var versions uint8
		for bit, column := range versionColumns {
			if r[column] != "-" {
				versions |= versionBits["1.05"] << bit
			}
		}
		parents, err := numbers(r["document"])
		if err != nil {
			return "", fmt.Errorf("documents.csv: %w", err)
		}
		for _, p := range parents {
			places = append(places, place{p, fmt.Sprintf("\t{Parent: %d, Tag: %s, Part: %s, Versions: %#x},\n", p, r["tag"], part, versions)})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return a.parent - b.parent })
	var s strings.Builder
	s.WriteString("// places is sorted by parent and holds the order of tags in each. It is never changed.\nvar places = [...]Place{\n")
	for _, p := range places {
		s.WriteString(p.text)
	}
	s.WriteString("}\n")
	return s.String(), nil
}
