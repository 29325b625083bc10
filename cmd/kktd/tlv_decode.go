package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kktd/ffd"
	"kktd/ofdproto"
)

type tlvDecodeOptions struct {
	in, out string
	view    tlvView
}

func newTLVDecodeCommand() *cobra.Command {
	var o tlvDecodeOptions
	cmd := &cobra.Command{
		Use:   "decode [FILE|-]",
		Short: "Show a fiscal document or an OFD frame as a tree",
		Long: `Show a fiscal document or an OFD frame as a tree.

What it is, a message of the OFD protocol, a container, a document with or
without its sign, or single TLVs, is seen from the bytes. The input is FILE, or
standard input for - and without FILE. It may be hex (spaces, line breaks,
commas, colons, hyphens and 0x are skipped), base64 as in the raw data of the tax
service, or the bytes themselves.

The tree has a line for each TLV: tag and name, value, offset and bytes as they
stand on the wire, header first. Sums are shown in roubles, enumerations in
words. --out hexdump shows the bytes with their meaning at the right. With --out
json every node has the keys tag, name, type, offset, len, hex, value and items;
kktd tlv encode makes the same bytes of it. --out fns is the JSON of the tax
service.

When something cannot be read the rest is still shown; the first damage is
told on standard error with its offset, and the exit code is 1.`,
		Example: `  kktd tlv decode receipt.bin
  echo 'ff 03 03 00 02 e3 03' | kktd tlv decode
  jq -r .rawData receipt.json | kktd tlv decode --in base64 --out json
  kktd tlv decode --width $COLUMNS message.hex`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, inputArg(args))
		},
	}
	addInFlag(cmd, &o.in)
	cmd.Flags().StringVar(&o.out, "out", "tree", "form of the output: tree, hexdump, json or fns")
	o.view.addFlags(cmd)
	return cmd
}

func (o *tlvDecodeOptions) run(cmd *cobra.Command, name string) error {
	if !oneOf(o.out, "tree", "hexdump", "json", "fns") {
		return fmt.Errorf("--out %q: want tree, hexdump, json or fns", o.out)
	}
	view, err := o.view.get(cmd)
	if err != nil {
		return err
	}
	b, err := readTLVBytes(cmd, name, o.in)
	if err != nil {
		return err
	}
	cmd.SilenceUsage = true // from here on the command line is not to blame
	n := ofdproto.Tree(b)
	out, err := o.render(view, n)
	if err != nil {
		return err
	}
	if _, err := cmd.OutOrStdout().Write(out); err != nil {
		return err
	}
	if bad := n.Malformed(); bad != nil {
		return fmt.Errorf("malformed at offset 0x%x: %s", bad.Offset, bad.Err)
	}
	return nil
}

func (o *tlvDecodeOptions) render(view ffd.View, n *ffd.Node) ([]byte, error) {
	switch o.out {
	case "hexdump":
		return view.AppendHex(nil, n), nil
	case "json":
		return indentJSON(n.AppendJSON(nil))
	case "fns":
		b, err := n.AppendFNS(nil)
		if err != nil {
			return nil, err
		}
		return indentJSON(b)
	}
	return view.AppendTree(nil, n), nil
}

func indentJSON(b []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
