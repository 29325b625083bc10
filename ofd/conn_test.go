package ofd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
)

func TestProbe(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{})
	probe := ofdproto.AppendSession(nil, ffd.Pad[[16]byte](driveNumber), ofdproto.PVersion(4), ofdproto.FlagsProbe, nil)
	c := dial(t, addr)
	for range 2 {
		m := c.ask(probe)
		require.Equal(t, append(probe[:26:26], 0, 0, 0, 0), m.Append(nil))
	}
	require.EqualValues(t, 2, s.Counters().Probes)
}

func TestNoAnswerWhereNoneIsExpected(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{})
	d := ofdtest.NewDrive(t, driveNumber)
	c := dial(t, addr)
	_, err := c.Write(ofdproto.AppendSession(nil, d.State.Drive, ofdproto.PVersion(4), ofdproto.FlagContainer, d.Containers[0]))
	require.NoError(t, err)
	requireTicket(t, d, 2, c.deliver(driveNumber, d.Containers[1]))
	require.Len(t, stored(t, s, driveNumber), 2)
}

func TestBadFramesAreClosedWithoutAnswer(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	good := d.Containers[0]
	whole := func(change func(b []byte)) []byte {
		b := message(driveNumber, good)
		change(b)
		return b
	}
	inside := func(change func(c []byte)) []byte {
		return message(driveNumber, remake(t, good, func(c []byte) []byte { change(c); return c }))
	}
	for _, tc := range []struct {
		name   string
		bytes  []byte
		reason ofdproto.Reason
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: ofd.example.com\r\n\r\n"), ofdproto.ErrSignature},
		{"marking service", whole(func(b []byte) { copy(b, "\xDD\x80\xCA\xA1") }), ofdproto.ErrMarking},
		{"flags", whole(func(b []byte) { b[26] = 0x1C }), ofdproto.ErrFlags},
		{"too large", whole(func(b []byte) { b[24], b[25] = 0xFF, 0xFF }), ofdproto.ErrTooLarge},
		{"container CRC", whole(func(b []byte) { b[len(b)-1]++ }), ofdproto.ErrCRC},
		{"length of the container", whole(func(b []byte) { b[30]++ }), ofdproto.ErrLength},
		{"drive of the container", inside(func(c []byte) { c[9] = 0x11 }), ofdproto.ErrDrive},
		{"answer of an OFD", inside(func(c []byte) { c[4] = ofdproto.FromOperator }), ofdproto.ErrType},
		{"ticket as a document", inside(func(c []byte) { c[5], c[32] = 7, 7 }), ofdproto.ErrForm},
		{"marking notification", inside(func(c []byte) { c[5], c[32] = 82, 82 }), ofdproto.ErrForm},
		{"number 0", inside(func(c []byte) { c[19] = 0 }), ofdproto.ErrNumber},
		{"document longer than the body", inside(func(c []byte) { c[34]++ }), ofdproto.ErrLength},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, addr := ofdtest.Serve(t, ofd.Options{})
			c := dial(t, addr)
			_, err := c.Write(tc.bytes)
			require.NoError(t, err)
			c.requireClosed()
			require.Equal(t, map[ofdproto.Reason]uint64{tc.reason: 1}, s.Counters().BadFrames)
			require.Empty(t, stored(t, s, driveNumber))
			requireTicket(t, d, 1, dial(t, addr).deliver(driveNumber, good))
		})
	}
}

func TestHalfAFrame(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{})
	c := dial(t, addr)
	_, err := c.Write(message(driveNumber, ofdtest.NewDrive(t, driveNumber).Containers[0])[:100])
	require.NoError(t, err)
	require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	c.requireClosed()
	require.Equal(t, map[ofdproto.Reason]uint64{ofd.ReasonCut: 1}, s.Counters().BadFrames)
}

// A byte now and then must not hold a connection: the deadline is that of the frame, not of a byte.
func TestSlowFrameIsCut(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{ReadTimeout: 100 * time.Millisecond})
	c := dial(t, addr)
	sent := 0
	for _, b := range message(driveNumber, ofdtest.NewDrive(t, driveNumber).Containers[0]) {
		if _, err := c.Write([]byte{b}); err != nil {
			break
		}
		sent++
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	require.Less(t, sent, ofdproto.SessionHeaderLen)
	require.Equal(t, map[ofdproto.Reason]uint64{ofd.ReasonTimeout: 1}, s.Counters().BadFrames)
}

func TestIdleConnectionIsClosed(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{IdleTimeout: 100 * time.Millisecond})
	d := ofdtest.NewDrive(t, driveNumber)
	c := dial(t, addr)
	c.deliver(driveNumber, d.Containers[0])
	c.requireClosed()
	require.Empty(t, s.Counters().BadFrames, "whoever has sent something may be idle")
}

func TestMaxConns(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{MaxConns: 1})
	d := ofdtest.NewDrive(t, driveNumber)
	first := dial(t, addr)
	first.deliver(driveNumber, d.Containers[0])
	dial(t, addr).requireClosed()
	require.EqualValues(t, 1, s.Counters().Turned)
	requireTicket(t, d, 2, first.deliver(driveNumber, d.Containers[1]))
}

func TestShutdown(t *testing.T) {
	entered := make(chan struct{})
	o := ofdtest.Options(t, ofd.Options{Answer: func(ctx context.Context, r *ofd.Request, reply ofd.Reply) ofd.Reply {
		if r.Number == 2 {
			close(entered)
			<-ctx.Done()
		}
		return reply
	}})
	s, err := ofd.New(o)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()

	d := ofdtest.NewDrive(t, driveNumber)
	idle, busy := dial(t, l.Addr().String()), dial(t, l.Addr().String())
	idle.deliver(driveNumber, d.Containers[0])
	_, err = busy.Write(message(driveNumber, d.Containers[1]))
	require.NoError(t, err)
	<-entered
	require.NoError(t, s.Shutdown(t.Context()))
	require.NoError(t, <-served)
	idle.requireClosed()
	m, _, err := ofdproto.ReadMessage(busy.r, nil)
	require.NoError(t, err, "a request under way has its answer")
	requireTicket(t, d, 2, m.Body)
	busy.requireClosed()
	require.Zero(t, s.Counters().Connections)
	require.ErrorIs(t, s.Serve(l), ofd.ErrClosed)
	requireNoGoroutines(t, "ofd.(*Server)")
}

func TestShutdownWithoutPatience(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, _ *ofd.Request, reply ofd.Reply) ofd.Reply {
		close(entered)
		<-release
		return reply
	}})
	c := dial(t, addr)
	_, err := c.Write(message(driveNumber, ofdtest.NewDrive(t, driveNumber).Containers[0]))
	require.NoError(t, err)
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	go func() {
		c.requireClosed() // before the seam returns
		close(release)
	}()
	require.ErrorIs(t, s.Shutdown(ctx), context.Canceled)
}

// requireNoGoroutines wants no goroutine with the text in its stack.
func requireNoGoroutines(t testing.TB, text string) {
	t.Helper()
	var stacks string
	require.Eventually(t, func() bool {
		b := make([]byte, 1<<20)
		stacks = string(b[:runtime.Stack(b, true)])
		return !strings.Contains(stacks, text)
	}, patience, time.Millisecond, "%s", stacks)
}
