package ofd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kktd/ffd"
)

// FaultKind is an entry of the registry of faults.
type FaultKind struct {
	Name  string
	Usage string // with its parameters and their defaults
	About string // what it does

	first string // the parameter that may stand without its name
	read  func(p *faultParams) Effect
}

// What faults have by default.
const (
	defaultDelay = 5 * time.Second
	defaultLate  = 65 * time.Second // behind the 60 s that registers wait (spec/ofd-protocol.md 2)
)

// FaultKinds is the registry of faults, in the order of a help text.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{"refuse", "refuse[:CODE][:bits=0x02]", "tickets with that code in 1022 (14) and bits in 1206", "code",
			func(p *faultParams) Effect {
				return Refuse{p.byte("code", ffd.OFDFormatRefused), p.byte("bits", formatRefused)}
			}},
		{"code", "code[:CODE]", "tickets with that code in 1022 (11), 1206 as it is", "code",
			func(p *faultParams) Effect { return WrongCode{p.byte("code", 11)} }},
		{"bits", "bits[:MASK]", "tickets with those bits in 1206 (0x40), 1022 as it is", "bits",
			func(p *faultParams) Effect { return Bits{p.byte("bits", 0x40)} }},
		{"delay", "delay[:5s]", "the answer goes out later", "for",
			func(p *faultParams) Effect { return Delay{p.duration("for", defaultDelay)} }},
		{"late", "late[:65s]", "the answer goes out when the register has given up, then the connection is closed", "for",
			func(p *faultParams) Effect { return Late{p.duration("for", defaultLate)} }},
		{"drop", "drop[:close]", "no answer; the connection stays open, or is closed", "how",
			func(p *faultParams) Effect { return Drop{p.choice("how", "open", "close") == "close"} }},
		{"twice", "twice", "the answer is sent twice", "",
			func(*faultParams) Effect { return Twice{} }},
		{"wrong-number", "wrong-number[:BY]", "a ticket for another document: the number and BY (1)", "by",
			func(p *faultParams) Effect { return WrongNumber{p.number("by", 1)} }},
		{"wrong-drive", "wrong-drive[:session]", "a ticket for another drive, or a message that names one", "where",
			func(p *faultParams) Effect { return WrongDrive{p.choice("where", "container", "session") == "session"} }},
		{"wrong-crc", "wrong-crc[:session]", "a wrong CRC of the container, or of the message", "where",
			func(p *faultParams) Effect { return WrongCRC{p.choice("where", "container", "session") == "session"} }},
		{"wrong-sign", "wrong-sign", "a ticket whose operator's sign does not verify", "",
			func(*faultParams) Effect { return WrongSign{} }},
		{"wrong-format", "wrong-format", "a ticket without its document number", "",
			func(*faultParams) Effect { return WrongFormat{} }},
		{"cut-request", "cut-request[:BYTES]", "reads BYTES of the message (half of it) and closes; nothing is stored", "bytes",
			func(p *faultParams) Effect { return CutRequest{p.number("bytes", 0)} }},
		{"cut-answer", "cut-answer[:BYTES]", "sends BYTES of the answer (half of it) and closes", "bytes",
			func(p *faultParams) Effect { return CutAnswer{p.number("bytes", 0)} }},
		{"away", "away[:close|reset|hang]", "connections are closed at once, reset, or held without a word", "how",
			func(p *faultParams) Effect { return Away{AwayHow(p.choice("how", "close", "reset", "hang"))} }},
	}
}

func faultNames() (names []string) {
	for _, k := range FaultKinds() {
		names = append(names, k.Name)
	}
	return names
}

// ParseFault reads NAME[:PARAM]...: a PARAM is KEY=VALUE, and the first of a fault may stand without its key. Every fault takes
// drive, form, after and times besides its own (Fault). Examples: `delay:2s`, `refuse:14:bits=0x02:form=3:times=1`,
// `drop:drive=9999078900005430:after=10`.
func ParseFault(text string) (Fault, error) {
	name, rest, _ := strings.Cut(text, ":")
	params := map[string]string{}
	for i, p := range strings.Split(rest, ":") {
		key, value, named := strings.Cut(p, "=")
		switch {
		case p == "" && rest == "":
			continue
		case !named && i == 0:
			key, value = "", p
		case !named:
			return Fault{}, fmt.Errorf("ofd: fault %q: %q, want KEY=VALUE; only the first parameter may stand alone", text, p)
		}
		if _, again := params[key]; again {
			return Fault{}, fmt.Errorf("ofd: fault %q: %s stands there twice", text, key)
		}
		params[key] = value
	}
	return NewFault(name, params)
}

// NewFault makes a fault of its name and parameters; the key "" stands for the first parameter of the fault.
func NewFault(name string, params map[string]string) (Fault, error) {
	for _, k := range FaultKinds() {
		if k.Name != name {
			continue
		}
		p := faultParams{values: maps.Clone(params)}
		if p.values == nil {
			p.values = map[string]string{}
		}
		if v, ok := p.values[""]; ok {
			if k.first == "" {
				return Fault{}, fmt.Errorf("ofd: fault %s: %q, it has no parameter of its own; usage: %s", name, v, k.Usage)
			}
			delete(p.values, "")
			p.values[k.first] = v
		}
		f := Fault{Effect: k.read(&p), Drive: p.take("drive"), Form: ffd.Form(p.count("form", 255)), After: p.count("after", 1<<62), Times: p.count("times", 1<<62)}
		for _, unknown := range slices.Sorted(maps.Keys(p.values)) {
			p.fail("%s is no parameter of it", unknown)
		}
		if p.err != nil {
			return Fault{}, fmt.Errorf("ofd: fault %s: %w; usage: %s, and drive=, form=, after=, times=", name, p.err, k.Usage)
		}
		return f, f.check()
	}
	return Fault{}, fmt.Errorf("ofd: there is no fault %q; want one of %s", name, strings.Join(faultNames(), ", "))
}

// faultParams are parameters that have not been read yet, and the first error.
type faultParams struct {
	values map[string]string
	err    error
}

func (p *faultParams) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *faultParams) take(key string) string {
	v := p.values[key]
	delete(p.values, key)
	return v
}

// byte reads 0..255, decimal or 0x hex.
func (p *faultParams) byte(key string, otherwise byte) byte {
	v := p.take(key)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 0, 8)
	if err != nil {
		p.fail("%s: %q, want 0..255 or 0x00..0xff", key, v)
	}
	return byte(n)
}

func (p *faultParams) number(key string, otherwise int) int {
	v := p.take(key)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		p.fail("%s: %q, want a whole number", key, v)
	}
	return n
}

func (p *faultParams) count(key string, most uint64) uint64 {
	v := p.take(key)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n > most {
		p.fail("%s: %q, want a whole number from 0 to %d", key, v, most)
	}
	return n
}

func (p *faultParams) duration(key string, otherwise time.Duration) time.Duration {
	v := p.take(key)
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		p.fail("%s: %q, want a time with its unit, as 2s or 300ms", key, v)
	}
	return d
}

// choice reads one of the words; the first is the default.
func (p *faultParams) choice(key string, words ...string) string {
	v := p.take(key)
	if v == "" {
		return words[0]
	}
	if !slices.Contains(words, v) {
		p.fail("%s: %q, want %s", key, v, strings.Join(words, " or "))
	}
	return v
}
