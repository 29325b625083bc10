package tlv

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// cp866 is the code page in both directions, taken from golang.org/x/text once
// at start-up and never changed (spec/ffd/encoding.md 2.4).
var cp866 = makeCP866()

type cp866Tables struct {
	toRune [256]rune
	// Every character of the code page lies below cp866Limit, so a flat table
	// answers without hashing. 0 means "not there", except for NUL itself.
	toByte [cp866Limit]byte
}

// cp866Limit is one above the last character of the code page, U+25A0.
const cp866Limit = 0x25A1

func makeCP866() *cp866Tables {
	var t cp866Tables
	for i := range 256 {
		r := charmap.CodePage866.DecodeByte(byte(i))
		t.toRune[i] = r
		t.toByte[r] = byte(i)
	}
	return &t
}

// CharError is returned when a text holds a character that CP866 lacks, bytes
// that are not UTF-8 (then Char is utf8.RuneError), or a control character where
// none may stand.
type CharError struct {
	Char  rune
	Index int // number of characters before it
}

func (e *CharError) Error() string {
	if e.Char == utf8.RuneError {
		return fmt.Sprintf("byte that is not UTF-8 after %d characters", e.Index)
	}
	if e.Char < ' ' || e.Char == 0x7F {
		return fmt.Sprintf("control character U+%04X after %d characters", e.Char, e.Index)
	}
	return fmt.Sprintf("character %q (U+%04X) after %d characters is not in CP866", e.Char, e.Char, e.Index)
}

// EncodeRune gives the CP866 byte of a character.
func EncodeRune(r rune) (byte, bool) {
	if r == 0 {
		return 0, true
	}
	if r < 0 || r >= cp866Limit {
		return 0, false
	}
	c := cp866.toByte[r]
	return c, c != 0
}

// DecodeByte gives the character of a CP866 byte.
func DecodeByte(c byte) rune { return cp866.toRune[c] }

// AppendCP866 appends a UTF-8 string as CP866 bytes, without a frame. On a
// *CharError b comes back as it was.
func AppendCP866(b []byte, s string) ([]byte, error) {
	start := len(b)
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			b = append(b, c)
			i++
			continue
		}
		// Cyrillic letters are two bytes; the general decoder is for the rest.
		if c&0xE0 == 0xC0 && i+1 < len(s) && s[i+1]&0xC0 == 0x80 && c >= 0xC2 {
			if x := cp866.toByte[rune(c&0x1F)<<6|rune(s[i+1]&0x3F)]; x != 0 {
				b = append(b, x)
				i += 2
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		x, ok := EncodeRune(r)
		if !ok {
			return b[:start], &CharError{Char: r, Index: utf8.RuneCountInString(s[:i])}
		}
		b = append(b, x)
		i += n
	}
	return b, nil
}

// AppendDecoded appends CP866 bytes as UTF-8. Every byte has a character, so
// it cannot fail.
func AppendDecoded(b []byte, cp []byte) []byte {
	for _, c := range cp {
		if c < utf8.RuneSelf {
			b = append(b, c)
		} else {
			b = utf8.AppendRune(b, cp866.toRune[c])
		}
	}
	return b
}

// DecodeString is AppendDecoded as a string.
func DecodeString(cp []byte) string {
	return string(AppendDecoded(make([]byte, 0, len(cp)*2), cp))
}
