package fn

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// life makes a drive with some of every document and tickets in between, and
// returns what a store would hold: containers, and for each document how many
// tickets came before it.
func life(t *testing.T, v ffd.Version) (b *bench, containers, tickets [][]byte, before []int) {
	b = newBench(t, v, Model36, 1000)
	ticket := func(code, message byte) {
		number := uint32(len(tickets) + 1)
		box := b.ticket(number, func(c *ffd.Confirmation) { c.Code, c.Message = code, message })
		next := Time(0)
		if int(number) < len(b.out.Documents) {
			next = b.out.Documents[number].Time
		}
		require.NoError(t, b.apply(&Confirm{Container: box, NextTime: next}, "2026-01-10 10:00"))
		tickets = append(tickets, box)
	}
	do := func(c Command, now string) {
		n := len(b.out.Documents)
		b.must(c, now)
		for range b.out.Documents[n:] {
			before = append(before, len(tickets))
		}
	}
	registration := b.registration()
	registration.Registration.Modes.Conditions = ffd.MarkedGoods
	do(registration, "2026-01-10 10:00")
	r := b.receipt(10000)
	r.Shift = b.autoShift()
	do(r, "2026-01-10 10:00")
	ticket(ffd.OFDAccepted, 0)
	ticket(ffd.OFDFormatRefused, 0x02)
	do(r, "2026-01-11 10:01") // closing, opening and receipt; 1206 in the reports
	ticket(ffd.OFDAccepted, 0)
	do(b.receipt(700), "2026-01-11 10:02")
	do(&CloseShift{Data: b.shiftData(ffd.FormShiftClosing)}, "2026-01-14 10:02") // 1053: documents wait for 3 days
	change := b.change()
	change.Registration.Modes.Conditions = ffd.MarkedGoods
	do(change, "2026-01-14 10:02")
	for len(tickets) < len(b.out.Documents) {
		ticket(ffd.OFDAccepted, 0)
	}
	do(&OpenShift{Data: b.shiftData(ffd.FormShiftOpening)}, "2026-01-14 10:02")
	do(b.receipt(900), "2026-01-14 10:02")
	settlement, err := (&ffd.SettlementState{}).Append(nil, v)
	require.NoError(t, err)
	do(&SettlementState{Data: settlement, Documents: outputBoxes(b)}, "2026-01-14 10:02")
	do(&CloseShift{Data: b.shiftData(ffd.FormShiftClosing)}, "2026-01-14 10:02")
	closing, err := (&ffd.DriveClosing{Cashier: tlv.MustText("Иванова")}).Append(nil, v)
	require.NoError(t, err)
	do(&CloseDrive{Data: closing}, "2026-01-14 10:02")
	for len(tickets) < len(b.out.Documents) {
		ticket(ffd.OFDAccepted, 0)
	}
	for i := range b.out.Documents {
		containers = append(containers, bytes.Clone(b.out.Documents[i].Container))
	}
	return b, containers, tickets, before
}

// storedBoxes reads containers as a store does.
type storedBoxes [][]byte

func (s storedBoxes) Documents(from uint32, limit int, f func(number uint32, container, ticket []byte) error) error {
	for i := range min(limit, len(s)-int(from)+1) {
		if err := f(from+uint32(i), s[int(from)-1+i], nil); err != nil {
			return err
		}
	}
	return nil
}

func outputBoxes(b *bench) (s storedBoxes) {
	for i := range b.out.Documents {
		s = append(s, b.out.Documents[i].Container)
	}
	return s
}

func TestReplayMakesTheSameAgain(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			b, containers, tickets, before := life(t, v)
			r := NewReplay([]byte(DefaultMaster), &b.s, storedBoxes(containers))
			confirmed := 0
			for i, box := range containers {
				for ; confirmed < before[i]; confirmed++ {
					require.NoError(t, r.Confirm(uint32(confirmed+1), tickets[confirmed], TicketStrict))
				}
				diff, err := r.Document(box, &b.s.Registration)
				require.NoError(t, err, "document %d", i+1)
				require.Empty(t, diff, "document %d", i+1)
			}
			for ; confirmed < len(tickets); confirmed++ {
				require.NoError(t, r.Confirm(uint32(confirmed+1), tickets[confirmed], TicketStrict))
			}
			require.Equal(t, PhaseArchive, r.State.Phase)
			require.Empty(t, r.State.Diff(&b.s))
			require.Equal(t, b.s, r.State)
		})
	}
}

func TestReplayFindsWhatDiffers(t *testing.T) {
	_, containers, tickets, _ := life(t, ffd.V120)
	seal := func(box []byte) []byte {
		require.NoError(t, ofdproto.SealContainer(box))
		return box
	}
	begin := func(t *testing.T, n int) *Replay {
		s := Blank(driveNumber, Model36, ffd.V120, 1000)
		r := NewReplay([]byte(DefaultMaster), &s, storedBoxes(containers))
		for _, box := range containers[:n] {
			diff, err := r.Document(box, &Registration{Modes: ffd.Modes{Conditions: ffd.MarkedGoods}})
			require.NoError(t, err)
			require.Empty(t, diff)
		}
		return r
	}
	at := bytes.Index(containers[2], []byte{0x35, 0x04, 6, 0, 0x31, 4}) // tag 1077
	require.Positive(t, at)
	for _, c := range []struct {
		name string
		path []string
		box  []byte
	}{
		{"CRC", []string{"container:crc"}, func() []byte { b := bytes.Clone(containers[2]); b[2]++; return b }()},
		{"service data", []string{"container:crc", "container:service2"}, func() []byte { b := bytes.Clone(containers[2]); b[20]++; return seal(b) }()},
		{"sign of the document", []string{"container:crc", "container/3/1077"}, func() []byte { b := bytes.Clone(containers[2]); b[at+6]++; return seal(b) }()},
		{"sign of the message", []string{"container:crc", "container/sign"}, func() []byte { b := bytes.Clone(containers[2]); b[len(b)-1]++; return seal(b) }()},
	} {
		t.Run(c.name, func(t *testing.T) {
			diff, err := begin(t, 2).Document(c.box, nil)
			require.NoError(t, err)
			var paths []string
			for _, d := range diff {
				paths = append(paths, d.Path)
			}
			for _, want := range c.path {
				require.Contains(t, fmt.Sprint(paths), want)
			}
		})
	}
	t.Run("a document is missing", func(t *testing.T) {
		_, err := begin(t, 1).Document(containers[2], nil)
		require.ErrorIs(t, err, ErrReplay)
		require.ErrorIs(t, err, CodeState)
	})
	t.Run("garbage", func(t *testing.T) {
		_, err := begin(t, 2).Document([]byte("garbage"), nil)
		require.ErrorIs(t, err, ErrReplay)
	})
	t.Run("ticket of another document", func(t *testing.T) {
		r := begin(t, 3)
		require.ErrorIs(t, r.Confirm(2, tickets[1], TicketLenient), ErrReplay)
		require.ErrorIs(t, r.Confirm(1, tickets[1], TicketLenient), CodeTicket)
		require.EqualValues(t, 2, r.State.FirstUnsent, "it goes on")
	})
	t.Run("state", func(t *testing.T) {
		r := begin(t, 3)
		other := r.State
		other.Totals.Receipts[0].Count++
		other.Registration.INN[0] = '9'
		diff := r.State.Diff(&other)
		require.Equal(t, []FieldDifference{
			{Field: "Registration.INN", Mine: `"7708806062  "`, Other: `"9708806062  "`},
			{Field: "Totals.Receipts[0].Count", Mine: "1", Other: "2"},
		}, diff)
	})
}
