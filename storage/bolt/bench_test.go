package bolt

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/storage"
)

const (
	benchDocument = 800
	benchState    = 600
	benchRecord   = 700
)

// benchKey returns a record key of 32 bytes: in the order of time over all writers, in that order for each drive, or
// spread like a hash. The order decides how many pages a commit touches.
func benchKey(order string, counter *atomic.Uint64, d storage.DriveID, n uint32) []byte {
	switch order {
	case "time":
		return fmt.Appendf(nil, "%032x", counter.Add(1))
	case "drive":
		return fmt.Appendf(nil, "%016x%016x", uint64(d), n)
	default:
		x := (uint64(d)<<32 | uint64(n)) * 0x9E3779B97F4A7C15
		return fmt.Appendf(nil, "%016x%016x", x, x>>7)
	}
}

// BenchmarkAppend has writers with a drive each, one document an Append, every fsync on.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		for _, order := range []string{"time", "drive", "spread"} {
			b.Run(fmt.Sprintf("writers=%d/keys=%s", writers, order), func(b *testing.B) {
				benchmarkAppend(b, writers, order)
			})
		}
	}
}

func benchmarkAppend(b *testing.B, writers int, order string) {
	s, err := Open(Options{Path: filepath.Join(b.TempDir(), "kktd.db")})
	require.NoError(b, err)
	defer s.Close()
	document, state, record := make([]byte, benchDocument), make([]byte, benchState), make([]byte, benchRecord)
	var done sync.WaitGroup
	var failed sync.Map
	var counter atomic.Uint64
	b.ReportAllocs()
	b.ResetTimer()
	for w := range writers {
		changes := b.N / writers
		if w < b.N%writers {
			changes++
		}
		done.Go(func() {
			d := storage.DriveID(w + 1)
			for n := range uint32(changes) {
				_, err := s.Append(context.Background(), storage.Change{
					Drive: d, Expect: uint64(n), State: state,
					Documents: []storage.Document{{Number: n + 1, Container: document}},
					Records:   []storage.Record{{Kind: 1, Key: benchKey(order, &counter, d, n), Value: record}},
				})
				if err != nil {
					failed.Store(w, err)
					return
				}
			}
		})
	}
	done.Wait()
	b.StopTimer()
	failed.Range(func(_, err any) bool { b.Fatal(err); return false })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
	require.NoError(b, s.db.View(func(tx *bbolt.Tx) error {
		b.ReportMetric(float64(b.N)/float64(tx.ID()), "documents/commit")
		b.ReportMetric(float64(tx.Size())/float64(b.N), "file-bytes/op")
		return nil
	}))
}

// BenchmarkLoneWriter compares one writer with a plain bbolt Update that puts the same keys and values. The two
// take turns of 16 changes, so that both meet the same mood of the disk; ratio is Update's time to Append's.
func BenchmarkLoneWriter(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(Options{Path: filepath.Join(dir, "kktd.db")})
	require.NoError(b, err)
	defer s.Close()
	plain, err := bbolt.Open(filepath.Join(dir, "plain.db"), 0o600,
		&bbolt.Options{FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	require.NoError(b, err)
	defer plain.Close()
	names := bucketNames(rootPrefix)
	require.NoError(b, plain.Update(func(tx *bbolt.Tx) error {
		for _, name := range names {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	}))
	document, state, record := make([]byte, benchDocument), make([]byte, benchState), make([]byte, benchRecord)
	ours := func(n uint32) error {
		_, err := s.Append(context.Background(), storage.Change{
			Drive: 1, Expect: uint64(n), State: state,
			Documents: []storage.Document{{Number: n + 1, Container: document}},
			Records:   []storage.Record{{Kind: 1, Key: benchKey("drive", nil, 1, n), Value: record}},
		})
		return err
	}
	theirs := func(n uint32) error {
		return plain.Update(func(tx *bbolt.Tx) error {
			log := tx.Bucket(names[logBucket])
			log.FillPercent = 1
			if err := log.Put(appendDriveKey(nil, storage.DriveID(n+1)), document); err != nil {
				return err
			}
			row := make([]byte, stateHeaderSize+tailSize(n+1)+len(state))
			if err := tx.Bucket(names[stateBucket]).Put(appendDriveKey(nil, 1), row); err != nil {
				return err
			}
			key := []byte{1}
			return tx.Bucket(names[recordsBucket]).Put(append(key, benchKey("drive", nil, 1, n)...), record)
		})
	}
	var spent [2]time.Duration
	b.ResetTimer()
	for n := 0; n < b.N; n += 16 {
		for i, write := range []func(uint32) error{ours, theirs} {
			start := b.Elapsed()
			for k := n; k < min(n+16, b.N); k++ {
				require.NoError(b, write(uint32(k)))
			}
			spent[i] += b.Elapsed() - start
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "append-ns/op")
	b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "update-ns/op")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
}
