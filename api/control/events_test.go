package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// numbers are those of the events in an answer.
func numbers(t *testing.T, answer []byte) (list []uint64, next uint64) {
	var page struct {
		Items []struct{ Number uint64 }
		Next  uint64
	}
	require.NoError(t, json.Unmarshal(answer, &page), string(answer))
	for _, e := range page.Items {
		list = append(list, e.Number)
	}
	return list, page.Next
}

func TestEvents(t *testing.T) {
	b := newBench(t, nil)
	o := b.submit("{}")
	b.confirm(1)
	golden(t, "events.json", b.get("events?limit=100"))
	for _, c := range []struct {
		query string
		want  []uint64
		next  uint64
	}{
		{"limit=2", []uint64{1, 2}, 2},
		{"limit=2&after=2", []uint64{3, 4}, 4},
		{"wait=0s&kind=confirmed", []uint64{6}, 6},
		{"wait=0s&kind=shift_opened,confirmed", []uint64{3, 6}, 6},
		{"wait=0s&receipt=" + o.ID, []uint64{4}, 6},
		{"wait=0s&inn=" + testINN + "&form=3", []uint64{4}, 6},
		{"wait=0s&inn=7702203276", nil, 6},
		{"wait=0s&register=x", nil, 6},
		{"wait=0s&drive=" + testDrive + "&document=1", []uint64{1, 5, 6}, 6},
	} {
		t.Run(c.query, func(t *testing.T) {
			got, next := numbers(t, b.get("events?"+c.query))
			require.Equal(t, c.want, got)
			require.Equal(t, c.next, next)
		})
	}
	for _, c := range []struct{ query, field string }{
		{"kind=documnet", "kind"}, {"after=-1&limit=1", "after"}, {"document=x", "document"}, {"form=300", "form"}, {"colour=red", "colour"},
	} {
		w := b.do("GET", "events?"+c.query)
		require.Equal(t, http.StatusBadRequest, w.Code, c.query)
		require.Contains(t, w.Body.String(), `"field":"`+c.field+`"`)
	}
}

// TestEventsWait has a long poll end with an event, with its time and with the stop
// of kktd.
func TestEventsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopping := make(chan struct{})
		b := newBench(t, func(o *Options) { o.Stopping = stopping })
		ask := func() chan []byte {
			answer := make(chan []byte, 1)
			go func() { answer <- b.do("GET", "events?after=1&kind=document&wait=30s").Body.Bytes() }()
			synctest.Wait()
			return answer
		}
		answer := ask()
		b.submit("{}")
		got, next := numbers(t, <-answer)
		require.Equal(t, []uint64{2, 4}, got)
		require.EqualValues(t, 4, next)

		// A wait for an organisation begins before there is one.
		go func() { answer <- b.do("GET", "events?after=4&inn=7707083893&wait=30s").Body.Bytes() }()
		synctest.Wait()
		b.operate("registers", `{"serial":"2","inn":"7707083893"}`)
		got, next = numbers(t, <-answer)
		require.NotEmpty(t, got)
		after := next

		began := time.Now()
		got, next = numbers(t, b.do("GET", fmt.Sprintf("events?after=%d&wait=30s", after)).Body.Bytes())
		require.Empty(t, got)
		require.Equal(t, after, next)
		require.Equal(t, 30*time.Second, time.Since(began))

		answer = make(chan []byte, 1)
		go func() { answer <- b.do("GET", fmt.Sprintf("events?after=%d&wait=30s", after)).Body.Bytes() }()
		synctest.Wait()
		close(stopping)
		<-answer
		b.fleet.Close()
	})
}

// TestEventStream reads server-sent events, loses the connection and goes on behind
// the last one it has seen.
func TestEventStream(t *testing.T) {
	stopping := make(chan struct{})
	b := newBench(t, func(o *Options) { o.Stopping = stopping })
	srv := httptest.NewServer(b.api)
	defer srv.Close()
	open := func(query, last string) *bufio.Scanner {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+Prefix+"events"+query, nil)
		require.NoError(t, err)
		r.Header.Set("Accept", "text/event-stream")
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		require.Equal(t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
		lines := bufio.NewScanner(resp.Body)
		require.True(t, lines.Scan())
		require.Equal(t, ": events of kktd", lines.Text())
		return lines
	}
	// next is the next event: id, kind, data.
	next := func(lines *bufio.Scanner) (e [3]string) {
		for lines.Scan() {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "id":
				e[0] = value
			case "event":
				e[1] = value
			case "data":
				e[2] = value
				return e
			}
		}
		return e
	}
	live := open("", "") // without a number: what comes
	b.submit("{}")
	e := next(live)
	require.Equal(t, []string{"2", "document"}, e[:2])
	require.Contains(t, e[2], `{"number":2,"kind":"document","time":"2026-01-10T07:00:00Z","register":"00000000000000000001"`)
	require.Equal(t, "shift_opened", next(live)[1])
	require.Equal(t, "4", next(live)[0])

	again := open("?kind=document", "1")
	require.Equal(t, "2", next(again)[0])
	require.Equal(t, "4", next(again)[0])
	require.Equal(t, "1", next(open("?after=0", ""))[0])

	// HEAD is answered and over: the connection takes the next request.
	client := http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: 10 * time.Second}
	for range 2 {
		resp, err := client.Head(srv.URL + Prefix + "events")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
	}
	client.CloseIdleConnections()

	close(stopping)
	require.Equal(t, [3]string{}, next(live), "it ends with kktd")
	w := b.do("GET", "events", "Last-Event-ID", "x")
	require.Equal(t, http.StatusBadRequest, w.Code)
}
