package kkt

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

func (b *bench) submitKey(key string) *Outcome {
	r := testReceipt(100)
	r.Request.Key = key
	r.Request.Render = func(o *Outcome) []byte { return []byte(o.ID) }
	return b.submit(r)
}

func (b *bench) answers() (keys [][]byte) {
	require.NoError(b.t, b.store.Records(kindAnswer, nil, nil, 0, func(key, _ []byte) error {
		keys = append(keys, append([]byte(nil), key...))
		return nil
	}))
	return keys
}

func TestAnswersLiveOneHour(t *testing.T) {
	b := newBench(t)
	b.clock.Advance(59 * time.Minute) // near the end of a slot
	first := b.submitKey("a")
	b.clock.Advance(2 * time.Minute)
	again := b.submitKey("a")
	require.True(t, again.Replayed, "in the next slot")
	require.Equal(t, first.ID, again.ID)
	b.reopen()
	require.True(t, b.submitKey("a").Replayed, "after a new start")
	b.clock.Advance(58 * time.Minute)
	second := b.submitKey("a")
	require.False(t, second.Replayed, "its hour is over")
	require.Equal(t, second.ID, b.submitKey("a").ID, "the newer answer counts")
}

func TestAnswersDoNotPileUp(t *testing.T) {
	b := newBench(t)
	for i := range 500 {
		b.submitKey(fmt.Sprint(i))
		b.clock.Advance(time.Minute)
		if i%100 == 0 {
			b.reopen()
		}
	}
	require.LessOrEqual(t, len(b.answers()), 3*60, "those of the last hours alone")
	b.clock.Advance(24 * time.Hour)
	for i := range 100 {
		b.submitKey(fmt.Sprint("next day ", i))
	}
	require.Len(t, b.answers(), 100)
}

func TestAnswersWhenTheClockIsMoved(t *testing.T) {
	b := newBench(t)
	b.clock.Advance(30 * time.Hour)
	for i := range 10 {
		b.submitKey(fmt.Sprint("late ", i))
	}
	b.clock.Advance(-24 * time.Hour)
	require.True(t, b.submitKey("late 0").Replayed, "given later than now: its hour is not over")
	b.clock.Advance(26 * time.Hour)
	b.submitKey("x") // reads those whose hour is over and takes two along
	left := len(b.answers())
	require.Less(t, left, 11)
	b.clock.Advance(-2 * time.Hour)
	b.submitKey("y")
	require.Len(t, b.answers(), left+1, "none goes while its hour is not over")
	require.True(t, b.submitKey("late 9").Replayed)
	b.clock.Advance(4 * time.Hour)
	for i := range 10 {
		b.submitKey(fmt.Sprint("end ", i))
	}
	require.Len(t, b.answers(), 10)
}

// Answers of the first form have the hash alone as their key.
func TestAnswersOfTheFirstForm(t *testing.T) {
	b := newBench(t)
	o := b.submitKey("new")
	var records []storage.Record
	now := b.clock.Now().UnixMilli()
	for i := range 5 {
		hash := answerKey(&Request{API: "test", Account: "pk_demo", Key: fmt.Sprint("old ", i)})
		records = append(records, storage.Record{Kind: kindAnswer, Key: hash[:], Value: appendAnswer(nil, now, o.ID, []byte("answer"))})
	}
	_, err := b.store.Append(context.Background(), storage.Change{Records: records})
	require.NoError(t, err)
	b.reopen()
	require.Equal(t, "answer", string(b.submitKey("old 3").Answer))
	b.clock.Advance(time.Hour)
	require.False(t, b.submitKey("old 3").Replayed)
	b.clock.Advance(time.Hour)
	for i := range 5 {
		b.submitKey(fmt.Sprint("next ", i))
	}
	for _, key := range b.answers() {
		require.Len(t, key, answerKeyLen)
	}
	require.False(t, b.fleet.answers.old)
}
