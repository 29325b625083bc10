package control

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"kktd/event"
)

// The stream of events follows the real clock: a comment now and then keeps proxies
// from closing it, and a client that does not read is cut off.
const (
	heartbeat    = 15 * time.Second
	writeTimeout = 10 * time.Second
)

// streamEvents sends events as server-sent events until the client goes or kktd
// stops: first those behind Last-Event-ID, or behind the parameter after, then each
// new one. Without either it begins with what happens next.
func (a *API) streamEvents(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := a.filter(q)
	if err != nil {
		return err
	}
	last, err := a.events.LastEvent()
	if err != nil {
		return err
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		last, err = parseNumber("Last-Event-ID", id, 0, 1<<63-1)
	} else {
		last, err = q.number("after", last, 0, 1<<63-1)
	}
	if err != nil {
		return err
	}
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil // the head is the answer; a stream would hold the connection of the next request
	}
	var b bytes.Buffer
	send := func() error {
		_ = out.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := b.WriteTo(w); err != nil {
			return err
		}
		return out.Flush()
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	b.WriteString(": events of kktd\n\n")
	for {
		changed := a.events.Changed()
		if last, err = a.follow(f, q, last, 0, func(e *event.Event) error {
			appendSSE(&b, e)
			if b.Len() < 1<<16 {
				return nil
			}
			return send()
		}); err == nil {
			err = send()
		}
		if err != nil { // the head is out: the client is gone, or meets the end of the stream and comes again
			if r.Context().Err() == nil {
				a.log.WithError(err).Info("a stream of events ended")
			}
			return nil
		}
		select {
		case <-changed:
		case <-beat.C:
			b.WriteString(": still here\n\n")
		case <-r.Context().Done():
			return nil
		case <-a.stopping:
			return nil
		}
	}
}

// appendSSE writes an event: its number as id, its kind, its JSON.
func appendSSE(b *bytes.Buffer, e *event.Event) {
	b.WriteString("id: ")
	b.WriteString(strconv.FormatUint(e.Number, 10))
	b.WriteString("\nevent: ")
	b.WriteString(string(e.Kind))
	b.WriteString("\ndata: ")
	_ = newEncoder(b).Encode(viewEvent(e)) // it ends with a newline and has no other
	b.WriteByte('\n')
}
