package kkt

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/outbox"
	"kktd/storage/memory"
	"kktd/tlv"
)

// teller writes an entry about everything.
type teller struct{ silent bool }

func (x *teller) OfReceipt(n *ReceiptNotice) (list []outbox.Entry) {
	if x.silent {
		return nil
	}
	text := fmt.Sprintf("%s %d", n.Record.Status, n.Parts())
	for i := range n.Parts() {
		d, err := n.Details(i)
		text += fmt.Sprintf(" %d:%d:%s:%v", d.Number, d.Total, d.Register.Serial, err)
	}
	return []outbox.Entry{{Transport: "http", Lane: "a", Type: "Receipt", Receipt: n.Record.ID, Body: []byte(text)}}
}

func (x *teller) OfRegister(n *RegisterNotice) (list []outbox.Entry) {
	if x.silent {
		return nil
	}
	return []outbox.Entry{{Transport: "http", Lane: "a", Type: "Kkt", Body: fmt.Appendf(nil, "%s %d %s", n.Event, n.Document, n.Register.Place)}}
}

func bodies(t testing.TB, box *outbox.Box) (list []string) {
	require.NoError(t, box.List(0, func(e *outbox.Entry, s *outbox.Status) (bool, error) {
		full, _, err := box.Entry(e.Number)
		list = append(list, string(full.Body))
		return true, err
	}))
	return list
}

func openTelling(t testing.TB, set func(*Options)) (*bench, *outbox.Box) {
	store := memory.Open()
	box, err := outbox.Open(store, 0)
	require.NoError(t, err)
	b := openBench(t, store, func(o *Options) {
		o.Outbox, o.Notifiers = box, []Notifier{&teller{}}
		if set != nil {
			set(o)
		}
	})
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", testSettings()))
	return b, box
}

func TestWhatIsTold(t *testing.T) {
	b, box := openTelling(t, nil)
	var told []uint64
	box.Notify(func(refs []outbox.Ref) {
		for _, r := range refs {
			told = append(told, r.Number)
		}
	})
	s := testSettings()
	s.Place = "shop.example.com"
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", s))
	two := testReceipt(100)
	two.Parts = append(two.Parts, testReceipt(200).Parts[0])
	b.submit(two)
	bad := testReceipt(100)
	bad.Parts[0].Payments.Cashless = 1 << 40 // more than a drive counts in one receipt
	require.Equal(t, Failed, b.submit(bad).Status)
	require.Equal(t, []string{
		"registered 1 www.example.com",
		"reregistered 2 shop.example.com",
		"Processed 2 4:100:00000000000000000001:<nil> 5:200:00000000000000000001:<nil>",
		"Error 0",
	}, bodies(t, box))
	require.Equal(t, []uint64{2, 3, 4}, told)
}

func TestDelayedReceiptIsToldWhenItIsMade(t *testing.T) {
	b, box := openTelling(t, func(o *Options) { o.Delay = time.Minute })
	b.submit(testReceipt(100))
	require.Len(t, bodies(t, box), 1, "of the register")
	b.clock.Advance(time.Minute)
	require.Eventually(t, func() bool { return len(bodies(t, box)) == 2 }, 5*time.Second, time.Millisecond)
	require.Equal(t, "Processed 1 3:100:00000000000000000001:<nil>", bodies(t, box)[1])
}

// A refused change leaves nothing in the outbox.
func TestRefusedChangeIsNotTold(t *testing.T) {
	b, box := openTelling(t, nil)
	r := testReceipt(100)
	r.Parts[0].Attribute = tlv.MustText("longer than sixteen")
	_, err := b.fleet.Submit(context.Background(), r)
	require.Error(t, err)
	s := testSettings()
	s.TaxSystems = nil
	require.True(t, errors.Is(b.fleet.Fiscalize(context.Background(), "pk_demo", s), ErrInvalid))
	require.Len(t, bodies(t, box), 1)
}

// TestNobodyListens: asking costs nothing when nobody wants to know.
func TestNobodyListens(t *testing.T) {
	allocs := func(notifiers []Notifier) float64 {
		box, err := outbox.Open(memory.Open(), 0)
		require.NoError(t, err)
		f := &Fleet{outbox: box, notifiers: notifiers}
		p := &profile{Settings: testSettings()}
		b := &batch{r: &Register{fleet: f}, profile: p}
		rec := &ReceiptRecord{Status: Processed}
		return testing.AllocsPerRun(100, func() {
			b.tellReceipt(rec, "id", 0)
			b.tellRegister(Registered, 1)
			b.told()
		})
	}
	require.Zero(t, allocs(nil))
	require.Zero(t, allocs([]Notifier{&teller{silent: true}}))
}

func TestSubscriptionsAreKept(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_two"}))
	one := Subscription{Account: "pk_demo", API: "cloudkassir", Type: "Receipt", Enabled: true, Address: "http://a.example/", Method: "POST"}
	two := Subscription{Account: "pk_two", API: "cloudkassir", Type: "Receipt", Address: "http://b.example/"}
	require.NoError(t, b.fleet.Subscribe(one))
	require.NoError(t, b.fleet.Subscribe(two))
	require.ErrorIs(t, b.fleet.Subscribe(Subscription{Account: "pk_nobody"}), ErrNotFound)
	one.Address = "http://c.example/"
	require.NoError(t, b.fleet.Subscribe(one))
	for range 2 {
		require.Equal(t, []Subscription{one, two}, b.fleet.Subscriptions(""))
		require.Equal(t, []Subscription{two}, b.fleet.Subscriptions("pk_two"))
		require.Equal(t, &one, b.fleet.Subscription("pk_demo", "cloudkassir", "Receipt"))
		require.Nil(t, b.fleet.Subscription("pk_demo", "cloudkassir", "Kkt"))
		b.reopen()
	}
}
