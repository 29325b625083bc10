package control

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/memory"
	"kktd/webhook"
)

func TestWebhooks(t *testing.T) {
	store := memory.Open()
	box, err := outbox.Open(store, 0)
	require.NoError(t, err)
	var refs []outbox.Ref
	for i := range 4 {
		records, ref, err := box.Put(nil, &outbox.Entry{Transport: "http", Lane: "a", API: "cloudkassir", Type: "Receipt", Account: fmt.Sprint("pk_", i%2),
			Receipt: fmt.Sprint("r", i), Register: "1", Created: 1000, Address: "http://u:word@a/hook", Method: "POST", Body: []byte("x=1")})
		require.NoError(t, err)
		_, err = store.Append(context.Background(), storage.Change{Records: records})
		require.NoError(t, err)
		refs = append(refs, ref)
	}
	s := outbox.Status{State: outbox.Waiting, Due: 61000}
	s.Add(outbox.Attempt{Time: 1000, Code: 500, Answer: "oops", Error: "status 500, want 200"})
	require.NoError(t, box.Record(refs[0], &s, event.Event{}))
	require.NoError(t, box.Record(refs[1], &outbox.Status{State: outbox.Delivered}, event.Event{}))
	var resent []uint64
	a := New(Options{Outbox: box, Resend: func(n uint64) error {
		switch n {
		case 3:
			return webhook.ErrBusy
		case 9:
			return outbox.ErrNotFound
		}
		resent = append(resent, n)
		return nil
	}})
	ask := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(method, Prefix+path, nil))
		return w.Code, w.Body.String()
	}
	for query, want := range map[string]string{"": "1 2 3 4", "?receipt=r2": "3", "?account=pk_1": "2 4", "?state=waiting": "1 3 4", "?state=delivered": "2",
		"?state=failed": "", "?limit=2": "1 2", "?after=2&limit=1": "3", "?account=pk_0&state=waiting&after=1": "3"} {
		code, body := ask("GET", "webhooks"+query)
		require.Equal(t, 200, code, body)
		var ids []string
		for _, part := range strings.Split(body, `{"id":"`)[1:] {
			id, _, _ := strings.Cut(part, `"`)
			ids = append(ids, id)
		}
		require.Equal(t, want, strings.Join(ids, " "), query)
		require.NotContains(t, body, "word")
	}
	_, body := ask("GET", "webhooks/1")
	require.JSONEq(t, `{"id":"1","state":"waiting","api":"cloudkassir","type":"Receipt","transport":"http","account":"pk_0","receipt":"r0","register":"1",
		"created":"1970-01-01T00:00:01Z","method":"POST","address":"http://u:xxxxx@a/hook","attempts":1,"next_attempt":"1970-01-01T00:01:01Z",
		"last_attempts":[{"number":1,"time":"1970-01-01T00:00:01Z","status":500,"answer":"oops","error":"status 500, want 200"}],"body":"x=1"}`, body)
	for _, c := range []struct {
		method, path string
		code         int
		want         string
	}{
		{"GET", "webhooks?state=lost", 400, "waiting, delivered, failed"},
		{"GET", "webhooks?acount=x", 400, "acount"},
		{"GET", "webhooks/99", 404, "no such entry"},
		{"GET", "webhooks/x", 400, "whole number"},
		{"POST", "webhooks/1/resend", 202, `"state":"waiting"`},
		{"POST", "webhooks/3/resend", 409, "being delivered now"},
		{"POST", "webhooks/9/resend", 404, "no such entry"},
		{"GET", "webhooks/1/resend", http.StatusMethodNotAllowed, "POST"},
	} {
		code, body := ask(c.method, c.path)
		require.Equal(t, c.code, code, "%s %s: %s", c.method, c.path, body)
		require.Contains(t, body, c.want)
	}
	require.Equal(t, []uint64{1}, resent)
}
