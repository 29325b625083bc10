package outbox

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/storage"
	"kktd/storage/memory"
)

// problems are what a check of a store tells, and the entries it met.
func problems(t *testing.T, store storage.Store) (list []string, entries []uint64) {
	var c Check
	require.NoError(t, store.Records(Kind, nil, nil, 0, func(key, value []byte) error {
		e, err := c.Record(key, value)
		if err != nil {
			list = append(list, err.Error())
		}
		if e != nil {
			entries = append(entries, e.Number)
		}
		return nil
	}))
	c.End(func(number uint64, what string) { list = append(list, fmt.Sprintf("%d: %s", number, what)) })
	return list, entries
}

func TestCheck(t *testing.T) {
	lane := laneOf("http", "a")
	for _, c := range []struct {
		name string
		edit storage.Record
		want []string
	}{
		{"good", storage.Record{Key: numberKey(keyBody, 1), Value: []byte("other")}, nil},
		{"head of garbage", storage.Record{Key: numberKey(keyHead, 1), Value: []byte("{")}, []string{"entry 1: unexpected end"}},
		{"head missing", storage.Record{Key: numberKey(keyHead, 1)}, []string{"1: the entry is missing"}},
		{"body missing", storage.Record{Key: numberKey(keyBody, 2)}, []string{"2: its body is missing"}},
		{"status of garbage", storage.Record{Key: laneKey(keyWaiting, lane, 1), Value: []byte("[]")}, []string{"status of entry 1: json"}},
		{"status missing", storage.Record{Key: laneKey(keyFinished, lane, 2)}, []string{"2: it has 0 statuses"}},
		{"two statuses", storage.Record{Key: laneKey(keyFinished, lane, 1), Value: []byte(`{"state":"failed"}`)}, []string{"1: it has 2 statuses"}},
		{"status in the other list", storage.Record{Key: laneKey(keyFinished, lane, 2), Value: []byte(`{"state":"waiting"}`)}, []string{`it is "waiting" and stands in list 'f'`}},
		{"another receiver", storage.Record{Key: numberKey(keyHead, 1), Value: []byte(`{"transport":"http","lane":"b"}`)}, []string{"1: its status stands under another receiver"}},
		{"a key of no list", storage.Record{Key: []byte("x"), Value: []byte{}}, []string{"key 78"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := memory.Open()
			b := open(t, store, 0)
			put(t, b, Entry{Transport: "http", Lane: "a", Receipt: "r1"})
			done := put(t, b, Entry{Transport: "http", Lane: "a", Receipt: "r2"})
			require.NoError(t, b.Record(done, &Status{State: Delivered}, event.Event{}))
			list, entries := problems(t, store)
			require.Empty(t, list)
			require.Equal(t, []uint64{1, 2}, entries)
			c.edit.Kind = Kind
			_, err := store.Append(context.Background(), storage.Change{Records: []storage.Record{c.edit}})
			require.NoError(t, err)
			list, _ = problems(t, store)
			require.Len(t, list, len(c.want), "%q", list)
			for i, want := range c.want {
				require.Contains(t, list[i], want)
			}
		})
	}
}
