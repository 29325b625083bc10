package mail

import (
	"bytes"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"kktd/ffd"
	"kktd/kkt"
	"kktd/slip"
	"kktd/tlv"
)

// Composer makes letters. It is safe for concurrent use.
type Composer struct {
	fleet   *kkt.Fleet
	painter *slip.Painter
	from    string
	public  string
}

// NewComposer makes a composer. from is the sender of every letter, empty for the
// sender's address of the receipt (1117); publicURL begins the link to the page of
// the receipt, without it there is none.
func NewComposer(fleet *kkt.Fleet, from, publicURL string) *Composer {
	return &Composer{fleet: fleet, painter: slip.NewPainter(), from: from, public: strings.TrimRight(publicURL, "/")}
}

// Letter is what a message says. An SMS has no subject, sender and HTML.
type Letter struct {
	From    *mail.Address
	To      string
	Subject string
	Text    string
	HTML    string // whole in itself, but for the code: a picture inside the letter

	id    string // of the receipt
	date  time.Time
	codes [][]byte // pictures of the QR codes, PNG
}

// Compose makes the letter of a message. Errors are those of the stored receipt.
func (c *Composer) Compose(m *kkt.Message) (*Letter, error) {
	rec, err := c.fleet.Receipt(m.Receipt)
	if err != nil {
		return nil, err
	}
	slips, err := slip.OfReceipt(c.fleet, rec)
	if err != nil {
		return nil, err
	}
	if len(slips) == 0 {
		return nil, fmt.Errorf("%w: receipt %s has no document", kkt.ErrNotFound, rec.ID)
	}
	first, err := slip.DataOf(slips[0])
	if err != nil {
		return nil, err
	}
	l := &Letter{To: m.Address, id: rec.ID, date: time.UnixMilli(m.Created).UTC()}
	link := ""
	if c.public != "" {
		link = c.public + "/r/" + rec.ID
	}
	if m.Kind == kkt.SMS {
		l.Text = smsText(first, link)
		return l, nil
	}
	l.Subject = subject(first, len(slips))
	l.From = c.sender(slips[0], first)
	return l, c.fill(l, slips, link)
}

// fill makes the two forms of the slips.
func (c *Composer) fill(l *Letter, slips []slip.Input, link string) error {
	page := slip.Page{Title: l.Subject, Slips: slips, QRSource: func(i int) string { return "cid:" + codeID(i) }}
	if link != "" {
		page.Links = []slip.Link{{Text: "Чек на сайте", URL: link}}
	}
	html, err := slip.HTML(nil, &page)
	if err != nil {
		return err
	}
	var text []byte
	for i, in := range slips {
		if i > 0 {
			text = append(text, '\n')
		}
		if text, err = slip.Text(text, in); err != nil {
			return err
		}
		code, err := c.painter.QR(nil, in)
		if err != nil {
			return err
		}
		l.codes = append(l.codes, code)
	}
	if link != "" {
		text = append(text, "\nЧек на сайте: "+link+"\n"...)
	}
	l.HTML, l.Text = string(html), string(text)
	return nil
}

func codeID(i int) string { return fmt.Sprintf("qr-%d", i+1) }

// sender is who the letter is from: the user of the register, at the address that
// is set or that the receipt names.
func (c *Composer) sender(in slip.Input, d *slip.Data) *mail.Address {
	address := c.from
	if address == "" {
		address = in.Registration.SenderEmail
		outer := tlv.NewReader(in.Document, 0)
		if outer.Next() {
			if it, ok := tlv.Find(outer.Item().Value, ffd.TagSenderEmail); ok {
				address = tlv.DecodeString(it.Value)
			}
		}
	}
	return &mail.Address{Name: d.User.Name, Address: strings.TrimSpace(address)}
}

func subject(d *slip.Data, documents int) string {
	s := fmt.Sprintf("ТЕСТ. %s № %d на %s руб.", d.Title, d.Number, d.Total)
	if documents > 1 {
		s += fmt.Sprintf(" и ещё %d", documents-1)
	}
	if d.User.Name != "" {
		s += " от " + d.User.Name
	}
	return s
}

func smsText(d *slip.Data, link string) string {
	s := fmt.Sprintf("ТЕСТ. %s на %s руб. %s ФН %s ФД %d ФП %s", d.Title, d.Total, strings.Replace(d.Time, "T", " ", 1), d.Register.Drive, d.Number, d.Sign)
	if link != "" {
		s += " " + link
	}
	return s
}

// message is the letter as a library has it. The error tells that the address of
// sender or receiver cannot be used.
func (l *Letter) message() (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if _, err := mail.ParseAddress(l.From.Address); err != nil {
		return nil, fmt.Errorf("sender %q: %w", l.From.Address, err)
	}
	m.FromMailAddress(l.From)
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	m.Subject(l.Subject)
	m.SetDateWithValue(l.date)
	m.SetMessageIDWithValue(l.id + "@kktd")
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 5
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	for i, code := range l.codes {
		if len(code) == 0 { // a document without one
			continue
		}
		if err := m.EmbedReader(codeID(i)+".png", bytes.NewReader(code), gomail.WithFileContentID("<"+codeID(i)+">"),
			gomail.WithFileContentType("image/png")); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// WriteTo writes the whole letter of e-mail as it goes over the wire (RFC 5322). It
// implements io.WriterTo.
func (l *Letter) WriteTo(w io.Writer) (int64, error) {
	m, err := l.message()
	if err != nil {
		return 0, err
	}
	return m.WriteTo(w)
}
