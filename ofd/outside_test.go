package ofd_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
)

// Clients that are none of ours: what they may do on the wire (spec/ofd-protocol.md 3 and 4), each gets a ticket that a strict drive
// takes and the P-version back that it sent.
func TestOutsideClients(t *testing.T) {
	legacy := [][2]byte{{1, 0}, {0, 1}, {0, 2}, {1, 5}, {1, 0x10}, {1, 0x20}, {1, 1}, {1, 2}}
	for _, flags := range []ofdproto.Flags{0x14, 0x15, 0x16, 0x54, 0xD6} {
		for _, version := range legacy {
			t.Run(fmt.Sprintf("flags %04x, P-version % x", uint16(flags), version), func(t *testing.T) {
				s, addr := ofdtest.Serve(t, ofd.Options{})
				d := ofdtest.NewDrive(t, driveNumber)
				c := dial(t, addr)
				for i, container := range d.Containers {
					m := c.ask(ofdproto.AppendSession(nil, d.State.Drive, version, flags, container))
					require.Equal(t, version, m.Header.PVersion)
					require.Equal(t, ofdproto.FlagsDocument, m.Header.Flags)
					requireTicket(t, d, uint32(i+1), m.Body)
				}
				require.Empty(t, s.Counters().BadFrames)
				quirk := version == [2]byte{1, 1} || version == [2]byte{1, 2}
				require.Equal(t, quirk, len(rules(stored(t, s, driveNumber)[0])) == 1, "the versions of one maker are taken with a note")
			})
		}
	}
	for _, flags := range []ofdproto.Flags{0x15, 0x16} {
		s, addr := ofdtest.Serve(t, ofd.Options{})
		d := ofdtest.NewDrive(t, driveNumber)
		b := ofdproto.AppendSession(nil, d.State.Drive, ofdproto.PVersion(4), flags, d.Containers[0])
		b[29]++
		c := dial(t, addr)
		_, err := c.Write(b)
		require.NoError(t, err)
		c.requireClosed()
		require.Equal(t, map[ofdproto.Reason]uint64{ofdproto.ErrCRC: 1}, s.Counters().BadFrames)
	}
}

func TestOneByteAPacket(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{})
	d := ofdtest.NewDrive(t, driveNumber)
	c := dial(t, addr)
	require.NoError(t, c.Conn.(*net.TCPConn).SetNoDelay(true))
	for i, container := range d.Containers {
		m := message(driveNumber, container)
		for _, b := range m {
			_, err := c.Write([]byte{b})
			require.NoError(t, err)
		}
		answer, _, err := ofdproto.ReadMessage(c.r, nil)
		require.NoError(t, err)
		requireTicket(t, d, uint32(i+1), answer.Body)
	}
	require.Empty(t, s.Counters().BadFrames)
}

// A client that sends its last message, shuts down its sending half and then reads.
func TestHalfCloseAfterTheMessage(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{})
	d := ofdtest.NewDrive(t, driveNumber)
	c := dial(t, addr)
	_, err := c.Write(message(driveNumber, d.Containers[0]))
	require.NoError(t, err)
	require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	m, _, err := ofdproto.ReadMessage(c.r, nil)
	require.NoError(t, err)
	requireTicket(t, d, 1, m.Body)
	c.requireClosed()
}

// Several messages in one packet have their answers in order.
func TestMessagesInARow(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{})
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(20)
	c := dial(t, addr)
	var all []byte
	for _, container := range d.Containers {
		all = append(all, message(driveNumber, container)...)
	}
	_, err := c.Write(all)
	require.NoError(t, err)
	for i := range d.Containers {
		m, _, err := ofdproto.ReadMessage(c.r, nil)
		require.NoError(t, err)
		requireTicket(t, d, uint32(i+1), m.Body)
	}
}

// Whatever a peer does wrong is one line of the log and one count, both with the reason.
func TestOneLineAndOneCount(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	good := message(driveNumber, d.Containers[0])
	for _, tc := range []struct {
		name   string
		reason ofdproto.Reason
		do     func(t *testing.T, c *client)
	}{
		{"garbage", ofdproto.ErrSignature, func(t *testing.T, c *client) { _, _ = c.Write(make([]byte, 100_000)) }},
		{"huge", ofdproto.ErrTooLarge, func(t *testing.T, c *client) {
			b := append([]byte(nil), good...)
			b[24], b[25] = 0xFF, 0xFF
			_, _ = c.Write(b)
		}},
		{"slow", ofd.ReasonTimeout, func(t *testing.T, c *client) { _, _ = c.Write(good[:40]) }},
		{"cut", ofd.ReasonCut, func(t *testing.T, c *client) {
			_, _ = c.Write(good[:40])
			_ = c.Conn.(*net.TCPConn).CloseWrite()
		}},
		{"silent", ofd.ReasonSilent, func(*testing.T, *client) {}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			log, hook := logtest.NewNullLogger()
			s, addr := ofdtest.Serve(t, ofd.Options{Log: log, ReadTimeout: 50 * time.Millisecond, IdleTimeout: 50 * time.Millisecond})
			c := dial(t, addr)
			tc.do(t, c)
			c.requireClosed()
			require.Equal(t, map[ofdproto.Reason]uint64{tc.reason: 1}, s.Counters().BadFrames)
			ofdtest.Stop(t, s)
			require.Len(t, hook.AllEntries(), 1)
			require.Equal(t, string(tc.reason), hook.LastEntry().Data["reason"])
			require.Equal(t, logrus.WarnLevel, hook.LastEntry().Level)
		})
	}
}

// A peer that takes no answers holds the server no longer than the time of a write.
func TestAnswersThatNobodyReads(t *testing.T) {
	log, hook := logtest.NewNullLogger()
	s, err := ofd.New(ofdtest.Options(t, ofd.Options{Log: log, WriteTimeout: 20 * time.Millisecond, Check: func([]byte) []ffd.Finding { return nil }}))
	require.NoError(t, err)
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	near, far := net.Pipe() // without a buffer: a write waits for its reader
	l.conns <- far
	_, err = near.Write(message(driveNumber, ofdtest.NewDrive(t, driveNumber).Containers[0]))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Counters().Connections == 0 }, patience, time.Millisecond)
	require.Equal(t, map[ofdproto.Reason]uint64{ofd.ReasonUnread: 1}, s.Counters().BadFrames)
	require.Len(t, hook.AllEntries(), 1)
	require.NoError(t, near.Close())
	require.NoError(t, s.Shutdown(t.Context()))
	require.NoError(t, <-served)
	requireNoGoroutines(t, "ofd.(*Server)")
}
