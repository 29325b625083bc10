package control

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"kktd/ffd"
	"kktd/kkt"
)

// createBody asks for a new register.
type createBody struct {
	Account string  `json:"account"` // public id of who may use it; the only account when it is left out
	Secret  string  `json:"secret"`  // makes the account when it is not there
	Serial  *string `json:"serial"`
	INN     *string `json:"inn"`
	Blank   bool    `json:"blank"` // leave the drive unregistered
	// Fresh makes an organisation and an account for this register alone: what is left
	// out of inn, account and secret is made, and they go with the register.
	Fresh bool `json:"fresh"`
	settingsBody
	driveBody
}

func (a *API) createRegister(w http.ResponseWriter, r *http.Request) error {
	var body createBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	version := ffd.V120
	if body.FFD != nil {
		var err error
		if version, err = parseFFD(*body.FFD); err != nil {
			return err
		}
	}
	s := kkt.Defaults(version)
	set(&s.Serial, body.Serial)
	if body.Fresh {
		s.INN, s.UserName = "", ""
		if body.Account == "" {
			body.Account = a.newPublicID()
		}
		if body.Secret == "" {
			body.Secret = a.newSecret()
		}
	}
	if body.INN != nil && *body.INN != s.INN {
		s.INN, s.UserName = *body.INN, "" // the default name is that of the default user
	}
	if err := body.settingsBody.apply(&s); err != nil {
		return err
	}
	body.driveBody.apply(&s)
	if err := checkPublicID("account", body.Account); err != nil {
		return err
	}
	reg, made, err := a.fleet.NewRegister(r.Context(), kkt.Order{Account: kkt.Account{PublicID: body.Account, Secret: body.Secret},
		Settings: s, Blank: body.Blank, Fresh: body.Fresh})
	if err != nil {
		return err
	}
	return a.answerNew(w, reg, made, accountView{body.Account, body.Secret})
}

// answerNew is the answer for a new register. A secret is shown when the request has it
// or made it.
func (a *API) answerNew(w http.ResponseWriter, reg *kkt.Register, made []kkt.Made, account accountView) error {
	w.Header().Set("Location", Prefix+"registers/"+url.PathEscape(reg.Serial()))
	if list := a.fleet.Accounts(reg.Settings().INN); account.PublicID == "" && len(list) > 0 {
		account.PublicID = list[0].PublicID
	}
	view := operationView{}
	if account.PublicID != "" {
		account.Secret = cmp.Or(account.Secret, masked)
		view.Account = &account
	}
	return a.answerWith(w, http.StatusCreated, reg, made, view)
}

// cloneBody says what a clone shall not have of its own making.
type cloneBody struct {
	Serial *string `json:"serial"`
	driveBody
}

func (a *API) clone(w http.ResponseWriter, r *http.Request) error {
	var body cloneBody
	reg, err := a.operation(w, r, &body)
	if err != nil {
		return err
	}
	clone, made, err := a.fleet.CloneRegister(r.Context(), reg.Serial(), func(s *kkt.Settings) error {
		set(&s.Serial, body.Serial)
		body.driveBody.apply(s)
		return nil
	})
	if err != nil {
		return err
	}
	return a.answerNew(w, clone, made, accountView{})
}

// resetBody says how far back the register goes.
type resetBody struct {
	Registered bool `json:"registered"` // register it again, and keep nothing of before
}

// reset wipes the drive, or takes the register back to where it was when it was made.
func (a *API) reset(w http.ResponseWriter, r *http.Request) error {
	var body resetBody
	reg, err := a.operation(w, r, &body)
	if err != nil {
		return err
	}
	if body.Registered {
		x, err := a.fleet.RenewRegister(r.Context(), reg.Serial())
		if err != nil {
			return err
		}
		return a.answer(w, http.StatusOK, reg, x.Made, &x.Lost)
	}
	lost, err := reg.ResetDrive(r.Context())
	if err != nil {
		return err
	}
	return a.answer(w, http.StatusOK, reg, nil, &lost)
}

// deletionView is the answer to a deletion, or to a reset of all: what went.
type deletionView struct {
	Registers int    `json:"registers"`
	Documents uint32 `json:"documents"` // of all their drives
	Receipts  int    `json:"receipts"`
}

func deleted(w http.ResponseWriter, sum kkt.Deletion, err error) error {
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, deletionView(sum))
}

func (a *API) deleteRegister(w http.ResponseWriter, r *http.Request) error {
	reg, err := a.operation(w, r, &struct{}{})
	if err != nil {
		return err
	}
	sum, err := a.fleet.DeleteRegister(r.Context(), reg.Serial())
	return deleted(w, sum, err)
}

// ofAll is a request that says nothing: it is for all registers.
func ofAll(do func(context.Context) (kkt.Deletion, error)) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := ReadBody(w, r, &struct{}{}); err != nil {
			return err
		}
		sum, err := do(r.Context())
		return deleted(w, sum, err)
	}
}
