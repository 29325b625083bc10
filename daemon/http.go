package daemon

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"kktd/api/cloudkassir"
	"kktd/api/control"
	"kktd/diagnosis"
	"kktd/ofd"
	"kktd/pages"
	"kktd/storage"
)

// Limits of HTTP. They follow the real clock: a peer that sends a byte a second
// is cut off whatever the business time is.
const (
	maxBody       = 1 << 20
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	// writeTimeout counts from the request on, so it is longer than a long poll.
	writeTimeout = 3 * time.Minute
)

func (d *Daemon) newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout}
}

// serveHTTP answers requests from now on.
func (d *Daemon) serveHTTP(listener net.Listener, h http.Handler) {
	d.http = d.newHTTPServer(h)
	d.running.Go(func() {
		if err := d.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			d.fail(fmt.Errorf("HTTP: %w", err))
		}
	})
	d.ready.Store(true)
}

// routes puts every API on one port. Paths of the outside APIs match in any
// letter case and with a slash at the end (spec/api/cloudkassir.md 1).
func (d *Daemon) routes() http.Handler {
	exact := map[string]http.Handler{
		"/healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }),
		"/readyz":  http.HandlerFunc(d.serveReady),
	}
	refusals := &diagnosis.Refusals{OnAdd: d.metrics.Refused}
	ck := cloudkassir.New(cloudkassir.Options{Fleet: d.metrics.Fleet(d.fleet), Refusals: refusals, Log: d.log, Strict: d.config.Strict,
		VATReading: cloudkassir.VATReading(d.config.CorrectionVAT == "new"), FreeCorrections: d.config.FreeCorrections, TestQuota: d.config.TestQuota,
		RequestLimit: d.config.RequestLimit, Faults: &d.faults,
		ProtectTest: d.config.ProtectTest, PublicURL: d.config.PublicURL, OriginalLinks: d.config.OriginalLinks, NewID: d.newGUID})
	outside := d.faulty(cloudkassir.Peek, ck)
	for _, path := range ck.Routes() {
		exact[path] = outside
	}
	pages := pages.New(pages.Options{Fleet: d.fleet, Log: d.log.WithField("room", "pages"), Recurring: d.config.Seed != 0})
	ctl := control.New(control.Options{Fleet: d.fleet, Events: d.store, Log: d.log.WithField("api", "control"), Sender: d.senderStates(), Slips: pages, Letters: d.letters, Stopping: d.stopping,
		Outbox: d.outbox, Resend: d.webhooks.Resend, CheckWebhook: cloudkassir.CheckSubscription, NewSecret: d.newSecret,
		OFD: d.ofd, PublicURL: d.config.PublicURL, Deliver: d.deliverer(), Doctor: d.newDoctor(ck, refusals), Faults: &d.faults, FaultKinds: d.faultKinds, Routes: d.scenarioRoutes()})
	if d.ofd != nil {
		exact[ofd.ReceiptPath] = ofdReceipts{d.ofd}
	}
	d.control = ctl
	exact[metricsPath] = d.guard(d.metrics.Handler())
	guarded := d.guard(ctl)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/control/v1/") {
			guarded.ServeHTTP(w, r)
			return
		}
		path := r.URL.Path
		if h, ok := exact[path]; ok {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			h.ServeHTTP(w, r)
			return
		}
		path = strings.ToLower(path)
		if len(path) > 1 {
			path = strings.TrimSuffix(path, "/")
		}
		if h, ok := exact[path]; ok {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			r.URL.Path = path
			h.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

func (d *Daemon) serveReady(w http.ResponseWriter, _ *http.Request) {
	if !d.ready.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// metricsPath is where Prometheus looks.
const metricsPath = "/metrics"

// senderStates gives the control API the state of the delivery of a register.
func (d *Daemon) senderStates() control.Sender {
	if d.sender == nil {
		return nil
	}
	return senderStates{d}
}

type senderStates struct{ d *Daemon }

func (s senderStates) State(serial string, drive storage.DriveID) (any, bool) {
	return s.d.sender.State(serial, drive)
}
