package render

import (
	"fmt"
	"strings"
)

// renderParse writes the readers of all messages: one case for each tag.
func renderParse(all []message) (string, error) {
	var s strings.Builder
	s.WriteString("import \"kktd/tlv\"\n\n")
	for i := range all {
		if err := all[i].takeMethod(&s); err != nil {
			return "", err
		}
	}
	return s.String(), nil
}

func (m *message) takeMethod(s *strings.Builder) error {
	fmt.Fprintf(s, "func (x *%s) take%s(p *parser, it tlv.Item) bool {\nswitch it.Tag {\n", m.goType, m.suffix)
	done := map[int]bool{}
	for _, f := range m.fields {
		if done[f.tag] {
			continue
		}
		done[f.tag] = true
		forms := map[int]bool{}
		for _, g := range m.fields {
			if g.tag != f.tag {
				continue
			}
			if g.path != f.path || strings.TrimSuffix(g.kind, "?") != strings.TrimSuffix(f.kind, "?") {
				return fmt.Errorf("documents.csv: %s/%d is read in two ways", m.goType, f.tag)
			}
			f.versions |= g.versions
			for _, d := range g.docs {
				forms[d] = true
			}
		}
		fmt.Fprintf(s, "case Tag%s:\n", f.name)
		var not []string
		version, err := m.versionCondition(f, "p.v")
		if err != nil {
			return err
		}
		if version != "" {
			not = append(not, negated.Replace(version))
		}
		if len(forms) < len(strings.Fields(m.parents)) {
			if f.docs[0] < 256 {
				one := make([]string, 0, len(forms))
				for _, d := range f.docs {
					one = append(one, fmt.Sprintf("p.form != %d", d))
				}
				not = append(not, strings.Join(one, " && "))
			}
		}
		for _, n := range not {
			fmt.Fprintf(s, "if %s {\nreturn false\n}\n", n)
		}
		code, err := f.takeCode()
		if err != nil {
			return fmt.Errorf("documents.csv: %s/%d: %w", m.goType, f.tag, err)
		}
		s.WriteString(code + "\n")
	}
	s.WriteString("default:\nreturn false\n}\nreturn true\n}\n\n")
	return nil
}

var negated = strings.NewReplacer(" < ", " >= ", " >= ", " < ", " == ", " != ")

// takeCode is the statement that reads one field.
func (f field) takeCode() (string, error) {
	x := f.expr()
	if outer, inner, ok := strings.Cut(f.path, "?"); ok {
		x = "made(&x." + outer + ")" + inner
	}
	if strings.HasSuffix(f.path, "()") {
		return "p.count(it, " + strings.TrimSuffix(x, "()") + ")", nil
	}
	plain := map[string]string{
		"array":       "p.array(it, {x}[:])",
		"byte":        "number(p, it, &{x})",
		"u16":         "number(p, it, &{x})",
		"u32":         "number(p, it, &{x})",
		"vln":         "number(p, it, &{x})",
		"money":       "number(p, it, &{x})",
		"quantity":    "p.quantity(it, &{x})",
		"bool":        "p.flag(it, &{x})",
		"bit":         "p.bit(it, &{x}, {arg})",
		"text":        "{x} = tlv.RawText(it.Value)",
		"fixed":       "{x} = tlv.RawText(tlv.TrimPadding(it.Value))",
		"texts":       "{x} = append({x}, tlv.RawText(it.Value))",
		"bytes":       "{x} = it.Value",
		"version":     "// the parser has read it",
		"sign":        "p.sign(it, &{x})",
		"reasons":     "p.reason(it, &{x})",
		"totals":      "{x} = new(Totals)\np.members(it, {x}.take)",
		"unsent":      "p.members(it, {x}.take)",
		"receipts":    "p.members(it, {x}.takeReceipts)",
		"corrections": "p.members(it, {x}.takeCorrections)",
		"struct":      "p.members(it, made(&{x}).take)",
		"part":        "p.members(it, {x}.take)",
		"list":        "p.element(it, len({x}), next(&{x}).take)",
		"payments":    "p.payments(it, &{x})",
		"vat":         "p.vatAmounts(it, &{x})",
	}
	if f.kind == "unsent" && f.path == "UnsentTotals" {
		plain["unsent"] = "p.members(it, made(&{x}).take)"
	}
	format, ok := plain[strings.TrimSuffix(f.kind, "?")]
	if !ok {
		return "", fmt.Errorf("kind %q cannot be generated", f.kind)
	}
	return strings.NewReplacer("{x}", x, "{arg}", f.arg).Replace(format), nil
}
