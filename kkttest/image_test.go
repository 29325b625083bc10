package kkttest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkttest"
)

// Each case of a test begins with the register as it was.
func ExampleServer_Restore() {
	var t *testing.T // of your test

	srv := kkttest.Start(t, kkttest.Options{})
	srv.Post("/kkt/receipt", sale)
	srv.Snapshot("sold once")
	for _, name := range []string{"refund", "correction"} {
		t.Run(name, func(t *testing.T) {
			srv := srv.For(t)
			srv.Restore("sold once")
			// Your program goes on from there.
		})
	}
}

// atOFD are the documents that the OFD has under a number, in the order of arrival.
func atOFD(srv *kkttest.Server, number uint32) (list []struct {
	Number   uint32
	Findings int
	Other    bool
}) {
	var page struct {
		Items []struct {
			Number   uint32
			Findings int
			Other    bool
		}
	}
	srv.Call(http.MethodGet, "ofd/documents?limit=100000", nil, &page)
	for _, d := range page.Items {
		if d.Number == number {
			list = append(list, d)
		}
	}
	return list
}

func TestRestoredRegisterGoesOn(t *testing.T) {
	for _, delivery := range []string{"sync", "async", "manual"} {
		t.Run(delivery, func(t *testing.T) {
			srv := kkttest.Start(t, kkttest.Options{Delivery: delivery})
			deliver := func() {
				if delivery == "manual" {
					srv.Deliver()
				}
				srv.WaitConfirmed()
			}
			sell(t, srv)
			deliver()
			srv.Snapshot("base")
			base := srv.Documents()
			for range 2 {
				sell(t, srv)
			}
			deliver()
			srv.Restore("base")
			require.Equal(t, base, srv.Documents())
			srv.Clock.Advance(time.Minute) // other bytes
			_, answer := srv.Post("/kkt/receipt", sale)
			deliver()
			require.Equal(t, 1, storyOf(t, srv, answer)["ticket_stored"])
			require.Len(t, srv.Documents(), len(base)+1)
			require.Zero(t, srv.Document(4).Ticket.Code)
			srv.RequireTag(t, 4, 20100, ffd.TagTotalSum)
			second := atOFD(srv, 4)
			require.Len(t, second, 2, "the OFD has both")
			require.True(t, second[1].Other)
			var findings struct {
				Items []struct{ Severity string }
			}
			srv.Call(http.MethodGet, "ofd/findings?rule=other-bytes", nil, &findings)
			require.Len(t, findings.Items, 1)
			require.Equal(t, "note", findings.Items[0].Severity)
			require.Equal(t, []string{"register_restored"}, kindsOf(srv.Events("register_restored")))

			// What is sent again is known to the OFD, and what comes behind it goes on.
			srv.Restore("base")
			_, answer = srv.Post("/kkt/receipt", sale)
			deliver()
			require.Len(t, atOFD(srv, 4), 2, "the same bytes again")
			require.Equal(t, 1, storyOf(t, srv, answer)["ticket_stored"], "not that of the document that is gone")
			srv.Clock.Advance(time.Minute)
			for range 3 {
				sell(t, srv)
			}
			deliver()
			require.Len(t, srv.Documents(), len(base)+4)
			require.Empty(t, wonders(srv))
		})
	}
}

// storyOf counts the steps of the story of a receipt by their codes.
func storyOf(t *testing.T, srv *kkttest.Server, answer []byte) map[string]int {
	var made struct{ Model struct{ ID string } }
	require.NoError(t, json.Unmarshal(answer, &made))
	var receipt struct {
		Story struct{ Steps []struct{ Code string } }
	}
	srv.Call(http.MethodGet, "receipts/"+made.Model.ID, nil, &receipt)
	codes := map[string]int{}
	for _, step := range receipt.Story.Steps {
		codes[step.Code]++
	}
	return codes
}

func kindsOf(list []kkttest.Event) (kinds []string) {
	for _, e := range list {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// wonders are what the OFD finds in the order of the documents and is more than a note.
func wonders(srv *kkttest.Server) (list []string) {
	for _, rule := range []string{"first-number", "gap", "order", "other-bytes"} {
		var page struct {
			Items []struct{ Rule, Severity string }
		}
		srv.Call(http.MethodGet, "ofd/findings?rule="+rule, nil, &page)
		for _, f := range page.Items {
			if f.Severity != "note" {
				list = append(list, f.Rule)
			}
		}
	}
	return list
}

func TestExportedRegisterGoesToAnotherServer(t *testing.T) {
	srv := kkttest.Start(t, kkttest.Options{})
	sell(t, srv)
	file := srv.Export()
	other := kkttest.Start(t, kkttest.Options{})
	other.Call(http.MethodDelete, "registers/"+other.Register, nil, nil)
	require.Equal(t, srv.Register, other.Import(file))
	require.Equal(t, srv.Documents(), other.Documents())
	require.Equal(t, file, other.Export())
	sell(t, srv)
	sell(t, other)
	other.RequireDocument(t, 4, srv.Document(4).TLV)
	require.Empty(t, wonders(other), "the OFD there knows that the first documents went elsewhere")
	said := reason(t, func(t testing.TB) { other.For(t).Import(file) })
	require.Contains(t, said, "there is a register with this number: delete it first")
	said = reason(t, func(t testing.TB) { srv.For(t).Restore("none") })
	require.Contains(t, said, `snapshot "none" of register`)
	require.Contains(t, reason(t, func(t testing.TB) { srv.For(t).Export("none") }), "there is no register")
}

// A restore of a small register through HTTP.
func BenchmarkRestore(b *testing.B) {
	srv := kkttest.Start(b, kkttest.Options{Delivery: "manual"})
	for range 18 {
		if status, answer := srv.Post("/kkt/receipt", sale); status != 200 || !strings.Contains(string(answer), `"Success":true`) {
			b.Fatal(status, string(answer))
		}
	}
	if n := len(srv.Documents()); n != 20 {
		b.Fatal(n, "documents")
	}
	srv.Snapshot("base")
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			srv.Restore("base")
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			srv.Snapshot(fmt.Sprint("s", i%2))
		}
	})
}
