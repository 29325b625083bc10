package tolerant

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Rules that a field can break: they are the Rule of a FieldError, found with errors.Is.
var (
	// ErrAbsent is returned when a field is missing, null or, for anything but text, an empty string.
	ErrAbsent = errors.New("required, but absent or empty")
	// ErrText is returned when a text is asked for and an array or an object stands there.
	ErrText = errors.New("expected text")
	// ErrNumber is returned when a number is asked for and the value is not one.
	ErrNumber = errors.New("expected a number")
	// ErrComma is returned for a number with a comma; it is an ErrNumber too.
	ErrComma = fmt.Errorf("%w with a decimal point, found a comma", ErrNumber)
	// ErrInteger is returned when a whole number is asked for and the value has a fraction.
	ErrInteger = errors.New("expected a whole number")
	// ErrDecimals is returned for more decimals than the field can hold: two for money, 18 for any decimal.
	ErrDecimals = errors.New("too many decimals")
	// ErrRange is returned for a number that does not fit the 64 bits of its field.
	ErrRange = errors.New("number out of range")
	// ErrBool is returned when a boolean is asked for and the value is none of true, false, 1 and 0.
	ErrBool = errors.New("expected true or false")
	// ErrArray is returned when an array is asked for and something else stands there.
	ErrArray = errors.New("expected an array")
	// ErrObject is returned when an object is asked for and something else stands there.
	ErrObject = errors.New("expected an object")
	// ErrPhone is returned by Phone.
	ErrPhone = errors.New("expected a phone number such as +79161234567")
	// ErrEmail is returned by Email.
	ErrEmail = errors.New("expected an e-mail address such as user@example.com")
	// ErrDate is returned by Date and Moment.
	ErrDate = errors.New("expected a date such as 2022-03-21, 2022-03-21T11:29:26Z or 21.03.2022")
)

// SyntaxError is returned for a body that cannot be read. Line and Column count from 1, Column in characters;
// Offset counts bytes from 0 and is at most the length of the body.
type SyntaxError struct {
	Line, Column, Offset int
	Msg                  string // what was expected and what was found
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// FieldError is returned for a field that breaks a rule. Path spells the names as the client wrote them, such as
// `CustomerReceipt.Items[2].Price`, and an absent name as it was asked for; it is empty for the body itself. Line and Column
// are those of the value, or of the object that should hold it. Value is the beginning of what stands there, at most
// maxExcerpt bytes, empty when nothing does.
type FieldError struct {
	Path         string
	Line, Column int
	Value        string
	Rule         error // one of the rules of this package, a *SyntaxError of an embedded JSON text, or the caller's own
}

func (e *FieldError) Error() string {
	path := e.Path
	if path == "" {
		path = "body"
	}
	if e.Value == "" {
		return fmt.Sprintf("%s (line %d, column %d): %v", path, e.Line, e.Column, e.Rule)
	}
	return fmt.Sprintf("%s (line %d, column %d): %v, value %q", path, e.Line, e.Column, e.Rule, e.Value)
}

// Unwrap returns the broken rule.
func (e *FieldError) Unwrap() error { return e.Rule }

// maxExcerpt bounds what an error repeats of a value: enough to recognise it, not enough to flood a log.
const maxExcerpt = 80

// excerpt cuts s to maxExcerpt bytes at the border of a character.
func excerpt(s string) string {
	if len(s) <= maxExcerpt {
		return s
	}
	end := maxExcerpt
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// newSyntaxError finds line and column of offset in text.
func newSyntaxError(text string, offset int, msg string) *SyntaxError {
	line, column := position(text, offset)
	return &SyntaxError{Line: line, Column: column, Offset: offset, Msg: msg}
}

// position returns line and column, from 1, of the byte at offset. The byte order mark takes no column.
func position(text string, offset int) (line, column int) {
	before := text[:offset]
	line = 1 + strings.Count(before, "\n")
	before = before[strings.LastIndexByte(before, '\n')+1:]
	if line == 1 {
		before = strings.TrimPrefix(before, byteOrderMark)
	}
	return line, 1 + utf8.RuneCountInString(before)
}
