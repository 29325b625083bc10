package daemon

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/outbox"
)

// TestNotificationSurvivesARestart: a receipt is told of after the daemon that made
// it is gone, and the log of both runs never has the secret.
func TestNotificationSurvivesARestart(t *testing.T) {
	bodies := make(chan string, 10)
	up := false
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !up {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		bodies <- string(body)
		_, _ = io.WriteString(w, `{"code":0}`)
	}))
	defer shop.Close()
	data := filepath.Join(t.TempDir(), "kktd.db")
	onFile := func(c *Config) { c.Memory, c.Data = false, data }
	b := start(t, onFile)
	_, answer := b.post("/site/notifications/Receipt/update", fmt.Sprintf(`{"IsEnabled":true,"Address":%q,"HttpMethod":"POST"}`, shop.URL))
	require.Contains(t, answer, `"Success":true`)
	_, answer = b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	eventually(t, "the first attempt", func() bool {
		_, s, err := b.outbox.Head(1)
		return err == nil && s.Attempts == 1
	})
	require.NoError(t, b.Shutdown(t.Context()))
	up = true
	again := start(t, func(c *Config) { onFile(c); c.Seed = 2 })
	eventually(t, "it is delivered by the next run", func() bool {
		again.clock.Advance(1 << 36)
		_, s, err := again.outbox.Head(1)
		return err == nil && s.State == outbox.Delivered
	})
	require.Contains(t, <-bodies, "Url=http%3A%2F%2F127.0.0.1%3A")
	for _, log := range []*bench{b, again} {
		for _, e := range log.log.AllEntries() {
			line, err := e.String()
			require.NoError(t, err)
			require.NotContains(t, line, FirstSecret)
		}
	}
}
