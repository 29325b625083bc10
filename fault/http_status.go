package fault

import (
	"fmt"
	"net/http"
	"strconv"
)

// HTTPStatus answers with a status of HTTP and no body, as a balancer before the
// service does.
type HTTPStatus struct {
	Code int // 400..599
	At   At
}

const defaultStatus = http.StatusServiceUnavailable

// Name implements Effect.
func (HTTPStatus) Name() string { return "http-status" }

// Args implements Effect.
func (f HTTPStatus) Args() string { return join("code="+strconv.Itoa(f.Code), side(f.At, AtRequest)) }

// Check implements Checker.
func (f HTTPStatus) Check() error {
	if f.Code < 400 || f.Code > 599 {
		return fmt.Errorf("code: %d, want 400..599", f.Code)
	}
	return nil
}

// Side implements OnAPI.
func (f HTTPStatus) Side() At { return f.At }

// retryAfter is what 429 and 503 ask a client to wait, in seconds.
const retryAfter = "1"

// Serve implements OnAPI.
func (f HTTPStatus) Serve(w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) bool {
	if f.Code == http.StatusTooManyRequests || f.Code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.WriteHeader(f.Code)
	return true
}

func kindHTTPStatus() Kind {
	return Kind{Name: HTTPStatus{}.Name(), Where: "api", First: "code", Usage: "http-status[:503][:at=answer]",
		About:   "the API answers with that status and no body; before it does anything, or after the document was made",
		AboutRu: "API отвечает этим кодом HTTP без тела: до обработки запроса или когда документ уже сделан",
		Knows:   knownToAPI(),
		Read: func(p *Params) Effect {
			return HTTPStatus{p.Number("code", defaultStatus), readSide(p, AtRequest, AtAnswer)}
		}}
}
