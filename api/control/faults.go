package control

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"kktd/fault"
)

// faultRoutes set what goes wrong on purpose.
func (a *API) faultRoutes() []Route {
	if a.faults == nil {
		return nil
	}
	return []Route{
		{"GET", "faults", a.listFaults},
		{"POST", "faults", a.addFault},
		{"DELETE", "faults", a.resetFaults},
		{"GET", "faults/kinds", a.listFaultKinds},
		{"POST", "faults/reset", a.resetFaults},
		{"GET", "faults/{id}", a.fault},
		{"DELETE", "faults/{id}", a.removeFault},
	}
}

// FaultView is a fault in force.
type FaultView struct {
	ID    uint64 `json:"id"`
	Name  string `json:"name"`
	Fault string `json:"fault"` // the text form
	Seen  uint64 `json:"seen"`  // that matched
	Fired uint64 `json:"fired"` // that were struck
	Spent bool   `json:"spent"` // it strikes no more
}

// FaultKindView is a fault that can be set.
type FaultKindView struct {
	Name    string   `json:"name"`
	Where   string   `json:"where"`
	Usage   string   `json:"usage"`
	First   string   `json:"first,omitempty"` // name of the parameter that may stand without it in the text form
	About   string   `json:"about"`
	AboutRu string   `json:"about_ru"`
	Knows   []string `json:"knows"`
}

// liftedView is the answer to a reset.
type liftedView struct {
	Lifted int `json:"lifted"` // how many faults were in force
}

// ViewFault shows a fault.
func ViewFault(s *fault.State) FaultView {
	return FaultView{ID: s.ID, Name: s.Effect.Name(), Fault: s.Fault.String(), Seen: s.Seen, Fired: s.Fired, Spent: s.Spent()}
}

func (a *API) listFaults(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	items := []FaultView{}
	for _, s := range a.faults.List() {
		items = append(items, ViewFault(&s))
	}
	return WriteJSON(w, http.StatusOK, allOf[FaultView]{items})
}

func (a *API) listFaultKinds(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	items := []FaultKindView{}
	for _, k := range a.faultKinds.Kinds() {
		items = append(items, FaultKindView{Name: k.Name, Where: k.Where, Usage: k.Usage, First: k.First, About: k.About, AboutRu: k.AboutRu, Knows: append([]string{}, k.Knows...)})
	}
	return WriteJSON(w, http.StatusOK, allOf[FaultKindView]{items})
}

// faultParam is a parameter of a fault: a text, a number or a flag in JSON.
type faultParam string

// UnmarshalJSON implements json.Unmarshaler.
func (p *faultParam) UnmarshalJSON(b []byte) error {
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	} else if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return errors.New("want a text or a number")
	}
	*p = faultParam(text)
	return nil
}

// faultBody asks for a fault: its text form, or its name and parameters.
type faultBody struct {
	Fault  string                `json:"fault"`
	Name   string                `json:"name"`
	Params map[string]faultParam `json:"params"`
}

func (b *faultBody) fault(kinds *fault.Registry) (fault.Fault, error) {
	switch {
	case (b.Fault == "") == (b.Name == ""):
		return fault.Fault{}, badBody("fault", "fault, as cut:answer:times=1, or name and params", "want either fault, as cut:answer:times=1, or name and params")
	case b.Fault != "" && b.Params != nil:
		return fault.Fault{}, badBody("params", "with name", "they go with name; a text form has its own")
	}
	var f fault.Fault
	var err error
	if b.Fault != "" {
		f, err = kinds.Parse(b.Fault)
	} else {
		params := map[string]string{}
		for key, value := range b.Params {
			params[key] = string(value)
		}
		f, err = kinds.New(b.Name, params)
	}
	if err != nil {
		return f, b.refused(kinds, err)
	}
	return f, nil
}

// refused tells what is wrong and what may stand there: the names of faults, or how
// the one that is meant is written.
func (b *faultBody) refused(kinds *fault.Registry, err error) *Problem {
	name, _, _ := strings.Cut(b.Fault, ":")
	field, names := "fault", []string{}
	if b.Name != "" {
		field, name = "name", b.Name
	}
	allowed := ""
	for _, k := range kinds.Kinds() {
		if names = append(names, k.Name); k.Name == name {
			allowed = k.Usage
		}
	}
	switch {
	case allowed == "":
		allowed = strings.Join(names, ", ")
	case b.Name != "":
		field = "params"
	}
	return &Problem{Status: http.StatusBadRequest, Code: "invalid_field", Field: field, Allowed: allowed, Message: err.Error()}
}

func (a *API) addFault(w http.ResponseWriter, r *http.Request) error {
	var body faultBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	f, err := body.fault(a.faultKinds)
	if err != nil {
		return err
	}
	state := fault.State{ID: a.faults.Add(f)[0], Fault: f}
	w.Header().Set("Location", Prefix+"faults/"+strconv.FormatUint(state.ID, 10))
	return WriteJSON(w, http.StatusCreated, ViewFault(&state))
}

// resetFaults lifts all faults.
func (a *API) resetFaults(w http.ResponseWriter, r *http.Request) error {
	if err := ReadBody(w, r, &struct{}{}); err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, liftedView{a.faults.Reset()})
}

// findFault is the fault of the path.
func (a *API) findFault(r *http.Request) (fault.State, error) {
	if _, err := parseQuery(r); err != nil {
		return fault.State{}, err
	}
	text := r.PathValue("id")
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fault.State{}, invalid("id", "a number from GET faults", "id: %q is no number", text)
	}
	s, err := a.faults.Get(id)
	if err != nil {
		return s, noFault(text)
	}
	return s, nil
}

func noFault(id string) *Problem {
	return &Problem{Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: "no fault in force has the id " + id + "; GET faults lists them"}
}

func (a *API) fault(w http.ResponseWriter, r *http.Request) error {
	s, err := a.findFault(r)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, ViewFault(&s))
}

func (a *API) removeFault(w http.ResponseWriter, r *http.Request) error {
	s, err := a.findFault(r)
	if err != nil {
		return err
	}
	if err := a.faults.Remove(s.ID); err != nil {
		return noFault(r.PathValue("id")) // somebody else was faster
	}
	return WriteJSON(w, http.StatusOK, ViewFault(&s))
}
