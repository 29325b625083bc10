package slip

import (
	"crypto/sha256"
	_ "embed" // the stylesheet
	"encoding/base64"
	"html"
	"strconv"
	"strings"
)

//go:embed assets/slip.css
var style string

// Page is an HTML document around slips. It is whole in itself: no script, no
// style, picture or font from elsewhere.
type Page struct {
	Title   string   // of the window
	Heading string   // of a notice above the slips; "" and no Notice: none
	Notice  []string // its paragraphs
	Slips   []Input
	Links   []Link // under the slips, not printed
	// QRSource is where a picture of the code of a slip is, by its index, for readers
	// without SVG, as those of mail. nil: the code stands in the page as SVG.
	QRSource func(slip int) string
	// Refresh lets a browser look again after so many seconds; 0: it does not.
	Refresh int
}

// Link is a reference to another form of the same.
type Link struct{ Text, URL string }

// HTML appends a page in UTF-8, Russian. Texts of others stand in it escaped, and
// as slips show them. Errors are those of Text, without ErrWidth: a browser breaks
// the lines; with an error b comes back as it was.
func HTML(b []byte, p *Page) ([]byte, error) {
	w := htmlWriter{b: b}
	w.raw(`<!DOCTYPE html>
<html lang="ru">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
`)
	if p.Refresh > 0 {
		w.raw(`<meta http-equiv="refresh" content="` + strconv.Itoa(p.Refresh) + "\">\n")
	}
	w.raw("<title>")
	w.text(p.Title)
	w.raw("</title>\n<style>" + style + "</style>\n</head>\n<body>\n<main>\n")
	if p.Heading != "" || len(p.Notice) > 0 {
		w.raw(`<section class="notice">`)
		if p.Heading != "" {
			w.raw("<h1>")
			w.text(p.Heading)
			w.raw("</h1>")
		}
		for _, s := range p.Notice {
			w.raw("<p>")
			w.text(s)
			w.raw("</p>")
		}
		w.raw("</section>\n")
	}
	for i := range p.Slips {
		s, err := compose(&p.Slips[i])
		if err != nil {
			return b, err
		}
		w.raw(`<article class="slip">` + "\n")
		for _, l := range s.lines {
			if l.kind == code && p.QRSource != nil {
				w.raw(`<div class="q"><img src="`)
				w.text(p.QRSource(i))
				w.raw(`" width="190" height="190" alt="`)
				w.text(l.left)
				w.raw("\"></div>\n")
				continue
			}
			w.line(&l)
		}
		w.raw("</article>\n")
	}
	for i, l := range p.Links {
		sep := " · "
		if i == 0 {
			sep = "<nav>"
		}
		w.raw(sep + `<a href="`)
		w.text(l.URL)
		w.raw(`">`)
		w.text(l.Text)
		w.raw("</a>")
	}
	if len(p.Links) > 0 {
		w.raw("</nav>\n")
	}
	w.raw("</main>\n</body>\n</html>\n")
	return w.b, nil
}

// ContentSecurityPolicy is the header that goes with a page of HTML: the page has
// its own style and nothing else.
func ContentSecurityPolicy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
}

type htmlWriter struct{ b []byte }

func (w *htmlWriter) raw(s string) { w.b = append(w.b, s...) }

func (w *htmlWriter) text(s string) { w.raw(html.EscapeString(printable(s))) }

// classes are the names of kinds in the stylesheet.
func (k kind) class() string {
	return [...]string{centred: "c", heading: "h", flowing: "f", itemName: "i", pair: "p", total: "t", rule: "r", code: "q"}[k]
}

func (w *htmlWriter) line(l *line) {
	w.raw(`<div class="` + l.kind.class())
	if l.level > 0 {
		w.raw(" l" + strconv.Itoa(min(l.level, 3)))
	}
	if l.left == testMark {
		w.raw(" mark")
	}
	w.raw(`">`)
	switch l.kind {
	case rule:
	case code:
		w.qr(l.left)
	case pair, total:
		w.raw("<span>")
		w.text(l.left)
		w.raw("</span> <span>")
		w.text(strings.TrimPrefix(l.right, "= "))
		w.raw("</span>")
	default:
		w.text(l.left)
	}
	w.raw("</div>\n")
}

// qr draws a code as one path of runs of dark modules, each module one unit.
func (w *htmlWriter) qr(text string) {
	q, err := newQR(text)
	if err != nil { // longer than the largest code
		w.text(text)
		return
	}
	side := strconv.Itoa(q.size + 2*quietZone)
	w.raw(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + " " + side + `" shape-rendering="crispEdges" role="img" aria-label="`)
	w.text("QR-код чека: " + text)
	w.raw(`"><rect width="` + side + `" height="` + side + `" fill="#fff"/><path d="`)
	q.runs(func(x, y, n int) {
		w.b = append(w.b, 'M')
		w.b = strconv.AppendInt(w.b, int64(x+quietZone), 10)
		w.b = append(w.b, ' ')
		w.b = strconv.AppendInt(w.b, int64(y+quietZone), 10)
		w.b = append(w.b, 'h')
		w.b = strconv.AppendInt(w.b, int64(n), 10)
		w.b = append(w.b, 'v', '1', 'h', '-')
		w.b = strconv.AppendInt(w.b, int64(n), 10)
		w.b = append(w.b, 'z')
	})
	w.raw(`"/></svg>`)
}
