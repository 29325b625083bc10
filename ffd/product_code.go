package ffd

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kktd/tlv"
)

// ProductCode is the one member of tag 1163: its tag, 1300 to 1309 or 1320 to
// 1325, and its value (spec/ffd/documents.md, 1163).
type ProductCode struct {
	Tag   uint16
	Value tlv.Text
}

// Marked tells that the code is a marking code, so that 2102 and 2106 go with
// it: an article number or an unknown code is none.
func (c *ProductCode) Marked() bool {
	switch c.Tag {
	case TagProductCodeGS1M, TagProductCodeKMK, TagProductCodeFur, TagProductCodeEGAIS2, TagProductCodeEGAIS3:
		return true
	}
	return false
}

func (c *ProductCode) append(b []byte, f *fault) []byte {
	e, ok := Lookup(c.Tag, V120, TagProductCodeStructured)
	if !ok || c.Value.IsEmpty() {
		f.set(c.Tag, "not a code of goods")
		return b
	}
	if c.Value.Len() > e.Len || e.Fixed && c.Value.Len() != e.Len {
		f.set(c.Tag, "%d characters, want %d", c.Value.Len(), e.Len)
	}
	return tlv.AppendText(b, c.Tag, c.Value)
}

// groupSeparator ends a field of variable length in a GS1 code.
const groupSeparator = "\x1d"

// ErrProductCode is returned when a code of goods cannot be read.
var ErrProductCode = errors.New("ffd: not a code of goods")

// ParseProductCode recognises a scanned code and gives the member of tag 1163
// for it. separator is what stands for the GS character in raw, "" when it is
// GS itself. What no rule recognises becomes 1300 with its first 32 characters.
//
// The shapes are those of the orders on 1163: EAN-8, EAN-13 and ITF-14 by length,
// GS1 with application identifiers 01 and 21 (1305 with a check part behind the
// serial number, 1304 without), the short code of 29 characters of a tobacco
// pack (1306), the fur mark (1307) and both ЕГАИС marks (1308, 1309).
func ParseProductCode(raw, separator string) (*ProductCode, error) {
	if raw == "" {
		return nil, fmt.Errorf("%w: empty", ErrProductCode)
	}
	if separator != "" && separator != groupSeparator {
		raw = strings.ReplaceAll(raw, separator, groupSeparator)
	}
	raw = strings.TrimPrefix(raw, groupSeparator)
	tag, value := TagProductCodeUnknown, raw
	switch {
	case isDigits(raw) && len(raw) == 8:
		tag = TagProductCodeEAN8
	case isDigits(raw) && len(raw) == 13:
		tag = TagProductCodeEAN13
	case isDigits(raw) && len(raw) == 14:
		tag = TagProductCodeITF14
	case len(raw) > 18 && raw[:2] == "01" && isDigits(raw[2:16]) && raw[16:18] == "21":
		head, rest, found := strings.Cut(raw, groupSeparator)
		value = head
		tag = TagProductCodeGS10
		if found && hasCheckPart(rest) {
			tag = TagProductCodeGS1M
		}
	case isFurMark(raw):
		tag = TagProductCodeFur
	case len(raw) == 29 && isDigits(raw[:14]):
		tag, value = TagProductCodeKMK, raw[:21]
	case len(raw) == 68:
		tag, value = TagProductCodeEGAIS2, raw[7:30]
	case len(raw) == 150:
		tag, value = TagProductCodeEGAIS3, raw[:14]
	}
	if tag == TagProductCodeGS10 || tag == TagProductCodeGS1M {
		if e, _ := Lookup(tag, V120, TagProductCodeStructured); len(value) > e.Len {
			return nil, fmt.Errorf("%w: GTIN and serial number have %d characters, at most %d; is the group separator missing?",
				ErrProductCode, len(value), e.Len)
		}
	}
	t, err := tlv.NewText(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProductCode, err)
	}
	if tag == TagProductCodeUnknown {
		t = t.Cut(lenProductCodeUnknown)
	}
	return &ProductCode{Tag: tag, Value: t}, nil
}

// hasCheckPart finds one of the application identifiers that carry the check of
// a marking code behind the serial number.
func hasCheckPart(rest string) bool {
	for part := range strings.SplitSeq(rest, groupSeparator) {
		if len(part) > 2 && (part[:2] == "91" || part[:2] == "92" || part[:2] == "93") {
			return true
		}
	}
	return false
}

// isFurMark tells AA-NNNNNN-AAAAAAAAAA.
func isFurMark(s string) bool {
	return len(s) == 20 && s[2] == '-' && s[9] == '-' && isDigits(s[3:9])
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// ProductCode105 gives the value of tag 1162 of FFD 1.05 and 1.1 for a whole
// scanned code in hexadecimal: the type 444Dh, the GTIN in 6 bytes big-endian and
// the serial number of at most 24 characters (spec/ffd/encoding.md 6). A value
// that already starts with a type of that table is taken as it is.
func ProductCode105(hexCode string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(hexCode, " ", ""))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProductCode, err)
	}
	if isProductCodeType(raw) {
		return raw, nil
	}
	s := string(raw)
	if len(s) <= 18 || s[:2] != "01" || !isDigits(s[2:16]) || s[16:18] != "21" {
		return nil, fmt.Errorf("%w: no GTIN and serial number (01…21…) in %q", ErrProductCode, s)
	}
	serial, _, _ := strings.Cut(s[18:], groupSeparator)
	if len(serial) > 24 {
		return nil, fmt.Errorf("%w: serial number of %d characters, at most 24", ErrProductCode, len(serial))
	}
	gtin, _ := strconv.ParseUint(s[2:16], 10, 64)
	b := []byte{0x44, 0x4D, byte(gtin >> 40), byte(gtin >> 32), byte(gtin >> 24), byte(gtin >> 16), byte(gtin >> 8), byte(gtin)}
	return append(b, serial...), nil
}

// isProductCodeType recognises the two bytes of type of tag 1162.
func isProductCodeType(b []byte) bool {
	if len(b) < 3 || len(b) > lenProductCode {
		return false
	}
	switch [2]byte(b) {
	case [2]byte{0x00, 0x00}, [2]byte{0x45, 0x08}, [2]byte{0x45, 0x0D}, [2]byte{0x49, 0x0E}, [2]byte{0x44, 0x4D},
		[2]byte{0x52, 0x46}, [2]byte{0xC5, 0x14}, [2]byte{0xC5, 0x1E}, [2]byte{0x45, 0x41}:
		return true
	}
	return false
}
