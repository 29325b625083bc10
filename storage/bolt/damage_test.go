package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/storage"
	"kktd/storage/storagetest"
)

// sample returns the bytes of a store with something in every bucket, and the part of them that is in use.
func sample(t *testing.T) (file []byte, used int) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "sample.db"))
	for n := range uint32(34) {
		c := storage.Change{Drive: 1, Expect: uint64(n), State: make([]byte, 600)}
		c.Documents = []storage.Document{{Number: n + 1, Container: make([]byte, 800)}}
		c.Tickets = []storage.Ticket{{Number: n + 1, Container: make([]byte, 200)}}
		c.Records = []storage.Record{{Kind: 1, Key: fmt.Appendf(nil, "rec-%05d", n), Value: make([]byte, 700)}}
		c.Events = [][]byte{make([]byte, 100)}
		_, err := s.Append(t.Context(), c)
		require.NoError(t, err)
	}
	require.NoError(t, s.db.View(func(tx *bbolt.Tx) error { used = int(tx.Size()); return nil }))
	require.NoError(t, s.Close())
	file, err := os.ReadFile(s.path)
	require.NoError(t, err)
	return file, used
}

func write(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kktd.db")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	return path
}

// use reads everything and changes every drive; it returns the errors it met.
func use(t *testing.T, s *Store) error {
	errs := []error{
		s.Drives(func(storage.DriveID, []byte, uint64) error { return nil }),
		s.Records(1, nil, nil, 0, func(key, value []byte) error { bytes.Clone(value); return nil }),
		s.Events(0, 0, func(_ uint64, event []byte) error { bytes.Clone(event); return nil }),
	}
	for d, expect := range map[storage.DriveID]uint64{1: 34, 2: 0} {
		errs = append(errs, s.Documents(d, 1, 0, func(_ uint32, container, ticket []byte) error {
			bytes.Clone(container)
			return nil
		}))
		_, _, err := s.State(1)
		errs = append(errs, err)
		_, err = s.Append(t.Context(), storage.Change{Drive: d, Expect: expect, State: []byte{1},
			Documents: []storage.Document{{Number: uint32(expect) + 1, Container: []byte{1}}},
			Records:   []storage.Record{{Kind: 1, Key: []byte("rec-00000")}, {Kind: 1, Key: []byte("rec-00001")}},
			Events:    [][]byte{{1}}})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func TestOpenRefuses(t *testing.T) {
	file, used := sample(t)
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	other, err := bbolt.Open(foreign, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, other.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("of another program"))
		return err
	}))
	require.NoError(t, other.Close())

	withFormat := func(format []byte) string {
		path := write(t, file)
		db, err := bbolt.Open(path, 0o600, nil)
		require.NoError(t, err)
		require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketNames(rootPrefix)[metaBucket]).Put(keyFormat, format)
		}))
		require.NoError(t, db.Close())
		return path
	}
	for _, test := range []struct {
		name, path string
		want       error
		says       string
	}{
		{"text", write(t, []byte("not a database\n")), storage.ErrDamaged, "restore a backup"},
		{"zeros", write(t, make([]byte, 1<<16)), storage.ErrDamaged, "restore a backup"},
		{"garbage", write(t, bytes.Repeat([]byte{0xA5, 0x5A, 0xFF}, 1<<15)), storage.ErrDamaged, "restore a backup"},
		{"last page cut off", write(t, file[:used-1]), storage.ErrDamaged, "restore a backup"},
		{"another program", foreign, storage.ErrForeign, "choose another file"},
		{"newer format", withFormat([]byte{0, 0, 0, formatVersion + 1}), storage.ErrNewerFormat,
			fmt.Sprintf("file has format %d, this kktd knows %d: use a newer kktd", formatVersion+1, formatVersion)},
		{"format 0", withFormat([]byte{0, 0, 0, 0}), storage.ErrDamaged, "format version 0"},
		{"format of two bytes", withFormat([]byte{0, 1}), storage.ErrDamaged, "format version"},
		{"missing folder", filepath.Join(t.TempDir(), "no", "kktd.db"), os.ErrNotExist, "no"},
		{"folder", t.TempDir(), nil, "is a directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, _ := os.ReadFile(test.path)
			for _, readOnly := range []bool{true, false} {
				_, err := Open(Options{Path: test.path, ReadOnly: readOnly})
				require.ErrorContains(t, err, test.path)
				if test.want != nil {
					require.ErrorIs(t, err, test.want)
					require.ErrorContains(t, err, test.says)
				}
			}
			after, _ := os.ReadFile(test.path)
			require.True(t, bytes.Equal(before, after), "a refused file is left as it was")
		})
	}
}

func TestOpenTruncated(t *testing.T) {
	file, used := sample(t)
	path := write(t, file)
	for size := used - 1; size > 0; size -= 1000 {
		require.NoError(t, os.Truncate(path, int64(size)))
		_, err := Open(Options{Path: path})
		require.ErrorIs(t, err, storage.ErrDamaged, "%d of %d bytes", size, used)
	}
}

