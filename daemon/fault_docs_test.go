package daemon

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/fault"
)

var update = flag.Bool("update", false, "write the tables of docs/faults.md anew")

// TestFaultDocs holds the tables of docs/faults.md against those of the program.
func TestFaultDocs(t *testing.T) {
	const path = "../docs/faults.md"
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	text := string(raw)
	var kinds, magic strings.Builder
	fmt.Fprint(&kinds, "| where | fault | what it does | it can ask for |\n|---|---|---|---|\n")
	for _, k := range FaultKinds().Kinds() {
		fmt.Fprintf(&kinds, "| %s | `%s` | %s | %s |\n", k.Where, strings.ReplaceAll(k.Usage, "|", `\|`), k.About, strings.Join(k.Knows, ", "))
	}
	fmt.Fprint(&magic, "| InvoiceId | fault | what happens |\n|---|---|---|\n")
	for _, m := range fault.MagicIDs() {
		fmt.Fprintf(&magic, "| `%s` | `%s` | %s |\n", m.ID, m.Fault, m.About)
	}
	var scenarios strings.Builder
	fmt.Fprint(&scenarios, "| scenario | what happens |\n|---|---|\n")
	for _, s := range Scenarios() {
		fmt.Fprintf(&scenarios, "| `%s` | %s |\n", s.Name, s.About)
	}
	for name, table := range map[string]string{"kinds": kinds.String(), "magic": magic.String(), "scenarios": scenarios.String()} {
		begin := "<!-- " + name + " -->\n"
		before, rest, ok := strings.Cut(text, begin)
		require.True(t, ok, name)
		_, after, ok := strings.Cut(rest, "<!-- end -->")
		require.True(t, ok, name)
		text = before + begin + table + "<!-- end -->" + after
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	require.Equal(t, string(raw), text, "go test ./daemon -run TestFaultDocs -update")
}
