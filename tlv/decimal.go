package tlv

import (
	"errors"
	"fmt"
	"strconv"
)

// MaxScale is the largest number of decimals that is read or written. FFD 1.2
// allows 8 in a quantity; a first byte above that is damage, not a number.
const MaxScale = 15

// ErrDecimal is returned when a decimal cannot be read or does not fit an FVLN.
var ErrDecimal = errors.New("tlv: not a decimal number")

// Decimal is a non-negative number Mantissa / 10^Scale, exact.
type Decimal struct {
	Mantissa uint64
	Scale    uint8
}

// ParseDecimal reads digits with at most one point: "1", "0.250". It keeps
// trailing zeros as they are written. The mantissa must fit 7 bytes.
func ParseDecimal(s string) (Decimal, error) {
	var d Decimal
	digits, point := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return Decimal{}, fmt.Errorf("%w: %q", ErrDecimal, s)
		}
		d.Mantissa = d.Mantissa*10 + uint64(c-'0')
		if point {
			d.Scale++
		}
		if digits++; d.Mantissa >= 1<<56 || d.Scale > MaxScale {
			return Decimal{}, fmt.Errorf("%w: %q does not fit 7 bytes and %d decimals", ErrDecimal, s, MaxScale)
		}
	}
	if digits == 0 {
		return Decimal{}, fmt.Errorf("%w: %q", ErrDecimal, s)
	}
	return d, nil
}

// Minimal drops trailing zeros of the fraction: 1.500 becomes 1.5.
func (d Decimal) Minimal() Decimal {
	for d.Scale > 0 && d.Mantissa%10 == 0 {
		d.Mantissa /= 10
		d.Scale--
	}
	return d
}

// WithScale gives the same number with at least scale decimals, as devices
// that always write 3 or 6 do. When the mantissa would not fit 7 bytes the
// number is returned as it is.
func (d Decimal) WithScale(scale uint8) Decimal {
	r := d
	for r.Scale < scale {
		if r.Mantissa >= 1<<56/10 {
			return d
		}
		r.Mantissa *= 10
		r.Scale++
	}
	return r
}

// String is the number in decimal notation with exactly Scale decimals.
func (d Decimal) String() string { return string(d.Append(nil)) }

// Append appends what String returns.
func (d Decimal) Append(b []byte) []byte {
	start := len(b)
	b = strconv.AppendUint(b, d.Mantissa, 10)
	if d.Scale == 0 {
		return b
	}
	for len(b)-start <= int(d.Scale) {
		b = append(b, 0)
		copy(b[start+1:], b[start:])
		b[start] = '0'
	}
	point := len(b) - int(d.Scale)
	b = append(b, 0)
	copy(b[point+1:], b[point:])
	b[point] = '.'
	return b
}
