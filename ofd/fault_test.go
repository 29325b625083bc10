package ofd_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
)

// What a register meets when document 2 is struck, and what becomes of the document.
func TestFaultsOfDocuments(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	reason := func(want fn.Reason) func(t *testing.T, c *client) {
		return func(t *testing.T, c *client) {
			m, _, err := ofdproto.ReadMessage(c.r, nil)
			require.NoError(t, err)
			_, err = d.Machine.CheckTicket(d.State.Drive, 2, fn.TicketStrict, m.Body)
			var refusal *fn.Refusal
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, want, refusal.Reason)
		}
	}
	says := func(code, bits byte) func(t *testing.T, c *client) {
		return func(t *testing.T, c *client) {
			m, _, err := ofdproto.ReadMessage(c.r, nil)
			require.NoError(t, err)
			ticket := requireTicket(t, d, 2, m.Body)
			require.Equal(t, []byte{code, bits}, []byte{ticket.Code, ticket.Message})
		}
	}
	bytes := func(want int) func(t *testing.T, c *client) {
		return func(t *testing.T, c *client) {
			b, err := io.ReadAll(c.r)
			if !errors.As(err, new(*net.OpError)) { // a reset, when bytes of ours were not read
				require.NoError(t, err)
			}
			require.Len(t, b, want)
		}
	}
	for _, tc := range []struct {
		fault  string
		meets  func(t *testing.T, c *client)
		stored bool
		again  [2]byte // code and bits of the ticket once the fault is lifted
	}{
		{"refuse", says(14, 2), true, [2]byte{14, 2}},
		{"refuse:11:bits=0x42", says(11, 0x42), true, [2]byte{11, 0x42}},
		{"code:3", says(3, 0), true, [2]byte{3, 0}},
		{"bits:0x80", says(0, 0x80), true, [2]byte{0, 0x80}},
		{"delay:1ms", says(0, 0), true, [2]byte{}},
		{"late:1ms", func(t *testing.T, c *client) { says(0, 0)(t, c); c.requireClosed() }, true, [2]byte{}},
		{"drop", func(t *testing.T, c *client) {
			require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
			_, err := c.r.ReadByte()
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}, true, [2]byte{}},
		{"drop:close", bytes(0), true, [2]byte{}},
		{"twice", func(t *testing.T, c *client) { says(0, 0)(t, c); says(0, 0)(t, c) }, true, [2]byte{}},
		{"wrong-number", reason(fn.ReasonNumber), true, [2]byte{}},
		{"wrong-number:-1", reason(fn.ReasonNumber), true, [2]byte{}},
		{"wrong-drive", reason(fn.ReasonDrive), true, [2]byte{}},
		{"wrong-drive:session", func(t *testing.T, c *client) {
			m, _, err := ofdproto.ReadMessage(c.r, nil)
			require.NoError(t, err)
			require.Equal(t, "9999078900005431", ofdproto.DriveString(m.Header.Drive))
			requireTicket(t, d, 2, m.Body)
		}, true, [2]byte{}},
		{"wrong-crc", reason(fn.ReasonCRC), true, [2]byte{}},
		{"wrong-crc:session", func(t *testing.T, c *client) {
			_, _, err := ofdproto.ReadMessage(c.r, nil)
			require.ErrorIs(t, err, ofdproto.ErrCRC)
		}, true, [2]byte{}},
		{"wrong-sign", reason(fn.ReasonSign), true, [2]byte{}},
		{"wrong-format", reason(fn.ReasonFormat), true, [2]byte{}},
		{"cut-request", bytes(0), false, [2]byte{}},
		{"cut-request:1", bytes(0), false, [2]byte{}},
		{"cut-answer", bytes(149 / 2), true, [2]byte{}},
		{"cut-answer:148", bytes(148), true, [2]byte{}},
		{"cut-answer:31", bytes(31), true, [2]byte{}},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			f := ofdtest.Fault(t, tc.fault+":form=2:drive="+driveNumber)
			s, addr := ofdtest.Serve(t, ofd.Options{})
			s.Faults().Add(f)
			c := dial(t, addr)
			requireTicket(t, d, 1, c.deliver(driveNumber, d.Containers[0]))
			_, err := c.Write(message(driveNumber, d.Containers[1]))
			require.NoError(t, err)
			tc.meets(t, c)
			want := 1
			if tc.stored {
				want = 2
			}
			require.Len(t, stored(t, s, driveNumber), want)
			require.Equal(t, map[string]uint64{f.Effect.Name(): 1}, s.Counters().Faults)
			require.Empty(t, s.Counters().BadFrames, "a fault of ours is no bad frame of theirs")

			s.Faults().Reset()
			ticket := requireTicket(t, d, 2, dial(t, addr).deliver(driveNumber, d.Containers[1]))
			require.Equal(t, tc.again[:], []byte{ticket.Code, ticket.Message})
			require.Len(t, stored(t, s, driveNumber), 2)
		})
	}
}

