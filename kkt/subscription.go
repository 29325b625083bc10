package kkt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"kktd/storage"
)

// Subscription is what an account wants to be told of, and where. The names are
// those of the API that the account uses.
type Subscription struct {
	Account  string `json:"account"` // public id
	API      string `json:"api"`
	Type     string `json:"type"` // the API's name of the notification
	Enabled  bool   `json:"enabled"`
	Address  string `json:"address"`
	Method   string `json:"method"`   // GET or POST
	Encoding string `json:"encoding"` // the API's word
	Format   string `json:"format"`   // the API's word
}

// storeKey is the key of its record.
func (s *Subscription) storeKey() []byte { return []byte(s.Account + "\x00" + s.API + "\x00" + s.Type) }

// subscriptionKey finds a subscription.
type subscriptionKey struct{ account, api, kind string }

// subscriptions are read on every receipt, so a change makes a new map.
type subscriptions struct {
	mu  sync.Mutex // of who changes them
	all atomic.Pointer[map[subscriptionKey]*Subscription]
}

func (f *Fleet) loadSubscriptions() error {
	all := map[subscriptionKey]*Subscription{}
	err := loadJSON(f.store, kindSubscription, func(s Subscription) { all[subscriptionKey{s.Account, s.API, s.Type}] = &s })
	f.subscriptions.all.Store(&all)
	return err
}

// Subscription finds what an account has set for a type of notification; nil when
// nothing. It must not be changed.
func (f *Fleet) Subscription(account, api, kind string) *Subscription {
	return (*f.subscriptions.all.Load())[subscriptionKey{account, api, kind}]
}

// Subscriptions are those of an account, of all accounts when it is empty, in the
// order of account, API and type.
func (f *Fleet) Subscriptions(account string) (list []Subscription) {
	for k, s := range *f.subscriptions.all.Load() {
		if account == "" || k.account == account {
			list = append(list, *s)
		}
	}
	slices.SortFunc(list, func(a, b Subscription) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.API, b.API), cmp.Compare(a.Type, b.Type))
	})
	return list
}

// Subscribe stores a subscription in place of the one with the same account, API
// and type. The API has checked it. It returns ErrNotFound for an account that is
// not there.
func (f *Fleet) Subscribe(s Subscription) error {
	x := &f.subscriptions
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := f.Account(s.Account); !ok {
		return fmt.Errorf("%w: account %q", ErrNotFound, s.Account)
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	key := subscriptionKey{s.Account, s.API, s.Type}
	rec := storage.Record{Kind: kindSubscription, Key: s.storeKey(), Value: value}
	if err := f.append(storage.Change{Records: []storage.Record{rec}}); err != nil {
		return err
	}
	next := maps.Clone(*x.all.Load())
	next[key] = &s
	x.all.Store(&next)
	return nil
}
