package sender_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
	"kktd/sender"
	"kktd/storage/memory"
)

func TestOFDAwayThenBack(t *testing.T) {
	addr, business := freeAddr(t), frozen()
	s := run(t, sender.Options{Addr: addr, Clock: business})
	r := newRegister(t, 1).receipts(8)
	s.Wake(r)
	st := requireWaiting(t, s, r)
	require.ErrorIs(t, st.LastError, sender.ErrNoAnswer)
	require.WithinRange(t, st.NextTry, business.Now().Add(3*long/4), business.Now().Add(long))
	s.Wake(r) // does not shorten the wait
	require.Equal(t, st.NextTry, state(t, s, r).NextTry)

	server, _ := ofdtest.ServeAt(t, ofd.Options{}, addr)
	business.Advance(long)
	r.requireSent()
	requireStored(t, server, r)
	require.EqualValues(t, 10, server.Counters().Documents)
	require.Zero(t, server.Counters().Resends)
	require.NoError(t, state(t, s, r).LastError)
}

func TestFrozenClockDoesNotHang(t *testing.T) {
	addr := freeAddr(t)
	s := run(t, sender.Options{Addr: addr, BackoffMin: 5 * time.Millisecond, BackoffMax: 5 * time.Millisecond})
	r := newRegister(t, 1)
	s.Wake(r)
	require.Eventually(t, func() bool { return state(t, s, r).LastError != nil }, patience, tick)
	server, _ := ofdtest.ServeAt(t, ofd.Options{}, addr)
	r.requireSent()
	requireStored(t, server, r)
}

