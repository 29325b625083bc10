package ofdproto

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"kktd/ffd"
)

// cutTailLen is the length of the tail in documents that the tax service publishes: without the two zero bytes.
const cutTailLen = 8

// Tree reads messages, containers, or a document with or without its tail, whichever b is, as far as it goes. Frames are nodes
// of type session, container, document and sign with the fields of their header; what cannot be read is a node of type malformed, and
// a frame that ParseMessage or ParseContainer would refuse says so in Err. Append of the tree gives b back.
func Tree(b []byte) *ffd.Node {
	items := treeItems(b)
	if len(items) == 1 {
		return items[0]
	}
	return &ffd.Node{Name: "список", Type: ffd.TypeList, Len: len(b), Items: items}
}

func treeItems(b []byte) []*ffd.Node {
	signature, marking := Signature(), MarkingSignature()
	switch {
	case bytes.HasPrefix(b, signature[:]), bytes.HasPrefix(b, marking[:]):
		return messageNodes(b)
	case !beginsWithDocument(b) && LooksLikeContainer(b):
		return containerNodes(b)
	}
	return documentNodes(b, 0, 0)
}

// containerNodes reads containers one after another, as an export of a drive has them. A container whose length does not tell
// its end (published ones have it overwritten) is taken for all that is left.
func containerNodes(b []byte) (nodes []*ffd.Node) {
	offset := 0
	for {
		rest := b[offset:]
		n := int(binary.LittleEndian.Uint16(rest))
		if n >= len(rest) || !LooksLikeContainer(rest[n:]) {
			return append(nodes, containerNode(rest, offset, 0))
		}
		if _, err := ParseContainer(rest[:n]); err != nil {
			return append(nodes, containerNode(rest, offset, 0))
		}
		nodes = append(nodes, containerNode(rest[:n:n], offset, 0))
		offset += n
	}
}

// beginsWithDocument tells that b begins with a whole document TLV.
func beginsWithDocument(b []byte) bool {
	if len(b) < minDocumentLen {
		return false
	}
	code, n := documentHeader(b)
	return isForm(code) && n <= len(b)
}

// LooksLikeContainer tells that b begins as a container does. It does not ask for length and CRC: they are overwritten in documents that the tax service publishes.
func LooksLikeContainer(b []byte) bool {
	return len(b) >= ContainerHeaderLen && (b[4] == FromRegister || b[4] == FromOperator) && isForm(uint16(b[5])) && b[6]&containerVersionMask == 0
}

// messageNodes reads messages one after another.
func messageNodes(b []byte) (nodes []*ffd.Node) {
	for offset := 0; offset < len(b); {
		rest := b[offset:]
		if len(rest) < SessionHeaderLen || offset > 0 && !bytes.Equal(rest[:4], b[:4]) {
			why := fmt.Sprintf("%d bytes at offset 0x%x are no message", len(rest), offset)
			return append(nodes, ffd.Malformed(rest, offset, why))
		}
		n := messageNode(rest, offset)
		nodes = append(nodes, n)
		offset += n.Len
	}
	return nodes
}

func messageNode(b []byte, offset int) *ffd.Node {
	h := ReadSessionHeader(b)
	body := b[SessionHeaderLen:]
	body = body[:min(len(body), int(h.BodyLen))]
	n := &ffd.Node{Name: "сообщение", Type: ffd.TypeSession, Offset: offset, Len: SessionHeaderLen + len(body), Raw: b[:SessionHeaderLen:SessionHeaderLen],
		Fields: h.fields()}
	m, _, err := ParseMessage(b)
	if err == nil && h.Flags.HasContainer() {
		_, err = m.Container()
	}
	if err != nil {
		n.Err = err.Error()
	}
	switch at := offset + SessionHeaderLen; {
	case len(body) == 0:
	case LooksLikeContainer(body):
		n.Items = []*ffd.Node{containerNode(body, at, h.ffdVersion())}
	default:
		n.Items = []*ffd.Node{ffd.Malformed(body, at, fmt.Sprintf("%d bytes at offset 0x%x are no container", len(body), at))}
	}
	return n
}

// ffdVersion is the version of the format that the P-version tells, 0 when it is one of the old forms.
func (h SessionHeader) ffdVersion() ffd.Version {
	for v := ffd.V105; v <= ffd.V120; v++ {
		if h.PVersion == PVersion(byte(v)) {
			return v
		}
	}
	return 0
}

func containerNode(b []byte, offset int, v ffd.Version) *ffd.Node {
	h := ReadContainerHeader(b)
	n := &ffd.Node{Name: "контейнер", Type: ffd.TypeContainer, Offset: offset, Len: len(b), Raw: b[:ContainerHeaderLen:ContainerHeaderLen],
		Fields: h.fields()}
	if _, err := ParseContainer(b); err != nil {
		n.Err = err.Error()
	}
	if h.Form != byte(ffd.FormConfirmation) {
		v = 0 // the document tells it; a ticket does not
	}
	body, at := b[ContainerHeaderLen:], offset+ContainerHeaderLen
	switch {
	case len(body) == 0:
	case len(body) < minDocumentLen || !isForm(binary.LittleEndian.Uint16(body)):
		n.Items = []*ffd.Node{ffd.Malformed(body, at, fmt.Sprintf("no document code at offset 0x%x: encrypted?", at))}
	default:
		n.Items = documentNodes(body, at, v)
	}
	return n
}

