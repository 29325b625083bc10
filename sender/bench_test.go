package sender_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
)

// BenchmarkOFDDeliver sends from registers in memory to an OFD on its store, over TCP, one kept connection a register. An
// operation is one document, from Wake to the commit of its ticket.
func BenchmarkOFDDeliver(b *testing.B) {
	for _, registers := range []int{1, 64} {
		name := map[int]string{1: "1 register", 64: "64 registers"}[registers]
		b.Run(name+"/memory", func(b *testing.B) { benchmarkDeliver(b, registers, memory.Open()) })
		b.Run(name+"/bolt", func(b *testing.B) { benchmarkDeliver(b, registers, openBolt(b, "ofd.db")) })
	}
}

func benchmarkDeliver(b *testing.B, registers int, store storage.Store) {
	_, addr := ofdtest.Serve(b, ofd.Options{Store: store})
	s := runBench(b, sender.Options{Addr: addr, MaxConns: registers})
	var all sync.WaitGroup
	list := make([]*counted, registers)
	total := max(b.N, registers*3)
	for i := range list {
		r := newRegister(b, i+1)
		r.receipts(max(1, total/registers) - 2)
		all.Add(len(r.drive.Containers))
		list[i] = &counted{register: r, done: &all}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, r := range list {
		s.Wake(r)
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "documents/s")
}

func openBolt(b *testing.B, name string) storage.Store {
	store, err := bolt.Open(bolt.Options{Path: filepath.Join(b.TempDir(), name)})
	require.NoError(b, err)
	b.Cleanup(func() { _ = store.Close() })
	return store
}

// runBench runs a sender by the real clock until the end of the benchmark.
func runBench(b *testing.B, o sender.Options) *sender.Sender {
	o.Clock, o.Mode = clock.Real(), fn.TicketStrict
	s := sender.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
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

// delivery is a register of a fleet on a file and an OFD on the same or another file, every fsync on.
type delivery struct {
	b      *testing.B
	fleet  *kkt.Fleet
	r      *kkt.Register
	s      *sender.Sender
	server *ofd.Server
}

func newDelivery(b *testing.B, oneFile bool) *delivery {
	store := openBolt(b, "kktd.db")
	world := store
	var err error
	if oneFile {
		world, err = store.Namespace("ofd")
		require.NoError(b, err)
	} else {
		world = openBolt(b, "ofd.db")
	}
	d := &delivery{b: b}
	server, addr := ofdtest.Serve(b, ofd.Options{Store: world, Clock: clock.Real()})
	d.server = server
	d.s = runBench(b, sender.Options{Addr: addr})
	d.fleet, err = kkt.Open(kkt.Options{Store: store, Clock: clock.Real(), Log: silentLog(), Seed: 1, TicketMode: fn.TicketStrict})
	require.NoError(b, err)
	b.Cleanup(d.fleet.Close)
	settings := testSettings(serialOf(1), "9999078900005430")
	settings.DriveCapacity = 1 << 23
	require.NoError(b, d.fleet.Fiscalize(b.Context(), "", settings))
	d.r, err = d.fleet.Register(serialOf(1))
	require.NoError(b, err)
	return d
}

// receipts makes n receipts, by many clients, which share their commits.
func (d *delivery) receipts(n int) {
	const clients = 64
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for range n/clients + max(0, min(1, n%clients-i)) {
				_, err := d.fleet.Submit(context.Background(), testReceipt())
				if err != nil {
					d.b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// deliver wakes the sender and waits until every ticket is on disk.
func (d *delivery) deliver() {
	changed := d.r.Changed()
	d.s.Wake(d.r.Delivery())
	for {
		if first, _ := d.r.Unsent(); first == 0 {
			return
		}
		<-changed
		changed = d.r.Changed()
	}
}

// BenchmarkOFDOneConnection delivers the documents of one register over one kept connection, in turns with a store that makes one
// durable commit a document and does nothing else, so that both meet the same mood of the disk. ratio is the time of the commits to
// that of the delivery.
func BenchmarkOFDOneConnection(b *testing.B) {
	const turn = 256
	for _, oneFile := range []bool{true, false} {
		b.Run(map[bool]string{true: "one file", false: "two files"}[oneFile], func(b *testing.B) {
			d := newDelivery(b, oneFile)
			plain := openBolt(b, "plain.db")
			value := make([]byte, 600)
			d.receipts(1)
			d.deliver()
			var delivering, committing time.Duration
			documents, commits := 0, 0
			b.ResetTimer()
			for documents < b.N {
				b.StopTimer()
				d.receipts(turn)
				b.StartTimer()
				start := b.Elapsed()
				d.deliver()
				documents += turn
				between := b.Elapsed()
				for range turn {
					commits++
					_, err := plain.Append(context.Background(), storage.Change{Records: []storage.Record{{Kind: 1, Key: fmt.Appendf(nil, "%020d", commits), Value: value}}})
					require.NoError(b, err)
				}
				delivering += between - start
				committing += b.Elapsed() - between
			}
			b.StopTimer()
			require.Zero(b, d.server.Counters().Resends)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(documents)/delivering.Seconds(), "documents/s")
			b.ReportMetric(float64(commits)/committing.Seconds(), "commits/s")
			b.ReportMetric(committing.Seconds()/delivering.Seconds(), "ratio")
		})
	}
}

// BenchmarkOFDBacklog delivers what one register has made while the OFD was away.
func BenchmarkOFDBacklog(b *testing.B) {
	const backlog = 100_000
	d := newDelivery(b, true)
	for b.Loop() {
		b.StopTimer()
		d.receipts(backlog)
		b.StartTimer()
		d.deliver()
	}
	require.Zero(b, d.server.Counters().Resends)
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/backlog")
	b.ReportMetric(float64(backlog*b.N)/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkOFDReceiptsMeanwhile makes receipts by many clients of one register while they are delivered to an OFD on the same file:
// what delivery costs those who wait for their receipts. The time ends with the last receipt.
func BenchmarkOFDReceiptsMeanwhile(b *testing.B) {
	d := newDelivery(b, true)
	d.receipts(1)
	d.deliver()
	stop := make(chan struct{})
	var waking sync.WaitGroup
	waking.Go(func() {
		for changed := d.r.Changed(); ; changed = d.r.Changed() {
			d.s.Wake(d.r.Delivery())
			select {
			case <-changed:
			case <-stop:
				return
			}
		}
	})
	b.ResetTimer()
	d.receipts(b.N)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
	close(stop)
	waking.Wait()
	d.deliver()
}
