package kkttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
	_ "time/tzdata" // zones of registers must not depend on the machine

	"github.com/sirupsen/logrus"

	"kktd/api/control"
	"kktd/clock"
	"kktd/daemon"
)

// DefaultTime is where the clock stands at the start.
const DefaultTime = "2026-01-10T10:00:00+03:00"

// Patience is how long a wait may take by the machine's clock when Options do not say.
const Patience = 10 * time.Second

// Options of a Server. The zero value is useful.
type Options struct {
	Seed     uint64   // where ids come from; 0: 1
	Clock    string   // as --clock of kktd serve; empty: frozen at DefaultTime, "real": that of the machine
	Delivery string   // as --delivery: async, sync or manual; empty: sync
	FFD      string   // of the first register: 1.05, 1.1 or 1.2; empty: 1.2
	Faults   []string // in force from the start, as --fault

	// Configure changes any other setting of kktd serve, after those above.
	Configure func(*daemon.Config)

	Patience time.Duration // of each wait, real time; 0: Patience
	Log      io.Writer     // gets the log, warnings and worse; nil: that of the test
}

// Server is a kktd that runs until the end of the test.
type Server struct {
	URL      string // of HTTP, without a slash at the end
	PublicID string // credentials of the first account
	Secret   string
	INN      string // of the first organisation
	Register string // serial number of the first register
	Clock    *Clock

	t        testing.TB
	daemon   *daemon.Daemon
	patience time.Duration
}

// Start starts a kktd and stops it at the end of the test. What cannot be used ends the
// test with the reason.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	c := daemon.Default()
	c.Memory, c.Listen, c.OFDListen = true, "127.0.0.1:0", "127.0.0.1:0"
	c.Seed, c.Clock, c.Delivery, c.Faults = max(o.Seed, 1), o.Clock, o.Delivery, o.Faults
	if c.Clock == "" {
		c.Clock = "frozen:" + DefaultTime
	}
	if c.Delivery == "" {
		c.Delivery = daemon.DeliverySync
	}
	if o.FFD != "" {
		c.FFD = o.FFD
	}
	if o.Configure != nil {
		o.Configure(&c)
	}
	log := logrus.New()
	log.SetLevel(logrus.WarnLevel)
	if log.SetOutput(t.Output()); o.Log != nil {
		log.SetOutput(o.Log)
	}
	d, err := daemon.Start(t.Context(), c, clock.Real(), log)
	if err != nil {
		t.Fatalf("kkttest: %v", err)
	}
	s := &Server{URL: d.URL(), PublicID: daemon.FirstPublicID, Secret: daemon.FirstSecret, INN: daemon.FirstINN, Register: daemon.FirstRegister,
		t: t, daemon: d, patience: o.Patience}
	if s.patience <= 0 {
		s.patience = Patience
	}
	s.Clock = &Clock{s}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.patience)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Errorf("kkttest: stop: %v", err)
		}
	})
	return s
}

// For is the server for a subtest: what fails ends that one.
func (s *Server) For(t testing.TB) *Server {
	c := *s
	c.t, c.Clock = t, &Clock{&c}
	return &c
}

// Call makes a request of the control API: path is relative to /control/v1/, in becomes
// the body unless it is nil, and the answer is decoded into out unless that is nil. A
// refusal ends the test.
func (s *Server) Call(method, path string, in, out any) {
	s.t.Helper()
	if err := s.call(s.t.Context(), method, path, in, out); err != nil {
		s.t.Fatalf("kkttest: %s %s: %v", method, path, err)
	}
}

func (s *Server) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	return s.ask(ctx, method, path, "application/json", body, out)
}

// ask is call with a body as it is.
func (s *Server) ask(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	raw, err := s.send(ctx, method, path, contentType, body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

// send makes a request of the control API and gives the answer as it is, or the refusal as
// the error.
func (s *Server) send(ctx context.Context, method, path, contentType string, body io.Reader) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+control.Prefix+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		answer := struct{ Error control.Problem }{}
		if json.Unmarshal(raw, &answer) != nil || answer.Error.Message == "" {
			return nil, fmt.Errorf("%s: %s", resp.Status, raw)
		}
		return nil, &answer.Error
	}
	return raw, nil
}

// Post sends a body to an API as the first account and returns the status and the answer,
// whatever it is.
func (s *Server) Post(path, body string) (status int, answer []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatalf("kkttest: POST %s: %v", path, err)
	}
	r.SetBasicAuth(s.PublicID, s.Secret)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		defer resp.Body.Close()
		if answer, err = io.ReadAll(resp.Body); err == nil {
			return resp.StatusCode, answer
		}
	}
	s.t.Fatalf("kkttest: POST %s: %v", path, err)
	return 0, nil
}

// Fault puts a fault in force, as --fault writes it: "cut:answer:times=1". lift takes it away.
func (s *Server) Fault(text string) (lift func()) {
	s.t.Helper()
	var answer struct{ ID uint64 }
	s.Call(http.MethodPost, "faults", map[string]string{"fault": text}, &answer)
	return func() {
		s.t.Helper()
		s.Call(http.MethodDelete, fmt.Sprintf("faults/%d", answer.ID), nil, nil)
	}
}

// ResetFaults takes all faults away.
func (s *Server) ResetFaults() {
	s.t.Helper()
	s.Call(http.MethodPost, "faults/reset", nil, nil)
}
