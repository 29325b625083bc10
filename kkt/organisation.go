package kkt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"kktd/storage"
)

// Organisations are all users of registers, by INN.
func (f *Fleet) Organisations() (list []Organisation) {
	f.mu.RLock()
	for _, o := range f.organisations {
		list = append(list, o)
	}
	f.mu.RUnlock()
	slices.SortFunc(list, func(a, b Organisation) int { return cmp.Compare(a.INN, b.INN) })
	return list
}

// Accounts are the credentials that may use an organisation, all when inn is
// empty, by public id.
func (f *Fleet) Accounts(inn string) (list []Account) {
	f.mu.RLock()
	if inn == "" {
		list = slices.AppendSeq(list, maps.Values(f.accounts))
	}
	for _, id := range f.holders[inn] {
		list = append(list, f.accounts[id])
	}
	f.mu.RUnlock()
	slices.SortFunc(list, func(a, b Account) int { return cmp.Compare(a.PublicID, b.PublicID) })
	return list
}

// SetOrganisation stores an organisation, or replaces the one with the INN.
// Registers keep the name and address they are registered with. Errors:
// *InvalidError.
func (f *Fleet) SetOrganisation(o Organisation) error {
	if !digitINN.MatchString(o.INN) {
		return invalid("inn", o.INN, "want 10 or 12 digits", "ожидается 10 или 12 цифр")
	}
	f.creating.Lock()
	defer f.creating.Unlock()
	if old, ok := f.Organisation(o.INN); ok && old == o {
		return nil
	}
	rec, err := jsonRecord(kindOrganisation, o.INN, o)
	if err != nil {
		return err
	}
	if err := f.append(storage.Change{Records: []storage.Record{rec}}); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.organisations[o.INN] = o
	return nil
}

// Grant lets an account use an organisation. An account that is not there is made
// with the secret; an empty secret leaves that of a known one. It returns false
// when nothing had to be done. Errors: *InvalidError, ErrNotFound.
func (f *Fleet) Grant(publicID, secret, inn string) (changed bool, err error) {
	f.creating.Lock()
	defer f.creating.Unlock()
	if _, ok := f.Organisation(inn); !ok {
		return false, fmt.Errorf("%w: organisation %q", ErrNotFound, inn)
	}
	a, known := f.Account(publicID)
	switch {
	case publicID == "":
		return false, invalid("public_id", "", "must be there", "не передано")
	case !known && secret == "":
		return false, invalid("secret", "", "must be there for a new account", "не передано")
	case known && (secret == "" || secret == a.Secret) && a.Allows(inn):
		return false, nil
	}
	a.PublicID = publicID
	if secret != "" {
		a.Secret = secret
	}
	if !a.Allows(inn) {
		a.INNs = append(slices.Clone(a.INNs), inn)
	}
	return true, f.putAccount(a)
}

// soft are the settings that no registration report holds, by their names in JSON.
var soft = []string{"phone", "cashier", "cashier_inn", "takes_agents", "takes_cash", "takes_bso", "takes_user_attribute", "unpaid", "zone", "auto_shift", "quantity_decimals"}

// atCreation are the settings that a new register alone takes: its drive may have
// been replaced since.
var atCreation = []string{"drive_number", "drive_model", "drive_capacity", "drives"}

// Adjust brings a known register to settings given as a JSON object with the names
// of Settings; what is not given stays. Settings that no report holds are put in
// force. One that a report holds must be as it is: its change is a registration
// change, which has its own command. It returns the names of what it changed.
//
// Errors: *InvalidError, ErrOutOfService, ErrClosed.
func (r *Register) Adjust(given []byte) (changed []string, err error) {
	f := r.fleet
	f.creating.Lock()
	defer f.creating.Unlock()
	old := r.Settings()
	next := old
	if err := json.Unmarshal(given, &next); err != nil {
		return nil, fmt.Errorf("%w: register %s: %w", ErrInvalid, old.Serial, err)
	}
	next.DriveNumber, next.DriveModel, next.DriveCapacity, next.Drives = old.DriveNumber, old.DriveModel, old.DriveCapacity, old.Drives
	before, err := fields(old)
	if err != nil {
		return nil, err
	}
	after, err := fields(next)
	if err != nil {
		return nil, err
	}
	for name, value := range after {
		if string(before[name]) != string(value) {
			changed = append(changed, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	for _, name := range changed {
		if !slices.Contains(soft, name) {
			return nil, invalid(name, string(after[name]), fmt.Sprintf("register %s is registered with %s; a registration change is made by a command of its own, "+
				"or leave the field out", old.Serial, before[name]), fmt.Sprintf("касса %s зарегистрирована со значением %s", old.Serial, before[name]))
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	p, err := newProfile(&r.fleet.zones, r.id, next)
	if err != nil {
		return nil, err
	}
	state, err := r.State()
	if err != nil {
		return nil, err
	}
	if err := checkZone(&old, &next, &state); err != nil {
		return nil, err
	}
	j := &changeJob{profile: p, ready: make(chan error, 1)}
	r.submit(j)
	if err := <-j.ready; err != nil {
		return nil, err
	}
	f.retryWaiting(next.INN) // for the receipts that it fits now
	return changed, nil
}

// fields are the members of the JSON of settings.
func fields(s Settings) (m map[string]json.RawMessage, err error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(raw, &m)
	for _, name := range atCreation {
		delete(m, name)
	}
	return m, err
}
