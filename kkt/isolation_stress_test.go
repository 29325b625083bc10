package kkt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/outbox"
	"kktd/storage/memory"
	"kktd/tlv"
)

// Receipts, repeats, tickets and moves of clocks meet registers that are made, cloned,
// reset and deleted, on a store that fails in every way. What is left in the end fits
// together: the bench looks with fsck.
func TestIsolationUnderLoad(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Minute} {
		t.Run(fmt.Sprint("delay ", delay), func(t *testing.T) { isolationUnderLoad(t, delay) })
	}
}

func isolationUnderLoad(t *testing.T, delay time.Duration) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	store := &moody{Store: memory.Open(), random: rand.New(rand.NewPCG(seed, 0)), calm: true}
	box, err := outbox.Open(store, 0)
	require.NoError(t, err)
	b := openBench(t, store, func(o *Options) { o.Delay, o.Outbox, o.MailServer = delay, box, "mail:25" })
	f, ctx := b.fleet, context.Background()
	for range 3 {
		_, _, err := f.NewRegister(ctx, Order{Settings: Defaults(0)})
		require.NoError(t, err)
	}
	store.mu.Lock()
	store.calm = false
	store.mu.Unlock()
	// allowed are the failures that somebody meets who is in the way of others.
	allowed := func(err error) bool {
		return err == nil || errors.Is(err, errDisk) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrOutOfService) || errors.As(err, new(*ChoiceError))
	}
	stop := make(chan struct{})
	var made atomic.Int64
	var wg sync.WaitGroup
	loop := func(n uint64, do func(random *rand.Rand) error) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, n))
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := do(random); !allowed(err) {
					t.Error(err)
					return
				}
			}
		})
	}
	pick := func(random *rand.Rand) *Register {
		if list := f.Registers(); len(list) > 0 {
			return list[random.IntN(len(list))]
		}
		return nil
	}
	for n := range uint64(3) {
		loop(n, func(random *rand.Rand) error {
			x := testReceipt(100)
			x.Parts[0].Contact = tlv.MustText("buyer@example.com")
			x.Request.Key = fmt.Sprint(random.IntN(500)) // some are repeats
			_, err := f.Submit(ctx, x)
			if err == nil {
				made.Add(1)
			}
			return err
		})
	}
	loop(10, func(random *rand.Rand) error {
		r := pick(random)
		if r == nil {
			return nil
		}
		d := r.Delivery()
		if first, _ := d.Unsent(); first != 0 {
			done := make(chan struct{})
			d.Confirm(first, ticketFor(t, r.Settings().DriveNumber, first), func(error) { close(done) })
			<-done
		}
		return nil
	})
	loop(11, func(random *rand.Rand) error {
		r := pick(random)
		if r == nil {
			return nil
		}
		if random.IntN(2) == 0 {
			_, err := r.MoveClock(clock.Move{Advance: time.Second})
			return err
		}
		_, err := f.SetMaintenance(r.Serial(), random.IntN(3) == 0)
		return err
	})
	random := rand.New(rand.NewPCG(seed, 20))
	for i := 0; i < 60 || made.Load() < 20 && i < 100_000; i++ {
		if delay > 0 {
			b.clock.Advance(delay / 2)
		}
		err := func() (err error) {
			r := pick(random)
			if r == nil || len(f.Registers()) < 3 {
				_, _, err = f.NewRegister(ctx, Order{Settings: Defaults(0)})
				return err
			}
			switch random.IntN(8) {
			case 0:
				_, err = f.DeleteRegister(ctx, r.Serial())
			case 1:
				_, err = f.DeleteRegisters(ctx)
			case 2:
				_, err = f.RenewRegisters(ctx)
			case 3:
				_, _, err = f.CloneRegister(ctx, r.Serial(), nil)
			case 4:
				_, _, err = f.NewRegister(ctx, Order{Settings: Defaults(0)})
			default:
				_, err = f.RenewRegister(ctx, r.Serial())
			}
			return err
		}()
		if !allowed(err) {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	store.mu.Lock()
	store.calm = true
	store.mu.Unlock()
	require.NotZero(t, made.Load())
}
