package ffd

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kktd/tlv"
)

// substitutes are the characters outside CP866 that a text loses nothing by
// (spec/decisions.md, Characters outside CP866). An empty string drops one.
var substitutes = map[rune]string{
	'«': `"`, '»': `"`, '„': `"`, '“': `"`, '”': `"`, '‟': `"`,
	'‘': "'", '’': "'", '‚': "'", '‛': "'",
	'–': "-", '—': "-", '−': "-", '‐': "-", '‑': "-", '‒': "-", '―': "-",
	'…': "...", '₽': "руб.",
	'\t': " ", '\n': " ", '\r': " ", '\u00A0': " ", '\u2002': " ", '\u2003': " ", '\u2004': " ", '\u2005': " ", '\u2006': " ", '\u2007': " ",
	'\u2008': " ", '\u2009': " ", '\u200A': " ", '\u202F': " ", '\u205F': " ", '\u3000': " ",
	'\u200B': "", '\u200C': "", '\u200D': "", '\u2060': "", '\uFEFF': "", '\u00AD': "",
}

// noBreakSpace is U+00A0 in CP866.
const noBreakSpace = 0xFF

// Substitution tells what MakeText put in place of a character.
type Substitution struct {
	From rune
	To   string
}

// MakeText makes a text of what a user wrote. Characters that CP866 lacks are
// substituted by the table of spec/decisions.md, other Latin letters with marks
// by their base letter, line breaks, tabs and no-break spaces by a space; what was
// substituted is returned so that it can be logged. A character with no substitute
// and any other control character is a *tlv.CharError; with strict every control
// character and every one outside CP866 is.
func MakeText(a *tlv.Arena, s string, strict bool) (tlv.Text, []Substitution, error) {
	t, err := a.Text(s)
	if err == nil && !needsCare(t.CP866(), strict) {
		return t, nil, nil
	}
	if ce := (*tlv.CharError)(nil); err != nil && (strict || errors.As(err, &ce) && ce.Char == utf8.RuneError) {
		return tlv.Text{}, nil, err
	}
	var out strings.Builder
	var done []Substitution
	index := 0
	for _, r := range s {
		to, ok := substitute(r)
		switch {
		case strict && r < ' ' || !ok && unicode.IsControl(r):
			return tlv.Text{}, nil, &tlv.CharError{Char: r, Index: index}
		case !strict && ok:
			out.WriteString(to)
			done = append(done, Substitution{From: r, To: to})
		default:
			if _, in := tlv.EncodeRune(r); !in {
				return tlv.Text{}, nil, &tlv.CharError{Char: r, Index: index}
			}
			out.WriteRune(r)
		}
		index++
	}
	t, err = a.Text(out.String())
	return t, done, err
}

// needsCare tells that a text has control characters or, unless strict, no-break
// spaces, which CP866 has and a receipt should not.
func needsCare(cp []byte, strict bool) bool {
	for _, c := range cp {
		if c < ' ' || c == 0x7F || c == noBreakSpace && !strict {
			return true
		}
	}
	return false
}

// substitute gives what a character is written as when that is not itself.
func substitute(r rune) (string, bool) {
	if to, ok := substitutes[r]; ok {
		return to, true
	}
	if r < utf8.RuneSelf || !unicode.Is(unicode.Latin, r) {
		return "", false
	}
	base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	if base == r || base >= utf8.RuneSelf {
		return "", false
	}
	return string(base), true
}
