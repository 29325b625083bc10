// Command benchhttp measures receipts through HTTP against an empty net/http
// handler, both under the same load generator on the same machine, one after
// the other. Load goes to this machine alone and stops by itself.
//
//	go run ./cmd/benchhttp --kktd bin/kktd
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

const body = `{"Inn":"7708806062","InvoiceId":"1234567","AccountId":"user@example.com","Type":"Income","CustomerReceipt":{"Items":[` +
	`{"label":"Наименование товара 1","price":100.00,"quantity":1.00,"amount":100.00,"vat":20,"method":4,"object":1,"measurementUnit":"шт"},` +
	`{"label":"Наименование товара 2","price":200.00,"quantity":2.00,"amount":300.00,"vat":10,"method":4,"object":1,"measurementUnit":"шт"}],` +
	`"calculationPlace":"www.my.ru","taxationSystem":0,"email":"user@example.com","phone":"","amounts":{"electronic":400.00}}}`

func main() {
	kktd := flag.String("kktd", "bin/kktd", "the program to measure")
	seconds := flag.Int("seconds", 8, "length of each run")
	dir := flag.String("dir", "", "folder for the data file; empty: the folder for temporary files")
	empty := flag.String("serve-empty", "", "internal: serve an empty handler at this address")
	flag.Parse()
	var err error
	if *empty != "" {
		err = serveEmpty(*empty)
	} else {
		err = measure(*kktd, *dir, time.Duration(*seconds)*time.Second)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchhttp:", err)
		os.Exit(1)
	}
}

// serveEmpty is the peer: what net/http gives with nothing behind it.
func serveEmpty(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("  HTTP          http://%s\n", l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
}

func measure(kktd, dir string, d time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, "kktd-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	fmt.Printf("%-16s %5s %10s %9s %9s %9s %7s\n", "server", "conns", "answers/s", "p50", "p99", "max", "errors")
	var rates [2][2]float64
	var backlog string
	for i, server := range []struct {
		name string
		args []string
	}{
		{"empty handler", []string{self, "--serve-empty", "127.0.0.1:0"}},
		{"kktd", []string{kktd, "serve", "--data", filepath.Join(tmp, "bench.db"), "--listen", "127.0.0.1:0", "--ofd-listen", "127.0.0.1:0", "--log-level", "error"}},
	} {
		p, addr, err := start(server.args)
		if err != nil {
			return fmt.Errorf("%s: %w", server.name, err)
		}
		// One connection first: it must not share the machine with the backlog
		// of the other run.
		for k, conns := range []int{1, 64} {
			r, err := load(addr, conns, d)
			if err != nil {
				stop(p)
				return fmt.Errorf("%s: %w", server.name, err)
			}
			rates[i][k] = r.rate
			fmt.Printf("%-16s %5d %10.0f %9s %9s %9s %7d\n", server.name, conns, r.rate, r.p50, r.p99, r.max, r.errors)
			if server.name == "kktd" && conns == 64 {
				backlog = unsent(addr)
			}
		}
		stop(p)
	}
	fmt.Printf("\nratio kktd / empty handler: %.3f with 64 connections, %.3f with one\n", rates[1][1]/rates[0][1], rates[1][0]/rates[0][0])
	fmt.Printf("documents not yet confirmed by the OFD after the run with 64 connections: %s\n", backlog)
	return nil
}

var addrLine = regexp.MustCompile(`HTTP +http://(\S+)`)

// start starts a server and reads its address from what it prints.
func start(args []string) (*exec.Cmd, string, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := addrLine.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd, m[1], nil
		}
	}
	stop(cmd)
	return nil, "", fmt.Errorf("%s printed no address", args[0])
}

func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		_ = cmd.Process.Kill()
		<-done
	}
}

// unsent asks the control API for the backlog of the first register.
func unsent(addr string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/control/v1/registers", nil)
	if err != nil {
		return err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	var list struct {
		Items []struct {
			LastDocument struct{ Number int } `json:"last_document"`
			Unsent       struct{ Count int }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list.Items) == 0 {
		return fmt.Sprint("not known: ", err)
	}
	return fmt.Sprintf("%d of %d", list.Items[0].Unsent.Count, list.Items[0].LastDocument.Number)
}
