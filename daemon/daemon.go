package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/sirupsen/logrus"

	"kktd/api/control"
	"kktd/clock"
	"kktd/event"
	"kktd/fault"
	"kktd/ffd"
	"kktd/kkt"
	"kktd/mail"
	"kktd/metrics"
	"kktd/ofd"
	"kktd/outbox"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
	"kktd/webhook"
)

// Daemon is a running kktd.
type Daemon struct {
	config Config
	log    *logrus.Logger
	clock  *clock.Business
	store  *event.Stream
	fleet  *kkt.Fleet
	ofd    *ofd.Server // nil with an outside OFD or none
	sender *sender.Sender

	outbox     *outbox.Box
	webhooks   *webhook.Deliverer
	transports map[string]webhook.Transport // not changed once the outbox is delivered
	letters    *mail.Composer

	metrics *metrics.Metrics

	faults     fault.Set
	faultKinds *fault.Registry
	requests   atomic.Uint64 // that brought faults of their own
	bodies     sync.Pool     // of *body

	control  *control.API
	http     *http.Server
	httpAddr net.Addr

	ofdListener net.Listener // of the built-in OFD
	ofdAddr     string

	askers askers // requests under way, with delivery sync
	guids  guids

	ready    atomic.Bool
	stopping chan struct{}
	stop     context.CancelFunc // of the sender
	sending  sync.WaitGroup
	running  sync.WaitGroup // servers
	failed   chan error     // of a server that ended by itself
	once     sync.Once
}

// Start opens everything and returns when requests are answered. On an error
// nothing is left open. The daemon runs until Shutdown; ctx limits the start
// alone. clk is what the business clock follows: the machine's clock.
func Start(ctx context.Context, c Config, clk clock.Clock, log *logrus.Logger) (_ *Daemon, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	d := &Daemon{config: c, log: log, metrics: metrics.New(), stop: stop, stopping: make(chan struct{}), failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			d.close(ctx)
		}
	}()
	// Addresses first: a start that fails for a busy port leaves no file.
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("HTTP: %w; choose another address with --listen", err)
	}
	defer func() {
		if err != nil {
			_ = listener.Close()
		}
	}()
	d.httpAddr = listener.Addr()
	if d.ofdListener, err = listenOFD(&c); err != nil {
		return nil, err
	}
	store, err := d.openStore()
	if err != nil {
		return nil, err
	}
	d.store = d.openFaults(store, c.faultKinds())
	if err = d.openClock(clk); err != nil {
		return nil, err
	}
	if err = d.startOFD(); err != nil {
		return nil, err
	}
	if err = d.openOutbox(); err != nil {
		return nil, err
	}
	if err = d.openFleet(ctx); err != nil {
		return nil, err
	}
	d.httpAddr = listener.Addr()
	if err = d.openMail(); err != nil {
		return nil, err
	}
	d.startOutbox(background)
	if d.sender != nil {
		d.sending.Go(func() { _ = d.sender.Run(background) })
		d.sendBacklog(ctx)
	}
	d.faults.OnLifted = d.fleet.FaultsLifted
	if err = d.setFaults(); err != nil {
		return nil, err
	}
	if err = d.openIDs(); err != nil {
		return nil, err
	}
	d.metrics.Watch(metrics.Sources{Fleet: d.fleet, Sender: d.sender, OFD: d.ofd, Webhooks: d.webhooks, Faults: &d.faults, Clock: d.clock})
	d.serveHTTP(listener, d.awaitTickets(d.routes()))
	return d, nil
}

func (d *Daemon) openStore() (storage.Store, error) {
	c := &d.config
	if c.Memory {
		return d.metrics.Store(memory.Open()), nil
	}
	s, err := bolt.Open(bolt.Options{Path: c.Data, NoSync: c.Durability == "none", OnCommit: d.metrics.Commit})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	return d.metrics.Store(s), nil
}

// listenOFD takes the address of the built-in OFD, nil when another one is set.
func listenOFD(c *Config) (net.Listener, error) {
	if c.OFD != ofdBuiltIn {
		return nil, nil
	}
	l, err := net.Listen("tcp", c.OFDListen)
	if err != nil {
		return nil, fmt.Errorf("OFD: %w; choose another address with --ofd-listen", err)
	}
	return l, nil
}

