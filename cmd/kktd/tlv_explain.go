package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kktd/ffd"
	"kktd/ofdproto"
)

type tlvExplainOptions struct {
	in, out, version string
	tag, parent      uint16
	view             tlvView
}

func newTLVExplainCommand() *cobra.Command {
	o := tlvExplainOptions{}
	cmd := &cobra.Command{
		Use:   "explain HEX... | -",
		Short: "Tell what each of some bytes means",
		Long: `Tell what each byte means: header, value, bits, words of enumerations, the printed
form, the bytes of a fiscal sign, and what the dictionary says of the tag. The
bytes are the arguments, hex or base64, or standard input for -. With --tag they
are the value of this tag without its header.`,
		Example: `  kktd tlv explain 1e04010001
  kktd tlv explain --tag 1077 310400bc614e
  kktd tlv explain --tag 1055 --lang en 21`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	addInFlag(cmd, &o.in)
	cmd.Flags().StringVar(&o.out, "out", "text", "form of the output: text or json")
	cmd.Flags().Uint16Var(&o.tag, "tag", 0, "the bytes are the value of this tag")
	cmd.Flags().Uint16Var(&o.parent, "parent", 0, "document or structure that the tag stands in, for numbers with two meanings")
	cmd.Flags().StringVar(&o.version, "ffd", "1.2", "version of a bare value: 1.0, 1.05, 1.1 or 1.2")
	o.view.addFlags(cmd)
	return cmd
}

func (o *tlvExplainOptions) run(cmd *cobra.Command, args []string) error {
	if !oneOf(o.out, "text", "json") {
		return fmt.Errorf("--out %q: want text or json", o.out)
	}
	view, err := o.view.get(cmd)
	if err != nil {
		return err
	}
	v, err := ffd.ParseVersion(o.version)
	if err != nil {
		return fmt.Errorf("--ffd: %w", err)
	}
	text := []byte(strings.Join(args, " "))
	if len(args) == 1 && args[0] == "-" {
		if text, err = readTLVInput(cmd, "-", maxTLVInput); err != nil {
			return err
		}
	}
	b, err := parseTLVInput(text, o.in)
	if err != nil {
		return err
	}
	cmd.SilenceUsage = true
	n := ofdproto.Tree(b)
	explained := n.Explain(view.Lang)
	if o.tag != 0 {
		if explained, err = ffd.ExplainValue(view.Lang, o.tag, b, v, o.parent); err != nil {
			return err
		}
	}
	out := view.AppendExplanation(nil, explained)
	if o.out == "json" {
		if out, err = json.MarshalIndent(explained, "", "  "); err != nil {
			return err
		}
		out = append(out, '\n')
	}
	if _, err := cmd.OutOrStdout().Write(out); err != nil {
		return err
	}
	if bad := n.Malformed(); bad != nil && o.tag == 0 {
		return fmt.Errorf("malformed at offset 0x%x: %s", bad.Offset, bad.Err)
	}
	return nil
}
