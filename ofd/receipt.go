package ofd

import (
	"encoding/binary"
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// ReceiptPath is where a receipt is looked up by what its QR code says: ReceiptPath?fn=FN&i=NUMBER&fp=SIGN.
const ReceiptPath = "/ofd/r"

// Receipt finds the document of a drive by its number and fiscal sign, 1077, as a QR code has them (spec/ffd/encoding.md 8), in any
// epoch; the latest wins. The report of registration that was in force for it comes too, nil when it never came. ErrNotFound when
// there is none; ofdproto.ErrDrive for a bad number of a drive.
func (s *Server) Receipt(drive string, number uint32, sign uint32) (doc, registration *Document, err error) {
	epochs, err := s.Epochs(drive)
	if err != nil {
		return nil, nil, err
	}
	for i := len(epochs) - 1; i >= 0 && doc == nil; i-- {
		err = s.EpochDocuments(epochs[i], number, 2, func(d *Document) error {
			if d.Number == number && fiscalSign(d.Container) == sign {
				doc = d
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if doc == nil {
		return nil, nil, fmt.Errorf("%w: drive %s, document %d, fiscal sign %d", ErrNotFound, drive, number, sign)
	}
	// The first one and every change of it; those of other epochs are passed by.
	for _, form := range [...]ffd.Form{ffd.FormRegistration, ffd.FormReregistration} {
		err = s.Arrivals(0, Filter{Drive: drive, Form: form}, func(d *Document) error {
			if d.Epoch == doc.Epoch && d.Number <= number && (registration == nil || registration.Number < d.Number) {
				at := *d
				at.Container = append([]byte(nil), d.Container...)
				registration = &at
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return doc, registration, nil
}

// fiscalSign is 1077 as it is printed, 0 when there is none (spec/decisions.md).
func fiscalSign(container []byte) uint32 {
	c, err := ofdproto.ParseContainer(container)
	if err != nil || c.Encrypted {
		return 0
	}
	it, ok := tlv.Find(c.Document[tlv.HeaderLen:], ffd.TagFiscalSign)
	if !ok || len(it.Value) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(it.Value[len(it.Value)-4:])
}
