package fn

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// archive is the documents of a bench as a DocumentReader.
type archive struct {
	containers, tickets [][]byte // [number-1]
}

func (a *archive) Documents(from uint32, limit int, f func(uint32, []byte, []byte) error) error {
	for n := max(from, 1); int(n) <= len(a.containers) && limit > 0; n, limit = n+1, limit-1 {
		var ticket []byte
		if int(n) <= len(a.tickets) {
			ticket = a.tickets[n-1]
		}
		if err := f(n, a.containers[n-1], ticket); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) archive() *archive {
	a := &archive{}
	for i := range b.out.Documents {
		a.containers = append(a.containers, b.out.Documents[i].Container)
	}
	return a
}

func (b *bench) driveClosing() *CloseDrive {
	data, err := (&ffd.DriveClosing{UserName: tlv.MustText("ООО Ромашка"), Address: tlv.MustText("г. Москва"), Place: tlv.MustText("www.example.com"),
		Cashier: tlv.MustText("Иванова")}).Append(nil, b.v)
	require.NoError(b.t, err)
	return &CloseDrive{Data: data}
}

func (b *bench) settlementState() *SettlementState {
	data, err := (&ffd.SettlementState{}).Append(nil, b.v)
	require.NoError(b.t, err)
	return &SettlementState{Data: data, Documents: b.archive()}
}

// confirmAll brings tickets for all unsent documents.
func (b *bench) confirmAll(now string) {
	for b.s.FirstUnsent != 0 {
		next := Time(0)
		if i := int(b.s.FirstUnsent); i < len(b.out.Documents) {
			next = b.out.Documents[i].Time
		}
		b.must(&Confirm{Container: b.ticket(b.s.FirstUnsent, nil), NextTime: next}, now)
	}
}

func TestClosingOfTheDrive(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	require.ErrorIs(t, b.apply(b.driveClosing(), "2026-01-10 10:00"), CodeState, "phase 1")
	b.must(b.registration(), "2026-01-10 10:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
	require.ErrorIs(t, b.apply(b.driveClosing(), "2026-01-10 10:00"), CodeState, "open shift")
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:02")
	require.ErrorIs(t, b.apply(b.driveClosing(), "2026-01-10 10:01"), CodeDateTime)
	require.ErrorIs(t, b.apply(b.driveClosing(), "2026-02-10 10:01"), CodeNoSpace, "unsent for 31 days")
	d := b.must(b.driveClosing(), "2026-01-10 10:02")
	require.Equal(t, ffd.FormDriveClosing, d.Form)
	require.EqualValues(t, 4, d.Number)
	require.Equal(t, PhasePostFiscal, b.s.Phase)
	d = b.must(b.settlementState(), "2026-01-10 10:03")
	require.Equal(t, ffd.FormSettlementState, d.Form)
	require.ErrorIs(t, b.apply(b.driveClosing(), "2026-01-10 10:03"), CodeState, "once")
	b.confirmAll("2026-01-10 10:04")
	require.Equal(t, PhaseArchive, b.s.Phase, "with the last ticket")
	require.ErrorIs(t, b.apply(b.settlementState(), "2026-01-10 10:05"), CodeState)
}

func TestClosingOfAnAutonomousDrive(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	r := b.registration()
	r.Registration.Modes.Offline = true
	b.must(r, "2026-01-10 10:00")
	b.must(b.driveClosing(), "2026-03-10 10:00")
	require.Equal(t, PhaseArchive, b.s.Phase, "at once")
}

func TestReplacementOfTheDrive(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			b := newBench(t, v, Model36, 250000)
			r := b.registration()
			r.Reasons = ReplacesDrive | 1<<3
			d := b.must(r, "2026-01-10 10:00")
			require.Equal(t, ffd.FormReregistration, d.Form)
			require.EqualValues(t, 1, d.Number)
			require.EqualValues(t, 1, b.s.Registrations)
			require.NotContains(t, tags(t, d.TLV()), uint16(ffd.TagFNTotals), "no 1157: the drive is new")
			require.Empty(t, errorsOf(ffd.Check(d.TLV())))
			require.ErrorIs(t, b.apply(r, "2026-01-10 10:00"), CodeState, "the drive is not new any more")
		})
	}
}

