package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"kktd/kkt"
	"kktd/slip"
)

// answer is what a request gets, in no form yet.
type answer struct {
	status  int
	format  format
	path    string // without an ending, for the links to the other forms
	query   string
	title   string
	heading string   // with notice: what is said above the slips, or in their place
	notice  []string // Russian
	slips   []slip.Input
	refresh int // seconds

	receipt string // id
	state   kkt.Status
	reason  string // why there is no slip
	tickets []ticketView

	immutable bool // it never changes: a browser may keep it
}

// jsonAnswer is an answer as JSON: a stable form, to which members are added.
type jsonAnswer struct {
	Receipt   string       `json:"receipt,omitempty"` // id
	Status    kkt.Status   `json:"status,omitempty"`  // Queued, Processed or Error
	Error     string       `json:"error,omitempty"`
	Documents []*slip.Data `json:"documents"`
	OFD       []ticketView `json:"ofd,omitempty"` // of /ofd, one a document
}

// maxAge is how long a browser keeps what never changes: a year, in seconds.
const maxAge = 365 * 24 * 60 * 60

func (p *Pages) serve(w http.ResponseWriter, r *http.Request, a *answer, err error) {
	var body []byte
	if err == nil {
		body, err = p.render(a)
	}
	if err != nil {
		p.refuse(a, err)
		if body, err = p.render(a); err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", a.format.contentType())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", p.policy)
	switch {
	case a.status != http.StatusOK:
		h.Set("Cache-Control", "no-store")
		if a.refresh > 0 {
			h.Set("Retry-After", strconv.Itoa(a.refresh))
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(a.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // a client that is gone is no matter of ours
		}
		return
	case a.immutable:
		h.Set("Cache-Control", "private, max-age="+strconv.Itoa(maxAge)+", immutable")
	default:
		h.Set("Cache-Control", "private, no-cache")
	}
	sum := sha256.Sum256(body)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// render makes the bytes. A picture without a slip is a text: there is nothing to
// draw.
func (p *Pages) render(a *answer) ([]byte, error) {
	switch a.format {
	case asPNG:
		if len(a.slips) > 0 {
			return p.painter.PNG(nil, a.slips...)
		}
		a.format = asText
		return a.text()
	case asText:
		return a.text()
	case asJSON:
		v := jsonAnswer{Receipt: a.receipt, Status: a.state, Error: a.reason, Documents: []*slip.Data{}, OFD: a.tickets}
		for _, in := range a.slips {
			d, err := slip.DataOf(in)
			if err != nil {
				return nil, err
			}
			v.Documents = append(v.Documents, d)
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(v)
		return b.Bytes(), err
	}
	title := a.title
	if title == "" {
		title = a.heading
	}
	page := slip.Page{Title: title + " · kktd", Heading: a.heading, Notice: a.notice, Slips: a.slips, Refresh: a.refresh}
	if len(a.slips) > 0 {
		page.Links = a.links()
	}
	return slip.HTML(nil, &page)
}

func (a *answer) text() (b []byte, err error) {
	if a.heading != "" {
		b = append(append(b, a.heading...), '\n')
	}
	for _, s := range a.notice {
		b = append(append(b, s...), '\n')
	}
	for i, in := range a.slips {
		if i > 0 || len(b) > 0 {
			b = append(b, '\n')
		}
		in.DrawQR = true
		if b, err = slip.Text(b, in); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// links lead from the page to its other forms.
func (a *answer) links() (list []slip.Link) {
	query := ""
	if a.query != "" {
		query = "?" + a.query
	}
	for _, l := range [...]struct {
		text string
		f    format
	}{{"Картинка", asPNG}, {"Текст", asText}, {"JSON", asJSON}} {
		list = append(list, slip.Link{Text: l.text, URL: a.path + "." + string(l.f) + query})
	}
	return list
}
