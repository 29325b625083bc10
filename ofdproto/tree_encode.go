package ofdproto

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"kktd/ffd"
)

// ParseTree reads a Tree back from its JSON; Append of the result gives the bytes. Besides what ffd.ParseJSON takes, messages,
// containers and signs may come as the fields of their header: lengths and CRCs are computed then, and what is absent is taken from
// the document inside, or is what every device writes. Of service data 2 of a container that holds a document the last two bytes are its length.
func ParseTree(b []byte) (*ffd.Node, error) { return ReadTree(b, ffd.JSONReader{}) }

// ReadTree is ParseTree with the options of r; its Frame is set here.
func ReadTree(b []byte, r ffd.JSONReader) (*ffd.Node, error) {
	r.Frame = completeFrame
	return r.Parse(b)
}

func completeFrame(n *ffd.Node) (err error) {
	f := fieldReader{n.Fields}
	switch n.Type {
	case ffd.TypeSession:
		if n.Raw == nil {
			n.Raw, err = sessionRaw(n, f)
		}
		if err == nil && len(n.Raw) != SessionHeaderLen {
			err = fmt.Errorf("a header of %d bytes, want %d", len(n.Raw), SessionHeaderLen)
		}
		if err == nil {
			n.Fields = ReadSessionHeader(n.Raw).fields()
		}
	case ffd.TypeContainer:
		if n.Raw == nil {
			n.Raw, err = containerRaw(n, f)
		}
		if err == nil && len(n.Raw) != ContainerHeaderLen {
			err = fmt.Errorf("a header of %d bytes, want %d", len(n.Raw), ContainerHeaderLen)
		}
		if err == nil {
			n.Fields = ReadContainerHeader(n.Raw).fields()
		}
	case ffd.TypeSign:
		if n.Raw == nil {
			n.Raw, err = signRaw(f)
		}
		if err == nil && len(n.Raw) != TailLen && len(n.Raw) != cutTailLen {
			err = fmt.Errorf("%d bytes, want %d or %d", len(n.Raw), TailLen, cutTailLen)
		}
		if err == nil {
			n.Fields = signFields(n.Raw)
		}
	}
	return err
}

// body is what stands behind the header of a frame.
func body(n *ffd.Node) (b []byte) {
	for _, it := range n.Items {
		b = it.Append(b)
	}
	return b
}

func sessionRaw(n *ffd.Node, f fieldReader) ([]byte, error) {
	content := body(n)
	if len(content) > math.MaxUint16 {
		return nil, fmt.Errorf("%w: a body of %d bytes, want at most %d", ErrTooLarge, len(content), math.MaxUint16)
	}
	h := SessionHeader{Signature: Signature(), SVersion: SVersion(), PVersion: PVersion(byte(versionInside(n))), BodyLen: uint16(len(content)), Flags: FlagsProbe}
	if len(content) > 0 {
		h.Flags = FlagsDocument
	}
	flags := binary.BigEndian.AppendUint16(nil, uint16(h.Flags))
	drive, err := f.drive(n)
	err = errors.Join(err, f.bytes("signature", h.Signature[:]), f.bytes("sVersion", h.SVersion[:]), f.bytes("pVersion", h.PVersion[:]), f.bytes("flags", flags))
	if err != nil {
		return nil, err
	}
	h.Drive, h.Flags = drive, Flags(binary.BigEndian.Uint16(flags))
	h.CRC = h.Sum(content)
	return h.Append(nil), nil
}

// versionInside is the version that the document tells; without one, as in a probe, the latest.
func versionInside(n *ffd.Node) ffd.Version {
	if doc := document(n); doc != nil {
		if it := doc.Find(doc.Tag, ffd.TagFFDVersion); it != nil {
			if u, ok := it.Uint(); ok {
				return ffd.Version(u)
			}
		}
	}
	return ffd.V120
}

// document is the first document inside of a frame, or nil.
func document(n *ffd.Node) *ffd.Node {
	for _, it := range n.Items {
		switch it.Type {
		case ffd.TypeDocument:
			return it
		case ffd.TypeContainer:
			return document(it)
		}
	}
	return nil
}

