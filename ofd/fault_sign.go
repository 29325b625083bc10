package ofd

import "kktd/ofdproto"

// WrongSign spoils the operator's sign behind the ticket; the CRC is right.
type WrongSign struct{}

// Name implements fault.Effect.
func (WrongSign) Name() string { return "ofd-wrong-sign" }

// Args implements fault.Effect.
func (WrongSign) Args() string { return "" }

func (WrongSign) alter(_ *waiter, a *answer) {
	if a.own() {
		c := a.container()
		c[len(c)-ofdproto.TailLen+2] ^= 0xFF // behind kind and length
		_ = ofdproto.SealContainer(c)        // its length has not changed
	}
}
