package kkt

import (
	"fmt"
	"regexp"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/tlv"
)

// kktVersion is tag 1188, the version of the register's own model.
const kktVersion = "1.0"

// profile is what a register makes of its settings once: texts in CP866, the
// data of shift reports, the time zone. It is not changed; new settings make a
// new one.
type profile struct {
	Settings
	id         uint64
	zone       *time.Location
	drive      [16]byte
	cashier    tlv.Text
	cashierINN tlv.Text
	place      tlv.Text
	address    tlv.Text
	sender     tlv.Text
	automat    tlv.Text
	shift      fn.AutoShift
	register   fn.Register // of the registration, without Reasons
}

var (
	digits16 = regexp.MustCompile(`^[0-9]{16}$`)
	digitINN = regexp.MustCompile(`^([0-9]{10}|[0-9]{12})$`)
)

// newProfile checks settings and makes them ready. The error wraps ErrInvalid
// and names the field.
func newProfile(id uint64, s Settings) (*profile, error) {
	p := &profile{Settings: s, id: id}
	bad := func(field, format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrInvalid, field, fmt.Sprintf(format, args...))
	}
	switch {
	case !digitINN.MatchString(s.INN):
		return nil, bad("inn", "%q, want 10 or 12 digits", s.INN)
	case !digits16.MatchString(s.DriveNumber):
		return nil, bad("drive_number", "%q, want 16 digits", s.DriveNumber)
	case !digits16.MatchString(s.RegNumber):
		return nil, bad("reg_number", "%q, want 16 digits", s.RegNumber)
	case s.Serial == "":
		return nil, bad("serial", "is empty")
	case !s.FFD.Writable():
		return nil, bad("ffd", "%v, want 1.05, 1.1 or 1.2", s.FFD)
	case !s.DriveModel.Valid():
		return nil, bad("drive_model", "%d, want 13, 15 or 36", s.DriveModel)
	case s.DriveCapacity < 10:
		return nil, bad("drive_capacity", "%d, want at least 10", s.DriveCapacity)
	case len(s.TaxSystems) == 0:
		return nil, bad("tax_systems", "none is given")
	case s.Automatic && s.AutomatNumber == "":
		return nil, bad("automat_number", "must be there in automatic mode")
	case s.QuantityDecimals != "minimal" && s.QuantityDecimals != "3" && s.QuantityDecimals != "6":
		return nil, bad("quantity_decimals", "%q, want minimal, 3 or 6", s.QuantityDecimals)
	}
	for _, t := range s.TaxSystems {
		if !t.Single() {
			return nil, bad("tax_systems", "%d is not one system", t)
		}
	}
	var err error
	if p.zone, err = time.LoadLocation(s.Zone); err != nil {
		return nil, bad("zone", "%v", err)
	}
	p.drive = ffd.Pad[[16]byte](s.DriveNumber)
	reg := ffd.Registration{KKTVersion: tlv.MustText(kktVersion), KKTMaxFFD: ffd.V120, Agent: s.Agents,
		Modes: ffd.Modes{Offline: s.Offline, Automatic: s.Automatic, Conditions: s.Conditions}}
	for _, f := range []struct {
		name, value string
		to          *tlv.Text
	}{
		{"serial", s.Serial, &reg.Serial}, {"user_name", s.UserName, &reg.UserName}, {"address", s.Address, &reg.Address},
		{"place", s.Place, &reg.Place}, {"ofd_name", s.OFDName, &reg.OFDName}, {"ofd_inn", s.OFDINN, &reg.OFDINN},
		{"fns_site", s.FNSSite, &reg.FNSSite}, {"sender_email", s.SenderEmail, &reg.SenderEmail},
		{"cashier", s.Cashier, &reg.Cashier}, {"cashier_inn", s.CashierINN, &reg.CashierINN},
		{"automat_number", s.AutomatNumber, &reg.AutomatNumber},
	} {
		if *f.to, err = tlv.NewText(f.value); err != nil {
			return nil, bad(f.name, "%v", err)
		}
	}
	p.place, p.address, p.sender, p.automat = reg.Place, reg.Address, reg.SenderEmail, reg.AutomatNumber
	if !s.Automatic {
		p.cashier, p.cashierINN = reg.Cashier, reg.CashierINN
	}
	if reg.Cashier.IsEmpty() {
		reg.Cashier = tlv.MustText("Администратор") // the person who registers must be named (spec/ffd/documents.md, 1)
	}
	data, err := reg.Append(nil, s.FFD)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	p.register = fn.Register{Data: data, Registration: fn.Registration{FFD: s.FFD, RegNumber: ffd.Pad[[20]byte](s.RegNumber),
		INN: ffd.Pad[[12]byte](s.INN), OFDINN: ffd.Pad[[12]byte](s.OFDINN), TaxSystems: s.TaxMask(), Modes: reg.Modes}}
	return p, p.makeShift()
}

