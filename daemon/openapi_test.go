package daemon

import (
	"bytes"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
	"kktd/openapi"
)

// TestDescription keeps openapi.json what the routes, their Docs and the types say.
func TestDescription(t *testing.T) {
	d := start(t, nil).Daemon
	raw, err := openapi.Build(openapi.Config{Root: "..", Routes: d.control.Described(), Docs: docs(), Outside: outsideDocs()})
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("../api/control/openapi.json", raw, 0o666))
	}
	// Not Equal: the difference would fill screens.
	require.True(t, *update || bytes.Equal(control.OpenAPI(), raw), "the description is out of date: go test ./daemon -run TestDescription -update")
}

func docs() map[string]control.Doc {
	docs := control.Docs()
	for route, doc := range scenarioDocs() {
		docs[route] = doc
	}
	return docs
}

// outsideDocs are the paths beside the control API that a person starts with.
func outsideDocs() map[string]control.Doc {
	probe := control.Doc{Tag: "daemon", Answers: []control.Answer{{Status: http.StatusOK, Media: "text/plain"}}}
	health, ready := probe, probe
	health.ID, health.Summary = "getHealth", "Tell that the process lives"
	ready.ID, ready.Summary = "getReady", "Tell that requests are answered"
	ready.Answers = append(ready.Answers, control.Answer{Status: http.StatusServiceUnavailable, Media: "text/plain", About: "kktd is stopping."})
	return map[string]control.Doc{"GET /healthz": health, "GET /readyz": ready}
}
