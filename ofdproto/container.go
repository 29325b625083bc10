package ofdproto

import (
	"encoding/binary"
	"fmt"

	"kktd/tlv"
)

// Lengths in bytes.
const (
	ContainerHeaderLen = 32
	// MaxDocumentLen is the limit of container data, 32 KiB (spec/ofd-protocol.md 6.4), taken to be the TLV document with its 4-byte header.
	MaxDocumentLen = 32 << 10
	// MaxContainerLen is that limit and what stands around the data: the page refuses a body over "32 KiB + header", and the tail
	// comes on top of the data as the header does.
	MaxContainerLen = ContainerHeaderLen + MaxDocumentLen + TailLen
	// MaxNumber is the largest document number that fits its three bytes.
	MaxNumber = 1<<24 - 1

	minDocumentLen = 4 // code and length
)

// Container types.
const (
	FromRegister = 0xA5 // from the drive to the OFD
	FromOperator = 0x5A // from the OFD to the drive; one public mock sends A5 instead
)

const (
	containerVersion     = 0x01
	containerVersionMask = 0xF0 // versions 0x have a 32-byte header (spec/ofd-protocol.md 6.1)
	containerCRCOffset   = 2
)

// ContainerHeader is the header of a container (spec/ofd-protocol.md 6.1).
type ContainerHeader struct {
	Length   uint16 // of the whole container, header and tail included
	CRC      uint16
	Type     byte // FromRegister or FromOperator
	Form     byte // code of the document
	Version  byte // 01
	Service1 [2]byte
	Drive    [PackedDriveLen]byte
	Number   uint32   // of the document, three bytes, big-endian; see DocumentNumber
	Service2 [12]byte // spec/ofd-protocol.md 6.2
}

// Append writes the 32 bytes, every field as it is; of Number the low three bytes.
func (h ContainerHeader) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, h.Length)
	b = binary.LittleEndian.AppendUint16(b, h.CRC)
	b = append(b, h.Type, h.Form, h.Version)
	b = append(b, h.Service1[:]...)
	b = append(b, h.Drive[:]...)
	b = appendUint24(b, h.Number)
	return append(b, h.Service2[:]...)
}

// ReadContainerHeader takes the fields of the first ContainerHeaderLen bytes of b as they are, unchecked; b has at least that many.
func ReadContainerHeader(b []byte) ContainerHeader {
	return ContainerHeader{
		Length:   binary.LittleEndian.Uint16(b),
		CRC:      binary.LittleEndian.Uint16(b[containerCRCOffset:]),
		Type:     b[4],
		Form:     b[5],
		Version:  b[6],
		Service1: [2]byte(b[7:9]),
		Drive:    [PackedDriveLen]byte(b[9:17]),
		Number:   uint32(b[17])<<16 | uint32(b[18])<<8 | uint32(b[19]),
		Service2: [12]byte(b[20:32]),
	}
}

// PlainLen is the length of the unencrypted document that service data 2 tells.
func (h ContainerHeader) PlainLen() int { return int(binary.BigEndian.Uint16(h.Service2[10:])) }

// DocumentNumber is the number of the document and whether it was written as text: digits, then zero bytes or spaces. The two
// readings cannot meet, because text read as a number is above 3 million and a drive holds 250 000 documents.
func (h ContainerHeader) DocumentNumber() (number uint32, ascii bool) {
	digits := 0
	for shift := 16; shift >= 0; shift -= 8 {
		c := byte(h.Number >> shift)
		switch {
		case c >= '0' && c <= '9' && digits == (16-shift)/8:
			number, digits = number*10+uint32(c-'0'), digits+1
		case digits == 0 || c != 0 && c != ' ':
			return h.Number, false
		}
	}
	return number, true
}

func appendUint24(b []byte, n uint32) []byte { return append(b, byte(n>>16), byte(n>>8), byte(n)) }

// isForm tells whether code is one of the document codes of spec/ofd-protocol.md 6.4.
func isForm(code uint16) bool {
	switch code {
	case 1, 2, 3, 4, 5, 6, 7, 11, 21, 31, 41, 81, 82, 83, 84:
		return true
	}
	return false
}

