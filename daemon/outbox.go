package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kktd/api/cloudkassir"
	"kktd/kkt"
	"kktd/outbox"
	"kktd/webhook"
)

// notifiers render what is told outside; each API that tells adds its own.
func (d *Daemon) notifiers() []kkt.Notifier {
	return []kkt.Notifier{&cloudkassir.Notifier{Log: d.log, Base: d.publicURL}}
}

// publicURL begins the links that are sent outside a request: the setting, or the
// address of this daemon.
func (d *Daemon) publicURL() string {
	if d.config.PublicURL != "" {
		return strings.TrimRight(d.config.PublicURL, "/")
	}
	return d.URL()
}

// newTransports makes what delivers the outbox, by the names in entries. The one of
// mail joins them when the fleet is open.
func (d *Daemon) newTransports() map[string]webhook.Transport {
	c := &d.config
	return map[string]webhook.Transport{
		webhook.TransportHTTP: webhook.NewHTTP(webhook.HTTPOptions{AnswerTimeout: c.WebhookTimeout, Pauses: c.WebhookPauses, Attempts: c.WebhookAttempts,
			Judges: map[string]func([]byte) error{cloudkassir.Name: cloudkassir.JudgeAnswer}}),
	}
}

// openOutbox opens the outbox and makes its deliverer, which the fleet wakes.
func (d *Daemon) openOutbox() (err error) {
	if d.outbox, err = outbox.Open(d.store, 0); err != nil {
		return err
	}
	d.transports = d.newTransports()
	d.webhooks = webhook.New(webhook.Options{Box: d.outbox, Clock: d.clock, Log: d.log.WithField("room", "webhook"), Transports: d.transports, Faults: &d.faults})
	return nil
}

// startOutbox delivers until ctx ends.
func (d *Daemon) startOutbox(ctx context.Context) {
	d.sending.Go(func() {
		if err := d.webhooks.Run(ctx); !errors.Is(err, context.Canceled) {
			d.fail(fmt.Errorf("outbox: %w", err))
		}
	})
}

// Webhooks is the delivery of notifications.
func (d *Daemon) Webhooks() *webhook.Deliverer { return d.webhooks }

// checkWebhooks names the first setting of notifications that cannot be used.
func (c *Config) checkWebhooks() error {
	if c.WebhookTimeout < time.Millisecond {
		return fmt.Errorf("webhook-timeout: %v, want at least 1ms with its unit, as 30s", c.WebhookTimeout)
	}
	if c.WebhookAttempts < 1 {
		return fmt.Errorf("webhook-attempts: %d, want 1 or more", c.WebhookAttempts)
	}
	if len(c.WebhookPauses) == 0 {
		return errors.New("webhook-pauses: none; want a list as 1m,2m,5m,10m,30m")
	}
	for _, p := range c.WebhookPauses {
		if p < time.Millisecond {
			return fmt.Errorf("webhook-pauses: %v, want at least 1ms each, as 1m,2m,5m,10m,30m", p)
		}
	}
	return nil
}
