package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/jonboulle/clockwork"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/outbox"
	"kktd/storage/memory"
	"kktd/tlv"
	"kktd/webhook"
)

const (
	testINN    = "7708806062"
	testSerial = "00000000000000000001"
	password   = "very secret words"
)

// received is a letter as a server got it.
type received struct {
	from, to string
	data     []byte
	tls      bool
	user     string
}

// server is a real SMTP server in the process.
type server struct {
	*smtp.Server
	addr string

	mu      sync.Mutex
	letters []received
	refuse  []error // of the next receivers, in order; nil takes it
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, c: c}, nil }

func (s *server) all() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.letters...)
}

type session struct {
	s *server
	c *smtp.Conn
	r received
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if pass != password {
			return &smtp.SMTPError{Code: 535, Message: "wrong credentials"}
		}
		x.r.user = user
		return nil
	}), nil
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error { x.r.from = from; return nil }

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if len(x.s.refuse) > 0 {
		err := x.s.refuse[0]
		x.s.refuse = x.s.refuse[1:]
		if err != nil {
			return err
		}
	}
	x.r.to = to
	return nil
}

func (x *session) Data(r io.Reader) (err error) {
	if x.r.data, err = io.ReadAll(r); err != nil {
		return err
	}
	_, x.r.tls = x.c.TLSConnectionState()
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.letters = append(x.s.letters, x.r)
	return nil
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }

