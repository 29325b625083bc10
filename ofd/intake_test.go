package ofd_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/ofdproto"
	"kktd/storage/bolt"
	"kktd/storage/memory"
)

func TestDocumentsOnOneConnection(t *testing.T) {
	zone := time.FixedZone("MSK", 3*60*60)
	now := time.Date(2025, 6, 1, 12, 0, 7, 0, zone)
	s, addr := ofdtest.Serve(t, ofd.Options{Clock: clock.Fixed(now), Zone: zone})
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(3)
	c := dial(t, addr)
	for i, container := range d.Containers {
		number := uint32(i + 1)
		m := c.ask(message(driveNumber, container))
		require.Equal(t, ofdproto.FlagsDocument, m.Header.Flags)
		require.Equal(t, ofdproto.PVersion(byte(ffd.V120)), m.Header.PVersion)
		require.Equal(t, d.State.Drive, m.Header.Drive)
		tc, err := m.Container()
		require.NoError(t, err)
		require.EqualValues(t, ofdproto.FromOperator, tc.Type)
		ticket := requireTicket(t, d, number, m.Body)
		require.Equal(t, ffd.OFDAccepted, ticket.Code)
		require.Zero(t, ticket.Message)
		require.Equal(t, clock.WallSeconds(now, zone), ticket.Time, "with seconds, by the clock's face")
	}
	docs := stored(t, s, driveNumber)
	require.Len(t, docs, len(d.Containers))
	for i, doc := range docs {
		require.EqualValues(t, i+1, doc.Number)
		require.Equal(t, d.Containers[i], doc.Container)
		require.True(t, now.Equal(doc.Received))
		require.False(t, doc.Other)
		for _, f := range doc.Findings {
			require.Less(t, f.Severity, ffd.Error, f.String())
		}
	}
	counters := s.Counters()
	require.EqualValues(t, len(d.Containers), counters.Documents)
	require.Zero(t, counters.Resends)
	require.Empty(t, counters.BadFrames)
	require.Equal(t, 1, counters.Connections)
}

func TestResendGetsTheSameTicket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ofd.db")
	d := ofdtest.NewDrive(t, driveNumber)
	business := clock.Fixed(time.Unix(1_700_000_000, 0))
	var first [][]byte
	for round := range 3 { // the second on the same server, the third after a restart
		store, err := bolt.Open(bolt.Options{Path: path, NoSync: true})
		require.NoError(t, err)
		s, addr := ofdtest.Serve(t, ofd.Options{Store: store, Clock: business})
		for again := range 2 {
			for i, container := range d.Containers {
				ticket := dial(t, addr).deliver(driveNumber, container)
				if round+again == 0 {
					first = append(first, ticket)
				}
				require.Equal(t, first[i], ticket)
			}
			business.Advance(time.Hour)
		}
		require.Len(t, stored(t, s, driveNumber), len(d.Containers))
		n := uint64(len(d.Containers))
		if round == 0 {
			require.Equal(t, []uint64{n, n}, []uint64{s.Counters().Documents, s.Counters().Resends})
		} else {
			require.Equal(t, []uint64{0, 2 * n}, []uint64{s.Counters().Documents, s.Counters().Resends})
		}
		ofdtest.Stop(t, s)
		require.NoError(t, store.Close())
	}
}

func TestManyConnectionsOfOneDriveStoreOnce(t *testing.T) {
	s, addr := ofdtest.Serve(t, ofd.Options{})
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(8)
	const clients = 8
	tickets := make([][][]byte, clients)
	var all sync.WaitGroup
	for i := range clients {
		c := dial(t, addr)
		all.Go(func() {
			for _, container := range d.Containers {
				tickets[i] = append(tickets[i], c.deliver(driveNumber, container))
			}
		})
	}
	all.Wait()
	for _, of := range tickets {
		require.Equal(t, tickets[0], of)
	}
	require.Len(t, stored(t, s, driveNumber), len(d.Containers))
	require.EqualValues(t, len(d.Containers), s.Counters().Documents)
	require.EqualValues(t, (clients-1)*len(d.Containers), s.Counters().Resends)
}

