package sender_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
)

// resting waits until the sender does nothing about the drive.
func resting(t *testing.T, s *sender.Sender, r *register) {
	t.Helper()
	id, _, _ := r.DriveInfo()
	select {
	case <-s.Rest(r.Serial(), id):
	case <-t.Context().Done():
	}
}

// Deliver cuts the wait after a failure short, and Rest tells when nothing goes on, after a failure too.
func TestDeliverAndRest(t *testing.T) {
	for name, noRetry := range map[string]bool{"with retries": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			addr, business := freeAddr(t), frozen()
			s := run(t, sender.Options{Addr: addr, Clock: business, Linger: -1, NoRetry: noRetry})
			r := newRegister(t, 1).receipts(3)
			resting(t, s, r) // it was never woken
			s.Deliver(r)
			resting(t, s, r)
			st := state(t, s, r)
			require.ErrorIs(t, st.LastError, sender.ErrNoAnswer)
			require.Equal(t, noRetry, st.NextTry.IsZero())
			s.Wake(r) // goes on waiting
			resting(t, s, r)
			if noRetry {
				business.Advance(2 * long)
			}
			require.Equal(t, 1, state(t, s, r).Attempts)

			server, _ := ofdtest.ServeAt(t, ofd.Options{}, addr)
			s.Deliver(r)
			resting(t, s, r)
			st = state(t, s, r)
			require.Zero(t, st.Unsent)
			require.Zero(t, st.InFlight)
			require.False(t, st.Connected)
			requireStored(t, server, r)
			s.Deliver(r.receipts(1)) // as Wake where nothing waits
			resting(t, s, r)
			require.Zero(t, state(t, s, r).Unsent)
		})
	}
}
