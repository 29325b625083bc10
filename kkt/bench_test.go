package kkt

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage/bolt"
)

// BenchmarkDurableReceipts makes receipts through the fleet on a real file with
// fsync: each of the registers has one client that waits for its answer.
func BenchmarkDurableReceipts(b *testing.B) {
	for _, registers := range []int{1, 64} {
		b.Run(fmt.Sprintf("registers=%d", registers), func(b *testing.B) {
			store, err := bolt.Open(bolt.Options{Path: filepath.Join(b.TempDir(), "kktd.db")})
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, store.Close()) }) // after the look of the bench
			x := openBench(b, store, nil)
			x.damaged = true // passes over the look at each document, which would be most of the time
			for i := range registers {
				s := testSettings()
				s.Serial, s.INN, s.DriveNumber = fmt.Sprint(i+1), fmt.Sprintf("%010d", i+1), fmt.Sprintf("9999%012d", i+1)
				s.DriveCapacity = 1 << 23
				require.NoError(b, x.fleet.Fiscalize(context.Background(), "", s))
			}
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range registers {
				wg.Go(func() {
					for k := i; k < b.N; k += registers {
						r := testReceipt(100)
						r.INN = fmt.Sprintf("%010d", i+1)
						if _, err := x.fleet.Submit(context.Background(), r); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
		})
	}
}