func TestBackOffGrowsAndIsResetBySuccess(t *testing.T) {
	business := frozen()
	_, addr := ofdtest.Serve(t, ofd.Options{})
	away := true
	attempts := make(chan struct{}, 100)
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		defer func() { attempts <- struct{}{} }()
		if away {
			return nil, errors.New("away")
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	s := run(t, sender.Options{Addr: addr, Dial: dial, Clock: business, BackoffMin: long, BackoffMax: 5 * long, Linger: -1})
	r := newRegister(t, 1)
	s.Wake(r)
	for i, want := range []time.Duration{long, 2 * long, 4 * long, 5 * long, 5 * long} {
		<-attempts
		next := requireWaiting(t, s, r).NextTry
		require.WithinRange(t, next, business.Now().Add(want*3/4), business.Now().Add(want), "attempt %d", i)
		away = i < 4
		business.Advance(next.Sub(business.Now()))
	}
	r.requireSent()
	requireNoWorker(t)
	away = true
	s.Wake(r.receipts(1))
	require.WithinRange(t, requireWaiting(t, s, r).NextTry, business.Now().Add(long*3/4), business.Now().Add(long))
}

func TestRestartOfTheOFD(t *testing.T) {
	store, addr, business := memory.Open(), freeAddr(t), frozen()
	s := run(t, sender.Options{Addr: addr, Clock: business, Linger: long})
	r := newRegister(t, 1)
	for range 3 {
		server, _ := ofdtest.ServeAt(t, ofd.Options{Store: store}, addr)
		s.Wake(r.receipts(10))
		require.Eventually(t, func() bool { business.Advance(long); first, _ := r.Unsent(); return first == 0 }, patience, tick)
		requireStored(t, server, r)
		ofdtest.Stop(t, server)
	}
}

// The first answer is bad in one way or another; everything is delivered at the next attempt and stored once.
func TestBadAnswers(t *testing.T) {
	signer := fn.NewOperatorSigner([]byte(fn.DefaultMaster), pad12(fn.TestOFDINN))
	remade := func(change func(t *ticket)) func([]byte) ofd.Reply {
		return func(message []byte) ofd.Reply {
			x := readTicket(t, message)
			change(x)
			return ofd.Reply{Message: x.write(t, signer)}
		}
	}
	for _, tc := range []struct {
		name   string
		answer func(message []byte) ofd.Reply
		reason sender.Reason
	}{
		{"closed", func([]byte) ofd.Reply { return ofd.Reply{Close: true} }, sender.ReasonClosed},
		{"silent", func([]byte) ofd.Reply { return ofd.Reply{} }, sender.ReasonTimeout},
		{"half a header", func(m []byte) ofd.Reply { return ofd.Reply{Message: m[:20], Close: true} }, sender.ReasonCut},
		{"half a ticket", func(m []byte) ofd.Reply { return ofd.Reply{Message: m[:100], Close: true} }, sender.ReasonCut},
		{"half a ticket, then silence", func(m []byte) ofd.Reply { return ofd.Reply{Message: m[:100]} }, sender.ReasonTimeout},
		{"HTTP", func([]byte) ofd.Reply { return ofd.Reply{Message: []byte("HTTP/1.1 400 Bad Request\r\n\r\n")} }, "bad_signature"},
		{"huge", func(m []byte) ofd.Reply { m[24], m[25] = 0xFF, 0xFF; return ofd.Reply{Message: m[:30]} }, "too_large"},
		{"session signature", func(m []byte) ofd.Reply { m[0]++; return ofd.Reply{Message: m} }, "bad_signature"},
		{"drive of the session", func(m []byte) ofd.Reply { m[23]++; return ofd.Reply{Message: m} }, sender.ReasonOtherDrive},
		{"header alone", func(m []byte) ofd.Reply { m[24], m[25], m[26] = 0, 0, 0; return ofd.Reply{Message: m[:30]} }, sender.ReasonNoContainer},
		{"longer than a command", func(m []byte) ofd.Reply {
			m[24], m[25] = 0, 5
			return ofd.Reply{Message: append(m[:30], make([]byte, 5<<8)...)}
		}, sender.ReasonTooLong},
		{"container CRC", func(m []byte) ofd.Reply { m[32]++; return ofd.Reply{Message: m} }, sender.ReasonTicketCRC},
		{"garbage in the container", func(m []byte) ofd.Reply { clear(m[30:]); return ofd.Reply{Message: m} }, sender.ReasonTicketFormat},
		{"ticket for the next document", remade(func(x *ticket) { x.Number++ }), sender.ReasonTicketNumber},
		{"ticket for another drive", remade(func(x *ticket) { x.Confirmation.Drive[15]++ }), sender.ReasonTicketDrive},
		{"sign of another time", remade(func(x *ticket) { x.spoil = func(doc []byte) { doc[len(doc)-1]++ } }), sender.ReasonTicketSign},
	} {
		t.Run(tc.name, func(t *testing.T) {
			business := frozen()
			var once atomic.Bool
			server, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, _ *ofd.Request, reply ofd.Reply) ofd.Reply {
				if once.Swap(true) {
					return reply
				}
				return tc.answer(append([]byte(nil), reply.Message...))
			}})
			log, hook := logtest.NewNullLogger()
			answer := new(hourglass)
			s := run(t, sender.Options{Addr: addr, Clock: business, AnswerTimeout: patience, Mode: fn.TicketStrict, Log: log, Dial: answer.dial})
			r := newRegister(t, 1).receipts(3)
			s.Wake(r)
			if tc.reason == sender.ReasonTimeout {
				require.Eventually(t, func() bool { return once.Load() && state(t, s, r).Connected }, patience, tick)
				answer.runOut()
			}
			st := requireWaiting(t, s, r)
			require.Equal(t, tc.reason, st.LastReason, st.LastError)
			require.Equal(t, map[sender.Reason]uint64{tc.reason: 1}, st.Failures)
			require.Equal(t, 1, st.Attempts)
			require.Equal(t, business.Now(), st.FailedAt)
			require.EqualValues(t, 5, st.Unsent)
			require.Eventually(t, func() bool { return len(logged(hook, logrus.WarnLevel)) == 1 }, patience, tick, "one line")
			require.Equal(t, tc.reason, logged(hook, logrus.WarnLevel)[0].Data["reason"])
			require.False(t, st.Connected)
			require.Zero(t, st.Confirmed)
			business.Advance(long)
			r.requireSent()
			requireStored(t, server, r)
			require.EqualValues(t, 1, server.Counters().Resends)
			st = state(t, s, r)
			require.EqualValues(t, 1, st.Resent)
			require.NoError(t, st.LastError)
			require.Zero(t, st.Unsent)
			require.Equal(t, tc.reason, st.LastReason, "it stays")
		})
	}
}

