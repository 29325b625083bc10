package control

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"kktd/kkt"
	"kktd/outbox"
)

func (a *API) organisationRoutes() []Route {
	return []Route{
		{"GET", "organisations", a.organisations},
		{"POST", "organisations", a.newOrganisation},
		{"GET", "organisations/{inn}", a.organisation},
		{"POST", "organisations/{inn}", a.setOrganisation},
		{"GET", "organisations/{inn}/accounts", a.accounts},
		{"POST", "organisations/{inn}/accounts", a.newAccount},
		{"GET", "organisations/{inn}/webhooks", a.accountWebhooks},
		{"POST", "organisations/{inn}/webhooks", a.setWebhook},
	}
}

// organisationView is a user of registers. Secrets are never shown: only the
// answer that makes an account has its secret.
type organisationView struct {
	INN       string             `json:"inn"`
	Name      string             `json:"name"`
	Address   string             `json:"address"`
	Accounts  []accountView      `json:"accounts"`
	Registers []string           `json:"registers"` // serial numbers
	Webhooks  []subscriptionView `json:"webhooks"`
	Temporary bool               `json:"temporary,omitempty"` // it goes with its last register
}

type accountView struct {
	PublicID string `json:"public_id"`
	Secret   string `json:"secret"`
}

// masked stands for a secret.
const masked = "********"

type subscriptionView struct {
	Account  string `json:"account"`
	API      string `json:"api"`
	Type     string `json:"type"`
	Address  string `json:"address"`
	Method   string `json:"method"`
	Encoding string `json:"encoding"`
	Format   string `json:"format"`
	Enabled  bool   `json:"enabled"`
}

func viewSubscription(s kkt.Subscription) subscriptionView {
	return subscriptionView{Account: s.Account, API: s.API, Type: s.Type, Address: outbox.Redacted(s.Address), Method: s.Method, Encoding: s.Encoding,
		Format: s.Format, Enabled: s.Enabled}
}

func (a *API) viewOrganisation(o kkt.Organisation) organisationView {
	v := organisationView{INN: o.INN, Name: o.Name, Address: o.Address, Accounts: []accountView{}, Registers: []string{}, Webhooks: []subscriptionView{}, Temporary: o.Temporary}
	for _, account := range a.fleet.Accounts(o.INN) {
		v.Accounts = append(v.Accounts, accountView{account.PublicID, masked})
		for _, s := range a.fleet.Subscriptions(account.PublicID) {
			v.Webhooks = append(v.Webhooks, viewSubscription(s))
		}
	}
	for _, r := range a.fleet.RegistersOf(o.INN) {
		v.Registers = append(v.Registers, r.Serial())
	}
	return v
}

func (a *API) organisations(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	list := a.fleet.Organisations()
	for len(list) > 0 && list[0].INN <= q.get("after") {
		list = list[1:]
	}
	return a.writeList(w, r, limit, func(p *page) error {
		for ; len(list) > 0; list = list[1:] {
			if err := p.add(a.viewOrganisation(list[0]), list[0].INN); err != nil {
				return err
			}
		}
		return nil
	})
}

// findOrganisation is the organisation that the path names.
func (a *API) findOrganisation(r *http.Request) (kkt.Organisation, error) {
	inn := r.PathValue("inn")
	o, ok := a.fleet.Organisation(inn)
	if !ok {
		return o, &Problem{Status: http.StatusNotFound, Code: "not_found", Field: "inn",
			Message: fmt.Sprintf("there is no organisation %q; GET %sorganisations lists those that are there", inn, Prefix)}
	}
	return o, nil
}

func (a *API) organisation(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	o, err := a.findOrganisation(r)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, a.viewOrganisation(o))
}

// organisationBody makes an organisation, or changes one; a field that is not sent
// stays.
type organisationBody struct {
	INN     string  `json:"inn"`
	Name    *string `json:"name"`
	Address *string `json:"address"`
}

func (b *organisationBody) onto(o kkt.Organisation) kkt.Organisation {
	if b.Name != nil {
		o.Name = *b.Name
	}
	if b.Address != nil {
		o.Address = *b.Address
	}
	return o
}

func (a *API) newOrganisation(w http.ResponseWriter, r *http.Request) error {
	var body organisationBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	if _, ok := a.fleet.Organisation(body.INN); ok {
		return &Problem{Status: http.StatusConflict, Code: "exists", Field: "inn",
			Message: fmt.Sprintf("organisation %s is there; POST %sorganisations/%s changes it", body.INN, Prefix, body.INN)}
	}
	o := body.onto(kkt.Organisation{INN: body.INN})
	if err := a.fleet.SetOrganisation(o); err != nil {
		return err
	}
	return WriteJSON(w, http.StatusCreated, a.viewOrganisation(o))
}

