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
	'\u2002': " ", '\u2003': " ", '\u2004': " ", '\u2005': " ", '\u2006': " ", '\u2007': " ",
	'\u2008': " ", '\u2009': " ", '\u200A': " ", '\u202F': " ", '\u205F': " ", '\u3000': " ",
	'\u200B': "", '\u200C': "", '\u200D': "", '\u2060': "", '\uFEFF': "", '\u00AD': "",
}

// Substitution tells what MakeText put in place of a character.
type Substitution struct {
	From rune
	To   string
}

// MakeText makes a text of what a user wrote. Characters that CP866 lacks are
// substituted by the table of spec/decisions.md, other Latin letters with marks
// by their base letter; what was substituted is returned so that it can be
// logged. A character with no substitute is a *tlv.CharError; with strict every
// character outside CP866 is.
func MakeText(a *tlv.Arena, s string, strict bool) (tlv.Text, []Substitution, error) {
	t, err := a.Text(s)
	if err == nil || strict {
		return t, nil, err
	}
	if ce := (*tlv.CharError)(nil); errors.As(err, &ce) && ce.Char == utf8.RuneError {
		return tlv.Text{}, nil, err
	}
	var out strings.Builder
	var done []Substitution
	index := 0
	for _, r := range s {
		if _, ok := tlv.EncodeRune(r); ok && r != '\u00A0' {
			out.WriteRune(r)
		} else if to, ok := substitute(r); ok {
			out.WriteString(to)
			done = append(done, Substitution{From: r, To: to})
		} else {
			return tlv.Text{}, nil, &tlv.CharError{Char: r, Index: index}
		}
		index++
	}
	t, err = a.Text(out.String())
	return t, done, err
}

func substitute(r rune) (string, bool) {
	if to, ok := substitutes[r]; ok {
		return to, true
	}
	if r == '\u00A0' {
		return " ", true
	}
	if !unicode.Is(unicode.Latin, r) {
		return "", false
	}
	base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	if base == r || base >= utf8.RuneSelf {
		return "", false
	}
	return string(base), true
}
