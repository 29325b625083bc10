package daemon

import (
	"errors"
	"fmt"
	netmail "net/mail"

	"kktd/kkt"
	"kktd/mail"
)

// openMail makes what letters to buyers are made by and, when a server is set, what
// delivers them. Links in them lead to the public URL, or to this machine.
func (d *Daemon) openMail() error {
	c := &d.config
	base := c.PublicURL
	if base == "" {
		base = d.URL()
	}
	d.letters = mail.NewComposer(d.fleet, c.SMTPFrom, base)
	if c.SMTP == "" {
		return nil
	}
	smtp, err := mail.NewSMTP(c.mailOptions(d.letters))
	if err != nil {
		return err
	}
	d.transports[kkt.TransportMail] = smtp
	return nil
}

func (c *Config) mailOptions(letters *mail.Composer) mail.Options {
	return mail.Options{Server: c.SMTP, User: c.SMTPUser, Password: c.SMTPPassword, Security: c.SMTPTLS, Composer: letters}
}

// checkMail names the first setting of mail that cannot be used.
func (c *Config) checkMail() error {
	if !c.SMTPTLS.Valid() {
		return fmt.Errorf("smtp-tls: %q, want auto, starttls, tls or none", c.SMTPTLS)
	}
	if c.SMTP != "" {
		if _, err := mail.NewSMTP(c.mailOptions(nil)); err != nil {
			return fmt.Errorf("smtp: %w", err)
		}
	}
	if c.SMTPUser != "" && c.SMTPTLS == mail.Plain {
		return errors.New("smtp-user: a password does not go over an open connection; set smtp-tls to auto, starttls or tls")
	}
	if (c.SMTPUser == "") != (c.SMTPPassword == "") {
		return errors.New("smtp-user and smtp-password: set both or none")
	}
	if c.SMTPFrom != "" {
		if a, err := netmail.ParseAddress(c.SMTPFrom); err != nil || a.Address != c.SMTPFrom {
			return fmt.Errorf("smtp-from: %q, want an address as kassa@example.com", c.SMTPFrom)
		}
	}
	return nil
}
