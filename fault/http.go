package fault

import (
	"net/http"
	"time"

	"kktd/clock"
)

// At says on which side of the work a fault of an API acts.
type At string

// The sides.
const (
	AtRequest At = "request" // before anything is done: nothing is made
	AtAnswer  At = "answer"  // after the commit, in place of the answer: the document exists
)

// OnAPI is the point of an API's requests.
type OnAPI interface {
	Effect
	// Side tells when it acts.
	Side() At
	// Serve acts on a request; true when it has answered, or left the client without
	// an answer. lifted ends its waiting.
	Serve(w http.ResponseWriter, r *http.Request, lifted <-chan struct{}) (answered bool)
}

// readSide reads the parameter at. Both sides make sense; the first word is the
// default.
func readSide(p *Params, first, second At) At {
	return At(p.Choice("at", string(first), string(second)))
}

// side writes it, "" for the default.
func side(at, otherwise At) string {
	if at == otherwise || at == "" {
		return ""
	}
	return "at=" + string(at)
}

// join puts parameters together, without the empty ones.
func join(args ...string) (text string) {
	for _, a := range args {
		if a != "" && text != "" {
			text += ":"
		}
		text += a
	}
	return text
}

// wait returns after d of the real clock, when the fault is lifted or when the client
// is gone.
func wait(r *http.Request, d time.Duration, lifted <-chan struct{}) {
	t := clock.Real().NewTimer(d)
	defer t.Stop()
	select {
	case <-t.Chan():
	case <-lifted:
	case <-r.Context().Done():
	}
}
