package tolerant

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEmail is the longest address in bytes (RFC 5321 4.5.3.1.3, as corrected: a path of 256 with its two brackets).
const maxEmail = 254

// Phone returns the number as `+` and 7 to 15 digits (ITU-T E.164). Spaces, brackets and dashes are dropped; 8XXXXXXXXXX,
// 7XXXXXXXXXX and 9XXXXXXXXX are Russian numbers and get +7 (spec/api/cloudkassir.md 2.3). Errors: ErrPhone.
func Phone(s string) (string, error) {
	const maxDigits = 15
	var buf [1 + maxDigits]byte
	number := append(buf[:0], '+')
	international := false
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if len(number) == cap(number) {
				return "", fmt.Errorf("%w, found more than %d digits", ErrPhone, maxDigits)
			}
			number = append(number, byte(r))
		case r == '+' && len(number) == 1 && !international:
			international = true
		case r == '(' || r == ')' || unicode.Is(unicode.Pd, r) || unicode.IsSpace(r):
		default:
			return "", fmt.Errorf("%w, found %q", ErrPhone, r)
		}
	}
	digits := number[1:]
	switch {
	case international && len(digits) >= 7:
		return string(number), nil
	case !international && len(digits) == 11 && (digits[0] == '7' || digits[0] == '8'):
		return "+7" + string(digits[1:]), nil
	case !international && len(digits) == 10 && digits[0] == '9':
		return "+7" + string(digits), nil
	}
	return "", fmt.Errorf("%w, found %d digits", ErrPhone, len(digits))
}

// Email checks an address: at most 254 bytes, one `@` with something on both sides, no empty part between the points of the
// domain, letters of any script, none of the characters that stand for display names, comments, quotes or lists. Whether the
// mailbox is there is not its matter. Errors: ErrEmail.
func Email(s string) error {
	if len(s) > maxEmail {
		return fmt.Errorf("%w, at most %d bytes", ErrEmail, maxEmail)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w in UTF-8", ErrEmail)
	}
	for _, r := range s {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) || strings.ContainsRune(`"(),:;<>[\]`, r) {
			return fmt.Errorf("%w, found %q", ErrEmail, r)
		}
	}
	local, domain, _ := strings.Cut(s, "@")
	switch {
	case local == "" || domain == "":
		return fmt.Errorf("%w, found nothing before or after the @", ErrEmail)
	case strings.Contains(domain, "@"):
		return fmt.Errorf("%w, found more than one @", ErrEmail)
	case domain[0] == '.' || domain[len(domain)-1] == '.' || strings.Contains(domain, ".."):
		return fmt.Errorf("%w, found an empty part of the domain", ErrEmail)
	}
	return nil
}
