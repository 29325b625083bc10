package tlv

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrLength is returned when a value has a length that its type cannot have.
var ErrLength = errors.New("tlv: wrong length of a value")

// Uint reads a little-endian number of 0 to 8 bytes; an empty value is 0. It
// serves Byte, Uint16, Uint32, UnixTime and VLN, padded forms included, because
// devices differ there (spec/ffd/encoding.md 2 and 2.2).
func Uint(v []byte) (uint64, error) {
	switch {
	case len(v) == 1:
		return uint64(v[0]), nil
	case len(v) == 4:
		return uint64(binary.LittleEndian.Uint32(v)), nil
	case len(v) > MaxVLNLen:
		return 0, fmt.Errorf("%w: a number of %d bytes, at most %d", ErrLength, len(v), MaxVLNLen)
	}
	var n uint64
	for i := len(v) - 1; i >= 0; i-- {
		n = n<<8 | uint64(v[i])
	}
	return n, nil
}

// Fixed32 reads a Uint32 of exactly 4 bytes, the form that kktd itself writes.
func Fixed32(v []byte) (uint32, error) {
	if len(v) != 4 {
		return 0, fmt.Errorf("%w: %d bytes, want 4", ErrLength, len(v))
	}
	return binary.LittleEndian.Uint32(v), nil
}

// FVLN reads a decimal with the scale that stands on the wire; it does not
// normalise. An empty value is 0.
func FVLN(v []byte) (Decimal, error) {
	if len(v) == 0 {
		return Decimal{}, nil
	}
	if v[0] > MaxScale {
		return Decimal{}, fmt.Errorf("%w: %d decimals, at most %d", ErrDecimal, v[0], MaxScale)
	}
	m, err := Uint(v[1:])
	return Decimal{Mantissa: m, Scale: v[0]}, err
}

// TrimPadding is a fixed String without the spaces on its right.
func TrimPadding(v []byte) []byte {
	for len(v) > 0 && v[len(v)-1] == ' ' {
		v = v[:len(v)-1]
	}
	return v
}
