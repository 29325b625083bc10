package fn

import "fmt"

// Code is an answer code of the drive (spec/fn.md 5). It is an error, so that
// errors.Is finds it in a Refusal. The catalogue has its names and what a person
// does about it.
type Code byte

// The answer codes. Those that say "by a fault alone" cannot come from this
// machine: their cause does not exist in it.
const (
	CodeFormat         Code = 0x01 // is returned when parameters are malformed
	CodeState          Code = 0x02 // is returned when phase, shift or document do not allow the command
	CodeFailure        Code = 0x03 // is returned when the drive has failed (Fail)
	CodeCrypto         Code = 0x04 // is returned when the crypto unit fails; by a fault alone
	CodeTermParameters Code = 0x05 // is returned when the parameters do not fit the term of the drive
	CodeArchiveFull    Code = 0x06 // was returned by drives of FFD 1.0; by a fault alone
	CodeDateTime       Code = 0x07 // is returned when the date or time is wrong
	CodeNoData         Code = 0x08 // is returned when what is asked for is not there
	CodeValue          Code = 0x09 // is returned when a parameter is wrong or totals overflow
	CodeMode           Code = 0x0A // is returned when the mode does not allow the command
	CodeForbiddenTag   Code = 0x0B // is returned when a tag is sent that the drive forms itself
	CodeDuplicateTag   Code = 0x0C // is returned when a tag is sent twice that must not repeat
	CodeMissingTag     Code = 0x0D // is returned when data that must be counted are missing
	CodePositions      Code = 0x0E // is returned when there are too many positions; by a fault alone
	CodeTooLarge       Code = 0x10 // is returned when the data of a document are too large
	CodeTransport      Code = 0x11 // is returned when there is no connection to the OFD; by the exchange alone
	CodeTermEnded      Code = 0x12 // is returned when the term of the keys has ended
	CodeNoSpace        Code = 0x14 // is returned when memory or the 30 days of unsent documents are used up
	CodeUnsent         Code = 0x15 // was returned by drives of FFD 1.0 after 30 days, now CodeNoSpace; by a fault alone
	CodeShiftTooLong   Code = 0x16 // is returned when the shift is older than 24 hours
	CodeTimer          Code = 0x17 // is returned when the drive's own timer disagrees; by a fault alone
	CodeItemValue      Code = 0x18 // is returned when a tag has a wrong value
	CodeContradiction  Code = 0x19 // is returned when a document contradicts the registration
	CodeTicket         Code = 0x20 // is returned when a ticket cannot be accepted
	CodeKeyNegative    Code = 0x23 // is returned when the key server refuses; by a fault alone
	CodeKeyUnknown     Code = 0x24 // is returned when the key server's answer is unknown; by a fault alone
	CodeKeyRepeat      Code = 0x30 // is returned when the key update must be repeated; by a fault alone
	CodeMarking        Code = 0x32 // is returned when work with marked goods is forbidden
	CodeMarkingOrder   Code = 0x33 // is returned when marking commands come in a wrong order
	CodeMarkingBlocked Code = 0x34 // is returned when marking is blocked for a time; by a fault alone
	CodeMarkingFull    Code = 0x35 // is returned when the table of checked codes is full
	CodeKeyOld         Code = 0x36 // is returned 90 days after the last key update; by a fault alone
	CodeMissingItems   Code = 0x3C // is returned when items are missing in a block of data
	CodeNotChecked     Code = 0x3E // is returned when a code of a marked item was never checked
)

func (c Code) Error() string { return fmt.Sprintf("%02Xh %s", byte(c), c.text().name.en) }

// Russian is the code in Russian words.
func (c Code) Russian() string { return fmt.Sprintf("код %02Xh, %s", byte(c), c.text().name.ru) }

// Advice is what a person does about the code, English and Russian; a Refusal
// has a hint of its own where more is known.
func (c Code) Advice() (en, ru string) { return c.text().advice.en, c.text().advice.ru }

func (c Code) text() codeText {
	if t, ok := codes[c]; ok {
		return t
	}
	return codeText{name: text{"unknown answer code", "неизвестный код ответа"}}
}

// Refusal is returned when the drive refuses a command. The state is as it was.
type Refusal struct {
	Code   Code
	Drive  string // 16 digits
	Number uint32 // of the document that was not made, or that was asked for
	Why    string
	Hint   string // what a person does about it
	WhyRu  string // Why in Russian; empty in a refusal that others than the drive made
	HintRu string
	Tag    uint16 // of codes 0Bh, 0Ch, 0Dh, 18h, 19h, where one tag is the cause; else 0
	Reason Reason // of CodeTicket
	Full   bool   // of CodeNoSpace: the memory is full; else documents are unsent too long
}

func (r *Refusal) Error() string {
	return r.join(fmt.Sprintf("drive %s, document %d: %v", r.Drive, r.Number, r.Code), r.Why, r.Hint)
}

// Russian is the refusal in Russian words.
func (r *Refusal) Russian() string {
	why := r.WhyRu
	if why == "" && r.Code == CodeTicket {
		why = r.Reason.Russian()
	}
	return r.join(fmt.Sprintf("ФН %s, документ %d: %s", r.Drive, r.Number, r.Code.Russian()), why, r.HintRu)
}

func (r *Refusal) join(s, why, hint string) string {
	if why != "" {
		s += ": " + why
	}
	if hint != "" {
		s += "; " + hint
	}
	return s
}

// Unwrap gives the Code.
func (r *Refusal) Unwrap() error { return r.Code }

// refuse makes a Refusal for the document that would come next.
func (s *State) refuse(p problem, args ...any) *Refusal {
	return s.refuseFor(s.LastNumber+1, p, args...)
}

// refuseFor makes a Refusal out of the catalogue. An argument that has a Russian
// form takes it in the Russian text.
func (s *State) refuseFor(number uint32, p problem, args ...any) *Refusal {
	t := &problems[p]
	r := &Refusal{Code: t.code, Drive: string(s.Drive[:]), Number: number, Why: fmt.Sprintf(t.why.en, args...),
		Hint: t.hint.en, HintRu: t.hint.ru}
	if r.Hint == "" {
		r.Hint, r.HintRu = t.code.Advice()
	}
	ru := make([]any, len(args))
	for i, a := range args {
		if ru[i] = a; a != nil {
			if x, ok := a.(interface{ Russian() string }); ok {
				ru[i] = x.Russian()
			}
		}
	}
	r.WhyRu = fmt.Sprintf(t.why.ru, ru...)
	return r
}

// refuseTag is refuse for what one tag is the cause of.
func (s *State) refuseTag(tag uint16, p problem, args ...any) *Refusal {
	r := s.refuse(p, args...)
	r.Tag = tag
	return r
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

// Russian is the reason in Russian words.
func (r Reason) Russian() string {
	switch r {
	case ReasonSign:
		return "неверный фискальный признак"
	case ReasonFormat:
		return "неверный формат квитанции"
	case ReasonNumber:
		return "квитанция на другой документ"
	case ReasonDrive:
		return "квитанция для другого ФН"
	case ReasonCRC:
		return "неверная контрольная сумма контейнера"
	}
	return fmt.Sprintf("причина %d", byte(r))
}
