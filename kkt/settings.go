package kkt

import (
	"encoding/json"
	"fmt"

	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// Settings are the registration data and the abilities of a register as they
// are stored. Texts are UTF-8.
type Settings struct {
	Serial        string         `json:"serial"`     // 1013, up to 20 characters; the key of the register
	INN           string         `json:"inn"`        // 1018
	RegNumber     string         `json:"reg_number"` // 1037, 16 digits
	UserName      string         `json:"user_name"`  // 1048
	Address       string         `json:"address"`    // 1009
	Place         string         `json:"place"`      // 1187
	SenderEmail   string         `json:"sender_email"`
	Phone         string         `json:"phone,omitempty"`
	OFDName       string         `json:"ofd_name"` // 1046
	OFDINN        string         `json:"ofd_inn"`  // 1017
	FNSSite       string         `json:"fns_site"` // 1060
	Cashier       string         `json:"cashier,omitempty"`
	CashierINN    string         `json:"cashier_inn,omitempty"`
	AutomatNumber string         `json:"automat_number,omitempty"`
	FFD           ffd.Version    `json:"ffd"`         // value of 1209
	TaxSystems    TaxList        `json:"tax_systems"` // the first is the one a receipt gets when it names none
	Automatic     bool           `json:"automatic,omitempty"`
	Offline       bool           `json:"offline,omitempty"`
	Encryption    bool           `json:"encryption,omitempty"` // 1056; refused, the cipher is secret
	Conditions    ffd.Conditions `json:"conditions"`           // 1290, or its tags up to 1.1
	Agents        ffd.AgentFlags `json:"agents,omitempty"`

	// Abilities outside the format.
	TakesAgents        bool `json:"takes_agents"`
	TakesCash          bool `json:"takes_cash"`
	TakesBSO           bool `json:"takes_bso"` // form 4 on request; Conditions with BSOSystem make every receipt one
	TakesUserAttribute bool `json:"takes_user_attribute"`

	// Unpaid takes the register out of the choice: the service is not paid for it.
	Unpaid bool `json:"unpaid,omitempty"`

	// Maintenance takes the register out of the choice; receipts wait for it.
	Maintenance bool `json:"maintenance,omitempty"`

	Zone             string `json:"zone"`              // of 1012; IANA name
	AutoShift        bool   `json:"auto_shift"`        // receipts open and close shifts
	QuantityDecimals string `json:"quantity_decimals"` // minimal, 3 or 6

	DriveNumber   string            `json:"drive_number"` // 1041, 16 digits
	DriveModel    fn.Model          `json:"drive_model"`
	DriveCapacity uint32            `json:"drive_capacity"`
	Drives        []storage.DriveID `json:"drives"` // oldest first; the last is the current one
}

// TaxList is a list of taxation systems, single bits each. In JSON it is a list
// of numbers; without a type of its own it would be base64.
type TaxList []ffd.TaxSystems

// MarshalJSON implements json.Marshaler.
func (l TaxList) MarshalJSON() ([]byte, error) {
	numbers := make([]uint16, len(l))
	for i, t := range l {
		numbers[i] = uint16(t)
	}
	return json.Marshal(numbers)
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *TaxList) UnmarshalJSON(b []byte) error {
	var numbers []uint16
	if err := json.Unmarshal(b, &numbers); err != nil {
		return err
	}
	*l = make(TaxList, len(numbers))
	for i, n := range numbers {
		if (*l)[i] = ffd.TaxSystems(n); n > 0xFF {
			return fmt.Errorf("taxation system %d, at most 255", n)
		}
	}
	return nil
}

// Drive is the internal id of the current drive.
func (s Settings) Drive() storage.DriveID {
	if len(s.Drives) == 0 {
		return 0
	}
	return s.Drives[len(s.Drives)-1]
}

// TaxMask is tag 1062.
func (s Settings) TaxMask() ffd.TaxSystems {
	var m ffd.TaxSystems
	for _, t := range s.TaxSystems {
		m |= t
	}
	return m
}
