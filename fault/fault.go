package fault

import (
	"fmt"
	"strconv"
	"strings"
)

// Effect is what a fault does. It implements the points where it acts.
type Effect interface {
	// Name is the name of its Kind.
	Name() string
	// Args are its parameters as Registry.Parse reads them, KEY=VALUE with a colon
	// between, "" when all have their defaults.
	Args() string
}

// Checker is an Effect that can tell why its parameters cannot be.
type Checker interface{ Check() error }

// Fault is an effect, whom it meets, and how often. The zero counts mean always.
type Fault struct {
	Effect Effect
	Match  Match
	After  uint64 // so many that match pass first
	Every  uint64 // of the rest, the first of each so many is struck; 0: each
	Times  uint64 // so many are struck, then the fault has spent itself; 0: without end
	// Probability strikes by chance, from the seed of the Set: 0 < p < 1; 0: for certain.
	Probability float64
}

// Match says whom a fault meets. An empty field does not ask. What is asked for but
// not known at the point does not match.
type Match struct {
	Register string // serial number
	INN      string // of the user
	API      string // "cloudkassir"
	Invoice  string // the client's own number of the receipt, InvoiceId
	Amount   uint64 // total of the receipt, kopecks
	Drive    string // FN number
	Form     uint8  // of the document
}

// Subject is what is known at a point.
type Subject struct {
	Match
	Own *Set // faults that came with the request; nil: none
}

// takes tells that a subject is one that m asks for.
func (m *Match) takes(s *Match) bool {
	return (m.Register == "" || m.Register == s.Register) && (m.INN == "" || m.INN == s.INN) && (m.API == "" || m.API == s.API) &&
		(m.Invoice == "" || m.Invoice == s.Invoice) && (m.Amount == 0 || m.Amount == s.Amount) &&
		(m.Drive == "" || m.Drive == s.Drive) && (m.Form == 0 || m.Form == s.Form)
}

// String is the text form, which Registry.Parse reads: NAME[:PARAM]...
func (f Fault) String() string {
	if f.Effect == nil {
		return ""
	}
	b := f.Effect.Name()
	if args := f.Effect.Args(); args != "" {
		b += ":" + args
	}
	probability := ""
	if f.Probability != 0 {
		probability = strconv.FormatFloat(f.Probability, 'g', -1, 64)
	}
	amount := ""
	if f.Match.Amount != 0 {
		amount = fmt.Sprintf("%d.%02d", f.Match.Amount/100, f.Match.Amount%100)
	}
	for _, p := range [...]struct{ key, value string }{
		{KeyRegister, f.Match.Register}, {KeyINN, f.Match.INN}, {KeyAPI, f.Match.API}, {KeyInvoice, f.Match.Invoice}, {KeyAmount, amount},
		{KeyDrive, f.Match.Drive}, {KeyForm, plain(uint64(f.Match.Form))},
		{keyAfter, plain(f.After)}, {keyEvery, plain(f.Every)}, {keyTimes, plain(f.Times)}, {keyProbability, probability},
	} {
		if p.value != "" {
			b += ":" + p.key + "=" + escape(p.value)
		}
	}
	return b
}

// plain is a number as text, "" for 0.
func plain(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// Names of the parameters that every fault takes; the exported ones are those of Match.
const (
	KeyRegister    = "register"
	KeyINN         = "inn"
	KeyAPI         = "api"
	KeyInvoice     = "invoice"
	KeyAmount      = "amount"
	KeyDrive       = "drive"
	KeyForm        = "form"
	keyAfter       = "after"
	keyEvery       = "every"
	keyTimes       = "times"
	keyProbability = "probability"
)

// escape keeps the colons of a value apart from those between parameters.
func escape(v string) string { return strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(v) }

// split cuts at colons that are not escaped, and takes the escapes away.
func split(text string) (parts []string) {
	var part strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			part.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ':':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteRune(r)
		}
	}
	return append(parts, part.String())
}
