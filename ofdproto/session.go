package ofdproto

import (
	"encoding/binary"
	"fmt"

	"kktd/tlv"
)

// SessionHeaderLen is the length of a session header in bytes.
const SessionHeaderLen = 30

// MaxMessageLen is the length of the longest message in bytes: a buffer of this size never grows.
const MaxMessageLen = SessionHeaderLen + MaxContainerLen

// sessionCRCOffset is where the CRC begins, and so where its coverage of the header ends.
const sessionCRCOffset = 28

// SessionHeader is the header of every message (spec/ofd-protocol.md 3).
type SessionHeader struct {
	Signature [4]byte        // Signature() in a message of the OFD
	SVersion  [2]byte        // SVersion()
	PVersion  [2]byte        // by the FFD version of the register, see PVersion
	Drive     [DriveLen]byte // digits, padded with spaces
	BodyLen   uint16         // bytes that follow the header: the container, or none
	Flags     Flags
	CRC       uint16 // 0 when the flags ask for none
}

// Signature is the first four bytes of every message to and from the OFD.
func Signature() [4]byte { return [4]byte{0x2A, 0x08, 0x41, 0x0A} }

// MarkingSignature begins messages of the marking service and of the key update (spec/ofd-protocol.md 9).
func MarkingSignature() [4]byte { return [4]byte{0xDD, 0x80, 0xCA, 0xA1} }

// SVersion is the version of the session protocol, 1.1.
func SVersion() [2]byte { return [2]byte{0x81, 0xA2} }

// PVersion is the P-protocol version for a value of tag 1209: 1 is FFD 1.0, 2 is 1.05, 3 is 1.1, 4 is 1.2
// (spec/ofd-protocol.md 3). Any other value gives 00 00, which no reader takes.
func PVersion(ffd byte) [2]byte {
	switch ffd {
	case 1:
		return [2]byte{0x01, 0x00}
	case 2:
		return [2]byte{0x01, 0x05}
	case 3:
		return [2]byte{0x01, 0x10}
	case 4:
		return [2]byte{0x01, 0x20}
	}
	return [2]byte{}
}

// checkPVersion tells which versions are taken, and which of them only for the sake of one maker.
func checkPVersion(v [2]byte) (known, quirk bool) {
	switch binary.BigEndian.Uint16(v[:]) {
	case 0x0100, 0x0105, 0x0110, 0x0120, 0x0001, 0x0002:
		return true, false
	case 0x0101, 0x0102:
		return true, true
	}
	return false, false
}

// Append writes the 30 bytes, every field as it is.
func (h SessionHeader) Append(b []byte) []byte {
	b = append(b, h.Signature[:]...)
	b = append(b, h.SVersion[:]...)
	b = append(b, h.PVersion[:]...)
	b = append(b, h.Drive[:]...)
	b = binary.LittleEndian.AppendUint16(b, h.BodyLen)
	b = binary.LittleEndian.AppendUint16(b, uint16(h.Flags))
	return binary.LittleEndian.AppendUint16(b, h.CRC)
}

// ParseSessionHeader reads the first 30 bytes of b and checks them as spec/ofd-protocol.md 3 and 4.2 say: the errors are
// ErrSignature, ErrMarking, ErrVersion, ErrFlags, ErrTooLarge, ErrLength, ErrCRC and ErrDrive. A CRC over the message is left to
// CheckCRC, as the body is not here.
func ParseSessionHeader(b []byte) (SessionHeader, error) {
	if len(b) < SessionHeaderLen {
		return SessionHeader{}, fmt.Errorf("session header: %w: %d bytes, want %d", ErrLength, len(b), SessionHeaderLen)
	}
	h := ReadSessionHeader(b)
	if err := h.check(); err != nil {
		return SessionHeader{}, fmt.Errorf("session header: %w", err)
	}
	return h, nil
}

// ReadSessionHeader takes the fields of the first SessionHeaderLen bytes of b as they are, unchecked; b has at least that many.
func ReadSessionHeader(b []byte) SessionHeader {
	return SessionHeader{
		Signature: [4]byte(b[0:4]),
		SVersion:  [2]byte(b[4:6]),
		PVersion:  [2]byte(b[6:8]),
		Drive:     [DriveLen]byte(b[8:24]),
		BodyLen:   binary.LittleEndian.Uint16(b[24:]),
		Flags:     Flags(binary.LittleEndian.Uint16(b[26:])),
		CRC:       binary.LittleEndian.Uint16(b[sessionCRCOffset:]),
	}
}

