package ofdproto

import (
	"encoding/binary"
	"fmt"
)

// TailLen is the length of the tail of a container in bytes.
const TailLen = 10

// Kinds of a tail.
const (
	TailMessage      = 0x81 // ФПС, made by the drive
	TailConfirmation = 0x82 // ФПП, made by the operator
)

const tailSignLen = 6

// Tail is the sign behind the document. It looks like a TLV of the format but is none: tag and length have one byte each
// (spec/ofd-protocol.md 6.3).
type Tail struct {
	Kind byte // TailMessage or TailConfirmation
	Sign [tailSignLen]byte
}

// Append writes the 10 bytes: kind, `06`, sign, `00 00`.
func (t Tail) Append(b []byte) []byte {
	b = append(b, t.Kind, tailSignLen)
	b = append(b, t.Sign[:]...)
	return append(b, 0, 0)
}

// Uint64 is the sign as the operators print it (messageFiscalSign): the first 8 bytes of the tail, read as little-endian.
func (t Tail) Uint64() uint64 {
	var a [TailLen]byte
	return binary.LittleEndian.Uint64(t.Append(a[:0]))
}

// ParseTail reads exactly 10 bytes. Anything but the two known kinds with their frame is ErrTail.
func ParseTail(b []byte) (Tail, error) {
	if len(b) != TailLen {
		return Tail{}, fmt.Errorf("%w: %d bytes, want %d", ErrTail, len(b), TailLen)
	}
	t := Tail{Kind: b[0], Sign: [tailSignLen]byte(b[2:8])}
	if err := t.check(); err != nil {
		return Tail{}, err
	}
	if b[1] != tailSignLen || b[8] != 0 || b[9] != 0 {
		return Tail{}, fmt.Errorf("%w: % X, want length 06 at 1 and 00 00 at 8", ErrTail, [TailLen]byte(b))
	}
	return t, nil
}

func (t Tail) check() error {
	if t.Kind != TailMessage && t.Kind != TailConfirmation {
		return fmt.Errorf("%w: kind %02Xh, want 81h or 82h", ErrTail, t.Kind)
	}
	return nil
}
