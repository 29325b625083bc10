package fault

import (
	"fmt"
	"net/http"
	"time"
)

// Latency lets a client wait, by the real clock, and then goes on.
type Latency struct {
	For time.Duration // up to an hour
	At  At
}

// Name implements Effect.
func (Latency) Name() string { return "latency" }

// Args implements Effect.
func (f Latency) Args() string { return join("for="+f.For.String(), side(f.At, AtRequest)) }

// Check implements Checker.
func (f Latency) Check() error {
	if f.For <= 0 || f.For > time.Hour {
		return fmt.Errorf("for: %v, want more than 0 and at most 1h", f.For)
	}
	return nil
}

// Side implements OnAPI.
func (f Latency) Side() At { return f.At }

// Serve implements OnAPI.
func (f Latency) Serve(_ http.ResponseWriter, r *http.Request, lifted <-chan struct{}) bool {
	wait(r, f.For, lifted)
	return false
}

func kindLatency() Kind {
	return Kind{Name: Latency{}.Name(), Where: "api", First: "for", Usage: "latency[:3s][:at=answer]",
		About:   "the API answers later, by the real clock; the wait is before the work, or behind it",
		AboutRu: "API отвечает с задержкой по настоящим часам: до обработки или после неё",
		Knows:   knownToAPI(),
		Read: func(p *Params) Effect {
			return Latency{p.Duration("for", 3*time.Second), readSide(p, AtRequest, AtAnswer)}
		}}
}
