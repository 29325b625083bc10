package pages

import (
	"strconv"
	"strings"
)

// format is a form of a slip; its name is the ending of the path.
type format string

const (
	asHTML format = "html"
	asPNG  format = "png"
	asText format = "txt"
	asJSON format = "json"
)

// formats are all of them, in the order of the links on a page.
func formats() []format { return []format{asHTML, asPNG, asText, asJSON} }

func (f format) contentType() string {
	switch f {
	case asPNG:
		return "image/png"
	case asText:
		return "text/plain; charset=utf-8"
	case asJSON:
		return "application/json; charset=utf-8"
	}
	return "text/html; charset=utf-8"
}

// cutFormat takes the ending off a path; "" when there is none of ours.
func cutFormat(path string) (string, format) {
	for _, f := range formats() {
		if rest, ok := strings.CutSuffix(path, "."+string(f)); ok {
			return rest, f
		}
	}
	return path, ""
}

// accepted is the form that an Accept header likes best; of equals the first named.
// Who takes everything, or nothing of ours, gets HTML.
func accepted(header string) format {
	best, weight := asHTML, 0.0
	for part := range strings.SplitSeq(header, ",") {
		kind, parameters, _ := strings.Cut(part, ";")
		q := 1.0
		if _, value, ok := strings.Cut(parameters, "q="); ok {
			q, _ = strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
		if f, ok := typeOf(strings.ToLower(strings.TrimSpace(kind))); ok && q > weight {
			best, weight = f, q
		}
	}
	return best
}

func typeOf(kind string) (format, bool) {
	switch kind {
	case "text/html", "application/xhtml+xml", "*/*", "text/*":
		return asHTML, true
	case "text/plain":
		return asText, true
	case "image/png", "image/*":
		return asPNG, true
	case "application/json", "application/*":
		return asJSON, true
	}
	return "", false
}
