//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/bolt"
)

var (
	crashKills = flag.Int("crash.kills", 10, "kills of TestCrash")
	crashSeed  = flag.Uint64("crash.seed", 0, "seed of TestCrash; 0: by chance")
)

const (
	crashClients   = 8
	crashRegisters = 3 // beside the one of the first start
	// crashLoad is how long a round runs before its kill, at most.
	crashLoad = 120 * time.Millisecond
	// crashAgain is the line of the OFD for a document that it has.
	crashAgain = "ofd: a document came again"
)

// crashRequest is one receipt that a client wants, and what became of it.
type crashRequest struct {
	invoice string // unique, stands in the stored request
	key     string // X-Request-ID, "" without
	id      string // of the receipt, once it was answered
	answer  string // the body
}

// crash is a run of TestCrash.
type crash struct {
	t       *testing.T
	program string
	data    string
	random  *rand.Rand
	p       *process
	number  atomic.Uint64 // of requests

	answered []*crashRequest // in all rounds
	lost     map[string]bool // invoices without a key whose answer never came
	open     []*crashRequest // with a key, not answered: to be repeated
	resends  int
	living   int // of answered, the first whose hour is not over
}

// TestCrash kills the daemon at random moments under load: clients with and
// without X-Request-ID, several registers, shifts that end, the OFD. After each
// kill the file is clean and every answered receipt is there; a request with a
// key has one receipt whatever happened to it, and the OFD has every document
// once and in order.
func TestCrash(t *testing.T) {
	seed := *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; again with -crash.seed", seed)
	c := &crash{t: t, program: buildProgram(t), data: filepath.Join(t.TempDir(), "kktd.db"), random: rand.New(rand.NewPCG(seed, 0)), lost: map[string]bool{}}
	began := time.Now()
	c.start()
	for i := range crashRegisters {
		answer := c.p.post("/kkt/fiscalize", fmt.Appendf(nil, `{"Inn":"7708806062","DeviceNumber":"0000000000000000001%d","FiscalNumber":"999907890000550%d",
			"RegNumber":"000000000403032%d","Url":"www.my.ru","Ofd":"Sbis","TaxationSystem":[0,1],"MerchantEmail":"m@my.ru"}`, i, i, i))
		require.Equal(t, true, answer["Success"], "%v", answer)
	}
	for round := range *crashKills {
		c.load()
		c.kill()
		c.fsck()
		c.start()
		c.repeat()
		c.verify()
		if round%3 == 2 {
			c.control("clock", `{"advance":"25h"}`) // shifts end: the next receipts close and open them
			c.living = len(c.answered)
		}
	}
	c.end(began)
}

func (c *crash) start() {
	c.p = startProgram(c.t, c.program, "--data", c.data)
}

