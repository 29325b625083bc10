package daemon

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/mail"
	"kktd/webhook"
)

// Config is everything that can be set. The names in the tags are those of
// flags, of the YAML file and, in capitals behind KKTD_, of the environment.
type Config struct {
	Data       string `koanf:"data"`       // bbolt file
	Memory     bool   `koanf:"memory"`     // keep everything in memory instead
	Durability string `koanf:"durability"` // sync, or none: no fsync

	Listen    string `koanf:"listen"`     // HTTP
	OFDListen string `koanf:"ofd-listen"` // the built-in OFD
	OFD       string `koanf:"ofd"`        // HOST:PORT of an outside OFD, none, or empty for the built-in one

	OFDFaults []string  `koanf:"ofd-fault"` // what the built-in OFD does wrong on purpose, as docs/faults.md writes it
	OFDTrace  io.Writer `koanf:"-"`         // gets every frame of the exchange with the OFD as text; nil: none

	OFDOneConnection bool          `koanf:"ofd-one-connection"` // a connection for each document, as real devices do
	OFDTimeout       time.Duration `koanf:"ofd-timeout"`        // for the answer of the OFD, real time

	Delivery    string        `koanf:"delivery"`     // async, sync or manual
	SyncTimeout time.Duration `koanf:"sync-timeout"` // how long an answer waits for tickets with sync, real time

	Clock string `koanf:"clock"` // of a store that has kept none, as ParseClock reads it; empty: the machine's

	// Bare leaves a new file without the register of the first start: who starts
	// the daemon makes one. It is no setting of a user.
	Bare bool `koanf:"-"`

	// Organisations are those of the section of the YAML file. With any, a new file
	// gets them instead of the organisation of the first start.
	Organisations []Organisation `koanf:"-"`

	// Seeds are organisations with their registers to begin with, instead of the
	// organisation of the first start: what is not there is made, what is there stays.
	Seeds []Organisation `koanf:"-"`

	PublicURL     string `koanf:"public-url"`     // in answers; empty: from the request
	OriginalLinks bool   `koanf:"original-links"` // QrCodeUrl leads to the host of the real service
	ControlToken  string `koanf:"control-token"`  // lets other machines use the control API
	ProtectTest   bool   `koanf:"protect-test"`   // /test of CloudKassir wants credentials

	SMTP         string        `koanf:"smtp"`          // HOST:PORT of the server that receipts go to buyers by; empty: they are only kept
	SMTPUser     string        `koanf:"smtp-user"`     // empty: nobody logs in
	SMTPPassword string        `koanf:"smtp-password"` // goes over a protected connection alone
	SMTPTLS      mail.Security `koanf:"smtp-tls"`      // auto, starttls, tls or none
	SMTPFrom     string        `koanf:"smtp-from"`     // sender of letters; empty: the address in the receipt

	WebhookTimeout  time.Duration   `koanf:"webhook-timeout"`  // for the answer of a receiver, real time
	WebhookPauses   []time.Duration `koanf:"webhook-pauses"`   // between attempts; the last one repeats
	WebhookAttempts int             `koanf:"webhook-attempts"` // at most, of one notification

	Faults []string `koanf:"fault"` // in force from the start, as docs/faults.md writes them

	ProcessingDelay time.Duration `koanf:"processing-delay"` // how long receipts stay Queued, business time
	Seed            uint64        `koanf:"seed"`             // where ids come from; 0: by chance
	MasterKey       string        `koanf:"master-key"`       // of the fiscal signs; empty: the published one
	FFD             string        `koanf:"ffd"`              // of the first-start register: 1.05, 1.1 or 1.2
	CorrectionVAT   string        `koanf:"correction-vat"`   // VatRate 5 of CloudKassir corrections: old is 0 %, new is 5 %
	FreeCorrections bool          `koanf:"free-corrections"` // Amounts of corrections need not agree with their items
	RequestLimit    int           `koanf:"request-limit"`    // requests of an account in work at a time; 0: any number
	TestQuota       int           `koanf:"test-quota"`       // receipts of an organisation in 8 hours; 0: any number
	TicketCheck     string        `koanf:"ticket-check"`     // lenient, strict or off
	Strict          bool          `koanf:"strict"`           // what a real device refuses is an error, not a warning
	AnyDriveNumber  bool          `koanf:"any-drive-number"` // numbers that do not begin with 9999
}

// Built-in values of OFD.
const (
	OFDNone    = "none"
	ofdBuiltIn = ""
)

