package render

import (
	"fmt"
	"slices"
	"strings"
)

const pageIntro = `# Fiscal documents as kktd writes them

Made from ` + "`ffd/tags.csv` and `ffd/documents.csv`" + ` by ` + "`go generate ./ffd`" + `; the encoders, the readers and the check come from the
same tables.

- The number is the place in the order of writing; without a number a tag may stand there and kktd does not write it. A tag whose
  place depends on the version has several lines.
- 1.05, 1.1, 1.2: ` + "`1`" + ` must be there, ` + "`2`" + ` must be there in the case that the note tells, ` + "`3`" + ` may be absent, ` + "`3~`" + ` may be absent or differs
  between print and bytes, ` + "`+`" + ` came with an order after 2023, ` + "`-`" + ` not in this version (or not in this place).
- Part: ФН by the fiscal drive, ККТ by the register, in this order.
- Length in bytes, exact with ` + "`=`" + `. The published lengths of the counters (1129 to 1133, 1145, 1146, 1157, 1158, 1194, 1232, 1233)
  and of 1068 do not add up: kktd neither keeps nor checks them. P is printed only.
`

// renderPage makes docs/ffd.md.
func renderPage(tags, docs []row) (string, error) {
	entries := map[string]row{}
	for _, t := range tags {
		if !strings.HasPrefix(t["note"], "LEGACY") {
			entries[t["tag"]] = t
		}
	}
	var parents []string
	lines := map[string][]string{}
	number := map[string]int{}
	parts := map[string]string{"fn": "ФН", "kkt": "ККТ"}
	for _, r := range docs {
		e := entries[r["tag"]]
		if e == nil {
			return "", fmt.Errorf("documents.csv: tag %s is not in tags.csv", r["tag"])
		}
		length := e["len"]
		if e["fixed"] == "yes" {
			length = "= " + length
		}
		name := e["name_ru"]
		if r["repeat"] == "yes" {
			name += " (повторяется)"
		}
		part := parts[r["part"]]
		if r["form"] == "P" {
			part = "P"
		}
		for _, p := range strings.Fields(r["document"]) {
			if !slices.Contains(parents, p) {
				parents = append(parents, p)
			}
			place := ""
			if r["kind"] != "" {
				number[p]++
				place = fmt.Sprint(number[p])
			}
			lines[p] = append(lines[p], fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
				place, r["tag"], name, e["type"], length, r["v105"], r["v110"], r["v120"], part, r["note"]))
		}
	}
	slices.SortFunc(parents, func(a, b string) int {
		if len(a) != len(b) {
			return min(len(a), 3) - min(len(b), 3)
		}
		return strings.Compare(a, b)
	})
	var s strings.Builder
	s.WriteString(pageIntro)
	for i, p := range parents {
		text := strings.Join(lines[p], "")
		same := func(q string) bool { return strings.Join(lines[q], "") == text }
		if slices.ContainsFunc(parents[:i], same) {
			continue
		}
		s.WriteString("\n##")
		for j, q := range slices.DeleteFunc(slices.Clone(parents[i:]), func(q string) bool { return !same(q) }) {
			if j > 0 {
				s.WriteString(";")
			}
			fmt.Fprintf(&s, " %s %s", q, entries[q]["name_ru"])
			if n := entries[q]["len"]; n != "" {
				fmt.Fprintf(&s, " (at most %s bytes)", n)
			}
		}
		s.WriteString("\n\n| | tag | name | type | length | 1.05 | 1.1 | 1.2 | part | note |\n|---|---|---|---|---|---|---|---|---|---|\n")
		s.WriteString(text)
	}
	return s.String(), nil
}
