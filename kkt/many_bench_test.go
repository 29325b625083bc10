package kkt

import (
	"io"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/storage/bolt"
)

// BenchmarkOpenManyRegisters opens a file of 10 000 registers, and reports what one of
// them keeps in memory.
func BenchmarkOpenManyRegisters(b *testing.B) {
	const registers = 10_000
	store, err := bolt.Open(bolt.Options{Path: filepath.Join(b.TempDir(), "kktd.db"), NoSync: true})
	require.NoError(b, err)
	defer store.Close()
	log := logrus.New()
	log.SetOutput(io.Discard)
	open := func() *Fleet {
		f, err := Open(Options{Store: store, Clock: clock.Real(), Log: log, Seed: 1})
		require.NoError(b, err)
		return f
	}
	f := open()
	for range registers {
		_, _, err := f.NewRegister(b.Context(), Order{Settings: Defaults(0)})
		require.NoError(b, err)
	}
	f.Close()
	f = nil
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	for b.Loop() {
		f = open()
		f.Close()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/registers, "kept-B/register")
	require.Len(b, f.Registers(), registers)
	b.ReportMetric(float64(unsafe.Sizeof(Register{})), "size-B")
}
