package cloudkassir

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/diagnosis"
	"kktd/fault"
	"kktd/kkt"
)

// Fleet is what the API needs of the registers.
type Fleet interface {
	// Account finds credentials by their public id.
	Account(publicID string) (kkt.Account, bool)
	// Organisation finds a user of registers.
	Organisation(inn string) (kkt.Organisation, bool)
	// Submit makes the documents of r. It keeps neither r nor anything that r points to when it returns.
	// Errors: *kkt.ChoiceError, *fn.Refusal, *ffd.FieldError, kkt.ErrOutOfService, kkt.ErrClosed, those of ctx.
	Submit(ctx context.Context, r *kkt.Receipt) (*kkt.Outcome, error)
	// Replay is the stored answer to an earlier request with the same key, nil when there is none.
	Replay(r *kkt.Request) (*kkt.Outcome, error)
	// Receipt finds what is kept of a receipt; kkt.ErrNotFound.
	Receipt(id string) (*kkt.ReceiptRecord, error)
	// Details reads the fiscal data of a processed receipt.
	Details(r *kkt.ReceiptRecord) (*kkt.ReceiptDetails, error)
	// Register finds a register by its serial number; kkt.ErrNotFound.
	Register(serial string) (*kkt.Register, error)
	// Registers are all registers.
	Registers() []*kkt.Register
	// SetMaintenance takes a register out of the choice or brings it back; false when it was so already. Errors:
	// kkt.ErrNotFound, kkt.ErrOutOfService, kkt.ErrClosed.
	SetMaintenance(serial string, on bool) (changed bool, err error)
	// Subscription is what an account has set for a type of notification; nil when nothing.
	Subscription(account, api, kind string) *kkt.Subscription
	// Subscribe stores a subscription.
	Subscribe(s kkt.Subscription) error
	// Now is the business time.
	Now() time.Time
	// Fiscalize registers a register, or changes the registration of a known one, which keeps the abilities it has. What the
	// API cannot say of a new one is zero in s, for Fiscalize to fill. Errors: kkt.ErrInvalid with the reason, *fn.Refusal.
	Fiscalize(ctx context.Context, account string, s kkt.Settings) error
}

// Options are the settings of an API.
type Options struct {
	Fleet Fleet
	Log   *logrus.Logger // nil: nothing is logged
	// Strict refuses what is only forgiven otherwise: check digits of INNs and registration numbers, substitutes for
	// characters outside CP866, quantities of more than 6 decimals, the rule of MarkPartQuantity.
	Strict bool
	// ProtectTest demands credentials of /test too (spec/api/cloudkassir.md 1).
	ProtectTest bool
	// PublicURL begins the links in answers, "https://kassa.example". Empty: the address the client used.
	PublicURL string
	// OriginalLinks lets QrCodeUrl lead to the host of the real service. Of the other links no source names a host.
	OriginalLinks bool
	// VATReading is how the VatRate 5 of a correction is read.
	VATReading VATReading
	// FreeCorrections takes corrections whose Amounts differ from their items.
	FreeCorrections bool
	// TestQuota is how many receipts an organisation may make in 8 hours; 0 does not count.
	TestQuota int
	// RequestLimit is how many requests of an account may be in work at the same time, one more is answered with HTTP 429; 0: any
	// number. The document names 5 for a test terminal and 30 for a live one.
	RequestLimit int
	// Faults may strike receipts; nil: none.
	Faults *fault.Set
	// Refusals keeps the last refused requests; nil: nobody does.
	Refusals *diagnosis.Refusals
	// NewID makes the GUID of a /test answer.
	NewID func() string
}

// API is the handler of all paths in Routes. It is safe for concurrent use.
type API struct {
	o     Options
	pool  sync.Pool // of *request
	quota quota
	limit limit
}

