package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kktd/ffd"
)

// Params are the parameters of a fault that have not been read yet, and the first
// error. A Kind reads its own; an absent one gives the default.
type Params struct {
	values map[string]string
	err    error
}

// Fail notes an error; the first one counts.
func (p *Params) Fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// Text reads a text.
func (p *Params) Text(key, otherwise string) string {
	v, ok := p.values[key]
	delete(p.values, key)
	if !ok || v == "" {
		return otherwise
	}
	return v
}

// Byte reads 0..255: decimal, 0x hex, or hex with an h behind it as the drive's
// book writes codes (14h).
func (p *Params) Byte(key string, otherwise byte) byte {
	v := p.Text(key, "")
	if v == "" {
		return otherwise
	}
	base, digits := 0, v
	if hex, ok := strings.CutSuffix(strings.ToLower(v), "h"); ok {
		base, digits = 16, hex
	}
	n, err := strconv.ParseUint(digits, base, 8)
	if err != nil {
		p.Fail("%s: %q, want 0..255, 0x00..0xff or 00h..FFh", key, v)
	}
	return byte(n)
}

// Number reads a whole number, which may be negative.
func (p *Params) Number(key string, otherwise int) int {
	v := p.Text(key, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		p.Fail("%s: %q, want a whole number", key, v)
	}
	return n
}

// Count reads a whole number from 0 to most.
func (p *Params) Count(key string, most uint64) uint64 {
	v := p.Text(key, "")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n > most {
		p.Fail("%s: %q, want a whole number from 0 to %d", key, v, most)
	}
	return n
}

// Duration reads a time with its unit.
func (p *Params) Duration(key string, otherwise time.Duration) time.Duration {
	v := p.Text(key, "")
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		p.Fail("%s: %q, want a time with its unit, as 2s or 300ms", key, v)
	}
	return d
}

// Choice reads one of the words; the first is the default.
func (p *Params) Choice(key string, words ...string) string {
	v := p.Text(key, words[0])
	if !slices.Contains(words, v) {
		p.Fail("%s: %q, want %s", key, v, strings.Join(words, " or "))
	}
	return v
}

// digits reads a number that is written with one of the lengths.
func (p *Params) digits(key string, lengths ...int) string {
	v := p.Text(key, "")
	if v != "" && (!slices.Contains(lengths, len(v)) || strings.Trim(v, "0123456789") != "") {
		words := make([]string, len(lengths))
		for i, n := range lengths {
			words[i] = strconv.Itoa(n)
		}
		p.Fail("%s: %q, want %s digits", key, v, strings.Join(words, " or "))
	}
	return v
}

// form reads the code of a document that a drive makes.
func (p *Params) form() uint8 {
	n := uint8(p.Count(KeyForm, 255))
	if n != 0 && !slices.Contains(forms[:], ffd.Form(n)) {
		p.Fail("%s: %d, want one of %s", KeyForm, n, strings.Trim(strings.ReplaceAll(fmt.Sprintf("%d", forms), " ", ", "), "[]"))
	}
	return n
}

// forms are those of the documents that a drive makes (spec/ffd/documents.md).
var forms = [...]ffd.Form{ffd.FormRegistration, ffd.FormShiftOpening, ffd.FormReceipt, ffd.FormBSO, ffd.FormShiftClosing, ffd.FormDriveClosing,
	ffd.FormReregistration, ffd.FormSettlementState, ffd.FormCorrection, ffd.FormBSOCorrection}

// kopecks reads roubles with at most two decimals.
func (p *Params) kopecks(key string) uint64 {
	v := p.Text(key, "")
	if v == "" {
		return 0
	}
	whole, part, _ := strings.Cut(v, ".")
	n, err := strconv.ParseUint(whole, 10, 48)
	m, err2 := strconv.ParseUint((part + "00")[:2], 10, 8)
	if err != nil || err2 != nil || len(part) > 2 || n == 0 && m == 0 {
		p.Fail("%s: %q, want roubles, as 100 or 100.50", key, v)
	}
	return n*100 + m
}

// probability reads a number above 0 and below 1; 1 is for certain.
func (p *Params) probability(key string) float64 {
	v := p.Text(key, "")
	if v == "" {
		return 0
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f > 0 && f <= 1) {
		p.Fail("%s: %q, want more than 0 and at most 1", key, v)
	}
	if f == 1 {
		return 0
	}
	return f
}
