package ofdproto

import (
	"fmt"
	"strings"
)

// Length of a drive number as text and packed, in bytes.
const (
	DriveLen       = 16
	PackedDriveLen = DriveLen / 2
)

const packedPad = 0xF // fills the place of a missing digit, where the text has a space

// ParseDrive makes the 16 bytes of the wire from 1 to 16 digits: a shorter number is padded with spaces on the right
// (spec/ofd-protocol.md 3). Padding already there is taken. Anything else is ErrDrive.
func ParseDrive(s string) (drive [DriveLen]byte, err error) {
	if len(s) > DriveLen {
		return drive, fmt.Errorf("%w: %q has %d characters, want 1..%d digits", ErrDrive, s, len(s), DriveLen)
	}
	for i := copy(drive[:], s); i < DriveLen; i++ {
		drive[i] = ' '
	}
	return drive, checkDrive(drive)
}

// DriveString is the number without its padding.
func DriveString(drive [DriveLen]byte) string { return strings.TrimRight(string(drive[:]), " ") }

// PackDrive packs two digits into a byte, the first in the high half; a space becomes the nibble F (spec/ofd-protocol.md 6.1).
// A number that is not digits and then spaces is ErrDrive.
func PackDrive(drive [DriveLen]byte) (packed [PackedDriveLen]byte, err error) {
	if err := checkDrive(drive); err != nil {
		return packed, err
	}
	for i := range packed {
		packed[i] = nibble(drive[2*i])<<4 | nibble(drive[2*i+1])
	}
	return packed, nil
}

// UnpackDrive is the reverse of PackDrive.
func UnpackDrive(packed [PackedDriveLen]byte) (drive [DriveLen]byte, err error) {
	for i, c := range packed {
		drive[2*i], drive[2*i+1] = digit(c>>4), digit(c&0xF)
	}
	if checkDrive(drive) != nil {
		return drive, fmt.Errorf("%w: packed % X, want digits and then nibbles F", ErrDrive, packed)
	}
	return drive, nil
}

func nibble(c byte) byte {
	if c == ' ' {
		return packedPad
	}
	return c - '0'
}

// digit gives ':' to '>' for the nibbles A to E, which no check lets pass.
func digit(n byte) byte {
	if n == packedPad {
		return ' '
	}
	return '0' + n
}

// checkDrive wants at least one digit, then nothing but spaces.
func checkDrive(drive [DriveLen]byte) error {
	n := 0
	for n < DriveLen && drive[n] >= '0' && drive[n] <= '9' {
		n++
	}
	for i := n; i < DriveLen; i++ {
		if n == 0 || drive[i] != ' ' {
			return fmt.Errorf("%w: %q, want digits and then spaces", ErrDrive, string(drive[:]))
		}
	}
	return nil
}
