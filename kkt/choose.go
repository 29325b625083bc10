package kkt

import (
	"errors"
	"slices"

	"kktd/ffd"
)

// need is one condition of a receipt on its register.
type need struct {
	lack func(r *Receipt) Lack // "" when the receipt does not ask for it
	has  func(r *Receipt, p *profile) bool
}

// needs are the conditions of a receipt in the order in which their lack is
// told (spec/api/cloudkassir.md 2.3.1).
var needs = append([]need{
	{func(r *Receipt) Lack { return when(r.Serial != "", LackSerial) }, func(r *Receipt, p *profile) bool { return p.Serial == r.Serial }},
	{func(r *Receipt) Lack { return when(first(r).TaxSystem != 0, LackTaxSystem) },
		func(r *Receipt, p *profile) bool { return p.TaxMask().Has(first(r).TaxSystem) }},
	{func(r *Receipt) Lack { return when(r.BSO != nil && *r.BSO, LackBSO) },
		func(_ *Receipt, p *profile) bool { return p.TakesBSO || p.Conditions.Has(ffd.BSOSystem) }},
	{func(r *Receipt) Lack { return when(r.BSO != nil && !*r.BSO, LackNoBSO) },
		func(_ *Receipt, p *profile) bool { return !p.Conditions.Has(ffd.BSOSystem) }},
	{func(r *Receipt) Lack { return when(cash(r), LackCash) }, func(_ *Receipt, p *profile) bool { return p.TakesCash }},
	{func(r *Receipt) Lack { return when(agent(r), LackAgent) }, func(_ *Receipt, p *profile) bool { return p.TakesAgents }},
	{func(r *Receipt) Lack { return when(first(r).UserAttribute != nil, LackUserAttribute) },
		func(_ *Receipt, p *profile) bool { return p.TakesUserAttribute }},
}, correctionNeeds...)

func first(r *Receipt) *ffd.Receipt { return &r.Parts[0] }

func when(asked bool, lack Lack) Lack {
	if asked {
		return lack
	}
	return ""
}

func cash(r *Receipt) bool {
	return slices.ContainsFunc(r.Parts, func(d ffd.Receipt) bool { return d.Payments.Cash != 0 })
}

func agent(r *Receipt) bool {
	return slices.ContainsFunc(r.Parts, func(d ffd.Receipt) bool {
		return d.Agent != 0 || slices.ContainsFunc(d.Items, func(it ffd.Item) bool { return it.Agent != 0 })
	})
}

// usualFits is how many registers of an organisation are weighed without an
// allocation.
const usualFits = 16

// choose finds the register for a receipt: of those that fit and work the one
// with the shortest queue, and of equal ones each in its turn. No register and no
// error mean that the receipt must wait: those that fit are on maintenance, and
// the organisation has others (spec/api/cloudkassir.md 2.9).
func (f *Fleet) choose(r *Receipt) (*Register, error) {
	for {
		x, err := f.chooseNow(r)
		if !errors.Is(err, errStale) { // else the one that fits has just been deleted
			return x, err
		}
	}
}

func (f *Fleet) chooseNow(r *Receipt) (*Register, error) {
	f.mu.RLock()
	all := f.byINN[r.INN]
	f.mu.RUnlock()
	fail := func(l Lack) (*Register, error) { return nil, &ChoiceError{INN: r.INN, Lack: l} }
	if len(all) == 0 || len(r.Parts) == 0 {
		return fail(LackRegister)
	}
	for _, n := range needs {
		lack := n.lack(r)
		if lack != "" && !slices.ContainsFunc(all, func(x *Register) bool { return n.has(r, x.profile.Load()) }) {
			return fail(lack)
		}
	}
	var room [usualFits]candidate
	list := room[:0]
	for _, x := range all {
		p := x.profile.Load()
		if !fits(r, p) {
			continue
		}
		c := candidate{register: x, queue: x.queued()}
		c.service, c.err = x.service(p, &r.Request, len(r.Parts))
		list = append(list, c)
	}
	if best := f.lightest(list, inService); best != nil {
		return best, nil
	}
	has := func(s service) bool {
		return slices.ContainsFunc(list, func(c candidate) bool { return c.service == s })
	}
	switch {
	case has(onMaintenance) && len(all) > 1:
		return nil, nil
	case has(onMaintenance):
		return fail(LackSuitable)
	case has(driveRefuses): // which the receipt will tell
		return f.lightest(list, driveRefuses), nil
	case has(driveFull):
		for _, c := range list {
			if c.service == driveFull && c.err != nil { // by a fault
				return nil, c.err
			}
		}
		return fail(LackMemory)
	case has(unpaid):
		return fail(LackPaid)
	case len(list) > 0:
		return nil, list[0].err
	}
	return fail(LackSuitable)
}

// fits tells that a register with the profile may make the receipt.
func fits(r *Receipt, p *profile) bool {
	return !slices.ContainsFunc(needs, func(n need) bool { return n.lack(r) != "" && !n.has(r, p) })
}

// candidate is a register that fits a receipt.
type candidate struct {
	register *Register
	queue    int
	service  service
	err      error // of outOfService, and of driveFull by a fault
}

// service is what a register can do at the moment.
type service uint8

const (
	inService service = iota
	onMaintenance
	unpaid
	driveRefuses // any receipt: term, phase, documents unsent for too long
	driveFull
	outOfService
)

// service tells what the register can do at the moment for a receipt of so many parts.
func (r *Register) service(p *profile, request *Request, parts int) (service, error) {
	if s, err := r.away(p, request); s != inService {
		return s, err
	}
	return r.standing(p, parts)
}

// standing is service without the faults that are set on purpose; of no receipt with 0
// parts.
func (r *Register) standing(p *profile, parts int) (service, error) {
	switch {
	case p.Unpaid:
		return unpaid, nil
	case p.Maintenance:
		return onMaintenance, nil
	}
	now := r.wall(p)
	r.view.Lock()
	defer r.view.Unlock()
	switch s := &r.view.state; {
	case r.view.broken != nil:
		return outOfService, r.view.broken
	case s.LastNumber >= s.Capacity:
		return driveFull, nil
	case s.Able(now) != nil:
		return driveRefuses, nil
	case parts > 0 && !s.Room(now, parts, p.AutoShift): // all of them are made, or none
		return driveFull, nil
	}
	return inService, nil
}

// lightest is the register with the shortest queue among those in one kind of
// service; equal ones take turns. The turns begin with the seed, so that the same
// requests go to the same registers everywhere.
func (f *Fleet) lightest(list []candidate, in service) *Register {
	least, equal := 0, 0
	for _, c := range list {
		switch {
		case c.service != in:
		case equal == 0 || c.queue < least:
			least, equal = c.queue, 1
		case c.queue == least:
			equal++
		}
	}
	if equal == 0 {
		return nil
	}
	turn := 0
	if equal > 1 {
		turn = int((f.turn.Add(1) + f.seed) % uint64(equal))
	}
	for _, c := range list {
		if c.service != in || c.queue != least {
			continue
		}
		if turn == 0 {
			return c.register
		}
		turn--
	}
	return nil
}

func (r *Register) queued() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}
