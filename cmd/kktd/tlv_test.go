package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// quantity is tag 1023 with 9.95.
const quantity = "ff03030002e303"

// runTLV runs "kktd tlv ..." in the process.
func runTLV(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	root := &cobra.Command{Use: "kktd"}
	root.AddCommand(newTLVCommand())
	var out, errOut bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errOut)
	root.SetArgs(append([]string{"tlv"}, args...))
	err = root.Execute()
	return out.String(), errOut.String(), err
}

func TestTLVDecodeInputs(t *testing.T) {
	raw, err := hex.DecodeString(quantity)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "quantity.bin")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	for _, tc := range []struct {
		name, stdin string
		args        []string
	}{
		{"hex", quantity, nil},
		{"hex of -", quantity, []string{"-"}},
		{"hex with separators", "FF:03,03 00\r\n02\tE3 03\n", nil},
		{"hex with 0x", "0x" + quantity, nil},
		{"bytes with 0x", "0xFF, 0x03, 0x03 0x00 0X02 0xE3 0x03", nil},
		{"hex with hyphens", "ff-03-03-00-02-e3-03", nil},
		{"base64", base64.StdEncoding.EncodeToString(raw) + "\n", nil},
		{"base64 for addresses", base64.RawURLEncoding.EncodeToString(raw), []string{"--in", "base64"}},
		{"bytes", string(raw), nil},
		{"bytes as asked", string(raw), []string{"--in", "raw"}},
		{"file", "", []string{file}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errOut, err := runTLV(t, tc.stdin, append([]string{"decode"}, tc.args...)...)
			require.NoError(t, err)
			require.Empty(t, errOut)
			require.Contains(t, out, "1023 количество предмета расчета")
			require.Contains(t, out, "9.95")
			require.Contains(t, out, "ff030300 02e303")
		})
	}
}

func TestTLVDecodeJSON(t *testing.T) {
	out, _, err := runTLV(t, quantity, "decode", "--out", "json")
	require.NoError(t, err)
	require.JSONEq(t, `{"tag":1023,"name":"количество предмета расчета","type":"FVLN","offset":0,"len":3,"hex":"02e303","value":"9.95"}`, out)
	require.True(t, json.Valid([]byte(out)))
}

func TestTLVDecodeMalformed(t *testing.T) {
	for _, tc := range []struct{ name, out, want string }{
		{"tree", "tree", "1023 количество"},
		{"json", "json", `"tag": 1023`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errOut, err := runTLV(t, quantity+" 0102", "decode", "--out", tc.out)
			require.ErrorContains(t, err, "malformed at offset 0x7: ")
			require.Contains(t, out, tc.want, "the rest is shown")
			require.Contains(t, errOut, "offset 0x7")
			require.NotContains(t, errOut, "Usage:")
		})
	}
}

func TestTLVDecodeRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"nothing", "", nil, "empty"},
		{"spaces", " \n", nil, "neither hex (hex: no digits"},
		{"wrong digit", "ff03zz", []string{"--in", "hex"}, `'z' at offset 4`},
		{"odd digits", "ff0", []string{"--in", "hex"}, "3 digits"},
		{"wrong base64", "a%%", []string{"--in", "base64"}, "base64: "},
		{"text", "hello, world!", nil, "neither hex"},
		{"unknown form of input", quantity, []string{"--in", "octal"}, `--in "octal"`},
		{"unknown form of output", quantity, []string{"--out", "xml"}, `--out "xml"`},
		{"negative width", quantity, []string{"--width", "-1"}, "--width -1"},
		{"no file", "", []string{filepath.Join(t.TempDir(), "absent")}, "absent"},
		{"too long", strings.Repeat("0", maxTLVInput+1), nil, "over 4194304 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errOut, err := runTLV(t, tc.stdin, append([]string{"decode"}, tc.args...)...)
			require.ErrorContains(t, err, tc.want)
			require.Contains(t, errOut, tc.want)
			require.NotContains(t, out, "ТЕГ")
		})
	}
}

func TestTLVDecodeMessage(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", "tlv", "ofd-session-doc11-ffd105-yandex.json"))
	if os.IsNotExist(err) {
		t.Skip("no ../shared/vectors")
	}
	require.NoError(t, err)
	var v struct{ Hex string }
	require.NoError(t, json.Unmarshal(b, &v))
	out, _, err := runTLV(t, v.Hex, "decode", "--width", "120")
	require.NoError(t, err)
	for _, want := range []string{"сообщение", "контейнер", "Отчет об изменении параметров", "ФПС"} {
		require.Contains(t, out, want)
	}
	for _, line := range strings.Split(out, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 120)
	}
}
