package control

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/diagnosis"
	"kktd/event"
	"kktd/fault"
	"kktd/kkt"
	"kktd/mail"
	"kktd/ofd"
	"kktd/outbox"
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

// Options are what the API works with. Fleet and Events, or OFD, must be set; what
// is nil has no paths.
type Options struct {
	OFD     *ofd.Server // the test OFD
	Fleet   *kkt.Fleet
	Events  *event.Stream      // of the store of Fleet
	Log     logrus.FieldLogger // nil: nothing is logged
	Sender  Sender             // nil: registers are shown without it
	Letters *mail.Composer     // says what messages say; nil: the list alone is there
	Slips   Slips              // nil: documents are not shown as slips
	MaxWait time.Duration      // longest long poll, real time; 0: 60 s
	// Stopping ends the long polls when it is closed; they answer with what there
	// is. nil: nothing does.
	Stopping <-chan struct{}
	// Outbox is what webhooks shows, Resend what sends an entry of it again.
	Outbox *outbox.Box
	Resend func(number uint64) error
	// CheckWebhook gives a notification of an account its defaults and tells which
	// field cannot be used and why, as a *kkt.InvalidError.
	CheckWebhook func(*kkt.Subscription) error
	// NewSecret makes what nobody can guess, at least 16 characters.
	NewSecret func() string
	// PublicURL begins links in answers; empty: from the request.
	PublicURL string
	// Faults are the faults in force, FaultKinds those that can be set; without them
	// faults cannot be set here.
	Faults     *fault.Set
	FaultKinds *fault.Registry
	// Deliver sends what registers have not sent; nil: the paths are not there.
	Deliver Deliverer
	// Doctor tells of receipts and of the daemon; nil: nobody does.
	Doctor *diagnosis.Doctor
	// Routes are paths of other rooms, served with the habits of this API.
	Routes []Route
}

// API is the handler of all paths under Prefix. It is safe for concurrent use.
type API struct {
	fleet        *kkt.Fleet
	ofd          *ofd.Server
	publicURL    string
	events       *event.Stream
	log          logrus.FieldLogger
	sender       Sender
	slips        Slips
	letters      *mail.Composer
	maxWait      time.Duration
	stopping     <-chan struct{}
	outbox       *outbox.Box
	resend       func(uint64) error
	checkWebhook func(*kkt.Subscription) error
	newSecret    func() string
	doctor       *diagnosis.Doctor
	faults       *fault.Set
	faultKinds   *fault.Registry
	deliver      Deliverer
	mux          *http.ServeMux
	yaml         func() ([]byte, error) // the description, made once
	routes       []Route                // of two with one method and path the last counts
	paths        []string               // relative to Prefix, as unknownPath lists them
}

// New makes an API.
func New(o Options) *API {
	a := &API{fleet: o.Fleet, ofd: o.OFD, publicURL: o.PublicURL, events: o.Events, log: o.Log, sender: o.Sender, slips: o.Slips, letters: o.Letters, maxWait: o.MaxWait, stopping: o.Stopping, outbox: o.Outbox, resend: o.Resend,
		checkWebhook: o.CheckWebhook, newSecret: o.NewSecret, doctor: o.Doctor, deliver: o.Deliver, faults: o.Faults, faultKinds: o.FaultKinds, mux: http.NewServeMux()}
	if a.log == nil {
		l := logrus.New()
		l.SetOutput(io.Discard)
		a.log = l
	}
	a.yaml = sync.OnceValues(func() ([]byte, error) { return blockYAML(openAPI) })
	if a.maxWait <= 0 {
		a.maxWait = defaultMaxWait
	}
	var routes []Route
	if a.fleet != nil {
		routes = slices.Concat(a.fleetRoutes(), a.operationRoutes(), a.organisationRoutes(), a.imageRoutes())
	}
	if a.deliver != nil {
		routes = append(routes, Route{"POST", "deliver", a.deliverAll}, Route{"POST", "registers/{serial}/deliver", a.deliverOne})
	}
	routes = append(routes, a.webhookRoutes()...)
	routes = append(routes, a.doctorRoutes()...)
	routes = append(routes, a.faultRoutes()...)
	if a.ofd != nil {
		routes = append(routes, a.ofdRoutes()...)
	}
	routes = append(routes, Route{"GET", "openapi.json", a.describe}, Route{"GET", "openapi.yaml", a.describe})
	a.mount(append(routes, o.Routes...))
	a.mux.HandleFunc("/", a.unknownPath)
	return a
}

// fleetRoutes are the paths of registers, receipts, clocks and events.
func (a *API) fleetRoutes() []Route {
	return []Route{
		{"GET", "registers", a.registers},
		{"GET", "registers/{serial}", a.register},
		{"GET", "registers/{serial}/documents", a.documents},
		{"GET", "registers/{serial}/documents/{number}", a.document},
		{"GET", "registers/{serial}/documents/{number}/{slip}", a.slip},
		{"GET", "registers/{serial}/drives", a.drives},
		{"GET", "registers/{serial}/drives/{drive}/documents", a.documents},
		{"GET", "registers/{serial}/drives/{drive}/documents/{number}", a.document},
		{"GET", "registers/{serial}/drives/{drive}/documents/{number}/{slip}", a.slip},
		{"GET", "receipts/{id}", a.receipt},
		{"GET", "messages", a.messageList},
		{"GET", "messages/{id}", a.message},
		{"GET", "clock", a.clock},
		{"GET", "events", a.readEvents},
		{"POST", "clock", a.clock},
		{"GET", "registers/{serial}/clock", a.registerClock},
		{"POST", "registers/{serial}/clock", a.registerClock},
	}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }
