package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

var manyRegisters = flag.Int("manyregisters", 0, "run TestManyRegisters with so many registers")

// TestManyRegisters prints how long a daemon with many registers takes to start and how
// much memory it has then: on a file, and made of a seed file, in memory and on a file.
func TestManyRegisters(t *testing.T) {
	if *manyRegisters == 0 {
		t.Skip("make bench-registers")
	}
	program := buildProgram(t)
	dir := t.TempDir()
	seed, data := filepath.Join(dir, "registers.yaml"), filepath.Join(dir, "kktd.db")
	var text strings.Builder
	text.WriteString("organisations:\n  - inn: \"7707083893\"\n    accounts: [{public_id: pk_shop, secret: s3cret}]\n    registers:\n")
	for i := range *manyRegisters {
		fmt.Fprintf(&text, "      - serial: \"%020d\"\n", i+1)
	}
	require.NoError(t, os.WriteFile(seed, []byte(text.String()), 0o600))
	for _, c := range []struct {
		name string
		args []string
	}{
		{"seed file, new data file, no fsync", []string{"--data", data, "--seed-file", seed, "--durability", "none"}},
		{"data file", []string{"--data", data}},
		{"data file, seed file", []string{"--data", data, "--seed-file", seed}},
		{"seed file, --memory", []string{"--memory", "--seed-file", seed}},
	} {
		p := startProgram(t, program, append(c.args, "--log-level", "warn")...)
		ready := regexp.MustCompile(`kktd is ready in ([^\n]*)`).FindStringSubmatch(p.stdout.String())[1]
		first := memory(t, p.cmd.Process.Pid, "VmRSS")
		out, err := exec.Command(program, "wait", "confirmed", "--timeout", "60s", "--addr", strings.TrimPrefix(p.url, "http://")).CombinedOutput()
		require.NoError(t, err, string(out))
		fmt.Printf("%-36s %d registers: ready in %9s, RSS %s, %s when every document is confirmed, %s at most\n", c.name, *manyRegisters, ready, first,
			memory(t, p.cmd.Process.Pid, "VmRSS"), memory(t, p.cmd.Process.Pid, "VmHWM"))
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
		_ = p.cmd.Wait()
	}
}

// memory is a line of /proc/PID/status in MB; where there is none, "unknown".
func memory(t *testing.T, pid int, name string) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "unknown"
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(raw)
	require.NotNil(t, m)
	var kB int
	_, err = fmt.Sscan(string(m[1]), &kB)
	require.NoError(t, err)
	return fmt.Sprintf("%d MB", kB*1024/1_000_000)
}