func TestEpochs(t *testing.T) {
	store := memory.Open()
	o := ofd.Options{Store: store}
	s, addr := ofdtest.Serve(t, o)
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(1)
	other := ofdtest.NewDrive(t, "9999078900005431")
	reset := remake(t, d.Containers[0], func(c []byte) []byte { c[20]++; return c })

	c := dial(t, addr)
	for _, container := range d.Containers {
		c.deliver(driveNumber, container)
	}
	c.deliver(other.Number(), other.Containers[0])
	c.deliver(driveNumber, reset)
	c.deliver(driveNumber, d.Containers[1])
	c.deliver(driveNumber, reset)

	epochs, err := s.Epochs(driveNumber)
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 3}, epochs)
	docs := stored(t, s, driveNumber)
	require.Len(t, docs, 2)
	require.Equal(t, reset, docs[0].Container)
	require.EqualValues(t, 3, docs[1].Epoch)
	var old []uint32
	require.NoError(t, s.EpochDocuments(1, 2, 0, func(d *ofd.Document) error { old = append(old, d.Number); return nil }))
	require.Equal(t, []uint32{2, 3}, old)
	require.EqualValues(t, 1, s.Counters().Resends)

	// A server that starts anew knows the epochs.
	s2, addr2 := ofdtest.Serve(t, o)
	dial(t, addr2).deliver(driveNumber, remake(t, reset, func(c []byte) []byte { c[20]++; return c }))
	epochs, err = s2.Epochs(driveNumber)
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 3, 4}, epochs)

	epochs, err = s.Epochs("9999999999999999")
	require.NoError(t, err)
	require.Empty(t, epochs)
	require.Empty(t, stored(t, s, "9999999999999999"))
	_, err = s.Epochs("x")
	require.ErrorIs(t, err, ofdproto.ErrDrive)
}

func TestFindingsAreKeptAndConfirmed(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(4) // 6 documents
	doc := func(n int) []byte { return d.Containers[n-1] }
	for _, tc := range []struct {
		name  string
		send  [][]byte
		rules []string // of the last one sent
		code  byte
	}{
		{"in order", [][]byte{doc(1), doc(2)}, nil, 0},
		{"first above 1", [][]byte{doc(3)}, []string{ofd.RuleFirst}, 0},
		{"gap", [][]byte{doc(1), doc(4)}, []string{ofd.RuleGap}, 0},
		{"late", [][]byte{doc(1), doc(4), doc(3)}, []string{ofd.RuleOrder}, 0},
		{"other bytes", [][]byte{doc(1), doc(2), remake(t, doc(2), func(c []byte) []byte { c[20]++; return c })}, []string{ofd.RuleOther, ofd.RuleSign}, 0},
		{"encrypted", [][]byte{doc(1), remake(t, doc(2), func(c []byte) []byte { c[32], c[33] = 0xEE, 0xEE; return c })}, []string{ofd.RuleEncrypted}, 0},
		{"no tail", [][]byte{doc(1), remake(t, doc(2), func(c []byte) []byte { return c[:len(c)-ofdproto.TailLen] })}, []string{ofd.RuleSign}, 0},
		{"tail of an operator", [][]byte{doc(1), remake(t, doc(2), func(c []byte) []byte { c[len(c)-10] = ofdproto.TailConfirmation; return c })},
			[]string{ofd.RuleSign}, 0},
		{"odd version", [][]byte{doc(1), remake(t, doc(2), func(c []byte) []byte { c[6] = 2; return c })}, []string{ofd.RuleQuirk, ofd.RuleSign}, 0},
		{"number of the container differs", [][]byte{doc(1), remake(t, doc(3), func(c []byte) []byte { c[19] = 2; return c })},
			[]string{ofd.RuleSign, ofd.RuleIdentity}, ffd.OFDFormatRefused},
		{"sign of another key", [][]byte{doc(1), remake(t, doc(2), func(c []byte) []byte { c[len(c)-3]++; return c })}, []string{ofd.RuleSign}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, addr := ofdtest.Serve(t, ofd.Options{Check: func([]byte) []ffd.Finding { return nil }})
			c := dial(t, addr)
			var ticket []byte
			for range 2 { // the second time all of them are resends
				for _, container := range tc.send {
					ticket = c.deliver(driveNumber, container)
				}
			}
			last := tc.send[len(tc.send)-1]
			number := uint32(last[19])
			require.Equal(t, tc.code, requireTicket(t, d, number, ticket).Code)
			docs := stored(t, s, driveNumber)
			require.Len(t, docs, len(tc.send))
			require.EqualValues(t, len(tc.send), s.Counters().Resends)
			found := false
			for _, doc := range docs {
				if string(doc.Container) == string(last) {
					found = true
					require.Equal(t, tc.rules, rules(doc))
					require.Equal(t, ticket, doc.Ticket)
					require.Equal(t, tc.name == "other bytes", doc.Other)
				}
			}
			require.True(t, found)
		})
	}
}

