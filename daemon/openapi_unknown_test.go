package daemon

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
)

// description is what this test reads of openapi.json.
type description struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name, In string
		}
		RequestBody *struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
	Components struct {
		Schemas map[string]struct{ Properties map[string]any }
	}
}

// TestUnknownIsRefused asks every route for a parameter and sends every body with a
// field that nobody knows. The refusal must name what is allowed, which is what the
// description says, and nothing may change.
func TestUnknownIsRefused(t *testing.T) {
	b := start(t, nil)
	handler := b.routes()
	ask := func(method, path, body string) (int, control.Problem) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr, r.Host = "127.0.0.1:1000", "127.0.0.1:5454"
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		var p struct{ Error control.Problem }
		_ = json.Unmarshal(w.Body.Bytes(), &p)
		return w.Code, p.Error
	}
	_, answer := b.post("/kkt/receipt", receiptBody)
	id := answer[strings.Index(answer, `"Id":"`)+6:][:32]
	eventually(t, "the documents are at the OFD", func() bool { return b.unsent() == 0 })
	b.setFault("commit-fails:after=1000")
	place := strings.NewReplacer("{serial}", FirstRegister, "{drive}", "1", "{number}", "1", "{index}", "1", "{slip}", "slip.txt", "{inn}", FirstINN, "{name}", "power-cut",
		"receipts/{id}", "receipts/"+id, "{id}", "1")
	var d description
	require.NoError(t, json.Unmarshal(control.OpenAPI(), &d))
	before, err := b.store.LastEvent()
	require.NoError(t, err)
	for path, item := range d.Paths {
		for method, op := range item {
			if !strings.HasPrefix(path, control.Prefix) {
				continue
			}
			method = strings.ToUpper(method)
			t.Run(method+" "+path, func(t *testing.T) {
				names := []string{}
				for _, p := range op.Parameters {
					if p.In == "query" {
						names = append(names, p.Name)
					}
				}
				status, p := ask(method, place.Replace(path)+"?nosuch=1", "")
				require.Equal(t, http.StatusBadRequest, status, p)
				require.Equal(t, "unknown_parameter", p.Code)
				require.Equal(t, "nosuch", p.Field)
				require.Equal(t, sorted(names), sorted(list(p.Allowed)))
				if op.RequestBody == nil || op.RequestBody.Content["application/json"].Schema.Ref == "" {
					return
				}
				fields := []string{}
				for name := range d.Components.Schemas[strings.TrimPrefix(op.RequestBody.Content["application/json"].Schema.Ref, "#/components/schemas/")].Properties {
					fields = append(fields, name)
				}
				status, p = ask(method, place.Replace(path), `{"nosuch":1}`)
				require.Equal(t, http.StatusBadRequest, status, p)
				require.Equal(t, "unknown_field", p.Code)
				require.Equal(t, sorted(fields), sorted(list(p.Allowed)))
			})
		}
	}
	after, err := b.store.LastEvent()
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Len(t, b.faults.List(), 1)
}

// list is what an error allows.
func list(allowed string) []string {
	if allowed == "" || allowed == "none" {
		return []string{}
	}
	return strings.Split(allowed, ", ")
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
