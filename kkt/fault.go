package kkt

import (
	"errors"
	"fmt"
	"slices"

	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
)

// subject is what a point of the register knows of itself.
func (p *profile) subject() fault.Subject {
	return fault.Subject{Match: fault.Match{Register: p.Serial, INN: p.INN, Drive: p.DriveNumber}}
}

// spoiled asks the faults before the drive makes a document; rec is the receipt that
// it is of, own are the faults that came with its request.
func (b *batch) spoiled(form ffd.Form, total uint64, rec *ReceiptRecord, own *fault.Set) error {
	set := b.r.fleet.faults
	if !set.On(own) {
		return nil
	}
	s := b.profile.subject()
	s.Form, s.Amount, s.Own = uint8(form), total, own
	if rec != nil {
		s.API, s.Invoice = rec.API, rec.InvoiceID
	}
	var err error
	for _, h := range fault.Strike[fault.OnDocument](set, &s) {
		if spoilt := h.Effect.Spoil(s.Drive, b.state.LastNumber+1); err == nil {
			err = spoilt
		}
	}
	return err
}

// formOf is the form of the document that a command makes, 0 for none.
func formOf(c fn.Command, s *fn.State) ffd.Form {
	switch c.(type) {
	case *fn.OpenShift:
		return ffd.FormShiftOpening
	case *fn.CloseShift:
		return ffd.FormShiftClosing
	case *fn.SettlementState:
		return ffd.FormSettlementState
	case *fn.CloseDrive:
		return ffd.FormDriveClosing
	case *fn.Register:
		if s.Phase >= fn.PhaseFiscal {
			return ffd.FormReregistration
		}
		return ffd.FormRegistration
	}
	return 0
}

// away tells whether a fault keeps the register from taking a receipt.
func (r *Register) away(p *profile, request *Request) (service, error) {
	set := r.fleet.faults
	if !set.On(request.Faults) {
		return inService, nil
	}
	s := p.subject()
	s.API, s.Invoice, s.Own = request.API, request.InvoiceID, request.Faults
	if len(fault.Strike[fault.RegisterError](set, &s)) > 0 {
		return outOfService, fmt.Errorf("%w: %w", ErrOutOfService, fault.ErrSet)
	}
	if len(fault.Strike[fault.RegisterMaintenance](set, &s)) > 0 {
		return onMaintenance, nil
	}
	for _, h := range fault.Strike[fault.DriveFull](set, &s) {
		r.view.Lock()
		number := r.view.state.LastNumber + 1
		r.view.Unlock()
		return driveFull, h.Effect.Refuse(s.Drive, number)
	}
	return inService, nil
}

// meets tells that a fault of the type is in force for the register.
func meets[P fault.Effect](r *Register) bool {
	if !r.fleet.faults.On(nil) {
		return false
	}
	s := r.profile.Load().subject()
	return fault.Meets[P](r.fleet.faults, &s)
}

// FaultsLifted looks again for registers for the receipts that wait: a fault that kept
// them from being made may be gone.
func (f *Fleet) FaultsLifted() { f.retryWaiting("") }

// paperless tells that a register has no paper for a receipt: a fault that meets one of
// its documents is in force still. A look strikes nothing.
func (r *Register) paperless(request *Request, parts []fn.Receipt) bool {
	set := r.fleet.faults
	if !set.On(nil) {
		return false
	}
	return slices.ContainsFunc(parts, func(part fn.Receipt) bool {
		s := r.profile.Load().subject()
		s.API, s.Invoice, s.Form, s.Amount = request.API, request.InvoiceID, uint8(part.Form), part.Total
		return fault.Meets[fault.PaperOut](set, &s)
	})
}

// noPaper puts a receipt for which there was no paper among those that wait: until the
// fault is lifted, or has spent itself, as then there is paper for all of them.
func (j *delayedJob) noPaper() {
	f := j.r.fleet
	f.delayed.wait(j.key, j.profile.INN)
	if !j.r.paperless(&j.request, j.parts) {
		go f.retryWaiting("") // not here: the register's goroutine holds its batch
	}
}

// interrupted tells that a fault ended the work on a document, so that it is to be made
// again.
func interrupted(err error) bool {
	return errors.Is(err, fault.ErrNoPaper) || errors.Is(err, fault.ErrPowerCut)
}