// makeShift makes the data of the shift reports that receipts cause.
func (p *profile) makeShift() (err error) {
	report := ffd.ShiftReport{Form: ffd.FormShiftOpening, Cashier: p.cashier, CashierINN: p.cashierINN,
		KKTVersion: tlv.MustText(kktVersion), KKTMaxFFD: ffd.V120}
	if p.shift.Open, err = report.Append(nil, p.FFD); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	report.Form = ffd.FormShiftClosing
	if p.shift.Close, err = report.Append(nil, p.FFD); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// prepare fills in what the register knows and encodes the data of the document,
// appended to buf. Of the part only the items are changed, in a way that may be
// repeated.
func (p *profile) prepare(part *ffd.Receipt, bso bool, buf []byte) (fn.Receipt, []byte, error) {
	filled := *part
	r := &filled
	r.Form = ffd.FormReceipt
	if bso || p.Conditions.Has(ffd.BSOSystem) {
		r.Form = ffd.FormBSO
	}
	if r.TaxSystem == 0 {
		r.TaxSystem = p.TaxSystems[0]
	}
	if r.Cashier.IsEmpty() {
		r.Cashier = p.cashier
	}
	if r.CashierINN.IsEmpty() {
		r.CashierINN = p.cashierINN
	}
	if p.Automatic {
		r.Cashier, r.CashierINN, r.AutomatNumber = tlv.Text{}, tlv.Text{}, p.automat
	}
	if r.Place.IsEmpty() {
		r.Place = p.place
	}
	if r.Address.IsEmpty() {
		r.Address = p.address
	}
	if !r.Contact.IsEmpty() && r.SenderEmail.IsEmpty() {
		r.SenderEmail = p.sender
	}
	r.InternetOnly = p.Conditions.Has(ffd.InternetOnly)
	for i := range r.Items {
		it := &r.Items[i]
		if it.Type == 0 {
			it.Type = ffd.Goods
		}
		if it.Method == 0 {
			it.Method = ffd.FullSettlement
		}
		it.Quantity = p.quantity(it.Quantity)
	}
	r.SumVAT()
	start := len(buf)
	buf, err := r.Append(buf, p.FFD)
	if err != nil {
		return fn.Receipt{}, buf, err
	}
	c := fn.Receipt{Form: r.Form, Operation: r.Operation, Total: r.Payments.Total(), Data: buf[start:len(buf):len(buf)]}
	if p.AutoShift {
		c.Shift = &p.shift
	}
	return c, buf, nil
}

// quantity writes a quantity with the decimals that the register is set to
// (spec/decisions.md, FVLN).
func (p *profile) quantity(q tlv.Decimal) tlv.Decimal {
	q = q.Minimal()
	switch p.QuantityDecimals {
	case "3":
		return q.WithScale(3)
	case "6":
		return q.WithScale(6)
	}
	return q
}
