package fn

import "fmt"

// Code is an answer code of the drive (spec/fn.md 5). It is an error, so that
// errors.Is finds it in a Refusal.
type Code byte

// The answer codes that commands give.
const (
	CodeFormat         Code = 0x01 // is returned when parameters are malformed
	CodeState          Code = 0x02 // is returned when phase, shift or document do not allow the command
	CodeCrypto         Code = 0x04 // is returned when the crypto unit fails
	CodeTermParameters Code = 0x05 // is returned when the parameters do not fit the term of the drive
	CodeDateTime       Code = 0x07 // is returned when the date or time is wrong
	CodeNoData         Code = 0x08 // is returned when what is asked for is not there
	CodeValue          Code = 0x09 // is returned when a parameter is wrong or totals overflow
	CodeMode           Code = 0x0A // is returned when the mode does not allow the command
	CodeForbiddenTag   Code = 0x0B // is returned when a tag is sent that the drive forms itself
	CodeMissingTag     Code = 0x0D // is returned when data that must be counted are missing
	CodeTooLarge       Code = 0x10 // is returned when the data of a document are too large
	CodeTermEnded      Code = 0x12 // is returned when the term of the keys has ended
	CodeNoSpace        Code = 0x14 // is returned when memory or the 30 days of unsent documents are used up
	CodeShiftTooLong   Code = 0x16 // is returned when the shift is older than 24 hours
	CodeContradiction  Code = 0x19 // is returned when a document contradicts the registration
	CodeTicket         Code = 0x20 // is returned when a ticket cannot be accepted
)

// codeNames are the codes in words, English and Russian.
var codeNames = map[Code][2]string{
	CodeFormat:         {"wrong format of the command", "неверный формат команды"},
	CodeState:          {"the drive is in another state", "другое состояние ФН"},
	CodeCrypto:         {"crypto unit failure", "отказ криптографического сопроцессора"},
	CodeTermParameters: {"the parameters do not fit the term", "параметры не соответствуют сроку ФН"},
	CodeDateTime:       {"wrong date or time", "некорректная дата или время"},
	CodeNoData:         {"no such data", "нет запрошенных данных"},
	CodeValue:          {"wrong value of a parameter", "некорректное значение параметров"},
	CodeMode:           {"not allowed in this mode", "команда не разрешена в этом режиме"},
	CodeForbiddenTag:   {"a tag that the drive forms itself", "передан реквизит, который формирует ФН"},
	CodeMissingTag:     {"data needed for accounting are missing", "нет данных, нужных для учёта"},
	CodeTooLarge:       {"data of the document are too large", "размер передаваемых данных превышен"},
	CodeTermEnded:      {"the term of the drive has ended", "исчерпан срок действия ключей ФН"},
	CodeNoSpace:        {"a resource of the drive is used up", "исчерпан ресурс ФН"},
	CodeShiftTooLong:   {"the shift is longer than 24 hours", "смена длится более 24 часов"},
	CodeContradiction:  {"contradicts the registration", "данные противоречат регистрации"},
	CodeTicket:         {"the ticket cannot be accepted", "квитанция ОФД не принята"},
}

func (c Code) Error() string { return fmt.Sprintf("%02Xh %s", byte(c), codeNames[c][0]) }

// Russian is the code in Russian words.
func (c Code) Russian() string { return fmt.Sprintf("код %02Xh, %s", byte(c), codeNames[c][1]) }

// Refusal is returned when the drive refuses a command. The state is as it was.
type Refusal struct {
	Code   Code
	Drive  string // 16 digits
	Number uint32 // of the document that was not made
	Why    string
	Hint   string // what a person does about it
	Reason Reason // of CodeTicket
	Full   bool   // of CodeNoSpace: the memory is full; else documents are unsent too long
}

func (r *Refusal) Error() string {
	s := fmt.Sprintf("drive %s, document %d: %v: %s", r.Drive, r.Number, r.Code, r.Why)
	if r.Hint != "" {
		s += "; " + r.Hint
	}
	return s
}

// Unwrap gives the Code.
func (r *Refusal) Unwrap() error { return r.Code }

// refuse makes a Refusal for the document that would come next.
func (s *State) refuse(code Code, hint, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Drive: string(s.Drive[:]), Number: s.LastNumber + 1, Why: fmt.Sprintf(format, args...), Hint: hint}
}

// Reason says why a ticket was refused, the data byte of answer code 20h
// (spec/ofd-protocol.md 8.2).
type Reason byte

// The reasons.
const (
	ReasonSign   Reason = 1
	ReasonFormat Reason = 2
	ReasonNumber Reason = 3
	ReasonDrive  Reason = 4
	ReasonCRC    Reason = 5
)
