package slip

import (
	"kktd/kkt"
	"kktd/ofdproto"
	"kktd/storage"
)

// Stored is the input for a committed document of a register: its bytes, the
// registration that was in force for it, and the printed texts of the receipt that
// it was made for. Errors are those of kkt.Register.Document.
func Stored(r *kkt.Register, drive storage.DriveID, number uint32) (Input, error) {
	printed, err := r.Printed(drive, number)
	if err != nil {
		return Input{}, err
	}
	return stored(r, drive, number, printed)
}

// OfReceipt are the inputs for the documents of a receipt, none when it has none.
func OfReceipt(f *kkt.Fleet, rec *kkt.ReceiptRecord) ([]Input, error) {
	r, err := f.Register(rec.Register)
	if err != nil {
		return nil, err
	}
	var list []Input
	for _, n := range rec.Documents {
		in, err := stored(r, rec.Drive, n, rec.PrintedOn(n))
		if err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	return list, nil
}

func stored(r *kkt.Register, drive storage.DriveID, number uint32, printed kkt.Printed) (Input, error) {
	box, _, err := r.Document(drive, number)
	if err != nil {
		return Input{}, err
	}
	c, err := ofdproto.ParseContainer(box)
	if err != nil {
		return Input{}, err
	}
	s := r.SettingsAt(drive, number)
	in := Input{Document: c.Document, Lines: printed.Lines, Registration: Registration{UserName: s.UserName, Address: s.Address, Place: s.Place,
		INN: s.INN, RegNumber: s.RegNumber, Serial: s.Serial, SenderEmail: s.SenderEmail, FNSSite: s.FNSSite, OFDName: s.OFDName}}
	if len(printed.Items) > 0 {
		in.ItemLines = map[int]string{}
	}
	for _, it := range printed.Items {
		in.ItemLines[it.Item] = it.Text
	}
	return in, nil
}
