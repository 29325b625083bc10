package fault

import (
	"net"
	"net/http"
)

// Cut resets the connection of a client without a byte of an answer.
type Cut struct{ At At }

// Name implements Effect.
func (Cut) Name() string { return "cut" }

// Args implements Effect.
func (f Cut) Args() string { return side(f.At, AtAnswer) }

// Side implements OnAPI.
func (f Cut) Side() At { return f.At }

// Serve implements OnAPI. A connection that cannot be taken over, as of HTTP/2, is
// aborted by the server.
func (f Cut) Serve(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) bool {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
	return true
}

func kindCut() Kind {
	return Kind{Name: Cut{}.Name(), Where: "api", First: "at", Usage: "cut[:answer|request]",
		About:   "the connection is reset without an answer; after the document was made, or before anything is done",
		AboutRu: "соединение обрывается без ответа: когда документ уже сделан или до обработки запроса",
		Knows:   knownToAPI(),
		Read:    func(p *Params) Effect { return Cut{readSide(p, AtAnswer, AtRequest)} }}
}
