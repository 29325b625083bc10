package control

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofdproto"
)

// ofdRoutes are the paths of the test OFD.
func (a *API) ofdRoutes() []Route {
	return []Route{
		{"GET", "ofd/documents", a.ofdDocuments},
		{"GET", "ofd/documents/{id}", a.ofdDocument},
		{"GET", "ofd/findings", a.ofdFindings},
		{"GET", "ofd/counters", a.ofdCounters},
	}
}

// ofdItem is a document that the OFD has, in a list.
type ofdItem struct {
	ID       uint64    `json:"id"` // in the order of arrival
	Received time.Time `json:"received"`
	Drive    string    `json:"drive"`
	Epoch    uint64    `json:"epoch"`           // life of that drive number
	Other    bool      `json:"other,omitempty"` // other bytes under a number that was taken
	documentItem
	Code       byte   `json:"code"`     // 1022 of the ticket
	Message    byte   `json:"message"`  // 1206 of the ticket
	Findings   int    `json:"findings"` // how many
	ReceiptURL string `json:"receipt_url,omitempty"`
}

// ofdView is a document asked for alone.
type ofdView struct {
	ofdItem
	TLV       []byte        `json:"tlv"`
	Tags      *ffd.Node     `json:"tags"`
	Container []byte        `json:"container"`
	Frame     *ffd.Node     `json:"frame"` // the container as a tree, down to the sign
	Ticket    *ticketView   `json:"ticket"`
	Findings  []findingView `json:"findings"`
}

type findingView struct {
	Severity string `json:"severity"` // note, warning or error
	Rule     string `json:"rule"`
	Path     string `json:"path"`
	Tag      uint16 `json:"tag"`
	Offset   int    `json:"offset"` // from the start of the TLV
	Text     string `json:"text"`
	TextRu   string `json:"text_ru"`
}

// findingItem is a finding in the list of all.
type findingItem struct {
	Document uint64    `json:"document"` // GET ofd/documents/{id}
	Index    int       `json:"index"`    // among the findings of the document
	Received time.Time `json:"received"`
	Drive    string    `json:"drive"`
	Number   uint32    `json:"number"`
	Form     ffd.Form  `json:"form"`
	FormName string    `json:"form_name"`
	findingView
}

func viewFinding(f ffd.Finding) findingView {
	return findingView{Severity: f.Severity.String(), Rule: f.Rule, Path: f.Path, Tag: f.Tag, Offset: f.Offset, Text: f.En, TextRu: f.Ru}
}

// ofdItem reads the heads of a document and of its ticket. base is what links begin with.
func (a *API) ofdItem(d *ofd.Document, base string) (ofdItem, ofdproto.Container) {
	zone := a.ofd.Zone()
	doc, c := summary(d.Number, d.Container, true, zone)
	item := ofdItem{ID: d.ID, Received: d.Received.In(zone), Drive: d.DriveNumber(), Epoch: d.Epoch, Other: d.Other, documentItem: doc, Findings: len(d.Findings)}
	if t, err := ofdproto.ParseContainer(d.Ticket); err == nil {
		if t, err := ffd.ParseConfirmation(t.Document); err == nil {
			item.Code, item.Message = t.Code, t.Message
		}
	}
	if item.FiscalSign != 0 {
		item.ReceiptURL = fmt.Sprintf("%s%s?fn=%s&i=%d&fp=%d", base, ofd.ReceiptPath, item.Drive, item.Number, item.FiscalSign)
	}
	return item, c
}

// linkBase is the scheme and host that links of an answer begin with.
func (a *API) linkBase(r *http.Request) string {
	if a.publicURL != "" {
		return strings.TrimSuffix(a.publicURL, "/")
	}
	return (&url.URL{Scheme: "http", Host: r.Host}).String()
}

// ofdFilter reads drive, form, from and to.
func (a *API) ofdFilter(q query) (f ofd.Filter, err error) {
	f.Drive = q.get("drive")
	if _, err := ofdproto.ParseDrive(f.Drive); f.Drive != "" && err != nil {
		return f, invalid("drive", "1 to 16 digits", "drive: %v", err)
	}
	form, err := q.number("form", 0, 1, 255)
	if err != nil {
		return f, err
	}
	f.Form = ffd.Form(form)
	for _, bound := range [...]struct {
		name string
		to   *time.Time
	}{{"from", &f.From}, {"to", &f.To}} {
		if *bound.to, err = q.time(bound.name, a.ofd.Zone()); err != nil {
			return f, err
		}
	}
	return f, nil
}

// time reads a moment, or a date in the zone; zero when it is not given.
func (q query) time(name string, zone *time.Location) (time.Time, error) {
	text := q.get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, text, zone)
	}
	if err != nil {
		const allowed = "2026-01-10T12:00:00+03:00 or 2026-01-10"
		return t, invalid(name, allowed, "%s: %q is no moment; write it as %s (a plus sign in a URL is %%2B)", name, text, allowed)
	}
	return t, nil
}

