package fault

import (
	"errors"
	"strconv"
)

// OnAPIError is the point at which an API may refuse a receipt with a code of its own.
type OnAPIError interface {
	Effect
	// ErrorCode is the code, by the table of the API.
	ErrorCode() int
}

// APIError refuses a receipt with an error code of the API it came by; nothing is made.
// It reaches codes whose cause does not exist here.
type APIError struct{ Code int }

// Name implements Effect.
func (APIError) Name() string { return "api-error" }

// Args implements Effect.
func (f APIError) Args() string { return "code=" + strconv.Itoa(f.Code) }

// Check implements Checker.
func (f APIError) Check() error {
	if f.Code == 0 {
		return errors.New("code: want the number of an error of the API, as api-error:16")
	}
	return nil
}

// ErrorCode implements OnAPIError.
func (f APIError) ErrorCode() int { return f.Code }

func kindAPIError() Kind {
	return Kind{Name: APIError{}.Name(), Where: "api", First: "code", Usage: "api-error:CODE",
		About:   "receipts are refused with that error code of the API, in its words; nothing is made",
		AboutRu: "чеки отклоняются с этим кодом ошибки API и его текстом, документ не делается",
		Knows:   knownToAPI(),
		Read:    func(p *Params) Effect { return APIError{p.Number("code", 0)} }}
}
