package bolt

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// problems opens a file for reading and checks its pages; what keeps it from
// being opened counts as one.
func problems(t *testing.T, path string) (list []string) {
	s, err := Open(Options{Path: path, ReadOnly: true})
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { _ = s.Close() }()
	if err := s.CheckFile(func(p string) { list = append(list, p) }); err != nil {
		list = append(list, err.Error())
	}
	return list
}

func TestCheckFileOfAGoodFile(t *testing.T) {
	file, _ := sample(t)
	require.Empty(t, problems(t, write(t, file)))
}

// A branch that leads back to itself would keep bbolt's own check busy for ever.
func TestCheckFileEndsOnCircles(t *testing.T) {
	file, used := sample(t)
	circles := 0
	for id := 2; id < used/4096; id++ {
		page := file[id*4096:]
		if binary.NativeEndian.Uint16(page[8:]) != branchPage {
			continue
		}
		bad := bytes.Clone(file)
		binary.NativeEndian.PutUint64(bad[id*4096+pageHeaderSize+8:], uint64(id))
		if found := problems(t, write(t, bad)); len(found) > 0 {
			circles++ // else the page is a free one
		}
	}
	require.Positive(t, circles)
}

// Garbage anywhere in the file ends in problems or in none, never in a crash or a
// check without end.
func TestCheckFileTakesGarbage(t *testing.T) {
	file, used := sample(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 100 {
		bad := bytes.Clone(file)
		at := random.IntN(used)
		if random.IntN(2) == 0 {
			at = at / 4096 * 4096 // headers and first entries matter most
			at += random.IntN(64)
		}
		for i := at; i < min(at+1+random.IntN(8), used); i++ {
			bad[i] = byte(random.Uint32())
		}
		_ = problems(t, write(t, bad))
	}
}
