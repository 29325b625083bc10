package daemon

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
)

func TestControlIsForThisMachine(t *testing.T) {
	const here, there = "127.0.0.1:1000", "192.0.2.1:1000"
	for _, c := range []struct {
		name, token string // that is set
		peer, host  string
		header      [2]string
		want        int
	}{
		{"this machine", "", here, "127.0.0.1:5454", [2]string{}, 200},
		{"this machine by name", "", here, "localhost:5454", [2]string{}, 200},
		{"this machine by name, large", "", here, "LOCALHOST:5454", [2]string{}, 200},
		{"this machine without a port", "", here, "localhost", [2]string{}, 200},
		{"another address of this machine", "", "127.8.9.10:1000", "127.0.0.2:5454", [2]string{}, 200},
		{"IPv6", "", "[::1]:1000", "[::1]:5454", [2]string{}, 200},
		{"IPv6 without a port", "", "[::1]:1000", "[::1]", [2]string{}, 200},
		{"IPv4 in IPv6", "", "[::ffff:127.0.0.1]:1000", "localhost:5454", [2]string{}, 200},
		{"this machine while a token is set", "let me in", here, "127.0.0.1:5454", [2]string{}, 200},

		{"another machine", "", there, "127.0.0.1:5454", [2]string{}, 403},
		{"another machine by IPv6", "", "[2001:db8::1]:1000", "[::1]:5454", [2]string{}, 403},
		{"another machine that names a peer", "", there, "127.0.0.1:5454", [2]string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"another machine that names a peer, anew", "", there, "127.0.0.1:5454", [2]string{"Forwarded", "for=127.0.0.1"}, 403},
		{"another machine that names the real peer", "", there, "127.0.0.1:5454", [2]string{"X-Real-Ip", "127.0.0.1"}, 403},
		{"another machine that names a host", "", there, "evil.example.com", [2]string{"X-Forwarded-Host", "localhost"}, 403},
		{"this machine that names a peer", "", here, "127.0.0.1:5454", [2]string{"X-Forwarded-For", "192.0.2.1"}, 200},
		{"a page under a name of its own", "", here, "evil.example.com", [2]string{}, 403},
		{"a page under a name with a port", "", here, "evil.example.com:5454", [2]string{}, 403},
		{"a page under a name like an address", "", here, "127.0.0.1.evil.example.com", [2]string{}, 403},
		{"a page under a name like localhost", "", here, "localhost.evil.example.com", [2]string{}, 403},
		{"a page that names another host behind", "", here, "evil.example.com", [2]string{"X-Forwarded-Host", "127.0.0.1"}, 403},
		{"no host", "", here, "", [2]string{}, 403},

		{"the token", "let me in", there, "kktd.example.com", [2]string{"Authorization", "Bearer let me in"}, 200},
		{"the token with a small scheme", "let me in", there, "kktd.example.com", [2]string{"Authorization", "bearer let me in"}, 200},
		{"a wrong token", "let me in", there, "kktd.example.com", [2]string{"Authorization", "Bearer let me out"}, 403},
		{"the beginning of the token", "let me in", there, "kktd.example.com", [2]string{"Authorization", "Bearer let me"}, 403},
		{"more than the token", "let me in", there, "kktd.example.com", [2]string{"Authorization", "Bearer let me in now"}, 403},
		{"the token without a scheme", "letmein", there, "kktd.example.com", [2]string{"Authorization", "letmein"}, 403},
		{"the token in another scheme", "letmein", there, "kktd.example.com", [2]string{"Authorization", "Basic letmein"}, 403},
		{"no token", "let me in", there, "kktd.example.com", [2]string{}, 403},
		{"an empty token where none is set", "", there, "kktd.example.com", [2]string{"Authorization", "Bearer "}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &Daemon{config: Config{ControlToken: c.token}, log: logrus.New()}
			d.log.SetOutput(io.Discard)
			r := httptest.NewRequest(http.MethodGet, "/control/v1/registers", nil)
			r.RemoteAddr, r.Host = c.peer, c.host
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			d.guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })).ServeHTTP(w, r)
			require.Equal(t, c.want, w.Code)
		})
	}
}

// TestFormsChangeNothing sends what a form of a page can send without asking: no JSON.
// Neither an Origin nor Sec-Fetch-Site gives it away, as in a browser of long ago.
func TestFormsChangeNothing(t *testing.T) {
	b := start(t, nil)
	before := b.Fleet().Clock().Setting()
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx", "text/json"} {
		for path, body := range map[string]string{"clock": `{"advance":"1h"}`, "faults": `{"fault":"cut"}`, "registers": `{"serial":"99"}`, "registers/reset": `{ }`,
			"registers/" + FirstRegister + "/shift/open": `{}`, "scenarios/power-cut": `{}`, "registers/import": `KKTD`} {
			r, err := http.NewRequest(http.MethodPost, b.URL()+"/control/v1/"+path, strings.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", kind)
			resp, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusUnsupportedMediaType, resp.StatusCode, "%s as %q", path, kind)
		}
	}
	require.Equal(t, before, b.Fleet().Clock().Setting())
	require.Empty(t, b.faults.List())
	require.Len(t, b.Fleet().Registers(), 1)
	state, err := b.Fleet().Registers()[0].State()
	require.NoError(t, err)
	require.EqualValues(t, 1, state.LastNumber)
}

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
