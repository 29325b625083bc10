package daemon

import (
	"context"
	"time"
)

// settlePause is how often Settle looks. It is real time.
const settlePause = 5 * time.Millisecond

// Settle waits until every document has its ticket. It gives up on a register
// whose sender waits after a failure, and returns when ctx ends.
func (d *Daemon) Settle(ctx context.Context) {
	if d.sender == nil {
		return
	}
	look := time.NewTicker(settlePause)
	defer look.Stop()
	for !d.settled() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (d *Daemon) settled() bool {
	for _, r := range d.fleet.Registers() {
		if first, _ := r.Unsent(); first == 0 {
			continue
		}
		if s, ok := d.sender.State(r.Serial(), r.Settings().Drive()); !ok || s.NextTry.IsZero() {
			return false
		}
	}
	return true
}
