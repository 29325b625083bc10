package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kktd/api/control"
	"kktd/clock"
	"kktd/daemon"
	"kktd/storage"
)

// clientFlags say how a command reaches the registers: a daemon that runs, or the
// body of the daemon in this process on the data file. Either way the command is a
// request of the control API.
type clientFlags struct {
	addr, token, data, config string
	json                      bool
}

const defaultAddr = "127.0.0.1:5454"

func (o *clientFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.addr, "addr", defaultAddr, "HOST:PORT of the daemon (environment: KKTD_ADDR)")
	f.StringVar(&o.token, "control-token", "", "token of a daemon on another machine (environment: KKTD_CONTROL_TOKEN)")
	f.StringVar(&o.data, "data", "kktd.db", "file of the registers, used when no daemon runs (environment: KKTD_DATA)")
	f.StringVar(&o.config, "config", "", "YAML file with the settings of kktd serve, used when no daemon runs")
	f.BoolVar(&o.json, "json", false, "print the answer of the control API as it is")
}

// client asks the control API.
type client struct {
	base  string // up to the path relative to control.Prefix
	token string
	http  http.Client
	json  bool
	out   io.Writer
	ctx   context.Context
}

const (
	dialTimeout = time.Second
	// settleTimeout limits how long a command that ran without a daemon waits for
	// the tickets of its documents.
	settleTimeout = 5 * time.Second
)

// run calls f with a client. Without a daemon at the address it starts the body of
// the daemon on the file, unless an address was asked for; a file that is not there
// is made only when create says so.
func (o *clientFlags) run(cmd *cobra.Command, create bool, f func(*client) error) error {
	return o.with(cmd, func() (*daemon.Daemon, error) { return o.start(cmd, create, true) }, f)
}

// look is run for a command that only looks: on a file no document goes to an OFD
// meanwhile, so that looking changes nothing that is seen.
func (o *clientFlags) look(cmd *cobra.Command, f func(*client) error) error {
	return o.with(cmd, func() (*daemon.Daemon, error) { return o.start(cmd, false, false) }, f)
}

// with is run with what starts the body of the daemon.
func (o *clientFlags) with(cmd *cobra.Command, start func() (*daemon.Daemon, error), f func(*client) error) (err error) {
	addr, asked := o.address(cmd.Flags())
	c := o.client(cmd)
	// A file that was asked for is meant, whatever listens at the usual address.
	if asked || !cmd.Flags().Changed("data") && listens(c.ctx, addr) {
		if c.base, err = baseOf(addr); err != nil {
			return err
		}
		return f(c)
	}
	d, err := start()
	if err != nil {
		return err
	}
	defer func() { err = stop(d, err) }()
	c.base = d.URL() + control.Prefix
	if err := f(c); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, settleTimeout)
	defer cancel()
	d.Settle(ctx)
	return nil
}

// client is one that does not know its base yet.
func (o *clientFlags) client(cmd *cobra.Command) *client {
	c := &client{json: o.json, out: cmd.OutOrStdout(), ctx: cmd.Context(), token: o.token}
	if c.ctx == nil {
		c.ctx = context.Background()
	}
	if c.token == "" {
		c.token = os.Getenv(envPrefix + "CONTROL_TOKEN")
	}
	return c
}

// reach is a client for a daemon that runs.
func (o *clientFlags) reach(cmd *cobra.Command) (*client, error) {
	addr, _ := o.address(cmd.Flags())
	c := o.client(cmd)
	var err error
	c.base, err = baseOf(addr)
	return c, err
}

// quiet is a client that prints no answers.
func (c *client) quiet() *client {
	quiet := *c
	quiet.json = false
	return &quiet
}

// address is where the daemon is, and whether somebody said so.
func (o *clientFlags) address(f *pflag.FlagSet) (addr string, asked bool) {
	if given := os.Getenv(envPrefix + "ADDR"); given != "" && !f.Changed("addr") {
		return given, true
	}
	return o.addr, f.Changed("addr")
}

// baseOf takes HOST:PORT or a URL.
func baseOf(addr string) (string, error) {
	if !strings.Contains(addr, "://") {
		addr = "http://" + addr
	}
	u, err := url.Parse(addr)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("--addr %q: want HOST:PORT or http://HOST:PORT", addr)
	}
	return u.Scheme + "://" + u.Host + control.Prefix, nil
}

