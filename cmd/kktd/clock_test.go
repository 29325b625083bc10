package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClockCommand moves the clock of a file on which no daemon runs: it is kept
// from one command to the next.
func TestClockCommand(t *testing.T) {
	data := filepath.Join(t.TempDir(), "x.db")
	d := startDaemon(t, data)
	require.NoError(t, d.Shutdown(t.Context()))
	for _, c := range []struct {
		args []string
		want string // a part of the output, or of the error
		fail bool
	}{
		{[]string{"show"}, "the real time", false},
		{[]string{"freeze", "2030-01-10T10:00:00Z"}, "stands", false},
		{[]string{"advance", "25h"}, "2030-01-11 11:00:00 +00:00  stands", false},
		{[]string{"show", "--serial", "00000000000000000001"}, "2030-01-11 14:00:00 +03:00  follows the daemon's clock", false},
		{[]string{"advance", "P1D", "--serial", "00000000000000000001"}, "2030-01-12 14:00:00 +03:00  runs, 24h0m0s ahead", false},
		{[]string{"step", "1m"}, "moves on by 1m0s", false},
		{[]string{"set", "2030-02-01T00:00:00Z"}, "2030-02-01 00:00:00", false},
		{[]string{"set", "2030-01-01T00:00:00Z"}, "--force", true},
		{[]string{"set", "tomorrow"}, `"tomorrow": want`, true},
		{[]string{"advance", "a day"}, "advance", true},
		{[]string{"run"}, "runs", false},
		{[]string{"run", "--real"}, "--force", true},
		{[]string{"run", "--real", "--force"}, "the real time", false},
	} {
		out, err := kktd(t, append(append([]string{"clock"}, c.args...), "--data", data)...)
		if c.fail {
			require.ErrorContains(t, err, c.want, c.args)
			continue
		}
		require.NoError(t, err, c.args)
		require.Contains(t, out, c.want, c.args)
	}
}