func TestAway(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	for _, how := range []ofd.AwayHow{ofd.AwayClose, ofd.AwayReset} {
		s, addr := ofdtest.Serve(t, ofd.Options{})
		f := fault.Fault{Effect: ofd.Away{How: how}, Times: 2}
		s.Faults().Add(f)
		for range 2 {
			if c, err := net.Dial("tcp", addr); err == nil { // a reset may come while the connection is made
				_, err = c.Read(make([]byte, 1))
				require.Error(t, err)
				require.NoError(t, c.Close())
			}
		}
		requireTicket(t, d, 1, dial(t, addr).deliver(driveNumber, d.Containers[0]))
		require.Equal(t, []fault.State{{ID: 1, Fault: f, Seen: 3, Fired: 2}}, s.Faults().List())
	}
}

// Whoever waits for a fault goes on when it is lifted: the message that came meanwhile has its answer.
func TestLiftingEndsTheWait(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	for _, f := range []fault.Effect{ofd.Away{How: ofd.AwayHang}, ofd.Delay{For: time.Hour}, ofd.Late{For: time.Hour}} {
		t.Run(f.Name(), func(t *testing.T) {
			s, addr := ofdtest.Serve(t, ofd.Options{})
			s.Faults().Add(fault.Fault{Effect: f})
			c := dial(t, addr)
			_, err := c.Write(message(driveNumber, d.Containers[0]))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return s.Counters().Faults[f.Name()] == 1 }, patience, time.Millisecond)
			s.Faults().Reset()
			m, _, err := ofdproto.ReadMessage(c.r, nil)
			require.NoError(t, err)
			requireTicket(t, d, 1, m.Body)
		})
	}
}

// The whole server in a bubble: the answer is late by the clock and not by the machine.
func TestDelayByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := ofd.New(ofdtest.Options(t, ofd.Options{}))
		require.NoError(t, err)
		s.Faults().Add(fault.Fault{Effect: ofd.Delay{For: 5 * time.Second}})
		l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		go func() { _ = s.Serve(l) }()
		near, far := net.Pipe()
		l.conns <- far
		began := time.Now()
		go func() { _, _ = near.Write(message(driveNumber, ofdtest.NewDrive(t, driveNumber).Containers[0])) }()
		_, _, err = ofdproto.ReadMessage(near, nil)
		require.NoError(t, err)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.NoError(t, near.Close())
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// pipes is a listener of connections in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestWhomAndHowOften(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(6) // documents 3 to 8
	other := ofdtest.NewDrive(t, "9999078900005431")
	s, addr := ofdtest.Serve(t, ofd.Options{})
	s.Faults().Add(ofdtest.Fault(t, "code:3:form=3:after=1:times=2:drive="+driveNumber), ofdtest.Fault(t, "bits:0x40:form=3:after=2:times=2"))
	c := dial(t, addr)
	var codes []string
	for i, container := range d.Containers {
		ticket := requireTicket(t, d, uint32(i+1), c.deliver(driveNumber, container))
		codes = append(codes, fmt.Sprintf("%d/%02x", ticket.Code, ticket.Message))
	}
	require.Equal(t, []string{"0/00", "0/00", "0/00", "3/00", "3/40", "0/40", "0/00", "0/00"}, codes)
	requireTicket(t, other, 1, c.deliver(other.Number(), other.Containers[0]))
	states := s.Faults().List()
	require.Equal(t, []uint64{6, 2, 6, 2}, []uint64{states[0].Seen, states[0].Fired, states[1].Seen, states[1].Fired})
}

