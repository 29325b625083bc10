//go:build !windows

package bolt

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/storagetest"
)

// killFile names the file to the child of TestKill.
const killFile = "KKTD_STORAGE_KILL_FILE"

const killDrives = 4

// TestKillChild is the child of TestKill: it appends for ever and prints each change once it is answered.
func TestKillChild(t *testing.T) {
	path := os.Getenv(killFile)
	if path == "" {
		t.Skip("runs as the child of TestKill only")
	}
	s, err := Open(Options{Path: path})
	require.NoError(t, err)
	var printing sync.Mutex
	var done sync.WaitGroup
	for d := storage.DriveID(1); d <= killDrives; d++ {
		last, err := s.LastDocument(d)
		require.NoError(t, err)
		done.Go(func() {
			for n := last + 1; ; n++ {
				text := fmt.Appendf(nil, "%d/%d", d, n)
				_, err := s.Append(context.Background(), storage.Change{
					Drive: d, Expect: uint64(n - 1), State: text,
					Documents: []storage.Document{{Number: n, Container: text}},
					Records:   []storage.Record{{Kind: 1, Key: text, Value: make([]byte, 700)}},
					Events:    [][]byte{text},
				})
				if err != nil {
					panic(err)
				}
				printing.Lock()
				fmt.Printf("answered %d %d\n", d, n)
				printing.Unlock()
			}
		})
	}
	done.Wait()
}

// TestKill kills a writing process at a random moment: all it was answered is there, and nothing is half there.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kktd.db")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 3 {
		child := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
		child.Env = append(os.Environ(), killFile+"="+path)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		var answered [killDrives + 1]uint32
		count, limit := 0, 50+random.IntN(500)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var d, n uint32
			if _, err := fmt.Sscanf(lines.Text(), "answered %d %d", &d, &n); err != nil {
				continue // the line that the kill cut off
			}
			answered[d] = n
			if count++; count == limit {
				require.NoError(t, child.Process.Signal(syscall.SIGKILL))
			}
		}
		require.Error(t, child.Wait(), "killed")
		require.GreaterOrEqual(t, count, limit)

		s := open(t, path)
		storagetest.Verify(t, s)
		total := uint64(0)
		for d := storage.DriveID(1); d <= killDrives; d++ {
			state, version, err := s.State(d)
			require.NoError(t, err)
			last, err := s.LastDocument(d)
			require.NoError(t, err)
			require.GreaterOrEqual(t, last, answered[d], "round %d, drive %d", round, d)
			require.LessOrEqual(t, last, answered[d]+1, "at most one change was under way")
			require.EqualValues(t, last, version)
			require.Equal(t, fmt.Sprintf("%d/%d", d, last), string(state))
			for n := uint32(1); n <= last; n++ {
				text := fmt.Sprintf("%d/%d", d, n)
				container, err := s.Document(d, n)
				require.NoError(t, err)
				require.Equal(t, text, string(container))
				_, err = s.Record(1, []byte(text))
				require.NoError(t, err)
			}
			total += uint64(last)
		}
		events, err := s.LastEvent()
		require.NoError(t, err)
		require.Equal(t, total, events)
		checkPages(t, s)
		require.NoError(t, s.Close())
	}
}
