package cloudkassir

import (
	"strconv"
	"unicode/utf8"

	"kktd/kkt"
)

// appendSimple appends the answer that has a message alone.
func appendSimple(b []byte, message string) []byte {
	b = append(b, `{"Success":true,"Message":`...)
	b = appendString(b, message)
	return append(b, '}')
}

// appendQueued appends the answer to a receipt that was taken (spec/api/cloudkassir.md 2.3.3). It says "Queued" of a receipt
// that is made already, too: that is what clients wait for.
func appendQueued(b []byte, base string, o *kkt.Outcome) []byte {
	b = append(b, `{"Model":{"Id":`...)
	b = appendString(b, o.ID)
	b = append(b, `,"ErrorCode":0,"ReceiptLocalUrl":`...)
	b = appendString(b, receiptURL(base, o.ID))
	b = append(b, `},"InnerResult":null,"Success":true,"Message":"Queued","Warning":`...)
	warning, codes, last := "", []byte(nil), 0
	for _, w := range o.Warnings {
		code, text := warningOf(w.Kind)
		if code == 0 || code == last { // the stronger of two with one code comes first
			continue
		}
		last = code
		if codes != nil {
			warning, codes = warning+"; ", append(codes, ',')
		}
		warning += w.Register + ": " + text
		codes = strconv.AppendInt(codes, int64(code), 10)
	}
	if codes == nil {
		return append(b, `null,"WarningCodes":null}`...)
	}
	b = appendString(b, warning)
	b = append(b, `,"WarningCodes":[`...)
	b = append(b, codes...)
	return append(b, "]}"...)
}

// appendRefusal appends the answer to a request that is not carried out.
func appendRefusal(b []byte, code int, message string) []byte {
	b = append(b, `{"Model":{"ErrorCode":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, `},"InnerResult":null,"Success":false,"Message":`...)
	b = appendString(b, message)
	return append(b, '}')
}

// receiptURL is the page of a receipt.
func receiptURL(base, id string) string { return base + "/r/" + id }

// appendString appends a JSON string: no escaping but what JSON demands; bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}
