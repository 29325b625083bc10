package sender_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
)

const thousand = 1000

// countingClock counts the timers that wait on a clock.
type countingClock struct {
	*clockwork.FakeClock
	timers atomic.Int64
}

func (c *countingClock) AfterFunc(d time.Duration, f func()) clockwork.Timer {
	c.timers.Add(1)
	t := &countedTimer{c: c}
	t.Timer = c.FakeClock.AfterFunc(d, func() { t.end(); f() })
	return t
}

type countedTimer struct {
	clockwork.Timer
	c     *countingClock
	ended atomic.Bool
}

func (t *countedTimer) end() {
	if !t.ended.Swap(true) {
		t.c.timers.Add(-1)
	}
}

func (t *countedTimer) Stop() bool {
	t.end()
	return t.Timer.Stop()
}

// idleRegister has nothing to send and counts who asks.
type idleRegister struct {
	*register
	id     storage.DriveID
	number [16]byte
	asked  atomic.Int64
}

func (r *idleRegister) Serial() string { return serialOf(int(r.id)) }

func (r *idleRegister) DriveInfo() (storage.DriveID, [16]byte, ffd.Version) {
	return r.id, r.number, ffd.V120
}

func (r *idleRegister) Unsent() (first, last uint32) {
	r.asked.Add(1)
	return 0, 0
}

// A thousand registers without a document to send: no goroutine, no timer, no look at them.
func TestThousandIdleRegisters(t *testing.T) {
	business := &countingClock{FakeClock: frozen()}
	s := run(t, sender.Options{Addr: freeAddr(t), Clock: business, MaxConns: 8})
	template, registers := newRegister(t, 1), make([]*idleRegister, thousand)
	for i := range registers {
		registers[i] = &idleRegister{register: template, id: storage.DriveID(i + 1), number: pad16("9999" + serialOf(i + 1)[8:])}
	}
	base := runtime.NumGoroutine()
	for _, r := range registers {
		s.Wake(r)
	}
	requireNoWorker(t)
	requireGoroutines(t, base)
	asked := make([]int64, thousand)
	for i, r := range registers {
		asked[i] = r.asked.Load()
	}
	for range 100 {
		business.Advance(time.Minute)
	}
	for i, r := range registers {
		require.Equal(t, asked[i], r.asked.Load(), "nobody asks an idle register")
	}
	require.Zero(t, business.timers.Load())
}

// A thousand registers with documents and an OFD that is away: one timer of each clock a register and no goroutine; when it is back
// everything goes out, and no timer is left.
func TestThousandRegistersWithoutOFD(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{})
	business := &countingClock{FakeClock: frozen()}
	var away atomic.Bool
	var dials atomic.Int64
	away.Store(true)
	s := run(t, sender.Options{Addr: addr, Clock: business, MaxConns: 8, Linger: -1, Mode: fn.TicketStrict, BackoffMin: long, BackoffMax: long,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			if away.Load() {
				return nil, errors.New("away")
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}})
	registers := make([]*register, thousand)
	var makers sync.WaitGroup
	for half := range 2 {
		makers.Go(func() {
			for i := half; i < thousand; i += 2 {
				registers[i] = newRegister(t, i+1)
			}
		})
	}
	makers.Wait()
	base := runtime.NumGoroutine()
	for _, r := range registers {
		s.Wake(r)
	}
	waiting := func(attempts int) bool {
		for _, r := range registers {
			if st, _ := s.State(r.serial, r.id); st.Attempts != attempts || st.NextTry.IsZero() {
				return false
			}
		}
		return true
	}
	require.Eventually(t, func() bool { return waiting(1) }, patience, tick)
	requireNoWorker(t)
	requireGoroutines(t, base)
	require.EqualValues(t, thousand, business.timers.Load())
	require.EqualValues(t, thousand, dials.Load(), "one attempt each")
	business.Advance(long)
	require.Eventually(t, func() bool { return waiting(2) }, patience, tick)
	require.EqualValues(t, thousand, business.timers.Load())
	require.EqualValues(t, 2*thousand, dials.Load())

	away.Store(false)
	business.Advance(long)
	for _, r := range registers {
		r.requireSent()
	}
	requireNoWorker(t)
	require.Zero(t, business.timers.Load())
	require.EqualValues(t, 2*thousand, server.Counters().Documents)
	require.Zero(t, server.Counters().Resends)
	require.Eventually(t, func() bool { return server.Counters().Connections == 0 }, patience, tick)
}

var _ clock.Clock = (*countingClock)(nil)
