package sender_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage/bolt"
	"kktd/tlv"
)

var _ sender.Register = (*kkt.Delivery)(nil)

// Registers of a real fleet and the OFD share a file, as in the daemon. The OFD is away at first.
func TestFleetDelivers(t *testing.T) {
	const serial, inn, receipts = "00000000000000000001", "7708806062", 200
	store, err := bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), "kktd.db"), NoSync: true})
	require.NoError(t, err)
	defer store.Close()
	world, err := store.Namespace("ofd")
	require.NoError(t, err)

	addr, business := freeAddr(t), frozen()
	s := run(t, sender.Options{Addr: addr, Clock: business, Mode: fn.TicketStrict})
	fleet, err := kkt.Open(kkt.Options{Store: store, Clock: business, Log: silentLog(), Seed: 1, TicketMode: fn.TicketStrict,
		OnDocuments: func(r *kkt.Register) { s.Wake(r.Delivery()) }})
	require.NoError(t, err)
	defer fleet.Close()
	require.NoError(t, fleet.AddAccount(kkt.Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	require.NoError(t, fleet.Fiscalize(t.Context(), "pk_demo", kkt.Settings{Serial: serial, INN: inn, RegNumber: "0000000004030311",
		UserName: "ООО Ромашка", Address: "г. Москва", Place: "www.example.com", SenderEmail: "a@example.com", OFDName: "Тестовый ОФД",
		OFDINN: fn.TestOFDINN, TaxSystems: []ffd.TaxSystems{ffd.TaxOSN}, DriveNumber: "9999078900005430", AutoShift: true, TakesCash: true}))
	r, err := fleet.Register(serial)
	require.NoError(t, err)
	require.Eventually(t, func() bool { st, ok := s.State(serial, 1); return ok && st.LastError != nil }, patience, tick)

	server, _ := ofdtest.ServeAt(t, ofd.Options{Store: world}, addr)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range receipts / 8 {
				_, err := fleet.Submit(t.Context(), &kkt.Receipt{INN: inn, Request: kkt.Request{API: "test", Account: "pk_demo"}, Parts: []ffd.Receipt{{
					Operation: ffd.Income, Payments: ffd.Payments{Cashless: 100},
					Items: []ffd.Item{{Name: tlv.MustText("Товар"), Price: 100, Quantity: tlv.Decimal{Mantissa: 1}, Amount: 100, VAT: ffd.VAT20}}}}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	business.Advance(long)
	require.Eventually(t, func() bool { first, _ := r.Unsent(); return first == 0 }, patience, tick)
	var numbers []uint32
	require.NoError(t, server.Documents("9999078900005430", 0, 0, func(d *ofd.Document) error {
		numbers = append(numbers, d.Number)
		for _, f := range d.Findings {
			require.Less(t, f.Severity, ffd.Error, f.String())
		}
		return nil
	}))
	require.Len(t, numbers, receipts+2)
	for i, n := range numbers {
		require.EqualValues(t, i+1, n)
	}
	require.Zero(t, server.Counters().Resends)
}
