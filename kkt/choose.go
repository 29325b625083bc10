package kkt

import (
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
var needs = []need{
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
}

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

// choose finds the register with the shortest queue among those that fit.
func (f *Fleet) choose(r *Receipt) (*Register, error) {
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
	var best *Register
	bestQueue, full, broken := 0, false, error(nil)
	for _, x := range all {
		p := x.profile.Load()
		if slices.ContainsFunc(needs, func(n need) bool { return n.lack(r) != "" && !n.has(r, p) }) {
			continue
		}
		isFull, err := x.unable()
		if err != nil {
			broken = err
			continue
		}
		if isFull {
			full = true
			continue
		}
		if q := x.queued(); best == nil || q < bestQueue {
			best, bestQueue = x, q
		}
	}
	switch {
	case best != nil:
		return best, nil
	case full:
		return fail(LackMemory)
	case broken != nil:
		return nil, broken
	}
	return fail(LackSuitable)
}

// unable tells that the drive has no room for a receipt, or why the register is
// out of service.
func (r *Register) unable() (full bool, err error) {
	r.view.Lock()
	defer r.view.Unlock()
	return r.view.state.LastNumber >= r.view.state.Capacity, r.view.broken
}

func (r *Register) queued() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}