// documentNodes reads a document and the sign behind it, or whatever TLVs there are.
func documentNodes(b []byte, offset int, v ffd.Version) []*ffd.Node {
	if !beginsWithDocument(b) {
		return spread(ffd.DecodeAt(b, offset, v))
	}
	_, n := documentHeader(b)
	nodes := []*ffd.Node{ffd.DecodeAt(b[:n:n], offset, v)}
	tail, at := b[n:], offset+n
	switch {
	case len(tail) == 0:
		return nodes
	case (len(tail) == TailLen || len(tail) == cutTailLen) && tail[1] == tailSignLen:
		return append(nodes, signNode(tail, at))
	}
	return append(nodes, spread(ffd.DecodeAt(tail, at, v))...)
}

// spread is the content of a list, so that lists do not nest.
func spread(n *ffd.Node) []*ffd.Node {
	if n.Type == ffd.TypeList {
		return n.Items
	}
	return []*ffd.Node{n}
}

func signNode(b []byte, offset int) *ffd.Node {
	n := &ffd.Node{Name: "ФПС", Type: ffd.TypeSign, Offset: offset, Len: len(b), Raw: b, Fields: signFields(b)}
	if b[0] == TailConfirmation {
		n.Name = "ФПП"
	}
	if _, err := ParseTail(b); err != nil {
		n.Err = err.Error()
	}
	return n
}

// fields is what the header says, in the order of its bytes.
func (h SessionHeader) fields() []ffd.Field {
	ru, en := h.Flags.describe()
	return []ffd.Field{
		{Key: "signature", Name: "сигнатура", Value: hexText(h.Signature[:]), At: 0, Len: 4},
		{Key: "sVersion", Name: "версия S-протокола", Value: hexText(h.SVersion[:]), At: 4, Len: 2},
		{Key: "pVersion", Name: "версия P-протокола", Value: hexText(h.PVersion[:]), At: 6, Len: 2},
		{Key: "drive", Name: "номер ФН", Value: DriveString(h.Drive), At: 8, Len: DriveLen},
		{Key: "bodyLen", Name: "размер тела", Value: uint64(h.BodyLen), At: 24, Len: 2},
		{Key: "flags", Name: "флаги", Value: fmt.Sprintf("%04x", uint16(h.Flags)), At: 26, Len: 2, Note: ru, NoteEn: en},
		{Key: "crc", Name: "CRC", Value: fmt.Sprintf("%04x", h.CRC), At: sessionCRCOffset, Len: 2},
	}
}

// fields is what the header says; plainLen is the end of service data 2.
func (h ContainerHeader) fields() []ffd.Field {
	drive := hexText(h.Drive[:])
	if d, err := UnpackDrive(h.Drive); err == nil {
		drive = DriveString(d)
	}
	number, _ := h.DocumentNumber()
	return []ffd.Field{
		{Key: "length", Name: "длина", Value: uint64(h.Length), At: 0, Len: 2},
		{Key: "crc", Name: "CRC", Value: fmt.Sprintf("%04x", h.CRC), At: containerCRCOffset, Len: 2},
		{Key: "containerType", Name: "тип контейнера", Value: hexText([]byte{h.Type}), At: 4, Len: 1},
		{Key: "form", Name: "код формы", Value: uint64(h.Form), At: 5, Len: 1},
		{Key: "version", Name: "версия", Value: uint64(h.Version), At: 6, Len: 1},
		{Key: "service1", Name: "служебные данные 1", Value: hexText(h.Service1[:]), At: 7, Len: 2},
		{Key: "drive", Name: "номер ФН", Value: drive, At: 9, Len: PackedDriveLen},
		{Key: "number", Name: "номер ФД", Value: uint64(number), At: 17, Len: 3},
		{Key: "service2", Name: "служебные данные 2", Value: hexText(h.Service2[:]), At: 20, Len: 12},
		{Key: "plainLen", Name: "длина открытых данных", Value: uint64(h.PlainLen()), At: 30, Len: 2},
	}
}

// signFields reads at least cutTailLen bytes.
func signFields(b []byte) []ffd.Field {
	return []ffd.Field{
		{Key: "kind", Name: "вид", Value: hexText(b[:1]), At: 0, Len: 1},
		{Key: "sign", Name: "признак", Value: hexText(b[2:cutTailLen]), At: 2, Len: tailSignLen},
		{Key: "number", Name: "число (messageFiscalSign)", Value: binary.LittleEndian.Uint64(b), At: 0, Len: cutTailLen},
	}
}

func hexText(b []byte) string { return hex.EncodeToString(b) }
