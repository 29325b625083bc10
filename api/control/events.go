package control

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kktd/event"
)

// eventItem is an event as clients see it.
type eventItem struct {
	Number   uint64     `json:"number"`
	Kind     event.Kind `json:"kind"`
	Time     time.Time  `json:"time"` // business time
	Register string     `json:"register,omitempty"`
	Drive    string     `json:"drive,omitempty"`
	Document uint32     `json:"document,omitempty"`
	Form     uint16     `json:"form,omitempty"`
	Receipt  string     `json:"receipt,omitempty"`
	Text     string     `json:"text,omitempty"`
}

func viewEvent(e *event.Event) eventItem {
	return eventItem{Number: e.Number, Kind: e.Kind, Time: time.UnixMilli(e.Time).UTC(), Register: e.Register, Drive: e.Drive,
		Document: e.Document, Form: e.Form, Receipt: e.Receipt, Text: e.Text}
}

// eventList is a page of events.
type eventList struct {
	Items []eventItem `json:"items"`
	Next  uint64      `json:"next"` // what to pass as after to go on, also when nothing was found
	Last  uint64      `json:"last"` // number of the last event there is
}

// eventFilters are the parameters that choose events.
var eventFilters = []string{"kind", "register", "inn", "drive", "receipt", "document", "form"}

// filter reads them. kind takes several, with a comma between.
func (a *API) filter(q query) (*event.Filter, error) {
	f := &event.Filter{Drive: q.get("drive"), Receipt: q.get("receipt")}
	for _, name := range strings.Split(q.get("kind"), ",") {
		kind := event.Kind(name)
		switch {
		case name == "":
		case !slices.Contains(event.Kinds(), kind):
			allowed := strings.Trim(strings.ReplaceAll(fmt.Sprint(event.Kinds()), " ", ", "), "[]")
			return nil, invalid("kind", allowed, "kind: there is no %q; want %s", name, allowed)
		default:
			f.Kinds = append(f.Kinds, kind)
		}
	}
	if serial := q.get("register"); serial != "" {
		f.Registers = map[string]bool{serial: true}
	}
	if q.get("inn") != "" {
		f.Registers = map[string]bool{} // none is not the same as any
	}
	document, err := q.number("document", 0, 1, 1<<24-1)
	if err != nil {
		return nil, err
	}
	form, err := q.number("form", 0, 1, 255)
	f.Document, f.Form = uint32(document), uint16(form)
	return f, err
}

// follow reads events as event.Stream.Read does. It lets a filter by INN take registers
// that came since, and keep those that went: a wait may begin before the register is
// made, and end with its deletion. Events that come while it looks whose registers there
// are may be of one that it has not seen: they are left for the next time.
func (a *API) follow(f *event.Filter, q query, after uint64, limit int, fn func(*event.Event) error) (last uint64, err error) {
	if f.Until, err = a.events.LastEvent(); err != nil || f.Until <= after {
		return after, err
	}
	if inn, serial := q.get("inn"), q.get("register"); inn != "" {
		for _, s := range a.fleet.SerialsOf(inn) {
			if serial == "" || serial == s {
				f.Registers[s] = true
			}
		}
	}
	return a.events.Read(after, limit, f, fn)
}

// listed tells that the client wants a list and no stream: it asks for a page or a
// wait, or takes JSON alone.
func listed(r *http.Request, q query) bool {
	_, wait := q["wait"]
	_, limit := q["limit"]
	return wait || limit || strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

// readEvents answers with a list of events, or with the stream of them.
func (a *API) readEvents(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, append([]string{"after", "limit", "wait"}, eventFilters...)...)
	if err != nil {
		return err
	}
	if !listed(r, q) {
		return a.streamEvents(w, r, q)
	}
	f, err := a.filter(q)
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 0, 1<<63-1)
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	wait, err := q.wait(a.maxWait)
	if err != nil {
		return err
	}
	// The place to go on is told even when nothing was found: the next poll does not
	// look at the same events again.
	items, last := []eventItem{}, after
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		changed := a.events.Changed()
		last, err = a.follow(f, q, last, limit, func(e *event.Event) error {
			items = append(items, viewEvent(e))
			return nil
		})
		if err != nil {
			return err
		}
		if len(items) > 0 || wait == 0 {
			break
		}
		select {
		case <-changed:
			continue
		case <-timer.C:
		case <-r.Context().Done():
		case <-a.stopping:
		}
		break
	}
	newest, err := a.events.LastEvent()
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, eventList{items, last, newest})
}
