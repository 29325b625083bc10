package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/sirupsen/logrus"

	"kktd/kkt"
	"kktd/slip"
	"kktd/storage"
)

// Options are what pages need. Fleet and Log must be set.
type Options struct {
	Fleet *kkt.Fleet
	Log   logrus.FieldLogger
	// Recurring tells that ids of receipts come again after a fresh start, as they do
	// with a fixed seed: then nothing may be kept by a browser without asking.
	Recurring bool
}

// Pages is the handler. It is safe for concurrent use.
type Pages struct {
	o       Options
	painter *slip.Painter
	policy  string
}

// New makes the handler.
func New(o Options) *Pages {
	return &Pages{o: o, painter: slip.NewPainter(), policy: slip.ContentSecurityPolicy()}
}

const welcome = `kktd: a virtual online cash register. Its documents are for tests only.

POST /kkt/receipt and the other methods of the CloudKassir cash register
GET  /control/v1/registers
GET  /r/{id of a receipt}, the same with .png, .txt or .json behind it
GET  /receipt?q={text of a QR code}
GET  /healthz, /readyz
`

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "kktd does not have this method (yet); GET / lists what it has", http.StatusNotFound)
		return
	}
	if r.URL.Path == "/" {
		w.Header().Set("Content-Type", asText.contentType())
		_, _ = w.Write([]byte(welcome))
		return
	}
	path, f := cutFormat(r.URL.Path)
	a := answer{status: http.StatusOK, format: f, path: path, query: r.URL.RawQuery}
	if f == "" {
		a.format = accepted(r.Header.Get("Accept"))
		w.Header().Set("Vary", "Accept")
	}
	var err error
	switch id, isReceipt := strings.CutPrefix(path, "/r/"); {
	case isReceipt:
		err = p.receipt(&a, id)
	case path == "/receipt":
		err = p.byQR(&a, r.URL.Query().Get("q"))
	default:
		err = fmt.Errorf("%w: path %q", kkt.ErrNotFound, r.URL.Path)
	}
	p.serve(w, r, &a, err)
}

// Document serves the slip of a document of a register: in the form of the ending of
// the path, or by the Accept header. Who calls it has checked the caller.
func (p *Pages) Document(w http.ResponseWriter, r *http.Request, reg *kkt.Register, drive storage.DriveID, number uint32) {
	path, f := cutFormat(r.URL.Path)
	a := answer{status: http.StatusOK, format: f, path: path}
	if f == "" {
		a.format = accepted(r.Header.Get("Accept"))
		w.Header().Set("Vary", "Accept")
	}
	in, err := slip.Stored(reg, drive, number)
	a.slips = []slip.Input{in}
	a.title = fmt.Sprintf("ФД № %d", number)
	p.serve(w, r, &a, err)
}

// receipt answers for a receipt by its id, also one that has no document.
func (p *Pages) receipt(a *answer, path string) error {
	id, ofd := strings.CutSuffix(path, "/ofd")
	rec, err := p.o.Fleet.Receipt(id)
	if err != nil {
		return err
	}
	a.receipt, a.state = rec.ID, rec.Status
	switch rec.Status {
	case kkt.Queued:
		a.status, a.heading, a.refresh = http.StatusAccepted, "Чек в очереди", queuedRefresh
		a.notice = []string{"Чек принят и ждёт формирования, страница обновится сама."}
		return nil
	case kkt.Failed:
		a.status, a.heading, a.reason = http.StatusGone, "Чек не сформирован", rec.Reason()
		a.notice = []string{"Причина: " + a.reason}
		return nil
	}
	if a.slips, err = slip.OfReceipt(p.o.Fleet, rec); err != nil {
		return err
	}
	a.title = "Чек"
	if ofd {
		a.title = "Чек в ОФД"
		return p.operator(a, rec)
	}
	a.immutable = !p.o.Recurring
	return nil
}

// queuedRefresh is after how many seconds a browser asks again for a receipt that
// waits.
const queuedRefresh = 2

// notFound is what a page says of an error of kkt.ErrNotFound.
type notFound struct{ reason string } // Russian

func (e *notFound) Error() string { return "pages: " + e.reason }

// Unwrap gives kkt.ErrNotFound.
func (e *notFound) Unwrap() error { return kkt.ErrNotFound }

// refuse turns an error into an answer.
func (p *Pages) refuse(a *answer, err error) {
	reason := (*notFound)(nil)
	a.slips, a.title, a.heading, a.notice, a.refresh, a.immutable = nil, "", "", nil, 0, false
	switch {
	case errors.As(err, &reason):
		a.status, a.heading, a.reason = http.StatusNotFound, "Чек не найден", reason.reason
	case errors.Is(err, kkt.ErrNotFound):
		a.status, a.heading, a.reason = http.StatusNotFound, "Чек не найден", "Такого чека здесь нет: проверьте адрес."
	case errors.Is(err, kkt.ErrClosed), errors.Is(err, storage.ErrClosed):
		a.status, a.heading, a.reason = http.StatusServiceUnavailable, "Сервис останавливается", "Повторите запрос позже."
	default:
		a.status, a.heading, a.reason = http.StatusInternalServerError, "Чек нельзя показать", "Внутренняя ошибка, подробности в журнале."
		p.o.Log.WithField("path", a.path).WithError(err).Error("a slip cannot be shown")
	}
	a.notice = []string{a.reason}
}
