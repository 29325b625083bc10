package control

import (
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

// settingsBody is what a body may say of a register; what it leaves out stays as
// it is, or gets its default in a new register.
type settingsBody struct {
	RegNumber     *string   `json:"reg_number"`
	UserName      *string   `json:"user_name"`
	Address       *string   `json:"address"`
	Place         *string   `json:"place"`
	SenderEmail   *string   `json:"sender_email"`
	Phone         *string   `json:"phone"`
	OFDName       *string   `json:"ofd_name"`
	OFDINN        *string   `json:"ofd_inn"`
	FNSSite       *string   `json:"fns_site"`
	Cashier       *string   `json:"cashier"`
	CashierINN    *string   `json:"cashier_inn"`
	AutomatNumber *string   `json:"automat_number"`
	FFD           *string   `json:"ffd"`
	TaxSystems    *[]string `json:"tax_systems"` // names; the first is the one of receipts that name none
	Automatic     *bool     `json:"automatic"`
	Offline       *bool     `json:"offline"`
	Encryption    *bool     `json:"encryption"`
	Conditions    *[]string `json:"conditions"` // names
	Agents        *[]string `json:"agents"`     // names

	TakesAgents        *bool   `json:"takes_agents"`
	TakesCash          *bool   `json:"takes_cash"`
	TakesBSO           *bool   `json:"takes_bso"`
	TakesUserAttribute *bool   `json:"takes_user_attribute"`
	Unpaid             *bool   `json:"unpaid"`
	Zone               *string `json:"zone"`
	AutoShift          *bool   `json:"auto_shift"`
	QuantityDecimals   *string `json:"quantity_decimals"`
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// apply puts what the body says into the settings. Errors: *kkt.InvalidError.
func (b *settingsBody) apply(s *kkt.Settings) error {
	for _, x := range []struct{ to, value *string }{
		{&s.RegNumber, b.RegNumber}, {&s.UserName, b.UserName}, {&s.Address, b.Address}, {&s.Place, b.Place}, {&s.SenderEmail, b.SenderEmail},
		{&s.Phone, b.Phone}, {&s.OFDName, b.OFDName}, {&s.OFDINN, b.OFDINN}, {&s.FNSSite, b.FNSSite}, {&s.Cashier, b.Cashier},
		{&s.CashierINN, b.CashierINN}, {&s.AutomatNumber, b.AutomatNumber}, {&s.Zone, b.Zone}, {&s.QuantityDecimals, b.QuantityDecimals},
	} {
		set(x.to, x.value)
	}
	for _, x := range []struct{ to, value *bool }{
		{&s.Automatic, b.Automatic}, {&s.Offline, b.Offline}, {&s.Encryption, b.Encryption}, {&s.TakesAgents, b.TakesAgents},
		{&s.TakesCash, b.TakesCash}, {&s.TakesBSO, b.TakesBSO}, {&s.TakesUserAttribute, b.TakesUserAttribute}, {&s.AutoShift, b.AutoShift}, {&s.Unpaid, b.Unpaid},
	} {
		set(x.to, x.value)
	}
	var err error
	if b.FFD != nil {
		if s.FFD, err = parseFFD(*b.FFD); err != nil {
			return err
		}
	}
	if b.TaxSystems != nil && err == nil {
		s.TaxSystems, err = kkt.ParseTaxSystems(*b.TaxSystems)
	}
	if b.Conditions != nil && err == nil {
		s.Conditions, err = kkt.ParseConditions(*b.Conditions)
	}
	if b.Agents != nil && err == nil {
		s.Agents, err = kkt.ParseAgents(*b.Agents)
	}
	return err
}

func parseFFD(s string) (ffd.Version, error) {
	v, err := ffd.ParseVersion(s)
	if err != nil || !v.Writable() {
		return 0, &kkt.InvalidError{Field: "ffd", Value: s, Rule: "want 1.05, 1.1 or 1.2", RuleRu: "ожидается 1.05, 1.1 или 1.2"}
	}
	return v, nil
}

// driveBody is what a body may say of a new drive.
type driveBody struct {
	DriveNumber   *string   `json:"drive_number"`
	DriveModel    *fn.Model `json:"drive_model"` // months: 13, 15 or 36
	DriveCapacity *uint32   `json:"drive_capacity"`
}

func (b *driveBody) apply(s *kkt.Settings) {
	set(&s.DriveNumber, b.DriveNumber)
	set(&s.DriveModel, b.DriveModel)
	set(&s.DriveCapacity, b.DriveCapacity)
}

// settings are shown as they are kept, but for masks, which are shown by their
// names as a body may say them. They hold no secrets.
type settings struct {
	kkt.Settings
	FFD        string   `json:"ffd"`
	TaxSystems []string `json:"tax_systems"`
	Conditions []string `json:"conditions"`
	Agents     []string `json:"agents"`
}

func viewSettings(s kkt.Settings) settings {
	return settings{Settings: s, FFD: s.FFD.String(), TaxSystems: kkt.TaxNames(s.TaxSystems),
		Conditions: kkt.ConditionNames(s.Conditions), Agents: kkt.AgentNames(s.Agents)}
}
