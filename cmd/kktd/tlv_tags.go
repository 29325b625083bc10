package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kktd/ffd"
)

type tlvTagsOptions struct {
	out, version, lang string
}

func newTLVTagsCommand() *cobra.Command {
	var o tlvTagsOptions
	cmd := &cobra.Command{
		Use:   "tags [NUMBER|WORD]",
		Short: "Search the dictionary of tags",
		Long: `Search the dictionary of tags by number, or by a part of the Russian or English name or of
the name in the JSON of the tax service. A single tag is shown with all that is
known of it: type, length, versions, where it stands and by which duty (1 must,
2 in the case that the order names, 3 may; + added after 2023), its values or bits.`,
		Example: `  kktd tlv tags 1059
  kktd tlv tags --lang en vat
  kktd tlv tags покупател --ffd 1.2`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, strings.Join(args, "")) },
	}
	cmd.Flags().StringVar(&o.out, "out", "text", "form of the output: text or json")
	cmd.Flags().StringVar(&o.version, "ffd", "", "only tags of this version")
	addLangFlag(cmd, &o.lang)
	return cmd
}

// tagInfo is a tag as --out json has it.
type tagInfo struct {
	Tag      uint16          `json:"tag"`
	Name     string          `json:"name"`
	NameEn   string          `json:"nameEn"`
	JSONName string          `json:"jsonName,omitempty"`
	Type     string          `json:"type"`
	Len      int             `json:"len,omitempty"`
	Fixed    bool            `json:"fixed"`
	Versions []string        `json:"versions"`
	Parents  []uint16        `json:"parents,omitempty"`
	Repeat   bool            `json:"repeat"`
	Legacy   bool            `json:"legacy"`
	Duties   []tagDuty       `json:"duties,omitempty"`
	Mask     bool            `json:"mask,omitempty"`
	Values   []ffd.EnumValue `json:"values,omitempty"`
	Note     string          `json:"note,omitempty"`
}

// tagDuty is the obligation of a tag in a document or a structure, "" for versions
// that do not have it.
type tagDuty struct {
	Parent uint16 `json:"parent"`
	V105   string `json:"1.05,omitempty"`
	V110   string `json:"1.1,omitempty"`
	V120   string `json:"1.2,omitempty"`
}

func newTagInfo(e ffd.Entry) tagInfo {
	t := tagInfo{Tag: e.Tag, Name: e.NameRu, NameEn: e.Title(ffd.English), JSONName: e.JSONName, Type: e.Type.String(), Len: e.Len, Fixed: e.Fixed,
		Versions: e.VersionNames(), Parents: e.Parents, Repeat: e.Repeat, Legacy: e.Legacy, Note: e.Note}
	if !e.Legacy {
		t.Values, t.Mask = ffd.EnumValues(e.Tag, ffd.V120)
	}
	for _, p := range e.Parents {
		for _, r := range ffd.Rows(p) {
			if r.Tag == e.Tag {
				t.Duties = append(t.Duties, tagDuty{p, dutyText(r.Duty[0]), dutyText(r.Duty[1]), dutyText(r.Duty[2])})
			}
		}
	}
	return t
}

func dutyText(d ffd.Duty) string {
	if d.Base() == 0 {
		return ""
	}
	text := strconv.Itoa(int(min(d.Base(), ffd.Optional)))
	if d&ffd.Amended != 0 {
		text += "+"
	}
	return text
}

func (o *tlvTagsOptions) run(cmd *cobra.Command, query string) error {
	if !oneOf(o.out, "text", "json") {
		return fmt.Errorf("--out %q: want text or json", o.out)
	}
	lang, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	if o.version != "" {
		if _, err := ffd.ParseVersion(o.version); err != nil {
			return fmt.Errorf("--ffd: %w", err)
		}
	}
	cmd.SilenceUsage = true
	found := []tagInfo{}
	for e := range ffd.Entries() {
		if t := newTagInfo(e); t.matches(query) && (o.version == "" || slices.Contains(t.Versions, o.version)) {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("no tag for %q: want a number, or a part of a name", query)
	}
	w := cmd.OutOrStdout()
	if o.out == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(found)
	}
	var out bytes.Buffer
	_, isNumber := strconv.Atoi(query)
	if len(found) == 1 || isNumber == nil {
		for _, t := range found {
			t.card(&out, lang)
		}
	} else {
		for _, t := range found {
			t.line(&out, lang)
		}
	}
	_, err = w.Write(out.Bytes())
	return err
}

func (t tagInfo) matches(query string) bool {
	if n, err := strconv.Atoi(query); err == nil {
		return int(t.Tag) == n
	}
	q := strings.ToLower(query)
	return strings.Contains(strings.ToLower(t.Name), q) || strings.Contains(strings.ToLower(t.NameEn), q) ||
		strings.Contains(strings.ReplaceAll(strings.ToLower(t.NameEn), " ", ""), q) || strings.Contains(strings.ToLower(t.JSONName), q)
}

func (t tagInfo) title(lang ffd.Lang) string {
	if lang == ffd.English {
		return t.NameEn
	}
	return t.Name
}

func (t tagInfo) line(w io.Writer, lang ffd.Lang) {
	length := ""
	if t.Len > 0 {
		length = strconv.Itoa(t.Len)
	}
	fmt.Fprintf(w, "%-5d  %-9s  %5s  %-16s  %s\n", t.Tag, t.Type, length, strings.Join(t.Versions, " "), t.title(lang))
}

func (t tagInfo) card(w io.Writer, lang ffd.Lang) {
	line := func(ru, en, text string) {
		label := ru
		if lang == ffd.English {
			label = en
		}
		fmt.Fprintf(w, "  %-12s %s\n", label, text)
	}
	fmt.Fprintf(w, "%d %s (%s)\n", t.Tag, t.Name, t.NameEn)
	if t.JSONName != "" {
		line("JSON", "JSON", t.JSONName)
	}
	length := ""
	switch {
	case t.Fixed:
		length = fmt.Sprintf(", = %d", t.Len)
	case t.Len > 0:
		length = fmt.Sprintf(", <= %d", t.Len)
	}
	line("тип", "type", t.Type+length)
	line("ФФД", "FFD", strings.Join(t.Versions, ", "))
	if t.Legacy {
		line("только чтение", "read only", "+")
	}
	if t.Repeat {
		line("повторяется", "repeats", "+")
	}
	if len(t.Duties) > 0 {
		line("где", "where", "1.05  1.1   1.2")
	} else if len(t.Parents) > 0 {
		line("где", "where", strings.Trim(fmt.Sprint(t.Parents), "[]"))
	}
	for _, d := range t.Duties {
		line("", "", fmt.Sprintf("%-4s  %-4s  %-4s  %d %s", dash(d.V105), dash(d.V110), dash(d.V120), d.Parent, parentTitle(d.Parent, lang)))
	}
	for i, x := range t.Values {
		label, name := [2]string{"", ""}, x.Name
		if i == 0 {
			label = [2]string{"значения", "values"}
			if t.Mask {
				label = [2]string{"биты", "bits"}
			}
		}
		if lang == ffd.English {
			name = x.NameEn
		}
		value := strconv.FormatUint(x.Value, 10)
		if t.Mask {
			value = fmt.Sprintf("%Xh", x.Value)
		}
		line(label[0], label[1], fmt.Sprintf("%-4s %s", value, name))
	}
	if t.Note != "" {
		line("примечание", "note", t.Note)
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func parentTitle(tag uint16, lang ffd.Lang) string {
	e, _ := ffd.Lookup(tag, ffd.V120, 0)
	return e.Title(lang)
}
