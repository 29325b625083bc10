package kkt

import (
	"errors"
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/tlv"
)

// Receipt reads the record of a receipt.
func (f *Fleet) Receipt(id string) (*ReceiptRecord, error) {
	key, err := f.ids.parse(id)
	if err != nil {
		return nil, err
	}
	value, err := f.store.Record(kindReceipt, key[:])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: receipt %s", ErrNotFound, id)
	}
	if err != nil {
		return nil, err
	}
	return parseReceiptRecord(id, value)
}

// Details reads the fiscal data of a processed receipt from its first document.
func (f *Fleet) Details(rec *ReceiptRecord) (*ReceiptDetails, error) {
	if len(rec.Documents) == 0 {
		return nil, fmt.Errorf("%w: receipt %s has no document: %s", ErrNotFound, rec.ID, rec.Status)
	}
	r, err := f.Register(rec.Register)
	if err != nil {
		return nil, err
	}
	box, err := f.store.Document(rec.Drive, rec.Documents[0])
	if err != nil {
		return nil, fmt.Errorf("receipt %s, document %d: %w", rec.ID, rec.Documents[0], err)
	}
	d, err := parseDetails(box)
	if err != nil {
		return nil, fmt.Errorf("receipt %s, document %d: %w", rec.ID, rec.Documents[0], err)
	}
	d.Register = r.SettingsAt(rec.Drive, rec.Documents[0])
	return d, nil
}

// parseDetails reads the fiscal data of a container; Register is left empty.
func parseDetails(box []byte) (*ReceiptDetails, error) {
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return nil, err
	}
	d := &ReceiptDetails{Form: ffd.Form(c.Form)}
	outer := tlv.NewReader(c.Document, 0)
	outer.Next()
	in := outer.Item().Children()
	for in.Next() {
		it := in.Item()
		n := uint64(0)
		if len(it.Value) <= tlv.MaxVLNLen { // the rest are texts and structures
			n, _ = tlv.Uint(it.Value)
		}
		switch it.Tag {
		case ffd.TagFNNumber:
			d.DriveNumber = tlv.DecodeString(it.Value)
		case ffd.TagFDNumber:
			d.Number = uint32(n)
		case ffd.TagDateTime:
			d.Time = uint32(n)
		case ffd.TagFiscalSign:
			for _, x := range it.Value[max(0, len(it.Value)-4):] {
				d.Sign = d.Sign<<8 | uint32(x)
			}
		case ffd.TagShiftNumber:
			d.Shift = uint32(n)
		case ffd.TagReceiptNumberInShift:
			d.Receipt = uint32(n)
		case ffd.TagSettlementType:
			d.Operation = ffd.Operation(n)
		case ffd.TagTotalSum:
			d.Total = n
		case ffd.TagAppliedTaxSystem:
			d.TaxSystem = ffd.TaxSystems(n)
		case ffd.TagSettlementPlace:
			d.Place = tlv.DecodeString(it.Value)
		case ffd.TagSettlementAddress:
			d.Address = tlv.DecodeString(it.Value)
		case ffd.TagCashier:
			d.Cashier = tlv.DecodeString(it.Value)
		}
	}
	return d, in.Err()
}
