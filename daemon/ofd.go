package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/api/control"
	"kktd/clock"
	"kktd/fault"
	"kktd/kkt"
	"kktd/metrics"
	"kktd/ofd"
	"kktd/ofd/trace"
)

// ofdFaults reads what the built-in OFD shall do wrong; the prefix of their names may be left out.
func (c *Config) ofdFaults() (faults []fault.Fault, err error) {
	kinds := fault.NewRegistry(ofd.FaultKinds())
	for _, text := range c.OFDFaults {
		f, err := kinds.Parse(ofd.FaultName(text))
		if err != nil {
			return nil, fmt.Errorf("ofd-fault: %w", err)
		}
		faults = append(faults, f)
	}
	if len(faults) > 0 && c.OFD != ofdBuiltIn {
		return nil, fmt.Errorf("ofd-fault: %q is for the built-in OFD, and ofd is %q", c.OFDFaults[0], c.OFD)
	}
	return faults, nil
}

// serveOFD starts the built-in OFD on the listener that is there, in its own part of the store.
func (d *Daemon) serveOFD() error {
	faults, err := d.config.ofdFaults()
	if err != nil {
		return err
	}
	world, err := d.store.Namespace(ofdNamespace)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(kkt.DefaultZone)
	if err != nil {
		return err
	}
	d.ofd, err = ofd.New(ofd.Options{Store: world, Clock: d.clock, Zone: zone, Log: d.log.WithField("room", "ofd"), Master: d.config.master(), Faults: &d.faults})
	if err != nil {
		return err
	}
	d.faults.Add(faults...)
	for _, f := range faults {
		d.log.Warnf("the built-in OFD goes wrong on purpose: %s", f)
	}
	d.ofdAddr = d.ofdListener.Addr().String()
	listener := d.ofdListener
	if d.config.OFDTrace != nil {
		listener = trace.New(d.config.OFDTrace, clock.Real()).Listener(listener)
	}
	d.running.Go(func() {
		if err := d.ofd.Serve(listener); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, ofd.ErrClosed) {
			d.fail(fmt.Errorf("OFD: %w", err))
		}
	})
	return nil
}

// tracedDial taps the connections to an outside OFD; those to the built-in one are tapped there. nil: nothing is tapped.
func (d *Daemon) tracedDial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.config.OFDTrace == nil || d.ofd != nil {
		return nil
	}
	return trace.New(d.config.OFDTrace, clock.Real()).Dial(new(net.Dialer).DialContext)
}

// StartOFD starts the test OFD alone: the store, its TCP address and HTTP with its part of the control API. Settings of registers have no
// meaning then. It is otherwise as Start.
func StartOFD(ctx context.Context, c Config, clk clock.Clock, log *logrus.Logger) (_ *Daemon, err error) {
	c.OFD = ofdBuiltIn
	if err := c.check(); err != nil {
		return nil, err
	}
	d := &Daemon{config: c, log: log, metrics: metrics.New(), stop: func() {}, stopping: make(chan struct{}), failed: make(chan error, 2)}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("HTTP: %w; choose another address with --listen", err)
	}
	defer func() {
		if err != nil {
			_ = listener.Close()
			d.close(ctx)
		}
	}()
	if d.ofdListener, err = listenOFD(&c); err != nil {
		return nil, err
	}
	store, err := d.openStore()
	if err != nil {
		return nil, err
	}
	d.store = d.openFaults(store, fault.NewRegistry(ofd.FaultKinds()))
	if err = d.openClock(clk); err != nil {
		return nil, err
	}
	if err = d.serveOFD(); err != nil {
		return nil, err
	}
	d.httpAddr = listener.Addr()
	d.metrics.Watch(metrics.Sources{OFD: d.ofd, Faults: &d.faults, Clock: d.clock})
	d.serveHTTP(listener, d.ofdRoutes())
	return d, nil
}

// onRestored tells the built-in OFD that a drive is put back, so that it does not wonder
// at what comes next. The drive is put back in any case.
func (d *Daemon) onRestored(drive string, last uint32) {
	if d.ofd == nil {
		return
	}
	if err := d.ofd.Restored(drive, last); err != nil {
		d.log.WithField("drive", drive).WithError(err).Warn("OFD: it does not know that the drive was put back, and wonders at its next documents")
	}
}

const ofdWelcome = `kktd: the test operator of fiscal data alone. Its tickets are for tests only.

GET  /control/v1/ofd/documents, /control/v1/ofd/findings, /control/v1/ofd/counters
GET  /ofd/r?fn=FN&i=NUMBER&fp=SIGN
GET  /healthz, /readyz, /metrics
`

// ofdRoutes are the paths of the OFD alone.
func (d *Daemon) ofdRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(control.Prefix, d.guard(control.New(control.Options{OFD: d.ofd, Log: d.log.WithField("api", "control"), Stopping: d.stopping,
		PublicURL: d.config.PublicURL, Faults: &d.faults, FaultKinds: d.faultKinds})))
	mux.Handle("GET "+ofd.ReceiptPath, ofdReceipts{d.ofd})
	mux.Handle("GET "+metricsPath, d.guard(d.metrics.Handler()))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", d.serveReady)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ofdWelcome) })
	return mux
}
