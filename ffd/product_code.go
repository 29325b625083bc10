package ffd

import (
	"encoding/binary"
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
		f.set(c.Tag, "not a code of goods", "не код товара")
		return b
	}
	if c.Value.Len() > e.Len || e.Fixed && c.Value.Len() != e.Len {
		f.set(c.Tag, "%d characters, want %d", "символов %d, ожидается %d", c.Value.Len(), e.Len)
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
// scanned code in hexadecimal. A value that already starts with a type of the
// table of spec/ffd/encoding.md 6 is taken as it is.
func ProductCode105(hexCode string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(hexCode, " ", ""))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProductCode, err)
	}
	if isProductCodeType(raw) {
		return raw, nil
	}
	return ProductCode1162(string(raw), "")
}

// Types of tag 1162 (spec/ffd/encoding.md 6) and the longest serial number of one.
const (
	type1162Unknown    = 0x0000
	type1162EAN8       = 0x4508
	type1162EAN13      = 0x450D
	type1162ITF14      = 0x490E
	type1162DataMatrix = 0x444D
	type1162Fur        = 0x5246
	type1162EGAIS2     = 0xC514
	type1162EGAIS3     = 0xC51E
	maxSerial1162      = 24
)

// ProductCode1162 gives the value of tag 1162 for a scanned code: two bytes of
// type, then the GTIN in 6 bytes big-endian with the serial number of at most 24
// characters, or the code itself (spec/ffd/encoding.md 6). separator is as in
// ParseProductCode, whose shapes it knows. What none of them is becomes type 0 with
// at most 30 characters.
func ProductCode1162(raw, separator string) ([]byte, error) {
	code, err := ParseProductCode(raw, separator)
	if err != nil {
		return nil, err
	}
	value := string(code.Value.CP866())
	switch code.Tag {
	case TagProductCodeEAN8:
		return with1162(type1162EAN8, value, ""), nil
	case TagProductCodeEAN13:
		return with1162(type1162EAN13, value, ""), nil
	case TagProductCodeITF14:
		return with1162(type1162ITF14, value, ""), nil
	case TagProductCodeGS10, TagProductCodeGS1M, TagProductCodeKMK:
		gtin, serial := value[:14], value[14:]
		if code.Tag != TagProductCodeKMK { // 01, GTIN, 21, serial number
			gtin, serial = value[2:16], value[18:]
		}
		if len(serial) > maxSerial1162 {
			return nil, fmt.Errorf("%w: serial number of %d characters, at most %d", ErrProductCode, len(serial), maxSerial1162)
		}
		return with1162(type1162DataMatrix, gtin, serial), nil
	case TagProductCodeFur:
		return with1162(type1162Fur, "", value), nil
	case TagProductCodeEGAIS2:
		return with1162(type1162EGAIS2, "", value), nil
	case TagProductCodeEGAIS3:
		return with1162(type1162EGAIS3, "", value), nil
	}
	return with1162(type1162Unknown, "", string(code.Value.Cut(lenProductCode-2).CP866())), nil
}

// with1162 puts type, GTIN and the rest together; gtin is digits or empty.
func with1162(kind uint16, gtin, rest string) []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, lenProductCode), kind)
	if gtin != "" {
		n, _ := strconv.ParseUint(gtin, 10, 64) // at most 14 digits
		b = append(b, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, rest...)
}

// isProductCodeType recognises the two bytes of type of tag 1162.
func isProductCodeType(b []byte) bool {
	if len(b) < 3 || len(b) > lenProductCode {
		return false
	}
	const fuel = 0x4541 // read only: the form of its body is not known
	switch binary.BigEndian.Uint16(b) {
	case type1162Unknown, type1162EAN8, type1162EAN13, type1162ITF14, type1162DataMatrix, type1162Fur, type1162EGAIS2, type1162EGAIS3, fuel:
		return true
	}
	return false
}
