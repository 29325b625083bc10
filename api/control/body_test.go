package control

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type testPart struct {
	Name string `json:"name"`
}

type testBody struct {
	testPart
	Count uint16     `json:"count"`
	On    *bool      `json:"on"`
	Items []testPart `json:"items"`
	Part  *testPart  `json:"part"`
	List  []int      `json:"list"`
	Wait  Duration   `json:"wait"`
	At    time.Time  `json:"at"`
	Until *time.Time `json:"until"`
}

func TestReadBody(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       testBody
	}{
		{"empty", "", testBody{}},
		{"empty object", " {} \n", testBody{}},
		{"embedded", `{"name":"a"}`, testBody{testPart: testPart{"a"}}},
		{"nested", `{"items":[{"name":"a"},{}],"part":{"name":"b"}}`, testBody{Items: []testPart{{"a"}, {}}, Part: &testPart{"b"}}},
		{"null is nothing", `{"count":null,"part":null,"items":null,"until":null}`, testBody{}},
		{"pointer", `{"on":false}`, testBody{On: new(false)}},
		{"seconds", `{"wait":10}`, testBody{Wait: Duration(10 * time.Second)}},
		{"days", `{"wait":"30d"}`, testBody{Wait: Duration(30 * day)}},
		{"ISO", `{"wait":"P1DT2H"}`, testBody{Wait: Duration(26 * time.Hour)}},
		{"time", `{"at":"2026-01-31T10:00:00Z","until":"2026-01-31T10:00:00Z"}`, testBody{At: time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC),
			Until: new(time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got testBody
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json; charset=utf-8")
			require.NoError(t, ReadBody(httptest.NewRecorder(), r, &got))
			require.Equal(t, c.want, got)
		})
	}
}

func TestReadBodyRefuses(t *testing.T) {
	for _, c := range []struct{ name, body, code, field, message, allowed string }{
		{"unknown field", `{"nmae":"a"}`, "unknown_field", "nmae", `"nmae"`, "name, count, on, items, part, list, wait, at, until"},
		{"letter case", `{"Name":"a"}`, "unknown_field", "Name", `"Name"`, "name, count, on, items, part, list, wait, at, until"},
		{"unknown in a list", `{"items":[{},{"x":1}]}`, "unknown_field", "items[1].x", `"items[1].x"`, "name"},
		{"unknown in an object", `{"part":{"x":1}}`, "unknown_field", "part.x", `"part.x"`, "name"},
		{"twice", `{"count":1,"count":2}`, "invalid_field", "count", "twice", "one value"},
		{"type", `{"count":"1"}`, "invalid_field", "count", `count: "1" is not`, "a whole number from 0 on that fits"},
		{"too large", `{"count":65536}`, "invalid_field", "count", "65536", "a whole number from 0 on that fits"},
		{"no flag", `{"on":1}`, "invalid_field", "on", "1 is not", "true or false"},
		{"no list", `{"items":{}}`, "invalid_field", "items", "{} is not a list", "a list"},
		{"no object", `{"part":[]}`, "invalid_field", "part", "not an object", "an object"},
		{"list of texts", `{"list":["a"]}`, "invalid_field", "list", `["a"]`, "a list, each a whole number"},
		{"duration", `{"wait":"soon"}`, "invalid_field", "wait", "30d", "a length of time as 10s, 36h, 30d or P30D"},
		{"time", `{"at":"tomorrow"}`, "invalid_field", "at", "tomorrow", "a time as 2026-01-31T10:00:00+03:00"},
		{"no JSON", `count=1`, "invalid_body", "", "byte", "JSON"},
		{"cut off", `{"count":1`, "invalid_body", "", "byte", "JSON"},
		{"a list", `[]`, "invalid_body", "", "not an object", "an object"},
		{"more behind", `{}{}`, "invalid_body", "", "behind", "one JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got testBody
			err := Decode([]byte(c.body), &got)
			p := (*Problem)(nil)
			require.ErrorAs(t, err, &p)
			require.Equal(t, []any{c.code, c.field, c.allowed}, []any{p.Code, p.Field, p.Allowed}, p.Message)
			require.Contains(t, p.Message, c.message)
		})
	}
}

func TestReadBodyOfAForm(t *testing.T) {
	for _, c := range []struct {
		name, contentType, body string
		status                  int
	}{
		{"text", "text/plain", "{}", http.StatusUnsupportedMediaType},
		{"nothing", "", "{}", http.StatusUnsupportedMediaType},
		{"too large", "application/json", `{"name":"` + strings.Repeat("a", maxBody) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.contentType)
			p := (*Problem)(nil)
			require.ErrorAs(t, ReadBody(httptest.NewRecorder(), r, &testBody{}), &p)
			require.Equal(t, c.status, p.Status)
		})
	}
}

func TestRoutesOfOtherRooms(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Routes = []Route{{"GET", "things/{name}", func(w http.ResponseWriter, r *http.Request) error {
			return WriteJSON(w, http.StatusOK, r.PathValue("name"))
		}}, {"POST", "things/{name}", func(http.ResponseWriter, *http.Request) error {
			return &Problem{Status: 409, Code: "refused", Message: "no"}
		}}}
	})
	require.Equal(t, "\"a\"\n", string(b.get("things/a")))
	require.Equal(t, http.StatusConflict, b.do("POST", "things/a").Code)
	w := b.do("DELETE", "things/a")
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD, POST", w.Header().Get("Allow"))
	require.Contains(t, b.do("GET", "nothing").Body.String(), "things/{name}")
}
