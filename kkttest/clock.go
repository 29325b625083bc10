package kkttest

import (
	"net/http"
	"time"
)

// Clock moves the business time of the daemon: that of documents, shifts, terms and due
// times. What a move makes due happens at once.
type Clock struct{ s *Server }

func (c *Clock) move(body map[string]any) time.Time {
	c.s.t.Helper()
	var answer struct{ Now time.Time }
	method, in := http.MethodGet, any(nil)
	if body != nil {
		method, in = http.MethodPost, body
	}
	c.s.Call(method, "clock", in, &answer)
	return answer.Now
}

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.s.t.Helper()
	return c.move(nil)
}

// Freeze stops the clock where it is.
func (c *Clock) Freeze() {
	c.s.t.Helper()
	c.move(map[string]any{"mode": "frozen"})
}

// Advance moves the clock on, standing or running, and returns the time it shows then.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.s.t.Helper()
	return c.move(map[string]any{"advance": d.String()})
}

// Set moves the clock on to a time. Backward it does not go: the test ends.
func (c *Clock) Set(t time.Time) {
	c.s.t.Helper()
	c.move(map[string]any{"time": t})
}

// Step lets the clock stand and move on by d before each receipt or report.
func (c *Clock) Step(d time.Duration) {
	c.s.t.Helper()
	c.move(map[string]any{"mode": "stepping", "step": d.String()})
}

// Run lets the clock run on from what it shows.
func (c *Clock) Run() {
	c.s.t.Helper()
	c.move(map[string]any{"run": true})
}
