package ofd_test

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/bolt"
)

// benchConns is how many registers deliver at once.
const benchConns = 64

// load is documents of several drives as messages, made before the clock runs.
func load(b *testing.B, drives, documents int) [][][]byte {
	b.Helper()
	all := make([][][]byte, drives)
	var making sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for i := range all {
		making.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			d := ofdtest.NewDrive(b, fmt.Sprintf("99990789%08d", i+1))
			d.Receipts(max(0, documents-len(d.Containers)))
			for _, c := range d.Containers[:documents] {
				all[i] = append(all[i], message(d.Number(), c))
			}
		})
	}
	making.Wait()
	return all
}

func benchStore(b *testing.B) storage.Store {
	b.Helper()
	store, err := bolt.Open(bolt.Options{Path: filepath.Join(b.TempDir(), "ofd.db")})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	return store
}

// perSecond reports how many documents were confirmed a second, and the time of all processors for one since cpu.
func perSecond(b *testing.B, documents int, cpu time.Duration) {
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/1000/float64(documents), "cpu-us/doc")
	b.ReportMetric(float64(documents)/b.Elapsed().Seconds(), "docs/s")
}

// register sends messages and reads the answers, without looking into them: the server is measured.
func register(addr string, messages [][]byte, each bool) error {
	var c net.Conn
	var r *bufio.Reader
	in := make([]byte, 0, 512)
	for _, m := range messages {
		if c == nil {
			var err error
			if c, err = net.Dial("tcp", addr); err != nil {
				return err
			}
			r = bufio.NewReaderSize(c, 512)
		}
		if _, err := c.Write(m); err != nil {
			return err
		}
		answer, grown, err := ofdproto.ReadMessage(r, in)
		if in = grown; err != nil {
			return err
		}
		if answer.Header.BodyLen == 0 {
			return fmt.Errorf("no ticket")
		}
		if each {
			_ = c.Close()
			c = nil
		}
	}
	if c != nil {
		return c.Close()
	}
	return nil
}

func benchServe(b *testing.B, conns int, each bool) {
	documents := (b.N + conns - 1) / conns
	messages := load(b, conns, documents)
	s, addr := ofdtest.Serve(b, ofd.Options{Store: benchStore(b)})
	b.ReportAllocs()
	cpu := cpuTime()
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range messages {
		all.Go(func() {
			if err := register(addr, messages[i], each); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	perSecond(b, conns*documents, cpu)
	require.EqualValues(b, conns*documents, s.Counters().Documents)
}

func BenchmarkOFDConnections64(b *testing.B)         { benchServe(b, benchConns, false) }
func BenchmarkOFDConnection1(b *testing.B)           { benchServe(b, 1, false) }
func BenchmarkOFDConnectionPerDocument(b *testing.B) { benchServe(b, benchConns, true) }

// benchAppend is the yardstick: durable commits of one document of the same size each, as a register makes them, by writers with a drive
// each.
func benchAppend(b *testing.B, writers int) {
	store := benchStore(b)
	container, state := make([]byte, 450), make([]byte, 200)
	var next atomic.Int64
	cpu := cpuTime()
	b.ResetTimer()
	var all sync.WaitGroup
	for range writers {
		drive := store.ReserveDrive()
		all.Go(func() {
			for i := uint32(0); next.Add(1) <= int64(b.N); i++ {
				_, err := store.Append(b.Context(), storage.Change{Drive: drive, Expect: uint64(i), State: state,
					Documents: []storage.Document{{Number: i + 1, Container: container}}})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	perSecond(b, b.N, cpu)
}

func BenchmarkOFDStoreAlone64(b *testing.B) { benchAppend(b, benchConns) }
func BenchmarkOFDStoreAlone1(b *testing.B)  { benchAppend(b, 1) }
