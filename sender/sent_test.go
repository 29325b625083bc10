package sender_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
)

func (r *register) told() []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]uint32{}, r.sent...)
}

// The register is told of a document that went out and got no answer, once; of one that is answered the ticket tells.
func TestSentWithoutAnswer(t *testing.T) {
	const silent, closing = "silent", "closing"
	for name, fail := range map[string]ofd.Reply{silent: {}, closing: {Close: true}} {
		t.Run(name, func(t *testing.T) {
			var good atomic.Bool
			_, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, r *ofd.Request, reply ofd.Reply) ofd.Reply {
				if r.Number == 2 && !good.Load() {
					return fail
				}
				return reply
			}})
			business, r := frozen(), newRegister(t, 1)
			var glass hourglass
			s := run(t, sender.Options{Addr: addr, Clock: business, Dial: glass.dial, OneConnPerDocument: true})
			s.Wake(r)
			if name == silent {
				// The deadlines of the test are those of the hourglass: of latePause and of the answer at once.
				require.Eventually(t, func() bool { return state(t, s, r).Sent == 2 }, patience, tick)
				require.Eventually(t, func() bool { glass.runOut(); return !state(t, s, r).NextTry.IsZero() }, patience, tick)
			}
			requireWaiting(t, s, r)
			require.Equal(t, []uint32{2}, r.told())
			good.Store(true)
			business.Advance(long)
			r.requireSent()
			require.Equal(t, []uint32{2}, r.told(), "once")
		})
	}
}

// An answer that is late, by the real clock, is waited for with the register knowing that the document was sent.
func TestSentBeforeALateAnswer(t *testing.T) {
	release := make(chan struct{})
	_, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, _ *ofd.Request, reply ofd.Reply) ofd.Reply {
		<-release
		return reply
	}})
	s, r := run(t, sender.Options{Addr: addr, Clock: clock.Real()}), newRegister(t, 1)
	s.Wake(r)
	require.Eventually(t, func() bool { return len(r.told()) == 1 }, patience, tick)
	require.EqualValues(t, 1, state(t, s, r).Sent)
	close(release)
	r.requireSent()
	require.EqualValues(t, 1, r.told()[0])
}

// Nobody is told of a document that did not go out.
func TestNotSentToNobody(t *testing.T) {
	s, r := run(t, sender.Options{Addr: freeAddr(t)}), newRegister(t, 1)
	s.Wake(r)
	requireWaiting(t, s, r)
	require.Empty(t, r.told())
}

// slow is a register that answers Sent when it is let go.
type slow struct {
	*register
	answers chan func(error)
}

func (s *slow) Sent(_ uint32, done func(error)) { s.answers <- done }

// A drive that is gone leaves the schedule when the last of its answers has come, that
// of Sent too.
func TestForgottenBeforeSentIsNoted(t *testing.T) {
	release := make(chan struct{})
	_, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, _ *ofd.Request, reply ofd.Reply) ofd.Reply {
		<-release
		return reply
	}})
	s, r := run(t, sender.Options{Addr: addr, Clock: clock.Real(), Linger: -1}), &slow{newRegister(t, 1), make(chan func(error), 1)}
	s.Wake(r)
	done := <-r.answers
	close(release)
	r.requireSent()
	drive, _, _ := r.DriveInfo()
	require.Eventually(t, func() bool { return s.Load() == sender.Load{} }, patience, tick)
	s.Forget(r.Serial(), []storage.DriveID{drive})
	_, known := s.State(r.Serial(), drive)
	require.True(t, known, "its answer is to come")
	done(nil)
	require.Eventually(t, func() bool { _, known := s.State(r.Serial(), drive); return !known }, patience, tick)
}