// TestGarbagePage puts garbage into one page after the other: whatever is met, it is an error and not a crash.
func TestGarbagePage(t *testing.T) {
	if raceDetector {
		t.Skip("garbage lengths are slow to follow under the race detector")
	}
	file, used := sample(t)
	size := os.Getpagesize()
	damaged := 0
	for name, garbage := range map[string]func(page []byte){
		"whole page":  func(page []byte) { fill(page, 0xA5) },
		"ones":        func(page []byte) { fill(page, 0xFF) },
		"zeros":       func(page []byte) { clear(page) },
		"elements":    func(page []byte) { fill(page[16:size/4], 0x7F) },
		"flags":       func(page []byte) { fill(page[8:10], 0x44) },
		"last bytes":  func(page []byte) { fill(page[size/2:], 0xEE) },
		"first entry": func(page []byte) { fill(page[20:32], 0x7E) },
	} {
		for page := 2 * size; page < used; page += size {
			broken := bytes.Clone(file)
			garbage(broken[page : page+size])
			s, err := Open(Options{Path: write(t, broken), NoSync: true})
			if err == nil {
				err = use(t, s)
				_ = s.Close()
			}
			for _, err := range split(err) {
				ok := errors.Is(err, storage.ErrDamaged) || errors.Is(err, storage.ErrUnknownOutcome) ||
					errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) ||
					errors.Is(err, storage.ErrForeign)
				require.True(t, ok, "%s, page %d: %v", name, page/size, err)
				if errors.Is(err, storage.ErrDamaged) {
					damaged++
				}
			}
		}
	}
	require.NotZero(t, damaged)
}

func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}

func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// TestPanicInCommit wipes the freelist of an open file, which a commit looks at after its changes are in place.
func TestPanicInCommit(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kktd.db"))
	_, err := s.Append(t.Context(), storage.Change{Drive: 1, State: []byte{1}})
	require.NoError(t, err)
	file, err := os.OpenFile(s.path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	const freelistFlag = 0x10
	size := os.Getpagesize()
	for page := 2 * size; page < len(content); page += size {
		if content[page+8] == freelistFlag {
			_, err := file.WriteAt(make([]byte, size), int64(page))
			require.NoError(t, err)
		}
	}
	_, err = s.Append(t.Context(), storage.Change{Drive: 1, Expect: 1, State: []byte{2}})
	require.ErrorIs(t, err, storage.ErrUnknownOutcome)
	require.ErrorIs(t, err, storage.ErrDamaged)
	_, err = s.Append(t.Context(), storage.Change{Events: [][]byte{{1}}})
	require.ErrorIs(t, err, storage.ErrDamaged)
	require.ErrorContains(t, err, "no more changes are taken")
	_, version, err := s.State(1)
	require.NoError(t, err, "it can still be read")
	require.EqualValues(t, 1, version)
	require.NoError(t, s.Close())
}

// TestFailedCommit lets the file reach its greatest size within a commit.
func TestFailedCommit(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kktd.db"))
	_, err := s.Append(t.Context(), storage.Change{Drive: 1, State: []byte{1}})
	require.NoError(t, err)
	s.db.MaxSize = 1 << 15
	_, err = s.Append(t.Context(), storage.Change{Drive: 1, Expect: 1, State: make([]byte, 1<<20)})
	require.ErrorIs(t, err, storage.ErrUnknownOutcome)
	_, version, err := s.State(1)
	require.NoError(t, err, "it can still be read")
	require.EqualValues(t, 1, version)
	_, err = s.Append(t.Context(), storage.Change{Drive: 1, Expect: 1, State: []byte{2}})
	require.ErrorContains(t, err, "until kktd is started again")
	require.NoError(t, s.Close())
	storagetest.Verify(t, open(t, s.path))
}

// A drive whose state is damaged cannot be forgotten; that is the trouble of who asks,
// not of the changes in the same commit.
func TestForgetADamagedDrive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kktd.db")
	s, err := Open(Options{Path: path, NoSync: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for d := storage.DriveID(1); d <= 2; d++ {
		_, err := s.Append(t.Context(), storage.Change{Drive: d, State: []byte{1}})
		require.NoError(t, err)
	}
	require.NoError(t, s.engine.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(s.world.names[stateBucket]).Put(appendDriveKey(nil, 1), []byte{1, 2, 3})
	}))
	group := []*pending{{world: s.world, change: storage.Change{Forget: []storage.DriveID{1}}}, {world: s.world, change: storage.Change{Forget: []storage.DriveID{2}}}}
	require.NoError(t, s.engine.commit(new(batch), group))
	require.ErrorIs(t, group[0].err, storage.ErrDamaged)
	require.ErrorContains(t, group[0].err, "drive 1")
	require.NoError(t, group[1].err)
	_, _, err = s.State(2)
	require.ErrorIs(t, err, storage.ErrNotFound)
}
