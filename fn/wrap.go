package fn

import (
	"encoding/binary"

	"kktd/ofdproto"
)

// Wrap puts a document that is there as TLV alone into a container, as a drive of the installation would have done: with its service data
// and message sign, whatever device made the document. The errors are those of ofdproto.AppendContainerHeader, ErrForm and ErrLength.
func Wrap(master []byte, drive [16]byte, number uint32, doc []byte) ([]byte, error) {
	signer := newDriveSigner(master, drive)
	p := ofdproto.ContainerParams{Type: ofdproto.FromRegister, Drive: drive, Number: number, Service2Hash: signer.service2(drive, number)}
	if len(doc) >= 2 && binary.LittleEndian.Uint16(doc) <= 0xFF {
		p.Form = doc[0]
	}
	b, err := ofdproto.AppendContainerHeader(nil, p, len(doc))
	if err != nil {
		return nil, err
	}
	sign := signer.messageSign(append(b, doc...))
	return ofdproto.AppendContainer(nil, p, doc, ofdproto.Tail{Kind: ofdproto.TailMessage, Sign: sign})
}
