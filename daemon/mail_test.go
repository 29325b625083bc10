package daemon

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailbox counts letters.
type mailbox struct{ letters atomic.Int32 }

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return mailSession{m}, nil }

type mailSession struct{ m *mailbox }

func (s mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s mailSession) Reset()                               {}
func (s mailSession) Logout() error                        { return nil }
func (s mailSession) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	s.m.letters.Add(1)
	return err
}

const contactBody = `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[{"Label":"Чай","Price":100,"Quantity":1,"Amount":100,"Vat":20}],"AdditionalReceiptInfos":["Спасибо за покупку"],`

type messages struct {
	Items []struct {
		Receipt, Kind, Address, State, Error string
		Attempts                             int
	}
}

func (b *bench) messages(query string) (m messages) {
	b.t.Helper()
	status, text := b.get("/control/v1/messages" + query)
	require.Equal(b.t, 200, status, text)
	require.NoError(b.t, json.Unmarshal([]byte(text), &m))
	return m
}

func TestMailIsDelivered(t *testing.T) {
	box := &mailbox{}
	server := smtp.NewServer(box)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	b := start(t, func(c *Config) { c.SMTP = l.Addr().String() })
	for _, contact := range []string{`"Email":"buyer@example.com"`, `"Phone":"+79161234567"`} {
		_, answer := b.post("/kkt/receipt", contactBody+contact+`}}`)
		require.Contains(t, answer, `"Success":true`)
	}
	_, answer := b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	eventually(t, "the letter is delivered", func() bool { return b.messages("?kind=email").Items[0].State == "delivered" })
	require.EqualValues(t, 1, box.letters.Load())
	list := b.messages("")
	require.Len(t, list.Items, 2)
	require.Equal(t, "kept", list.Items[1].State)
	require.Equal(t, "+79161234567", list.Items[1].Address)
	for query, want := range map[string]int{"?state=kept": 1, "?state=delivered": 1, "?state=failed": 0, "?kind=sms": 1, "?address=buyer@example.com": 1,
		"?register=" + FirstRegister: 2, "?register=1": 0, "?limit=1": 1, "?after=" + list.Items[0].Receipt: 1} {
		require.Len(t, b.messages(query).Items, want, query)
	}
	for query, want := range map[string]string{"?kind=fax": "email, sms", "?state=sent": "kept, waiting", "?after=x": "id of a receipt", "?colour=red": "colour"} {
		status, text := b.get("/control/v1/messages" + query)
		require.Equal(t, 400, status, query)
		require.Contains(t, text, want)
	}
	_, text := b.get("/control/v1/messages/" + list.Items[0].Receipt)
	var one struct {
		Subject, From, Text, HTML string
		Last                      []struct{ Code int }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &one))
	require.Contains(t, one.Subject, "ТЕСТ. Кассовый чек № 3 на 100.00 руб.")
	require.Contains(t, one.From, "<kassa@example.com>")
	require.Contains(t, one.Text, "Спасибо за покупку\n")
	require.Contains(t, one.Text, b.URL()+"/r/"+list.Items[0].Receipt)
	require.Contains(t, one.HTML, `src="cid:qr-1"`)
	require.Equal(t, 250, one.Last[0].Code)
	_, text = b.get("/control/v1/messages/" + list.Items[1].Receipt)
	require.Contains(t, text, `"text":"ТЕСТ. Кассовый чек на 100.00 руб. 2026-01-10 10:00:00 ФН `)
	status, _ := b.get("/control/v1/messages/" + strings.Repeat("0", 32))
	require.Equal(t, 404, status)

	r, err := http.NewRequest(http.MethodGet, b.URL()+"/control/v1/messages/"+list.Items[0].Receipt, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "message/rfc822")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "message/rfc822", resp.Header.Get("Content-Type"))
	require.Contains(t, string(raw), "multipart/alternative")
}

func TestMailWithoutServer(t *testing.T) {
	b := start(t, nil)
	_, answer := b.post("/kkt/receipt", contactBody+`"Email":"buyer@example.com"}}`)
	require.Contains(t, answer, `"Success":true`)
	require.Equal(t, "kept", b.messages("").Items[0].State)
}

// TestDeadMailServerSlowsNobody answers receipts and stops at once while the server
// takes connections and says nothing.
func TestDeadMailServerSlowsNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	b := start(t, func(c *Config) { c.SMTP = l.Addr().String() })
	for range 20 {
		_, answer := b.post("/kkt/receipt", contactBody+`"Email":"buyer@example.com"}}`)
		require.Contains(t, answer, `"Success":true`)
	}
	require.Len(t, b.messages("?state=waiting").Items, 20)
	require.NoError(t, b.Shutdown(t.Context()))
}

func TestMailSettings(t *testing.T) {
	for _, c := range []struct {
		name, want string
		set        func(*Config)
	}{
		{"server", "smtp:", func(c *Config) { c.SMTP = "mail.example.com" }},
		{"port", "port of 1 to 65535", func(c *Config) { c.SMTP = "mail.example.com:smtp" }},
		{"security", "smtp-tls", func(c *Config) { c.SMTPTLS = "ssl" }},
		{"password alone", "set both or none", func(c *Config) { c.SMTPPassword = "x" }},
		{"password in the clear", "open connection", func(c *Config) { c.SMTPUser, c.SMTPPassword, c.SMTPTLS = "a", "b", "none" }},
		{"sender", "smtp-from", func(c *Config) { c.SMTPFrom = "Касса <kassa@example.com>" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Default()
			c.set(&config)
			require.ErrorContains(t, config.check(), c.want)
		})
	}
}
