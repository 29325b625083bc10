package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// signs are the fiscal signs of the documents of the only register.
func (p *process) signs() (list []any) {
	items, _ := p.get("/control/v1/registers/00000000000000000001/documents?limit=100000")["items"].([]any)
	for _, x := range items {
		list = append(list, x.(map[string]any)["fiscal_sign"])
	}
	return list
}

// try makes a change; what comes of it does not matter.
func (p *process) try(path, body string) error {
	resp, err := http.Post(p.url+"/control/v1/"+path, "application/json", strings.NewReader(body))
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

// A daemon that is killed while it makes snapshots and puts the register back has the
// register as it was before or after, and nothing is left of what it was at.
func TestImagesSurviveKill(t *testing.T) {
	const path, documents = "registers/00000000000000000001/", 600
	program := buildProgram(t)
	data := filepath.Join(t.TempDir(), "kktd.db")
	p := startProgram(t, program, "--data", data, "--durability", "none")
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range documents / 8 {
				p.post("/kkt/receipt", []byte(demoReceipt))
			}
		})
	}
	clients.Wait()
	base := p.signs()
	require.Len(t, base, documents+2)
	delivered := func() {
		p.await("the OFD has everything", func() bool {
			unsent := p.get("/control/v1/" + strings.TrimSuffix(path, "/"))["unsent"].(map[string]any)
			return unsent["count"].(float64) == 0
		})
	}
	delivered()
	require.NoError(t, p.try(path+"snapshots", `{"name":"base"}`))
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range 6 {
		wait := time.AfterFunc(time.Duration(random.Int64N(int64(60*time.Millisecond))), func() { _ = p.cmd.Process.Signal(syscall.SIGKILL) })
		for i := 0; ; i++ {
			if p.try(path+"snapshots/base/restore", "{}") != nil || p.try(path+"snapshots", fmt.Sprintf(`{"name":"s%d","replace":true}`, i%2)) != nil || p.try("clock", `{"advance":"1m"}`) != nil || p.try(path+"reports/state", "{}") != nil {
				break
			}
		}
		wait.Stop()
		require.Error(t, p.cmd.Wait(), "killed")
		out, err := runFsck(t, "--data", data)
		require.NoError(t, err, out)
		p = startProgram(t, program, "--data", data)
		now := p.signs()
		require.GreaterOrEqual(t, len(now), len(base))
		require.Equal(t, base, now[:len(base)])
	}
	require.Equal(t, "Processed", p.post("/kkt/receipt/status/get", fmt.Appendf(nil, `{"Id":%q}`, p.post("/kkt/receipt", []byte(demoReceipt))["Model"].(map[string]any)["Id"]))["Model"])
	delivered()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())

	// The same through the commands, on the file.
	run := func(want string, args ...string) {
		t.Helper()
		out, err := kktd(t, args...)
		require.NoError(t, err, "%v", args)
		require.Contains(t, out, want)
	}
	file, again, other := filepath.Join(t.TempDir(), "a.kktd"), filepath.Join(t.TempDir(), "b.kktd"), filepath.Join(t.TempDir(), "other.db")
	run("чеков 600; чеков после него пропало", "register", "restore", "base", "--data", data)
	run("base", "register", "snapshots", "--data", data)
	run("кассы 00000000000000000001: ФН 1, документов 602, чеков 600", "register", "snapshot", "all", "--all", "--data", data)
	run("возвращена к снимку all", "register", "restore", "all", "--all", "--data", data)
	run("Удалён снимок all", "register", "delete-snapshot", "all", "--all", "--data", data)
	run("", "register", "export", "--out", file, "--data", data)
	run("документов 602, чеков 600", "register", "import", file, "--data", other)
	run("", "register", "export", "-o", again, "--data", other)
	one, err := os.ReadFile(file)
	require.NoError(t, err)
	two, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, one, two)
	for _, f := range []string{data, other} {
		out, err := runFsck(t, "--data", f)
		require.NoError(t, err, out)
	}
	for _, args := range [][]string{{"restore", "none"}, {"restore", "base", "--all", "--serial", "1"}, {"import", file}, {"snapshot", "a/b"}, {"import", data}} {
		_, err := kktd(t, append(append([]string{"register"}, args...), "--data", data)...)
		require.Error(t, err, "%v", args)
	}
	_, err = kktd(t, "register", "import", t.TempDir(), "--data", data)
	require.ErrorContains(t, err, "is no file that kktd register export wrote")
	_, err = kktd(t, "register", "import", filepath.Join(t.TempDir(), "none"), "--data", data)
	require.ErrorIs(t, err, os.ErrNotExist)
}
