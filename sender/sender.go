package sender

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
)

// Register is what the sender knows of a register with one of its drives: the one that is in it, or one that was replaced or closed
// and still has unsent documents. A value stays with its drive; the next drive of a register makes another value. Methods are called
// from one worker at a time, Serial and DriveInfo from Wake too; they must not call Wake while they hold a lock that they need
// themselves.
type Register interface {
	// Serial is the serial number of the register, tag 1013.
	Serial() string
	// DriveInfo tells the drive: its identity in the store, its FN number, and the version of the registration. Serial and id are
	// the key of the queue; an id that changes ends the delivery with ErrDocument.
	DriveInfo() (id storage.DriveID, number [16]byte, version ffd.Version)
	// Unsent is the range without a ticket by the committed state; 0, 0 when there is none, or when another value has taken over.
	Unsent() (first, last uint32)
	// Documents calls fn for the documents of the drive from number `from` on, ascending, at most limit of them. The
	// container lives during the call. An error of fn ends it and is returned unchanged.
	Documents(from uint32, limit int, fn func(number uint32, container []byte) error) error
	// Confirm queues the ticket for a document; ticket belongs to the register from now on. done is called exactly once, after the
	// commit with nil or with the error, from any goroutine, also before Confirm returns.
	Confirm(number uint32, ticket []byte, done func(error))
	// Sent tells that a document went out for the first time and has no answer yet; the ticket tells the same of one that has. done is
	// called as that of Confirm.
	Sent(number uint32, done func(error))
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
	// NoRetry makes a register that waits after a failure wait for Deliver, whatever the clocks show.
	NoRetry     bool
	Watcher     Watcher // nil: nobody
	MaxConns    int     // workers, each with one connection; 0: 64
	MaxInFlight int     // tickets of one register that wait for their commit; 0: 1024
}

// Watcher is told of the exchange as it goes. Its methods must be quick: some are called with a lock held.
type Watcher interface {
	// Sending: a document is about to be written; again tells that it was before.
	Sending(again bool)
	// Answered: a good ticket came, so long after the document began to go out, real time; code is its tag 1022.
	Answered(took time.Duration, code byte)
	// Failed: a delivery has failed and the register waits.
	Failed(Reason)
}

// nobody watches.
type nobody struct{}

func (nobody) Sending(bool)                 {}
func (nobody) Answered(time.Duration, byte) {}
func (nobody) Failed(Reason)                {}

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
	if o.Watcher == nil {
		o.Watcher = nobody{}
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
	queues  map[key]*queue
	busy    map[[ofdproto.DriveLen]byte]*queue // by FN number: those that a worker has
	ready   []*queue                           // wait for a worker, oldest first
	workers int
	odd     oddities // that the log has
	running sync.WaitGroup
}

// New makes a sender. It does nothing before Run.
func New(o Options) *Sender {
	return &Sender{o: o.withDefaults(), spare: make(chan struct{}, 1), queues: make(map[key]*queue),
		busy: make(map[[ofdproto.DriveLen]byte]*queue)}
}

// Wake tells that the register may have something to send. It neither blocks nor asks the register anything but its serial
// number and its drive. A register that waits after a failure goes on waiting.
func (s *Sender) Wake(r Register) {
	drive, number, _ := r.DriveInfo()
	k := key{serial: r.Serial(), drive: drive}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake(k, number, r)
}

// Deliver is Wake that also ends the wait after a failure: somebody wants the next attempt now.
func (s *Sender) Deliver(r Register) {
	drive, number, _ := r.DriveInfo()
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.wake(key{serial: r.Serial(), drive: drive}, number, r); q.phase == waiting && !s.ended {
		q.stopTimers()
		s.makeReady(q)
	}
}

// wake is called with s.mu held.
func (s *Sender) wake(k key, number [ofdproto.DriveLen]byte, r Register) *queue {
	q, ok := s.queues[k]
	if !ok {
		q = &queue{key: k, number: number, poke: make(chan struct{}, 1)}
		s.queues[k] = q
	}
	q.register = r
	switch q.phase {
	case idle:
		s.makeReady(q)
	case working:
		q.woken = true
		q.signal()
	}
	return q
}

// Rest is closed once the sender does nothing about the drive of a register: all is sent and every ticket is committed, or it waits
// after a failure, or it was never woken. Ask for it after Wake or Deliver, and anew after each.
func (s *Sender) Rest(serial string, drive storage.DriveID) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key{serial, drive}]
	if q == nil || q.resting() {
		now := make(chan struct{})
		close(now)
		return now
	}
	if q.rest == nil {
		q.rest = make(chan struct{})
	}
	return q.rest
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
	case s.busy[q.number] != nil:
		s.busy[q.number].signal() // its worker takes this queue next
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

// next gives a worker its next queue, nil when it must end. Queues with one FN number, as a reset makes them, take turns: to the OFD
// they are one drive, whose documents must not mix.
func (s *Sender) next() *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := -1
	if !s.ended && s.ctx.Err() == nil {
		i = slices.IndexFunc(s.ready, func(q *queue) bool { return s.busy[q.number] == nil })
	}
	if i < 0 {
		s.workers--
		return nil
	}
	q := s.ready[i]
	s.ready = slices.Delete(s.ready, i, i+1)
	s.busy[q.number] = q
	q.phase = working
	return q
}

// Load counts the registers that have something to send.
type Load struct {
	Ready   int // they wait for a worker
	Working int
	Waiting int // after a failure
}

// Load tells how the registers stand now.
func (s *Sender) Load() (l Load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		switch q.phase {
		case ready:
			l.Ready++
		case working:
			l.Working++
		case waiting, draining:
			l.Waiting++
		}
	}
	return l
}

// othersWait tells that a register waits for a worker.
func (s *Sender) othersWait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ready) > 0
}
