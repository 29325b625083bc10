package control

import (
	"net/http"

	"kktd/kkt"
)

// deletionView is the answer to a deletion.
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

func (a *API) deleteRegisters(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if err := ReadBody(w, r, &struct{}{}); err != nil {
		return err
	}
	sum, err := a.fleet.DeleteRegisters(r.Context())
	return deleted(w, sum, err)
}
