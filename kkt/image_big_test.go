package kkt

import (
	"bufio"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage/bolt"
)

var bigImage = flag.Int("images.documents", 0, "documents of TestBigImage; 0: it is skipped")

// TestBigImage carries a register with many documents, each a receipt with its ticket,
// and puts it back to a snapshot; it prints how long that takes and the most that the heap
// had meanwhile.
func TestBigImage(t *testing.T) {
	if *bigImage == 0 {
		t.Skip("takes long; make bench-image")
	}
	dir := t.TempDir()
	open := func(name string) *bench {
		store, err := bolt.Open(bolt.Options{Path: filepath.Join(dir, name)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		b := openBench(t, store, nil)
		b.damaged = true // the look at the end is measured
		return b
	}
	b := open("one.db")
	s := testSettings()
	s.DriveCapacity = 1 << 20
	require.NoError(t, b.fleet.Create("", s))
	var clients sync.WaitGroup
	for i := range 64 {
		clients.Go(func() {
			for n := i; n < *bigImage-2; n += 64 {
				if _, err := b.fleet.Submit(t.Context(), testReceipt(uint64(n))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	b.confirmAll(testSerial)
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)

	measure := func(what string, do func()) {
		runtime.GC()
		stop, most := make(chan struct{}), make(chan uint64)
		go func() {
			var m runtime.MemStats
			peak, tick := uint64(0), time.NewTicker(5*time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					most <- peak
					return
				case <-tick.C:
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse)
				}
			}
		}()
		began := time.Now()
		do()
		took := time.Since(began)
		close(stop)
		t.Logf("%-28s %6.2f s, heap at most %d MiB", what, took.Seconds(), <-most>>20)
	}
	file := filepath.Join(dir, "image.kktd")
	measure("export", func() {
		f, err := os.Create(file)
		require.NoError(t, err)
		w := bufio.NewWriter(f)
		require.NoError(t, r.Export(t.Context(), w))
		require.NoError(t, w.Flush())
		require.NoError(t, f.Close())
	})
	info, err := os.Stat(file)
	require.NoError(t, err)
	t.Logf("the file has %d MiB", info.Size()>>20)
	other := open("other.db")
	measure("import", func() {
		f, err := os.Open(file)
		require.NoError(t, err)
		_, sum, err := other.fleet.Import(t.Context(), Account{}, f)
		require.NoError(t, err)
		require.EqualValues(t, *bigImage, sum.Documents)
		require.NoError(t, f.Close())
	})
	measure("snapshot", func() {
		_, err := r.Snapshot(t.Context(), "base", false)
		require.NoError(t, err)
	})
	b.submit(testReceipt(1))
	measure("restore", func() {
		_, err := r.Restore(t.Context(), "base")
		require.NoError(t, err)
	})
	for _, one := range []*bench{b, other} {
		measure("fsck", func() { one.fsckNow() })
	}
}
