package kkt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
)

// moody is a store whose commits fail by chance: some are not stored, of some the outcome is not told.
type moody struct {
	storage.Store
	mu     sync.Mutex
	random *rand.Rand
	calm   bool
}

func (m *moody) draw() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calm {
		return 100
	}
	return m.random.IntN(20)
}

func (m *moody) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	switch m.draw() {
	case 0:
		return storage.Result{}, errDisk
	case 1:
		return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, errDisk)
	case 2, 3:
		if _, err := m.Store.Append(ctx, c); err != nil {
			return storage.Result{}, err
		}
		return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, errDisk)
	}
	return m.Store.Append(ctx, c)
}

// ticketFor makes the operator's ticket for a document.
func ticketFor(t testing.TB, drive string, number uint32) []byte {
	signer := fn.NewOperatorSigner([]byte(fn.DefaultMaster), ffd.Pad[[12]byte](fn.TestOFDINN))
	box, err := signer.Container(nil, &ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](fn.TestOFDINN), Drive: ffd.Pad[[16]byte](drive), Number: number})
	require.NoError(t, err)
	return box
}

// Clients that repeat a failed request with its key, tickets and changes of the registration run against a store that
// fails in every way. In the end each key has one receipt, each receipt one document, and no number is missing.
func TestStressFlakyStore(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Minute} {
		t.Run(fmt.Sprint("delay ", delay), func(t *testing.T) { stressFlakyStore(t, delay) })
	}
}

func stressFlakyStore(t *testing.T, delay time.Duration) {
	const clients, each, registers = 8, 40, 2
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	store := &moody{Store: memory.Open(), random: rand.New(rand.NewPCG(seed, 0)), calm: true}
	b := openBench(t, store, func(o *Options) { o.Delay = delay })
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", INNs: []string{testINN}}))
	serials := make([]string, registers)
	for i := range serials {
		s := testSettings()
		s.Serial, s.DriveNumber = fmt.Sprint(i+1), fmt.Sprintf("999907890000543%d", i)
		require.NoError(t, b.fleet.Fiscalize(t.Context(), "pk_demo", s))
		serials[i] = s.Serial
	}
	store.mu.Lock()
	store.calm = false
	store.mu.Unlock()

	stop := make(chan struct{})
	var clientsDone, others sync.WaitGroup
	var mu sync.Mutex
	answered := map[string]string{} // id by key
	for c := range clients {
		clientsDone.Go(func() {
			for i := range each {
				key := fmt.Sprintf("%d/%d", c/2, i) // clients in pairs are twins
				for {
					r := testReceipt(uint64(100 + i))
					r.Request.Key = key
					r.Request.Render = func(o *Outcome) []byte { return []byte(o.ID) }
					o, err := b.fleet.Submit(context.Background(), r)
					if err != nil {
						if !errors.Is(err, errDisk) {
							t.Error(err)
							return
						}
						continue
					}
					mu.Lock()
					if was, ok := answered[key]; ok && was != o.ID || string(o.Answer) != o.ID {
						t.Errorf("key %s: id %s, answer %s, before %s", key, o.ID, o.Answer, was)
					}
					answered[key] = o.ID
					mu.Unlock()
					break
				}
			}
		})
	}
	for i, serial := range serials {
		r, err := b.fleet.Register(serial)
		require.NoError(t, err)
		others.Go(func() { // the operator
			for {
				select {
				case <-stop:
					return
				default:
				}
				first, last := r.Unsent()
				if first == 0 {
					runtime.Gosched()
					continue
				}
				done := make(chan struct{}, last-first+1)
				for n := first; n <= last; n++ {
					r.Delivery().Confirm(n, ticketFor(t, r.Settings().DriveNumber, n), func(error) { done <- struct{}{} })
				}
				for range last - first + 1 {
					<-done
				}
			}
		})
		others.Go(func() { // changes of the registration
			for n := 0; n < 8; n++ {
				s := r.Settings()
				s.Place = fmt.Sprintf("www%d-%d.example.com", i, n)
				if err := b.fleet.Fiscalize(context.Background(), "pk_demo", s); err != nil && !errors.Is(err, errDisk) {
					t.Error(err)
				}
				runtime.Gosched()
			}
		})
	}
	clientsDone.Wait()
	close(stop)
	others.Wait()
	store.mu.Lock()
	store.calm = true
	store.mu.Unlock()
	b.reopen() // as after a crash: what is in the store is all there is
	if delay > 0 {
		b.clock.Advance(2 * delay)
	}
	require.Len(t, answered, clients/2*each)
	documents := map[string]string{}
	for key, id := range answered {
		require.Eventually(t, func() bool {
			rec, err := b.fleet.Receipt(id)
			require.NoError(t, err)
			return rec.Status != Queued
		}, 5*time.Second, time.Millisecond)
		rec, err := b.fleet.Receipt(id)
		require.NoError(t, err)
		require.Equal(t, Processed, rec.Status, rec.Error)
		require.Len(t, rec.Documents, 1)
		at := fmt.Sprint(rec.Register, "/", rec.Documents[0])
		require.Empty(t, documents[at], "documents of two keys")
		documents[at] = key
	}
	receipts := 0
	for _, serial := range serials {
		r, err := b.fleet.Register(serial)
		require.NoError(t, err)
		state, err := r.State()
		require.NoError(t, err)
		next := uint32(1)
		require.NoError(t, r.Archive(r.Settings().Drive(), 1, 0, func(n uint32, box, ticket []byte) error {
			require.Equal(t, next, n)
			next++
			c, err := ofdproto.ParseContainer(box)
			require.NoError(t, err)
			if ffd.Form(c.Form) == ffd.FormReceipt {
				receipts++
				require.NotEmpty(t, documents[fmt.Sprint(serial, "/", n)], "a receipt that nobody asked for")
			}
			require.Equal(t, state.FirstUnsent == 0 || n < state.FirstUnsent, ticket != nil, "ticket of document %d", n)
			return nil
		}))
		require.Equal(t, state.LastNumber+1, next)
	}
	require.Equal(t, len(answered), receipts)
	b.fleet.Close()
	lines, _ := fsckLines(t, b.store)
	require.Empty(t, lines)
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "kkt.(*Register)")
	}, 5*time.Second, time.Millisecond, "a register's goroutine is left")
}

// Close while receipts, tickets and timers come in: everything is answered, nothing comes after Close.
func TestStressClose(t *testing.T) {
	for range 20 {
		b := newBench(t)
		r, err := b.fleet.Register(testSerial)
		require.NoError(t, err)
		var work sync.WaitGroup
		var made atomic.Int64
		enough, want := make(chan struct{}), 1+rand.Int64N(200)
		for range 4 {
			work.Go(func() {
				for {
					if made.Add(1) == want {
						close(enough)
					}
					if _, err := b.fleet.Submit(context.Background(), testReceipt(100)); err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		tickets := make(chan error, 64)
		for n := range uint32(64) {
			work.Go(func() { r.Delivery().Confirm(n+1, ticketFor(t, testDrive, n+1), func(err error) { tickets <- err }) })
		}
		<-enough
		b.fleet.Close()
		_, version, err := b.store.State(1)
		require.NoError(t, err)
		work.Wait()
		for range 64 {
			<-tickets
		}
		_, after, err := b.store.State(1)
		require.NoError(t, err)
		require.Equal(t, version, after, "a commit after Close")
	}
}
