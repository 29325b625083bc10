package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kktd/ffd"
	"kktd/ofdproto"
)

type tlvEncodeOptions struct {
	in, out        string
	values, strict bool
}

func newTLVEncodeCommand() *cobra.Command {
	var o tlvEncodeOptions
	cmd := &cobra.Command{
		Use:   "encode [FILE|-]",
		Short: "Make the bytes of a document or a frame from JSON",
		Long: `Make the bytes of a document or a frame from JSON: the tree of kktd tlv decode
--out json, or with --in fns the JSON of the tax service.

Of a TLV tag and value (or hex, or items) are enough. hex wins where both stand
and say different things, with a warning; --values takes value then. Lengths and
offsets are computed; the len of a TLV with error stands as it is told, so that
damaged documents come back. Messages and containers without hex get their header
from the fields of value, lengths and CRC computed.`,
		Example: `  echo '{"tag":1023,"value":"9.95"}' | kktd tlv encode --out hex
  kktd tlv decode --out json message.bin | kktd tlv encode > same.bin
  kktd tlv encode --in fns receipt.json | kktd tlv check`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, inputArg(args)) },
	}
	cmd.Flags().StringVar(&o.in, "in", "json", "form of the input: json or fns")
	cmd.Flags().StringVar(&o.out, "out", "auto", "form of the output: hex, base64, raw, json, or auto: hex on a terminal, else raw")
	cmd.Flags().BoolVar(&o.values, "values", false, "take value where a node has hex too")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "warnings are errors")
	return cmd
}

func (o *tlvEncodeOptions) run(cmd *cobra.Command, name string) error {
	switch {
	case !oneOf(o.in, "json", "fns"):
		return fmt.Errorf("--in %q: want json or fns", o.in)
	case !oneOf(o.out, "auto", "hex", "base64", "raw", "json"):
		return fmt.Errorf("--out %q: want auto, hex, base64, raw or json", o.out)
	}
	text, err := readTLVInput(cmd, name, maxTLVTree)
	if err != nil {
		return err
	}
	cmd.SilenceUsage = true
	read := o.readTree
	if o.in == "fns" {
		read = o.readFNS
	}
	b, warnings, err := read(text)
	if err != nil {
		return fmt.Errorf("%s: %w", inputName(name), err)
	}
	for _, w := range warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w)
	}
	if o.strict && len(warnings) > 0 {
		return fmt.Errorf("%s: %d warnings, errors with --strict", inputName(name), len(warnings))
	}
	out := b
	switch {
	case o.out == "hex", o.out == "auto" && isTerminal(cmd.OutOrStdout()):
		out = append(hex.AppendEncode(nil, b), '\n')
	case o.out == "base64":
		out = append(base64.StdEncoding.AppendEncode(nil, b), '\n')
	case o.out == "json":
		out, err = json.MarshalIndent(struct {
			Len    int    `json:"len"`
			Hex    string `json:"hex"`
			Base64 []byte `json:"base64"`
		}{len(b), hex.EncodeToString(b), b}, "", "  ")
		if err != nil {
			return err
		}
		out = append(out, '\n')
	}
	_, err = cmd.OutOrStdout().Write(out)
	return err
}

func (o *tlvEncodeOptions) readTree(text []byte) (b []byte, warnings []string, err error) {
	r := ffd.JSONReader{PreferValue: o.values, Warn: func(path, text string) {
		if path != "" {
			text = path + ": " + text
		}
		warnings = append(warnings, text)
	}}
	n, err := ofdproto.ReadTree(text, r)
	if err != nil {
		return nil, nil, err
	}
	return n.Append(nil), warnings, nil
}

func (o *tlvEncodeOptions) readFNS(text []byte) (b []byte, warnings []string, err error) {
	docs, err := ffd.ReadFNS(text, o.strict)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range docs {
		b = append(b, d.TLV...)
		for _, w := range d.Warnings {
			warnings = append(warnings, w.Error())
		}
	}
	return b, warnings, nil
}