func (h SessionHeader) check() error {
	switch h.Signature {
	case Signature():
	case MarkingSignature():
		return fmt.Errorf("%w: % X at offset 0; this is the address of an OFD, the marking service has its own", ErrMarking, h.Signature)
	default:
		return fmt.Errorf("%w: % X at offset 0, want % X", ErrSignature, h.Signature, Signature())
	}
	if h.SVersion != SVersion() {
		return fmt.Errorf("%w: session protocol % X at offset 4, want % X", ErrVersion, h.SVersion, SVersion())
	}
	if known, _ := checkPVersion(h.PVersion); !known {
		return fmt.Errorf("%w: P-protocol % X at offset 6, want 01 00, 01 05, 01 10 or 01 20", ErrVersion, h.PVersion)
	}
	if err := h.Flags.Check(); err != nil {
		return fmt.Errorf("%w, at offset 26", err)
	}
	switch n := int(h.BodyLen); {
	case n > MaxContainerLen:
		return fmt.Errorf("%w: body of %d bytes at offset 24, want at most %d", ErrTooLarge, n, MaxContainerLen)
	case h.Flags.HasContainer() && n < ContainerHeaderLen:
		return fmt.Errorf("%w: body of %d bytes at offset 24, a container has at least %d", ErrLength, n, ContainerHeaderLen)
	case !h.Flags.HasContainer() && n > 0:
		return fmt.Errorf("%w: body of %d bytes at offset 24, but the flags %04Xh say no container", ErrLength, n, uint16(h.Flags))
	}
	if h.Flags.CRCMode() == CRCHeader {
		if err := h.CheckCRC(nil); err != nil {
			return err
		}
	}
	if err := checkDrive(h.Drive); err != nil {
		return fmt.Errorf("%w, at offset 8", err)
	}
	return nil
}

// Sum is the CRC that belongs into the header for its flags and this body; 0 when they ask for none (spec/ofd-protocol.md 5).
func (h SessionHeader) Sum(body []byte) uint16 {
	var a [SessionHeaderLen]byte
	covered := h.Append(a[:0])[:sessionCRCOffset]
	switch h.Flags.CRCMode() {
	case CRCHeader:
		return tlv.CRC16(covered)
	case CRCMessage:
		return tlv.UpdateCRC16(tlv.CRC16(covered), body)
	}
	return 0
}

// CheckCRC returns ErrCRC when the CRC is not the one for this body. Without a CRC mode it checks nothing (see QuirkStrayCRC).
func (h SessionHeader) CheckCRC(body []byte) error {
	if h.Flags.CRCMode() == CRCNone {
		return nil
	}
	if sum := h.Sum(body); h.CRC != sum {
		return fmt.Errorf("%w: %04Xh at offset %d, computed %04Xh with flags %04Xh", ErrCRC, h.CRC, sessionCRCOffset, sum, uint16(h.Flags))
	}
	return nil
}

// Quirks tells what is odd about a header that ParseSessionHeader took.
func (h SessionHeader) Quirks() (q Quirks) {
	if h.Flags.CRCMode() == CRCNone && h.CRC != 0 {
		q |= QuirkStrayCRC
	}
	if _, quirk := checkPVersion(h.PVersion); quirk {
		q |= QuirkPVersion
	}
	return q
}

// Echo is the answer to a message without a container: the first 26 bytes of it, flags and CRC zero (spec/ofd-protocol.md 4.3).
func (h SessionHeader) Echo() SessionHeader {
	h.Flags, h.CRC = FlagsEcho, 0
	return h
}

// AppendSession writes a whole message: header with length and the CRC that the flags ask for, then the container. Without a
// container (nil) it is a probe. A container that came from this package always fits; one longer than MaxContainerLen panics.
func AppendSession(b []byte, drive [DriveLen]byte, pver [2]byte, flags Flags, container []byte) []byte {
	if len(container) > MaxContainerLen {
		panic(fmt.Sprintf("ofdproto: container of %d bytes, want at most %d", len(container), MaxContainerLen))
	}
	h := SessionHeader{
		Signature: Signature(), SVersion: SVersion(), PVersion: pver,
		Drive: drive, BodyLen: uint16(len(container)), Flags: flags,
	}
	h.CRC = h.Sum(container)
	return append(h.Append(b), container...)
}