func listens(ctx context.Context, addr string) bool {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// start starts the body of the daemon on the file, with the settings that kktd
// serve would have, at free addresses of this machine.
func (o *clientFlags) start(cmd *cobra.Command, create, deliver bool) (*daemon.Daemon, error) {
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	addFlags(flags)
	for _, name := range []string{"data", "config"} {
		if f := cmd.Flags().Lookup(name); f.Changed {
			if err := flags.Set(name, f.Value.String()); err != nil {
				return nil, err
			}
		}
	}
	s, err := loadOptions(flags)
	if err != nil {
		return nil, err
	}
	s.Listen, s.OFDListen, s.Memory, s.Bare = "127.0.0.1:0", "127.0.0.1:0", false, true
	if !deliver {
		s.OFD, s.Delivery = daemon.OFDNone, daemon.DeliveryAsync
	}
	if _, err := os.Stat(s.Data); errors.Is(err, fs.ErrNotExist) && !create {
		return nil, fmt.Errorf("no kktd listens at %s and there is no file %s; start kktd serve, name another file with --data, "+
			"or make a register with kktd register new", o.addr, s.Data)
	}
	log := logrus.New()
	log.SetOutput(cmd.ErrOrStderr())
	log.SetLevel(logrus.WarnLevel)
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	d, err := daemon.Start(ctx, s.Config, clock.Real(), log)
	if errors.Is(err, storage.ErrLocked) {
		return nil, fmt.Errorf("%s is in use by another kktd, which does not listen at %s; say where with --addr HOST:PORT", s.Data, o.addr)
	}
	return d, err
}

// answerError is a refusal of the control API.
type answerError struct {
	control.Problem
}

func (e *answerError) Error() string {
	d := e.Drive
	if d == nil {
		s := e.Message
		if e.MessageRu != "" {
			s += " (" + e.MessageRu + ")"
		}
		return s
	}
	why := d.WhyRu
	if why == "" {
		why = d.Why
	}
	return fmt.Sprintf("ФН %s отказал: %s: %s\n  что делать: %s\n  (%s)", d.Number, d.NameRu, why, d.HintRu, e.Message)
}

// call makes a request and decodes the answer into v. path is relative to the
// prefix of the API; body nil sends none. With --json the answer is printed as it
// is, an error too, and v is still filled.
func (c *client) call(method, path string, body, v any) error {
	raw, err := c.raw(method, path, body, "application/json")
	if err != nil {
		return err
	}
	return c.decode(raw, v)
}

// upload is call with a file as the body.
func (c *client) upload(path string, file io.Reader, v any) error {
	answer, err := c.sendBody(http.MethodPost, path, file, octetStream, "application/json")
	if err != nil {
		return err
	}
	defer answer.Close()
	raw, err := io.ReadAll(answer)
	if err != nil {
		return fmt.Errorf("POST %s: %w", c.base+path, err)
	}
	return c.decode(raw, v)
}

func (c *client) decode(raw []byte, v any) error {
	if c.json {
		if _, err := c.out.Write(raw); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s answers something else than the control API of kktd: %w", c.base, err)
	}
	return nil
}

// raw makes a request and returns the body of the answer.
func (c *client) raw(method, path string, body any, accept string) ([]byte, error) {
	answer, err := c.send(method, path, body, accept)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	raw, err := io.ReadAll(answer)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, c.base+path, err)
	}
	return raw, nil
}

// copy writes the bytes that a path answers as they come.
func (c *client) copy(w io.Writer, path string) error {
	answer, err := c.send(http.MethodGet, path, nil, octetStream)
	if err != nil {
		return err
	}
	defer answer.Close()
	if _, err = io.Copy(w, answer); err != nil {
		return fmt.Errorf("GET %s: %w", c.base+path, err)
	}
	return nil
}

// send makes a request and returns the body of the answer, which the caller
// closes. An answer that is a refusal is an error.
func (c *client) send(method, path string, body any, accept string) (io.ReadCloser, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	return c.sendBody(method, path, content, "application/json", accept)
}

const octetStream = "application/octet-stream"

// sendBody is send with a body as it is, nil for none.
func (c *client) sendBody(method, path string, content io.Reader, contentType, accept string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(c.ctx, method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	if content != nil {
		r.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w; is kktd serve running there?", err)
	}
	if resp.StatusCode < http.StatusBadRequest {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, r.URL, err)
	}
	answer := struct{ Error *answerError }{}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Error == nil {
		return nil, fmt.Errorf("%s %s answers %s: is that the control API of kktd?", method, r.URL, resp.Status)
	}
	answer.Error.Status = resp.StatusCode
	if c.json {
		_, _ = c.out.Write(raw)
		return nil, &codeError{error: answer.Error, code: exitError, quiet: true}
	}
	return nil, answer.Error
}
