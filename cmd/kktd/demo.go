package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"kktd/daemon"
	"kktd/ofdproto"
)

// demoReceipt is a request that a newcomer can paste.
const demoReceipt = `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[` +
	`{"Label":"Чай листовой","Price":100.50,"Quantity":2,"Amount":201.00,"Vat":22},` +
	`{"Label":"Доставка","Price":300,"Quantity":1,"Amount":300,"Vat":null,"Object":4}],` +
	`"Email":"buyer@example.com","Amounts":{"Electronic":501.00}}}`

// demoWait limits how long the demonstration waits for the document and for its
// ticket, and demoPause is how often it looks.
const (
	demoWait  = 5 * time.Second
	demoPause = 10 * time.Millisecond
)

// demoDocument is what the demonstration reads of a document.
type demoDocument struct {
	TLV    string
	Ticket *struct {
		Time string
		Code int
	}
}

// demonstrate makes one receipt through the daemon's own HTTP API, as a client
// would, and prints its slip and its bytes.
func demonstrate(ctx context.Context, d *daemon.Daemon, delay time.Duration, out io.Writer) error {
	c := demoClient{base: d.URL()}
	var answer struct {
		Success bool
		Message string
		Model   struct{ Id string }
	}
	if err := c.call(ctx, http.MethodPost, "/kkt/receipt", []byte(demoReceipt), &answer); err != nil {
		return err
	}
	if !answer.Success {
		return fmt.Errorf("the receipt was refused: %s", answer.Message)
	}
	var receipt struct {
		Status, Error, Register string
		Documents               []uint32
	}
	err := wait(ctx, delay+demoWait, func() (bool, error) {
		err := c.call(ctx, http.MethodGet, "/control/v1/receipts/"+answer.Model.Id, nil, &receipt)
		return receipt.Status != "Queued", err
	})
	if err != nil {
		return err
	}
	if len(receipt.Documents) == 0 {
		return fmt.Errorf("the receipt has no document: %s: %s", receipt.Status, receipt.Error)
	}
	page := "/r/" + answer.Model.Id
	slip, err := c.do(ctx, http.MethodGet, page+".txt", nil)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/control/v1/registers/%s/documents/%d", receipt.Register, receipt.Documents[0])
	var doc demoDocument
	if err := c.call(ctx, http.MethodGet, path, nil, &doc); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(doc.TLV)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n%s\nThe same receipt: %s\n", slip, ofdproto.Tree(raw), c.base+page)
	if d.OFDAddr() == daemon.OFDNone {
		return nil
	}
	err = wait(ctx, demoWait, func() (bool, error) {
		err := c.call(ctx, http.MethodGet, path, nil, &doc)
		return doc.Ticket != nil, err
	})
	switch {
	case errors.Is(err, errDemoWait):
		fmt.Fprintf(out, "The OFD at %s has not confirmed it within %v; it will be tried again.\n", d.OFDAddr(), demoWait)
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "Delivered to the OFD and confirmed at %s with code %d.\n", doc.Ticket.Time, doc.Ticket.Code)
	return nil
}

// errDemoWait is returned when what the demonstration waits for does not come.
var errDemoWait = errors.New("it did not come in time")

// wait looks until done, an error, the end of ctx or of the time.
func wait(ctx context.Context, d time.Duration, look func() (done bool, err error)) error {
	limit := time.NewTimer(d)
	defer limit.Stop()
	for {
		if done, err := look(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return errDemoWait
		case <-time.After(demoPause):
		}
	}
}

// demoClient is a client with the credentials of the first start.
type demoClient struct{ base string }

func (c demoClient) call(ctx context.Context, method, path string, body []byte, answer any) error {
	raw, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (c demoClient) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(daemon.FirstPublicID, daemon.FirstSecret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, bytes.TrimSpace(raw))
	}
	return raw, err
}
