package ofd_test

import (
	"bufio"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
)

const driveNumber = "9999078900005430"

// patience bounds every read of a test.
const patience = 5 * time.Second

// client is a register's end of a connection.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return &client{t: t, Conn: c, r: bufio.NewReader(c)}
}

// message puts a container into a session message of FFD 1.2.
func message(drive string, container []byte) []byte {
	return ofdproto.AppendSession(nil, ffd.Pad[[16]byte](drive), ofdproto.PVersion(byte(ffd.V120)), ofdproto.FlagsDocument, container)
}

// ask sends a message and reads the answer.
func (c *client) ask(b []byte) ofdproto.Message {
	c.t.Helper()
	_, err := c.Write(b)
	require.NoError(c.t, err)
	m, _, err := ofdproto.ReadMessage(c.r, nil)
	require.NoError(c.t, err)
	return m
}

// deliver sends a container and gives that of the ticket.
func (c *client) deliver(drive string, container []byte) []byte {
	c.t.Helper()
	return c.ask(message(drive, container)).Body
}

// requireClosed wants the end of the connection without another byte.
func (c *client) requireClosed() {
	c.t.Helper()
	_, err := c.r.ReadByte()
	require.Error(c.t, err)
	timeout, ok := err.(net.Error)
	require.False(c.t, ok && timeout.Timeout(), "the server left the connection open")
}

// stored lists what the server has of a drive. Containers are copied.
func stored(t testing.TB, s *ofd.Server, drive string) (docs []ofd.Document) {
	t.Helper()
	require.NoError(t, s.Documents(drive, 0, 0, func(d *ofd.Document) error {
		d.Container, d.Ticket = append([]byte(nil), d.Container...), append([]byte(nil), d.Ticket...)
		docs = append(docs, *d)
		return nil
	}))
	return docs
}

func rules(d ofd.Document) (list []string) {
	for _, f := range d.Findings {
		list = append(list, f.Rule)
	}
	return list
}

// requireTicket checks a ticket as a strict drive does.
func requireTicket(t testing.TB, d *ofdtest.Drive, number uint32, ticket []byte) ffd.Confirmation {
	t.Helper()
	c, err := d.Machine.CheckTicket(d.State.Drive, number, fn.TicketStrict, ticket)
	require.NoError(t, err)
	return c
}

// remake changes the container and puts its CRC right.
func remake(t testing.TB, container []byte, change func(c []byte) []byte) []byte {
	t.Helper()
	c := change(append([]byte(nil), container...))
	c[0], c[1] = byte(len(c)), byte(len(c)>>8)
	require.NoError(t, ofdproto.SealContainer(c))
	return c
}

// driveOf is the FN number that a container names.
func driveOf(container []byte) string {
	d, _ := ofdproto.UnpackDrive([8]byte(container[9:17]))
	return ofdproto.DriveString(d)
}
