package cloudkassir

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/kkt"
)

// TestRequestLimit: above the limit an account gets HTTP 429 and nothing is made; another account, and the next request when one
// has ended, are served.
func TestRequestLimit(t *testing.T) {
	b := open(t, func(_ *kkt.Settings, o *Options) { o.RequestLimit = 1 })
	slow, fast := io.Pipe()
	answered := make(chan string)
	go func() {
		answered <- b.post(pathReceipt, "", func(r *http.Request) { r.Body = slow }).Body.String()
	}()
	_, err := io.WriteString(fast, " ") // it is being read
	require.NoError(t, err)
	w := b.post(pathReceipt, receiptOf(oneItem, ""))
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Empty(t, w.Body.String())
	require.Equal(t, 1, b.lastDocument())
	require.Equal(t, http.StatusOK, b.post(pathStatus, "{}", func(r *http.Request) { r.SetBasicAuth("pk_other", "secret_other") }).Code)
	_, err = io.WriteString(fast, receiptOf(oneItem, ""))
	require.NoError(t, err)
	require.NoError(t, fast.Close())
	require.Contains(t, <-answered, `"Success":true`)
	b.queued(receiptOf(oneItem, ""))
}
