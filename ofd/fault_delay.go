package ofd

import (
	"fmt"
	"time"
)

// Delay sends answers later than they are ready.
type Delay struct{ For time.Duration }

// Name implements Effect.
func (Delay) Name() string { return "delay" }

func (f Delay) args() string { return "for=" + f.For.String() }

func (f Delay) check() error { return checkWait(f.For) }

func (f Delay) alter(w *waiter, _ *answer) { w.wait(f.For) }

// maxWait bounds what a fault may wait: nobody waits longer for an answer (spec/ofd-protocol.md 2: 300 s).
const maxWait = time.Hour

func checkWait(d time.Duration) error {
	if d <= 0 || d > maxWait {
		return fmt.Errorf("for: %v, want more than 0 and at most %v", d, maxWait)
	}
	return nil
}
