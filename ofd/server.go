package ofd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// Options of a Server. Store, Clock and Zone must be set.
type Options struct {
	Store storage.Store      // a namespace of the server's own; it uses records only
	Clock clock.Clock        // business time: 1012 of tickets, time of arrival
	Zone  *time.Location     // of 1012 in tickets
	Log   logrus.FieldLogger // nil: no log

	Master []byte // key of the signs; nil: fn.DefaultMaster
	INN    string // 1017, 10 or 12 digits; "": fn.TestOFDINN

	// Deadlines by the real clock; 0: the default.
	IdleTimeout  time.Duration // from one frame to the next; 300 s
	ReadTimeout  time.Duration // for a whole frame from its first byte on; 10 s
	WriteTimeout time.Duration // for an answer; 10 s

	MaxConns int // connections at once, more are turned away; 0: 4096

	// Check is format control of a document TLV. A finding of severity error makes 1022 = 14. nil: ffd.Check.
	Check func(doc []byte) []ffd.Finding
	// Answer sees every request after its document is durable and may change the reply: send other bytes or none, close, or
	// wait (until ctx ends, as it does when Shutdown begins). It is called from many goroutines. nil: no change.
	Answer func(ctx context.Context, r *Request, reply Reply) Reply

	// Faults are what goes wrong on purpose; nil: a set of its own, which Server.Faults gives.
	Faults *fault.Set
}

// Defaults of Options (spec/ofd-protocol.md 2, answer wait).
const (
	defaultIdle     = 300 * time.Second
	defaultRead     = 10 * time.Second
	defaultWrite    = 10 * time.Second
	defaultMaxConns = 4096
)

// Request is a message that was read, as Answer sees it. Slices live during the call.
type Request struct {
	Remote    string // peer address
	Header    ofdproto.SessionHeader
	Container ofdproto.Container // zero for a probe
	Number    uint32             // of the document; 0 for a probe
	Document  Document           // as it is stored; zero for a probe
	Resend    bool               // was there already
}

// Drive is the FN number without padding.
func (r *Request) Drive() string { return ofdproto.DriveString(r.Header.Drive) }

// Reply is what goes back to the register.
type Reply struct {
	Message []byte // session header and container; empty: nothing is sent
	Close   bool   // close the connection afterwards
}

// Server is the test OFD. All methods may be called from many goroutines.
type Server struct {
	o         Options
	lastEpoch atomic.Uint64
	faults    *fault.Set
	arrivals  arrivals
	counters  counters
	spare     sync.Pool // of *conversation
	closing   atomic.Bool
	ctx       context.Context // ends when Shutdown begins
	stop      context.CancelFunc
	running   sync.WaitGroup // connections

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{}
	drives    map[[ofdproto.DriveLen]byte]*drive
}

// ErrClosed is returned by Serve when Shutdown has been called before.
var ErrClosed = errors.New("ofd: server is closed")

// New makes a server. The error tells which option is wrong, or is one of the store.
func New(o Options) (*Server, error) {
	switch {
	case o.Store == nil:
		return nil, errors.New("ofd: Options.Store is nil")
	case o.Clock == nil:
		return nil, errors.New("ofd: Options.Clock is nil")
	case o.Zone == nil:
		return nil, errors.New("ofd: Options.Zone is nil")
	}
	if o.Log == nil {
		l := logrus.New()
		l.SetOutput(io.Discard)
		o.Log = l
	}
	if o.Master == nil {
		o.Master = []byte(fn.DefaultMaster)
	}
	if o.INN == "" {
		o.INN = fn.TestOFDINN
	}
	if n := len(o.INN); n != 10 && n != 12 {
		return nil, fmt.Errorf("ofd: Options.INN %q has %d characters, want 10 or 12 digits", o.INN, n)
	}
	o.IdleTimeout = orDefault(o.IdleTimeout, defaultIdle)
	o.ReadTimeout = orDefault(o.ReadTimeout, defaultRead)
	o.WriteTimeout = orDefault(o.WriteTimeout, defaultWrite)
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	if o.Check == nil {
		o.Check = ffd.Check
	}
	s := &Server{o: o, listeners: make(map[net.Listener]struct{}), conns: make(map[net.Conn]struct{}),
		drives: make(map[[ofdproto.DriveLen]byte]*drive)}
	s.counters.bad, s.counters.faults = make(map[ofdproto.Reason]uint64), make(map[string]uint64)
	if s.faults = o.Faults; s.faults == nil {
		s.faults = new(fault.Set)
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("ofd: %w", err)
	}
	return s, nil
}

// open finds what the store ends with, after it has been brought into the present layout.
func (s *Server) open() error {
	for {
		for _, end := range []struct {
			kind storage.Kind
			set  func(uint64)
		}{{kindEpoch, s.lastEpoch.Store}, {kindDocument, func(id uint64) { s.arrivals.last = id }}} {
			key, _, err := s.o.Store.LastRecord(end.kind, nil)
			if errors.Is(err, storage.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			last, err := parseSequence(key)
			if err != nil {
				return err
			}
			end.set(last)
		}
		if upgraded, err := s.upgrade(); !upgraded || err != nil {
			return err
		}
	}
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// acceptPause is the wait after a failure of Accept that passes by itself, such as no free file descriptors.
const acceptPause = 50 * time.Millisecond

// Serve takes connections from l until Shutdown, then it closes l and returns nil. Any other error of l is returned.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if !s.addListener(l) {
		return ErrClosed
	}
	defer s.removeListener(l)
	for {
		c, err := l.Accept()
		var passing interface{ Temporary() bool }
		switch {
		case err == nil:
			s.start(c)
		case s.closing.Load():
			return nil
		case errors.As(err, &passing) && passing.Temporary():
			s.o.Log.WithError(err).Warn("ofd: accept failed, trying again")
			pause := clock.Real().NewTimer(acceptPause)
			select {
			case <-pause.Chan():
			case <-s.ctx.Done():
				pause.Stop()
			}
		default:
			return fmt.Errorf("ofd: accept: %w", err)
		}
	}
}

// start gives the connection a goroutine of its own, or turns it away.
func (s *Server) start(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing.Load():
		_ = c.Close()
	case len(s.conns) >= s.o.MaxConns:
		s.counters.turned.Add(1)
		defer c.Close()
		s.o.Log.WithField("remote", c.RemoteAddr().String()).Warnf("ofd: connection turned away: %d are open", s.o.MaxConns)
	default:
		s.conns[c] = struct{}{}
		s.counters.accepted.Add(1)
		s.running.Go(func() {
			defer s.end(c)
			s.converse(c)
		})
	}
}

func (s *Server) end(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) addListener(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) removeListener(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// Shutdown closes the listeners and the connections that wait for a frame, and lets requests under way have their answer. When
// ctx ends first it closes everything and returns the error of ctx. No goroutine is left afterwards.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing.Store(true)
	for l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.conns {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // wakes a reader; converse looks at closing after it sets its own
	}
	s.mu.Unlock()
	s.stop()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}
