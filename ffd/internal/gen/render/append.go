package render

import (
	"fmt"
	"slices"
	"strings"
)

// renderAppend writes the encoders of all messages but those made by hand.
func renderAppend(all []message) (string, error) {
	var s strings.Builder
	s.WriteString("import \"kktd/tlv\"\n\n")
	for i := range all {
		if all[i].byHand {
			continue
		}
		if err := all[i].appendMethod(&s); err != nil {
			return "", err
		}
	}
	return s.String(), nil
}

func (m *message) appendMethod(s *strings.Builder) error {
	v := "v"
	switch m.shape {
	case headShape:
		v = "x.Version"
		fmt.Fprintf(s, "// Append appends the FN part of %s.\nfunc (x *%s) Append(b []byte) []byte {\n", formNames(m.parents), m.goType)
	case registerShape:
		fmt.Fprintf(s, "func (x *%s) append(b []byte, v Version, f *fault) []byte {\n", m.goType)
	case structureShape:
		fmt.Fprintf(s, "func (x *%s) append(b []byte, f *fault) []byte {\n", m.goType)
	case countersShape:
		fmt.Fprintf(s, "func (x *%s) append%s(b []byte) []byte {\n", m.goType, m.suffix)
	}
	if slices.ContainsFunc(m.fields, func(f field) bool { return slices.Contains(framed, f.kind) }) {
		s.WriteString("var at int\n")
	}
	open := ""
	for _, f := range m.fields {
		cond, err := m.condition(f, v)
		if err != nil {
			return err
		}
		if cond != open {
			if open != "" {
				s.WriteString("}\n")
			}
			if cond != "" {
				fmt.Fprintf(s, "if %s {\n", cond)
			}
			open = cond
		}
		code, err := f.appendCode()
		if err != nil {
			return fmt.Errorf("documents.csv: %s/%d: %w", m.goType, f.tag, err)
		}
		s.WriteString(code)
	}
	if open != "" {
		s.WriteString("}\n")
	}
	s.WriteString("return b\n}\n\n")
	return nil
}

// framed are the kinds that open a structure.
var framed = []string{"struct", "list", "receipts", "corrections"}

// condition says when a field is written.
func (m *message) condition(f field, v string) (string, error) {
	version, err := m.versionCondition(f, v)
	if err != nil {
		return "", err
	}
	var all []string
	if version != "" {
		all = append(all, version)
	}
	for _, form := range m.forms(f) {
		name, ok := formConstants[form]
		if !ok || len(f.docs) > 1 {
			return "", fmt.Errorf("documents.csv: %s/%d: no condition for the forms %v", m.goType, f.tag, f.docs)
		}
		all = append(all, "x.Form == "+name)
	}
	if f.when != "" {
		if rest, not := strings.CutPrefix(f.when, "!"); not {
			all = append(all, "!x."+rest)
		} else {
			all = append(all, "x."+f.when)
		}
	}
	return strings.Join(all, " && "), nil
}

// formConstants are the forms that share a Go type with another one.
var formConstants = map[int]string{1: "FormRegistration", 11: "FormReregistration", 2: "FormShiftOpening", 5: "FormShiftClosing"}

func formNames(parents string) string {
	if !strings.Contains(parents, " ") {
		return "form " + parents
	}
	return "forms " + strings.ReplaceAll(parents, " ", ", ")
}

// appendCode is the statement that writes one field.
func (f field) appendCode() (string, error) {
	if strings.Contains(f.path, "?") {
		return "", fmt.Errorf("%s: members behind a pointer are written by hand", f.path)
	}
	plain := map[string]string{
		"array":    "b = tlv.AppendBytes(b, {tag}, {x}[:])\n",
		"byte":     "b = tlv.AppendByte(b, {tag}, byte({x}))\n",
		"byte?":    "if {x} != 0 {\nb = tlv.AppendByte(b, {tag}, byte({x}))\n}\n",
		"u16":      "b = tlv.AppendUint16(b, {tag}, {x})\n",
		"u32":      "b = tlv.AppendUint32(b, {tag}, uint32({x}))\n",
		"u32?":     "if {x} != 0 {\nb = tlv.AppendUint32(b, {tag}, uint32({x}))\n}\n",
		"vln":      "b = tlv.AppendVLN(b, {tag}, {x})\n",
		"money":    "b = money(b, {tag}, {x}, f)\n",
		"quantity": "b = quantity(b, {tag}, {x}, f)\n",
		"bool":     "b = tlv.AppendBool(b, {tag}, {x})\n",
		"bool?":    "if {x} {\nb = tlv.AppendByte(b, {tag}, 1)\n}\n",
		"bit":      "b = tlv.AppendBool(b, {tag}, {x}.Has({arg}))\n",
		"bit?":     "if {x}.Has({arg}) {\nb = tlv.AppendByte(b, {tag}, 1)\n}\n",
		"text":     "b = text(b, {tag}, {x}, {len}, f)\n",
		"fixed":    "b = fixed(b, {tag}, {x}, {len}, f)\n",
		"texts":    "b = phones(b, {tag}, {x}, {len}, f)\n",
		"bytes":    "b = octets(b, {tag}, {x}, {len}, f)\n",
		"version":  "b = tlv.AppendByte(b, {tag}, byte(v))\n",
		"sign":     "b = x.appendSign(b)\n",
		"reasons":  "b = appendReasons105(b, {x})\n",
		"totals":   "b = {x}.appendAs(b, {tag})\n",
		"unsent":   "b = {x}.appendAs(b, {tag})\n",
		"receipts": "b, at = tlv.Begin(b, {tag})\nb = {x}.appendReceipts(b)\n_ = tlv.End(b, at)\n",
		"corrections": "b, at = tlv.Begin(b, {tag})\nb = {x}.appendCorrections(b)\n" +
			"_ = tlv.End(b, at)\n",
		"struct": "if {x} != nil {\nb, at = tlv.Begin(b, {tag})\nf.in = {tag}\nb = {x}.append(b, f)\nf.in = 0\n" +
			"end(b, at, {tag}, {len}, f)\n}\n",
		"list": "for i := range {x} {\nb, at = tlv.Begin(b, {tag})\nf.list, f.item = {tag}, i\nb = {x}[i].append(b, f)\n" +
			"end(b, at, {tag}, {len}, f)\nf.item = -1\n}\n",
	}
	if f.kind == "list" && f.name != "MarkedItem" {
		plain["list"] = "for i := range {x} {\nb, at = tlv.Begin(b, {tag})\nf.in = {tag}\nb = {x}[i].append(b, f)\nf.in = 0\n" +
			"end(b, at, {tag}, {len}, f)\n}\n"
	}
	format, ok := plain[f.kind]
	if !ok {
		return "", fmt.Errorf("kind %q cannot be generated", f.kind)
	}
	if !strings.Contains(f.path, "Conditions") {
		format = strings.ReplaceAll(format, "uint32({x})", "{x}")
	}
	return strings.NewReplacer("{tag}", "Tag"+f.name, "{x}", f.expr(), "{len}", f.limit(), "{arg}", f.arg).Replace(format), nil
}
