package ofd

import (
	"encoding/binary"

	"kktd/ffd"
	"kktd/ofdproto"
)

// WrongFormat sends a ticket whose document has lost its number, tag 1040; CRC and lengths are right.
type WrongFormat struct{}

// Name implements fault.Effect.
func (WrongFormat) Name() string { return "ofd-wrong-format" }

// Args implements fault.Effect.
func (WrongFormat) Args() string { return "" }

func (WrongFormat) alter(_ *waiter, a *answer) {
	if !a.own() {
		return
	}
	c := a.container()
	doc := c[ofdproto.ContainerHeaderLen:]
	for at := 4; at+4 <= len(doc)-ofdproto.TailLen; at += 4 + int(binary.LittleEndian.Uint16(doc[at+2:])) {
		if binary.LittleEndian.Uint16(doc[at:]) == ffd.TagFDNumber {
			binary.LittleEndian.PutUint16(doc[at:], ffd.TagShiftNumber)
			break
		}
	}
	_ = ofdproto.SealContainer(c) // its length has not changed
}
