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
	for _, delivery := range d.fleet.Deliveries() {
		if first, _ := delivery.Unsent(); first == 0 {
			continue
		}
		id, _, _ := delivery.DriveInfo()
		if s, ok := d.sender.State(delivery.Serial(), id); !ok || s.NextTry.IsZero() {
			return false
		}
	}
	return true
}
