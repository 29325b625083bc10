package ffd

import (
	"errors"
	"fmt"
	"strconv"

	"kktd/tlv"
)

var (
	// ErrINN is returned when a text is no INN.
	ErrINN = errors.New("not an INN")
	// ErrRegNumber is returned when a text is no registration number, or not the
	// one of this user and register.
	ErrRegNumber = errors.New("not a registration number")
)

// Lengths of numbers in digits.
const (
	innLenOrganisation = 10
	innLenPerson       = 12
	regNumberLen       = 16
	regOrderLen        = 10 // first part of a registration number; the CRC follows
)

// Weights of the check digits of an INN: the last 9, 10 and 11 of them
// (spec/ffd/encoding.md 9).
var innWeights = [...]int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}

// CheckINN tells whether the text is an INN: 10 or 12 digits, not all zero, with
// right check digits. The error is ErrINN.
func CheckINN(inn string) error {
	switch {
	case len(inn) != innLenOrganisation && len(inn) != innLenPerson || !isDigits(inn):
		return fmt.Errorf("%w: %q, want 10 or 12 digits", ErrINN, inn)
	case !innAddsUp(inn):
		return fmt.Errorf("%w: %q, the check digits do not fit", ErrINN, inn)
	}
	return nil
}

// MakeINN is the INN of an organisation with its first nine digits: first modulo 10^9, 1
// for 0.
func MakeINN(first uint64) string {
	b := fmt.Appendf(nil, "%09d0", max(first%1e9, 1))
	for !innAddsUp(b) {
		b[len(b)-1]++ // one of the ten fits, as they are not all zero
	}
	return string(b)
}

// innAddsUp is CheckINN without an allocation.
func innAddsUp[T string | []byte](inn T) bool {
	zero := true
	for i := range len(inn) {
		if inn[i] < '0' || inn[i] > '9' {
			return false
		}
		zero = zero && inn[i] == '0'
	}
	digit := func(at int) bool {
		sum := 0
		for i, w := range innWeights[len(innWeights)-at:] {
			sum += w * int(inn[i]-'0')
		}
		return byte('0'+sum%11%10) == inn[at]
	}
	switch {
	case zero:
		return false // the arithmetic holds, but nobody has it
	case len(inn) == innLenOrganisation:
		return digit(9)
	case len(inn) == innLenPerson:
		return digit(10) && digit(11)
	}
	return false
}

// CheckRegNumber tells whether the registration number of a register, tag 1037,
// belongs to the INN of the user and the serial number of the register, tag 1013
// (spec/ffd/encoding.md 9). The error is ErrRegNumber; it names the digits that would fit.
func CheckRegNumber(reg, inn, serial string) error {
	if len(reg) != regNumberLen || !isDigits(reg) {
		return fmt.Errorf("%w: %q, want %d digits", ErrRegNumber, reg, regNumberLen)
	}
	want, ok := regNumberCheck(reg[:regOrderLen], inn, serial)
	if !ok {
		return fmt.Errorf("%w: %q with INN %q and serial number %q, which have 12 and 20 characters at most", ErrRegNumber, reg, inn, serial)
	}
	if got, _ := strconv.Atoi(reg[regOrderLen:]); got != want {
		return fmt.Errorf("%w: %q ends with %s, for INN %s and serial number %s it would be %06d", ErrRegNumber, reg, reg[regOrderLen:], inn, serial, want)
	}
	return nil
}

// MakeRegNumber is the registration number with an order number, at most 10
// digits, for a user and the serial number of a register (spec/kkt.md 2.1). The
// error is ErrRegNumber.
func MakeRegNumber(order uint64, inn, serial string) (string, error) {
	first := fmt.Sprintf("%010d", order)
	check, ok := regNumberCheck(first, inn, serial)
	if !ok {
		return "", fmt.Errorf("%w: order number %d with INN %q and serial number %q, which have 10, 12 and 20 characters at most", ErrRegNumber, order, inn, serial)
	}
	return fmt.Sprintf("%s%06d", first, check), nil
}

// regNumberCheck is the CRC of the order number, the INN and the serial number,
// the latter two with zeros on the left to 12 and 20.
func regNumberCheck[T string | []byte](order, inn, serial T) (int, bool) {
	const innEnd, end = regOrderLen + 12, regOrderLen + 12 + 20
	if len(order) != regOrderLen || len(inn) > 12 || len(serial) > 20 {
		return 0, false
	}
	var b [end]byte
	for i := range b {
		b[i] = '0'
	}
	copy(b[:], order)
	copy(b[innEnd-len(inn):], inn)
	copy(b[end-len(serial):], serial)
	return int(tlv.CRC16(b[:])), true
}
