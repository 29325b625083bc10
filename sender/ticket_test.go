package sender_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

func pad12(s string) [12]byte { return ffd.Pad[[12]byte](s) }
func pad16(s string) [16]byte { return ffd.Pad[[16]byte](s) }

// ticket is an answer that a test changes and signs anew.
type ticket struct {
	ffd.Confirmation
	header ofdproto.SessionHeader
	spoil  func(doc []byte) // after the signs were made
}

func readTicket(t testing.TB, message []byte) *ticket {
	m, _, err := ofdproto.ParseMessage(message)
	require.NoError(t, err)
	c, err := m.Container()
	require.NoError(t, err)
	x, err := ffd.ParseConfirmation(c.Document)
	require.NoError(t, err)
	return &ticket{Confirmation: x, header: m.Header}
}

// write makes the message; the session header stays that of the request.
func (x *ticket) write(t testing.TB, signer fn.OperatorSigner) []byte {
	c, err := signer.Container(nil, &x.Confirmation)
	require.NoError(t, err)
	if x.spoil != nil {
		x.spoil(c[ofdproto.ContainerHeaderLen : len(c)-ofdproto.TailLen])
		require.NoError(t, ofdproto.SealContainer(c))
	}
	return ofdproto.AppendSession(nil, x.header.Drive, x.header.PVersion, x.header.Flags, c)
}