// ContainerParams is what the maker of a container chooses; the rest of the header follows from it and the document.
type ContainerParams struct {
	Type         byte           // FromRegister or FromOperator
	Form         byte           // code of the document
	Drive        [DriveLen]byte // as ParseDrive gives it
	Number       uint32         // of the document, 1..MaxNumber
	Service2Hash [5]byte        // the first bytes of service data 2
}

// AppendContainerHeader writes the header of a container whose document will be docLen bytes long, with the final length and CRC 0,
// the form that the drive signs (spec/fn.md 9). Then append the document and the tail and call SealContainer. Service data 2 is
// the hash, the number, 00 02 and docLen (spec/decisions.md). The errors are ErrType, ErrForm, ErrNumber, ErrDrive, ErrLength and ErrTooLarge;
// with an error b comes back as it was.
func AppendContainerHeader(b []byte, p ContainerParams, docLen int) ([]byte, error) {
	drive, err := PackDrive(p.Drive)
	switch {
	case err != nil:
	case p.Type != FromRegister && p.Type != FromOperator:
		err = fmt.Errorf("%w: %02Xh, want A5h or 5Ah", ErrType, p.Type)
	case !isForm(uint16(p.Form)):
		err = fmt.Errorf("%w: %d is no document code", ErrForm, p.Form)
	case p.Number < 1 || p.Number > MaxNumber:
		err = fmt.Errorf("%w: %d, want 1..%d", ErrNumber, p.Number, MaxNumber)
	case docLen < minDocumentLen:
		err = fmt.Errorf("%w: document of %d bytes, want at least %d", ErrLength, docLen, minDocumentLen)
	case docLen > MaxDocumentLen:
		err = fmt.Errorf("%w: document of %d bytes, want at most %d", ErrTooLarge, docLen, MaxDocumentLen)
	}
	if err != nil {
		return b, fmt.Errorf("container header: %w", err)
	}
	h := ContainerHeader{
		Length:   uint16(ContainerHeaderLen + docLen + TailLen),
		Type:     p.Type,
		Form:     p.Form,
		Version:  containerVersion,
		Service1: [2]byte{0x10, 0x09},
		Drive:    drive,
		Number:   p.Number,
	}
	service2 := appendUint24(append(h.Service2[:0], p.Service2Hash[:]...), p.Number)
	binary.BigEndian.AppendUint16(append(service2, 0x00, 0x02), uint16(docLen))
	return h.Append(b), nil
}

// SealContainer writes the CRC into a whole container, the last of the four steps. ErrLength when c is not as long as its header
// says; c is then left alone.
func SealContainer(c []byte) error {
	if err := checkLength(c); err != nil {
		return fmt.Errorf("seal container: %w", err)
	}
	binary.LittleEndian.PutUint16(c[containerCRCOffset:], containerSum(c))
	return nil
}

// AppendContainer writes a whole container: header, document, tail, CRC. Besides the errors of AppendContainerHeader: ErrForm
// and ErrLength when the document is not one TLV of p.Form, ErrTail for a tail of unknown kind; with an error b comes back as it was.
func AppendContainer(b []byte, p ContainerParams, doc []byte, tail Tail) ([]byte, error) {
	start := len(b)
	out, err := AppendContainerHeader(b, p, len(doc))
	if err != nil {
		return b, err
	}
	code, n := documentHeader(doc)
	switch {
	case code != uint16(p.Form):
		return b, fmt.Errorf("container: %w: document %d as form %d", ErrForm, code, p.Form)
	case n != len(doc):
		return b, fmt.Errorf("container: %w: document says %d bytes, has %d", ErrLength, n, len(doc))
	}
	if err := tail.check(); err != nil {
		return b, fmt.Errorf("container: %w", err)
	}
	out = tail.Append(append(out, doc...))
	return out, SealContainer(out[start:])
}

// documentHeader reads the code and the whole length, header included, of the TLV document that b begins with. b has at least 4 bytes.
func documentHeader(b []byte) (code uint16, n int) {
	return binary.LittleEndian.Uint16(b), minDocumentLen + int(binary.LittleEndian.Uint16(b[2:]))
}

func containerSum(c []byte) uint16 {
	return tlv.UpdateCRC16(tlv.CRC16(c[:containerCRCOffset]), c[containerCRCOffset+2:])
}

