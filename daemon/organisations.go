package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kktd/api/cloudkassir"
	"kktd/api/control"
	"kktd/ffd"
	"kktd/kkt"
)

// Organisation is a part of the configuration: an organisation with its
// credentials, registers and notifications. It is applied at each start: what is
// not there is made; what is there is compared, or as a seed left as it is
// (docs/organisations.md).
type Organisation struct {
	INN       string            `json:"inn"`
	Name      string            `json:"name"`
	Address   string            `json:"address"`
	Accounts  []AccountConfig   `json:"accounts"`
	Registers []json.RawMessage `json:"registers"` // by the names of kkt.Settings
	Webhooks  []WebhookConfig   `json:"webhooks"`

	parsed []registerConfig // of Registers, by ParseOrganisations
}

// registerConfig is what is said of a register.
type registerConfig struct {
	kkt.Settings
	plain []byte // the same as the JSON of Settings, without what is not said
}

// PlaceError is returned when the section of organisations cannot be used.
type PlaceError struct {
	Place string // as organisations[0].registers[1].inn
	Err   error
}

func (e *PlaceError) Error() string { return e.Err.Error() }

// Unwrap gives the error alone.
func (e *PlaceError) Unwrap() error { return e.Err }

// AccountConfig are credentials of the APIs.
type AccountConfig struct {
	PublicID string `json:"public_id"`
	Secret   string `json:"secret"`
}

// WebhookConfig is a notification: to whom, how.
type WebhookConfig struct {
	Account  string `json:"account"` // public id; empty: every account of the organisation in the file
	Type     string `json:"type"`
	Address  string `json:"address"`
	Method   string `json:"method"`
	Encoding string `json:"encoding"`
	Format   string `json:"format"`
	Enabled  *bool  `json:"enabled"` // absent: true
}

// ParseOrganisations reads the section of the YAML file, given as JSON: a list. A
// name that is not known is an error that names it. Errors: *PlaceError.
func ParseOrganisations(raw []byte) ([]Organisation, error) {
	var c struct {
		Organisations []Organisation `json:"organisations"`
	}
	whole := append(append([]byte(`{"organisations":`), raw...), '}')
	if err := control.Decode(whole, &c); err != nil {
		return nil, &PlaceError{fieldOf(err), err}
	}
	for i := range c.Organisations {
		o := &c.Organisations[i]
		for k, raw := range o.Registers {
			r, err := parseRegister(raw)
			if err != nil {
				place := fmt.Sprintf("organisations[%d].registers[%d]", i, k)
				return nil, &PlaceError{place + "." + fieldOf(err), fmt.Errorf("%s: %w", place, err)}
			}
			o.parsed = append(o.parsed, r)
		}
	}
	return c.Organisations, nil
}

// fieldOf is the name of the field that an error is about, "" when it names none.
func fieldOf(err error) string {
	problem, wrong := (*control.Problem)(nil), (*kkt.InvalidError)(nil)
	switch {
	case errors.As(err, &problem):
		return problem.Field
	case errors.As(err, &wrong):
		return wrong.Field
	}
	return ""
}

// parseRegister reads the settings of a register: by the names of their JSON, with
// the format as 1.05, 1.1 or 1.2, and taxation systems, conditions of use and
// kinds of agents by their words.
func parseRegister(raw json.RawMessage) (r registerConfig, err error) {
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return r, fmt.Errorf("register: want settings by their names: %w", err)
	}
	if v, ok := m["ffd"]; ok {
		version, err := ffd.ParseVersion(strings.TrimSuffix(fmt.Sprint(v), "0"))
		if err != nil {
			return r, &kkt.InvalidError{Field: "ffd", Value: fmt.Sprint(v), Rule: "want 1.05, 1.1 or 1.2", RuleRu: "ожидается 1.05, 1.1 или 1.2"}
		}
		m["ffd"] = version
	}
	if words, ok := wordList(m["tax_systems"]); ok {
		list, err := kkt.ParseTaxSystems(words)
		if err != nil {
			return r, err
		}
		m["tax_systems"] = list
	}
	if words, ok := wordList(m["conditions"]); ok {
		if m["conditions"], err = kkt.ParseConditions(words); err != nil {
			return r, err
		}
	}
	if words, ok := wordList(m["agents"]); ok {
		if m["agents"], err = kkt.ParseAgents(words); err != nil {
			return r, err
		}
	}
	if r.plain, err = json.Marshal(m); err != nil {
		return r, err
	}
	return r, control.Decode(r.plain, &r.Settings)
}

// wordList is a list of words; false for anything else.
func wordList(v any) (words []string, ok bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	for _, x := range list {
		word, ok := x.(string)
		if !ok {
			return nil, false
		}
		words = append(words, word)
	}
	return words, true
}

// applyOrganisations brings the fleet to the configuration.
func (d *Daemon) applyOrganisations(ctx context.Context) error {
	return d.apply(ctx, d.config.Organisations, new(applied))
}

