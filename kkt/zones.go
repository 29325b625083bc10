package kkt

import (
	"sync"
	"time"
)

// zones are the time zones in use: registers share them.
type zones struct{ byName sync.Map }

func (z *zones) find(name string) (*time.Location, error) {
	if zone, known := z.byName.Load(name); known {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		z.byName.Store(name, zone)
	}
	return zone, err
}
