package cloudkassir

import (
	"slices"
	"sync"
	"time"
)

// quotaTime is how long a receipt counts against the quota of test receipts (spec/api/cloudkassir.md 2.3.1, 10).
const quotaTime = 8 * time.Hour

// quota limits how many receipts an organisation makes in quotaTime, by the business clock. It begins anew with the process.
type quota struct {
	mu    sync.Mutex
	taken map[string][]time.Time // by INN, oldest first
}

// take counts a receipt; false when the limit is reached.
func (x *quota) take(inn string, now time.Time, limit int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := x.taken[inn]
	list = slices.DeleteFunc(list, func(t time.Time) bool { return now.Sub(t) >= quotaTime })
	ok := len(list) < limit
	if ok {
		list = append(list, now)
	}
	if x.taken == nil {
		x.taken = map[string][]time.Time{}
	}
	x.taken[inn] = list
	return ok
}

// back takes the count of a receipt back that was not made.
func (x *quota) back(inn string, taken time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if i := slices.Index(x.taken[inn], taken); i >= 0 {
		x.taken[inn] = slices.Delete(x.taken[inn], i, i+1)
	}
}