// How long a register waits for an answer of the OFD (spec/ofd-protocol.md 2).
const (
	defaultOFDTimeout = 60 * time.Second
	minOFDTimeout     = 100 * time.Millisecond
	maxOFDTimeout     = 300 * time.Second
)

// ofdNamespace is where the built-in OFD keeps what it receives.
const ofdNamespace = "ofd"

// Default is the configuration of a start without any setting
// (design/architecture.md, Outside).
func Default() Config {
	return Config{Data: "kktd.db", Durability: "sync", Listen: "127.0.0.1:5454", OFDListen: "127.0.0.1:5456",
		OFDTimeout: defaultOFDTimeout, Delivery: DeliveryAsync, SyncTimeout: defaultSyncTimeout, FFD: ffd.V120.String(), TicketCheck: "lenient", CorrectionVAT: "old", SMTPTLS: mail.Auto,
		WebhookTimeout: webhook.DefaultAnswerTimeout, WebhookPauses: webhook.DefaultPauses(), WebhookAttempts: webhook.DefaultAttempts}
}

var ticketModes = map[string]fn.TicketMode{"lenient": fn.TicketLenient, "strict": fn.TicketStrict, "off": fn.TicketOff}

// check names the first setting that cannot be used and its allowed values.
func (c *Config) check() error {
	if c.Durability != "sync" && c.Durability != "none" {
		return fmt.Errorf("durability: %q, want sync or none", c.Durability)
	}
	if _, ok := ticketModes[c.TicketCheck]; !ok {
		return fmt.Errorf("ticket-check: %q, want lenient, strict or off", c.TicketCheck)
	}
	if c.CorrectionVAT != "old" && c.CorrectionVAT != "new" {
		return fmt.Errorf("correction-vat: %q, want old or new", c.CorrectionVAT)
	}
	if c.RequestLimit < 0 {
		return fmt.Errorf("request-limit: %d, want 0 for any number, or a number of requests", c.RequestLimit)
	}
	if c.TestQuota < 0 {
		return fmt.Errorf("test-quota: %d, want 0 for any number, or a number of receipts", c.TestQuota)
	}
	v, err := ffd.ParseVersion(c.FFD)
	if err != nil || !v.Writable() {
		return fmt.Errorf("ffd: %q, want 1.05, 1.1 or 1.2", c.FFD)
	}
	if c.ProcessingDelay < 0 || c.ProcessingDelay > 0 && c.ProcessingDelay < time.Millisecond {
		return fmt.Errorf("processing-delay: %v, want 0, or at least 1ms with its unit, as 3s", c.ProcessingDelay)
	}
	if c.OFDTimeout < minOFDTimeout || c.OFDTimeout > maxOFDTimeout {
		return fmt.Errorf("ofd-timeout: %v, want %v to %v with its unit, as 60s", c.OFDTimeout, minOFDTimeout, maxOFDTimeout)
	}
	for _, text := range c.Faults {
		if _, err := c.faultKinds().Parse(text); err != nil {
			return err
		}
	}
	if err := c.checkDelivery(); err != nil {
		return err
	}
	if _, err := ParseClock(c.Clock); err != nil {
		return fmt.Errorf("clock: %w", err)
	}
	if err := c.checkWebhooks(); err != nil {
		return err
	}
	if err := c.checkMail(); err != nil {
		return err
	}
	if u, err := url.Parse(c.PublicURL); err != nil || c.PublicURL != "" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("public-url: %q, want http://HOST or https://HOST", c.PublicURL)
	}
	if c.Data == "" && !c.Memory {
		return fmt.Errorf("data: is empty; name a file or use memory")
	}
	if _, err := c.ofdFaults(); err != nil {
		return err
	}
	for _, a := range [...]struct{ name, value string }{{"listen", c.Listen}, {"ofd-listen", c.OFDListen}, {"ofd", c.OFD}} {
		if a.name == "ofd" && (a.value == OFDNone || a.value == ofdBuiltIn) {
			continue
		}
		if _, _, err := net.SplitHostPort(a.value); err != nil {
			return fmt.Errorf("%s: %w; want HOST:PORT", a.name, err)
		}
	}
	return nil
}

// master is the key of the fiscal signs.
func (c *Config) master() []byte {
	if c.MasterKey != "" {
		return []byte(c.MasterKey)
	}
	return []byte(fn.DefaultMaster)
}