func checkLength(c []byte) error {
	switch {
	case len(c) > MaxContainerLen:
		return fmt.Errorf("%w: %d bytes, want at most %d", ErrTooLarge, len(c), MaxContainerLen)
	case len(c) < ContainerHeaderLen+minDocumentLen:
		return fmt.Errorf("%w: %d bytes, want at least %d", ErrLength, len(c), ContainerHeaderLen+minDocumentLen)
	case int(binary.LittleEndian.Uint16(c)) != len(c):
		return fmt.Errorf("%w: %d bytes, length at offset 0 says %d", ErrLength, len(c), binary.LittleEndian.Uint16(c))
	}
	return nil
}

// Container is a parsed container. Document and Tail are parts of the parsed bytes.
type Container struct {
	ContainerHeader
	Document  []byte // the TLV document with its 4-byte header, or everything behind the container header when Encrypted
	Tail      []byte // 10 bytes for ParseTail; nil without a tail (some OFDs) and when Encrypted
	Encrypted bool   // the body does not begin with a document code (spec/ofd-protocol.md 6.5)
}

// Append writes the container back as it was parsed.
func (c Container) Append(b []byte) []byte {
	return append(append(c.ContainerHeader.Append(b), c.Document...), c.Tail...)
}

// ParseContainer reads a container that is the whole of b. It checks in this order: ErrTooLarge and ErrLength, ErrVersion, ErrType, ErrForm,
// ErrCRC, ErrDrive, then that an unencrypted body is a document of the form (ErrForm) and a tail or nothing (ErrLength). The bytes of the
// tail, the number and service data are not judged: see ParseTail, DocumentNumber and Quirks.
func ParseContainer(b []byte) (Container, error) {
	c, err := parseContainer(b)
	if err != nil {
		return Container{}, fmt.Errorf("container: %w", err)
	}
	return c, nil
}

func parseContainer(b []byte) (c Container, err error) {
	if err := checkLength(b); err != nil {
		return c, err
	}
	c.ContainerHeader = ReadContainerHeader(b)
	switch {
	case c.Version&containerVersionMask != 0:
		return c, fmt.Errorf("%w: %02Xh at offset 6, want 0xh", ErrVersion, c.Version)
	case c.Type != FromRegister && c.Type != FromOperator:
		return c, fmt.Errorf("%w: %02Xh at offset 4, want A5h or 5Ah", ErrType, c.Type)
	case !isForm(uint16(c.Form)):
		return c, fmt.Errorf("%w: %d at offset 5 is no document code", ErrForm, c.Form)
	}
	if sum := containerSum(b); c.CRC != sum {
		return c, fmt.Errorf("%w: %04Xh at offset %d, computed %04Xh", ErrCRC, c.CRC, containerCRCOffset, sum)
	}
	if _, err := UnpackDrive(c.Drive); err != nil {
		return c, fmt.Errorf("%w, at offset 9", err)
	}
	return c, c.parseBody(b[ContainerHeaderLen:])
}

func (c *Container) parseBody(body []byte) error {
	code, n := documentHeader(body)
	switch {
	case !isForm(code):
		c.Document, c.Encrypted = body, true
		return nil
	case code != uint16(c.Form):
		return fmt.Errorf("%w: document %d at offset %d, the header says %d", ErrForm, code, ContainerHeaderLen, c.Form)
	case n != len(body) && n != len(body)-TailLen:
		return fmt.Errorf("%w: document of %d bytes at offset %d in a body of %d, want a tail of %d bytes or none behind it",
			ErrLength, n, ContainerHeaderLen, len(body), TailLen)
	}
	c.Document = body[:n:n]
	if n < len(body) {
		c.Tail = body[n:]
	}
	return nil
}

// Quirks tells what is odd about a container that ParseContainer took.
func (c Container) Quirks() (q Quirks) {
	if c.Version != containerVersion {
		q |= QuirkContainerVersion
	}
	if _, ascii := c.DocumentNumber(); ascii {
		q |= QuirkASCIINumber
	}
	if !c.Encrypted && c.PlainLen() != len(c.Document) {
		q |= QuirkPlainLen
	}
	return q
}
