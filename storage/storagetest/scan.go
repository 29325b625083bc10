package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

// keys scans a kind and returns what it met, "key=value" joined by spaces.
func keys(t *testing.T, s storage.Store, k storage.Kind, prefix, after string, limit int) string {
	t.Helper()
	var met []string
	var from []byte
	if after != "" {
		from = []byte(after)
	}
	require.NoError(t, s.Records(k, []byte(prefix), from, limit, func(key, value []byte) error {
		met = append(met, fmt.Sprintf("%s=%s", key, value))
		return nil
	}))
	return strings.Join(met, " ")
}

func testRecords(t *testing.T, s storage.Store) {
	must(t, s, storage.Change{Records: []storage.Record{put(1, "a", "1"), put(2, "a", "2"), put(1, "empty", "")}})
	must(t, s, storage.Change{Records: []storage.Record{put(1, "a", "3"), remove(2, "a"), remove(2, "absent")}})
	value, err := s.Record(1, []byte("a"))
	require.NoError(t, err)
	require.Equal(t, "3", string(value))
	_, err = s.Record(2, []byte("a"))
	require.ErrorIs(t, err, storage.ErrNotFound)
	value, err = s.Record(1, []byte("empty"))
	require.NoError(t, err)
	require.NotNil(t, value)
	require.Empty(t, value)

	must(t, s, storage.Change{Records: []storage.Record{
		put(3, "twice", "first"), put(3, "twice", "second"),
		put(3, "gone", "x"), remove(3, "gone"),
		remove(3, "back"), put(3, "back", "y"),
	}})
	require.Equal(t, "back=y twice=second", keys(t, s, 3, "", "", 0), "in order within one change")
}

func testRecordScan(t *testing.T, s storage.Store) {
	var c storage.Change
	for _, key := range []string{"b", "ab\xff\xff", "a", "ab", "\xff\xff", "ab\xff", "ac", "\xff"} {
		c.Records = append(c.Records, put(7, key, ""), put(6, "below"+key, ""), put(8, key, "above"))
	}
	must(t, s, c)
	for _, test := range []struct {
		name, prefix, after string
		limit               int
		want, last          string
	}{
		{"all", "", "", 0, "a= ab= ab\xff= ab\xff\xff= ac= b= \xff= \xff\xff=", "\xff\xff"},
		{"limit", "", "", 2, "a= ab=", "\xff\xff"},
		{"after a key", "", "ab", 2, "ab\xff= ab\xff\xff=", "\xff\xff"},
		{"after a key that is not there", "", "aa", 1, "ab=", "\xff\xff"},
		{"after the last", "", "\xff\xff", 0, "", "\xff\xff"},
		{"prefix", "ab", "", 0, "ab= ab\xff= ab\xff\xff=", "ab\xff\xff"},
		{"prefix of ones", "\xff", "", 0, "\xff= \xff\xff=", "\xff\xff"},
		{"prefix, ends in ones", "ab\xff", "", 0, "ab\xff= ab\xff\xff=", "ab\xff\xff"},
		{"prefix, after in it", "ab", "ab\xff", 0, "ab\xff\xff=", "ab\xff\xff"},
		{"prefix, after before it", "ab", "a", 0, "ab= ab\xff= ab\xff\xff=", "ab\xff\xff"},
		{"prefix, after behind it", "ab", "b", 0, "", "ab\xff\xff"},
		{"prefix that is not there", "x", "", 0, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, keys(t, s, 7, test.prefix, test.after, test.limit))
			key, value, err := s.LastRecord(7, []byte(test.prefix))
			if test.last == "" {
				require.ErrorIs(t, err, storage.ErrNotFound)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.last, string(key))
			require.NotNil(t, value)
		})
	}
	key, _, err := s.LastRecord(8, nil)
	require.NoError(t, err)
	require.Equal(t, "\xff\xff", string(key), "of the last kind")
}

// testManyRecords makes an engine divide and join its pages.
func testManyRecords(t *testing.T, s storage.Store) {
	const n = 5000
	key := func(i int) string { return fmt.Sprintf("%08d", i*7919%n) }
	for start := 0; start < n; start += 500 {
		var c storage.Change
		for i := start; i < start+500; i++ {
			c.Records = append(c.Records, put(1, key(i), key(i)))
		}
		must(t, s, c)
	}
	var c storage.Change
	for i := range n {
		if i%10 != 3 {
			c.Records = append(c.Records, remove(1, fmt.Sprintf("%08d", i)))
		}
	}
	must(t, s, c)
	want := 3
	require.NoError(t, s.Records(1, nil, nil, 0, func(key, value []byte) error {
		require.Equal(t, fmt.Sprintf("%08d", want), string(key))
		require.Equal(t, key, value)
		want += 10
		return nil
	}))
	require.Equal(t, n+3, want)
}