// load lets clients ask for receipts until the moment of the kill.
func (c *crash) load() {
	var clients sync.WaitGroup
	var mu sync.Mutex
	stop := make(chan struct{})
	for i := range crashClients {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n := c.number.Add(1)
				r := &crashRequest{invoice: fmt.Sprintf("invoice-%d.", n)}
				if i%2 == 0 {
					r.key = fmt.Sprint("key-", n)
				}
				err := c.ask(r)
				mu.Lock()
				switch {
				case err == nil:
					c.answered = append(c.answered, r)
				case r.key != "":
					c.open = append(c.open, r)
				default:
					c.lost[r.invoice] = true
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	time.AfterFunc(time.Duration(c.random.Int64N(int64(crashLoad))), func() {
		_ = c.p.cmd.Process.Signal(syscall.SIGKILL)
		close(stop)
	})
	clients.Wait()
}

func (c *crash) kill() {
	require.Error(c.t, c.p.cmd.Wait(), "killed")
	c.resends += strings.Count(c.p.stderr.String(), crashAgain)
	require.NotContains(c.t, c.p.stderr.String(), "level=error")
}

// ask sends the request and keeps the answer; an error is one of the connection.
func (c *crash) ask(r *crashRequest) error {
	body := strings.Replace(demoReceipt, `{"Inn"`, `{"InvoiceId":"`+r.invoice+`","Inn"`, 1)
	req, err := http.NewRequest(http.MethodPost, c.p.url+"/kkt/receipt", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth("pk_demo", "secret_demo")
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set("X-Request-ID", r.key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Success bool
		Message string
		Model   struct{ Id string }
	}
	if err := json.Unmarshal(raw, &answer); err != nil || !answer.Success {
		c.t.Errorf("%s: %s", r.invoice, raw)
		return nil
	}
	r.id, r.answer = answer.Model.Id, string(raw)
	return nil
}

// repeat asks once more for what has a key: first what was not answered, then
// some of what was, which gets the first answer.
func (c *crash) repeat() {
	for _, r := range c.open {
		require.NoError(c.t, c.ask(r))
		c.answered = append(c.answered, r)
	}
	c.open = nil
	for i := len(c.answered) - 1; i >= max(c.living, len(c.answered)-20); i-- {
		if r := c.answered[i]; r.key != "" {
			again := *r
			require.NoError(c.t, c.ask(&again))
			require.Equal(c.t, r.answer, again.answer, "%s: the first answer", r.key)
		}
	}
}

// verify looks at receipts that were answered: the latest and some of all.
func (c *crash) verify() {
	for i := range 20 {
		at := len(c.answered) - 1 - i
		if i >= 10 && len(c.answered) > 0 {
			at = c.random.IntN(len(c.answered))
		}
		if at < 0 {
			return
		}
		got := c.p.get("/control/v1/receipts/" + c.answered[at].id)
		require.Equal(c.t, "Processed", got["status"], "%v", got)
		require.Len(c.t, got["documents"], 1)
	}
}

func (c *crash) control(path, body string) {
	resp, err := http.Post(c.p.url+"/control/v1/"+path, "application/json", strings.NewReader(body))
	require.NoError(c.t, err)
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	require.Equal(c.t, http.StatusOK, resp.StatusCode, "%s", raw)
}

// fsck checks the file as a person would.
func (c *crash) fsck() fsckReport {
	out, err := runFsck(c.t, "--data", c.data, "--json")
	require.NoError(c.t, err, out)
	var report fsckReport
	require.NoError(c.t, json.Unmarshal([]byte(out), &report))
	require.Empty(c.t, report.Differences)
	return report
}

// end lets everything be delivered, stops the daemon and counts.
func (c *crash) end(began time.Time) {
	c.p.await("the OFD has everything", func() bool {
		for _, r := range c.p.get("/control/v1/registers")["items"].([]any) {
			if unsent, ok := r.(map[string]any)["unsent"].(map[string]any); !ok || unsent["count"].(float64) != 0 {
				return false
			}
		}
		return true
	})
	require.NoError(c.t, c.p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(c.t, c.p.cmd.Wait())
	c.resends += strings.Count(c.p.stderr.String(), crashAgain)
	report := c.fsck()
	checked := report.Checked
	require.Equal(c.t, crashRegisters+1, checked.Drives)
	require.Equal(c.t, checked.Documents, checked.Tickets, "every document has its ticket")
	require.Equal(c.t, checked.Documents, checked.OFD.Documents, "the OFD has every document once")
	require.Equal(c.t, checked.Drives, checked.OFD.Epochs, "no number came with other bytes")
	times := c.receipts()
	for _, r := range c.answered {
		require.Equal(c.t, 1, times[r.invoice], "%s, key %q: receipts", r.invoice, r.key)
		delete(times, r.invoice)
	}
	for invoice, n := range times {
		require.True(c.t, c.lost[invoice], "%s: a receipt that nobody asked for", invoice)
		require.Equal(c.t, 1, n, invoice)
	}
	c.t.Logf("%d kills in %.1f s: %d receipts answered, %d more without an answer, %d documents, %d re-sends", *crashKills,
		time.Since(began).Seconds(), len(c.answered), len(times), checked.Documents, c.resends)
}

var crashInvoice = regexp.MustCompile(`invoice-[0-9]+\.`)

// receipts counts the receipt records of each invoice in the closed file.
func (c *crash) receipts() map[string]int {
	const kindReceipt = 5 // of kkt
	s, err := bolt.Open(bolt.Options{Path: c.data, ReadOnly: true})
	require.NoError(c.t, err)
	defer s.Close()
	times := map[string]int{}
	require.NoError(c.t, s.Records(storage.Kind(kindReceipt), nil, nil, 0, func(_, value []byte) error {
		times[string(bytes.Clone(crashInvoice.Find(value)))]++
		return nil
	}))
	return times
}