func TestFaultsOfProbes(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{})
	s.Faults().Add(fault.Fault{Effect: ofd.WrongCRC{}}, fault.Fault{Effect: ofd.WrongNumber{}}, fault.Fault{Effect: ofd.Twice{}})
	probe := ofdproto.AppendSession(nil, ffd.Pad[[16]byte](driveNumber), ofdproto.PVersion(4), ofdproto.FlagsProbe, nil)
	c := dial(t, addr)
	require.Equal(t, c.ask(probe), func() ofdproto.Message {
		m, _, err := ofdproto.ReadMessage(c.r, nil)
		require.NoError(t, err)
		return m
	}())
	require.Equal(t, map[string]uint64{"ofd-twice": 1}, s.Counters().Faults)
}

func TestParseFault(t *testing.T) {
	kinds := fault.NewRegistry(ofd.FaultKinds())
	for _, tc := range []struct {
		text string
		want fault.Fault
	}{
		{"refuse", fault.Fault{Effect: ofd.Refuse{Code: 14, Bits: 2}}},
		{"refuse:11:bits=0", fault.Fault{Effect: ofd.Refuse{Code: 11}}},
		{"code:7", fault.Fault{Effect: ofd.WrongCode{Code: 7}}},
		{"bits:bits=64", fault.Fault{Effect: ofd.Bits{Mask: 0x40}}},
		{"delay:300ms:times=2", fault.Fault{Effect: ofd.Delay{For: 300 * time.Millisecond}, Times: 2}},
		{"late", fault.Fault{Effect: ofd.Late{For: 65 * time.Second}}},
		{"drop:close", fault.Fault{Effect: ofd.Drop{Close: true}}},
		{"drop:drive=9999078900005430:form=3:after=10:times=1", fault.Fault{Effect: ofd.Drop{}, Match: fault.Match{Drive: driveNumber, Form: 3}, After: 10, Times: 1}},
		{"twice", fault.Fault{Effect: ofd.Twice{}}},
		{"wrong-number:-2", fault.Fault{Effect: ofd.WrongNumber{By: -2}}},
		{"wrong-drive:session", fault.Fault{Effect: ofd.WrongDrive{Session: true}}},
		{"wrong-crc:where=container", fault.Fault{Effect: ofd.WrongCRC{}}},
		{"wrong-sign", fault.Fault{Effect: ofd.WrongSign{}}},
		{"wrong-format:form=5", fault.Fault{Effect: ofd.WrongFormat{}, Match: fault.Match{Form: 5}}},
		{"cut-request:40", fault.Fault{Effect: ofd.CutRequest{Bytes: 40}}},
		{"cut-answer", fault.Fault{Effect: ofd.CutAnswer{}}},
		{"away:hang:times=3", fault.Fault{Effect: ofd.Away{How: ofd.AwayHang}, Times: 3}},
	} {
		t.Run(tc.text, func(t *testing.T) {
			f, err := kinds.Parse(ofd.FaultName(tc.text))
			require.NoError(t, err)
			require.Equal(t, tc.want, f)
			again, err := kinds.Parse(f.String())
			require.NoError(t, err, f.String())
			require.Equal(t, f, again)
		})
	}
	for _, tc := range []struct{ name, text, want string }{
		{"no such fault", "explode", "refuse"},
		{"empty", "", "refuse"},
		{"unknown parameter", "delay:2s:often=1", "often"},
		{"a second bare value", "refuse:14:2", "KEY=VALUE"},
		{"twice the same", "drop:times=1:times=2", "twice"},
		{"no parameter of its own", "twice:2", "usage"},
		{"no unit", "delay:2", "unit"},
		{"no time", "delay:0s", "more than 0"},
		{"code", "refuse:256", "0..255"},
		{"form", "drop:form=300", "form"},
		{"away knows no drive", "away:drive=9999078900005430", "where nothing is known"},
		{"way", "away:gone", "close or reset or hang"},
		{"bytes", "cut-answer:-1", "bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := kinds.Parse(ofd.FaultName(tc.text))
			require.ErrorContains(t, err, tc.want)
		})
	}
	for _, k := range ofd.FaultKinds() {
		f, err := kinds.Parse(k.Name)
		require.NoError(t, err)
		require.Equal(t, k.Name, f.Effect.Name())
	}
}
