package kkt

// Organisation is a user of registers.
type Organisation struct {
	INN     string `json:"inn"`
	Name    string `json:"name"`    // 1048
	Address string `json:"address"` // 1009
	// Temporary tells that it was made along with a register (Order.Fresh) and goes with
	// its last one, and with it the accounts that have no other organisation.
	Temporary bool `json:"temporary,omitempty"`
}

// Account is a pair of credentials of the APIs and the organisations it may use.
type Account struct {
	PublicID string   `json:"public_id"`
	Secret   string   `json:"secret"`
	INNs     []string `json:"inns"`
}

// Allows tells that the account may use the organisation.
func (a *Account) Allows(inn string) bool {
	for _, x := range a.INNs {
		if x == inn {
			return true
		}
	}
	return false
}
