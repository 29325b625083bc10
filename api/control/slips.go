package control

import (
	"net/http"
	"slices"

	"kktd/kkt"
	"kktd/storage"
)

// Slips serves the slip of a document in the form of the ending of the path, or by
// the Accept header.
type Slips interface {
	Document(w http.ResponseWriter, r *http.Request, reg *kkt.Register, drive storage.DriveID, number uint32)
}

// slip answers for documents/{number}/slip, slip.html, slip.png, slip.txt and
// slip.json: a document as people read it.
func (a *API) slip(w http.ResponseWriter, r *http.Request) error {
	if a.slips == nil || !slices.Contains([]string{"slip", "slip.html", "slip.png", "slip.txt", "slip.json"}, r.PathValue("slip")) {
		a.unknownPath(w, r)
		return nil
	}
	x, number, err := a.numbered(r)
	if err != nil {
		return err
	}
	if _, _, err := x.reg.Document(x.drive, number); err != nil {
		return err
	}
	a.slips.Document(w, r, x.reg, x.drive, number)
	return nil
}
