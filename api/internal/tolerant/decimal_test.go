package tolerant

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct {
		text string
		want Decimal
		err  error
	}{
		{"0", Decimal{}, nil},
		{"-0.00", Decimal{}, nil},
		{"0e999999999999", Decimal{}, nil},
		{"100", Decimal{100, 0}, nil},
		{"100.00", Decimal{100, 0}, nil},
		{"1e2", Decimal{100, 0}, nil},
		{"1E+2", Decimal{100, 0}, nil},
		{"+1.50", Decimal{15, 1}, nil},
		{"-1.05", Decimal{-105, 2}, nil},
		{"0.001", Decimal{1, 3}, nil},
		{"007", Decimal{7, 0}, nil},
		{"12.5e1", Decimal{125, 0}, nil},
		{"120e-1", Decimal{12, 0}, nil},
		{"0.1e-3", Decimal{1, 4}, nil},
		{"1.00000000000000000000000000", Decimal{1, 0}, nil},
		{"0.000000000000000001", Decimal{1, 18}, nil},
		{"9223372036854775807", Decimal{9223372036854775807, 0}, nil},
		{"-9.223372036854775807", Decimal{-9223372036854775807, 18}, nil},
		{"9223372036854775808", Decimal{}, ErrRange},
		{"1e19", Decimal{}, ErrRange},
		{"1e999999999999999999999", Decimal{}, ErrRange},
		{"1e-19", Decimal{}, ErrDecimals},
		{"1e-999999999999999999999", Decimal{}, ErrDecimals},
		{"1.00000000000000000001", Decimal{}, ErrDecimals},
		{"1,5", Decimal{}, ErrComma},
		{"1 000,00", Decimal{}, ErrComma},
		{"", Decimal{}, ErrNumber},
		{"-", Decimal{}, ErrNumber},
		{"+-1", Decimal{}, ErrNumber},
		{".5", Decimal{}, ErrNumber},
		{"1.", Decimal{}, ErrNumber},
		{"1.2.3", Decimal{}, ErrNumber},
		{"1e", Decimal{}, ErrNumber},
		{"1e+-1", Decimal{}, ErrNumber},
		{"1e-+1", Decimal{}, ErrNumber},
		{"1e1.5", Decimal{}, ErrNumber},
		{"1 000", Decimal{}, ErrNumber},
		{"0x10", Decimal{}, ErrNumber},
		{"NaN", Decimal{}, ErrNumber},
		{"١", Decimal{}, ErrNumber},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := ParseDecimal(c.text)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.err == ErrComma, err == ErrComma)
		})
	}
}

func TestDecimalForms(t *testing.T) {
	for _, c := range []struct {
		d     Decimal
		text  string
		round int64
	}{
		{Decimal{0, 0}, "0", 0},
		{Decimal{-5, 0}, "-5", -5},
		{Decimal{5, 1}, "0.5", 1},
		{Decimal{-5, 1}, "-0.5", -1},
		{Decimal{49, 2}, "0.49", 0},
		{Decimal{-149, 2}, "-1.49", -1},
		{Decimal{150, 2}, "1.50", 2},
		{Decimal{1, 18}, "0.000000000000000001", 0},
		{Decimal{9223372036854775807, 18}, "9.223372036854775807", 9},
	} {
		t.Run(c.text, func(t *testing.T) {
			require.Equal(t, c.text, c.d.String())
			require.Equal(t, c.round, c.d.Round())
		})
	}
	units, err := Decimal{1500, 3}.Units(2)
	require.NoError(t, err)
	require.Equal(t, int64(150), units)
	_, err = Decimal{1501, 3}.Units(2)
	require.ErrorIs(t, err, ErrDecimals)
	_, err = Decimal{1e17, 0}.Units(2)
	require.ErrorIs(t, err, ErrRange)
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "1.50", "-1e-3", "1,5", "9223372036854775808", "000.1000e+5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			return
		}
		again, err := ParseDecimal(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		if _, exponent, _ := strings.Cut(strings.ToLower(s), "e"); len(exponent) > 4 {
			return // math/big would work out the power
		}
		want, ok := new(big.Rat).SetString(s)
		require.True(t, ok)
		got, _ := new(big.Rat).SetString(d.String())
		require.Zero(t, want.Cmp(got))
	})
}
