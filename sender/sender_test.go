package sender_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/memory"
)

func TestDeliversInOrderOnOneConnection(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	var d dialer
	s := run(t, sender.Options{Addr: addr, Dial: d.dial, Mode: fn.TicketStrict, Linger: long})
	r := newRegister(t, 1).receipts(198)
	s.Wake(r)
	r.requireSent()
	r.receipts(1) // the worker lingers
	s.Wake(r)
	r.requireSent()
	requireStored(t, server, r)
	require.EqualValues(t, 1, d.dials.Load())
	require.LessOrEqual(t, r.reads, 200/64+2, "documents are read in batches")
	require.Eventually(t, func() bool { return state(t, s, r).Confirmed == 201 }, patience, tick)
	require.Equal(t, sender.State{Connected: true, Sent: 201, Confirmed: 201}, state(t, s, r))
	require.Zero(t, server.Counters().Resends)
	_, ok := s.State("nobody", 1)
	require.False(t, ok)
}

func TestIdleRegisterCostsNoGoroutine(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{})
	var d dialer
	s := run(t, sender.Options{Addr: addr, Dial: d.dial, Linger: time.Millisecond})
	r := newRegister(t, 1)
	for range 3 {
		s.Wake(r.receipts(2))
		r.requireSent()
		require.Eventually(t, func() bool { return d.open.Load() == 0 }, patience, tick)
	}
	requireNoWorker(t)
	require.False(t, state(t, s, r).Connected)
	s.Wake(r) // nothing to send
	requireNoWorker(t)
	require.EqualValues(t, 3, d.dials.Load())
}

func TestWakeBeforeRun(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	s := sender.New(sender.Options{Addr: addr, Clock: frozen()})
	r := newRegister(t, 1)
	s.Wake(r)
	requireNoWorker(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	r.requireSent()
	requireStored(t, server, r)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	s.Wake(r.receipts(1))
	requireNoGoroutines(t)
	require.EqualValues(t, 2, server.Counters().Documents)
}

func TestWakeAllocatesNothing(t *testing.T) {
	s := run(t, sender.Options{Addr: freeAddr(t)})
	r := newRegister(t, 1)
	s.Wake(r)
	requireWaiting(t, s, r)
	require.Zero(t, testing.AllocsPerRun(100, func() { s.Wake(r) }))
}

func TestManyRegisters(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	var d dialer
	s := run(t, sender.Options{Addr: addr, Dial: d.dial, MaxConns: 8, Mode: fn.TicketStrict})
	registers := make([]*register, 200)
	var makers sync.WaitGroup
	for i := range registers {
		registers[i] = newRegister(t, i+1)
	}
	for half := range 2 {
		makers.Go(func() {
			for round := range 3 {
				for _, r := range registers[half*100 : half*100+100] {
					s.Wake(r.receipts(round))
				}
			}
		})
	}
	makers.Wait()
	for _, r := range registers {
		r.requireSent()
		requireStored(t, server, r)
	}
	require.LessOrEqual(t, d.most.Load(), int64(8))
	require.EqualValues(t, 5*len(registers), server.Counters().Documents)
	require.Zero(t, server.Counters().Resends)
}

func TestStateAsJSON(t *testing.T) {
	for _, tc := range []struct {
		name  string
		state sender.State
		want  string
	}{
		{"idle", sender.State{Sent: 3, Confirmed: 3},
			`{"connected":false,"unsent":0,"attempts":0,"last_code":0,"last_message":0,"refused":0,"sent":3,"resent":0,"confirmed":3,"in_flight":0}`},
		{"waiting", sender.State{LastError: sender.ErrNoAnswer, LastReason: sender.ReasonTimeout, FailedAt: time.Unix(0, 0).UTC(),
			Failures: map[sender.Reason]uint64{sender.ReasonTimeout: 2}, LastCode: 14, LastMessage: 2, Refused: 1, Sent: 2, Resent: 1, InFlight: 1,
			Unsent: 5, Attempts: 2, NextTry: time.Unix(1, 0).UTC()},
			`{"connected":false,"unsent":5,"last_error":"sender: no ticket came","last_reason":"timeout","failed_at":"1970-01-01T00:00:00Z",` +
				`"failures":{"timeout":2},"attempts":2,"next_try":"1970-01-01T00:00:01Z","last_code":14,"last_message":2,"refused":1,"sent":2,` +
				`"resent":1,"confirmed":0,"in_flight":1}`},
	} {
		b, err := json.Marshal(tc.state)
		require.NoError(t, err, tc.name)
		require.Equal(t, tc.want, string(b), tc.name)
	}
}

// A register with an endless queue gives way to the others.
func TestLongQueueYields(t *testing.T) {
	const documents = 1500
	busy, other := newRegister(t, 1).receipts(documents), newRegister(t, 2)
	var s *sender.Sender
	var wake sync.Once
	atOther := make(chan uint64, 1) // documents of the busy one when the other's turn came
	var seen atomic.Uint64
	_, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, r *ofd.Request, reply ofd.Reply) ofd.Reply {
		wake.Do(func() { s.Wake(other) })
		if r.Drive() == busy.number() {
			seen.Add(1)
		} else if r.Number == 1 {
			atOther <- seen.Load()
		}
		return reply
	}})
	s = sender.New(sender.Options{Addr: addr, MaxConns: 1, Clock: frozen()})
	s.Wake(busy)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	busy.requireSent()
	other.requireSent()
	require.Less(t, <-atOther, uint64(documents))
	cancel()
	<-ended
}

