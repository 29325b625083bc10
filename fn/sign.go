package fn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"kktd/ffd"
	"kktd/ofdproto"
)

// DefaultMaster is the published master key: two fresh installations give the
// same bytes. Signs made with it prove nothing, as an emulator's must not
// (spec/decisions.md, fiscal signs).
const DefaultMaster = "kktd published debug key"

// mac is one keyed HMAC-SHA256 that is reset for every sign, so that a sign
// costs no allocation.
type mac struct {
	h    hash.Hash
	sum  [sha256.Size]byte
	in   [96]byte
	sign [8]byte   // ФПО of the ticket that is being made
	doc  [112]byte // and its document (spec/ofd-protocol.md 8.1: 77 bytes, and 1206)
}

func newMAC(key []byte) *mac { return &mac{h: hmac.New(sha256.New, key)} }

// over gives the MAC of the parts, valid until the next call.
func (m *mac) over(parts ...[]byte) []byte {
	m.h.Reset()
	for _, p := range parts {
		m.h.Write(p)
	}
	return m.h.Sum(m.sum[:0])
}

func derive(master []byte, label string, id []byte) []byte {
	m := newMAC(master)
	return append([]byte(nil), m.over([]byte(label), id)...)
}

var (
	labelFPD = []byte("fpd")
	labelFPS = []byte("fps")
	labelSD2 = []byte("sd2")
	labelFPO = []byte("fpo")
	labelFPP = []byte("fpp")
)

// driveSigner makes the signs of one drive: K_fn of spec/fn.md 9.
type driveSigner struct{ *mac }

func newDriveSigner(master []byte, drive [16]byte) driveSigner {
	return driveSigner{newMAC(derive(master, "fn", drive[:]))}
}

// documentSign is ФПД, tag 1077: the first four bytes of the MAC over canon as a
// big-endian number, as they stand in the document. 0 is replaced by 1.
func (d driveSigner) documentSign(h *ffd.Head, shift uint32, op ffd.Operation, total uint64) uint32 {
	b := binary.LittleEndian.AppendUint16(d.in[:0], uint16(h.Form))
	b = append(b, h.Drive[:]...)
	b = append(b, h.RegNumber[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.Number)
	b = binary.LittleEndian.AppendUint32(b, h.Time)
	b = binary.LittleEndian.AppendUint32(b, shift)
	b = append(b, byte(op))
	b = binary.LittleEndian.AppendUint64(b, total)
	return max(1, binary.BigEndian.Uint32(d.over(labelFPD, b)))
}

// messageSign is ФПС: over the container header with CRC 0 and the document.
func (d driveSigner) messageSign(headerAndDocument []byte) (sign [6]byte) {
	copy(sign[:], d.over(labelFPS, headerAndDocument))
	return sign
}

// DriveVerifier checks the signs of drives that use the shared debug key, as the
// test OFD does. It is not safe for use from two goroutines.
type DriveVerifier struct {
	master []byte
	drive  [16]byte
	signer driveSigner
}

// NewDriveVerifier makes a verifier for drives of the installation.
func NewDriveVerifier(master []byte) *DriveVerifier { return &DriveVerifier{master: master} }

// Verify tells that the sign of a whole container, ФПС, is the one that the drive
// would make. The container must be one that ofdproto.ParseContainer takes.
func (v *DriveVerifier) Verify(drive [16]byte, container []byte) bool {
	if v.signer.mac == nil || v.drive != drive {
		v.drive, v.signer = drive, newDriveSigner(v.master, drive)
	}
	end := len(container) - ofdproto.TailLen
	tail, err := ofdproto.ParseTail(container[end:])
	if err != nil || tail.Kind != ofdproto.TailMessage {
		return false
	}
	// The sign was made while the CRC was 0.
	zero := [2]byte{}
	m := v.signer.over(labelFPS, container[:2], zero[:], container[4:end])
	return [6]byte(m) == tail.Sign
}

// service2 gives the first bytes of service data 2 of a container
// (spec/decisions.md, service data 2).
func (d driveSigner) service2(drive [16]byte, number uint32) (b [5]byte) {
	in := binary.LittleEndian.AppendUint32(append(d.in[:0], drive[:]...), number)
	copy(b[:], d.over(labelSD2, in))
	return b
}

// OperatorSigner makes and checks the signs of one operator with the shared
// debug key: K_ofd of spec/decisions.md, keys. It is not safe for use from two
// goroutines.
type OperatorSigner struct{ *mac }

// NewOperatorSigner derives the key of the operator with the INN, padded to 12.
func NewOperatorSigner(master []byte, inn [12]byte) OperatorSigner {
	return OperatorSigner{newMAC(derive(master, "ofd", inn[:]))}
}

// confirmationSignPrefix is the kind and length of ФПО on the wire.
var confirmationSignPrefix = [2]byte{0x88, 0x06}

// ConfirmationSign is ФПО, tag 1078: 88h 06h and six bytes.
func (o OperatorSigner) ConfirmationSign(c *ffd.Confirmation) (sign [8]byte) {
	b := append(o.in[:0], c.Drive[:]...)
	b = binary.LittleEndian.AppendUint32(b, c.Number)
	b = binary.LittleEndian.AppendUint32(b, c.Time)
	b = append(b, c.OFDINN[:]...)
	copy(sign[:], confirmationSignPrefix[:])
	copy(sign[2:], o.over(labelFPO, b)[:6])
	return sign
}

// MessageSign is ФПП over the whole document 7.
func (o OperatorSigner) MessageSign(document []byte) (sign [6]byte) {
	copy(sign[:], o.over(labelFPP, document))
	return sign
}

// Container makes the container of a ticket: document, tail and header with the
// drive and number of the request (spec/ofd-protocol.md 7.2). c.Sign is set to memory of the signer, valid until the next ticket.
func (o OperatorSigner) Container(b []byte, c *ffd.Confirmation) ([]byte, error) {
	o.sign = o.ConfirmationSign(c)
	c.Sign = o.sign[:]
	doc := c.Append(o.doc[:0])
	var hash [5]byte
	copy(hash[:], o.over(labelSD2, doc))
	return ofdproto.AppendContainer(b, ofdproto.ContainerParams{
		Type: ofdproto.FromOperator, Form: byte(ffd.FormConfirmation), Drive: c.Drive, Number: c.Number, Service2Hash: hash,
	}, doc, ofdproto.Tail{Kind: ofdproto.TailConfirmation, Sign: o.MessageSign(doc)})
}