func containerRaw(n *ffd.Node, f fieldReader) ([]byte, error) {
	content := body(n)
	if ContainerHeaderLen+len(content) > math.MaxUint16 {
		return nil, fmt.Errorf("%w: a body of %d bytes, want at most %d", ErrTooLarge, len(content), math.MaxUint16-ContainerHeaderLen)
	}
	h := ContainerHeader{Length: uint16(ContainerHeaderLen + len(content)), Type: FromRegister, Version: containerVersion, Service1: [2]byte{0x10, 0x09}}
	doc := document(n)
	number := uint64(0)
	if doc != nil {
		h.Form = byte(doc.Tag)
		if doc.Tag == uint16(ffd.FormConfirmation) {
			h.Type = FromOperator
		}
		if it := doc.Find(doc.Tag, ffd.TagFDNumber); it != nil {
			number, _ = it.Uint()
		}
	}
	err := errors.Join(f.number("number", &number, MaxNumber), f.bytes("service1", h.Service1[:]))
	one, form, version := []byte{h.Type}, uint64(h.Form), uint64(h.Version)
	err = errors.Join(err, f.bytes("containerType", one), f.number("form", &form, math.MaxUint8), f.number("version", &version, math.MaxUint8))
	h.Type, h.Form, h.Version, h.Number = one[0], byte(form), byte(version), uint32(number)
	service2 := append(appendUint24(make([]byte, 5, len(h.Service2)), h.Number), 0, 2, 0, 0)
	copy(h.Service2[:], service2)
	err = errors.Join(err, f.bytes("service2", h.Service2[:]))
	if doc != nil {
		binary.BigEndian.PutUint16(h.Service2[10:], uint16(len(doc.Append(nil))))
	}
	packed, driveErr := f.packedDrive(n)
	h.Drive = packed
	err = errors.Join(err, driveErr)
	if err != nil {
		return nil, err
	}
	b := append(h.Append(nil), content...)
	binary.LittleEndian.PutUint16(b[containerCRCOffset:], containerSum(b))
	return b[:ContainerHeaderLen:ContainerHeaderLen], nil
}

// signRaw takes kind and sign, or the number that the operators print.
func signRaw(f fieldReader) ([]byte, error) {
	kind, sign := []byte{TailMessage}, make([]byte, tailSignLen)
	var number uint64
	err := errors.Join(f.bytes("kind", kind), f.bytes("sign", sign), f.number("number", &number, math.MaxUint64))
	if err != nil {
		return nil, err
	}
	_, hasSign := f.text("sign")
	switch {
	case hasSign:
		return Tail{Kind: kind[0], Sign: [tailSignLen]byte(sign)}.Append(nil), nil
	case number != 0:
		return append(binary.LittleEndian.AppendUint64(nil, number), 0, 0), nil
	}
	return nil, errors.New("want hex, or value with sign or number")
}

// fieldReader finds the fields of a header; each method leaves its target alone when the field is absent.
type fieldReader struct{ fields []ffd.Field }

func (r fieldReader) find(key string) any {
	for _, f := range r.fields {
		if f.Key == key {
			return f.Value
		}
	}
	return nil
}

func (r fieldReader) text(key string) (string, bool) {
	s, ok := r.find(key).(string)
	return s, ok
}

// bytes reads exactly len(to) bytes as hex.
func (r fieldReader) bytes(key string, to []byte) error {
	v := r.find(key)
	if v == nil {
		return nil
	}
	s, ok := v.(string)
	if !ok || len(s) != 2*len(to) {
		return fmt.Errorf("value.%s: %v: want %d hex digits", key, v, 2*len(to))
	}
	if _, err := hex.Decode(to, []byte(s)); err != nil {
		return fmt.Errorf("value.%s: %v: want %d hex digits", key, v, 2*len(to))
	}
	return nil
}

func (r fieldReader) number(key string, to *uint64, most uint64) error {
	v := r.find(key)
	if v == nil {
		return nil
	}
	u, ok := v.(uint64)
	if !ok || u > most {
		return fmt.Errorf("value.%s: %v: want a whole number from 0 to %d", key, v, most)
	}
	*to = u
	return nil
}

// drive is the field, or the number that the document or the container inside tells.
func (r fieldReader) drive(n *ffd.Node) ([DriveLen]byte, error) {
	if v := r.find("drive"); v != nil {
		s, _ := v.(string)
		d, err := ParseDrive(s)
		if err != nil {
			return d, fmt.Errorf("value.drive: %w", err)
		}
		return d, nil
	}
	if doc := document(n); doc != nil {
		if it := doc.Find(doc.Tag, ffd.TagFNNumber); it != nil {
			s, _ := it.Text()
			return ParseDrive(s)
		}
	}
	for _, it := range n.Items {
		if it.Type == ffd.TypeContainer && len(it.Raw) == ContainerHeaderLen {
			return UnpackDrive(ReadContainerHeader(it.Raw).Drive)
		}
	}
	return [DriveLen]byte{}, fmt.Errorf("value.drive: want the number of the drive, no document tells it")
}

// packedDrive is drive as containers have it. A damaged number is shown as it is packed: 16 hex digits that are no number.
func (r fieldReader) packedDrive(n *ffd.Node) (packed [PackedDriveLen]byte, err error) {
	s, _ := r.text("drive")
	if _, err := ParseDrive(s); err != nil && len(s) == 2*PackedDriveLen {
		if _, err := hex.Decode(packed[:], []byte(s)); err == nil {
			return packed, nil
		}
	}
	d, err := r.drive(n)
	if err != nil {
		return packed, err
	}
	return PackDrive(d)
}
