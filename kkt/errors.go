package kkt

import (
	"errors"
	"fmt"
)

// ErrNotFound is returned when a register, a receipt, an account or a document
// is not there.
var ErrNotFound = errors.New("kkt: not found")

// ErrClosed is returned when the fleet is stopping.
var ErrClosed = errors.New("kkt: stopping")

// ErrInvalid is returned when data for a register cannot be used.
var ErrInvalid = errors.New("kkt: invalid data")

// InvalidError is returned when a setting of a register cannot be used. It is an
// ErrInvalid.
type InvalidError struct {
	Field  string // its name in the JSON of Settings
	Value  string
	Rule   string // English
	RuleRu string // Russian
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%v: %s: %q: %s", ErrInvalid, e.Field, e.Value, e.Rule)
}

// Unwrap gives ErrInvalid.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

func invalid(field, value, rule, ruleRu string) error {
	return &InvalidError{Field: field, Value: value, Rule: rule, RuleRu: ruleRu}
}

// ErrOutOfService is returned by a register whose stored state cannot be used.
var ErrOutOfService = errors.New("kkt: register is out of service")

// Lack says what no register of an organisation offers.
type Lack string

// What a choice of a register can lack; each API has codes of its own for them.
const (
	LackRegister      Lack = "register"       // the organisation has none at all
	LackTaxSystem     Lack = "tax system"     // none is registered for the taxation system
	LackBSO           Lack = "bso"            // none has the БСО sign
	LackNoBSO         Lack = "no bso"         // all have the БСО sign
	LackCash          Lack = "cash"           // none takes cash
	LackAgent         Lack = "agent"          // none may act as an agent
	LackUserAttribute Lack = "user attribute" // none supports tag 1084
	LackSerial        Lack = "serial"         // the one that is asked for is not there
	LackMemory        Lack = "memory"         // every drive that fits is full
	LackSuitable      Lack = "suitable"       // the conditions exclude one another

	// Of corrections, by the format of the registers.
	LackReturnCorrection Lack = "return correction" // FFD 1.05 corrects income and expense, not their returns
	LackBasisNumber      Lack = "basis number"      // FFD 1.05 wants tag 1179
	LackItems            Lack = "items"             // FFD 1.1 and 1.2 want items
)

// ChoiceError is returned when no register fits a receipt.
type ChoiceError struct {
	INN  string
	Lack Lack
}

// The words around INN and lack, which ReceiptRecord.Choice looks for.
const (
	choicePrefix = "kkt: no register of "
	choiceMiddle = " fits: "
)

func (e *ChoiceError) Error() string {
	return choicePrefix + e.INN + choiceMiddle + string(e.Lack)
}