func TestReset(t *testing.T) {
	for _, p := range []Phase{PhaseSetup, PhaseReady, PhaseFiscal, PhasePostFiscal, PhaseArchive} {
		t.Run(p.String(), func(t *testing.T) {
			b := lived(t, ffd.V120)
			b.s.Phase = p
			documents := len(b.out.Documents)
			b.must(&Reset{}, "2026-01-12 10:00")
			require.Equal(t, Blank(driveNumber, Model36, ffd.V120, 250000), b.s)
			require.Len(t, b.out.Documents, documents)
			require.EqualValues(t, 1, b.must(b.registration(), "2026-01-12 10:00").Number)
		})
	}
	b := lived(t, ffd.V120)
	b.s.Drive = ffd.Pad[[16]byte]("9280440300000000")
	require.ErrorIs(t, b.apply(&Reset{}, "2026-01-12 10:00"), CodeMode)
}

func TestSettlementState(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			b := newBench(t, v, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			b.must(b.settlementState(), "2026-01-10 10:00") // no shift was ever opened
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			b.must(b.receipt(1000), "2026-01-10 10:01")
			b.must(b.receipt(2000), "2026-01-10 10:02")
			require.ErrorIs(t, b.apply(b.settlementState(), "2026-01-10 10:01"), CodeDateTime)
			require.ErrorIs(t, b.apply(b.settlementState(), "2026-01-11 10:01"), CodeShiftTooLong)
			d := b.must(b.settlementState(), "2026-01-10 10:03")
			require.Empty(t, errorsOf(ffd.Check(d.TLV())))
			require.EqualValues(t, 4, b.s.ShiftDocuments, "opening, two receipts and this one")
			h, _, err := ffd.ParseSettlementState(d.TLV())
			require.NoError(t, err)
			require.EqualValues(t, 1, h.FirstUnsent)
			require.EqualValues(t, 5, h.Unsent, "not itself")
			require.EqualValues(t, at("2026-01-10 00:00"), h.UnsentSince)
			if v == ffd.V105 {
				require.Nil(t, h.UnsentTotals)
				return
			}
			require.EqualValues(t, 2, h.UnsentTotals.Count())
			require.EqualValues(t, 3000, h.UnsentTotals[0].Payments.Cash)
			require.EqualValues(t, 3000, h.Totals.Receipts[0].Total)
			b.confirmAll("2026-01-10 10:04")
			d = b.must(b.settlementState(), "2026-01-10 10:05")
			h, _, err = ffd.ParseSettlementState(d.TLV())
			require.NoError(t, err)
			require.Zero(t, h.Unsent)
			require.Zero(t, h.FirstUnsent)
			require.Nil(t, h.UnsentTotals)
		})
	}
}

func TestSettlementStateNeedsTheDocuments(t *testing.T) {
	b := lived(t, ffd.V120)
	for name, docs := range map[string]DocumentReader{
		"no reader":     nil,
		"one missing":   &archive{containers: b.archive().containers[:4]},
		"damaged bytes": &archive{containers: [][]byte{nil, {1}, nil, nil, nil, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			c := b.settlementState()
			c.Documents = docs
			before := b.s
			err := b.apply(c, "2026-01-11 10:00")
			require.ErrorContains(t, err, "9999078900005430")
			var r *Refusal
			require.False(t, errors.As(err, &r), "a fault of the archive is no refusal of the drive")
			require.Equal(t, before, b.s)
		})
	}
}

func TestAutonomousMode(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	b.must(b.registration(), "2026-01-10 10:00")
	c := b.change()
	c.Reasons, c.Registration.Modes.Offline = 1<<5, true
	require.ErrorIs(t, b.apply(c, "2026-01-10 10:00"), CodeState, "a document is unsent")
	b.confirmAll("2026-01-10 10:00")
	b.must(c, "2026-01-10 10:00")
	r := b.receipt(100)
	r.Shift = b.autoShift()
	b.must(r, "2026-01-10 10:00")
	require.Zero(t, b.s.Unsent(), "no queue")
	d := b.must(b.settlementState(), "2026-01-10 10:01")
	require.Empty(t, errorsOf(ffd.Check(d.TLV())))
	require.Subset(t, tags(t, d.TLV()), []uint16{ffd.TagOfflineMode})
	require.NotContains(t, tags(t, d.TLV()), uint16(ffd.TagUnsentFDCount))
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:02")
	c = b.change()
	c.Reasons = 1 << 4
	d = b.must(c, "2026-01-10 10:03")
	require.Equal(t, d.Number, b.s.FirstUnsent, "the change is the first that goes to the operator")
	box, err := ofdproto.ParseContainer(d.Container)
	require.NoError(t, err)
	require.Equal(t, d.Number, box.Number)
}
