package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kktd/ffd"
	"kktd/ofdproto"
)

type tlvCheckOptions struct {
	in, out, version, lang string
	strict                 bool
}

func newTLVCheckCommand() *cobra.Command {
	var o tlvCheckOptions
	cmd := &cobra.Command{
		Use:   "check [FILE|-]",
		Short: "Check documents by the format-logical control",
		Long: `Check documents by the format-logical control, as an operator does: structure,
duties, lengths, types, sums, enumerations, check digits; of messages and
containers also the frame. A line for each finding: severity, path, offset, what
is wrong, name of the rule.

The exit code is 1 when there is an error; warnings and notes are told only,
unless --strict makes errors of warnings.`,
		Example: `  kktd tlv check receipt.hex
  kktd tlv check --strict --lang en --out json receipt.bin`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, inputArg(args)) },
	}
	addInFlag(cmd, &o.in)
	cmd.Flags().StringVar(&o.out, "out", "text", "form of the output: text or json")
	cmd.Flags().StringVar(&o.version, "ffd", "", "check by the rules of this version, 1.05, 1.1 or 1.2; without it the document tells")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "warnings are errors")
	addLangFlag(cmd, &o.lang)
	return cmd
}

// tlvFinding is a finding with its offset in the input.
type tlvFinding struct {
	Path     string `json:"path"`
	Tag      uint16 `json:"tag,omitempty"`
	Offset   int    `json:"offset"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Ru       string `json:"ru"`
	En       string `json:"en"`
}

func (o *tlvCheckOptions) run(cmd *cobra.Command, name string) error {
	if !oneOf(o.out, "text", "json") {
		return fmt.Errorf("--out %q: want text or json", o.out)
	}
	lang, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	check := ffd.Check
	if o.version != "" {
		v, err := ffd.ParseVersion(o.version)
		if err != nil || !v.Writable() {
			return fmt.Errorf("--ffd %q: want 1.05, 1.1 or 1.2", o.version)
		}
		check = func(doc []byte) []ffd.Finding { return ffd.CheckAs(doc, v) }
	}
	b, err := readTLVBytes(cmd, name, o.in)
	if err != nil {
		return err
	}
	cmd.SilenceUsage = true
	c := tlvChecker{check: check, strict: o.strict, findings: []tlvFinding{}}
	c.node(ofdproto.Tree(b))
	if c.documents == 0 && c.errors == 0 {
		return errors.New("no document in the input")
	}
	if err := c.write(cmd.OutOrStdout(), o.out, lang); err != nil {
		return err
	}
	if c.errors > 0 {
		return fmt.Errorf("format control: errors %d, findings %d", c.errors, len(c.findings))
	}
	return nil
}

type tlvChecker struct {
	check             func(doc []byte) []ffd.Finding
	strict            bool
	findings          []tlvFinding
	documents, errors int
}

// node checks documents by their rules; what stands around them must be readable.
func (c *tlvChecker) node(n *ffd.Node) {
	if n.Type == ffd.TypeDocument {
		c.documents++
		for _, f := range c.check(n.Append(nil)) {
			c.add(f, n.Offset)
		}
		return
	}
	if n.Err != "" {
		c.add(ffd.Finding{Path: n.Type, Tag: n.Tag, Rule: ffd.RuleFrame, Severity: ffd.Error, Ru: n.Err, En: n.Err}, n.Offset)
	}
	for _, it := range n.Items {
		c.node(it)
	}
}

func (c *tlvChecker) add(f ffd.Finding, base int) {
	if f.Severity == ffd.Warning && c.strict {
		f.Severity = ffd.Error
	}
	if f.Severity == ffd.Error {
		c.errors++
	}
	c.findings = append(c.findings, tlvFinding{Path: f.Path, Tag: f.Tag, Offset: base + f.Offset, Rule: f.Rule, Severity: f.Severity.String(), Ru: f.Ru, En: f.En})
}

func (c *tlvChecker) write(w io.Writer, form string, lang ffd.Lang) error {
	if form == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(c.findings)
	}
	for _, f := range c.findings {
		text := f.Ru
		if lang == ffd.English {
			text = f.En
		}
		if _, err := fmt.Fprintf(w, "%-7s  0x%04x  %-16s  %s (%s)\n", f.Severity, f.Offset, f.Path, text, f.Rule); err != nil {
			return err
		}
	}
	if len(c.findings) > 0 {
		return nil
	}
	format := "документов: %d, замечаний нет\n"
	if lang == ffd.English {
		format = "documents: %d, no findings\n"
	}
	_, err := fmt.Fprintf(w, format, c.documents)
	return err
}
