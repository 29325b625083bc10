package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNotificationsSurviveKill: a notification is in the file with its receipt. The receiver answers nothing until the program is
// killed; what started again delivers all of them.
func TestNotificationsSurviveKill(t *testing.T) {
	var mu sync.Mutex
	told, answers := map[string]int{}, false
	came := make(chan struct{}, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		answer := answers
		if form, err := url.ParseQuery(string(body)); err == nil && answer {
			told[form.Get("Id")]++
		}
		mu.Unlock()
		came <- struct{}{}
		if !answer {
			<-r.Context().Done() // the sender is killed
			return
		}
		_, _ = io.WriteString(w, `{"code":0}`)
	}))
	t.Cleanup(receiver.Close)

	program, data := buildProgram(t), filepath.Join(t.TempDir(), "kktd.db")
	p := startProgram(t, program, "--data", data)
	set := p.post("/site/notifications/Receipt/update", fmt.Appendf(nil, `{"IsEnabled":true,"HttpMethod":"POST","Address":%q}`, receiver.URL))
	require.Equal(t, true, set["Success"])
	want := map[string]int{}
	for range 5 {
		answer := p.post("/kkt/receipt", []byte(`{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[{"Label":"Чай","Price":100,"Quantity":1,"Amount":100,"Vat":22}]}}`))
		require.Equal(t, true, answer["Success"], "%v", answer)
		want[answer["Model"].(map[string]any)["Id"].(string)] = 1
	}
	<-came
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()

	mu.Lock()
	answers = true
	mu.Unlock()
	p = startProgram(t, program, "--data", data)
	p.await("all are delivered", func() bool {
		for _, it := range p.get("/control/v1/webhooks")["items"].([]any) {
			if it.(map[string]any)["state"] != "delivered" {
				return false
			}
		}
		return true
	})
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, want, told, "each once: no answer came before the kill")
}