func TestFormatControl(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	for _, tc := range []struct {
		severity ffd.Severity
		code     byte
		message  byte
	}{{ffd.Note, 0, 0}, {ffd.Warning, 0, 0}, {ffd.Error, ffd.OFDFormatRefused, 0x02}} {
		t.Run(tc.severity.String(), func(t *testing.T) {
			want := ffd.Finding{Path: "1/1013", Tag: 1013, Offset: 7, Rule: ffd.RuleLength, Severity: tc.severity, Ru: "длина", En: "length"}
			s, addr := ofdtest.Serve(t, ofd.Options{Check: func(doc []byte) []ffd.Finding {
				require.Equal(t, d.Containers[0][32:len(d.Containers[0])-10], doc)
				return []ffd.Finding{want}
			}})
			ticket := requireTicket(t, d, 1, dial(t, addr).deliver(driveNumber, d.Containers[0]))
			require.Equal(t, []byte{tc.code, tc.message}, []byte{ticket.Code, ticket.Message})
			require.Equal(t, []ffd.Finding{want}, stored(t, s, driveNumber)[0].Findings)
			require.EqualValues(t, 1, s.Counters().Findings)
		})
	}
}

// The real format control: a receipt whose payments do not add up.
func TestFormatControlOfFFD(t *testing.T) {
	_, addr := ofdtest.Serve(t, ofd.Options{})
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(1)
	broken := remake(t, d.Containers[2], func(c []byte) []byte {
		c[32+4+2] = 0xFF // the length of the first tag inside
		c[32+4+3] = 0x0F
		return c
	})
	require.Equal(t, ffd.OFDFormatRefused, requireTicket(t, d, 3, dial(t, addr).deliver(driveNumber, broken)).Code)
}

func TestAnswerMayChangeTheReply(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	var seen []string
	var s *ofd.Server
	s, addr := ofdtest.Serve(t, ofd.Options{Answer: func(_ context.Context, r *ofd.Request, reply ofd.Reply) ofd.Reply {
		durable := 0
		_ = s.Documents(r.Drive(), r.Number, 1, func(*ofd.Document) error { durable++; return nil })
		seen = append(seen, fmt.Sprintf("%s/%d resend=%v durable=%d", r.Drive(), r.Number, r.Resend, durable))
		if len(seen) == 1 {
			return ofd.Reply{Close: true}
		}
		return reply
	}})
	c := dial(t, addr)
	_, err := c.Write(message(driveNumber, d.Containers[0]))
	require.NoError(t, err)
	c.requireClosed()
	requireTicket(t, d, 1, dial(t, addr).deliver(driveNumber, d.Containers[0]))
	require.Equal(t, []string{driveNumber + "/1 resend=false durable=1", driveNumber + "/1 resend=true durable=1"}, seen)
}

func TestStoreFailureGivesNoAnswer(t *testing.T) {
	store := memory.Open()
	s, addr := ofdtest.Serve(t, ofd.Options{Store: store})
	require.NoError(t, store.Close())
	c := dial(t, addr)
	_, err := c.Write(message(driveNumber, ofdtest.NewDrive(t, driveNumber).Containers[0]))
	require.NoError(t, err)
	c.requireClosed()
	require.EqualValues(t, 1, s.Counters().Failures)
	require.Zero(t, s.Counters().Documents)
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*ofd.Options)
	}{
		{"no store", func(o *ofd.Options) { o.Store = nil }},
		{"no clock", func(o *ofd.Options) { o.Clock = nil }},
		{"no zone", func(o *ofd.Options) { o.Zone = nil }},
		{"INN of 11 digits", func(o *ofd.Options) { o.INN = "12345678901" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := ofdtest.Options(t, ofd.Options{INN: fn.TestOFDINN})
			tc.change(&o)
			_, err := ofd.New(o)
			require.Error(t, err)
		})
	}
}
