package daemon

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPagesOfOtherSitesChangeNothing(t *testing.T) {
	h := start(t, nil).routes()
	for _, c := range []struct {
		name, method, header, value string
		want                        int
	}{
		{"a program", "POST", "", "", http.StatusMethodNotAllowed},
		{"the page of kktd", "POST", "Sec-Fetch-Site", "same-origin", http.StatusMethodNotAllowed},
		{"the page of kktd in an old browser", "POST", "Origin", "http://127.0.0.1:5454", http.StatusMethodNotAllowed},
		{"another site", "POST", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"another port of this machine", "POST", "Sec-Fetch-Site", "same-site", http.StatusForbidden},
		{"another site in an old browser", "POST", "Origin", "https://evil.example.com", http.StatusForbidden},
		{"a page without an origin", "DELETE", "Origin", "null", http.StatusForbidden},
		{"a look", "GET", "Sec-Fetch-Site", "cross-site", http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/control/v1/registers/"+FirstRegister+"/documents", nil)
			r.RemoteAddr, r.Host = "127.0.0.1:1000", "127.0.0.1:5454"
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, c.want, w.Code, w.Body.String())
		})
	}
}
