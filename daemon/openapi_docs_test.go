package daemon

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
)

// controlDocs holds the operations of docs/control-api.md against the description.
func controlDocs(t *testing.T, description []byte) {
	const path, begin, end = "../docs/control-api.md", "<!-- operations -->\n", "<!-- end -->"
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(raw), begin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var d struct {
		Paths map[string]map[string]struct {
			Tags    []string
			Summary string
		}
	}
	require.NoError(t, json.Unmarshal(description, &d))
	var table strings.Builder
	for _, tag := range control.Tags() {
		fmt.Fprintf(&table, "\n%s\n\n| operation | what it does |\n|---|---|\n", tag[1])
		for _, path := range sortedPaths(d.Paths) {
			for _, method := range []string{"get", "post", "put", "patch", "delete"} {
				if op, ok := d.Paths[path][method]; ok && op.Tags[0] == tag[0] {
					fmt.Fprintf(&table, "| `%s %s` | %s |\n", strings.ToUpper(method), strings.TrimPrefix(path, control.Prefix), op.Summary)
				}
			}
		}
	}
	text := before + begin + table.String() + "\n" + end + after
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	require.Equal(t, string(raw), text, "go test ./daemon -run TestDescription -update")
}

func sortedPaths[V any](paths map[string]V) []string {
	var names []string
	for name := range paths {
		names = append(names, name)
	}
	return sorted(names)
}