func (a *API) setOrganisation(w http.ResponseWriter, r *http.Request) error {
	o, err := a.findOrganisation(r)
	if err != nil {
		return err
	}
	var body organisationBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	if body.INN != "" && body.INN != o.INN {
		return badBody("inn", o.INN, "it names another organisation than the path, and an INN does not change")
	}
	o = body.onto(o)
	if err := a.fleet.SetOrganisation(o); err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, a.viewOrganisation(o))
}

func (a *API) accounts(w http.ResponseWriter, r *http.Request) error {
	o, err := a.findOrganisation(r)
	if err != nil {
		return err
	}
	return a.writeAll(w, r, func(add func(any, any) error) error {
		for _, v := range a.viewOrganisation(o).Accounts {
			if err := add(v, v.PublicID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *API) accountWebhooks(w http.ResponseWriter, r *http.Request) error {
	o, err := a.findOrganisation(r)
	if err != nil {
		return err
	}
	return a.writeAll(w, r, func(add func(any, any) error) error {
		for _, v := range a.viewOrganisation(o).Webhooks {
			if err := add(v, v.Account+"/"+v.Type); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeAll writes a list that is short enough for one answer.
func (a *API) writeAll(w http.ResponseWriter, r *http.Request, each func(add func(item, after any) error) error) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	return a.writeList(w, r, maxLimit, func(p *page) error { return each(p.add) })
}

func (a *API) newPublicID() string { return "pk_" + a.newSecret()[:16] }

func checkPublicID(field, id string) error {
	if strings.ContainsAny(id, ":\x00") {
		return badBody(field, "no colon", "%q has a colon: HTTP Basic cannot send it", id)
	}
	return nil
}

// accountBody is the credentials of an account; what is left out is made.
type accountBody struct {
	PublicID string `json:"public_id"` // without a colon: HTTP Basic cannot send one
	Secret   string `json:"secret"`
}

// newAccount gives an organisation credentials: new ones, those that are sent, or
// an account of another organisation. The secret is in this answer and no other.
func (a *API) newAccount(w http.ResponseWriter, r *http.Request) error {
	o, err := a.findOrganisation(r)
	if err != nil {
		return err
	}
	var body accountBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	shown := body.Secret
	if body.PublicID == "" {
		body.PublicID = a.newPublicID()
	}
	if err := checkPublicID("public_id", body.PublicID); err != nil {
		return err
	}
	if _, known := a.fleet.Account(body.PublicID); !known && body.Secret == "" {
		body.Secret = a.newSecret()
		shown = body.Secret
	}
	if _, err := a.fleet.Grant(body.PublicID, body.Secret, o.INN); err != nil {
		return err
	}
	if shown == "" {
		shown = masked
	}
	return WriteJSON(w, http.StatusCreated, accountView{body.PublicID, shown})
}

// webhookBody is where notifications of a type go and how.
type webhookBody struct {
	Account  string `json:"account"` // empty: the only one of the organisation
	Type     string `json:"type"`
	Address  string `json:"address"`
	Method   string `json:"method"`
	Encoding string `json:"encoding"`
	Format   string `json:"format"`
	Enabled  *bool  `json:"enabled"` // absent: true
}

// setWebhook sets where an account wants its notifications of a type. What is not
// sent stays.
func (a *API) setWebhook(w http.ResponseWriter, r *http.Request) error {
	o, err := a.findOrganisation(r)
	if err != nil {
		return err
	}
	var body webhookBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	var ids []string
	for _, account := range a.fleet.Accounts(o.INN) {
		if body.Account == "" || body.Account == account.PublicID {
			ids = append(ids, account.PublicID)
		}
	}
	if len(ids) != 1 {
		return badBody("account", "an account of the organisation", "%d accounts of organisation %s fit %q; name one", len(ids), o.INN, body.Account)
	}
	s := kkt.Subscription{Account: ids[0], Type: body.Type, Address: body.Address, Method: body.Method, Encoding: body.Encoding, Format: body.Format,
		Enabled: body.Enabled == nil || *body.Enabled}
	for _, old := range a.fleet.Subscriptions(s.Account) {
		if strings.EqualFold(old.Type, s.Type) {
			s.Address, s.Method = cmp.Or(s.Address, old.Address), cmp.Or(s.Method, old.Method)
			s.Encoding, s.Format = cmp.Or(s.Encoding, old.Encoding), cmp.Or(s.Format, old.Format)
		}
	}
	if err := a.checkWebhook(&s); err != nil {
		return err
	}
	if err := a.fleet.Subscribe(s); err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, viewSubscription(s))
}