// startOFD starts the built-in OFD unless another one is set.
func (d *Daemon) startOFD() error {
	c := &d.config
	if c.OFD != ofdBuiltIn {
		d.ofdAddr = c.OFD
		return nil
	}
	return d.serveOFD()
}

// openFleet makes the sender, which the fleet wakes, and the fleet.
func (d *Daemon) openFleet(ctx context.Context) error {
	c := &d.config
	o := kkt.Options{Store: d.store, Clock: d.clock, Log: d.log.WithField("room", "kkt"), Master: d.config.master(), Seed: c.Seed, Faults: &d.faults,
		TicketMode: ticketModes[c.TicketCheck], AnyDriveNumber: c.AnyDriveNumber, Strict: c.Strict,
		Delay: c.ProcessingDelay, OnStopped: d.fail, Outbox: d.outbox, Notifiers: d.notifiers(), MailServer: c.SMTP}
	if o.Seed == 0 {
		o.Seed = newSeed()
	}
	if c.OFD != OFDNone {
		d.sender = sender.New(sender.Options{Addr: d.ofdAddr, Log: d.log.WithField("room", "sender"), Clock: d.clock,
			Mode: ticketModes[c.TicketCheck], Seed: o.Seed, AnswerTimeout: c.OFDTimeout, OneConnPerDocument: c.OFDOneConnection,
			Dial: d.tracedDial(), Linger: c.linger(), NoRetry: c.Delivery == DeliveryManual, Watcher: d.metrics.Watcher()})
		o.OneTicket, o.OnDocuments, o.OnClock = c.Delivery != DeliveryAsync, d.onDocuments, d.onClock
		o.OnDeleted, o.OnRestored = d.sender.Forget, d.onRestored
	}
	var err error
	if d.fleet, err = kkt.Open(o); err != nil {
		return err
	}
	seeded := len(c.Seeds) > 0
	if err := d.applySeeds(ctx); err != nil {
		return err
	}
	if len(c.Organisations) > 0 {
		return d.applyOrganisations(ctx)
	}
	if !d.fleet.Empty() || seeded {
		return nil
	}
	version, err := ffd.ParseVersion(c.FFD)
	if err != nil {
		return err
	}
	return firstStart(d.fleet, version, c.Bare)
}

// HTTPAddr is the address that HTTP listens on, with the real port.
func (d *Daemon) HTTPAddr() string { return d.httpAddr.String() }

// OFDAddr is the address of the OFD that documents go to, or "none".
func (d *Daemon) OFDAddr() string { return d.ofdAddr }

// URL is the base of all paths for a client on this machine.
func (d *Daemon) URL() string {
	host, port, _ := net.SplitHostPort(d.HTTPAddr())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Fleet is the registers of the daemon.
func (d *Daemon) Fleet() *kkt.Fleet { return d.fleet }

// OFD is the built-in OFD, nil when there is none.
func (d *Daemon) OFD() *ofd.Server { return d.ofd }

// fail tells whoever runs the daemon that it must end; the first reason counts.
func (d *Daemon) fail(err error) {
	select {
	case d.failed <- err:
	default:
	}
}

// Failed tells when a server ended by itself or the store has stopped.
func (d *Daemon) Failed() <-chan error { return d.failed }

// Shutdown stops the daemon: no new requests, answers to those under way, what
// is queued is committed, connections closed, the file closed. ctx limits the
// waiting for requests. It may be called more than once; later calls do nothing.
func (d *Daemon) Shutdown(ctx context.Context) error {
	var err error
	d.once.Do(func() { err = d.close(ctx) })
	return err
}

func (d *Daemon) close(ctx context.Context) error {
	d.ready.Store(false)
	close(d.stopping)
	var errs []error
	if d.http != nil {
		if err := d.http.Shutdown(ctx); err != nil {
			d.log.WithError(err).Warn("HTTP: requests that had not ended are cut off")
			_ = d.http.Close()
		}
	}
	d.stop()
	d.sending.Wait() // its last tickets are queued before the fleet closes
	if d.fleet != nil {
		d.fleet.Close()
	}
	if d.ofdListener != nil {
		_ = d.ofdListener.Close() // also when nothing served it yet
	}
	if d.ofd != nil {
		errs = append(errs, d.ofd.Shutdown(ctx))
	}
	d.running.Wait()
	if d.store != nil {
		errs = append(errs, d.store.Close())
	}
	return errors.Join(errs...)
}