func (a *API) ofdDocuments(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "drive", "form", "from", "to", "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	last, err := q.number("after", 0, 0, 1<<63)
	if err != nil {
		return err
	}
	f, err := a.ofdFilter(q)
	if err != nil {
		return err
	}
	base := a.linkBase(r)
	return a.writeList(w, r, limit, func(p *page) error {
		return a.ofd.Arrivals(last, f, func(d *ofd.Document) error {
			item, _ := a.ofdItem(d, base)
			if err := p.add(item, d.ID); err != nil {
				return err
			}
			last = d.ID
			return nil
		})
	})
}

func (a *API) ofdDocument(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	id, err := parseNumber("id", r.PathValue("id"), 1, 1<<63)
	if err != nil {
		return err
	}
	d, err := a.ofd.Document(id)
	if errors.Is(err, ofd.ErrNotFound) {
		return &Problem{Status: http.StatusNotFound, Code: "not_found", Field: "id",
			Message: fmt.Sprintf("the OFD has no document %d; GET %sofd/documents lists them", id, Prefix)}
	}
	if err != nil {
		return err
	}
	item, c := a.ofdItem(d, a.linkBase(r))
	if wantsBytes(r) {
		writeBytes(w, http.StatusOK, octetStream, d.Container)
		return nil
	}
	view := ofdView{ofdItem: item, Container: d.Container, Frame: ofdproto.Tree(d.Container), Ticket: viewTicket(d.Ticket, a.ofd.Zone()),
		Findings: []findingView{}}
	if item.Size != 0 {
		view.TLV, view.Tags = c.Document, ffd.Decode(c.Document, 0)
	}
	for _, f := range d.Findings {
		view.Findings = append(view.Findings, viewFinding(f))
	}
	return WriteJSON(w, http.StatusOK, view)
}

// findingCursor is where a list of findings goes on: document and index, "12.3".
func findingCursor(document uint64, index int) string {
	return strconv.FormatUint(document, 10) + "." + strconv.Itoa(index)
}

func parseFindingCursor(s string) (document uint64, index int, err error) {
	if s == "" {
		return 0, -1, nil
	}
	number, at, _ := strings.Cut(s, ".")
	document, err = strconv.ParseUint(number, 10, 63)
	if err == nil && at != "" {
		index, err = strconv.Atoi(at)
	} else {
		index = 1 << 30 // behind all of the document
	}
	if err != nil || index < 0 {
		return 0, 0, invalid("after", "DOCUMENT.INDEX", "after: %q is no place in this list; pass what stood in next", s)
	}
	return document, index, nil
}

func (a *API) ofdFindings(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "drive", "form", "rule", "severity", "from", "to", "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	document, index, err := parseFindingCursor(q.get("after"))
	if err != nil {
		return err
	}
	f, err := a.ofdFilter(q)
	if err != nil {
		return err
	}
	f.Findings = true
	rule, severity := q.get("rule"), q.get("severity")
	if severity != "" && severity != ffd.Note.String() && severity != ffd.Warning.String() && severity != ffd.Error.String() {
		return invalid("severity", "note, warning, error", "severity: %q, want note, warning or error", severity)
	}
	return a.writeList(w, r, limit, func(p *page) error {
		return a.ofd.Arrivals(max(document, 1)-1, f, func(d *ofd.Document) error {
			for i, found := range d.Findings {
				if d.ID == document && i <= index || rule != "" && found.Rule != rule || severity != "" && found.Severity.String() != severity {
					continue
				}
				form := ffd.Form(d.Container[ofd.FormAt])
				item := findingItem{Document: d.ID, Index: i, Received: d.Received.In(a.ofd.Zone()), Drive: d.DriveNumber(), Number: d.Number,
					Form: form, FormName: formName(form), findingView: viewFinding(found)}
				if err := p.add(item, findingCursor(d.ID, i)); err != nil {
					return err
				}
				document, index = d.ID, i
			}
			return nil
		})
	})
}

// ofdState is what the OFD counts, and how it is set to go wrong.
type ofdState struct {
	Documents   uint64                     `json:"documents"` // stored since the start
	Resends     uint64                     `json:"resends"`
	Findings    uint64                     `json:"findings"`
	Probes      uint64                     `json:"probes"`
	Failures    uint64                     `json:"failures"` // not answered because the store failed
	Connections int                        `json:"connections"`
	Accepted    uint64                     `json:"accepted"` // connections since the start
	Turned      uint64                     `json:"turned"`   // connections turned away, too many were open
	BadFrames   map[ofdproto.Reason]uint64 `json:"bad_frames"`
	Struck      map[string]uint64          `json:"faults_struck"`
	Last        uint64                     `json:"last_document"` // id
}

func (a *API) ofdCounters(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	c := a.ofd.Counters()
	return WriteJSON(w, http.StatusOK, ofdState{Documents: c.Documents, Resends: c.Resends, Findings: c.Findings, Probes: c.Probes, Failures: c.Failures,
		Connections: c.Connections, Accepted: c.Accepted, Turned: c.Turned, BadFrames: c.BadFrames, Struck: c.Faults, Last: a.ofd.LastDocument()})
}
