package control

import (
	"net/http"
	"strings"

	"kktd/diagnosis"
	"kktd/ffd"
)

// doctorRoutes are there when somebody tells.
func (a *API) doctorRoutes() []Route {
	if a.doctor == nil {
		return nil
	}
	return []Route{{"GET", "doctor", a.checkup}, {"GET", "refusals", a.refusals}}
}

// lang is the language of what people read: the parameter lang, or the first of
// Accept-Language that is known, or Russian.
func (q query) lang(r *http.Request) (ffd.Lang, error) {
	if _, given := q["lang"]; given {
		l, err := ffd.ParseLang(q.get("lang"))
		if err != nil {
			return l, invalid("lang", "ru, en", "lang: %v", err)
		}
		return l, nil
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(tag, "-")
		if l, err := ffd.ParseLang(strings.ToLower(tag)); err == nil {
			return l, nil
		}
	}
	return ffd.Russian, nil
}

// checkup looks at the whole daemon.
func (a *API) checkup(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "lang")
	if err != nil {
		return err
	}
	lang, err := q.lang(r)
	if err != nil {
		return err
	}
	c, err := a.doctor.Checkup(lang)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, c)
}

// refusals lists requests that were refused and left nothing else. last begins so
// many before the end.
func (a *API) refusals(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "after", "limit", "last", "invoice")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 0, 1<<63-1)
	if err != nil {
		return err
	}
	last, err := q.number("last", 0, 1, diagnosis.MaxRefusals)
	if err != nil {
		return err
	}
	kept := a.doctor.Refusals()
	if newest := kept.Last(); last > 0 && newest > last {
		after = max(after, newest-last)
	}
	return a.writeList(w, r, limit, func(p *page) error {
		return kept.List(after, func(x *diagnosis.Refusal) error {
			if !matches(q.get("invoice"), x.InvoiceID) {
				return nil
			}
			if err := p.add(x, x.Number); err != nil {
				return err
			}
			after = x.Number
			return nil
		})
	})
}
