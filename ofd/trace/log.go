package trace

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"kktd/clock"
	"kktd/ffd"
	"kktd/ofdproto"
)

// Log is the trace. It is safe for use from many goroutines.
type Log struct {
	clock clock.Clock // of the machine, also when business time stands

	mu    sync.Mutex
	w     io.Writer
	conns int
	err   error // of the writer, after which nothing is written
	buf   []byte
}

// New makes a trace on a writer; the moments are those of clk.
func New(w io.Writer, clk clock.Clock) *Log { return &Log{w: w, clock: clk} }

// Err is the error that ended the trace, nil while it goes on.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// The two directions.
const (
	toOFD   = "register -> OFD"
	fromOFD = "OFD -> register"
)

// stamp is RFC 3339 with microseconds.
const stamp = "2006-01-02T15:04:05.000000Z07:00"

// write adds an entry: a head line and lines below it.
func (l *Log) write(c *tap, head string, lines func(b []byte) []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	b := fmt.Appendf(l.buf[:0], "%s  #%d %s  %s\n", l.clock.Now().Format(stamp), c.number, c.peer, head)
	if lines != nil {
		b = append(lines(b), '\n')
	}
	_, l.err = l.w.Write(b)
	l.buf = b[:0]
}

// Listener taps what l accepts.
func (l *Log) Listener(inner net.Listener) net.Listener { return listener{inner, l} }

type listener struct {
	net.Listener
	log *Log
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.log.tap(c, toOFD, fromOFD), nil
}

// Dialer makes a connection, as net.Dialer.DialContext does.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// Dial taps what dial connects; a connection that cannot be made is written down too.
func (l *Log) Dial(dial Dialer) Dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			l.write(&tap{peer: addr}, "not connected: "+err.Error(), nil)
			return nil, err
		}
		return l.tap(c, fromOFD, toOFD), nil
	}
}

func (l *Log) tap(c net.Conn, in, out string) net.Conn {
	l.mu.Lock()
	l.conns++
	t := &tap{Conn: c, log: l, number: l.conns, peer: c.RemoteAddr().String(), began: l.clock.Now()}
	l.mu.Unlock()
	t.in, t.out = way{name: in}, way{name: out}
	l.write(t, "connected", nil)
	return t
}

// tap is a connection whose bytes are looked at.
type tap struct {
	net.Conn
	log    *Log
	number int
	peer   string
	began  time.Time

	mu      sync.Mutex // of what follows
	in, out way
	closed  bool
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.pass(&t.in, b[:n])
	return n, err
}

func (t *tap) Write(b []byte) (int, error) {
	t.pass(&t.out, b) // before it goes out, so that the answer to it stands behind it
	n, err := t.Conn.Write(b)
	if err != nil {
		t.log.write(t, fmt.Sprintf("not written, %d of %d bytes: %v", n, len(b), err), nil)
	}
	return n, err
}

func (t *tap) Close() error {
	err := t.Conn.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		for _, w := range [...]*way{&t.in, &t.out} {
			if len(w.held) > 0 {
				t.frame(w, w.held, "cut short")
			}
		}
		up, down := &t.in, &t.out
		if up.name != toOFD {
			up, down = down, up
		}
		t.log.write(t, fmt.Sprintf("closed after %.3f s, %d bytes %s, %d bytes %s", t.log.clock.Since(t.began).Seconds(),
			up.bytes, up.name, down.bytes, down.name), nil)
	}
	return err
}

// SetLinger passes on what net.TCPConn has.
func (t *tap) SetLinger(seconds int) error {
	if c, ok := t.Conn.(interface{ SetLinger(int) error }); ok {
		return c.SetLinger(seconds)
	}
	return nil
}

// way is one direction: what has come of a frame that is not whole.
type way struct {
	name  string
	bytes int
	held  []byte
	lost  bool // bytes that are no frame have come; nothing behind them can be told apart
}

// maxLost is how much is shown of bytes that are no frame.
const maxLost = 1024

func (t *tap) pass(w *way, b []byte) {
	if len(b) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w.bytes += len(b)
	if w.lost {
		return
	}
	w.held = append(w.held, b...)
	for len(w.held) >= ofdproto.SessionHeaderLen {
		h := ofdproto.ReadSessionHeader(w.held)
		if h.Signature != ofdproto.Signature() && h.Signature != ofdproto.MarkingSignature() {
			w.lost = true
			t.frame(w, w.held[:min(len(w.held), maxLost)], "no message of the protocol; the rest is not shown")
			w.held = nil
			return
		}
		end := ofdproto.SessionHeaderLen + int(h.BodyLen)
		if len(w.held) < end {
			return
		}
		t.frame(w, w.held[:end], "")
		w.held = append(w.held[:0], w.held[end:]...)
	}
}

// frame writes a frame down: bytes at the left, their meaning at the right.
func (t *tap) frame(w *way, b []byte, note string) {
	head := fmt.Sprintf("%s  %d bytes", w.name, len(b))
	if note != "" {
		head += ": " + note
	}
	t.log.write(t, head, func(out []byte) []byte { return ffd.View{}.AppendHex(out, ofdproto.Tree(append([]byte(nil), b...))) })
}
