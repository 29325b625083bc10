package kkttest_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/daemon"
	"kktd/ffd"
	"kktd/kkttest"
)

func sell(t *testing.T, srv *kkttest.Server) {
	t.Helper()
	status, answer := srv.Post("/kkt/receipt", sale)
	require.Equal(t, 200, status)
	require.Contains(t, string(answer), `"Success":true`)
}

func TestServer(t *testing.T) {
	srv := kkttest.Start(t, kkttest.Options{})
	sell(t, srv)
	srv.WaitConfirmed()
	documents := srv.Documents()
	require.Len(t, documents, 3)
	d := documents[2]
	require.EqualValues(t, 3, d.Number)
	require.Equal(t, ffd.FormReceipt, d.Form)
	require.Equal(t, kkttest.DefaultTime, d.Time.Format(time.RFC3339))
	require.True(t, d.Confirmed)
	require.Zero(t, d.Ticket.Code)
	require.Equal(t, "Чай", d.Tree().Find(ffd.TagItem, ffd.TagItemName).Value())
	srv.RequireDocument(t, 3, d.TLV)
	srv.RequireTag(t, 3, 20100, ffd.TagTotalSum)
	srv.RequireTag(t, 3, "2", ffd.TagItem, ffd.TagQuantity)
	srv.RequireTag(t, 3, []byte{0x84, 0x4E}, ffd.TagTotalSum)
	srv.RequireTag(t, 3, nil, ffd.TagBuyerContact)

	other := kkttest.Start(t, kkttest.Options{})
	sell(t, other)
	other.RequireDocument(t, 3, d.TLV) // the same bytes from another one

	srv.Clock.Advance(25 * time.Hour)
	sell(t, srv)
	require.Equal(t, "shift_closed", srv.WaitEvent("shift_closed", 0).Kind)
	require.Len(t, srv.Events("shift_opened"), 2)
	srv.Clock.Set(srv.Clock.Now().Add(time.Minute))
	srv.Clock.Step(time.Second)
	srv.Clock.Run()
	srv.Clock.Freeze()

	second := srv.NewRegister(map[string]any{"inn": "7736207543", "ffd": "1.05"})
	require.Len(t, srv.Documents(second), 1)
	require.Equal(t, ffd.FormRegistration, srv.Document(1, second).Form)
	require.Len(t, srv.For(t).Documents(srv.NewRegister(nil)), 1)
}

func TestManualAndFaults(t *testing.T) {
	srv := kkttest.Start(t, kkttest.Options{Delivery: "manual", Configure: func(c *daemon.Config) { c.Strict = true }})
	require.False(t, srv.Document(1).Confirmed)
	require.Equal(t, []kkttest.Delivered{{Register: srv.Register, Drive: "9999078900005430", Confirmed: 1}}, srv.Deliver())
	require.True(t, srv.Document(1).Confirmed)
	lift := srv.Fault("http-status:503:times=1")
	status, _ := srv.Post("/kkt/receipt", sale)
	require.Equal(t, 503, status)
	sell(t, srv)
	lift()
	srv.Fault("http-status:500")
	srv.ResetFaults()
	sell(t, srv)
	require.Len(t, srv.Events("fault_fired"), 1)
}

// failing is a test that fails, and keeps why.
type failing struct {
	testing.TB
	said bytes.Buffer
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	fmt.Fprintf(&f.said, format, args...)
	runtime.Goexit()
}

func reason(t *testing.T, do func(t testing.TB)) string {
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(f)
	}()
	<-done
	return f.said.String()
}

// What fails says where, what was wanted and what there is.
func TestReasons(t *testing.T) {
	srv := kkttest.Start(t, kkttest.Options{Delivery: "manual", Patience: 50 * time.Millisecond})
	sell(t, srv)
	want := bytes.Replace(srv.Document(3).TLV, []byte{0x84, 0x4E}, []byte{0x85, 0x4E}, 1)
	for name, c := range map[string]struct {
		do   func(t testing.TB)
		want []string
	}{
		"document": {func(t testing.TB) { srv.RequireDocument(t, 3, want) }, []string{"document 3 of register " + srv.Register + " differs", "3/1020 total sum\n  - 201.01 RUB", "  + 201.00 RUB"}},
		"value":    {func(t testing.TB) { srv.RequireTag(t, 3, 1, ffd.TagTotalSum) }, []string{"tag 1020", "is 20100, want 1", "1059"}},
		"absent":   {func(t testing.TB) { srv.RequireTag(t, 3, "x", ffd.TagBuyerContact) }, []string{"no tag 1008, want x"}},
		"present":  {func(t testing.TB) { srv.RequireTag(t, 3, nil, ffd.TagTotalSum) }, []string{"has tag 1020", "want none"}},
		"number":   {func(t testing.TB) { srv.RequireTag(t, 9, nil, ffd.TagTotalSum) }, []string{"document 9"}},
		"tickets":  {func(t testing.TB) { srv.For(t).WaitConfirmed() }, []string{"within 50ms", srv.Register + ": 3 unsent"}},
		"event":    {func(t testing.TB) { srv.For(t).WaitEvent("shift_closed", 0) }, []string{"no event shift_closed behind 0 within 50ms"}},
		"back":     {func(t testing.TB) { srv.For(t).Clock.Set(time.Unix(1e9, 0)) }, []string{"time only goes forward"}},
		"fault":    {func(t testing.TB) { srv.For(t).Fault("earthquake") }, []string{"earthquake"}},
		"setting":  {func(t testing.TB) { kkttest.Start(t, kkttest.Options{Delivery: "often"}) }, []string{"want async, sync or manual"}},
	} {
		t.Run(name, func(t *testing.T) {
			said := reason(t, c.do)
			for _, part := range c.want {
				require.Contains(t, said, part)
			}
		})
	}
}
