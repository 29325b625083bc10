package sender_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
)

// BenchmarkDeliver sends from registers in memory to an OFD on its store, over TCP, one kept connection a register. An
// operation is one document, from Wake to the commit of its ticket.
func BenchmarkDeliver(b *testing.B) {
	for _, registers := range []int{1, 64} {
		name := map[int]string{1: "1 register", 64: "64 registers"}[registers]
		b.Run(name+"/memory", func(b *testing.B) { benchmarkDeliver(b, registers, memory.Open()) })
		b.Run(name+"/bolt", func(b *testing.B) {
			store, err := bolt.Open(bolt.Options{Path: filepath.Join(b.TempDir(), "ofd.db")})
			require.NoError(b, err)
			b.Cleanup(func() { _ = store.Close() })
			benchmarkDeliver(b, registers, store)
		})
	}
}

func benchmarkDeliver(b *testing.B, registers int, store storage.Store) {
	_, addr := ofdtest.Serve(b, ofd.Options{Store: store})
	s := sender.New(sender.Options{Addr: addr, Clock: clock.Real(), Mode: fn.TicketLenient, MaxConns: registers})
	var all sync.WaitGroup
	list := make([]*counted, registers)
	total := max(b.N, registers*3)
	for i := range list {
		r := newRegister(b, i+1)
		r.receipts(max(1, total/registers) - 2)
		all.Add(len(r.drive.Containers))
		list[i] = &counted{register: r, done: &all}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range list {
		s.Wake(r)
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "documents/s")
	cancel()
	<-ended
}

// counted tells when the tickets are committed.
type counted struct {
	*register
	done *sync.WaitGroup
}

func (c *counted) Confirm(number uint32, ticket []byte, done func(error)) {
	c.register.Confirm(number, ticket, func(err error) {
		done(err)
		require.NoError(c.tb, err)
		c.done.Done()
	})
}
