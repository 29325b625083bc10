package kkt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
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
	since      uint64 // as in its record
	past       []Past
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

// Limits of the capacity of a drive in documents: the numbers of documents have
// three bytes on the wire (spec/ofd-protocol.md 6.1).
const (
	minCapacity = 10
	maxCapacity = ofdproto.MaxNumber
)

var (
	digits16 = regexp.MustCompile(`^[0-9]{16}$`)
	digitINN = regexp.MustCompile(`^([0-9]{10}|[0-9]{12})$`)
)

// newProfile checks settings and makes them ready. The error wraps ErrInvalid
// and names the field.
func newProfile(z *zones, id uint64, s Settings) (*profile, error) {
	p := &profile{Settings: s, id: id}
	for _, c := range []struct {
		ok           bool
		field, value string
		rule, ruleRu string
	}{
		{digitINN.MatchString(s.INN), "inn", s.INN, "want 10 or 12 digits", "ожидается 10 или 12 цифр"},
		{digits16.MatchString(s.DriveNumber), "drive_number", s.DriveNumber, "want 16 digits", "ожидается 16 цифр"},
		{digits16.MatchString(s.RegNumber), "reg_number", s.RegNumber, "want 16 digits", "ожидается 16 цифр"},
		{s.Serial != "", "serial", s.Serial, "must be there", "не передано"},
		{s.FFD.Writable(), "ffd", s.FFD.String(), "want 1.05, 1.1 or 1.2", "ожидается 1.05, 1.1 или 1.2"},
		{s.DriveModel.Valid(), "drive_model", fmt.Sprint(uint8(s.DriveModel)), "want 13, 15 or 36", "ожидается 13, 15 или 36"},
		{s.DriveCapacity >= minCapacity && s.DriveCapacity <= maxCapacity, "drive_capacity", fmt.Sprint(s.DriveCapacity),
			"want 10 to 16777215", "ожидается от 10 до 16777215"},
		{len(s.TaxSystems) > 0, "tax_systems", "", "none is given", "не передано ни одной"},
		{!slices.ContainsFunc(s.TaxSystems, func(t ffd.TaxSystems) bool { return !t.Single() }), "tax_systems", fmt.Sprint(s.TaxSystems),
			"each must be one system", "каждая должна быть одной системой"},
		{s.Offline || digitINN.MatchString(s.OFDINN), "ofd_inn", s.OFDINN, "want 10 or 12 digits", "ожидается 10 или 12 цифр"},
		{s.CashierINN == "" || digitINN.MatchString(s.CashierINN), "cashier_inn", s.CashierINN, "want 10 or 12 digits", "ожидается 10 или 12 цифр"},
		{s.Offline || strings.Contains(s.SenderEmail, "@"), "sender_email", s.SenderEmail, "want an address", "ожидается адрес"},
		{!s.Automatic || s.AutomatNumber != "", "automat_number", "", "must be there in automatic mode", "обязателен в автоматическом режиме"},
		{s.QuantityDecimals == "minimal" || s.QuantityDecimals == "3" || s.QuantityDecimals == "6", "quantity_decimals", s.QuantityDecimals,
			"want minimal, 3 or 6", "ожидается minimal, 3 или 6"},
	} {
		if !c.ok {
			return nil, invalid(c.field, c.value, c.rule, c.ruleRu)
		}
	}
	var err error
	if p.zone, err = z.find(s.Zone); err != nil {
		return nil, invalid("zone", s.Zone, "want the name of a time zone as Europe/Moscow", "ожидается имя часовой зоны, например Europe/Moscow")
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
			return nil, invalid(f.name, f.value, err.Error(), "символ вне CP866")
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
// a part of a receipt, appended to buf. Of the part only the items are changed, in a way that may be
// repeated.
func (p *profile) prepare(part *ffd.Receipt, of *Receipt, buf []byte) (fn.Receipt, []byte, error) {
	filled := *part
	r := &filled
	r.Form = p.formOf(part, of.BSO != nil && *of.BSO)
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
	p.sum(r, of.BySums)
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