// serve starts a server; set may change it before.
func serve(t testing.TB, implicit bool, set func(*smtp.Server)) *server {
	s := &server{}
	s.Server = smtp.NewServer(s)
	s.Domain = "localhost"
	if set != nil {
		set(s.Server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return s
}

// certificate is a pair that the configuration of a client trusts.
func certificate(t testing.TB) (serverTLS, clientTLS *tls.Config) {
	h := httptest.NewTLSServer(nil)
	t.Cleanup(h.Close)
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	return &tls.Config{Certificates: h.TLS.Certificates}, &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

// bench is a fleet whose receipts go to a server.
type bench struct {
	t         testing.TB
	fleet     *kkt.Fleet
	clock     *clockwork.FakeClock
	box       *outbox.Box
	deliverer *webhook.Deliverer
	smtp      *SMTP
	log       *logtest.Hook
}

func open(t testing.TB, o Options, from string) *bench {
	log, hook := logtest.NewNullLogger()
	b := &bench{t: t, log: hook, clock: clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))}
	store := memory.Open()
	var err error
	b.box, err = outbox.Open(store, 0)
	require.NoError(t, err)
	b.fleet, err = kkt.Open(kkt.Options{Store: store, Clock: b.clock, Log: log, Seed: 1, Outbox: b.box, MailServer: o.Server})
	require.NoError(t, err)
	require.NoError(t, b.fleet.Create("", kkt.Settings{Serial: testSerial, INN: testINN, RegNumber: "0000000004030311", UserName: `ООО "Ромашка"`,
		Address: "г. Москва", Place: "www.example.com", SenderEmail: "kassa@example.com", OFDName: "Тестовый ОФД", OFDINN: fn.TestOFDINN,
		TaxSystems: []ffd.TaxSystems{ffd.TaxOSN}, DriveNumber: "9999078900005430", DriveCapacity: 100_000, AutoShift: true}))
	o.Composer = NewComposer(b.fleet, from, "https://kassa.example.com/")
	b.smtp, err = NewSMTP(o)
	require.NoError(t, err)
	b.deliverer = webhook.New(webhook.Options{Box: b.box, Clock: b.clock, Log: log, Transports: map[string]webhook.Transport{kkt.TransportMail: b.smtp}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.deliverer.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; b.fleet.Close() })
	return b
}

func (b *bench) submit(contact string, parts int) string {
	b.t.Helper()
	r := kkt.Receipt{INN: testINN, Request: kkt.Request{API: "test", Printed: kkt.Printed{Lines: []string{"Спасибо <за покупку>"}}}}
	for range parts {
		r.Parts = append(r.Parts, ffd.Receipt{Operation: ffd.Income, Payments: ffd.Payments{Cashless: 10050}, Contact: tlv.MustText(contact),
			Items: []ffd.Item{{Name: tlv.MustText("Чай"), Price: 10050, Quantity: tlv.Decimal{Mantissa: 1}, Amount: 10050, VAT: ffd.VAT20}}})
	}
	o, err := b.fleet.Submit(context.Background(), &r)
	require.NoError(b.t, err)
	return o.ID
}

func (b *bench) status(id string) outbox.Status {
	b.t.Helper()
	m, err := b.fleet.Message(id)
	require.NoError(b.t, err)
	_, s, err := b.box.Head(m.Entry)
	require.NoError(b.t, err)
	return s
}

func (b *bench) eventually(what string, f func() bool) {
	b.t.Helper()
	require.Eventually(b.t, f, 10*time.Second, 2*time.Millisecond, what)
}

// leaf is a part of a letter without parts of its own.
type leaf struct {
	kind, id string
	body     []byte
}

func leaves(t *testing.T, kind string, body io.Reader, header func(string) string) (list []leaf) {
	media, parameters, err := mime.ParseMediaType(kind)
	require.NoError(t, err)
	if strings.HasPrefix(media, "multipart/") {
		r := multipart.NewReader(body, parameters["boundary"])
		for {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return list
			}
			require.NoError(t, err)
			list = append(list, leaves(t, p.Header.Get("Content-Type"), p, p.Header.Get)...)
		}
	}
	switch header("Content-Transfer-Encoding") {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	require.NoError(t, err)
	if strings.HasPrefix(media, "text/") {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	}
	return []leaf{{kind: media, id: header("Content-Id"), body: b}}
}

func TestLetter(t *testing.T) {
	s := serve(t, false, nil)
	b := open(t, Options{Server: s.addr, Security: Auto}, "")
	id := b.submit("buyer@example.com", 2)
	b.eventually("delivered", func() bool { return len(s.all()) == 1 })
	got := s.all()[0]
	require.Equal(t, "kassa@example.com", got.from, "1117 of the receipt")
	require.Equal(t, "buyer@example.com", got.to)
	letter, err := netmail.ReadMessage(bytes.NewReader(got.data))
	require.NoError(t, err)
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(letter.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, `ТЕСТ. Кассовый чек № 3 на 100.50 руб. и ещё 1 от ООО "Ромашка"`, subject)
	from, err := letter.Header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, `ООО "Ромашка"`, from[0].Name)
	require.Equal(t, "<"+id+"@kktd>", letter.Header.Get("Message-Id"))
	require.Equal(t, "auto-generated", letter.Header.Get("Auto-Submitted"))
	date, err := letter.Header.Date()
	require.NoError(t, err)
	require.True(t, date.Equal(b.clock.Now()))
	parts := leaves(t, letter.Header.Get("Content-Type"), letter.Body, letter.Header.Get)
	require.Len(t, parts, 4)
	require.Equal(t, "text/plain", parts[0].kind)
	require.Equal(t, 2, strings.Count(string(parts[0].body), "КАССОВЫЙ ЧЕК\n"))
	require.Contains(t, string(parts[0].body), "Чек на сайте: https://kassa.example.com/r/"+id+"\n")
	require.Contains(t, string(parts[0].body), "Спасибо <за покупку>")
	require.Equal(t, "text/html", parts[1].kind)
	require.Contains(t, string(parts[1].body), "Спасибо &lt;за покупку&gt;")
	require.Contains(t, string(parts[1].body), `href="https://kassa.example.com/r/`+id+`"`)
	require.NotContains(t, string(parts[1].body), "<svg")
	for i, part := range parts[2:] {
		require.Equal(t, "image/png", part.kind)
		cid := strings.Trim(part.id, "<>")
		require.Contains(t, string(parts[1].body), `src="cid:`+cid+`"`)
		img, err := png.Decode(bytes.NewReader(part.body))
		require.NoError(t, err)
		bmp, err := gozxing.NewBinaryBitmapFromImage(img)
		require.NoError(t, err)
		code, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
		require.NoError(t, err)
		require.Contains(t, code.GetText(), "&s=100.50&fn=9999078900005430&i="+string(rune('3'+i))+"&fp=")
	}
	b.eventually("what came of it is stored", func() bool { return b.status(id).State == outbox.Delivered })
}

