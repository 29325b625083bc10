package control

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of a list (design/architecture.md, Outside).
const (
	defaultLimit = 100
	maxLimit     = 100_000
)

func invalid(field, allowed, format string, args ...any) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: "invalid_parameter", Message: fmt.Sprintf(format, args...), Field: field, Allowed: allowed}
}

// query is the parameters of a request; every one is known and given once.
type query url.Values

func parseQuery(r *http.Request, known ...string) (query, error) {
	allowed := strings.Join(known, ", ")
	if allowed == "" {
		allowed = "none"
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("", allowed, "the query cannot be read: %v", err)
	}
	for name, list := range values {
		if !slices.Contains(known, name) {
			return nil, &Problem{Status: http.StatusBadRequest, Code: "unknown_parameter", Field: name, Allowed: allowed,
				Message: fmt.Sprintf("parameter %q is not known here; known: %s", name, allowed)}
		}
		if len(list) > 1 {
			return nil, invalid(name, "one value", "parameter %s is given %d times; give it once", name, len(list))
		}
	}
	return query(values), nil
}

// NoParameters refuses parameters; the error is a *Problem.
func NoParameters(r *http.Request) error {
	_, err := parseQuery(r)
	return err
}

func (q query) get(name string) string { return url.Values(q).Get(name) }

// number reads a whole number; an absent one is otherwise.
func (q query) number(name string, otherwise, low, high uint64) (uint64, error) {
	if _, ok := q[name]; !ok {
		return otherwise, nil
	}
	return parseNumber(name, q.get(name), low, high)
}

// truth is true or false; false when it is not given.
func (q query) truth(name string) (bool, error) {
	switch v, given := q[name]; {
	case !given || v[0] == "false":
		return false, nil
	case v[0] == "true":
		return true, nil
	}
	return false, invalid(name, "true, false", "%s: %q is neither true nor false", name, q.get(name))
}

func (q query) limit() (int, error) {
	n, err := q.number("limit", defaultLimit, 1, maxLimit)
	return int(n), err
}

// wait is the length of a long poll, at most longest; 0 when it is not given.
func (q query) wait(longest time.Duration) (time.Duration, error) {
	const allowed = "seconds (10), 500ms, 10s, 36h, 30d, P30D, PT10S"
	if _, ok := q["wait"]; !ok {
		return 0, nil
	}
	d, err := parseDuration(q.get("wait"))
	if err != nil {
		return 0, invalid("wait", allowed, "wait: %q is not a duration: %v", q.get("wait"), err)
	}
	return min(d, longest), nil
}

func parseNumber(field, s string, low, high uint64) (uint64, error) {
	allowed := fmt.Sprintf("%d..%d", low, high)
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n < low || n > high {
		return 0, invalid(field, allowed, "%s: %q is not a whole number in %s", field, s, allowed)
	}
	return n, nil
}

var (
	errDuration = errors.New("want 10, 10s, 36h, 30d or P30D")
	errTooLong  = errors.New("it is too long")
)

// Lengths of the units that package time leaves to calendars.
const (
	day  = 24 * time.Hour
	week = 7 * day
)

// parseDuration reads plain seconds, days as 30d, ISO 8601 without months and
// years (P1W, P30D, P1DT2H), and what time.ParseDuration reads. It is not
// negative.
func parseDuration(s string) (time.Duration, error) {
	if n, isDays := strings.CutSuffix(s, "d"); isDays {
		return whole(n, day)
	}
	if iso, isISO := strings.CutPrefix(s, "P"); isISO {
		return parseISO(iso)
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return whole(s, time.Second)
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, errDuration
	case d < 0:
		return 0, errors.New("it is negative")
	}
	return d, nil
}

// whole is n units.
func whole(n string, unit time.Duration) (time.Duration, error) {
	v, err := strconv.ParseUint(n, 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && v > uint64(1<<63-1)/uint64(unit):
		return 0, errTooLong
	case err != nil:
		return 0, errDuration
	}
	return time.Duration(v) * unit, nil
}

// parseISO reads what stands behind the P: whole numbers with W and D, then,
// behind a T, with H, M and S, each at most once and in this order.
func parseISO(s string) (sum time.Duration, err error) {
	date, clock, hasClock := strings.Cut(s, "T")
	if s == "" || hasClock && clock == "" {
		return 0, errDuration
	}
	for _, part := range []struct {
		s       string
		letters string
		units   []time.Duration
	}{{date, "WD", []time.Duration{week, day}}, {clock, "HMS", []time.Duration{time.Hour, time.Minute, time.Second}}} {
		at := 0
		for rest := part.s; rest != ""; {
			i := strings.IndexAny(rest, part.letters[at:])
			if i < 0 {
				return 0, errDuration
			}
			at = strings.IndexByte(part.letters, rest[i])
			d, err := whole(rest[:i], part.units[at])
			if err != nil {
				return 0, err
			}
			if sum += d; sum < 0 {
				return 0, errTooLong
			}
			at, rest = at+1, rest[i+1:]
		}
	}
	return sum, nil
}