// Two registers that say they have the same drive, as a copied data file does.
func TestTwoConnectionsOfOneDrive(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	a, b := newRegister(t, 1).receipts(50), newRegister(t, 1).receipts(50)
	b.serial = "copy"
	s := run(t, sender.Options{Addr: addr})
	s.Wake(a)
	s.Wake(b)
	a.requireSent()
	b.requireSent()
	requireStored(t, server, a)
	require.EqualValues(t, 52, server.Counters().Documents)
	require.EqualValues(t, 52, server.Counters().Resends)
}

// A register whose drive was replaced or closed has two drives with unsent documents: each is delivered in its own order.
func TestTwoDrivesOfOneRegister(t *testing.T) {
	for _, tc := range []struct {
		name string
		when func(st sender.State) bool
	}{
		{"at once", func(sender.State) bool { return true }},
		{"in the middle of the queue", func(st sender.State) bool { return st.Sent > 100 }},
		{"when all was sent", func(st sender.State) bool { return st.Confirmed == 302 }},
	} {
		for _, conns := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d connections", tc.name, conns), func(t *testing.T) {
				server, addr := ofdtest.Serve(t, ofd.Options{})
				s := run(t, sender.Options{Addr: addr, Linger: long, MaxConns: conns, Mode: fn.TicketStrict})
				first, second := newRegister(t, 1).receipts(300), newRegisterWith(t, serialOf(1), 2, "9999000000000002").receipts(5)
				s.Wake(first)
				require.Eventually(t, func() bool { return tc.when(state(t, s, first)) }, patience, tick)
				s.Wake(second)
				first.requireSent()
				second.requireSent()
				requireStored(t, server, first)
				requireStored(t, server, second)
				require.Zero(t, server.Counters().Resends)
			})
		}
	}
}

