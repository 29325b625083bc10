package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrFault is returned when a fault cannot be set; its text tells why and what can.
var ErrFault = errors.New("fault")

// Kind is an entry of the registry of faults.
type Kind struct {
	Name    string
	Where   string // the point in words: api, drive, register, storage, ofd, webhook
	Usage   string // with its parameters and their defaults
	About   string // what it does, English
	AboutRu string // the same, Russian
	First   string // the parameter that may stand without its name
	// Knows are the fields of Match that are known where it acts: others cannot be asked
	// for, as they would never match. Nil: none is.
	Knows []string
	Read  func(p *Params) Effect
}

// What is known at the points that several kinds share.
func knownToAPI() []string { return []string{KeyINN, KeyAPI, KeyInvoice, KeyAmount} }
func knownToDocument() []string {
	return []string{KeyRegister, KeyINN, KeyAPI, KeyInvoice, KeyAmount, KeyDrive, KeyForm}
}
func knownToChoice() []string {
	return []string{KeyRegister, KeyINN, KeyAPI, KeyInvoice, KeyDrive}
}

// Registry is all faults that there are, in the order of a help text.
type Registry struct {
	kinds []Kind
}

// NewRegistry joins the kinds of several rooms. Two of one name are a mistake of the
// program: it panics.
func NewRegistry(rooms ...[]Kind) *Registry {
	r := &Registry{kinds: slices.Concat(rooms...)}
	seen := map[string]bool{}
	for _, k := range r.kinds {
		if seen[k.Name] {
			panic("fault: two kinds of the name " + k.Name)
		}
		seen[k.Name] = true
	}
	return r
}

// Kinds are the entries; the slice must not be changed.
func (r *Registry) Kinds() []Kind { return r.kinds }

func (r *Registry) names() string {
	names := make([]string, len(r.kinds))
	for i, k := range r.kinds {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}

// common are the parameters that the fault takes besides its own.
func (k *Kind) common() string {
	return strings.Join(append(slices.Clone(k.Knows), keyAfter, keyEvery, keyTimes, keyProbability), "=, ") + "="
}

// Parse reads NAME[:PARAM]...: a PARAM is KEY=VALUE, and the first of a fault may
// stand without its key; a colon inside a value is written \: . Every fault takes
// the fields of Match and the counts of Fault besides its own. Examples: `delay:2s`,
// `http-status:503:times=1`, `drive-refuse:14h:inn=7708806062:after=10`. The error
// wraps ErrFault.
func (r *Registry) Parse(text string) (Fault, error) {
	parts := split(text)
	params := map[string]string{}
	for i, p := range parts[1:] {
		key, value, named := strings.Cut(p, "=")
		switch {
		case !named && i > 0:
			return Fault{}, fmt.Errorf("%w %q: %q, want KEY=VALUE; only the first parameter may stand alone", ErrFault, text, p)
		case !named && p == "":
			continue
		case !named:
			key, value = "", p
		}
		if _, again := params[key]; again {
			return Fault{}, fmt.Errorf("%w %q: %s stands there twice", ErrFault, text, key)
		}
		params[key] = value
	}
	return r.New(parts[0], params)
}

// OfRequest tells that a fault can act on one request alone: at its API, its register
// and its drive. Commits, notifications and the OFD serve many at once.
func (k *Kind) OfRequest() bool {
	return k.Where == "api" || k.Where == "register" || k.Where == "drive"
}

// OfRequests are the kinds that can act on one request alone.
func (r *Registry) OfRequests() *Registry {
	return &Registry{kinds: slices.DeleteFunc(slices.Clone(r.kinds), func(k Kind) bool { return !k.OfRequest() })}
}

// ParseList reads faults with a comma between them, as a header has them.
func (r *Registry) ParseList(text string) (faults []Fault, err error) {
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		f, err := r.Parse(part)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		return nil, fmt.Errorf("%w: none is named; want one of %s", ErrFault, r.names())
	}
	return faults, nil
}

// New makes a fault of its name and parameters; the key "" stands for the first
// parameter of its kind. The error wraps ErrFault.
func (r *Registry) New(name string, params map[string]string) (Fault, error) {
	i := slices.IndexFunc(r.kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Fault{}, fmt.Errorf("%w: there is no %q; want one of %s", ErrFault, name, r.names())
	}
	k := &r.kinds[i]
	p := Params{values: maps.Clone(params)}
	if p.values == nil {
		p.values = map[string]string{}
	}
	if v, ok := p.values[""]; ok {
		if k.First == "" {
			return Fault{}, fmt.Errorf("%w %s: %q, it has no parameter of its own; usage: %s", ErrFault, name, v, k.Usage)
		}
		delete(p.values, "")
		p.values[k.First] = v
	}
	f := Fault{Effect: k.Read(&p), After: p.Count(keyAfter, 1<<62), Every: p.Count(keyEvery, 1<<62), Times: p.Count(keyTimes, 1<<62),
		Probability: p.probability(keyProbability),
		Match: Match{Register: p.Text(KeyRegister, ""), INN: p.digits(KeyINN, 10, 12), API: p.Text(KeyAPI, ""), Invoice: p.Text(KeyInvoice, ""),
			Amount: p.kopecks(KeyAmount), Drive: p.digits(KeyDrive, 16), Form: p.form()}}
	for _, unknown := range slices.Sorted(maps.Keys(p.values)) {
		p.Fail("%s is no parameter of it", unknown)
	}
	if c, ok := f.Effect.(Checker); ok && p.err == nil {
		p.err = c.Check()
	}
	k.checkMatch(&p, &f.Match)
	if p.err != nil {
		return Fault{}, fmt.Errorf("%w %s: %w; usage: %s, and %s", ErrFault, name, p.err, k.Usage, k.common())
	}
	return f, nil
}

// checkMatch refuses to ask for what is not known where the fault acts.
func (k *Kind) checkMatch(p *Params, m *Match) {
	for _, x := range [...]struct {
		key   string
		asked bool
	}{{KeyRegister, m.Register != ""}, {KeyINN, m.INN != ""}, {KeyAPI, m.API != ""}, {KeyInvoice, m.Invoice != ""}, {KeyAmount, m.Amount != 0},
		{KeyDrive, m.Drive != ""}, {KeyForm, m.Form != 0}} {
		switch {
		case !x.asked || slices.Contains(k.Knows, x.key):
		case len(k.Knows) == 0:
			p.Fail("%s: it acts where nothing is known of whom it meets; leave it out", x.key)
		default:
			p.Fail("%s is not known where it acts, so that it would never strike; it can ask for %s", x.key, strings.Join(k.Knows, ", "))
		}
	}
}
