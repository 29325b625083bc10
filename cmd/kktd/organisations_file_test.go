package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadOrganisations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registers.yaml")
	const good = `organisations:
  - inn: "7707083893"
    accounts:
      - public_id: pk_shop
        secret: choose-one
    registers:
      - serial: "77"
        place: shop.example.com
`
	read := func(text string, alone bool) (int, error) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		list, err := readOrganisations(path, alone)
		return len(list), err
	}
	n, err := read(good, true)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = read("memory: true\n"+good, false)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = read("memory: true\n", false)
	require.NoError(t, err)
	require.Zero(t, n)
	for name, c := range map[string]struct{ text, want string }{
		"field of a register":     {good + "        plcae: x\n", `line 9: organisations[0].registers[0]: field "plcae" is not known here; known: serial, inn`},
		"field of an account":     {"# a comment\norganisations:\n  - accounts:\n      - public_id: a\n        password: b\n", `line 5: field "organisations[0].accounts[0].password"`},
		"number":                  {"organisations:\n  -\n    inn: 7707083893\n", `line 3: organisations[0].inn: 7707083893 is not a text; numbers such as INN stand in quotation marks`},
		"format":                  {good + "        ffd: 3.0\n", `line 9: organisations[0].registers[0]: kkt: invalid data: ffd`},
		"words":                   {good + "        tax_systems: [usn]\n", `line 9: organisations[0].registers[0]: kkt: invalid data: tax_systems`},
		"no list":                 {"organisations: 1\n", "line 1: organisations: 1 is not a list"},
		"no register":             {"organisations:\n  - registers:\n      - 1\n", "line 3: organisations[0].registers[0]: register: want settings"},
		"another setting":         {good + "listen: x\n", `line 9: field "listen" is not known here; known: organisations`},
		"nothing":                 {"", "it has no organisations"},
		"an empty list":           {"\norganisations: []\n", "line 2: organisations has none"},
		"a list":                  {"- inn: x\n", "line 1: want organisations:"},
		"no YAML":                 {"organisations: [\n", "yaml: line 1"},
		"a name that is no text":  {"organisations:\n  - 1: 2\n", "no text"},
		"the same name twice":     {"organisations:\n  - inn: x\n    inn: y\n", "line 3"},
		"an index that is no one": {"organisations:\n  - [1]\n", "line 2: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(c.text, true)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, path)
		})
	}
	_, err = readOrganisations(path+".none", true)
	require.ErrorIs(t, err, os.ErrNotExist)
}
