package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

// buildProgram builds the real program once for the test.
func buildProgram(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "kktd")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// process is a running kktd.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stdout output
	stderr output
}

// output collects what a process prints while it is read.
type output struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

var addressLine = regexp.MustCompile(`HTTP +(http://\S+)`)

func startProgram(t *testing.T, program string, args ...string) *process {
	return startProgramIn(t, program, nil, args...)
}

// startProgramIn adds variables to the environment.
func startProgramIn(t *testing.T, program string, env []string, args ...string) *process {
	p := &process{t: t}
	p.cmd = exec.Command(program, append([]string{"serve", "--listen", "127.0.0.1:0", "--ofd-listen", "127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	p.await("its address", func() bool {
		m := addressLine.FindStringSubmatch(p.stdout.String())
		if m != nil {
			p.url = m[1]
		}
		return m != nil
	})
	return p
}

// await waits for something that the program does.
func (p *process) await(what string, f func() bool) {
	p.t.Helper()
	require.Eventually(p.t, f, 20*time.Second, 10*time.Millisecond, "%s\n%s\n%s", what, &p.stdout, &p.stderr)
}

func (p *process) post(path string, body []byte) map[string]any {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.url+path, bytes.NewReader(body))
	require.NoError(p.t, err)
	req.SetBasicAuth("pk_demo", "secret_demo")
	req.Header.Set("Content-Type", "application/json")
	return p.answer(req)
}

func (p *process) get(path string) map[string]any {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	require.NoError(p.t, err)
	return p.answer(req)
}

func (p *process) answer(req *http.Request) map[string]any {
	p.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, resp.StatusCode, "%s: %s", req.URL.Path, raw)
	var v map[string]any
	require.NoError(p.t, json.Unmarshal(raw, &v), string(raw))
	return v
}

const documentsPath = "/control/v1/registers/00000000000000000001/documents"

// tlvs reads the TLV of all documents by number, and whether each is confirmed.
func (p *process) tlvs() (list []string, confirmed int) {
	p.t.Helper()
	items := p.get(documentsPath + "?limit=1000")["items"].([]any)
	for i, it := range items {
		number := int(it.(map[string]any)["number"].(float64))
		require.Equal(p.t, i+1, number)
		doc := p.get(fmt.Sprintf("%s/%d", documentsPath, number))
		list = append(list, doc["tlv"].(string))
		if doc["ticket"] != nil {
			confirmed++
		}
	}
	return list, confirmed
}

// documentSample is the request sample of the CloudKassir document exactly as it
// is printed: with comments, trailing commas and hidden brackets.
func documentSample(t *testing.T) []byte {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "seeds", "004_*.txt"))
	if len(files) == 0 {
		t.Skip("the CloudKassir document is not beside the project")
	}
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	_, after, ok := strings.Cut(string(raw), "RequisiteValue Строка Обязательный Значение отраслевого реквизита, тег ОФД 1265\n\nПример запроса\n\n")
	require.True(t, ok, "the sample moved")
	sample, _, ok := strings.Cut(after, "\n\nФормирование чека является асинхронной операцией")
	require.True(t, ok, "the sample moved")
	return []byte(sample)
}

// TestReceiptSurvivesKill is the way of one receipt: the document's own sample,
// to the ticket, through SIGKILL and a new start.
func TestReceiptSurvivesKill(t *testing.T) {
	sample := documentSample(t)
	program := buildProgram(t)
	data := filepath.Join(t.TempDir(), "kktd.db")
	p := startProgram(t, program, "--data", data)

	require.Equal(t, true, p.post("/test", []byte("{}"))["Success"])
	answer := p.post("/kkt/receipt", sample)
	require.Equal(t, true, answer["Success"], "%v", answer)
	require.Equal(t, "Queued", answer["Message"])
	id := answer["Model"].(map[string]any)["Id"].(string)
	body := fmt.Appendf(nil, `{"Id":%q}`, id)
	require.Equal(t, "Processed", p.post("/kkt/receipt/status/get", body)["Model"])
	got := p.post("/kkt/receipt/get", body)["Model"].(map[string]any)["AdditionalData"].(map[string]any)
	require.Equal(t, "3", got["DocumentNumber"])
	require.EqualValues(t, 1300, got["Amount"])

	p.await("all documents get their tickets", func() bool { _, n := p.tlvs(); return n == 3 })
	before, _ := p.tlvs()
	doc, err := base64.StdEncoding.DecodeString(before[2])
	require.NoError(t, err)
	for _, f := range ffd.Check(doc) {
		require.NotEqual(t, ffd.Error, f.Severity, "%v", f)
	}

	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()
	p = startProgram(t, program, "--data", data)
	after, confirmed := p.tlvs()
	require.Equal(t, before, after, "the same documents")
	require.Equal(t, 3, confirmed)
	require.Equal(t, "Processed", p.post("/kkt/receipt/status/get", body)["Model"])
	answer = p.post("/kkt/receipt", sample)
	require.Equal(t, true, answer["Success"])
	all, _ := p.tlvs()
	require.Len(t, all, 4, "the next number")

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait(), "a clean stop has exit code 0\n%s", &p.stderr)
}