func testDocumentScan(t *testing.T, s storage.Store) {
	for _, d := range []storage.DriveID{1, 2, 3} {
		must(t, s, step(d, 0, 1, 300))
		c := step(d, 1, 301, 301)
		c.Tickets = []storage.Ticket{ticket(d, 2), ticket(d, 4), ticket(d, 301)}
		must(t, s, c)
	}
	for _, test := range []struct {
		name        string
		from        uint32
		limit       int
		first, last uint32
	}{
		{"all", 0, 0, 1, 301},
		{"from the first", 1, 0, 1, 301},
		{"from a ticket", 2, 3, 2, 4},
		{"between tickets", 3, 5, 3, 7},
		{"past the last ticket", 301, 0, 301, 301},
		{"limit past the end", 300, 10, 300, 301},
		{"past the end", 302, 0, 302, 301},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := test.first
			require.NoError(t, s.Documents(2, test.from, test.limit, func(n uint32, container, confirmed []byte) error {
				require.Equal(t, next, n)
				require.Equal(t, document(2, n).Container, container)
				if n == 2 || n == 4 || n == 301 {
					require.Equal(t, ticket(2, n).Container, confirmed)
				} else {
					require.Nil(t, confirmed)
				}
				next++
				return nil
			}))
			require.Equal(t, test.last+1, next)
		})
	}
	require.NoError(t, s.Documents(4, 1, 0, func(uint32, []byte, []byte) error { return errors.New("called") }))
	Verify(t, s)
}

func testEvents(t *testing.T, s storage.Store) {
	require.EqualValues(t, 1, must(t, s, storage.Change{Events: [][]byte{[]byte("1"), []byte("2")}}).FirstEvent)
	require.Zero(t, must(t, s, step(1, 0, 1, 1)).FirstEvent)
	require.EqualValues(t, 3, must(t, s, storage.Change{Events: [][]byte{[]byte("3"), {}}}).FirstEvent)
	read := func(after uint64, limit int) string {
		var met []string
		require.NoError(t, s.Events(after, limit, func(number uint64, event []byte) error {
			met = append(met, fmt.Sprintf("%d=%s", number, event))
			return nil
		}))
		return strings.Join(met, " ")
	}
	require.Equal(t, "1=1 2=2 3=3 4=", read(0, 0))
	require.Equal(t, "2=2 3=3", read(1, 2))
	require.Equal(t, "4=", read(3, 0))
	require.Equal(t, "", read(4, 0))
	require.Equal(t, "", read(1<<64-1, 0))
	Verify(t, s)
}

func testScanError(t *testing.T, s storage.Store) {
	c := step(1, 0, 1, 3)
	c.Records = []storage.Record{put(1, "a", ""), put(1, "b", "")}
	c.Events = [][]byte{{1}, {2}}
	must(t, s, c)
	must(t, s, step(2, 0, 1, 1))
	stop := errors.New("stop")
	calls := 0
	count := func() error { calls++; return stop }
	for name, scan := range map[string]func() error{
		"drives":    func() error { return s.Drives(func(storage.DriveID, []byte, uint64) error { return count() }) },
		"documents": func() error { return s.Documents(1, 1, 0, func(uint32, []byte, []byte) error { return count() }) },
		"records":   func() error { return s.Records(1, nil, nil, 0, func([]byte, []byte) error { return count() }) },
		"events":    func() error { return s.Events(0, 0, func(uint64, []byte) error { return count() }) },
	} {
		calls = 0
		require.True(t, scan() == stop, name)
		require.Equal(t, 1, calls, name)
	}
	require.PanicsWithValue(t, "mine", func() {
		_ = s.Events(0, 0, func(uint64, []byte) error { panic("mine") })
	})
	must(t, s, step(2, 1, 2, 2))
}

func testNamespaces(t *testing.T, s storage.Store) {
	ofd, err := s.Namespace("ofd")
	require.NoError(t, err)
	same, err := s.Namespace("ofd")
	require.NoError(t, err)
	inner, err := ofd.Namespace("ofd")
	require.NoError(t, err)
	for _, name := range []string{"", "OFD", "a/b", "a.b", "оfd", strings.Repeat("a", storage.MaxNamespace+1)} {
		_, err := s.Namespace(name)
		require.ErrorIs(t, err, storage.ErrInvalid, name)
	}
	require.EqualValues(t, 1, s.ReserveDrive())
	require.EqualValues(t, 1, ofd.ReserveDrive())
	require.EqualValues(t, 2, same.ReserveDrive())
	for i, w := range []storage.Store{s, ofd, inner} {
		c := step(1, 0, 1, uint32(i+1))
		c.Records = []storage.Record{put(1, "name", fmt.Sprint(i))}
		c.Events = [][]byte{{1}}
		require.Equal(t, storage.Result{Version: 1, FirstEvent: 1}, must(t, w, c))
	}
	for i, w := range []storage.Store{s, same, inner} {
		last, err := w.LastDocument(1)
		require.NoError(t, err)
		require.EqualValues(t, i+1, last)
		require.Equal(t, fmt.Sprintf("name=%d", i), keys(t, w, 1, "", "", 0))
		Verify(t, w)
	}
	_, err = same.Append(t.Context(), step(1, 0, 1, 1))
	require.ErrorIs(t, err, storage.ErrConflict)
}