// applySeeds makes what the seeds have and the fleet has not.
func (d *Daemon) applySeeds(ctx context.Context) error {
	if len(d.config.Seeds) == 0 {
		return nil
	}
	sum := applied{keep: true}
	err := d.apply(ctx, d.config.Seeds, &sum)
	if d.config.Seeds = nil; err != nil { // they may be many, and are not needed again
		return fmt.Errorf("seed: %w", err)
	}
	log := d.log.WithField("registers", sum.made).WithField("registers_there", sum.there)
	if sum.there > 0 {
		log.Info("seed: what was there stays as it is")
	} else {
		log.Info("seed: made")
	}
	return nil
}

// applied is how organisations are applied, and what came of it.
type applied struct {
	keep        bool // what is there stays as it is
	made, there int  // registers
}

func (d *Daemon) apply(ctx context.Context, list []Organisation, sum *applied) error {
	for i := range list {
		if err := d.applyOrganisation(ctx, &list[i], sum); err != nil {
			return fmt.Errorf("organisations: %s: %w", list[i].INN, err)
		}
	}
	return nil
}

func (d *Daemon) applyOrganisation(ctx context.Context, o *Organisation, sum *applied) error {
	log := d.log.WithField("organisation", o.INN)
	old, known := d.fleet.Organisation(o.INN)
	next := kkt.Organisation{INN: o.INN, Name: o.Name, Address: o.Address}
	if next.Name == "" {
		next.Name = old.Name
	}
	if next.Address == "" {
		next.Address = old.Address
	}
	if known && sum.keep {
		next = old
	} else if err := d.fleet.SetOrganisation(next); err != nil {
		return err
	}
	for _, a := range o.Accounts {
		secret := a.Secret
		if _, known := d.fleet.Account(a.PublicID); known && sum.keep {
			secret = ""
		}
		changed, err := d.fleet.Grant(a.PublicID, secret, o.INN)
		if err != nil {
			return fmt.Errorf("account %q: %w", a.PublicID, err)
		}
		if changed {
			log.WithField("account", a.PublicID).Info("account is as the configuration says")
		}
	}
	registers := o.parsed
	for _, raw := range o.Registers[len(registers):] {
		r, err := parseRegister(raw)
		if err != nil {
			return err
		}
		registers = append(registers, r)
	}
	for i := range registers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.applyRegister(ctx, o, &next, &registers[i], sum); err != nil {
			return err
		}
	}
	for _, w := range o.Webhooks {
		accounts := []string{w.Account}
		if w.Account == "" {
			accounts = accounts[:0]
			for _, a := range o.Accounts {
				accounts = append(accounts, a.PublicID)
			}
		}
		for _, account := range accounts {
			if err := d.applyWebhook(account, w, sum.keep); err != nil {
				return fmt.Errorf("webhook %s: %w", w.Type, err)
			}
		}
	}
	return nil
}

func (d *Daemon) applyRegister(ctx context.Context, o *Organisation, org *kkt.Organisation, r *registerConfig, sum *applied) error {
	s := r.Settings
	if s.Serial == "" {
		return fmt.Errorf("a register has no serial: without one every start would make another")
	}
	if s.INN != "" && s.INN != o.INN {
		return fmt.Errorf("register %s: inn: %q, the organisation has %q; leave it out", s.Serial, s.INN, o.INN)
	}
	if reg, err := d.fleet.Register(s.Serial); err == nil {
		if sum.there++; sum.keep {
			return nil
		}
		if reg.Settings().INN != o.INN {
			return fmt.Errorf("register %s belongs to %s", s.Serial, reg.Settings().INN)
		}
		changed, err := reg.Adjust(r.plain)
		if err != nil {
			return fmt.Errorf("register %s: %w", s.Serial, err)
		}
		if len(changed) > 0 {
			d.log.WithField("register", s.Serial).WithField("settings", strings.Join(changed, ", ")).Info("register has the settings of the configuration")
		}
		return nil
	}
	// Defaults first, then what is given, so that a false stays one.
	version, err := ffd.ParseVersion(d.config.FFD)
	if err != nil {
		return err
	}
	if s.FFD != 0 {
		version = s.FFD // the defaults of conditions follow it
	}
	s = kkt.Defaults(version)
	s.UserName, s.Address = org.Name, org.Address
	if err := control.Decode(r.plain, &s); err != nil {
		return err
	}
	s.INN = o.INN
	account := ""
	if len(o.Accounts) > 0 {
		account = o.Accounts[0].PublicID
	} else if list := d.fleet.Accounts(o.INN); len(list) > 0 {
		account = list[0].PublicID
	}
	if account == "" {
		return fmt.Errorf("register %s: the organisation has no account; give it one under accounts", s.Serial)
	}
	if _, _, err = d.fleet.NewRegister(ctx, kkt.Order{Account: kkt.Account{PublicID: account}, Settings: s}); err != nil {
		return fmt.Errorf("register %s: %w", s.Serial, err)
	}
	sum.made++
	return nil
}

func (d *Daemon) applyWebhook(account string, w WebhookConfig, keep bool) error {
	s := kkt.Subscription{Account: account, Type: w.Type, Address: w.Address, Method: w.Method, Encoding: w.Encoding, Format: w.Format,
		Enabled: w.Enabled == nil || *w.Enabled}
	if err := cloudkassir.CheckSubscription(&s); err != nil {
		return err
	}
	if old := d.fleet.Subscription(s.Account, s.API, s.Type); old != nil && (keep || *old == s) {
		return nil
	}
	return d.fleet.Subscribe(s)
}
