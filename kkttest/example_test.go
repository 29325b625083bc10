package kkttest_test

import (
	"strings"
	"testing"
	"time"

	"kktd/daemon"
	"kktd/ffd"
	"kktd/kkttest"
)

const sale = `{"Inn":"7708806062","Type":"Income","CustomerReceipt":{"Items":[{"Label":"Чай","Price":100.50,"Quantity":2,"Amount":201,"Vat":22}],"Amounts":{"Electronic":201}}}`

// saleOf is the sale of another organisation.
func saleOf(inn string) string { return strings.Replace(sale, "7708806062", inn, 1) }

// A test of a shop: it sells, and the receipt is what the law wants.
func Example() {
	var t *testing.T // of your test

	srv := kkttest.Start(t, kkttest.Options{})
	srv.Post("/kkt/receipt", sale) // your program does that, with srv.URL, srv.PublicID and srv.Secret
	srv.WaitConfirmed()
	srv.RequireTag(t, 3, "Чай", ffd.TagItem, ffd.TagItemName)
	srv.RequireTag(t, 3, 20100, ffd.TagTotalSum)
}

// The shift is over after 24 hours; the next receipt closes it and opens the next.
func ExampleClock() {
	var t *testing.T // of your test

	srv := kkttest.Start(t, kkttest.Options{})
	srv.Post("/kkt/receipt", sale)
	srv.Clock.Advance(25 * time.Hour)
	srv.Post("/kkt/receipt", sale)
	srv.WaitEvent("shift_closed", 0)
}

// Tests that run side by side share a server, and have a register each.
func ExampleServer_Fresh() {
	var t *testing.T // of your test

	srv := kkttest.Start(t, kkttest.Options{})
	for _, name := range []string{"sale", "return"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := srv.Fresh(t, nil)                  // deleted at the end, with all it made
			own.Post("/kkt/receipt", saleOf(own.INN)) // your program does that, with own.INN, own.PublicID and own.Secret
			own.RequireTag(t, 3, 20100, ffd.TagTotalSum)
		})
	}
}

// The document is made, and its answer is lost.
func ExampleServer_Fault() {
	var t *testing.T // of your test

	srv := kkttest.Start(t, kkttest.Options{})
	srv.Fault("cut:answer:times=1")
	// Your program sends the receipt, gets no answer, and sends it again with the same
	// X-Request-ID: there must be one document.
}

// Any setting of kktd serve.
func ExampleOptions() {
	var t *testing.T // of your test

	kkttest.Start(t, kkttest.Options{Delivery: "manual", Configure: func(c *daemon.Config) { c.Strict = true }})
}
