package kkt

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage/memory"
)

// BenchmarkRestoreBeside puts a register of 20 documents back while another one has many
// receipts.
func BenchmarkRestoreBeside(b *testing.B) {
	for _, others := range []int{0, 10_000, 100_000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			x := openBench(b, memory.Open(), nil)
			x.damaged = true // passes over the look at each document
			require.NoError(b, x.fleet.Create("", testSettings()))
			s := testSettings()
			s.Serial, s.DriveNumber, s.INN = "2", fsckDrive2, fsckINN2
			require.NoError(b, x.fleet.Create("", s))
			for range 18 {
				x.submit(testReceipt(1))
			}
			r, err := x.fleet.Register(testSerial)
			require.NoError(b, err)
			_, err = r.Snapshot(b.Context(), "base", false)
			require.NoError(b, err)
			for range others {
				other := testReceipt(1)
				other.INN = fsckINN2
				x.submit(other)
			}
			x.submit(testReceipt(2))
			for b.Loop() {
				_, err := r.Restore(b.Context(), "base")
				require.NoError(b, err)
			}
		})
	}
}
