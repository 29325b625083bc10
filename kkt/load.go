package kkt

import (
	"runtime"
	"sync"
)

// reviveAll makes the registers of their records, in the same order. Each is several
// reads of the store: all processors take part.
func (f *Fleet) reviveAll(records []*registerRecord) []*Register {
	list := make([]*Register, len(records))
	workers := max(1, min(runtime.GOMAXPROCS(0), len(records)))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(records); i += workers {
				list[i] = f.revive(records[i])
			}
		})
	}
	wg.Wait()
	return list
}
