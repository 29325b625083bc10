package kkt

import (
	"errors"
	"fmt"

	"kktd/ffd"
	"kktd/fn"
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

// goneError is returned by a register that was deleted while a request was under
// way. It is an ErrNotFound; a receipt looks for another register.
type goneError struct{ serial string }

func errGone(serial string) error { return &goneError{serial} }

func (e *goneError) Error() string { return fmt.Sprintf("kkt: register %q was deleted", e.serial) }

// Unwrap gives ErrNotFound, and errStale for a receipt.
func (e *goneError) Unwrap() []error { return []error{ErrNotFound, errStale} }

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
	LackPaid          Lack = "paid"           // none that fits is paid for
	LackMemory        Lack = "memory"         // every drive that fits is full
	LackSuitable      Lack = "suitable"       // the conditions exclude one another

	// Of corrections, by the format of the registers.
	LackReturnCorrection Lack = "return correction" // FFD 1.05 corrects income and expense, not their returns
	LackBasisNumber      Lack = "basis number"      // FFD 1.05 wants tag 1179
	LackItems            Lack = "items"             // FFD 1.1 and 1.2 want items
)

// lackTexts are the lacks in Russian; each API has official sentences of its own.
var lackTexts = map[Lack]string{
	LackRegister:         "нет ни одной кассы",
	LackTaxSystem:        "ни одна касса не зарегистрирована с этой системой налогообложения",
	LackBSO:              "нет касс с признаком БСО",
	LackNoBSO:            "нет касс без признака БСО",
	LackCash:             "нет касс, принимающих наличные",
	LackAgent:            "нет касс с агентским признаком",
	LackUserAttribute:    "нет касс с дополнительным реквизитом пользователя",
	LackSerial:           "нет кассы с этим заводским номером",
	LackPaid:             "нет оплаченных касс",
	LackMemory:           "память ФН всех подходящих касс заполнена",
	LackSuitable:         "нет подходящей кассы",
	LackReturnCorrection: "касса ФФД 1.05 не делает коррекцию возврата",
	LackBasisNumber:      "для кассы ФФД 1.05 нужен номер документа-основания",
	LackItems:            "для кассы ФФД 1.1 и 1.2 нужны предметы расчёта",
}

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

// Russian is the error in Russian words.
func (e *ChoiceError) Russian() string {
	return "организация с ИНН " + e.INN + ": " + lackTexts[e.Lack]
}

// fail ends the receipt with Status Error for a reason.
func (r *ReceiptRecord) fail(err error) {
	r.Status, r.Error, r.ErrorRu, r.Code = Failed, err.Error(), "", 0
	if refusal := (*fn.Refusal)(nil); errors.As(err, &refusal) {
		r.Code = refusal.Code
	}
	russian, field := interface{ Russian() string }(nil), (*ffd.FieldError)(nil)
	switch {
	case errors.As(err, &russian):
		r.ErrorRu = russian.Russian()
	case errors.As(err, &field) && field.RuleRu != "":
		r.ErrorRu = "тег " + field.Path + ": " + field.RuleRu
	}
}

// Reason is why the receipt has Status Error, in Russian where it is known.
func (r *ReceiptRecord) Reason() string {
	switch {
	case r.ErrorRu != "":
		return r.ErrorRu
	case r.Code != 0:
		return "ФН отказал: " + r.Code.Russian()
	}
	return r.Error
}
