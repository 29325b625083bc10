package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/kkt"
)

// quiet is a log that nothing is written to.
func quiet() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.SetLevel(logrus.WarnLevel)
	return log
}

// isolated is a client of a test that has a register of its own.
type isolated struct {
	b      *testing.B
	url    string
	client http.Client
}

func (x *isolated) call(method, path, user, secret, body string, out any) {
	req, err := http.NewRequest(method, x.url+path, strings.NewReader(body))
	require.NoError(x.b, err)
	if req.Header.Set("Content-Type", "application/json"); user != "" {
		req.SetBasicAuth(user, secret)
	}
	resp, err := x.client.Do(req)
	require.NoError(x.b, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(x.b, err)
	require.Less(x.b, resp.StatusCode, 300, string(raw))
	if out != nil {
		require.NoError(x.b, json.Unmarshal(raw, out))
	}
}

// phase is what one kind of request costs, client and server together.
type phase struct {
	name   string
	took   time.Duration
	allocs uint64
}

func (p *phase) run(do func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	do()
	p.took += time.Since(began)
	runtime.ReadMemStats(&after)
	p.allocs += after.Mallocs - before.Mallocs
}

func (p *phase) report(b *testing.B) {
	b.ReportMetric(p.took.Seconds()*1000/float64(b.N), p.name+"-ms")
	b.ReportMetric(float64(p.allocs)/float64(b.N), p.name+"-allocs")
}

// BenchmarkRegisters makes a register with an organisation of its own through HTTP, makes
// a receipt on it through the API of CloudKassir, resets it and deletes it, in a daemon
// that has other registers.
func BenchmarkRegisters(b *testing.B) {
	for _, others := range []int{1, 10_000} {
		b.Run(fmt.Sprint("others=", others), func(b *testing.B) {
			c := Default()
			c.Memory, c.Listen, c.OFDListen, c.Seed = true, "127.0.0.1:0", "127.0.0.1:0", 1
			d, err := Start(context.Background(), c, clock.Real(), quiet())
			require.NoError(b, err)
			defer func() { require.NoError(b, d.Shutdown(context.Background())) }()
			for range others - 1 { // and that of the first start
				_, _, err := d.Fleet().NewRegister(b.Context(), kkt.Order{Settings: kkt.Defaults(0)})
				require.NoError(b, err)
			}
			d.Settle(b.Context())
			x := &isolated{b: b, url: d.URL()}
			made, used, reset, deleted := phase{name: "make"}, phase{name: "use"}, phase{name: "reset"}, phase{name: "delete"}
			for b.Loop() {
				var m struct {
					Register struct{ Serial, INN string }
					Account  struct {
						PublicID string `json:"public_id"`
						Secret   string
					}
				}
				made.run(func() { x.call("POST", "/control/v1/registers", "", "", `{"fresh":true}`, &m) })
				body := strings.Replace(receiptBody, "7708806062", m.Register.INN, 1)
				var answer struct{ Success bool }
				used.run(func() { x.call("POST", "/kkt/receipt", m.Account.PublicID, m.Account.Secret, body, &answer) })
				require.True(b, answer.Success)
				path := "/control/v1/registers/" + m.Register.Serial
				reset.run(func() { x.call("POST", path+"/reset", "", "", `{"registered":true}`, nil) })
				deleted.run(func() { x.call("DELETE", path, "", "", "", nil) })
			}
			for _, p := range []phase{made, used, reset, deleted} {
				p.report(b)
			}
		})
	}
}

// BenchmarkStartManyRegisters starts a daemon on a file of 10 000 registers; the memory of
// the program is printed by TestManyRegisters of cmd/kktd.
func BenchmarkStartManyRegisters(b *testing.B) {
	const registers = 10_000
	c := Default()
	c.Data, c.Listen, c.OFDListen, c.Seed, c.Durability = filepath.Join(b.TempDir(), "kktd.db"), "127.0.0.1:0", "127.0.0.1:0", 1, "none"
	seed := Organisation{INN: "7707083893", Accounts: []AccountConfig{{"pk", "s"}}}
	for i := range registers {
		seed.Registers = append(seed.Registers, fmt.Appendf(nil, `{"serial":"%020d"}`, i+1))
	}
	c.Seeds = []Organisation{seed}
	d, err := Start(context.Background(), c, clock.Real(), quiet())
	require.NoError(b, err)
	require.Len(b, d.Fleet().Registers(), registers)
	d.Settle(b.Context())
	require.NoError(b, d.Shutdown(context.Background()))
	c.Seeds = nil
	b.ReportAllocs()
	for b.Loop() {
		d, err := Start(context.Background(), c, clock.Real(), quiet())
		require.NoError(b, err)
		b.StopTimer()
		require.Len(b, d.Fleet().Registers(), registers)
		require.NoError(b, d.Shutdown(context.Background()))
		b.StartTimer()
	}
}
