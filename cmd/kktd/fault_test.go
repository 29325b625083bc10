package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFaultCommand sets, shows and lifts faults of a daemon that runs.
func TestFaultCommand(t *testing.T) {
	d := startDaemon(t, filepath.Join(t.TempDir(), "x.db"))
	for _, c := range []struct {
		args []string
		want string // a part of the output, or of the error
		fail bool
	}{
		{[]string{"list"}, "no faults", false},
		{[]string{"add", "cut:answer:times=1", "latency:2s"}, "2   0     0      latency:for=2s", false},
		{[]string{"add", "cutt"}, "want one of http-status", true},
		{[]string{"list"}, "1   0     0      cut:times=1", false},
		{[]string{"remove", "2"}, "latency:for=2s", false},
		{[]string{"remove", "2"}, "no fault in force has the id 2", true},
		{[]string{"list", "--json"}, `"fault":"cut:times=1"`, false},
		{[]string{"kinds"}, "commit-fails[:lost|unknown]", false},
		{[]string{"scenario"}, "marking-missing", false},
		{[]string{"scenario", "power-cut"}, "power-cut:register=00000000000000000001:times=1", false},
		{[]string{"scenario", "nothing"}, "want answer-lost", true},
		{[]string{"remove", "3"}, "power-cut", false},
		{[]string{"reset"}, "1 lifted", false},
		{[]string{"add", "cut", "latency:2s", "cutt"}, "want one of http-status", true},
		{[]string{"list"}, "no faults", false}, // all that were asked for or none
	} {
		out, err := kktd(t, append(append([]string{"fault"}, c.args...), "--addr", d.HTTPAddr())...)
		if c.fail {
			require.ErrorContains(t, err, c.want, c.args)
			continue
		}
		require.NoError(t, err, c.args)
		require.Contains(t, out, c.want, c.args)
	}
}
