package control

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kktd/clock"
	"kktd/kkt"
)

// imageRoutes are registers as files and snapshots.
func (a *API) imageRoutes() []Route {
	return []Route{
		{"GET", "registers/{serial}/export", a.exportRegister},
		{"POST", "registers/import", a.importRegister},
		{"GET", "registers/{serial}/snapshots", a.snapshotsOf},
		{"POST", "registers/{serial}/snapshots", a.snapshot},
		{"POST", "registers/{serial}/snapshots/{name}/restore", a.restore},
		{"DELETE", "registers/{serial}/snapshots/{name}", a.deleteSnapshot},
		{"GET", "snapshots", a.snapshots},
		{"POST", "snapshots", a.snapshotAll},
		{"POST", "snapshots/{name}/restore", a.restoreAll},
		{"DELETE", "snapshots/{name}", a.deleteSnapshots},
	}
}

// imageView counts what is in an image.
type imageView struct {
	Drives    int    `json:"drives"`    // the one in it and those before
	Documents uint32 `json:"documents"` // of all drives
	Receipts  int    `json:"receipts"`
}

// imageTimeout is how long an image may stand still on its way, real time: a large one
// takes longer than other requests may.
const imageTimeout = 30 * time.Second

// patient lets a request go on while bytes come or go. A server that sets no deadlines
// needs none moved.
type patient struct{ *http.ResponseController }

func (p patient) wait() {
	until := clock.Real().Now().Add(imageTimeout)
	_ = p.SetReadDeadline(until)
	_ = p.SetWriteDeadline(until)
}

// patientBody is a body that is read with patience.
type patientBody struct {
	io.Reader
	patient
}

func (b patientBody) Read(p []byte) (int, error) {
	b.wait()
	return b.Reader.Read(p)
}

// patientAnswer is an answer that is written with patience.
type patientAnswer struct {
	io.Writer
	patient
}

func (b patientAnswer) Write(p []byte) (int, error) {
	b.wait()
	return b.Writer.Write(p)
}

// exportRegister writes a register as one file.
func (a *API) exportRegister(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	_, write, err := reg.Image(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", octetStream)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "register-"+fileName(reg.Serial())+".kktd"))
	if r.Method == http.MethodHead {
		return nil
	}
	if err := write(patientAnswer{w, patient{http.NewResponseController(w)}}); err != nil {
		a.log.WithField("path", r.URL.Path).WithError(err).Error("export is cut off")
		panic(http.ErrAbortHandler)
	}
	return nil
}

// fileName is a serial number without what a file cannot be named with.
func fileName(serial string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, serial)
}

// importView is the answer to an import.
type importView struct {
	Image    imageView    `json:"image"` // what came
	Register registerItem `json:"register"`
}

func (a *API) importRegister(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r, "account", "secret")
	if err != nil {
		return err
	}
	account := kkt.Account{PublicID: q.get("account"), Secret: q.get("secret")}
	if err := checkPublicID("account", account.PublicID); err != nil {
		return err
	}
	// A form of a foreign page cannot send it.
	if kind := r.Header.Get("Content-Type"); kind != octetStream {
		return &Problem{Status: http.StatusUnsupportedMediaType, Code: "content_type", Field: "Content-Type", Allowed: octetStream,
			Message: fmt.Sprintf("an image is sent as it is, with Content-Type: %s, not %q", octetStream, kind)}
	}
	patience := patient{http.NewResponseController(w)}
	reg, sum, err := a.fleet.Import(r.Context(), account, patientBody{r.Body, patience})
	if patience.wait(); err != nil {
		return err
	}
	item, err := a.registerItem(reg)
	if err != nil {
		return err
	}
	w.Header().Set("Location", Prefix+"registers/"+url.PathEscape(reg.Serial()))
	return WriteJSON(w, http.StatusCreated, importView{imageView(sum), item})
}
