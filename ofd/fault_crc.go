package ofd

import (
	"encoding/binary"

	"kktd/ofdproto"
)

// WrongCRC spoils the CRC of the container of answers. With Session it is that of the message, which then has one.
type WrongCRC struct{ Session bool }

// Name implements fault.Effect.
func (WrongCRC) Name() string { return "ofd-wrong-crc" }

// Args implements fault.Effect.
func (f WrongCRC) Args() string { return inSession(f.Session) }

func (f WrongCRC) alter(_ *waiter, a *answer) {
	if !a.own() {
		return
	}
	if f.Session {
		a.Message = ofdproto.AppendSession(nil, a.r.Header.Drive, a.r.Header.PVersion, ofdproto.FlagsDocument|ofdproto.FlagCRCMessage, a.container())
		a.Message[ofdproto.SessionHeaderLen-1] ^= 0xFF
		return
	}
	c := a.container()
	binary.LittleEndian.PutUint16(c[2:], ^binary.LittleEndian.Uint16(c[2:]))
}
