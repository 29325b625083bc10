package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// document is a small receipt; item is the name of its item.
func document(t *testing.T, item string) string {
	t.Helper()
	n, err := ffd.ParseJSON([]byte(`{"tag":3,"items":[{"tag":1209,"value":4},{"tag":1041,"value":"9999078900005430"},{"tag":1018,"value":"7708806062"},
		{"tag":1040,"value":7},{"tag":1012,"value":1780317060},{"tag":1077,"value":12345678},{"tag":1054,"value":1},{"tag":1020,"value":8050},{"tag":1055,"value":33},
		{"tag":1059,"items":[{"tag":1030,"value":"` + item + `"},{"tag":1079,"value":8050},{"tag":1023,"value":"1.000"},{"tag":1043,"value":8050}]}]}`))
	require.NoError(t, err)
	return hex.EncodeToString(n.Append(nil))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestTLVGolden runs each command as a user does.
func TestTLVGolden(t *testing.T) {
	doc := document(t, "Молоко")
	other := writeFile(t, "b.hex", strings.Replace(document(t, "Кефир"), "1e04010001", "1e04010002", 1))
	for _, tc := range []struct {
		name, stdin string
		args        []string
		fails       string
	}{
		{"decode.tree", doc, []string{"decode"}, ""},
		{"decode.en.tree", doc, []string{"decode", "--lang", "en", "--width", "100"}, ""},
		{"decode.hexdump", doc, []string{"decode", "--out", "hexdump"}, ""},
		{"decode.color", doc, []string{"decode", "--out", "hexdump", "--color", "always"}, ""},
		{"decode.json", doc, []string{"decode", "--out", "json"}, ""},
		{"decode.fns.json", doc, []string{"decode", "--out", "fns"}, ""},
		{"encode.json", `{"tag":1023,"value":"9.95"}`, []string{"encode", "--out", "json"}, ""},
		{"diff.txt", doc, []string{"diff", "-", other}, "differ"},
		{"diff.en.txt", doc, []string{"diff", "-", other, "--lang", "en", "--width", "80"}, "differ"},
		{"diff.json", doc, []string{"diff", "-", other, "--out", "json"}, "differ"},
		{"tags.txt", "", []string{"tags", "покупател"}, ""},
		{"tags.1055.txt", "", []string{"tags", "1055"}, ""},
		{"tags.1115.en.txt", "", []string{"tags", "1115", "--lang", "en"}, ""},
		{"tags.1054.json", "", []string{"tags", "1054", "--out", "json"}, ""},
		{"explain.txt", doc, []string{"explain", "-"}, ""},
		{"explain.sign.txt", "", []string{"explain", "--tag", "1077", "31 04", "00bc614e"}, ""},
		{"explain.mask.en.txt", "", []string{"explain", "--tag", "1055", "--lang", "en", "21"}, ""},
		{"explain.json", "", []string{"explain", "1e04010001", "--out", "json"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, _, err := runTLV(t, tc.stdin, tc.args...)
			if tc.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.fails)
			}
			golden(t, "tlv-"+tc.name, out)
		})
	}
}

// Whatever the vectors hold as hex comes back byte for byte: decode --out json | encode.
func TestTLVRoundTripOfVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "vectors", "tlv", "*.json"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("no ../shared/vectors")
	}
	long := regexp.MustCompile(`"([0-9a-fA-F]{2}){4,}"`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range long.FindAllString(string(text), -1) {
			in := strings.ToLower(strings.Trim(m, `"`))
			tree, _, _ := runTLV(t, in, "decode", "--in", "hex", "--out", "json") // damage is an error, and shown
			out, errOut, err := runTLV(t, tree, "encode", "--out", "hex", "--strict")
			require.NoError(t, err)
			require.Empty(t, errOut)
			require.Equal(t, in+"\n", out)
		}
	}
}

func TestTLVEncodeOutputs(t *testing.T) {
	raw, err := hex.DecodeString(quantity)
	require.NoError(t, err)
	in := `{"tag":1023,"value":"9.95"}`
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"hex", quantity + "\n", []string{"--out", "hex"}},
		{"base64", base64.StdEncoding.EncodeToString(raw) + "\n", []string{"--out", "base64"}},
		{"raw", string(raw), []string{"--out", "raw"}},
		{"not a terminal", string(raw), nil},
		{"file", string(raw), []string{writeFile(t, "a.json", in)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errOut, err := runTLV(t, in, append([]string{"encode"}, tc.args...)...)
			require.NoError(t, err)
			require.Empty(t, errOut)
			require.Equal(t, tc.want, out)
		})
	}
}

// What decode makes of more than a message is longer than any input of bytes may be.
func TestTLVRoundTripOfMany(t *testing.T) {
	in := strings.Repeat("fc03000010040000", 8000)
	tree, _, err := runTLV(t, in, "decode", "--out", "json")
	require.NoError(t, err)
	out, _, err := runTLV(t, tree+strings.Repeat(" ", max(0, maxTLVInput-len(tree)+1)), "encode", "--out", "hex")
	require.NoError(t, err)
	require.True(t, out == in+"\n")
}

func TestTLVEncodeWarns(t *testing.T) {
	in := `{"tag":3,"items":[{"tag":1020,"hex":"05","value":6}]}`
	out, errOut, err := runTLV(t, in, "encode", "--out", "hex")
	require.NoError(t, err)
	require.Equal(t, "03000500fc03010005\n", out)
	require.Contains(t, errOut, "warning: items[0]: value 6 is not what hex says, 5")
	out, _, err = runTLV(t, in, "encode", "--out", "hex", "--values")
	require.NoError(t, err)
	require.Equal(t, "03000500fc03010006\n", out)
	out, _, err = runTLV(t, in, "encode", "--strict")
	require.ErrorContains(t, err, "1 warnings, errors with --strict")
	require.NotContains(t, out, "\xfc\x03")
}

