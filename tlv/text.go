package tlv

import (
	"errors"
	"slices"
	"unicode/utf8"
)

// Text is a string that is ready for the wire: CP866 bytes. Texts that stand in
// many documents (user, address, cashier) are made once and appended often.
// The zero Text is empty. A Text is a view: the bytes behind it must not change
// while it is in use.
type Text struct{ cp []byte }

// NewText transcodes a UTF-8 string. It returns a *CharError for a character
// that CP866 lacks.
func NewText(s string) (Text, error) {
	b, err := AppendCP866(make([]byte, 0, len(s)), s)
	return Text{cp: b}, err
}

// MustText is NewText for texts that the program itself holds; it panics.
func MustText(s string) Text {
	t, err := NewText(s)
	if err != nil {
		panic("tlv: " + err.Error())
	}
	return t
}

// RawText takes CP866 bytes as they are, without a copy.
func RawText(cp []byte) Text { return Text{cp: cp} }

// Len is the number of characters, which is the number of bytes.
func (t Text) Len() int { return len(t.cp) }

// IsEmpty tells that there is nothing to write.
func (t Text) IsEmpty() bool { return len(t.cp) == 0 }

// String is the text in UTF-8.
func (t Text) String() string { return DecodeString(t.cp) }

// CP866 is the text as the wire has it. The caller must not change it.
func (t Text) CP866() []byte { return t.cp }

// MarshalText implements encoding.TextMarshaler with the text in UTF-8.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Errors: *CharError.
func (t *Text) UnmarshalText(s []byte) (err error) {
	if *t = (Text{}); len(s) > 0 {
		*t, err = NewText(string(s))
	}
	return err
}

// Cut is the text without what stands after max characters.
func (t Text) Cut(max int) Text { return Text{cp: t.cp[:min(max, len(t.cp))]} }

// Arena transcodes the texts of one document into one buffer, so that a
// document from UTF-8 costs no allocation once the buffer has grown. Texts of
// an Arena live until its Reset.
type Arena struct{ buf []byte }

// Text transcodes a UTF-8 string, as NewText does.
func (a *Arena) Text(s string) (Text, error) {
	start := len(a.buf)
	a.buf = slices.Grow(a.buf, len(s)) // CP866 is never longer than UTF-8
	n, read := transcode(a.buf[start:start+len(s)], s)
	b := a.buf[:start+n]
	if read < len(s) {
		var err error
		if b, err = AppendCP866(b, s[read:]); err != nil {
			if ce := (*CharError)(nil); errors.As(err, &ce) {
				ce.Index += n
			}
			a.buf = a.buf[:start]
			return Text{}, err
		}
	}
	a.buf = b
	return Text{cp: b[start:len(b):len(b)]}, nil
}

// transcode writes s into b as far as it is ASCII and characters of two bytes,
// Cyrillic among them, and AppendCP866 does the rest. It needs no check of the
// capacity for each byte, because b is as long as s. It returns the number of
// bytes that it wrote and read.
func transcode(b []byte, s string) (wrote, read int) {
	table := &cp866.toByte
	for read < len(s) && wrote < len(b) {
		c := s[read]
		if c < utf8.RuneSelf {
			b[wrote] = c
			wrote++
			read++
			continue
		}
		if c < 0xC2 || c > 0xDF || read+1 >= len(s) {
			break
		}
		next := s[read+1]
		x := table[uint(c&0x1F)<<6|uint(next&0x3F)]
		if next&0xC0 != 0x80 || x == 0 {
			break
		}
		b[wrote] = x
		wrote++
		read += 2
	}
	return wrote, read
}

// Reset ends the life of all texts of the arena and keeps its buffer.
func (a *Arena) Reset() { a.buf = a.buf[:0] }

// AppendText appends a String with its own length. The text must not be longer
// than MaxValueLen.
func AppendText(b []byte, tag uint16, t Text) []byte {
	return append(AppendHeader(b, tag, len(t.cp)), t.cp...)
}

// AppendPadded appends a fixed String: the text with spaces on the right to
// width (spec/ffd/encoding.md 2.4). A text longer than width is written whole;
// the room that knows the tag refuses it before.
func AppendPadded(b []byte, tag uint16, t Text, width int) []byte {
	n := max(len(t.cp), width)
	b = append(AppendHeader(b, tag, n), t.cp...)
	for i := len(t.cp); i < n; i++ {
		b = append(b, ' ')
	}
	return b
}

// AppendUTF8 appends a String and transcodes it on the way. On a *CharError b
// comes back as it was.
func AppendUTF8(b []byte, tag uint16, s string) ([]byte, error) {
	start := len(b)
	b, at := Begin(b, tag)
	b, err := AppendCP866(b, s)
	if err == nil {
		err = End(b, at)
	}
	if err != nil {
		return b[:start], err
	}
	return b, nil
}
