package ofd

import "kktd/ofdproto"

// WrongSign spoils the operator's sign behind the ticket; the CRC is right.
type WrongSign struct{}

// Name implements Effect.
func (WrongSign) Name() string { return "wrong-sign" }

func (WrongSign) args() string { return "" }

func (WrongSign) alter(_ *waiter, a *answer) {
	if a.own() {
		c := a.container()
		c[len(c)-ofdproto.TailLen+2] ^= 0xFF // behind kind and length
		_ = ofdproto.SealContainer(c)        // its length has not changed
	}
}
