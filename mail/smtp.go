package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"kktd/kkt"
	"kktd/outbox"
	"kktd/webhook"
)

// Security is how the connection to the server is protected.
type Security string

// The ways to protect a connection. A password goes over a protected one alone.
const (
	Auto     Security = "auto"     // STARTTLS where the server has it
	StartTLS Security = "starttls" // STARTTLS or nothing
	Implicit Security = "tls"      // TLS from the first byte, as on port 465
	Plain    Security = "none"
)

// Valid tells that the word is one of the four.
func (s Security) Valid() bool { return s == Auto || s == StartTLS || s == Implicit || s == Plain }

// Options are where letters go.
type Options struct {
	Server         string // HOST:PORT
	User, Password string // without a user nobody logs in
	Security       Security
	TLS            *tls.Config // for tests; nil: the certificate must be good for the host
	Composer       *Composer
}

// timeout limits a dialogue with a server, for each of its steps. It follows the
// real clock.
const timeout = 15 * time.Second

// SMTP delivers the entries of the outbox whose transport is kkt.TransportMail. It
// is safe for concurrent use.
type SMTP struct {
	o    Options
	host string
	port int
}

// NewSMTP makes the transport.
func NewSMTP(o Options) (*SMTP, error) {
	host, p, err := net.SplitHostPort(o.Server)
	if err != nil {
		return nil, fmt.Errorf("mail: server %q: %w; want HOST:PORT", o.Server, err)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil || port == 0 || host == "" {
		return nil, fmt.Errorf("mail: server %q: want HOST:PORT with a port of 1 to 65535", o.Server)
	}
	if !o.Security.Valid() {
		return nil, fmt.Errorf("mail: security %q: want auto, starttls, tls or none", o.Security)
	}
	return &SMTP{o: o, host: host, port: int(port)}, nil
}

// Pause implements webhook.Transport: soon at first, then each hour, for four days
// (RFC 5321 4.5.4.1).
func (s *SMTP) Pause(attempt int) (time.Duration, bool) {
	first := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	if attempt <= len(first) {
		return first[attempt-1], true
	}
	return time.Hour, attempt < len(first)+4*24
}

// Deliver implements webhook.Transport. What the server refuses for good, a letter
// that cannot be made and an address that is none are hopeless.
func (s *SMTP) Deliver(ctx context.Context, e *outbox.Entry) webhook.Result {
	l, err := s.o.Composer.Compose(&kkt.Message{Receipt: e.Receipt, Kind: kkt.Email, Address: e.Address, Register: e.Register, Created: e.Created})
	if err != nil {
		return webhook.Result{Err: err, Hopeless: errors.Is(err, kkt.ErrNotFound)}
	}
	m, err := l.message()
	if err != nil {
		return webhook.Result{Err: err, Hopeless: true}
	}
	answered, err := s.send(ctx, m)
	if err == nil {
		return webhook.Result{Code: 250}
	}
	r := webhook.Result{Err: err, Unreachable: !answered}
	if refused := (*gomail.SendError)(nil); errors.As(err, &refused) {
		r.Code = refused.ErrorCode()
		r.Hopeless = r.Code >= 500
	}
	return r
}

// send brings a letter to the server; answered tells that there is one.
func (s *SMTP) send(ctx context.Context, m *gomail.Msg) (answered bool, err error) {
	client, err := gomail.NewClient(s.host, s.clientOptions(ctx)...)
	if err != nil {
		return false, err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		var network net.Error
		return !errors.As(err, &network), err
	}
	// The library looks at the context no more: the end of the connection tells it.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	err = client.SendWithSMTPClient(conn, m)
	_ = client.CloseWithSMTPClient(conn) // the letter is there, or not, before the farewell
	return true, err
}

func (s *SMTP) clientOptions(ctx context.Context) []gomail.Option {
	options := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(timeout), gomail.WithoutNoop()}
	switch s.o.Security {
	case Implicit:
		options = append(options, gomail.WithSSL())
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithDialContextFunc(dialer(ctx)))
	case Auto:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic), gomail.WithDialContextFunc(dialer(ctx)))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithDialContextFunc(dialer(ctx)))
	}
	if s.o.TLS != nil {
		options = append(options, gomail.WithTLSConfig(s.o.TLS))
	}
	if s.o.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.o.User), gomail.WithPassword(s.o.Password))
	}
	return options
}

// dialer connects and closes the connection when the delivery is broken off, also
// while the server says nothing.
func dialer(delivery context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(delivery, func() { _ = conn.Close() })
		return &watched{Conn: conn, stop: stop}, nil
	}
}

// watched is a connection that is watched until it is closed.
type watched struct {
	net.Conn
	stop func() bool
}

// Close implements net.Conn.
func (w *watched) Close() error {
	w.stop()
	return w.Conn.Close()
}
