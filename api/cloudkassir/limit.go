package cloudkassir

import (
	"net/http"
	"sync"
)

// limit counts the requests of each account that are in work (spec/api/cloudkassir.md 1, Overload).
type limit struct {
	mu   sync.Mutex
	work map[string]int // by public id
}

// enter counts a request in; false when the account has as many in work as it may.
func (x *limit) enter(account string, most int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.work[account] >= most {
		return false
	}
	if x.work == nil {
		x.work = map[string]int{}
	}
	x.work[account]++
	return true
}

func (x *limit) leave(account string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.work[account]--; x.work[account] == 0 {
		delete(x.work, account)
	}
}

// retryAfter is what an overloaded API asks a client to wait, in seconds.
const retryAfter = "1"

// refuseOverload answers a request above the limit: nothing is read of it, nothing made.
func (a *API) refuseOverload(w http.ResponseWriter, path, account string) {
	a.o.Log.WithField("api", apiName).WithField("path", path).WithField("account", account).WithField("status", http.StatusTooManyRequests).
		Warnf("refused: %d requests of the account are in work", a.o.RequestLimit)
	w.Header().Set("Retry-After", retryAfter)
	w.WriteHeader(http.StatusTooManyRequests)
}
