package kkt

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/fn"
	"kktd/storage/memory"
)

// twoParts is a receipt that is made as two documents.
func twoParts() *Receipt {
	r := testReceipt(100)
	r.Parts = append(r.Parts, testReceipt(200).Parts...)
	return r
}

// TestNoRoomForAllParts: a receipt of several documents that would fill the drive half
// way goes to another register, or is refused as a full drive refuses, and nothing of it
// is made.
func TestNoRoomForAllParts(t *testing.T) {
	b := fleetOf(t, small)
	fill(b)
	_, err := b.fleet.Submit(context.Background(), twoParts())
	choice := (*ChoiceError)(nil)
	require.True(t, errors.As(err, &choice), err)
	require.Equal(t, LackMemory, choice.Lack)
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", more(2, nil)))
	o := b.submit(twoParts())
	require.Equal(t, serial(2), o.Register)
	require.Len(t, b.record(o.ID).Documents, 2)
	r, err := b.fleet.Register(serial(1))
	require.NoError(t, err)
	s, err := r.Service()
	require.NoError(t, err)
	require.Equal(t, InService, s, "there is room for one")

	b = fleetOf(t, small)
	fill(b)
	b.clock.Advance(25 * time.Hour)
	_, err = b.fleet.Submit(context.Background(), testReceipt(100))
	require.ErrorAs(t, err, &choice, "the reports of the shifts would fill it")
	require.Equal(t, LackMemory, choice.Lack)
}

// small is a drive that fill leaves one document of: behind the registration and the
// opening of a shift.
func small(s *Settings) { s.DriveCapacity = 10 }

func fill(b *bench) {
	for range 7 {
		b.submit(testReceipt(100))
	}
}

// TestNoRoomForAQueuedReceipt ends it for the same reason.
func TestNoRoomForAQueuedReceipt(t *testing.T) {
	b := openBench(t, memory.Open(), func(o *Options) { o.Delay = time.Minute })
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "", more(1, small)))
	fill(b)
	last := b.submit(twoParts())
	b.clock.Advance(time.Hour)
	rec := b.becomes(last.ID, Failed)
	choice, ok := rec.Choice()
	require.True(t, ok, rec.Error)
	require.Equal(t, LackMemory, choice.Lack)
}

// TestRoom counts the reports of the shift.
func TestRoom(t *testing.T) {
	s := fn.State{LastNumber: 7, Capacity: 10, ShiftOpen: true, ShiftOpened: 1000}
	const young, old = 2000, 1000 + 25*3600
	require.True(t, s.Room(young, 3, true))
	require.False(t, s.Room(young, 4, true))
	require.True(t, s.Room(old, 1, true))
	require.False(t, s.Room(old, 2, true))
	require.True(t, s.Room(old, 3, false))
	s.ShiftOpen = false
	require.True(t, s.Room(young, 2, true))
	require.False(t, s.Room(young, 3, true))
}

// TestRetryWithAFrozenClock: a queued receipt whose commit has failed is tried again
// though the business clock stands.
func TestRetryWithAFrozenClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &failOnce{Store: memory.Open()}
		b := openBench(t, store, func(o *Options) { o.Delay = time.Minute })
		require.NoError(t, b.fleet.Fiscalize(context.Background(), "", testSettings()))
		o := b.submit(testReceipt(100))
		store.fail.Store(true)
		b.clock.Advance(time.Minute)
		synctest.Wait()
		require.Equal(t, Queued, b.record(o.ID).Status)
		began := time.Now()
		time.Sleep(retryDelayed) // of the bubble
		synctest.Wait()
		require.Equal(t, Processed, b.record(o.ID).Status)
		require.Equal(t, retryDelayed, time.Since(began))
		b.fleet.Close()
	})
}
