package kkt

import (
	"fmt"
	"maps"
	"slices"

	"kktd/ffd"
	"kktd/storage"
)

// setAccount makes an account known, or what has changed of it. The caller holds mu or
// is alone.
func (f *Fleet) setAccount(a Account) {
	f.unsetAccount(a.PublicID)
	f.accounts[a.PublicID] = a
	for _, inn := range a.INNs {
		f.holders[inn] = append(f.holders[inn], a.PublicID)
	}
}

func (f *Fleet) unsetAccount(publicID string) {
	for _, inn := range f.accounts[publicID].INNs {
		left := slices.DeleteFunc(slices.Clone(f.holders[inn]), func(id string) bool { return id == publicID })
		if f.holders[inn] = left; len(left) == 0 {
			delete(f.holders, inn)
		}
	}
	delete(f.accounts, publicID)
}

// joined is the account as it may use an organisation; changed tells that this is to be
// stored. One that other accounts hold is not open to everybody. An account without a
// public id is none.
func (f *Fleet) joined(a Account, inn string) (_ Account, changed bool, err error) {
	f.mu.RLock()
	taken := len(f.holders[inn]) > 0
	f.mu.RUnlock()
	switch {
	case a.PublicID == "" || a.Allows(inn):
		return a, false, nil
	case taken:
		return a, false, invalid("inn", inn, "the organisation belongs to another account", "организация принадлежит другой учётной записи")
	}
	a.INNs = append(slices.Clone(a.INNs), inn)
	return a, true, nil
}

// freshFirst and freshDigits begin and fill the INNs that are made: no tax office has the
// number 9999, so that no real organisation has them.
const (
	freshFirst  = 9999
	freshDigits = 100_000
)

// freshINN is an INN that no organisation here has.
func (f *Fleet) freshINN() (string, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for n := range uint64(freshDigits) {
		inn := ffd.MakeINN(freshFirst*freshDigits + (f.lastID+1+n)%freshDigits)
		if _, known := f.organisations[inn]; !known {
			return inn, nil
		}
	}
	return "", fmt.Errorf("%w: all %d INNs that can be made are in use: give one", ErrInvalid, freshDigits)
}

// checkFresh refuses an organisation or an account that is there already.
func (f *Fleet) checkFresh(o *Order) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if _, known := f.organisations[o.Settings.INN]; known {
		return invalid("inn", o.Settings.INN, "the organisation is there, and a fresh one is asked for; leave one of the two out", "организация уже есть, а запрошена новая")
	}
	if _, known := f.accounts[o.Account.PublicID]; known {
		return invalid("account", o.Account.PublicID, "the account is there, and a fresh one is asked for; leave one of the two out", "учётная запись уже есть, а запрошена новая")
	}
	return nil
}

// leaving are the organisations that go with their last register, and their accounts.
type leaving struct {
	inns    []string
	gone    []string  // public ids
	changed []Account // that have other organisations
	records []storage.Record
}

// leavingUsers finds who goes with registers that are unknown already.
func (f *Fleet) leavingUsers(list []*Register) (l leaving, err error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	accounts, seen := map[string]Account{}, map[string]bool{}
	for _, r := range list {
		inn := r.profile.Load().INN
		if o := f.organisations[inn]; !o.Temporary || len(f.byINN[inn]) > 0 || seen[inn] {
			continue
		}
		seen[inn] = true
		l.inns = append(l.inns, inn)
		l.records = append(l.records, storage.Record{Kind: kindOrganisation, Key: []byte(inn)})
		for _, id := range f.holders[inn] {
			a, begun := accounts[id]
			if !begun {
				a = f.accounts[id]
			}
			a.INNs = slices.DeleteFunc(slices.Clone(a.INNs), func(x string) bool { return x == inn })
			accounts[id] = a
		}
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[id]
		if len(a.INNs) > 0 {
			rec, err := jsonRecord(kindAccount, id, a)
			if err != nil {
				return l, err
			}
			l.changed, l.records = append(l.changed, a), append(l.records, rec)
			continue
		}
		l.gone = append(l.gone, id)
		l.records = append(l.records, storage.Record{Kind: kindAccount, Key: []byte(id)})
		for _, s := range f.Subscriptions(id) {
			l.records = append(l.records, storage.Record{Kind: kindSubscription, Key: s.storeKey()})
		}
	}
	return l, nil
}

// forgetUsers makes them unknown when that is stored. The caller holds the lock of the
// subscriptions.
func (f *Fleet) forgetUsers(l *leaving) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, inn := range l.inns {
		delete(f.organisations, inn)
	}
	for _, a := range l.changed {
		f.setAccount(a)
	}
	for _, id := range l.gone {
		f.unsetAccount(id)
	}
	old := *f.subscriptions.all.Load()
	isGone := func(k subscriptionKey, _ *Subscription) bool { return slices.Contains(l.gone, k.account) }
	for k := range old {
		if isGone(k, nil) {
			next := maps.Clone(old)
			maps.DeleteFunc(next, isGone)
			f.subscriptions.all.Store(&next)
			return
		}
	}
}
