package control

import (
	"io"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/kkt"
	"kktd/storage"
)

// Prefix begins every path of the API.
const Prefix = "/control/v1/"

// defaultMaxWait is the longest long poll when Options do not say.
const defaultMaxWait = 60 * time.Second

// Sender tells how the exchange of a register's drive with the OFD stands. The
// state is shown as its JSON; false when there is nothing to tell.
type Sender interface {
	State(serial string, drive storage.DriveID) (any, bool)
}

// Options are what the API works with. Fleet must be set.
type Options struct {
	Fleet   *kkt.Fleet
	Log     logrus.FieldLogger // nil: nothing is logged
	Sender  Sender             // nil: registers are shown without it
	MaxWait time.Duration      // longest long poll, real time; 0: 60 s
	// Stopping ends the long polls when it is closed; they answer with what there
	// is. nil: nothing does.
	Stopping <-chan struct{}
}

// API is the handler of all paths under Prefix. It is safe for concurrent use.
type API struct {
	fleet    *kkt.Fleet
	log      logrus.FieldLogger
	sender   Sender
	maxWait  time.Duration
	stopping <-chan struct{}
	mux      *http.ServeMux
}

// New makes an API.
func New(o Options) *API {
	a := &API{fleet: o.Fleet, log: o.Log, sender: o.Sender, maxWait: o.MaxWait, stopping: o.Stopping, mux: http.NewServeMux()}
	if a.log == nil {
		l := logrus.New()
		l.SetOutput(io.Discard)
		a.log = l
	}
	if a.maxWait <= 0 {
		a.maxWait = defaultMaxWait
	}
	for _, r := range []struct {
		path  string
		serve handler
	}{
		{"registers", a.registers},
		{"registers/{serial}", a.register},
		{"registers/{serial}/documents", a.documents},
		{"registers/{serial}/documents/{number}", a.document},
		{"registers/{serial}/drives", a.drives},
		{"registers/{serial}/drives/{drive}/documents", a.documents},
		{"registers/{serial}/drives/{drive}/documents/{number}", a.document},
		{"receipts/{id}", a.receipt},
	} {
		a.mux.Handle(Prefix+r.path, a.route(r.serve))
	}
	a.mux.Handle("/", a.route(unknownPath))
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// handler answers a request, or returns the error to answer with.
type handler func(w http.ResponseWriter, r *http.Request) error

func (a *API) route(serve handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		err := error(nil)
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			err = serve(w, r)
		} else {
			w.Header().Set("Allow", "GET, HEAD")
			err = &problem{status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
				Message: "this path is only read; use GET or HEAD, not " + r.Method, Allowed: "GET, HEAD"}
		}
		if err != nil {
			a.refuse(w, r, err)
		}
	}
}

func unknownPath(_ http.ResponseWriter, r *http.Request) error {
	return &problem{status: http.StatusNotFound, Code: "not_found",
		Message: "there is no " + r.URL.Path + "; begin with GET " + Prefix + "registers",
		Allowed: "registers, registers/{serial}, registers/{serial}/documents, registers/{serial}/documents/{number}, registers/{serial}/drives, " +
			"registers/{serial}/drives/{drive}/documents, registers/{serial}/drives/{drive}/documents/{number}, receipts/{id}"}
}
