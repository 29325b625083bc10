package event

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

func put(t *testing.T, s storage.Store, events ...Event) {
	var c storage.Change
	for _, e := range events {
		c.Events = append(c.Events, e.Append(nil))
	}
	_, err := s.Append(context.Background(), c)
	require.NoError(t, err)
}

func TestStream(t *testing.T) {
	s := Watch(memory.Open())
	changed := s.Changed()
	put(t, s, Event{Kind: Document, Register: "1", Document: 1, Form: 1, Drive: "9999078900005430"}, Event{Kind: Confirmed, Register: "1", Document: 1})
	<-changed
	for range 3 * pageSize {
		put(t, s, Event{Kind: Document, Register: "2", Document: 7, Form: 3, Receipt: "ab"})
	}
	put(t, s, Event{Kind: ShiftClosed, Register: "1", Document: 9})
	last := uint64(3*pageSize + 3)
	for _, c := range []struct {
		name  string
		after uint64
		limit int
		f     *Filter
		want  []uint64 // the first three numbers
		count int
		next  uint64
	}{
		{"all", 0, 0, nil, []uint64{1, 2, 3}, int(last), last},
		{"from a number on", last - 1, 0, nil, []uint64{last}, 1, last},
		{"behind the end", last, 0, nil, nil, 0, last},
		{"a limit", 0, 2, nil, []uint64{1, 2}, 2, 2},
		{"kinds", 0, 0, &Filter{Kinds: []Kind{Confirmed, ShiftClosed}}, []uint64{2, last}, 2, last},
		{"a kind far away", 2, 1, &Filter{Kinds: []Kind{ShiftClosed}}, []uint64{last}, 1, last},
		{"a register", 0, 0, &Filter{Registers: map[string]bool{"1": true}}, []uint64{1, 2, last}, 3, last},
		{"up to a number", 0, 0, &Filter{Until: 3}, []uint64{1, 2, 3}, 3, 3},
		{"a register up to a number", 1, 0, &Filter{Registers: map[string]bool{"1": true}, Until: 2}, []uint64{2}, 1, 2},
		{"up to a number before", 5, 0, &Filter{Until: 3}, nil, 0, 5},
		{"no register", 0, 0, &Filter{Registers: map[string]bool{}}, nil, 0, last},
		{"receipt, document, form", 0, 1, &Filter{Receipt: "ab", Document: 7, Form: 3}, []uint64{3}, 1, 3},
		{"drive", 0, 0, &Filter{Drive: "9999078900005430"}, []uint64{1}, 1, last},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []uint64
			next, err := s.Read(c.after, c.limit, c.f, func(e *Event) error {
				got = append(got, e.Number)
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, c.next, next)
			require.Len(t, got, c.count)
			if len(got) > 0 {
				require.Equal(t, c.want, got[:min(3, len(got))])
			}
		})
	}
	stop := errors.New("stop")
	next, err := s.Read(0, 0, nil, func(e *Event) error {
		if e.Number == 5 {
			return stop
		}
		return nil
	})
	require.ErrorIs(t, err, stop)
	require.EqualValues(t, 5, next)
	_, err = s.Append(context.Background(), storage.Change{Events: [][]byte{[]byte("x")}})
	require.NoError(t, err)
	_, err = s.Read(0, 0, nil, func(*Event) error { return nil })
	require.ErrorContains(t, err, "event 772")
}
