package control

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"kktd/ffd"
	"kktd/kkt"
	"kktd/storage"
)

// operationRoutes are what changes registers.
func (a *API) operationRoutes() []Route {
	return []Route{
		{"POST", "registers", a.createRegister},
		{"DELETE", "registers", ofAll(a.fleet.DeleteRegisters)},
		{"DELETE", "registers/{serial}", a.deleteRegister},
		{"POST", "registers/{serial}/fiscalize", a.fiscalize},
		{"POST", "registers/{serial}/reregister", a.reregister},
		{"POST", "registers/{serial}/replace-drive", a.replaceDrive},
		{"POST", "registers/{serial}/close-drive", a.byPerson((*kkt.Register).CloseDrive)},
		{"POST", "registers/reset", ofAll(a.fleet.RenewRegisters)},
		{"POST", "registers/{serial}/reset", a.reset},
		{"POST", "registers/{serial}/clone", a.clone},
		{"POST", "registers/{serial}/shift/open", a.byPerson((*kkt.Register).OpenShift)},
		{"POST", "registers/{serial}/shift/close", a.byPerson((*kkt.Register).CloseShift)},
		{"GET", "registers/{serial}/shift", a.shift},
		{"POST", "registers/{serial}/reports/state", a.reportState},
		{"GET", "registers/{serial}/drive", a.drive},
		{"GET", "registers/{serial}/drive/export", a.exportDrive},
		{"GET", "registers/{serial}/drive/records/{number}", a.record},
		{"GET", "registers/{serial}/drive/registrations", a.registrations},
		{"GET", "registers/{serial}/drive/registrations/{index}", a.registration},
		{"GET", "registers/{serial}/drives/{drive}/registrations", a.registrations},
		{"GET", "registers/{serial}/drives/{drive}/registrations/{index}", a.registration},
		{"GET", "registers/{serial}/drives/{drive}/records/{number}", a.record},
		{"GET", "registers/{serial}/drives/{drive}/export", a.exportDrive},
	}
}

// madeDocument is a document that an operation made.
type madeDocument struct {
	Drive      storage.DriveID `json:"drive"`
	Number     uint32          `json:"number"`
	Form       ffd.Form        `json:"form"`
	FormName   string          `json:"form_name"`
	Time       time.Time       `json:"time"`
	FiscalSign uint32          `json:"fiscal_sign"`
}

// operationView is the answer to an operation: what it made, and the register
// after it.
type operationView struct {
	Documents []madeDocument `json:"documents"`
	Lost      *uint32        `json:"lost,omitempty"` // of a reset: documents that had not reached the OFD
	Register  registerItem   `json:"register"`
	Account   *accountView   `json:"account,omitempty"` // of a new register: who may use it
}

func (a *API) answer(w http.ResponseWriter, status int, reg *kkt.Register, made []kkt.Made, lost *uint32) error {
	return a.answerWith(w, status, reg, made, operationView{Lost: lost})
}

// answerWith is answer with more in it.
func (a *API) answerWith(w http.ResponseWriter, status int, reg *kkt.Register, made []kkt.Made, view operationView) error {
	item, err := a.registerItem(reg)
	if err != nil {
		return err
	}
	zone := reg.Zone()
	view.Documents, view.Register = []madeDocument{}, item
	for _, m := range made {
		view.Documents = append(view.Documents, madeDocument{Drive: m.Drive, Number: m.Number, Form: m.Form, FormName: formName(m.Form),
			Time: moment(m.Time, zone), FiscalSign: m.Sign})
	}
	return WriteJSON(w, status, view)
}

// operation reads the body of an operation on the register of the path.
func (a *API) operation(w http.ResponseWriter, r *http.Request, body any) (*kkt.Register, error) {
	if _, err := parseQuery(r); err != nil {
		return nil, err
	}
	reg, err := a.find(r)
	if err != nil {
		return nil, err
	}
	return reg, ReadBody(w, r, body)
}

func (a *API) fiscalize(w http.ResponseWriter, r *http.Request) error {
	var body settingsBody
	reg, err := a.operation(w, r, &body)
	if err != nil {
		return err
	}
	made, err := reg.Fiscalize(r.Context(), body.apply)
	if err != nil {
		return err
	}
	return a.answer(w, http.StatusOK, reg, made, nil)
}

// reasonsBody is why the registration changes, beside what differs.
type reasonsBody struct {
	Reasons []int `json:"reasons"` // bits of tag 1205
}

// reregisterBody is what differs in the new registration.
type reregisterBody struct {
	settingsBody
	reasonsBody
}

// replaceBody is the new drive, and what differs in the new registration.
type replaceBody struct {
	settingsBody
	driveBody
	reasonsBody
}

// personBody is who makes a document.
type personBody struct {
	Cashier    string `json:"cashier"` // the register's own when it is left out
	CashierINN string `json:"cashier_inn"`
}

func (a *API) reregister(w http.ResponseWriter, r *http.Request) error {
	var body reregisterBody
	reg, err := a.operation(w, r, &body)
	if err != nil {
		return err
	}
	mask, err := kkt.ReasonMask(body.Reasons)
	if err != nil {
		return err
	}
	made, err := reg.Reregister(r.Context(), body.settingsBody.apply, mask)
	if err != nil {
		return err
	}
	return a.answer(w, http.StatusOK, reg, made, nil)
}

func (a *API) replaceDrive(w http.ResponseWriter, r *http.Request) error {
	var body replaceBody
	reg, err := a.operation(w, r, &body)
	if err != nil {
		return err
	}
	mask, err := kkt.ReasonMask(body.Reasons)
	if err != nil {
		return err
	}
	made, err := reg.ReplaceDrive(r.Context(), func(s *kkt.Settings) error {
		body.driveBody.apply(s)
		return body.settingsBody.apply(s)
	}, mask)
	if err != nil {
		return err
	}
	return a.answer(w, http.StatusOK, reg, made, nil)
}

// byPerson is an operation that asks for nobody but the person who makes it.
func (a *API) byPerson(do func(*kkt.Register, context.Context, kkt.Person) ([]kkt.Made, error)) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var body personBody
		reg, err := a.operation(w, r, &body)
		if err != nil {
			return err
		}
		made, err := do(reg, r.Context(), kkt.Person{Name: body.Cashier, INN: body.CashierINN})
		if err != nil {
			return err
		}
		return a.answer(w, http.StatusOK, reg, made, nil)
	}
}

func (a *API) reportState(w http.ResponseWriter, r *http.Request) error {
	reg, err := a.operation(w, r, &struct{}{})
	if err != nil {
		return err
	}
	made, err := reg.ReportState(r.Context())
	if err != nil {
		return err
	}
	return a.answer(w, http.StatusOK, reg, made, nil)
}

func (a *API) shift(w http.ResponseWriter, r *http.Request) error {
	item, err := a.lookAt(r)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, item.Shift)
}

// lookAt is the register of the path, which must be in service.
func (a *API) lookAt(r *http.Request) (registerItem, error) {
	if _, err := parseQuery(r); err != nil {
		return registerItem{}, err
	}
	reg, err := a.find(r)
	if err != nil {
		return registerItem{}, err
	}
	if _, err := reg.State(); err != nil {
		return registerItem{}, fmt.Errorf("register %s: %w", reg.Serial(), err)
	}
	return a.registerItem(reg)
}
