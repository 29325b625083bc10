package webhook

import (
	"container/heap"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"

	"kktd/clock"
	"kktd/fault"
	"kktd/outbox"
)

// Transport delivers entries of one kind. It may be used from many goroutines.
type Transport interface {
	// Deliver makes one attempt. When ctx ends it returns soon.
	Deliver(ctx context.Context, e *outbox.Entry) Result
	// Pause is the wait after a failed attempt, the first of an entry being 1; false
	// when there is no further one.
	Pause(attempt int) (time.Duration, bool)
}

// Result is what came of one attempt.
type Result struct {
	Code        int    // status of the answer; 0: there was none
	Answer      string // its first bytes
	Err         error  // nil: delivered
	Hopeless    bool   // a further attempt cannot help
	Unreachable bool   // the receiver gave no answer at all
}

// Options of a Deliverer. Box and Clock must be set.
type Options struct {
	Box        *outbox.Box
	Clock      clock.Clock
	Log        logrus.FieldLogger // nil: no log
	Transports map[string]Transport
	Faults     *fault.Set // that keep entries back; nil: none
	Workers    int        // deliveries at the same time; 0: 64
	PerLane    int        // of one lane; 0: 8
	// Window is how many entries of a lane are held in memory; the others wait in the
	// store. 0: 65536.
	Window int
}

// Defaults of Options.
const (
	defaultWorkers = 64
	defaultPerLane = 8
	defaultWindow  = 1 << 16
)

// ErrBusy is returned when an entry is being delivered at this moment.
var ErrBusy = errors.New("webhook: the entry is being delivered now")

// Counters count since the start.
type Counters struct {
	Delivered, Failed uint64 // attempts
	GivenUp           uint64 // entries
	Working           int    // now
}

type phase byte

const (
	blocked phase = iota // behind another entry of its group
	ready                // in lane.ready
	working              // a worker has it
	waiting              // for one of the clocks
)

// item is an entry that waits for its delivery.
type item struct {
	lane  *lane
	ref   outbox.Ref
	phase phase
	next  *item // behind it in its group
	again bool  // it was put again while a worker has it
	due   [2]time.Time
	at    [2]int // index in the heaps
}

// lane is a receiver with entries.
type lane struct {
	id      outbox.LaneID
	items   map[uint64]*item // by number
	groups  map[uint64]*item // the last of each
	ready   byNumber
	working int
	suspect bool // it gave no answer the last time
	more    bool // the store has entries that are not in items
	loading bool
	inTurn  bool
}

// Deliverer is the scheduler of all lanes. All methods may be called from many
// goroutines.
type Deliverer struct {
	o      Options
	clocks [2]clock.Clock // business, real

	mu       sync.Mutex
	ctx      context.Context // of Run; nil before
	ended    bool
	lanes    map[outbox.LaneID]*lane
	turn     []*lane // with ready entries, the next first
	counters Counters
	suspects int // workers at suspect lanes
	waiting  [2]byDue
	timers   [2]clockwork.Timer
	armed    [2]time.Time
	running  sync.WaitGroup
}

// New makes a deliverer and lets the box tell it of new entries. It delivers
// nothing before Run.
func New(o Options) *Deliverer {
	if o.Log == nil {
		l := logrus.New()
		l.SetOutput(io.Discard)
		o.Log = l
	}
	for _, n := range []struct {
		value     *int
		otherwise int
	}{{&o.Workers, defaultWorkers}, {&o.PerLane, defaultPerLane}, {&o.Window, defaultWindow}} {
		if *n.value <= 0 {
			*n.value = n.otherwise
		}
	}
	d := &Deliverer{o: o, clocks: [2]clock.Clock{o.Clock, clock.Real()}, lanes: map[outbox.LaneID]*lane{}}
	for i := range d.waiting {
		d.waiting[i].clock = i
	}
	o.Box.Notify(d.added)
	return d
}

// Run delivers until ctx ends; deliveries under way are then broken off and do not
// count. It returns the error of ctx, or that of the store when the outbox cannot
// be read.
func (d *Deliverer) Run(ctx context.Context) error {
	lanes, err := d.o.Box.Lanes()
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.ctx = ctx
	for _, id := range lanes {
		l := d.lane(id)
		l.more = true
		d.load(l)
	}
	d.dispatch()
	d.mu.Unlock()

	<-ctx.Done()
	d.mu.Lock()
	d.ended = true
	for i, t := range d.timers {
		if t != nil {
			t.Stop()
			d.timers[i] = nil
		}
	}
	d.mu.Unlock()
	d.running.Wait()
	return ctx.Err()
}

// Counters are the counts so far.
func (d *Deliverer) Counters() Counters {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counters
}

