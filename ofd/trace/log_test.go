package trace_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofd/trace"
	"kktd/ofdproto"
)

var update = flag.Bool("update", false, "write the golden files anew")

const drive = "9999078900005430"

var moments = clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 123456000, time.UTC))

// pipes is a listener of connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func message(container []byte) []byte {
	return ofdproto.AppendSession(nil, ffd.Pad[[16]byte](drive), ofdproto.PVersion(4), ofdproto.FlagsDocument, container)
}

// An exchange as it is written down: a document in pieces, its ticket, a frame that is cut short.
func TestGolden(t *testing.T) {
	var out bytes.Buffer
	log := trace.New(&out, moments)
	p := make(pipes, 1)
	near, far := net.Pipe()
	p <- far
	c, err := log.Listener(p).Accept()
	require.NoError(t, err)
	d := ofdtest.NewDrive(t, drive)
	m := message(d.Containers[1])
	buf := make([]byte, 1024)
	for _, part := range [][]byte{m[:1], m[1:29], m[29:31], m[31:]} {
		go func() { _, _ = near.Write(part) }()
		n, err := c.Read(buf)
		require.NoError(t, err)
		require.Equal(t, part, buf[:n])
	}
	ticket, err := fn.NewOperatorSigner([]byte(fn.DefaultMaster), ffd.Pad[[12]byte](fn.TestOFDINN)).Container(nil, &ffd.Confirmation{
		OFDINN: ffd.Pad[[12]byte](fn.TestOFDINN), Drive: ffd.Pad[[16]byte](drive), Number: 2, Time: 1_780_317_060})
	require.NoError(t, err)
	go func() { _, _ = near.Read(buf) }()
	_, err = c.Write(message(ticket))
	require.NoError(t, err)
	go func() { _, _ = near.Write(m[:34]) }()
	_, err = c.Read(make([]byte, 64))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.NoError(t, log.Err())
	golden := filepath.Join("testdata", "exchange.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}

// Both sides of a real exchange show the same frames, in the same order.
func TestBothSides(t *testing.T) {
	var here, there bytes.Buffer
	s, err := ofd.New(ofdtest.Options(t, ofd.Options{}))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	listener := trace.New(&there, moments).Listener(l)
	go func() { served <- s.Serve(listener) }()
	dial := trace.New(&here, moments).Dial(new(net.Dialer).DialContext)
	c, err := dial(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	d := ofdtest.NewDrive(t, drive)
	d.Receipts(3)
	for _, container := range d.Containers {
		_, err := c.Write(message(container))
		require.NoError(t, err)
		_, _, err = ofdproto.ReadMessage(c, nil)
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	require.NoError(t, s.Shutdown(t.Context()))
	require.NoError(t, <-served)
	strip := func(s string) string { return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(s, "PEER") }
	require.Equal(t, strings.Split(strip(here.String()), "\n\n"), strings.Split(strip(there.String()), "\n\n"))
	require.Equal(t, 5, strings.Count(here.String(), "register -> OFD  "))
	require.Equal(t, 5, strings.Count(here.String(), "OFD -> register  149 bytes"))
}

func TestWhatIsNoExchange(t *testing.T) {
	t.Run("garbage is shown once and in part", func(t *testing.T) {
		var out bytes.Buffer
		near, far := net.Pipe()
		p := make(pipes, 1)
		p <- far
		c, err := trace.New(&out, moments).Listener(p).Accept()
		require.NoError(t, err)
		go func() { _, _ = near.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 4000)) }()
		for range 60 {
			_, err := c.Read(make([]byte, 1000))
			require.NoError(t, err)
		}
		require.NoError(t, c.Close())
		require.Equal(t, 1, strings.Count(out.String(), "no message of the protocol"))
		require.Less(t, out.Len(), 16<<10)
		require.Contains(t, out.String(), "60000 bytes register -> OFD")
	})
	t.Run("nobody there", func(t *testing.T) {
		var out bytes.Buffer
		dial := trace.New(&out, moments).Dial(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") })
		_, err := dial(t.Context(), "tcp", "127.0.0.1:1")
		require.Error(t, err)
		require.Equal(t, "2026-01-10T07:00:00.123456Z  #0 127.0.0.1:1  not connected: refused\n", out.String())
	})
	t.Run("a writer that fails ends the trace, not the exchange", func(t *testing.T) {
		near, far := net.Pipe()
		p := make(pipes, 1)
		p <- far
		log := trace.New(full{}, moments)
		c, err := log.Listener(p).Accept()
		require.NoError(t, err)
		go func() { _, _ = near.Write(message(nil)) }()
		_, err = c.Read(make([]byte, 100))
		require.NoError(t, err)
		require.ErrorIs(t, log.Err(), errFull)
	})
}

var errFull = errors.New("disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
