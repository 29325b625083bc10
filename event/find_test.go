package event

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

// TestFind finds what belongs to one receipt, also behind a clock that was put back.
func TestFind(t *testing.T) {
	s := Watch(memory.Open())
	add := func(e Event) {
		_, err := s.Append(context.Background(), storage.Change{Events: [][]byte{e.Append(nil)}})
		require.NoError(t, err)
	}
	for i := range 5000 {
		add(Event{Kind: Document, Time: int64(i), Drive: "9999078900005430", Document: uint32(i + 1), Form: 3, Receipt: "aa"})
	}
	add(Event{Kind: Document, Time: 6000, Drive: "9999078900005430", Document: 5001, Form: 3, Receipt: "bb"})
	add(Event{Kind: Confirmed, Time: 6001, Drive: "9999078900005430", Document: 5001})
	add(Event{Kind: Confirmed, Time: 6001, Drive: "9999078900005431", Document: 5001})
	add(Event{Kind: Confirmed, Time: 6001, Drive: "9999078900005430", Document: 500})
	add(Event{Kind: Replayed, Time: 6002, Receipt: "bb"})
	numbers := func(st Story, limit int) (list []uint64, whole bool) {
		found, whole, err := s.Find(st, limit)
		require.NoError(t, err)
		for _, e := range found {
			list = append(list, e.Number)
		}
		return list, whole
	}
	list, whole := numbers(Story{Receipt: "bb", Drive: "9999078900005430", Documents: []uint32{5001}, Since: 6000}, 100)
	require.Equal(t, []uint64{5001, 5002, 5005}, list)
	require.True(t, whole)
	list, whole = numbers(Story{Receipt: "bb", Since: 9000}, 10_000)
	require.Equal(t, []uint64{5001, 5005}, list, "the clock was put back")
	require.True(t, whole)
	list, whole = numbers(Story{Receipt: "bb", Since: 6000}, 2)
	require.Equal(t, []uint64{5001}, list)
	require.False(t, whole)
}