// Resend delivers an entry again: a finished one anew, one that waits at once.
// Errors: outbox.ErrNotFound, ErrBusy.
func (d *Deliverer) Resend(number uint64) error {
	ref, reopened, err := d.o.Box.Reopen(number)
	if err != nil {
		return err
	}
	if reopened {
		d.added([]outbox.Ref{ref})
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[ref.Lane]
	if l == nil || l.items[number] == nil {
		return nil // it waits in the store for its turn
	}
	switch it := l.items[number]; it.phase {
	case working:
		return ErrBusy
	case waiting:
		d.stopWaiting(it)
		d.makeReady(it)
		d.dispatch()
	}
	return nil
}

// lane finds or makes a lane. mu is held.
func (d *Deliverer) lane(id outbox.LaneID) *lane {
	l := d.lanes[id]
	if l == nil {
		l = &lane{id: id, items: map[uint64]*item{}, groups: map[uint64]*item{}}
		d.lanes[id] = l
	}
	return l
}

// added takes entries that were put.
func (d *Deliverer) added(refs []outbox.Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ref := range refs {
		l := d.lane(ref.Lane)
		switch it := l.items[ref.Number]; {
		case it != nil:
			it.again = true
		case l.more || l.loading || len(l.items) >= d.o.Window:
			// Behind those that are in the store alone: the order of a group is kept.
			l.more = true
			d.load(l)
		default:
			d.take(l, ref, time.Time{})
		}
	}
	d.dispatch()
}

// take begins with an entry that is due at a time of the business clock, zero for
// at once. mu is held.
func (d *Deliverer) take(l *lane, ref outbox.Ref, due time.Time) {
	it := &item{lane: l, ref: ref}
	l.items[ref.Number] = it
	if ref.Group != 0 {
		last := l.groups[ref.Group]
		l.groups[ref.Group] = it
		if last != nil {
			last.next = it
			it.due[0] = due
			return // blocked
		}
	}
	d.begin(it, due)
}

// begin lets an entry that nothing stands before wait, or go. mu is held.
func (d *Deliverer) begin(it *item, due time.Time) {
	if left := due.Sub(d.o.Clock.Now()); !due.IsZero() && left > 0 {
		d.wait(it, due, left)
		return
	}
	d.makeReady(it)
}

// makeReady puts an entry in the line of its lane. mu is held.
func (d *Deliverer) makeReady(it *item) {
	it.phase = ready
	heap.Push(&it.lane.ready, it)
	if l := it.lane; !l.inTurn {
		l.inTurn = true
		d.turn = append(d.turn, l)
	}
}

// load reads entries of a lane that are in the store alone, as far as the window
// has room. mu is held.
func (d *Deliverer) load(l *lane) {
	if l.loading || !l.more || d.ctx == nil || d.ended || len(l.items) > d.o.Window/2 {
		return
	}
	l.loading = true
	d.running.Go(func() {
		type found struct {
			ref outbox.Ref
			due int64
		}
		var list []found
		d.mu.Lock()
		l.more = false // entries put from here on say so again
		known := make(map[uint64]bool, len(l.items))
		for n := range l.items {
			known[n] = true
		}
		room := d.o.Window - len(known)
		d.mu.Unlock()
		more := false
		err := d.o.Box.Waiting(l.id, func(ref outbox.Ref, s *outbox.Status) bool {
			switch {
			case known[ref.Number]:
			case len(list) == room:
				more = true
				return false
			default:
				list = append(list, found{ref, s.Due})
			}
			return true
		})
		d.mu.Lock()
		defer d.mu.Unlock()
		l.loading = false
		l.more = l.more || more
		if err != nil {
			// Those that were read may go; the rest stays in the store for the next start.
			d.o.Log.WithError(err).Error("webhook: the outbox cannot be read")
		}
		for _, f := range list {
			var due time.Time
			if f.due != 0 {
				due = time.UnixMilli(f.due)
			}
			d.take(l, f.ref, due)
		}
		d.dispatch()
		d.settle(l)
	})
}

// dispatch gives work to as many workers as may work. mu is held.
func (d *Deliverer) dispatch() {
	if d.ctx == nil || d.ended || d.ctx.Err() != nil {
		return
	}
	for moved := true; moved; {
		moved = false
		list := d.turn
		d.turn = nil
		for _, l := range list {
			if d.mayWork(l) {
				moved = true
				d.start(l)
			}
			if l.inTurn = l.ready.Len() > 0; l.inTurn {
				d.turn = append(d.turn, l)
			}
		}
	}
}

// mayWork tells that one more entry of a lane may go. Suspect lanes have half of
// the workers at most. mu is held.
func (d *Deliverer) mayWork(l *lane) bool {
	switch {
	case l.ready.Len() == 0 || d.counters.Working >= d.o.Workers:
		return false
	case l.suspect:
		return l.working == 0 && d.suspects < max(1, d.o.Workers/2)
	}
	return l.working < d.o.PerLane
}

// start lets a worker deliver the next entry of a lane. mu is held.
func (d *Deliverer) start(l *lane) {
	it := heap.Pop(&l.ready).(*item)
	it.phase = working
	l.working++
	d.counters.Working++
	suspect := l.suspect
	if suspect {
		d.suspects++
	}
	ctx := d.ctx
	d.running.Go(func() {
		end := d.deliver(ctx, it.ref)
		d.mu.Lock()
		defer d.mu.Unlock()
		l.working--
		d.counters.Working--
		if suspect {
			d.suspects--
		}
		if ctx.Err() != nil {
			return
		}
		l.suspect = end.unreachable
		switch {
		case !end.finished:
			d.wait(it, d.o.Clock.Now().Add(end.pause), end.pause)
		case it.again:
			it.again = false
			d.makeReady(it)
		default:
			d.remove(it)
		}
		d.dispatch()
		d.settle(l)
	})
}

// remove forgets an entry and lets the next one of its group begin. mu is held.
func (d *Deliverer) remove(it *item) {
	l := it.lane
	delete(l.items, it.ref.Number)
	if next := it.next; next != nil {
		d.begin(next, next.due[0])
	} else if it.ref.Group != 0 {
		delete(l.groups, it.ref.Group)
	}
}

// settle reads more of a lane, or forgets one that has nothing. mu is held.
func (d *Deliverer) settle(l *lane) {
	d.load(l)
	if len(l.items) == 0 && !l.more && !l.loading && l.working == 0 && !l.suspect {
		delete(d.lanes, l.id)
	}
}