// New makes an API. Fleet and NewID must be set.
func New(o Options) *API {
	if o.Log == nil {
		o.Log = logrus.New()
		o.Log.SetOutput(io.Discard)
		o.Log.SetLevel(logrus.PanicLevel)
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	a := &API{o: o}
	a.pool.New = func() any { return new(request) }
	return a
}

// The paths.
const (
	pathTest      = "/test"
	pathTestAlias = "/kkt/test" // what one client calls by mistake
	pathFiscalize = "/kkt/fiscalize"
	pathReceipt   = "/kkt/receipt"
	pathStatus    = "/kkt/receipt/status/get"
	pathGet       = "/kkt/receipt/get"

	pathCorrection       = "/kkt/correction-receipt"
	pathCorrectionStatus = "/kkt/correction-receipt/status/get"
	pathCorrectionGet    = "/kkt/correction-receipt/get"
	pathState            = "/kkt/state"
	pathStateGet         = "/kkt/state/get"
	pathWarnings         = "/kkt/merchant-devices-warnings"
	pathMark             = "/kkt/validate-mark-code"
	pathMarks            = "/kkt/validate-mark-codes"
)

// Name is the name of the API in records of receipts, subscriptions and the outbox.
const Name = "cloudkassir"

const apiName = Name

// Routes are the paths that ServeHTTP answers, in lower case and without a slash at the end; clients may write them otherwise.
func (a *API) Routes() []string {
	return append(notificationRoutes(), pathTest, pathTestAlias, pathFiscalize, pathReceipt, pathStatus, pathGet,
		pathCorrection, pathCorrectionStatus, pathCorrectionGet, pathState, pathStateGet, pathWarnings, pathMark, pathMarks)
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimRight(strings.ToLower(r.URL.Path), "/")
	var handle func(*request) []byte
	switch path {
	case pathTest, pathTestAlias:
		a.serveTest(w, r, path)
		return
	case pathFiscalize:
		handle = (*request).fiscalize
	case pathReceipt:
		handle = (*request).receipt
	case pathStatus:
		handle = (*request).status
	case pathGet:
		handle = (*request).get
	case pathCorrection:
		handle = (*request).correction
	case pathCorrectionStatus:
		handle = (*request).correctionStatus
	case pathCorrectionGet:
		handle = (*request).getCorrection
	case pathState:
		handle = (*request).state
	case pathStateGet:
		handle = (*request).getState
	case pathWarnings:
		handle = (*request).devicesWarnings
	case pathMark:
		handle = (*request).validateMark
	case pathMarks:
		handle = (*request).validateMarks
	default:
		if !strings.HasPrefix(path, notificationPath) {
			http.NotFound(w, r)
			return
		}
		handle = (*request).notifications
	}
	if r.Method != http.MethodPost {
		a.refuseMethod(w, "POST")
		return
	}
	account, ok := a.authenticate(r)
	if !ok {
		a.unauthorized(w, r, path)
		return
	}
	if most := a.o.RequestLimit; most > 0 {
		if !a.limit.enter(account.PublicID, most) {
			a.refuseOverload(w, path, account.PublicID)
			return
		}
		defer a.limit.leave(account.PublicID)
	}
	q := a.pool.Get().(*request)
	q.begin(a, r, path, account)
	if err := q.readBody(w, r); err != nil {
		status := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		q.log().WithError(err).WithField("status", status).Warn("body not read")
		w.WriteHeader(status)
		q.release()
		return
	}
	writeAnswer(w, handle(q))
	q.release()
}

// serveTest answers the check of credentials; the body does not matter.
func (a *API) serveTest(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		a.refuseMethod(w, "GET, POST")
		return
	}
	if a.o.ProtectTest || r.Header.Get("Authorization") != "" {
		if _, ok := a.authenticate(r); !ok {
			a.unauthorized(w, r, path)
			return
		}
	}
	writeAnswer(w, appendSimple(nil, a.o.NewID()))
}

// authenticate finds the account of the request. Secrets are compared by their hashes, so that the time tells neither their
// content nor their length, and an unknown account takes as long as a wrong secret.
func (a *API) authenticate(r *http.Request) (kkt.Account, bool) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return kkt.Account{}, false
	}
	account, known := a.o.Fleet.Account(id)
	want, got := sha256.Sum256([]byte(account.Secret)), sha256.Sum256([]byte(secret))
	same := subtle.ConstantTimeCompare(want[:], got[:]) == 1
	return account, same && known
}

func (a *API) unauthorized(w http.ResponseWriter, r *http.Request, path string) {
	id, _, present := r.BasicAuth()
	reason := "wrong credentials"
	if !present {
		reason = "no credentials"
	}
	a.o.Log.WithFields(logrus.Fields{"api": apiName, "path": path, "account": id, "reason": reason, "status": http.StatusUnauthorized}).Warn("refused")
	if a.o.Refusals != nil { // without the body, which nobody has read, and without the secret
		a.o.Refusals.Add(diagnosis.Refusal{Time: a.o.Fleet.Now(), API: apiName, Path: path, Account: id, Code: http.StatusUnauthorized, Message: reason})
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="CloudKassir", charset="UTF-8"`)
	w.WriteHeader(http.StatusUnauthorized)
}

func (a *API) refuseMethod(w http.ResponseWriter, allowed string) {
	w.Header().Set("Allow", allowed)
	w.WriteHeader(http.StatusMethodNotAllowed)
}

// baseURL is what links in answers begin with. Forwarding headers count only from a proxy on this machine.
func (a *API) baseURL(r *http.Request) string {
	if a.o.PublicURL != "" {
		return a.o.PublicURL
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && peer.Addr().Unmap().IsLoopback() {
		if proto := forwarded(r, "X-Forwarded-Proto"); proto == "http" || proto == "https" {
			scheme = proto
		}
		if h := forwarded(r, "X-Forwarded-Host"); h != "" {
			host = h
		}
	}
	return scheme + "://" + host
}

// forwarded is the first value of a list that proxies append to.
func forwarded(r *http.Request, name string) string {
	first, _, _ := strings.Cut(r.Header.Get(name), ",")
	return strings.TrimSpace(first)
}

func writeAnswer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(body) // a client that is gone is no matter of ours
}
