package ofd

import (
	"fmt"
	"time"
)

// Delay sends answers later than they are ready.
type Delay struct{ For time.Duration }

// Name implements fault.Effect.
func (Delay) Name() string { return "ofd-delay" }

// Args implements fault.Effect.
func (f Delay) Args() string { return "for=" + f.For.String() }

// Check implements fault.Checker.
func (f Delay) Check() error { return checkWait(f.For) }

func (Delay) probes() {}

func (f Delay) alter(w *waiter, _ *answer) { w.wait(f.For) }

// maxWait bounds what a fault may wait: nobody waits longer for an answer (spec/ofd-protocol.md 2: 300 s).
const maxWait = time.Hour

func checkWait(d time.Duration) error {
	if d <= 0 || d > maxWait {
		return fmt.Errorf("for: %v, want more than 0 and at most %v", d, maxWait)
	}
	return nil
}
