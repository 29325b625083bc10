package sender

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/storage"
)

// Register is what the sender knows of a register. Its methods are called from one worker at a time; they must not call Wake
// while they hold a lock that they need themselves.
type Register interface {
	// Serial is the key of the register, tag 1013.
	Serial() string
	// DriveInfo tells the current drive: its identity in the store, its FN number, and the version of the registration.
	DriveInfo() (id storage.DriveID, number [16]byte, version ffd.Version)
	// Unsent is the range without a ticket by the committed state; 0, 0 when there is none.
	Unsent() (first, last uint32)
	// Documents calls fn for the documents of the current drive from number `from` on, ascending, at most limit of them. The
	// container lives during the call. An error of fn ends it and is returned unchanged.
	Documents(from uint32, limit int, fn func(number uint32, container []byte) error) error
	// Confirm queues the ticket for a document; ticket belongs to the register from now on. done is called exactly once, after the
	// commit with nil or with the error, from any goroutine, also before Confirm returns.
	Confirm(number uint32, ticket []byte, done func(error))
	// Master is the key of the installation.
	Master() []byte
}

// Options of a Sender. Addr and Clock must be set.
type Options struct {
	Addr  string                                                            // HOST:PORT of the OFD
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error) // nil: net.Dialer
	Log   logrus.FieldLogger                                                // nil: no log
	Clock clock.Clock                                                       // business time
	Mode  fn.TicketMode

	AnswerTimeout time.Duration // from the first byte sent to the last received; 0: 60 s
	BackoffMin    time.Duration // 0: 1 s
	BackoffMax    time.Duration // 0: 60 s
	Seed          uint64        // of the jitter
	// Linger is how long a worker keeps its connection open for the next document; 0: 250 ms, below 0: not at all. A register
	// that waits for a worker cuts it short.
	Linger             time.Duration
	OneConnPerDocument bool
	MaxConns           int // workers, each with one connection; 0: 64
	MaxInFlight        int // tickets of one register that wait for their commit; 0: 1024
}

// Defaults of Options (spec/ofd-protocol.md 2).
const (
	defaultAnswer   = 60 * time.Second
	defaultMin      = time.Second
	defaultMax      = 60 * time.Second
	defaultLinger   = 250 * time.Millisecond
	defaultConns    = 64
	defaultInFlight = 1024

	maxDialTime = 10 * time.Second // an address that swallows packets must not hold a worker for longer
)

func (o Options) withDefaults() Options {
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Log == nil {
		l := logrus.New()
		l.SetOutput(io.Discard)
		o.Log = l
	}
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{{&o.AnswerTimeout, defaultAnswer}, {&o.BackoffMin, defaultMin}, {&o.BackoffMax, defaultMax}} {
		if *d.value <= 0 {
			*d.value = d.otherwise
		}
	}
	if o.Linger == 0 {
		o.Linger = defaultLinger
	}
	if o.MaxConns <= 0 {
		o.MaxConns = defaultConns
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = defaultInFlight
	}
	return o
}

// Sender is the scheduler of all registers. All methods may be called from many goroutines.
type Sender struct {
	o     Options
	spare chan struct{} // asks one lingering worker to end: a register waits for its place

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before and after it
	ended   bool
	queues  map[string]*queue // by serial number
	ready   []*queue          // wait for a worker, oldest first
	workers int
	running sync.WaitGroup
}

// New makes a sender. It does nothing before Run.
func New(o Options) *Sender {
	return &Sender{o: o.withDefaults(), spare: make(chan struct{}, 1), queues: make(map[string]*queue)}
}

// Wake tells that the register may have something to send. It neither blocks nor asks the register anything but its serial
// number. A register that waits after a failure goes on waiting.
func (s *Sender) Wake(r Register) {
	serial := r.Serial()
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[serial]
	if !ok {
		q = &queue{serial: serial, poke: make(chan struct{}, 1)}
		s.queues[serial] = q
	}
	q.register = r
	switch q.phase {
	case idle:
		s.makeReady(q)
	case working:
		q.woken = true
		q.signal()
	}
}

// Run sends until ctx ends; then every connection is closed and no goroutine is left. It returns the error of ctx. A sender runs
// once. A done that is called later is still counted.
func (s *Sender) Run(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	for range min(len(s.ready), s.o.MaxConns) {
		s.startWorker()
	}
	s.mu.Unlock()

	<-ctx.Done()
	s.mu.Lock()
	s.ended = true
	for _, q := range s.queues {
		q.stopTimers()
	}
	s.mu.Unlock()
	s.running.Wait()
	return ctx.Err()
}

// makeReady puts the queue at the end of the line and finds a worker for it. s.mu is held.
func (s *Sender) makeReady(q *queue) {
	q.phase = ready
	q.state.NextTry = time.Time{}
	s.ready = append(s.ready, q)
	switch {
	case s.ctx == nil || s.ended:
	case s.workers < s.o.MaxConns:
		s.startWorker()
	default:
		select {
		case s.spare <- struct{}{}:
		default:
		}
	}
}

// startWorker is called with s.mu held.
func (s *Sender) startWorker() {
	s.workers++
	ctx := s.ctx
	s.running.Go(func() {
		for q := s.next(); q != nil; q = s.next() {
			w := worker{s: s, q: q}
			err := w.serve(ctx)
			w.hangUp()
			s.finish(q, err)
		}
	})
}

// next gives a worker its next queue, nil when it must end.
func (s *Sender) next() *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) == 0 || s.ended || s.ctx.Err() != nil {
		s.workers--
		return nil
	}
	q := s.ready[0]
	s.ready[0] = nil
	if s.ready = s.ready[1:]; len(s.ready) == 0 {
		s.ready = nil
	}
	q.phase = working
	return q
}

// othersWait tells that a register waits for a worker.
func (s *Sender) othersWait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ready) > 0
}
