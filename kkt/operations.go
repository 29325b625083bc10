package kkt

import (
	"context"

	"kktd/ffd"
	"kktd/fn"
	"kktd/tlv"
)

// Person is who makes a report, tags 1021 and 1203. Empty is the register's own
// cashier. Automatic registers name nobody.
type Person struct{ Name, INN string }

// person gives the texts of who makes a report.
func (p *profile) person(who Person) (name, inn tlv.Text, err error) {
	if p.Automatic || who == (Person{}) {
		return p.cashier, p.cashierINN, nil
	}
	if name, err = tlv.NewText(who.Name); err != nil {
		return name, inn, invalid("cashier", who.Name, err.Error(), "символ вне CP866")
	}
	if who.INN != "" && !digitINN.MatchString(who.INN) {
		return name, inn, invalid("cashier_inn", who.INN, "want 10 or 12 digits", "ожидается 10 или 12 цифр")
	}
	inn, err = tlv.NewText(who.INN)
	return name, inn, err
}

// shiftReport is the data of a shift report.
func (p *profile) shiftReport(form ffd.Form, who Person) ([]byte, error) {
	name, inn, err := p.person(who)
	if err != nil {
		return nil, err
	}
	r := ffd.ShiftReport{Form: form, Cashier: name, CashierINN: inn}
	if form == ffd.FormShiftOpening {
		r.KKTVersion, r.KKTMaxFFD = tlv.MustText(kktVersion), ffd.V120
	}
	return r.Append(nil, p.FFD)
}

// OpenShift makes document 2. Errors: *fn.Refusal, *InvalidError, *ffd.FieldError,
// ErrOutOfService, ErrClosed; so with all operations.
func (r *Register) OpenShift(ctx context.Context, who Person) ([]Made, error) {
	return r.operate(ctx, func(b *batch, _ *operation) error {
		data, err := b.profile.shiftReport(ffd.FormShiftOpening, who)
		if err != nil {
			return err
		}
		return b.command(&fn.OpenShift{Data: data})
	})
}

// CloseShift makes document 5.
func (r *Register) CloseShift(ctx context.Context, who Person) ([]Made, error) {
	return r.operate(ctx, func(b *batch, _ *operation) error {
		data, err := b.profile.shiftReport(ffd.FormShiftClosing, who)
		if err != nil {
			return err
		}
		return b.command(&fn.CloseShift{Data: data})
	})
}

// ReportState makes document 21, the state of settlements.
func (r *Register) ReportState(ctx context.Context) ([]Made, error) {
	return r.operate(ctx, func(b *batch, _ *operation) error {
		data, err := (&ffd.SettlementState{}).Append(nil, b.profile.FFD)
		if err != nil {
			return err
		}
		return b.command(&fn.SettlementState{Data: data, Documents: driveReader{b.r.fleet.store, b.profile.Drive()}})
	})
}

// CloseDrive makes document 6, the last one of the drive, and closes a shift that
// is open before it. Documents still go to the OFD: with the last ticket the
// drive's phase goes from 7 to 15.
func (r *Register) CloseDrive(ctx context.Context, who Person) ([]Made, error) {
	return r.operate(ctx, func(b *batch, _ *operation) error { return b.closeDrive(who) })
}

func (b *batch) closeDrive(who Person) error {
	if err := b.closeShift(); err != nil {
		return err
	}
	p := b.profile
	name, inn, err := p.person(who)
	if err != nil {
		return err
	}
	user, err := tlv.NewText(p.UserName)
	if err != nil {
		return invalid("user_name", p.UserName, err.Error(), "символ вне CP866")
	}
	c := ffd.DriveClosing{UserName: user, Address: p.address, Place: p.place, Cashier: name, CashierINN: inn}
	data, err := c.Append(nil, p.FFD)
	if err != nil {
		return err
	}
	return b.command(&fn.CloseDrive{Data: data})
}
