package tlv

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const (
	// HeaderLen is the size of the frame before a value: tag and length, two
	// little-endian bytes each (spec/ffd/encoding.md 1).
	HeaderLen = 4
	// MaxValueLen is the largest length that the frame can tell.
	MaxValueLen = 1<<16 - 1
	// MaxVLNLen is the most bytes that a VLN takes anywhere in FFD: the
	// counters have 8, money has 6.
	MaxVLNLen = 8
	// MaxFVLNLen is the most bytes of an FVLN: one for the number of decimals
	// and 7 of mantissa.
	MaxFVLNLen = 8
)

// ErrTooLong is returned when a value does not fit the 16-bit length of its
// frame.
var ErrTooLong = errors.New("tlv: value is longer than 65535 bytes")

// AppendHeader appends tag and length; the caller appends length bytes then.
func AppendHeader(b []byte, tag uint16, length int) []byte {
	return binary.LittleEndian.AppendUint32(b, header(tag, length))
}

// header is tag and length as one number, so that they become one store.
func header(tag uint16, length int) uint32 {
	return uint32(tag) | uint32(length)<<16
}

// AppendByte appends a Byte (spec/ffd/encoding.md 2).
func AppendByte(b []byte, tag uint16, v byte) []byte {
	return append(b, byte(tag), byte(tag>>8), 1, 0, v)
}

// AppendBool appends a Byte that is 1 or 0.
func AppendBool(b []byte, tag uint16, v bool) []byte {
	if v {
		return AppendByte(b, tag, 1)
	}
	return AppendByte(b, tag, 0)
}

// AppendUint16 appends a Uint16: 2 bytes, little-endian.
func AppendUint16(b []byte, tag, v uint16) []byte {
	return append(b, byte(tag), byte(tag>>8), 2, 0, byte(v), byte(v>>8))
}

// AppendUint32 appends a Uint32 or a UnixTime: always 4 bytes, little-endian.
func AppendUint32(b []byte, tag uint16, v uint32) []byte {
	return append(b, byte(tag), byte(tag>>8), 4, 0, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}

// AppendBytes appends a ByteArray. v must not be longer than MaxValueLen.
func AppendBytes(b []byte, tag uint16, v []byte) []byte {
	return append(AppendHeader(b, tag, len(v)), v...)
}

// AppendVLN appends a VLN in its shortest form; zero is one byte 00
// (spec/decisions.md, VLN).
func AppendVLN(b []byte, tag uint16, v uint64) []byte {
	n := VLNLen(v)
	b = binary.LittleEndian.AppendUint64(AppendHeader(b, tag, n), v)
	return b[:len(b)-8+n]
}

// VLNLen is the number of bytes that AppendVLN gives the value, 1 to 8.
func VLNLen(v uint64) int { return (bits.Len64(v|1) + 7) / 8 }

// AppendFVLN appends an FVLN: the number of decimals, then the mantissa as a
// VLN (spec/ffd/encoding.md 2.3). The decimal is written as it is, trailing
// zeros included, so that the bytes of other devices can be made.
func AppendFVLN(b []byte, tag uint16, d Decimal) []byte {
	v := d.Mantissa
	n := VLNLen(v)
	b = binary.LittleEndian.AppendUint64(append(AppendHeader(b, tag, n+1), d.Scale), v)
	return b[:len(b)-8+n]
}

// Begin starts an STLV: it appends the header with length 0 and returns the
// place that End needs.
func Begin(b []byte, tag uint16) ([]byte, int) {
	b = append(b, byte(tag), byte(tag>>8), 0, 0)
	return b, len(b)
}

// End writes the length of the STLV that Begin started. It returns ErrTooLong
// when the content is longer than MaxValueLen; the caller knows the tag.
func End(b []byte, start int) error {
	n := len(b) - start
	if n > MaxValueLen {
		return ErrTooLong
	}
	binary.LittleEndian.PutUint16(b[start-2:], uint16(n))
	return nil
}
