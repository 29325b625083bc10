package ofd

import (
	"kktd/ffd"
	"kktd/ofdproto"
)

// WrongDrive sends a well signed ticket for another drive: the last digit of its number differs. With Session the header of the message
// names it and the ticket is right.
type WrongDrive struct{ Session bool }

// Name implements fault.Effect.
func (WrongDrive) Name() string { return "ofd-wrong-drive" }

// Args implements fault.Effect.
func (f WrongDrive) Args() string { return inSession(f.Session) }

func (f WrongDrive) alter(_ *waiter, a *answer) {
	if f.Session {
		if a.own() {
			other := otherDrive(a.r.Header.Drive)
			a.Message = ofdproto.AppendSession(nil, other, a.r.Header.PVersion, ofdproto.FlagsDocument, a.container())
		}
		return
	}
	a.redo(func(c *ffd.Confirmation) { c.Drive = otherDrive(c.Drive) })
}

// otherDrive changes the last digit of a number.
func otherDrive(d [ofdproto.DriveLen]byte) [ofdproto.DriveLen]byte {
	last := len(ofdproto.DriveString(d)) - 1
	d[last] = '0' + (d[last]-'0'+1)%10
	return d
}

// inSession is the parameter of faults that hit the ticket or the header around it.
func inSession(session bool) string {
	if session {
		return "where=session"
	}
	return ""
}
