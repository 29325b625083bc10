package control

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Handler answers a request, or returns the error to answer with: a *Problem as
// it is, what package kkt returns as this API tells it, anything else as an
// internal error.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one method of one path.
type Route struct {
	Method string // GET answers HEAD too
	Path   string // relative to Prefix, as http.ServeMux writes patterns: "registers/{serial}"
	Serve  Handler
}

// mount serves the routes; of two with one method and path the last counts.
func (a *API) mount(routes []Route) {
	a.routes = routes
	methods := map[string]map[string]Handler{}
	for _, r := range routes {
		if methods[r.Path] == nil {
			methods[r.Path] = map[string]Handler{}
			a.paths = append(a.paths, r.Path)
		}
		methods[r.Path][r.Method] = r.Serve
		if r.Method == http.MethodGet {
			methods[r.Path][http.MethodHead] = r.Serve
		}
	}
	for path, serve := range methods {
		a.mux.HandleFunc(Prefix+path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, serve) })
	}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, methods map[string]Handler) {
	w.Header().Set("Cache-Control", "no-store")
	serve, ok := methods[r.Method]
	if !ok {
		serve = notAllowed(methods)
	}
	if err := serve(w, r); err != nil {
		a.refuse(w, r, err)
	}
}

func notAllowed(methods map[string]Handler) Handler {
	var names []string
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	allowed := strings.Join(names, ", ")
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)
		return &Problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
			Message: fmt.Sprintf("this path takes %s, not %s", allowed, r.Method), Allowed: allowed}
	}
}

func (a *API) unknownPath(w http.ResponseWriter, r *http.Request) {
	first := ""
	if len(a.paths) > 0 {
		first = "; begin with GET " + Prefix + a.paths[0]
	}
	w.Header().Set("Cache-Control", "no-store")
	a.refuse(w, r, &Problem{Status: http.StatusNotFound, Code: "not_found",
		Message: "there is no " + r.URL.Path + first, Allowed: strings.Join(a.paths, ", ")})
}
