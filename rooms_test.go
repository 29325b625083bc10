// Package kktd is the root of the project; it holds no code. Its test keeps the
// rooms in order.
package kktd

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rooms are the folders from the ground floor up. Code in a room imports only
// rooms that stand before it; rooms on one line do not know each other.
var rooms = [][]string{
	{"tlv"},
	{"ffd"},
	{"ofdproto"},
	{"clock"},
	{"fn"},
	{"storage"},
	{"fault"},
	{"event"},
	{"outbox"},
	{"kkt"},
	{"sender"},
	{"ofd"},
	{"slip"},
	{"webhook"},
	{"pages"},
	{"mail"},
	{"diagnosis"},
	{"api/internal/tolerant"},
	{"api/cloudkassir", "api/control"},
	{"openapi"},
	{"metrics"},
	{"daemon"},
	{"kkttest"},
	{"cmd/kktd", "cmd/benchhttp"},
}

// floor finds the room of a folder: the room itself or what stands inside it.
func floor(dir string) (level int, name string, ok bool) {
	for i, line := range rooms {
		for _, room := range line {
			if dir == room || strings.HasPrefix(dir, room+"/") {
				return i, room, true
			}
		}
	}
	return 0, "", false
}

func TestImportsPointDown(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || dir == "." {
			return nil
		}
		level, room, ok := floor(dir)
		require.True(t, ok, "%s stands in no room; add its room to the list", path)
		seen[room] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			to, ours := strings.CutPrefix(name, "kktd/")
			if !ours {
				continue
			}
			toLevel, toRoom, ok := floor(to)
			require.True(t, ok, "%s imports %s, which is no room", path, name)
			require.True(t, toRoom == room || toLevel < level, "%s: %s must not import %s, which stands above it or beside it", path, room, toRoom)
		}
		return nil
	})
	require.NoError(t, err)
	for _, line := range rooms {
		for _, room := range line {
			require.True(t, seen[room], "the room %s is gone; take it off the list", room)
		}
	}
}
