package control

import (
	"net/http"
	"time"
	"unicode/utf8"

	"kktd/diagnosis"
	"kktd/kkt"
	"kktd/storage"
)

// receiptView is what is kept of a receipt. Of the two forms of the request one is
// there: the text, or base64 when it is not UTF-8.
type receiptView struct {
	ID            string          `json:"id"`
	Status        kkt.Status      `json:"status"`
	Register      string          `json:"register"`
	Drive         storage.DriveID `json:"drive"`
	Documents     []uint32        `json:"documents"`
	API           string          `json:"api"`
	InvoiceID     string          `json:"invoice_id"`
	AccountID     string          `json:"account_id"`
	Created       time.Time       `json:"created"` // business time
	Error         string          `json:"error"`
	ErrorRu       string          `json:"error_ru,omitempty"`
	Replays       uint64          `json:"replays"` // how often the request came again and got the first answer
	Request       *string         `json:"request,omitempty"`
	RequestBase64 []byte          `json:"request_base64,omitempty"`

	Story *diagnosis.Story `json:"story,omitempty"` // what became of it, and why
}

func (a *API) receipt(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "lang", "story")
	if err != nil {
		return err
	}
	lang, err := q.lang(r)
	if err != nil {
		return err
	}
	told, err := q.truth("story")
	if err != nil {
		return err
	}
	if _, given := q["story"]; !given {
		told = true
	}
	rec, err := a.fleet.Receipt(r.PathValue("id"))
	if err != nil {
		return err
	}
	view := receiptView{ID: rec.ID, Status: rec.Status, Register: rec.Register, Drive: rec.Drive, Documents: append([]uint32{}, rec.Documents...),
		API: rec.API, InvoiceID: rec.InvoiceID, AccountID: rec.AccountID, Created: time.UnixMilli(rec.Created).UTC(), Error: rec.Error, ErrorRu: rec.ErrorRu}
	if reg, err := a.fleet.Register(rec.Register); err == nil {
		view.Created = view.Created.In(reg.Zone())
	}
	if view.Replays, err = a.fleet.Replays(rec.ID); err != nil {
		return err
	}
	if utf8.Valid(rec.Raw) {
		view.Request = new(string(rec.Raw))
	} else {
		view.RequestBase64 = rec.Raw
	}
	if a.doctor != nil && told {
		if view.Story, err = a.doctor.Story(rec, lang); err != nil {
			return err
		}
	}
	return WriteJSON(w, http.StatusOK, view)
}