// A peer that sends a byte now and then is given up after AnswerTimeout.
func TestSlowPeer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	ended := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			ended <- err
			return
		}
		defer c.Close()
		request := make([]byte, 64<<10)
		for _, b := range ofdproto.AppendSession(nil, pad16("9999000000000001"), ofdproto.PVersion(4), ofdproto.FlagsDocument, make([]byte, 100)) {
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			if _, err := c.Read(request); err == io.EOF {
				break
			}
			if _, err := c.Write([]byte{b}); err != nil {
				break
			}
		}
		ended <- nil
	}()
	s := run(t, sender.Options{Addr: l.Addr().String(), AnswerTimeout: 100 * time.Millisecond})
	r := newRegister(t, 1)
	s.Wake(r)
	require.ErrorIs(t, requireWaiting(t, s, r).LastError, sender.ErrNoAnswer)
	require.NoError(t, <-ended)
}

// A peer that closes after every answer is no failure.
func TestPeerThatClosesAfterEachAnswer(t *testing.T) {
	server, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, _ *ofd.Request, reply ofd.Reply) ofd.Reply {
		reply.Close = true
		return reply
	}})
	var d dialer
	s := run(t, sender.Options{Addr: addr, Dial: d.dial})
	r := newRegister(t, 1).receipts(18)
	s.Wake(r)
	r.requireSent()
	requireStored(t, server, r)
	require.EqualValues(t, 20, d.dials.Load())
	require.NoError(t, state(t, s, r).LastError)
	require.LessOrEqual(t, state(t, s, r).Resent, uint64(1), "only the first closing is a surprise")
	require.Zero(t, server.Counters().Resends)
}

func TestFailedConfirmBeginsAgainAtTheFirstUnsent(t *testing.T) {
	for _, tc := range []struct {
		name   string
		number uint32
	}{{"first", 1}, {"in the middle", 6}, {"last", 12}} {
		t.Run(tc.name, func(t *testing.T) {
			business := frozen()
			server, addr := ofdtest.Serve(t, ofd.Options{})
			s := run(t, sender.Options{Addr: addr, Clock: business, Linger: -1})
			r := newRegister(t, 1).receipts(10)
			r.failOnce(tc.number)
			r.hold(true) // until all are sent
			s.Wake(r)
			require.Eventually(t, func() bool { return state(t, s, r).InFlight == 12 }, patience, tick)
			requireNoWorker(t)
			r.hold(false)
			st := requireWaiting(t, s, r)
			var failed *sender.ConfirmError
			require.ErrorAs(t, st.LastError, &failed)
			require.Equal(t, tc.number, failed.Number)
			require.ErrorIs(t, st.LastError, errStore)
			require.EqualValues(t, tc.number-1, st.Confirmed)
			business.Advance(long)
			r.requireSent()
			requireStored(t, server, r)
			require.EqualValues(t, 12-tc.number+1, server.Counters().Resends)
		})
	}
}

// The same while the worker is still sending.
func TestFailedConfirmStopsTheWorker(t *testing.T) {
	business := frozen()
	server, addr := ofdtest.Serve(t, ofd.Options{})
	s := run(t, sender.Options{Addr: addr, Clock: business, MaxInFlight: 2})
	r := newRegister(t, 1).receipts(200)
	for number := uint32(20); number <= 200; number += 20 {
		r.failOnce(number)
	}
	s.Wake(r)
	require.Eventually(t, func() bool {
		if !state(t, s, r).NextTry.IsZero() {
			business.Advance(long)
		}
		first, _ := r.Unsent()
		return first == 0
	}, patience, tick)
	requireStored(t, server, r)
}

func TestRegisterThatGivesOtherDocuments(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{})
	for _, tc := range []struct {
		name   string
		change func(r *register)
	}{
		{"of another drive", func(r *register) { r.drive.Containers = newRegister(t, 2).drive.Containers }},
		{"another number", func(r *register) { r.drive.Containers[0] = r.drive.Containers[1] }},
		{"no container", func(r *register) { r.drive.Containers[0] = []byte("x") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := run(t, sender.Options{Addr: addr})
			r := newRegister(t, 1)
			tc.change(r)
			s.Wake(r)
			st := requireWaiting(t, s, r)
			require.ErrorIs(t, st.LastError, sender.ErrDocument)
			require.Zero(t, st.Sent)
		})
	}
}