func TestDemonstration(t *testing.T) {
	program := buildProgram(t)
	for name, c := range map[string]struct {
		args []string
		last string // what is printed last
	}{
		"plain":          {[]string{"--memory", "--demo"}, "confirmed at"},
		"strict":         {[]string{"--memory", "--demo", "--strict"}, "confirmed at"},
		"delayed":        {[]string{"--memory", "--demo", "--processing-delay", "50ms"}, "confirmed at"},
		"without an OFD": {[]string{"--memory", "--demo", "--ofd", "none"}, "The same receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProgram(t, program, c.args...)
			p.await("the demonstration", func() bool { return strings.Contains(p.stdout.String(), c.last) })
			for _, want := range []string{"pk_demo", "secret_demo", "curl -u", "КАССОВЫЙ ЧЕК", "Чай листовой", "1059 предмет расчета", "The same receipt"} {
				require.Contains(t, p.stdout.String(), want)
			}
			resp, err := http.Get(p.url + "/readyz")
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
			require.NoError(t, p.cmd.Wait(), "%s", &p.stderr)
			require.NotContains(t, p.stderr.String(), "level=warning")
		})
	}
}

func TestServeErrors(t *testing.T) {
	program := buildProgram(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "kktd.db")
	first := startProgram(t, program, "--data", data)
	garbage := filepath.Join(dir, "garbage.db")
	require.NoError(t, os.WriteFile(garbage, bytes.Repeat([]byte("not a database "), 1000), 0o600))
	badYAML := filepath.Join(dir, "bad.yaml")
	require.NoError(t, os.WriteFile(badYAML, []byte("lisen: 127.0.0.1:0\n"), 0o600))
	badOrganisations := filepath.Join(dir, "organisations.yaml")
	require.NoError(t, os.WriteFile(badOrganisations, []byte("memory: true\norganisations:\n  - inn: \"7707083893\"\n    nmae: x\n"), 0o600))
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"unknown name of an organisation", `organisations[0].nmae`, []string{"--config", badOrganisations}},
		{"locked file", "another process", []string{"--data", data}},
		{"damaged file", "damaged", []string{"--data", garbage}},
		{"port in use", "--listen", []string{"--memory", "--listen", strings.TrimPrefix(first.url, "http://")}},
		{"bad address", "HOST:PORT", []string{"--memory", "--listen", "nowhere"}},
		{"bad format", "1.05, 1.1 or 1.2", []string{"--memory", "--ffd", "2.0"}},
		{"bad log level", "log-level", []string{"--memory", "--log-level", "loud"}},
		{"unknown setting", `"lisen" is no setting`, []string{"--memory", "--config", badYAML}},
		{"no such config", "config", []string{"--memory", "--config", filepath.Join(dir, "absent.yaml")}},
		{"unknown flag", "unknown flag", []string{"--nonsense"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"serve", "--listen", "127.0.0.1:0", "--ofd-listen", "127.0.0.1:0"}, c.args...)
			cmd := exec.Command(program, args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, exitError, exit.ExitCode())
			require.Contains(t, stderr.String(), c.want)
		})
	}
}

func TestConfigOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kktd.yaml")
	require.NoError(t, os.WriteFile(file, []byte("listen: 127.0.0.1:1\nofd-listen: 127.0.0.1:2\nstrict: true\nseed: 7\ndata: from-file.db\n"), 0o600))
	t.Setenv("KKTD_OFD_LISTEN", "127.0.0.1:3")
	t.Setenv("KKTD_DATA", "from-env.db")
	t.Setenv("KKTD_UNKNOWN", "x")
	t.Setenv("KKTD_PROCESSING_DELAY", "90s")
	t.Setenv("KKTD_WEBHOOK_PAUSES", "1s,2m")
	cmd := newServeCommand()
	require.NoError(t, cmd.Flags().Parse([]string{"--config", file, "--data", "from-flag.db"}))
	o, err := loadOptions(cmd.Flags())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:1", o.Listen, "from the file")
	require.Equal(t, "127.0.0.1:3", o.OFDListen, "the environment wins over the file")
	require.Equal(t, "from-flag.db", o.Data, "a flag wins over both")
	require.True(t, o.Strict)
	require.Equal(t, 90*time.Second, o.ProcessingDelay)
	require.EqualValues(t, 7, o.Seed)
	require.Equal(t, []time.Duration{time.Second, 2 * time.Minute}, o.WebhookPauses)
	require.Equal(t, "1.2", o.FFD, "the default")
}
