package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kktd/outbox"
)

// TransportHTTP is the name of HTTP in entries.
const TransportHTTP = "http"

// Limits of HTTP.
const (
	// DefaultAnswerTimeout is how long a receiver may take, from the first byte sent
	// to the last one received (spec/api/cloudkassir.md 4.3).
	DefaultAnswerTimeout = 30 * time.Second
	// DefaultAttempts is how many attempts are made of one entry (the same place).
	DefaultAttempts = 100
	// maxAnswer is how much of an answer is read.
	maxAnswer = 64 << 10
	maxIdle   = 90 * time.Second
)

// DefaultPauses are the waits between attempts; the last one repeats
// (spec/api/cloudkassir.md 4.3).
func DefaultPauses() []time.Duration {
	return []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute}
}

// HTTPOptions are the settings of HTTP. Zeros are the defaults.
type HTTPOptions struct {
	AnswerTimeout time.Duration // real time
	Pauses        []time.Duration
	Attempts      int
	// Judges say whether an answer with a status from 200 to 299 means that the
	// receiver has the entry, by the API of the entry. An API without one takes any.
	Judges map[string]func(answer []byte) error
	// Dial is for tests; nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// HTTP delivers entries as requests. Redirects are not followed: a receiver is
// what was set, and no other.
type HTTP struct {
	o      HTTPOptions
	client *http.Client
}

// NewHTTP makes the transport.
func NewHTTP(o HTTPOptions) *HTTP {
	if o.AnswerTimeout <= 0 {
		o.AnswerTimeout = DefaultAnswerTimeout
	}
	if len(o.Pauses) == 0 {
		o.Pauses = DefaultPauses()
	}
	if o.Attempts <= 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return &HTTP{o: o, client: &http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: o.Dial, IdleConnTimeout: maxIdle,
			MaxIdleConnsPerHost: defaultPerLane, MaxResponseHeaderBytes: maxAnswer, DisableCompression: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// CheckAddress tells whether notifications can go to an address: http or https, a
// host, nothing that only a browser understands.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		// The error repeats the address, which may hold a password.
		return errors.New("it is no address; want http://HOST/PATH or https://HOST/PATH")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("its scheme is %q; want http://HOST/PATH or https://HOST/PATH", u.Scheme)
	case u.Host == "" || u.Hostname() == "":
		return errors.New("it has no host; want http://HOST/PATH or https://HOST/PATH")
	case u.Fragment != "":
		return errors.New("it has a part after #, which is not sent; leave it out")
	}
	return nil
}

// LaneOf is the lane of an address: its scheme and host.
func LaneOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// Pause implements Transport.
func (h *HTTP) Pause(attempt int) (time.Duration, bool) {
	if attempt >= h.o.Attempts {
		return 0, false
	}
	return h.o.Pauses[min(attempt, len(h.o.Pauses))-1], true
}

// Deliver implements Transport.
func (h *HTTP) Deliver(ctx context.Context, e *outbox.Entry) Result {
	ctx, cancel := context.WithTimeout(ctx, h.o.AnswerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, e.Method, e.Address, bytes.NewReader(e.Body))
	if err != nil {
		return Result{Err: fmt.Errorf("the address cannot be used: %w", hide(err)), Hopeless: true}
	}
	for _, l := range e.Header {
		req.Header.Set(l.Name, l.Value)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "kktd")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return Result{Err: h.reason(err), Unreachable: true}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	r := Result{Code: resp.StatusCode, Answer: strings.ToValidUTF8(string(answer[:min(len(answer), outbox.MaxAnswer)]), "\uFFFD")}
	switch {
	case err != nil:
		r.Err, r.Unreachable = fmt.Errorf("the answer breaks off: %w", h.reason(err)), true
	case len(answer) > maxAnswer:
		r.Err = fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		r.Err = fmt.Errorf("status %d: redirects are not followed; set the address that they lead to", resp.StatusCode)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		r.Err = fmt.Errorf("status %d, want 200", resp.StatusCode)
	default:
		if judge := h.o.Judges[e.API]; judge != nil {
			r.Err = judge(answer)
		}
	}
	return r
}

// reason is an error of the client without the address that it repeats.
func (h *HTTP) reason(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", h.o.AnswerTimeout)
	}
	return hide(err)
}

// hide takes the address out of an error: it may hold a password or a token.
func hide(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
