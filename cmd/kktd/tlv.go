package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kktd/ffd"
	"kktd/ofdproto"
)

// maxTLVInput is well above a message of 33 KB written as hex with separators.
const maxTLVInput = 4 << 20

func newTLVCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tlv", Short: "Look into fiscal documents and OFD frames"}
	cmd.AddCommand(newTLVDecodeCommand())
	return cmd
}

type tlvDecodeOptions struct {
	in, out string
	width   int
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
commas and colons are skipped), base64 as in the raw data of the tax service, or
the bytes themselves.

The tree has a line for each TLV: tag and name, value, offset and bytes as they
stand on the wire, header first. Sums are shown in roubles, enumerations in
words. With --out json every node has the keys tag, name, type, offset, len,
hex, value and items.

When something cannot be read the rest is still shown; the first damage is
told on standard error with its offset, and the exit code is 1.`,
		Example: `  kktd tlv decode receipt.bin
  echo 'ff 03 03 00 02 e3 03' | kktd tlv decode
  jq -r .rawData receipt.json | kktd tlv decode --in base64 --out json
  kktd tlv decode --width $COLUMNS message.hex`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) > 0 {
				name = args[0]
			}
			return o.run(cmd, name)
		},
	}
	cmd.Flags().StringVar(&o.in, "in", "auto", "form of the input: auto, hex, base64 or raw")
	cmd.Flags().StringVar(&o.out, "out", "tree", "form of the output: tree or json")
	cmd.Flags().IntVar(&o.width, "width", 0, "cut the lines of the tree to this many characters; 0 cuts nothing")
	return cmd
}

func (o *tlvDecodeOptions) run(cmd *cobra.Command, name string) error {
	if o.out != "tree" && o.out != "json" {
		return fmt.Errorf("--out %q: want tree or json", o.out)
	}
	if o.width < 0 {
		return fmt.Errorf("--width %d: want 0 or more", o.width)
	}
	text, err := readTLVInput(cmd, name)
	if err != nil {
		return err
	}
	b, err := parseTLVInput(text, o.in)
	if err != nil {
		return err
	}
	cmd.SilenceUsage = true // from here on the command line is not to blame
	n := ofdproto.Tree(b)
	if err := o.write(cmd.OutOrStdout(), n); err != nil {
		return err
	}
	if bad := n.Malformed(); bad != nil {
		return fmt.Errorf("malformed at offset 0x%x: %s", bad.Offset, bad.Err)
	}
	return nil
}

func (o *tlvDecodeOptions) write(w io.Writer, n *ffd.Node) error {
	var out bytes.Buffer
	if o.out == "json" {
		if err := json.Indent(&out, n.AppendJSON(nil), "", "  "); err != nil {
			return err
		}
		out.WriteByte('\n')
	} else {
		out.Write(n.AppendText(nil, o.width))
	}
	_, err := w.Write(out.Bytes())
	return err
}

func readTLVInput(cmd *cobra.Command, name string) ([]byte, error) {
	r := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxTLVInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read input: %w", err)
	case len(b) > maxTLVInput:
		return nil, fmt.Errorf("the input is over %d bytes", maxTLVInput)
	case len(b) == 0:
		return nil, errors.New("the input is empty")
	}
	return b, nil
}

// parseTLVInput makes bytes of the input. For auto the first form that fits is
// taken: documents and frames begin with bytes that are no text.
func parseTLVInput(text []byte, form string) ([]byte, error) {
	switch form {
	case "raw":
		return text, nil
	case "hex":
		return parseHex(text)
	case "base64":
		return parseBase64(text)
	case "auto":
		if b, err := parseHex(text); err == nil {
			return b, nil
		}
		if b, err := parseBase64(text); err == nil {
			return b, nil
		}
		if isText(text) {
			_, hexErr := parseHex(text)
			_, base64Err := parseBase64(text)
			return nil, fmt.Errorf("the input is text, but neither hex (%w) nor base64 (%w); --in raw takes it as bytes", hexErr, base64Err)
		}
		return text, nil
	}
	return nil, fmt.Errorf("--in %q: want auto, hex, base64 or raw", form)
}

func parseHex(text []byte) ([]byte, error) {
	digits := make([]byte, 0, len(text))
	for i, c := range text {
		switch {
		case isSpace(c), c == ',', c == ':':
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			digits = append(digits, c)
		default:
			return nil, fmt.Errorf("hex: character %q at offset %d of the input", c, i)
		}
	}
	switch {
	case len(digits) == 0:
		return nil, errors.New("hex: no digits in the input")
	case len(digits)%2 != 0:
		return nil, fmt.Errorf("hex: %d digits, want an even number", len(digits))
	}
	n, err := hex.Decode(digits, digits)
	return digits[:n], err
}

// parseBase64 takes both alphabets, with and without padding.
func parseBase64(text []byte) ([]byte, error) {
	clean := make([]byte, 0, len(text))
	for _, c := range bytes.TrimRight(text, "= \t\r\n") {
		switch {
		case isSpace(c):
			continue
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		}
		clean = append(clean, c)
	}
	if len(clean) == 0 {
		return nil, errors.New("base64: nothing in the input")
	}
	b := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, err := base64.RawStdEncoding.Decode(b, clean)
	if err != nil {
		return nil, fmt.Errorf("base64: %w", err)
	}
	return b[:n], nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// isText tells that there is no control character but white space.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}