// TestRetries is refused for a while, then taken; every attempt is kept.
func TestRetries(t *testing.T) {
	s := serve(t, false, nil)
	s.refuse = []error{&smtp.SMTPError{Code: 451, Message: "greylisted"}, &smtp.SMTPError{Code: 452, Message: "no room"}}
	b := open(t, Options{Server: s.addr, Security: Plain}, "noreply@example.com")
	id := b.submit("buyer@example.com", 1)
	for attempt, wait := range []time.Duration{time.Minute, 5 * time.Minute} {
		b.eventually("refused", func() bool { return b.status(id).Attempts == attempt+1 })
		require.Empty(t, s.all())
		b.clock.Advance(wait)
	}
	b.eventually("delivered", func() bool { return b.status(id).State == outbox.Delivered })
	require.Equal(t, "noreply@example.com", s.all()[0].from)
	last := b.status(id).Last
	require.Len(t, last, 3)
	require.Equal(t, 451, last[0].Code)
	require.Contains(t, last[0].Error, "greylisted")
	require.Equal(t, 250, last[2].Code)
}

func TestRefusedForGood(t *testing.T) {
	s := serve(t, false, nil)
	s.refuse = []error{&smtp.SMTPError{Code: 550, Message: "no such user"}}
	b := open(t, Options{Server: s.addr, Security: Auto}, "")
	id, other := b.submit("nobody@example.com", 1), ""
	b.eventually("given up", func() bool { return b.status(id).State == outbox.Failed })
	require.Equal(t, 550, b.status(id).Last[0].Code)
	other = b.submit("buyer@example.com", 1)
	b.eventually("others go on", func() bool { return b.status(other).State == outbox.Delivered })
	bad := b.submit("a b@example.com", 1) // no address by RFC 5322
	b.eventually("given up", func() bool { return b.status(bad).State == outbox.Failed })
}

// TestDeadServer makes receipts while nobody listens, and then delivers them all.
func TestDeadServer(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := reserved.Addr().String()
	require.NoError(t, reserved.Close())
	b := open(t, Options{Server: addr, Security: Auto}, "")
	var ids []string
	for range 20 {
		ids = append(ids, b.submit("buyer@example.com", 1))
	}
	b.eventually("tried", func() bool { return b.status(ids[0]).Attempts > 0 })
	require.Zero(t, b.status(ids[0]).Last[0].Code)
	s := &server{addr: addr}
	s.Server = smtp.NewServer(s)
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	b.eventually("all come", func() bool {
		b.clock.Advance(time.Minute)
		return len(s.all()) >= len(ids)
	})
	for _, id := range ids {
		b.eventually("delivered", func() bool { return b.status(id).State == outbox.Delivered })
	}
	require.Len(t, s.all(), len(ids), "each once")
}

// TestSilentServer takes the connection and says nothing: the end of the delivery
// does not wait for it.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	s, err := NewSMTP(Options{Server: l.Addr().String(), Security: Auto})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		if conn, err := l.Accept(); err == nil {
			defer conn.Close()
			cancel()
			_, _ = conn.Read(make([]byte, 1))
		}
	}()
	l2 := Letter{From: &netmail.Address{Address: "a@example.com"}, To: "b@example.com"}
	m, err := l2.message()
	require.NoError(t, err)
	_, err = s.send(ctx, m)
	require.Error(t, err)
}

