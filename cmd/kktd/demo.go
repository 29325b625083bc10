package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"kktd/daemon"
	"kktd/ofdproto"
)

// demoReceipt is a request that a newcomer can paste.
const demoReceipt = `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[` +
	`{"Label":"Чай «Беседа»","Price":100.50,"Quantity":2,"Amount":201.00,"Vat":22},` +
	`{"Label":"Доставка","Price":300,"Quantity":1,"Amount":300,"Vat":null,"Object":4}],` +
	`"Email":"buyer@example.com","Amounts":{"Electronic":501.00}}}`

// demoWait limits how long the demonstration waits for the ticket, and
// demoPause is how often it looks.
const (
	demoWait  = 5 * time.Second
	demoPause = 10 * time.Millisecond
)

// demonstrate makes one receipt through the daemon's own HTTP API, as a client
// would, and prints its slip and its bytes.
func demonstrate(ctx context.Context, d *daemon.Daemon, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, demoWait)
	defer cancel()
	c := demoClient{base: d.URL()}
	var answer struct {
		Success bool
		Message string
		Model   struct{ Id, ReceiptLocalUrl string }
	}
	if err := c.call(ctx, http.MethodPost, "/kkt/receipt", []byte(demoReceipt), &answer); err != nil {
		return err
	}
	if !answer.Success {
		return fmt.Errorf("the receipt was refused: %s", answer.Message)
	}
	var receipt struct {
		Status, Error string
		Register      string
		Documents     []uint32
	}
	if err := c.call(ctx, http.MethodGet, "/control/v1/receipts/"+answer.Model.Id, nil, &receipt); err != nil {
		return err
	}
	if len(receipt.Documents) == 0 {
		return fmt.Errorf("the receipt has no document: %s %s", receipt.Status, receipt.Error)
	}
	slip, err := c.get(ctx, "/r/"+answer.Model.Id)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", slip)

	path := fmt.Sprintf("/control/v1/registers/%s/documents/%d", receipt.Register, receipt.Documents[0])
	var doc struct {
		TLV    string
		Ticket *struct {
			Time        string
			OperatorINN string `json:"operator_inn"`
			Code        int
		}
	}
	for {
		if err := c.call(ctx, http.MethodGet, path, nil, &doc); err != nil {
			return err
		}
		if doc.Ticket != nil || d.OFDAddr() == daemon.OFDNone {
			break
		}
		select {
		case <-ctx.Done():
			fmt.Fprintf(out, "The OFD at %s has not confirmed the document yet.\n", d.OFDAddr())
			return nil
		case <-time.After(demoPause):
		}
	}
	raw, err := base64.StdEncoding.DecodeString(doc.TLV)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", ofdproto.Tree(raw))
	if doc.Ticket != nil {
		fmt.Fprintf(out, "Delivered to the OFD and confirmed at %s with code %d.\n", doc.Ticket.Time, doc.Ticket.Code)
	}
	fmt.Fprintf(out, "The same receipt: %s\n", c.base+"/r/"+answer.Model.Id)
	return nil
}

// demoClient is a client with the credentials of the first start.
type demoClient struct{ base string }

func (c demoClient) get(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

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
