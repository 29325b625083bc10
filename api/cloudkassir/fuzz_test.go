package cloudkassir

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"kktd/kkt"
)

// FuzzReceipt: every body gets a JSON answer with an id or an error code, what is taken can be got, and every document is
// paid in full.
func FuzzReceipt(f *testing.F) {
	f.Add("application/json", receiptOf(oneItem, ""))
	f.Add("application/json", receiptOf(agentItem(6, "null", goodSupplier), `,"Amounts":{"Cash":500,"Credit":1},"NonCashPayments":[{"Amount":1,"PaymentMethod":1}]`))
	f.Add("", usual(3))
	f.Add("application/x-www-form-urlencoded", "Inn=7708806062&Type=Income&CustomerReceipt[Items][0][Label]=a&CustomerReceipt[Items][0][Price]=1&CustomerReceipt[Items][0][Amount]=1")
	files, _ := filepath.Glob(filepath.Join(shared, "vectors", "api", "cloudkassir", "receipt-*.json"))
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil {
			f.Add("application/json", string(text))
		}
	}
	b := open(f, nil)
	b.fleet.look = func(r *kkt.Receipt) {
		for _, p := range r.Parts {
			if p.ItemsTotal() != p.Payments.Total() || len(p.Items) == 0 || len(p.Items) > maxItems {
				panic("a part does not balance")
			}
		}
	}
	f.Fuzz(func(t *testing.T, contentType, body string) {
		w := b.post(pathReceipt, body, func(r *http.Request) { r.Header.Set("Content-Type", contentType) })
		var a struct {
			Model struct {
				Id        string
				ErrorCode *int
			}
			Success bool
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.Model.ErrorCode == nil || a.Success != (a.Model.Id != "") {
			t.Fatalf("%v: %s", err, w.Body)
		}
		if a.Success {
			w = b.post(pathGet, `{"Id":"`+a.Model.Id+`"}`)
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s", w.Body)
			}
		}
	})
}