// A drive that is reset in the middle of its queue begins again with document 1 under the number it had. What was under way of the
// first life does not mix with the second.
func TestResetDrive(t *testing.T) {
	business := frozen()
	var mu sync.Mutex
	var came []uint32
	_, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, r *ofd.Request, reply ofd.Reply) ofd.Reply {
		mu.Lock()
		defer mu.Unlock()
		came = append(came, r.Number)
		return reply
	}})
	s := run(t, sender.Options{Addr: addr, Clock: business, Linger: long})
	first := newRegister(t, 1).receipts(300)
	second := newRegisterWith(t, serialOf(1), 2, first.number()).receipts(5)
	s.Wake(first)
	require.Eventually(t, func() bool { return state(t, s, first).Sent > 100 }, patience, tick)
	first.leave()
	s.Wake(second)
	second.requireSent()
	mu.Lock()
	defer mu.Unlock()
	begins := len(came) - 7
	require.Less(t, begins, 302)
	for i, n := range came {
		want := i + 1
		if i >= begins {
			want -= begins
		}
		require.EqualValues(t, want, n, "message %d", i)
	}
}

func TestRegisterThatChangesItsDrive(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{})
	s := run(t, sender.Options{Addr: addr})
	r := newRegister(t, 1)
	s.Wake(&turncoat{register: r})
	require.ErrorIs(t, requireWaiting(t, s, r).LastError, sender.ErrDocument)
	require.Zero(t, state(t, s, r).Sent)
}

// turncoat names another drive each time but the first.
type turncoat struct {
	*register
	asked atomic.Uint64
}

func (r *turncoat) DriveInfo() (storage.DriveID, [16]byte, ffd.Version) {
	_, number, v := r.register.DriveInfo()
	return storage.DriveID(r.asked.Add(1)), number, v
}

func TestTicketsInFlightAreLimited(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	s := run(t, sender.Options{Addr: addr, MaxInFlight: 3})
	r := newRegister(t, 1).receipts(20)
	r.hold(true)
	s.Wake(r)
	require.Eventually(t, func() bool { return state(t, s, r).InFlight == 3 }, patience, tick)
	r.hold(false)
	r.requireSent()
	requireStored(t, server, r)
	require.LessOrEqual(t, r.most, 3)
}

func TestOneConnectionPerDocument(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	var d dialer
	s := run(t, sender.Options{Addr: addr, Dial: d.dial, OneConnPerDocument: true})
	r := newRegister(t, 1).receipts(8)
	s.Wake(r)
	r.requireSent()
	requireStored(t, server, r)
	require.EqualValues(t, 10, d.dials.Load())
	require.EqualValues(t, 1, d.most.Load())
}

func TestOperatorCodeIsKept(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{Check: func([]byte) []ffd.Finding { return []ffd.Finding{{Severity: ffd.Error}} }})
	s := run(t, sender.Options{Addr: addr})
	r := newRegister(t, 1)
	s.Wake(r)
	r.requireSent()
	require.Equal(t, ffd.OFDFormatRefused, state(t, s, r).LastCode)
}

func TestRunEndsWhateverIsUnderWay(t *testing.T) {
	_, silent := ofdtest.Serve(t, ofd.Options{Store: memory.Open(), Answer: func(context.Context, *ofd.Request, ofd.Reply) ofd.Reply { return ofd.Reply{} }})
	_, good := ofdtest.Serve(t, ofd.Options{})
	for i, tc := range []struct {
		name  string
		addr  string
		held  bool // the register commits no ticket
		until func(st sender.State) bool
	}{
		{"waits for an answer", silent, false, func(st sender.State) bool { return st.Sent > 0 }},
		{"backs off", freeAddr(t), false, func(st sender.State) bool { return !st.NextTry.IsZero() }},
		{"lingers", good, false, func(st sender.State) bool { return st.Confirmed == 2 }},
		{"waits for room", good, true, func(st sender.State) bool { return st.InFlight == 1 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var d dialer
			t.Cleanup(func() { require.Zero(t, d.open.Load()) }) // after that of run
			s := run(t, sender.Options{Addr: tc.addr, Dial: d.dial, MaxInFlight: 1, Linger: long})
			r := newRegister(t, i+1)
			r.hold(tc.held)
			s.Wake(r)
			require.Eventually(t, func() bool { return tc.until(state(t, s, r)) }, patience, tick)
		})
	}
}
