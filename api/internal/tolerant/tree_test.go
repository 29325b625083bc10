package tolerant

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// outline prints one line a value: path, place, kind, literal.
func outline(v Value) string {
	var b strings.Builder
	var walk func(Value)
	walk = func(v Value) {
		line, column := v.Position()
		fmt.Fprintf(&b, "%s @%d:%d %s", v.Path(), line, column, v.Kind())
		if v.Kind() != Array && v.Kind() != Object {
			fmt.Fprintf(&b, " %q", v.Literal())
		}
		b.WriteByte('\n')
		for _, child := range v.All() {
			walk(child)
		}
	}
	walk(v)
	return b.String()
}

// encode writes v as strict JSON.
func encode(v Value) string {
	var b strings.Builder
	quoted := func(s string) string {
		text, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	var write func(Value)
	write = func(v Value) {
		brackets := map[Kind]string{Array: "[]", Object: "{}"}[v.Kind()]
		switch {
		case v.Kind() == String:
			b.WriteString(quoted(v.Literal()))
		case brackets == "":
			b.WriteString(v.Literal())
		default:
			b.WriteByte(brackets[0])
			for k, child := range v.All() {
				if k > 0 {
					b.WriteByte(',')
				}
				if v.Kind() == Object {
					b.WriteString(quoted(child.Name()) + ":")
				}
				write(child)
			}
			b.WriteByte(brackets[1])
		}
	}
	write(v)
	return b.String()
}

// parseJSON parses body, which must be good.
func parseJSON(t testing.TB, body string) Value {
	t.Helper()
	var d Document
	require.NoError(t, d.ParseJSON([]byte(body)))
	return d.Root()
}

// shared finds a file of the sources beside the repository, or skips the test.
func shared(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", pattern))
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("skipped: ../shared/" + pattern + " is not there")
	}
	return found
}