func TestSecurity(t *testing.T) {
	serverTLS, clientTLS := certificate(t)
	withTLS := func(s *smtp.Server) { s.TLSConfig = serverTLS }
	open25 := func(s *smtp.Server) { s.AllowInsecureAuth = true }
	for _, c := range []struct {
		name     string
		implicit bool
		set      func(*smtp.Server)
		o        Options
		tls      bool
		fails    string
	}{
		{"auto with STARTTLS", false, withTLS, Options{Security: Auto}, true, ""},
		{"auto without", false, nil, Options{Security: Auto}, false, ""},
		{"starttls", false, withTLS, Options{Security: StartTLS}, true, ""},
		{"starttls that is not there", false, nil, Options{Security: StartTLS}, false, "STARTTLS"},
		{"tls", true, withTLS, Options{Security: Implicit}, true, ""},
		{"none", false, withTLS, Options{Security: Plain}, false, ""},
		{"login", false, withTLS, Options{Security: StartTLS, User: "kassa", Password: password}, true, ""},
		{"login by tls", true, withTLS, Options{Security: Implicit, User: "kassa", Password: password}, true, ""},
		{"wrong password", false, withTLS, Options{Security: StartTLS, User: "kassa", Password: "wrong secret"}, false, "535"},
		{"no password in the clear", false, open25, Options{Security: Auto, User: "kassa", Password: password}, false, "auth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.implicit, c.set)
			c.o.Server, c.o.TLS = s.addr, clientTLS
			b := open(t, c.o, "")
			id := b.submit("buyer@example.com", 1)
			b.eventually("tried", func() bool { return b.status(id).Attempts == 1 })
			if c.fails != "" {
				require.Empty(t, s.all())
				require.Equal(t, outbox.Waiting, b.status(id).State, "settings can be mended")
				require.Contains(t, strings.ToLower(b.status(id).Last[0].Error), strings.ToLower(c.fails))
				require.NotContains(t, b.status(id).Last[0].Error, "secret")
			} else {
				require.Equal(t, c.tls, s.all()[0].tls)
				require.Equal(t, c.o.User, s.all()[0].user)
			}
			for _, e := range b.log.AllEntries() {
				line, err := e.String()
				require.NoError(t, err)
				require.NotContains(t, line, "secret")
			}
		})
	}
}

func TestStrangeCertificate(t *testing.T) {
	serverTLS, _ := certificate(t)
	s := serve(t, false, func(s *smtp.Server) { s.TLSConfig = serverTLS })
	b := open(t, Options{Server: s.addr, Security: Auto}, "")
	id := b.submit("buyer@example.com", 1)
	b.eventually("tried", func() bool { return b.status(id).Attempts == 1 })
	require.Contains(t, b.status(id).Last[0].Error, "certificate")
	require.Empty(t, s.all())
}

func TestOptions(t *testing.T) {
	for server, want := range map[string]string{"mail": "want HOST:PORT", "mail:": "port of 1 to 65535", "mail:0": "port of 1", "mail:99999": "port of 1", ":25": "want HOST:PORT"} {
		_, err := NewSMTP(Options{Server: server, Security: Auto})
		require.ErrorContains(t, err, want, server)
	}
	_, err := NewSMTP(Options{Server: "mail:25", Security: "ssl"})
	require.ErrorContains(t, err, "auto, starttls, tls or none")
}

func TestPauses(t *testing.T) {
	s := &SMTP{}
	total, attempt := time.Duration(0), 1
	for ; ; attempt++ {
		p, again := s.Pause(attempt)
		if !again {
			break
		}
		require.GreaterOrEqual(t, p, time.Minute)
		total += p
	}
	require.Equal(t, 100, attempt)
	require.InDelta(t, 4*24, total.Hours(), 1)
}

func TestSMS(t *testing.T) {
	b := open(t, Options{Server: "127.0.0.1:1", Security: Auto}, "")
	id := b.submit("+79161234567", 1)
	m, err := b.fleet.Message(id)
	require.NoError(t, err)
	require.Zero(t, m.Entry, "nobody sends it")
	l, err := b.smtp.o.Composer.Compose(m)
	require.NoError(t, err)
	require.Regexp(t, `^ТЕСТ. Кассовый чек на 100.50 руб. 2026-01-10 10:00:00 ФН 9999078900005430 ФД 3 ФП \d{10} https://kassa.example.com/r/`+id+"$", l.Text)
}

func BenchmarkCompose(b *testing.B) {
	x := open(b, Options{Server: "127.0.0.1:1", Security: Auto}, "")
	m := &kkt.Message{Receipt: x.submit("+79161234567", 1), Kind: kkt.Email, Address: "buyer@example.com"}
	b.ReportAllocs()
	for b.Loop() {
		l, err := x.smtp.o.Composer.Compose(m)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
