package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kktd/event"
)

// exitTimeout is the exit code of a wait that has ended without what it waited for.
const exitTimeout = 2

type waitOptions struct {
	clientFlags
	timeout                       time.Duration
	inn, register, drive, receipt string
	document                      uint32
	form                          uint16
	after                         uint64
	count                         int
}

func newWaitCommand() *cobra.Command {
	var o waitOptions
	cmd := &cobra.Command{
		Use:   "wait KIND",
		Short: "Wait until something has happened, for scripts",
		Long: `Wait for an event of a running kktd instead of sleeping.

"wait confirmed" returns when the OFD has confirmed all there is: every document of
the registers that --inn and --register choose, or with --receipt those of one
receipt; "wait sent" when all there is went out to the OFD, also where its answer
never comes. Every other kind waits for the next event of that kind from now on, or
from --after NUMBER on, and prints it, as these two do with --after or --document:
` + kindList() + `.

The time-out is real time, whatever the business clock shows. Exit code 0: it has
happened; 2: the time is over; 1: another error.`,
		Example: `  kktd wait confirmed --inn 7708806062 --timeout 10s
  kktd wait confirmed --receipt c926e19be837c5090e37d76c4c30f05d
  kktd wait sent --inn 7708806062 --timeout 10s
  kktd wait shift_closed --register 00000000000000000001 --timeout 1m
  kktd wait document --form 3 --count 5 --after 0 --json`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: kindNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.reach(cmd)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.ctx, o.timeout)
			defer cancel()
			c.ctx = ctx
			kind, chosen := event.Kind(args[0]), cmd.Flags().Changed("after") || cmd.Flags().Changed("document")
			if (kind == event.Confirmed || kind == event.Sent) && !chosen {
				err = o.all(c, kind)
			} else {
				err = o.events(c, args[0], cmd.Flags().Changed("after"))
			}
			if errors.Is(err, context.DeadlineExceeded) {
				err = &codeError{error: fmt.Errorf("%s has not happened within %v", args[0], o.timeout), code: exitTimeout}
			}
			return err
		},
	}
	f := cmd.Flags()
	o.addFlags(f)
	for _, name := range [...]string{"data", "config"} {
		_ = f.MarkHidden(name) // it waits for a daemon that runs
	}
	f.DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait")
	f.StringVar(&o.inn, "inn", "", "registers of this organisation alone")
	f.StringVar(&o.register, "register", "", "the register with this serial number alone")
	f.StringVar(&o.drive, "drive", "", "the drive with this FN number alone")
	f.StringVar(&o.receipt, "receipt", "", "the receipt with this id alone")
	f.Uint32Var(&o.document, "document", 0, "the document with this number alone")
	f.Uint16Var(&o.form, "form", 0, "documents of this form alone")
	f.Uint64Var(&o.after, "after", 0, "events behind this number, 0 for all; without it: from now on")
	f.IntVar(&o.count, "count", 1, "so many of them")
	return cmd
}

func kindNames() (names []string) {
	for _, k := range event.Kinds() {
		names = append(names, string(k))
	}
	return names
}

func kindList() string { return strings.Join(kindNames(), ", ") }

// eventsAnswer is a page of events.
type eventsAnswer struct {
	Items []json.RawMessage `json:"items"`
	Next  uint64            `json:"next"`
	Last  uint64            `json:"last"`
}

// poll is how long one request of a wait is, real time.
const poll = "30s"

