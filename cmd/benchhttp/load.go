package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

type result struct {
	rate          float64
	p50, p99, max time.Duration
	errors        int
}

// warmUp is left out of the figures.
const warmUp = 500 * time.Millisecond

// load keeps conns connections busy for d: each sends the next request when it
// has the answer to the last one. The request is made once and answers are read
// without net/http, so that the generator takes little of the machine.
func load(addr string, conns int, d time.Duration) (result, error) {
	request := fmt.Appendf(nil, "POST /kkt/receipt HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		addr, base64.StdEncoding.EncodeToString([]byte("pk_demo:secret_demo")), len(body), body)
	begin := time.Now().Add(warmUp)
	end := begin.Add(d)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times []time.Duration
		bad   int
		first error
	)
	for range conns {
		wg.Go(func() {
			mine, failed, err := keepBusy(addr, request, begin, end)
			mu.Lock()
			defer mu.Unlock()
			times, bad = append(times, mine...), bad+failed
			first = errors.Join(first, err)
		})
	}
	wg.Wait()
	if first != nil || len(times) == 0 {
		return result{}, fmt.Errorf("no answers: %w", first)
	}
	slices.Sort(times)
	at := func(q float64) time.Duration { return times[int(q*float64(len(times)-1))].Round(time.Microsecond) }
	return result{rate: float64(len(times)) / d.Seconds(), p50: at(0.5), p99: at(0.99), max: at(1), errors: bad}, nil
}

func keepBusy(addr string, request []byte, begin, end time.Time) (times []time.Duration, bad int, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(end.Add(30 * time.Second)); err != nil {
		return nil, 0, err
	}
	r := bufio.NewReaderSize(conn, 8<<10)
	for now := time.Now(); now.Before(end); {
		if _, err := conn.Write(request); err != nil {
			return times, bad, err
		}
		ok, err := readAnswer(r)
		if err != nil {
			return times, bad, err
		}
		done := time.Now()
		if now.After(begin) {
			times = append(times, done.Sub(now))
			if !ok {
				bad++
			}
		}
		now = done
	}
	return times, bad, nil
}

var lengthHeader = []byte("Content-Length: ")

// readAnswer reads one answer; ok tells status 200 and no refusal in the body.
func readAnswer(r *bufio.Reader) (ok bool, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	ok = bytes.HasPrefix(line, []byte(fmt.Sprintf("HTTP/1.1 %d", http.StatusOK)))
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return false, err
		}
		if len(line) <= 2 {
			break
		}
		if bytes.HasPrefix(line, lengthHeader) {
			length = 0
			for _, c := range bytes.TrimSpace(line[len(lengthHeader):]) {
				length = length*10 + int(c-'0')
			}
		}
	}
	if length < 0 {
		return false, errors.New("an answer without Content-Length")
	}
	text, err := r.Peek(length)
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return false, err
	}
	ok = ok && !bytes.Contains(text, []byte(`"Success":false`))
	_, err = io.CopyN(io.Discard, r, int64(length))
	return ok, err
}
