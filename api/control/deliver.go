package control

import (
	"context"
	"net/http"
	"time"

	"kktd/kkt"
)

// Deliverer sends what registers have not sent to the OFD, nil meaning all, and tells
// what came of each drive that had something. It returns when that is known or ctx
// ends.
type Deliverer func(ctx context.Context, registers []*kkt.Register) ([]Delivered, error)

// Delivered is what came of the unsent documents of a drive.
type Delivered struct {
	Register  string `json:"register"`
	Drive     string `json:"drive"`
	Confirmed uint32 `json:"confirmed"` // documents that got their tickets
	Unsent    uint32 `json:"unsent"`    // those that did not
	Error     string `json:"error,omitempty"`
	Reason    string `json:"reason,omitempty"` // of the error, as a word
}

const (
	defaultDeliverTime = 30 * time.Second
	maxDeliverTime     = 2 * time.Minute
)

// deliverBody limits a delivery.
type deliverBody struct {
	Timeout *Duration `json:"timeout"` // up to 2 minutes, 30 seconds when it is left out; real time
}

func (a *API) deliverAll(w http.ResponseWriter, r *http.Request) error {
	return a.deliverTo(w, r, nil)
}

func (a *API) deliverOne(w http.ResponseWriter, r *http.Request) error {
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	return a.deliverTo(w, r, []*kkt.Register{reg})
}

func (a *API) deliverTo(w http.ResponseWriter, r *http.Request, registers []*kkt.Register) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	var body deliverBody
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	limit := defaultDeliverTime
	if body.Timeout != nil {
		if limit = time.Duration(*body.Timeout); limit <= 0 || limit > maxDeliverTime {
			return badBody("timeout", "up to 2m", "%v is not in the range", limit)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	list, err := a.deliver(ctx, registers)
	if err != nil {
		return err
	}
	if list == nil {
		list = []Delivered{}
	}
	return WriteJSON(w, http.StatusOK, allOf[Delivered]{list})
}
