package sender_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage/bolt"
	"kktd/storage/memory"
)

var _ sender.Register = (*kkt.Delivery)(nil)

// Registers of a real fleet and the OFD share a file, as in the daemon. The OFD is away at first.
func TestFleetDelivers(t *testing.T) {
	const serial, receipts = "00000000000000000001", 200
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
	require.NoError(t, fleet.Fiscalize(t.Context(), "", testSettings(serial, "9999078900005430")))
	r, err := fleet.Register(serial)
	require.NoError(t, err)
	require.Eventually(t, func() bool { st, ok := s.State(serial, 1); return ok && st.LastError != nil }, patience, tick)

	server, _ := ofdtest.ServeAt(t, ofd.Options{Store: world}, addr)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range receipts / 8 {
				_, err := fleet.Submit(t.Context(), testReceipt())
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

// What the operator says of a document has its effect on the drive, by the version of the format, until the next ticket
// (spec/ofd-protocol.md 8.3, 8.4, spec/decisions.md, 1206 bits).
func TestOperatorAnswersReachTheDrive(t *testing.T) {
	const v105, v110, v120 = ffd.V105, ffd.V110, ffd.V120
	for _, tc := range []struct {
		fault    string
		versions []ffd.Version
		code     byte
		message  byte
		flags    fn.WarningFlags
	}{
		{"refuse", []ffd.Version{v105, v110, v120}, 14, 0x02, fn.WarnFormat},
		{"code:11", []ffd.Version{v105, v110, v120}, 11, 0, fn.WarnFormat},
		{"code:1", []ffd.Version{v105, v110, v120}, 1, 0, fn.WarnFormat},
		{"code:255", []ffd.Version{v105, v110, v120}, 255, 0, fn.WarnFormat},
		{"bits:0x02", []ffd.Version{v105, v110, v120}, 0, 0x02, fn.WarnFormat},
		{"bits:0x20", []ffd.Version{v120}, 0, 0x20, fn.WarnSettings},
		{"bits:0x20", []ffd.Version{v105, v110}, 0, 0x20, 0},
		{"bits:0x40", []ffd.Version{v105, v110}, 0, 0x40, fn.WarnSettings},
		{"bits:0x40", []ffd.Version{v120}, 0, 0x40, fn.WarnOperator},
		{"bits:0x80", []ffd.Version{v105, v110}, 0, 0x80, fn.WarnOperator},
		{"bits:0x80", []ffd.Version{v120}, 0, 0x80, 0},
		{"bits:0x1c", []ffd.Version{v105, v110, v120}, 0, 0x1c, 0},
		{"refuse:14:bits=0xe2", []ffd.Version{v105, v110}, 14, 0xe2, fn.WarnFormat | fn.WarnSettings | fn.WarnOperator},
		{"refuse:14:bits=0xe2", []ffd.Version{v120}, 14, 0xe2, fn.WarnFormat | fn.WarnSettings | fn.WarnOperator},
	} {
		for _, version := range tc.versions {
			t.Run(fmt.Sprintf("%s/%v", tc.fault, version), func(t *testing.T) {
				server, addr := ofdtest.Serve(t, ofd.Options{})
				server.Faults().Add(ofdtest.Fault(t, tc.fault))
				log, hook := logtest.NewNullLogger()
				s := run(t, sender.Options{Addr: addr, Mode: fn.TicketStrict, Log: log})
				fleet, err := kkt.Open(kkt.Options{Store: memory.Open(), Clock: frozen(), Log: silentLog(), Seed: 1, TicketMode: fn.TicketStrict,
					OnDocuments: func(r *kkt.Register) { s.Wake(r.Delivery()) }})
				require.NoError(t, err)
				defer fleet.Close()
				settings := testSettings(serialOf(1), "9999078900005430")
				settings.FFD = version
				require.NoError(t, fleet.Fiscalize(t.Context(), "", settings))
				r, err := fleet.Register(serialOf(1))
				require.NoError(t, err)
				sent := func() *fn.State {
					require.Eventually(t, func() bool { first, _ := r.Unsent(); return first == 0 }, patience, tick)
					st, err := r.State()
					require.NoError(t, err)
					return &st
				}
				drive := sent()
				require.Equal(t, tc.code, drive.OperatorCode)
				require.Equal(t, tc.flags, drive.Warnings(r.Now())&operatorFlags)
				st, _ := s.State(serialOf(1), 1)
				require.Equal(t, tc.code, st.LastCode)
				require.Equal(t, tc.message, st.LastMessage)
				require.Equal(t, tc.code != 0, st.Refused == 1)
				require.Empty(t, st.Failures)
				require.Eventually(t, func() bool { return len(logged(hook, logrus.WarnLevel)) == 1 }, patience, tick)

				server.Faults().Reset()
				_, err = r.OpenShift(t.Context(), kkt.Person{})
				require.NoError(t, err)
				drive = sent()
				require.Zero(t, drive.OperatorCode)
				require.Zero(t, drive.Warnings(r.Now())&operatorFlags, "the next ticket clears them")
				require.EqualValues(t, 2, server.Counters().Documents)
				require.Zero(t, server.Counters().Resends, "a refused document is not sent again")
			})
		}
	}
}
