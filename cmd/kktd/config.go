package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"kktd/daemon"
)

// serveOptions are the settings of the daemon and those of the command alone.
type serveOptions struct {
	daemon.Config `koanf:",squash"`
	SeedFile      string `koanf:"seed-file"`
	Trace         string `koanf:"trace"`
	LogFormat     string `koanf:"log-format"`
	LogLevel      string `koanf:"log-level"`
	Demo          bool   `koanf:"demo"`
}

// addFlags declares every setting as a flag. The flags hold the defaults.
func addFlags(f *pflag.FlagSet) {
	d := daemon.Default()
	f.String("config", "", "YAML file with the same names as these flags, and organisations")
	f.String("data", d.Data, "file that keeps registers, documents and receipts")
	f.Bool("memory", d.Memory, "keep everything in memory; nothing is left after the end")
	f.String("seed-file", "", "YAML file of organisations, accounts and registers to make instead of those of the first start; what is there already stays")
	f.String("durability", d.Durability, "sync: a receipt is on disk before its answer; none: no fsync")
	f.String("listen", d.Listen, "HOST:PORT of HTTP; port 0 takes a free one")
	f.String("ofd-listen", d.OFDListen, "HOST:PORT of the built-in test OFD; port 0 takes a free one")
	f.String("ofd", d.OFD, "HOST:PORT of an outside OFD instead of the built-in one, or none")
	addOFDFlags(f)
	f.Bool("ofd-one-connection", d.OFDOneConnection, "a new connection to the OFD for each document, as real devices do")
	f.Duration("ofd-timeout", d.OFDTimeout, "how long to wait for the answer of the OFD before the document is sent again")
	f.String("delivery", d.Delivery, "async: documents go out behind the answers; sync: an answer waits for their tickets; manual: kktd deliver sends them")
	f.Duration("sync-timeout", d.SyncTimeout, "how long an answer waits for tickets with --delivery sync, real time")
	f.String("clock", d.Clock, clockUsage)
	f.String("public-url", d.PublicURL, "base of the links in answers; empty: as the request came")
	f.Bool("original-links", d.OriginalLinks, "QrCodeUrl in answers leads to the host of the real service")
	f.String("control-token", d.ControlToken, "lets other machines use the control API with this bearer token")
	f.Bool("protect-test", d.ProtectTest, "/test of CloudKassir answers only with credentials")
	f.String("smtp", d.SMTP, "HOST:PORT of the server that receipts go to their buyers by; empty: they are only kept")
	f.String("smtp-user", d.SMTPUser, "user of the server; empty: no login")
	f.String("smtp-password", d.SMTPPassword, "password of the server; KKTD_SMTP_PASSWORD keeps it out of the list of processes")
	f.String("smtp-tls", string(d.SMTPTLS), "auto: STARTTLS where the server has it; starttls: always; tls: from the first byte; none")
	f.String("smtp-from", d.SMTPFrom, "sender of letters; empty: the sender's address in the receipt")
	f.Duration("webhook-timeout", d.WebhookTimeout, "how long a receiver of notifications may take to answer")
	f.DurationSlice("webhook-pauses", d.WebhookPauses, "waits before the next attempts of a notification; the last one repeats")
	f.Int("webhook-attempts", d.WebhookAttempts, "attempts of one notification before it is given up")
	f.StringArray("fault", nil, "a fault in force from the start, as cut:answer:times=1; repeatable; kktd fault kinds lists them")
	f.Duration("processing-delay", d.ProcessingDelay, "how long a receipt stays Queued before its document is made")
	f.Uint64("seed", d.Seed, "where the ids of receipts come from in a new file, and secrets and GUIDs; 0: by chance")
	f.String("master-key", d.MasterKey, "key of the fiscal signs; empty: the published one")
	f.String("ffd", d.FFD, "format of the register made at the first start: 1.05, 1.1 or 1.2")
	f.String("ticket-check", d.TicketCheck, "signs of OFD tickets: lenient, strict or off")
	f.String("correction-vat", d.CorrectionVAT, "VatRate 5 in corrections of CloudKassir: old reads 0 %, new reads 5 %")
	f.Bool("free-corrections", d.FreeCorrections, "take corrections whose Amounts differ from their items")
	f.Int("request-limit", d.RequestLimit, "requests of an account in work at the same time, more are answered with HTTP 429; 0: any number")
	f.Int("test-quota", d.TestQuota, "receipts an organisation may make in 8 hours, then error 22; 0: any number")
	f.Bool("strict", d.Strict, "refuse what is a warning otherwise: check digits, characters outside CP866")
	f.Bool("any-drive-number", d.AnyDriveNumber, "allow drive numbers that do not begin with 9999")
	f.String("log-format", "text", "text or json")
	f.String("log-level", "info", "debug, info, warn or error")
	f.Bool("demo", false, "make one receipt at start and print its slip and bytes")
}

// addOFDFlags declares what is the same for the OFD in the daemon and alone.
func addOFDFlags(f *pflag.FlagSet) {
	f.StringArray("ofd-fault", nil, "NAME[:PARAM]...: what the built-in OFD does wrong on purpose; more than once for more (kktd ofd serve --help)")
	f.String("trace", "", "file that gets every frame of the exchange with the OFD, annotated; - for standard output")
}

const envPrefix = "KKTD_"

// loadOptions reads the settings: a flag that was given wins over the
// environment (KKTD_LISTEN for --listen), that over the file, that over the
// default. A name that is no setting is an error.
func loadOptions(flags *pflag.FlagSet) (*serveOptions, error) {
	o := &serveOptions{Config: daemon.Default()}
	k := koanf.New(".")
	path, err := flags.GetString("config")
	if err != nil {
		return nil, err
	}
	if !flags.Changed("config") {
		path = os.Getenv(envPrefix + "CONFIG")
	}
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return nil, fmt.Errorf("config: %w", err)
		}
		if o.Organisations, err = readOrganisations(path, false); err != nil {
			return nil, fmt.Errorf("config: %w", err)
		}
		k.Delete(organisationsSection)
		for _, name := range k.Keys() {
			if flags.Lookup(name) == nil || name == "config" {
				return nil, fmt.Errorf("config: %s: %q is no setting; see kktd serve --help", path, name)
			}
		}
	}
	err = k.Load(env.Provider(".", env.Opt{Prefix: envPrefix, TransformFunc: func(name, value string) (string, any) {
		name = strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, envPrefix)), "_", "-")
		if flags.Lookup(name) == nil {
			return "", nil // another program may use the prefix too
		}
		return name, value
	}}), nil)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	if err := k.Load(posflag.Provider(flags, ".", k), nil); err != nil {
		return nil, err
	}
	err = k.UnmarshalWithConf("", o, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: o, TagName: "koanf", Squash: true, WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToWeakSliceHookFunc(",")),
	}})
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if o.SeedFile != "" {
		if o.Seeds, err = readOrganisations(o.SeedFile, true); err != nil {
			return nil, fmt.Errorf("seed-file: %w", err)
		}
	}
	return o, nil
}

const clockUsage = "clock of a new file: frozen[:TIME], stepping:STEP[:TIME] or offset:DURATION, TIME as 2026-02-01T09:00:00+03:00"
