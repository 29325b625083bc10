package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// maxTLVInput is well above a message of 33 KB written as hex with separators.
// maxTLVTree holds the indented JSON of such an input even when it is all TLVs
// without a value, so that whatever decode shows encode takes.
const (
	maxTLVInput = 4 << 20
	maxTLVTree  = 64 * maxTLVInput
)

// readTLVBytes reads a file, or standard input for -, and makes bytes of its form.
func readTLVBytes(cmd *cobra.Command, name, form string) ([]byte, error) {
	text, err := readTLVInput(cmd, name, maxTLVInput)
	if err != nil {
		return nil, err
	}
	b, err := parseTLVInput(text, form)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", inputName(name), err)
	}
	return b, nil
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// inputArg is the file of a command with at most one, - without it.
func inputArg(args []string) string {
	if len(args) == 0 {
		return "-"
	}
	return args[0]
}

func readTLVInput(cmd *cobra.Command, name string, limit int) ([]byte, error) {
	r := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read input: %w", err)
	case len(b) > limit:
		return nil, fmt.Errorf("the input is over %d bytes", limit)
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
		b, err := parseHex(text)
		if err == nil || errors.Is(err, errOddHex) { // no base64 is hex digits alone, but for short ones
			return b, err
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

// errOddHex is returned when half of a byte is missing.
var errOddHex = errors.New("hex")

// parseHex skips what people put between bytes. It takes 0x and hyphens too,
// which would else make base64 of plain hex.
func parseHex(text []byte) ([]byte, error) {
	digits := make([]byte, 0, len(text))
	for i, c := range text {
		switch {
		case isHexGap(c):
		case (c == 'x' || c == 'X') && i > 0 && text[i-1] == '0' && (i == 1 || isHexGap(text[i-2])):
			digits = digits[:len(digits)-1] // the 0 of 0x
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
		return nil, fmt.Errorf("%w: %d digits, want an even number", errOddHex, len(digits))
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

func isHexGap(c byte) bool { return isSpace(c) || c == ',' || c == ':' || c == '-' }

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
