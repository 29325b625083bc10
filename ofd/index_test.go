package ofd_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/storage/memory"
)

// Documents with gaps, late ones, other bytes and resends in any order are found, listed and kept once, whatever blocks they fall into.
func TestIndexAgainstAModel(t *testing.T) {
	d := ofdtest.NewDrive(t, driveNumber)
	d.Receipts(150)
	for seed := range uint64(6) {
		chance := rand.New(rand.NewPCG(seed, 1))
		store := memory.Open()
		s, addr := ofdtest.Serve(t, ofd.Options{Store: store, Check: func([]byte) []ffd.Finding { return nil }})
		c := dial(t, addr)
		type key struct {
			number uint32
			other  bool
		}
		model := map[key][]byte{}
		at := 1
		send := func(number int, other bool) {
			container := d.Containers[number-1]
			if _, taken := model[key{uint32(number), false}]; other && taken && number > 1 {
				container = remake(t, container, func(c []byte) []byte { c[20]++; return c })
			} else {
				other = false
			}
			ticket := c.deliver(driveNumber, container)
			requireTicket(t, d, uint32(number), ticket)
			if known, ok := model[key{uint32(number), other}]; ok {
				require.Equal(t, known, ticket, "seed %d, number %d", seed, number)
			}
			model[key{uint32(number), other}] = ticket
		}
		for range 300 {
			switch what := chance.IntN(10); {
			case what < 6 && at <= 150:
				send(at, false)
				at++
			case what == 6 && at < 140:
				at += chance.IntN(4)
			case what == 7: // late, or a resend
				send(1+chance.IntN(at), false)
			case what == 8 && at > 3:
				send(2+chance.IntN(at-2), true)
			case what == 9 && chance.IntN(4) == 0: // the server forgets what it knew
				ofdtest.Stop(t, s)
				s, addr = ofdtest.Serve(t, ofd.Options{Store: store, Check: func([]byte) []ffd.Finding { return nil }})
				c = dial(t, addr)
			}
		}
		docs := stored(t, s, driveNumber)
		require.Len(t, docs, len(model), "seed %d", seed)
		for i, doc := range docs {
			require.Equal(t, model[key{doc.Number, doc.Other}], doc.Ticket)
			if i > 0 {
				before := docs[i-1]
				require.True(t, before.Number < doc.Number || before.Number == doc.Number && !before.Other && doc.Other)
			}
		}
		for range 20 { // pages are parts of the whole
			from, limit := uint32(chance.IntN(160)), 1+chance.IntN(60)
			var part, want []uint64
			require.NoError(t, s.Documents(driveNumber, from, limit, func(d *ofd.Document) error { part = append(part, d.ID); return nil }))
			for _, doc := range docs {
				if doc.Number >= from && len(want) < limit {
					want = append(want, doc.ID)
				}
			}
			require.Equal(t, want, part, "seed %d, from %d, limit %d", seed, from, limit)
		}
		last := uint64(0)
		require.NoError(t, s.Arrivals(0, ofd.Filter{}, func(d *ofd.Document) error {
			require.Equal(t, last+1, d.ID)
			last = d.ID
			return nil
		}))
		require.EqualValues(t, len(model), last)
	}
}

func TestArrivalsAreFiltered(t *testing.T) {
	business := clock.Fixed(time.Unix(1_700_000_000, 0))
	s, addr := ofdtest.Serve(t, ofd.Options{Clock: business, Check: func(doc []byte) []ffd.Finding {
		if doc[0] == byte(ffd.FormShiftOpening) {
			return []ffd.Finding{{Rule: "test"}}
		}
		return nil
	}})
	a, b := ofdtest.NewDrive(t, driveNumber), ofdtest.NewDrive(t, "9999078900005431")
	a.Receipts(2)
	c := dial(t, addr)
	for _, m := range [][]byte{a.Containers[0], b.Containers[0], a.Containers[1], b.Containers[1], a.Containers[2], a.Containers[3]} {
		c.deliver(driveOf(m), m)
		business.Advance(time.Minute)
	}
	for _, tc := range []struct {
		name   string
		after  uint64
		filter ofd.Filter
		want   []uint64
	}{
		{"all", 0, ofd.Filter{}, []uint64{1, 2, 3, 4, 5, 6}},
		{"behind", 4, ofd.Filter{}, []uint64{5, 6}},
		{"behind the last", 6, ofd.Filter{}, nil},
		{"drive", 0, ofd.Filter{Drive: b.Number()}, []uint64{2, 4}},
		{"form", 0, ofd.Filter{Form: ffd.FormReceipt}, []uint64{5, 6}},
		{"from", 0, ofd.Filter{From: time.Unix(1_700_000_000+4*60, 0)}, []uint64{5, 6}},
		{"to", 0, ofd.Filter{To: time.Unix(1_700_000_000+60, 0)}, []uint64{1}},
		{"between, drive and form", 1, ofd.Filter{Drive: driveNumber, Form: ffd.FormShiftOpening, From: time.Unix(1_700_000_000, 0),
			To: time.Unix(1_700_001_000, 0)}, []uint64{3}},
		{"findings", 0, ofd.Filter{Findings: true}, []uint64{3, 4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []uint64
			require.NoError(t, s.Arrivals(tc.after, tc.filter, func(d *ofd.Document) error { got = append(got, d.ID); return nil }))
			require.Equal(t, tc.want, got)
		})
	}
	d, err := s.Document(5)
	require.NoError(t, err)
	require.Equal(t, a.Containers[2], d.Container)
	require.Equal(t, driveNumber, d.DriveNumber())
	for _, id := range []uint64{0, 7, 1 << 60} {
		_, err = s.Document(id)
		require.ErrorIs(t, err, ofd.ErrNotFound)
	}
	require.Error(t, s.Arrivals(0, ofd.Filter{Drive: "x"}, nil))
}
