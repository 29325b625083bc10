package tolerant

import (
	"math"
	"strconv"
	"strings"
)

// MaxScale is the largest number of decimals of a Decimal.
const MaxScale = 18

// Decimal is the exact number Mantissa / 10^Scale, Scale 0 to MaxScale. ParseDecimal makes the form with the least scale, so
// that 100, 100.00 and 1e2 are equal with ==. The zero value is 0.
type Decimal struct {
	Mantissa int64
	Scale    uint8
}

// ParseDecimal reads an optional sign, digits, an optional point with digits, an optional exponent. Errors: ErrNumber for
// anything else; ErrComma for a decimal comma; ErrDecimals for more decimals than MaxScale or 64 bits can hold; ErrRange
// for an absolute value above 9 223 372 036 854 775 807.
func ParseDecimal(s string) (Decimal, error) {
	rest := strings.TrimPrefix(s, "-")
	negative := len(rest) < len(s)
	if !negative {
		rest = strings.TrimPrefix(s, "+")
	}
	var mantissa int64
	zeros := 0     // seen since the last digit in mantissa, and not in it
	decimals := -1 // digits behind the point, -1 before it
	digits := 0    // since the beginning or the point
	i := 0
	for ; i < len(rest); i++ {
		c := rest[i]
		if c == '.' && decimals < 0 && digits > 0 {
			decimals, digits = 0, 0
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		if decimals >= 0 {
			decimals++
		}
		if c == '0' {
			zeros++
			continue
		}
		var ok bool
		if mantissa, ok = scaled(mantissa, zeros+1); !ok || mantissa > math.MaxInt64-int64(c-'0') {
			return Decimal{}, overflow(decimals)
		}
		mantissa += int64(c - '0')
		zeros = 0
	}
	rest = rest[i:]
	if digits == 0 || rest != "" && rest[0] != 'e' && rest[0] != 'E' {
		if strings.Contains(s, ",") {
			return Decimal{}, ErrComma
		}
		return Decimal{}, ErrNumber
	}
	exponent := zeros - max(decimals, 0)
	if rest != "" {
		e, err := parseExponent(rest[1:])
		if err != nil {
			return Decimal{}, err
		}
		exponent += e
	}
	if mantissa == 0 {
		return Decimal{}, nil
	}
	if negative {
		mantissa = -mantissa
	}
	if exponent < -MaxScale {
		return Decimal{}, ErrDecimals
	}
	if exponent < 0 {
		return Decimal{Mantissa: mantissa, Scale: uint8(-exponent)}, nil
	}
	mantissa, ok := scaled(mantissa, exponent)
	if !ok {
		return Decimal{}, ErrRange
	}
	return Decimal{Mantissa: mantissa}, nil
}

// overflow names the limit that a digit too many broke: before the point the number is too large, behind it too fine.
func overflow(decimals int) error {
	if decimals > 0 {
		return ErrDecimals
	}
	return ErrRange
}

// parseExponent reads a sign and digits. Beyond any use it stays at a bound, which still says "too large" or "too fine".
func parseExponent(s string) (int, error) {
	const bound = 1 << 30
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if digits == "" || len(s)-len(digits) > 1 {
		return 0, ErrNumber
	}
	e := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, ErrNumber
		}
		e = min(e*10+int(c-'0'), bound)
	}
	if s[0] == '-' {
		e = -e
	}
	return e, nil
}

// scaled returns m x 10^n and whether it fits.
func scaled(m int64, n int) (int64, bool) {
	for ; n > 0 && m != 0; n-- {
		if m > math.MaxInt64/10 || m < -math.MaxInt64/10 {
			return 0, false
		}
		m *= 10
	}
	return m, true
}

// Units returns d as a whole number of units of 10^-scale: 12.5 with scale 2 is 1250. Errors: ErrDecimals when d is finer
// than the unit; ErrRange.
func (d Decimal) Units(scale uint8) (int64, error) {
	m, s := d.Mantissa, d.Scale
	for ; s > scale; s-- { // only a Decimal that ParseDecimal did not make has zeros to drop
		if m%10 != 0 {
			return 0, ErrDecimals
		}
		m /= 10
	}
	m, ok := scaled(m, int(scale-s))
	if !ok {
		return 0, ErrRange
	}
	return m, nil
}

// Round returns the nearest whole number, half away from zero.
func (d Decimal) Round() int64 {
	unit := int64(1)
	for range d.Scale {
		unit *= 10
	}
	whole, rest := d.Mantissa/unit, d.Mantissa%unit
	switch half := unit - unit/2; { // the unit 1 has no rest
	case rest >= half:
		whole++
	case rest <= -half:
		whole--
	}
	return whole
}

// String returns d with a point and exactly Scale decimals.
func (d Decimal) String() string {
	digits := strconv.FormatInt(d.Mantissa, 10)
	if d.Scale == 0 {
		return digits
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if missing := int(d.Scale) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - int(d.Scale)
	return sign + digits[:point] + "." + digits[point:]
}
