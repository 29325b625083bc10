package ofd

import "time"

// Late sends answers when the register has given up: it waits, sends all the same, and closes the connection.
type Late struct{ For time.Duration }

// Name implements Effect.
func (Late) Name() string { return "late" }

func (f Late) args() string { return "for=" + f.For.String() }

func (f Late) check() error { return checkWait(f.For) }

func (f Late) alter(w *waiter, a *answer) {
	w.wait(f.For)
	a.Close = true
}
