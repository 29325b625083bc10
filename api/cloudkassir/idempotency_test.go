package cloudkassir

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/kkt"
)

const replayLine = "same X-Request-ID within the hour: the first answer again, nothing executed"

func requestID(id string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Request-ID", id) }
}

// lastDocument is the number of the last document of the first register.
func (b *bench) lastDocument() int {
	b.t.Helper()
	reg, err := b.fleet.Register(settings().Serial)
	require.NoError(b.t, err)
	s, err := reg.State()
	require.NoError(b.t, err)
	return int(s.LastNumber)
}

// TestThousandRequests: a thousand parallel requests with fifty ids make fifty documents, and every twin has one answer.
func TestThousandRequests(t *testing.T) {
	const requests, ids = 1000, 50
	b := open(t, nil)
	answers := make([]string, requests)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range requests {
		wg.Go(func() {
			<-start
			key := strconv.Itoa(i % ids)
			answers[i] = b.post(pathReceipt, receiptOf(item(`"label":"`+key+`"`), ""), requestID(key)).Body.String()
		})
	}
	close(start)
	wg.Wait()
	distinct := map[string]bool{}
	for i, answer := range answers {
		require.Equal(t, answers[i%ids], answer)
		distinct[answer] = true
	}
	require.Len(t, distinct, ids)
	require.Equal(t, 2+ids, b.lastDocument(), "the registration and the shift before them")
	replays := 0
	for _, e := range b.hook.AllEntries() {
		if e.Message == replayLine {
			replays++
		}
	}
	require.Equal(t, requests-ids, replays, "each is in the log")
	counted := uint64(0)
	for answer := range distinct {
		n, err := b.fleet.Replays(idOf(answer))
		require.NoError(t, err)
		counted += n
	}
	require.EqualValues(t, requests-ids, counted, "and with the receipt")
}

// idOf cuts Id out of an answer.
func idOf(answer string) string {
	const mark = `"Id":"`
	for i := range len(answer) - len(mark) - 32 {
		if answer[i:i+len(mark)] == mark {
			return answer[i+len(mark) : i+len(mark)+32]
		}
	}
	return ""
}

func TestReplayIsSeen(t *testing.T) {
	b := open(t, nil)
	first := b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key"))
	id := idOf(first)
	b.hook.Reset()
	for n := range uint64(2) {
		require.Equal(t, first, b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key")))
		count, err := b.fleet.Replays(id)
		require.NoError(t, err)
		require.Equal(t, n+1, count)
	}
	require.Equal(t, logrus.InfoLevel, b.hook.LastEntry().Level)
	require.Equal(t, replayLine, b.hook.LastEntry().Message)
	require.Equal(t, id, b.hook.LastEntry().Data["id"])
	require.Equal(t, "key", b.hook.LastEntry().Data["request_id"])
	var seen []event.Event
	require.NoError(t, b.store.Events(0, 0, func(n uint64, e []byte) error {
		ev, err := event.Parse(n, e)
		if ev.Kind == event.Replayed {
			seen = append(seen, ev)
		}
		return err
	}))
	require.Len(t, seen, 2)
	require.Equal(t, id, seen[0].Receipt)
	require.Equal(t, settings().Serial, seen[0].Register)
}

// TestIdempotencyRules goes through the sentences of the document (spec/api/cloudkassir.md 1.3).
func TestIdempotencyRules(t *testing.T) {
	b := open(t, nil)
	first := b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key"))
	b.clock.Advance(time.Hour - time.Millisecond)
	require.Equal(t, first, b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key")), "to the end of the hour")
	b.reopen()
	require.Equal(t, first, b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key")), "over a restart")
	other := func(r *http.Request) { r.SetBasicAuth("pk_twin", "secret_twin") }
	require.NoError(t, b.fleet.AddAccount(kkt.Account{PublicID: "pk_twin", Secret: "secret_twin", INNs: []string{testINN}}))
	second := b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key"), other)
	require.NotEqual(t, first, second, "the credentials are part of the key")
	require.NotEqual(t, first, b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("KEY")), "its case too")
	b.clock.Advance(time.Millisecond)
	third := b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key"))
	require.NotEqual(t, first, third, "after an hour it is a new request")
	require.Equal(t, third, b.answer(pathReceipt, receiptOf(oneItem, ""), requestID("key")), "and begins an hour of its own")

	made := b.lastDocument()
	for range 3 {
		require.Contains(t, b.answer(pathReceipt, receiptOf("", ""), requestID("bad")), `"ErrorCode":12`)
	}
	b.queued(receiptOf(oneItem, ""), requestID("bad"))
	require.Equal(t, made+1, b.lastDocument(), "failures are not stored")
	b.queued(receiptOf(oneItem, ""))
	b.queued(receiptOf(oneItem, ""))
	require.Equal(t, made+3, b.lastDocument(), "no header, no protection, equal InvoiceId or not")
	for path, body := range map[string]string{pathStatus: `{"Id":"x"}`, pathGet: `{"Id":"x"}`} {
		require.NotContains(t, b.answer(path, body, requestID("key")), idOf(third), "other methods are other requests")
	}
}

func TestTestQuota(t *testing.T) {
	b := open(t, func(_ *kkt.Settings, o *Options) { o.TestQuota = 2 })
	refused := string(appendRefusal(nil, 22, "Превышен лимит тестовых чеков за день"))
	b.queued(receiptOf(oneItem, ""), requestID("a"))
	b.queued(receiptOf(oneItem, ""), requestID("a")) // a replay does not count
	require.Contains(t, b.answer(pathReceipt, receiptOf("", "")), `"ErrorCode":12`)
	b.clock.Advance(time.Hour)
	b.queued(receiptOf(oneItem, ""))
	require.Equal(t, refused, b.answer(pathReceipt, receiptOf(oneItem, "")))
	b.clock.Advance(7*time.Hour - time.Second)
	require.Equal(t, refused, b.answer(pathReceipt, receiptOf(oneItem, "")))
	b.clock.Advance(time.Second)
	b.queued(receiptOf(oneItem, "")) // the first one is 8 hours old
	require.Equal(t, refused, b.answer(pathCorrection, sampleCorrection))
	require.Equal(t, fmt.Sprint(22), fmt.Sprint(b.hook.LastEntry().Data["code"]))
}
