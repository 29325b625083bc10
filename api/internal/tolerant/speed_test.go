package tolerant

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// receiptBody is a usual request: five items, labels in Cyrillic, each item written by item.
func receiptBody(item func(label string) string) []byte {
	items := make([]string, 5)
	for i := range items {
		items[i] = item(fmt.Sprintf("Наименование товара %d", i+1))
	}
	return []byte(`{"Inn":"7708806062","InvoiceId":"1234567","AccountId":"user@example.com","Type":"Income","CustomerReceipt":{"Items":[` +
		strings.Join(items, ",") +
		`],"taxationSystem":0,"email":"user@example.com","phone":"","isBso":false,"amounts":{"electronic":1300.00,"advancePayment":0.00}}}`)
}

const itemMembers = `,"price":100.00,"quantity":1.00,"amount":100.00,"vat":20,"method":4,"object":1,"measurementUnit":"pcs"}`

func plainItem(label string) string { return `{"label":"` + label + `"` + itemMembers }

// escapedItem is what PHP's json_encode makes of Cyrillic.
func escapedItem(label string) string {
	var b strings.Builder
	for _, r := range label {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return plainItem(b.String())
}

func formBody() []byte {
	var b strings.Builder
	b.WriteString("Inn=7708806062&Type=Income")
	for i := range 5 {
		for _, field := range [...]string{"Label", "Price", "Quantity", "Amount", "Vat"} {
			fmt.Fprintf(&b, "&CustomerReceipt%%5BItems%%5D%%5B%d%%5D%%5B%s%%5D=%s", i, field, url.QueryEscape("100.00 ж"))
		}
	}
	return []byte(b.String())
}

// readReceipt reads every field of receiptBody, as a translation does.
func readReceipt(root Value) int64 {
	var problems Problems
	f := NewFields(root, &problems)
	f.Require("Inn", "Type", "CustomerReceipt")
	receipt, _ := f.Object("CustomerReceipt")
	total := int64(0)
	for _, item := range receipt.Objects("Items") {
		_, _ = item.Filled("Label")
		_, _ = item.Kopecks("Price")
		_, _ = item.Decimal("Quantity")
		amount, _ := item.Kopecks("Amount")
		for _, name := range [...]string{"Vat", "Method", "Object"} {
			_, _ = item.Int(name, Exact)
		}
		_, _ = item.Filled("MeasurementUnit")
		total += amount
	}
	_, _ = receipt.Bool("IsBso")
	if problems.First() != nil {
		return -1
	}
	return total
}

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too")
	}
	for _, c := range []struct {
		name   string
		body   []byte
		parse  func(*Document, []byte) error
		allocs float64
	}{
		{"plain: the copy of the body", receiptBody(plainItem), (*Document).ParseJSON, 1},
		{"escaped: and the strings without escapes", receiptBody(escapedItem), (*Document).ParseJSON, 2},
		{"form: the copy of the body and the unescaped strings", formBody(), (*Document).ParseForm, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Document
			allocs := testing.AllocsPerRun(100, func() {
				if err := c.parse(&d, c.body); err != nil {
					panic(err)
				}
			})
			require.LessOrEqual(t, allocs, c.allocs)
		})
	}
	root := parseJSON(t, string(receiptBody(plainItem)))
	require.Equal(t, int64(50000), readReceipt(root))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { readReceipt(root) }), 1.0, "the Problems alone")
}

func TestResetDropsLargeTrees(t *testing.T) {
	var d Document
	require.NoError(t, d.ParseJSON([]byte("["+strings.Repeat("0,", 2*maxKeptNodes)+"]")))
	require.Equal(t, 2*maxKeptNodes, d.Root().Len())
	d.Reset()
	require.Zero(t, cap(d.nodes))
	require.Equal(t, Absent, d.Root().Kind())
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name  string
		body  []byte
		parse func(*Document, []byte) error
	}{
		{"plain", receiptBody(plainItem), (*Document).ParseJSON},
		{"escaped", receiptBody(escapedItem), (*Document).ParseJSON},
		{"form", formBody(), (*Document).ParseForm},
	} {
		for _, reuse := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/reuse=%t", c.name, reuse), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(c.body)))
				d := new(Document)
				for b.Loop() {
					if !reuse {
						d = new(Document)
					}
					if err := c.parse(d, c.body); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	root := parseJSON(b, string(receiptBody(plainItem)))
	b.ReportAllocs()
	for b.Loop() {
		readReceipt(root)
	}
}
