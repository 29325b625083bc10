package ofd

import "time"

// Late sends answers when the register has given up: it waits, sends all the same, and closes the connection.
type Late struct{ For time.Duration }

// Name implements fault.Effect.
func (Late) Name() string { return "ofd-late" }

// Args implements fault.Effect.
func (f Late) Args() string { return "for=" + f.For.String() }

// Check implements fault.Checker.
func (f Late) Check() error { return checkWait(f.For) }

func (Late) probes() {}

func (f Late) alter(w *waiter, a *answer) {
	w.wait(f.For)
	a.Close = true
}