func TestTLVEncodeFNS(t *testing.T) {
	fns, _, err := runTLV(t, document(t, "Молоко"), "decode", "--out", "fns")
	require.NoError(t, err)
	out, _, err := runTLV(t, fns, "encode", "--in", "fns", "--out", "hex")
	require.NoError(t, err)
	tree, _, err := runTLV(t, out, "decode")
	require.NoError(t, err)
	require.Contains(t, tree, "Молоко")
}

func TestTLVCheck(t *testing.T) {
	incomplete := document(t, "Молоко")
	out, _, err := runTLV(t, incomplete, "check")
	require.ErrorContains(t, err, "format control: errors")
	require.Contains(t, out, "error    0x0000  3/1037")
	require.Contains(t, out, "(duty)")

	out, _, err = runTLV(t, incomplete, "check", "--lang", "en", "--out", "json")
	require.Error(t, err)
	var findings []tlvFinding
	require.NoError(t, json.NewDecoder(strings.NewReader(out)).Decode(&findings))
	require.NotEmpty(t, findings)
	require.NotEmpty(t, findings[0].Ru)
	require.NotEmpty(t, findings[0].En)

	out, _, err = runTLV(t, incomplete+"8106 01020304 0506 0001", "check")
	require.Error(t, err)
	require.Contains(t, out, "sign")
	require.Contains(t, out, "(frame)")
}

func TestTLVCheckOfVectors(t *testing.T) {
	paths, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "vectors", "tlv", "receipt-ffd105-fns-izbenka.json"))
	if len(paths) == 0 {
		t.Skip("no ../shared/vectors")
	}
	b, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	var v struct{ Hex string }
	require.NoError(t, json.Unmarshal(b, &v))
	out, errOut, err := runTLV(t, v.Hex, "check")
	require.NoError(t, err)
	require.Empty(t, errOut)
	require.NotContains(t, out, "error")
	require.Contains(t, out, "замечаний нет")
}

func TestTLVCodes(t *testing.T) {
	a := writeFile(t, "a.hex", quantity)
	b := writeFile(t, "b.hex", "ff03030002e403")
	for _, tc := range []struct {
		name   string
		args   []string
		code   int
		stderr string
	}{
		{"same", []string{"diff", a, a}, exitOK, ""},
		{"differ", []string{"diff", a, b}, exitDiffer, ""},
		{"no file", []string{"diff", a, a + "x"}, exitDiff, "no such file"},
		{"one argument", []string{"diff", a}, exitDiff, "accepts 2 arg(s)"},
		{"unknown flag", []string{"diff", "--nonsense", a, b}, exitDiff, "unknown flag"},
		{"twice standard input", []string{"diff", "-", "-"}, exitDiff, "only one of both"},
		{"check", []string{"check", a}, exitError, "no document in the input"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := runTLV(t, "", tc.args...)
			var stderr bytes.Buffer
			code := exitOK
			if err != nil {
				code = report(&stderr, fmt.Errorf("wrapped: %w", err))
			}
			require.Equal(t, tc.code, code)
			require.Equal(t, tc.stderr == "", stderr.Len() == 0, stderr.String())
			require.Contains(t, stderr.String(), tc.stderr)
		})
	}
	require.Equal(t, exitError, report(&bytes.Buffer{}, errors.New("plain")))
	_, _, err := runTLV(t, "", "frobnicate")
	require.ErrorContains(t, err, "unknown command")
}

func TestTLVToolsRefuse(t *testing.T) {
	for _, tc := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"language", quantity, []string{"decode", "--lang", "de"}, `--lang: language "de"`},
		{"colour", quantity, []string{"decode", "--color", "blue"}, `--color "blue"`},
		{"fns of no document", quantity, []string{"decode", "--out", "fns"}, "no document"},
		{"encode: form of input", "{}", []string{"encode", "--in", "xml"}, `--in "xml"`},
		{"encode: form of output", "{}", []string{"encode", "--out", "tree"}, `--out "tree"`},
		{"encode: path", `{"tag":3,"items":[{"tag":1054}]}`, []string{"encode"}, "standard input: items[0]: tag 1054: want hex or value"},
		{"encode: offset", `{"tag":3,`, []string{"encode"}, "at offset 9: "},
		{"encode: nothing", "", []string{"encode"}, "empty"},
		{"encode: fns", "[]", []string{"encode", "--in", "fns"}, "no document"},
		{"check: form of output", quantity, []string{"check", "--out", "xml"}, `--out "xml"`},
		{"check: version", quantity, []string{"check", "--ffd", "1.0"}, `--ffd "1.0"`},
		{"check: no hex", "zz!", []string{"check"}, "standard input: the input is text"},
		{"tags: nothing", "", []string{"tags", "9999"}, `no tag for "9999"`},
		{"tags: version", "", []string{"tags", "--ffd", "9"}, "--ffd: "},
		{"explain: cut", "", []string{"explain", "1e04010"}, "7 digits"},
		{"explain: damage", "", []string{"explain", "1e040100"}, "malformed at offset 0x0"},
		{"explain: version", "", []string{"explain", "--ffd", "2", "00"}, "--ffd: "},
		{"explain: nothing", "", []string{"explain"}, "at least 1 arg"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, errOut, err := runTLV(t, tc.stdin, tc.args...)
			require.ErrorContains(t, err, tc.want)
			require.Contains(t, errOut, tc.want)
		})
	}
}