// query chooses events of a kind, behind a number.
func (o *waitOptions) query(kinds string, after uint64, limit int) string {
	q := url.Values{"kind": {kinds}, "after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(limit)}, "wait": {poll}}
	for name, value := range map[string]string{"inn": o.inn, "register": o.register, "drive": o.drive, "receipt": o.receipt} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if o.document != 0 {
		q.Set("document", strconv.FormatUint(uint64(o.document), 10))
	}
	if o.form != 0 {
		q.Set("form", strconv.FormatUint(uint64(o.form), 10))
	}
	return "events?" + q.Encode()
}

// last is the number of the last event there is.
func (c *client) last() (uint64, error) {
	var page eventsAnswer
	err := c.quiet().call(http.MethodGet, "events?limit=1", nil, &page)
	return page.Last, err
}

// events waits for count events of a kind and prints them.
func (o *waitOptions) events(c *client, kind string, hasAfter bool) (err error) {
	after := o.after
	if !hasAfter {
		if after, err = c.last(); err != nil {
			return err
		}
	}
	for left := o.count; left > 0; {
		var page eventsAnswer
		if err := c.quiet().call(http.MethodGet, o.query(kind, after, left), nil, &page); err != nil {
			return err
		}
		for _, raw := range page.Items {
			if err := c.printEvent(raw); err != nil {
				return err
			}
		}
		left, after = left-len(page.Items), page.Next
	}
	return nil
}

// printEvent prints an event as a line.
func (c *client) printEvent(raw json.RawMessage) error {
	if c.json {
		_, err := fmt.Fprintf(c.out, "%s\n", raw)
		return err
	}
	var e struct {
		Number   uint64    `json:"number"`
		Kind     string    `json:"kind"`
		Time     time.Time `json:"time"`
		Register string    `json:"register"`
		Document uint32    `json:"document"`
		Receipt  string    `json:"receipt"`
		Text     string    `json:"text"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	line := fmt.Sprintf("%d  %s  %s", e.Number, e.Time.Format(time.RFC3339), e.Kind)
	for _, part := range [...]struct{ name, value string }{{"register", e.Register}, {"document", plainNumber(e.Document)}, {"receipt", e.Receipt}, {"", e.Text}} {
		if part.value != "" {
			line += strings.TrimRight("  "+part.name, " ") + " " + part.value
		}
	}
	_, err := fmt.Fprintln(c.out, line)
	return err
}

func plainNumber(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

// all waits until everything that was asked for is confirmed, or sent.
func (o *waitOptions) all(c *client, kind event.Kind) error {
	for {
		// The number first: what happens between the look and the wait is not missed.
		after, err := c.last()
		if err != nil {
			return err
		}
		done, err := o.isDone(c.quiet(), kind)
		if done || err != nil {
			return err
		}
		var page eventsAnswer
		all := waitOptions{} // a receipt has events of its own, its documents have others
		if err := c.quiet().call(http.MethodGet, all.query(string(kind)+",document,receipt_failed", after, 1), nil, &page); err != nil {
			return err
		}
	}
}

func (o *waitOptions) isDone(c *client, kind event.Kind) (bool, error) {
	if o.receipt != "" {
		return c.receiptDone(o.receipt, kind)
	}
	all, err := c.registers()
	if err != nil {
		return false, err
	}
	found, done := false, true
	for _, r := range all {
		if o.inn != "" && r.INN != o.inn || o.register != "" && r.Serial != o.register || o.drive != "" && r.Drive.Number != o.drive {
			continue
		}
		if found = true; r.OutOfService != "" {
			return false, fmt.Errorf("register %s is out of service: %s", r.Serial, r.OutOfService)
		}
		left := uint32(0)
		if r.Unsent != nil {
			left = r.Unsent.Count
			if kind == event.Sent {
				left -= r.Unsent.Sent
			}
		}
		done = done && left == 0
	}
	if !found {
		return false, errors.New("no register fits --inn, --register and --drive; kktd register list shows all")
	}
	return done, nil
}

// receiptDone tells whether all documents of a receipt are confirmed, or sent; an
// error when it ended without a document.
func (c *client) receiptDone(id string, kind event.Kind) (bool, error) {
	var rec struct {
		Status    string   `json:"status"`
		Register  string   `json:"register"`
		Drive     uint64   `json:"drive"`
		Documents []uint32 `json:"documents"`
		Error     string   `json:"error"`
	}
	if err := c.call(http.MethodGet, "receipts/"+url.PathEscape(id)+"?story=false", nil, &rec); err != nil {
		return false, err
	}
	if rec.Status == "Error" {
		return false, fmt.Errorf("receipt %s was not made: %s", id, rec.Error)
	}
	for _, n := range rec.Documents {
		var doc struct {
			Sent      bool `json:"sent"`
			Confirmed bool `json:"confirmed"`
		}
		path := fmt.Sprintf("registers/%s/drives/%d/documents/%d", url.PathEscape(rec.Register), rec.Drive, n)
		if err := c.call(http.MethodGet, path, nil, &doc); err != nil {
			return false, err
		}
		if done := doc.Confirmed || kind == event.Sent && doc.Sent; !done {
			return false, nil
		}
	}
	return len(rec.Documents) > 0, nil
}
