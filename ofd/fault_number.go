package ofd

import (
	"fmt"

	"kktd/ffd"
	"kktd/ofdproto"
)

// WrongNumber sends a well signed ticket for another document of the drive.
type WrongNumber struct{ By int } // added to the number; 0 counts as 1

// Name implements fault.Effect.
func (WrongNumber) Name() string { return "ofd-wrong-number" }

// Args implements fault.Effect.
func (f WrongNumber) Args() string { return fmt.Sprintf("by=%d", f.by()) }

func (f WrongNumber) by() int {
	if f.By == 0 {
		return 1
	}
	return f.By
}

func (f WrongNumber) alter(_ *waiter, a *answer) {
	a.redo(func(c *ffd.Confirmation) {
		c.Number = uint32(min(max(int64(c.Number)+int64(f.by()), 1), ofdproto.MaxNumber))
	})
}
