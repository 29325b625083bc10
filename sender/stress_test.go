package sender_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/memory"
)

// chance draws from one source for many goroutines.
type chance struct {
	mu     sync.Mutex
	random *rand.Rand
	calm   bool
}

// of is true once in n draws, until it is calm.
func (c *chance) of(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.calm && c.random.IntN(n) == 0
}

func (c *chance) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm = true
}

// moody is a store whose commits fail by chance, stored or not.
type moody struct {
	storage.Store
	chance *chance
}

func (m moody) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if m.chance.of(20) {
		return storage.Result{}, storage.ErrUnknownOutcome
	}
	r, err := m.Store.Append(ctx, c)
	if err == nil && m.chance.of(20) {
		return storage.Result{}, storage.ErrUnknownOutcome
	}
	return r, err
}

// fragile is a connection that breaks by chance, in a direction or before the answer is read.
type fragile struct {
	net.Conn
	chance *chance
}

func (f fragile) Write(b []byte) (int, error) {
	if f.chance.of(30) {
		n, _ := f.Conn.Write(b[:len(b)/2])
		_ = f.Conn.Close()
		return n, net.ErrClosed
	}
	return f.Conn.Write(b)
}

func (f fragile) Read(b []byte) (int, error) {
	if f.chance.of(30) {
		_ = f.Conn.Close()
	}
	return f.Conn.Read(b)
}

// Commits of registers and OFD fail and connections break by chance: in the end the OFD has every document once and in
// order, in one epoch, and every ticket is stored.
func TestEverythingFails(t *testing.T) {
	const registers, receipts = 3, 60
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	luck := &chance{random: rand.New(rand.NewPCG(seed, 0)), calm: true}
	store := moody{memory.Open(), luck}
	world, err := store.Namespace("ofd")
	require.NoError(t, err)
	server, addr := ofdtest.Serve(t, ofd.Options{Store: moody{world, luck}})
	s := run(t, sender.Options{Addr: addr, Mode: fn.TicketStrict, BackoffMin: time.Millisecond, BackoffMax: 4 * time.Millisecond, MaxConns: 2,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			return fragile{c, luck}, err
		}})
	fleet, err := kkt.Open(kkt.Options{Store: store, Clock: frozen(), Log: silentLog(), Seed: 1, TicketMode: fn.TicketStrict,
		OnDocuments: func(r *kkt.Register) { s.Wake(r.Delivery()) }})
	require.NoError(t, err)
	defer fleet.Close()
	drive := func(i int) string { return fmt.Sprintf("999907890000543%d", i) }
	for i := range registers {
		require.NoError(t, fleet.Fiscalize(t.Context(), "", testSettings(fmt.Sprint(i), drive(i))))
	}
	luck.mu.Lock()
	luck.calm = false
	luck.mu.Unlock()
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range receipts {
				_, _ = fleet.Submit(context.Background(), testReceipt())
			}
		})
	}
	clients.Wait()
	luck.rest()
	for i, r := range fleet.Registers() {
		require.Eventually(t, func() bool { first, _ := r.Unsent(); return first == 0 }, patience, tick)
		state, err := r.State()
		require.NoError(t, err)
		var containers [][]byte
		require.NoError(t, r.Delivery().Documents(1, 0, func(_ uint32, box []byte) error {
			containers = append(containers, append([]byte(nil), box...))
			return nil
		}))
		require.Len(t, containers, int(state.LastNumber))
		var tickets [][]byte
		require.NoError(t, r.Archive(r.Settings().Drive(), 1, 0, func(_ uint32, _, ticket []byte) error {
			tickets = append(tickets, append([]byte(nil), ticket...))
			return nil
		}))
		next := 0
		require.NoError(t, server.Documents(drive(i), 0, 0, func(d *ofd.Document) error {
			require.EqualValues(t, next+1, d.Number)
			require.Equal(t, containers[next], d.Container)
			require.False(t, d.Other)
			require.Equal(t, d.Ticket, tickets[next], "the ticket of the OFD is the one that the drive has")
			next++
			return nil
		}))
		require.Len(t, containers, next)
		epochs, err := server.Epochs(drive(i))
		require.NoError(t, err)
		require.Len(t, epochs, 1)
	}
	t.Logf("%+v", server.Counters())
}
