package fn

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// inPhase is a drive that came to a phase the way drives do.
func inPhase(t *testing.T, p Phase) *bench {
	b := newBench(t, ffd.V120, Model36, 250000)
	switch p {
	case PhaseSetup:
		b.s.Phase = PhaseSetup // the factory's matter
		return b
	case PhaseReady:
		return b
	}
	b.must(b.registration(), "2026-01-10 10:00")
	if p == PhaseFiscal {
		return b
	}
	b.must(b.driveClosing(), "2026-01-10 10:00")
	if p == PhaseArchive {
		b.confirmAll("2026-01-10 10:00")
	}
	require.Equal(t, p, b.s.Phase)
	return b
}

// TestPhaseTable has a case for every cell of the table of command groups
// (spec/fn.md 2); 0 is a yes. Phase 0 has no column there: only the status works.
func TestPhaseTable(t *testing.T) {
	const yes, no = Code(0), CodeState
	archive := func(b *bench) error {
		a := Archive{State: &b.s, Documents: b.archive()}
		_, err := a.FindDocument(1)
		return err
	}
	now := "2026-01-10 10:01"
	for _, c := range []struct {
		row  string
		want [5]Code // phases 0, 1, 3, 7, 15
		do   func(b *bench) error
	}{
		{"status | yes | yes | yes | yes", [5]Code{yes, yes, yes, yes, yes}, func(b *bench) error {
			require.Equal(b.t, b.s.Phase, b.s.Status(at(now)).Phase)
			require.Equal(b.t, driveNumber, b.s.Number())
			return nil
		}},
		{"fiscalisation | yes | no (change report only) | no | no", [5]Code{no, yes, no, no, no}, func(b *bench) error { return b.apply(b.registration(), now) }},
		{"fiscalisation, change report | no | yes | no | no", [5]Code{no, no, yes, no, no}, func(b *bench) error { return b.apply(b.change(), now) }},
		{"fiscalisation, replacement | yes | no | no | no", [5]Code{no, yes, no, no, no}, func(b *bench) error {
			r := b.registration()
			r.Reasons = ReplacesDrive
			return b.apply(r, now)
		}},
		{"closing of the ФН | no | yes | no | no", [5]Code{no, no, yes, no, no}, func(b *bench) error { return b.apply(b.driveClosing(), now) }},
		{"shift, receipt | no | yes | no | no: shift parameters", [5]Code{no, no, yes, no, no}, func(b *bench) error {
			_, err := b.s.ShiftParameters()
			return err
		}},
		{"shift, receipt | no | yes | no | no: opening", [5]Code{no, no, yes, no, no}, func(b *bench) error { return b.apply(&OpenShift{Data: b.shiftData(2)}, now) }},
		{"shift, receipt | no | yes | no | no: receipt", [5]Code{no, no, yes, no, no}, func(b *bench) error {
			r := b.receipt(1)
			r.Shift = b.autoShift()
			return b.apply(r, now)
		}},
		{"shift, receipt | no | yes | no | no: closing", [5]Code{no, no, yes, no, no}, func(b *bench) error {
			if b.s.Phase == PhaseFiscal {
				b.must(&OpenShift{Data: b.shiftData(2)}, now)
			}
			return b.apply(&CloseShift{Data: b.shiftData(5)}, now)
		}},
		{"settlement state report | no | yes | yes | no", [5]Code{no, no, yes, yes, no}, func(b *bench) error { return b.apply(b.settlementState(), now) }},
		{"OFD exchange | status only | yes | yes | no: status", [5]Code{no, yes, yes, yes, no}, func(b *bench) error {
			_, err := b.s.ExchangeStatus()
			return err
		}},
		{"OFD exchange | others 02h | yes | yes | no: ticket", [5]Code{no, no, yes, yes, no}, func(b *bench) error {
			return b.apply(&Confirm{Container: b.ticket(1, nil)}, now)
		}},
		{"archive read | yes (nothing there) | yes | yes | yes", [5]Code{no, CodeNoData, yes, yes, yes}, archive},
		{"archive read: unconfirmed count", [5]Code{no, yes, yes, yes, yes}, func(b *bench) error {
			_, err := b.s.UnsentCount()
			return err
		}},
		{"debug drives only: any --(60h, code 16h)--> 1", [5]Code{yes, yes, yes, yes, yes}, func(b *bench) error {
			defer func() { require.Equal(b.t, PhaseReady, b.s.Phase) }()
			return b.apply(&Reset{}, now)
		}},
	} {
		for i, p := range []Phase{PhaseSetup, PhaseReady, PhaseFiscal, PhasePostFiscal, PhaseArchive} {
			t.Run(c.row+"/phase "+p.String(), func(t *testing.T) {
				b := inPhase(t, p)
				before := b.s
				err := c.do(b)
				if c.want[i] == yes {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, c.want[i])
				require.Equal(t, before, b.s)
			})
		}
	}
}

// TestCurrentDocument has a case for every row of the current document codes
// (spec/fn.md 3). None but 00h can occur: begin, data and finish of a document are
// one command here, so no document is ever half-built, neither after the command
// that made it nor after one that was refused.
func TestCurrentDocument(t *testing.T) {
	now := "2026-01-10 10:05"
	open := func(b *bench) *bench {
		b.must(&OpenShift{Data: b.shiftData(2)}, now)
		return b
	}
	form := func(b *bench, f ffd.Form) error {
		r := b.document(f, 100)
		return b.apply(r, now)
	}
	for _, c := range []struct {
		row string
		do  func(t *testing.T) (*bench, error)
	}{
		{"00h | none", func(t *testing.T) (*bench, error) { return inPhase(t, PhaseFiscal), nil }},
		{"01h | registration report | 1", func(t *testing.T) (*bench, error) {
			b := inPhase(t, PhaseReady)
			return b, b.apply(b.registration(), now)
		}},
		{"02h | shift opening | 2", func(t *testing.T) (*bench, error) { return open(inPhase(t, PhaseFiscal)), nil }},
		{"04h | receipt | 3", func(t *testing.T) (*bench, error) {
			b := open(inPhase(t, PhaseFiscal))
			return b, form(b, ffd.FormReceipt)
		}},
		{"08h | shift closing | 5", func(t *testing.T) (*bench, error) {
			b := open(inPhase(t, PhaseFiscal))
			return b, b.apply(&CloseShift{Data: b.shiftData(5)}, now)
		}},
		{"10h | ФН closing | 6", func(t *testing.T) (*bench, error) {
			b := inPhase(t, PhaseFiscal)
			return b, b.apply(b.driveClosing(), now)
		}},
		{"11h | БСО | 4", func(t *testing.T) (*bench, error) {
			b := open(inPhase(t, PhaseFiscal))
			return b, form(b, ffd.FormBSO)
		}},
		{"12h | registration change because of ФН replacement | 11", func(t *testing.T) (*bench, error) {
			b := inPhase(t, PhaseReady)
			r := b.registration()
			r.Reasons = ReplacesDrive
			return b, b.apply(r, now)
		}},
		{"13h | registration change | 11", func(t *testing.T) (*bench, error) {
			b := inPhase(t, PhaseFiscal)
			return b, b.apply(b.change(), now)
		}},
		{"14h | correction receipt | 31", func(t *testing.T) (*bench, error) {
			b := open(inPhase(t, PhaseFiscal))
			return b, form(b, ffd.FormCorrection)
		}},
		{"15h | correction БСО | 41", func(t *testing.T) (*bench, error) {
			b := open(inPhase(t, PhaseFiscal))
			return b, form(b, ffd.FormBSOCorrection)
		}},
		{"17h | settlement state report | 21", func(t *testing.T) (*bench, error) {
			b := inPhase(t, PhaseFiscal)
			return b, b.apply(b.settlementState(), now)
		}},
	} {
		t.Run(c.row, func(t *testing.T) {
			b, err := c.do(t)
			require.NoError(t, err)
			status := b.s.Status(at(now)).Append(nil)
			require.Zero(t, status[1], "current document")
			require.Zero(t, status[2], "document data")
			require.Error(t, b.apply(&CloseShift{Data: []byte{1}}, now))
			require.Equal(t, status, b.s.Status(at(now)).Append(nil), "a refused document leaves no trace")
		})
	}
}

// TestWarningFlags has a case for every row of the warning flags (spec/fn.md 3,
// 8.3, 8.4): the moment before the flag, the moment of it, and the tag of a shift
// report made then.
func TestWarningFlags(t *testing.T) {
	confirmed := func(t *testing.T, capacity uint32) *bench {
		b := newBench(t, ffd.V120, Model36, capacity)
		b.must(b.registration(), "2026-01-10 10:00") // 560 days, the last is 2027-07-24
		b.confirmAll("2026-01-10 10:00")
		return b
	}
	ticket := func(code, message byte) func(t *testing.T) *bench {
		return func(t *testing.T) *bench {
			b := newBench(t, ffd.V120, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			b.must(&Confirm{Container: b.ticket(1, func(c *ffd.Confirmation) { c.Code, c.Message = code, message })}, "2026-01-10 10:00")
			return b
		}
	}
	for _, c := range []struct {
		row    string
		make   func(t *testing.T) *bench
		before string // "" none
		at     string
		want   WarningFlags
		tags   []uint16 // of the shift opening, in order
	}{
		{"0 | 01h | urgent replacement | 3 days or less | 1051", func(t *testing.T) *bench { return confirmed(t, 250000) },
			"2027-07-20 23:59", "2027-07-21 00:00", WarnReplace | WarnExhausted, []uint16{1050, 1051}},
		{"1 | 02h | resource nearly exhausted | 30 days or less | 1050", func(t *testing.T) *bench { return confirmed(t, 250000) },
			"2027-06-23 23:59", "2027-06-24 00:00", WarnExhausted, []uint16{1050}},
		{"2 | 04h | memory overflow | 99 % full | 1052", func(t *testing.T) *bench {
			b := confirmed(t, 100)
			b.s.LastNumber = 98
			require.Zero(t, b.s.Warnings(at("2026-01-10 10:00")))
			b.s.LastNumber = 99
			return b
		}, "", "2026-01-10 10:00", WarnMemory, []uint16{1052}},
		{"3 | 08h | OFD answer awaited too long | 2 days or more | 1053", func(t *testing.T) *bench { return inPhase(t, PhaseFiscal) },
			"2026-01-12 09:59", "2026-01-12 10:00", WarnOFDTimeout, []uint16{1053}},
		{"4 | 10h | format control refusal | 1206 bit 1 | 1206", ticket(0, 0x02), "", "2026-01-10 10:00", WarnFormat, []uint16{1206}},
		{"4 | 10h | format control refusal | response code 14", ticket(14, 0), "", "2026-01-10 10:00", WarnFormat, nil},
		{"5 | 20h | register set-up required | 1206 bit 5 in FFD 1.2 | 1206", ticket(0, 0x20), "", "2026-01-10 10:00", WarnSettings, []uint16{1206}},
		{"6 | 40h | OFD annulled | 1206 bit 6 in FFD 1.2 | 1206", ticket(0, 0x40), "", "2026-01-10 10:00", WarnOperator, []uint16{1206}},
	} {
		t.Run(c.row, func(t *testing.T) {
			b := c.make(t)
			if c.before != "" {
				require.Equal(t, c.want&^(WarnReplace|WarnOFDTimeout)&^lowest(c.want), b.s.Warnings(at(c.before)), "a minute before")
			}
			require.Equal(t, c.want, b.s.Warnings(at(c.at)))
			require.Equal(t, byte(c.want), b.s.Status(at(c.at)).Append(nil)[4])
			d := b.must(&OpenShift{Data: b.shiftData(2)}, c.at)
			require.Equal(t, c.tags, only(tags(t, d.TLV()), 1050, 1051, 1052, 1053, 1206))
		})
	}
	t.Run("7 | 80h | critical error of the ФН", func(t *testing.T) {
		b := inPhase(t, PhaseFiscal)
		b.must(&Fail{}, "2026-01-10 10:00")
		require.Equal(t, WarnCritical, b.s.Warnings(at("2026-01-10 10:00")))
		require.ErrorIs(t, b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00"), CodeFailure)
		require.ErrorIs(t, b.apply(&Confirm{Container: b.ticket(1, nil)}, "2026-01-10 10:00"), CodeFailure)
		_, err := Archive{State: &b.s, Documents: b.archive()}.FindDocument(1)
		require.NoError(t, err, "the archive can be read")
		b.must(&Reset{}, "2026-01-10 10:00")
		require.Zero(t, b.s.Warnings(at("2026-01-10 10:00")))
	})
}

// lowest is the lowest flag of a set.
func lowest(w WarningFlags) WarningFlags { return w & -w }

// only keeps those of the tags that are asked for.
func only(list []uint16, want ...uint16) (kept []uint16) {
	for _, tag := range list {
		for _, w := range want {
			if tag == w {
				kept = append(kept, tag)
			}
		}
	}
	return kept
}

// TestClearingOfWarnings is the rule below the warning flags (spec/fn.md 3).
func TestClearingOfWarnings(t *testing.T) {
	now := "2026-01-10 10:00"
	all := func(t *testing.T) *bench {
		b := newBench(t, ffd.V120, Model36, 250000)
		b.must(b.registration(), now)
		b.must(b.change(), now)
		b.must(&Confirm{Container: b.ticket(1, func(c *ffd.Confirmation) { c.Message = 0x62 }), NextTime: at(now)}, now)
		require.Equal(t, WarnFormat|WarnSettings|WarnOperator, b.s.Warnings(at(now)))
		return b
	}
	t.Run("bit 4 by the next ticket without the flag", func(t *testing.T) {
		b := all(t)
		b.must(&Confirm{Container: b.ticket(2, func(c *ffd.Confirmation) { c.Message = 0x60 })}, now)
		require.Equal(t, WarnSettings|WarnOperator, b.s.Warnings(at(now)))
	})
	t.Run("bits 5–6 by the next ticket without them", func(t *testing.T) {
		b := all(t)
		b.must(&Confirm{Container: b.ticket(2, func(c *ffd.Confirmation) { c.Message = 0x02 })}, now)
		require.Equal(t, WarnFormat, b.s.Warnings(at(now)))
	})
	t.Run("or by a change of operator", func(t *testing.T) {
		b := all(t)
		b.must(b.change(), now)
		require.Equal(t, WarnFormat|WarnSettings|WarnOperator, b.s.Warnings(at(now)), "another change keeps them")
		c := b.change()
		c.Registration.OFDINN = ffd.Pad[[12]byte]("7704358518")
		b.must(c, now)
		require.Equal(t, WarnFormat, b.s.Warnings(at(now)))
	})
	t.Run("1053 with the ticket of the old document", func(t *testing.T) {
		b := inPhase(t, PhaseFiscal)
		b.must(b.change(), "2026-01-12 09:00")
		require.Equal(t, WarnOFDTimeout, b.s.Warnings(at("2026-01-12 10:00")))
		b.must(&Confirm{Container: b.ticket(1, nil), NextTime: at("2026-01-12 09:00")}, "2026-01-12 10:00")
		require.Zero(t, b.s.Warnings(at("2026-01-12 10:00")))
	})
	t.Run("1206 keeps its meaning when the version is raised", func(t *testing.T) {
		b := newBench(t, ffd.V110, Model36, 250000)
		b.must(b.registration(), now)
		b.must(&Confirm{Container: b.ticket(1, func(c *ffd.Confirmation) { c.Message = 0xC2 })}, now)
		require.EqualValues(t, 0xC2, b.s.Messages)
		b.v = ffd.V120
		c := b.change()
		c.Reasons = 1 << 21
		b.must(c, now)
		require.EqualValues(t, 0x62, b.s.Messages)
	})
}

// TestShiftReportFlags is spec/fn.md 8.4 with the decisions, flags 1050-1053.
func TestShiftReportFlags(t *testing.T) {
	flags := []uint16{1050, 1051, 1052, 1053}
	for _, c := range []struct {
		row             string
		v               ffd.Version
		opening, close_ []uint16
	}{
		{"shift closing: all four always, 0 or 1, in 1.05", ffd.V105, []uint16{1053}, flags},
		{"shift closing: all four always, 0 or 1, in 1.1", ffd.V110, []uint16{1053}, flags},
		{"only those that are 1 in 1.2", ffd.V120, []uint16{1053}, []uint16{1053}},
	} {
		t.Run(c.row, func(t *testing.T) {
			b := newBench(t, c.v, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			d := b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-12 10:00")
			require.Equal(t, c.opening, only(tags(t, d.TLV()), flags...))
			d = b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-12 11:00")
			require.Equal(t, c.close_, only(tags(t, d.TLV()), flags...))
		})
	}
}

// TestLimits has a case for every row and rule of spec/fn.md 6 to 8 and 4.2 that
// a drive refuses by; the codes are those of section 5.
func TestLimits(t *testing.T) {
	open := func(b *bench, now string) { b.must(&OpenShift{Data: b.shiftData(2)}, now) }
	for _, c := range []struct {
		row  string
		code Code // 0: it is allowed
		do   func(b *bench) error
	}{
		{"7: shift opening may be 1 hour earlier than the registration", 0, func(b *bench) error { return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 09:00") }},
		{"7: otherwise 07h", CodeDateTime, func(b *bench) error { return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 08:59") }},
		{"7: shift opening may be 1 hour earlier than the previous shift closing", 0, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 20:00")
			require.ErrorIs(b.t, b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 18:59"), CodeDateTime)
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 19:00")
		}},
		{"7: inside a shift no document may be earlier than the previous one: 07h", CodeDateTime, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			b.must(b.receipt(1), "2026-01-10 11:00")
			return b.apply(b.receipt(1), "2026-01-10 10:59")
		}},
		{"7: nor the closing", CodeDateTime, func(b *bench) error {
			open(b, "2026-01-10 11:00")
			return b.apply(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:59")
		}},
		{"7: nor a change of registration", CodeDateTime, func(b *bench) error { return b.apply(b.change(), "2026-01-10 09:59") }},
		{"7: receipt not later than 24 hours after the opening", 0, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.receipt(1), "2026-01-11 10:00")
		}},
		{"7: receipt later than 24 hours: 16h", CodeShiftTooLong, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.receipt(1), "2026-01-11 10:01")
		}},
		{"7: correction later than 24 hours: 16h", CodeShiftTooLong, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.document(ffd.FormCorrection, 1), "2026-01-11 10:01")
		}},
		{"7: no sign in a shift longer than 24 hours: state report", CodeShiftTooLong, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.settlementState(), "2026-01-11 10:01")
		}},
		{"7: the 24-hour limit does not apply to the shift closing report", 0, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(&CloseShift{Data: b.shiftData(5)}, "2026-02-20 10:00")
		}},
		{"1: DATE begins with 2000", CodeDateTime, func(b *bench) error {
			b.s = Blank(driveNumber, Model36, ffd.V120, 100)
			return b.apply(b.registration(), "1999-12-31 23:59")
		}},
		{"8.1: the last day", 0, func(b *bench) error {
			b.confirmAll("2026-01-10 10:00")
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2027-07-24 23:59")
		}},
		{"8.1: after the last day opening a shift gives 12h", CodeTermEnded, func(b *bench) error {
			b.confirmAll("2026-01-10 10:00")
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2027-07-25 00:00")
		}},
		{"8.1: and so does a receipt", CodeTermEnded, func(b *bench) error {
			b.confirmAll("2026-01-10 10:00")
			open(b, "2027-07-24 23:00")
			return b.apply(b.receipt(1), "2027-07-25 00:00")
		}},
		{"8.1: the open shift can be closed", 0, func(b *bench) error {
			b.confirmAll("2026-01-10 10:00")
			open(b, "2027-07-24 23:00")
			return b.apply(&CloseShift{Data: b.shiftData(5)}, "2027-09-25 00:00")
		}},
		{"8.1: the drive can be closed", 0, func(b *bench) error {
			b.confirmAll("2026-01-10 10:00")
			return b.apply(b.driveClosing(), "2027-09-25 00:00")
		}},
		{"5: 05h parameters do not fit the term", CodeTermParameters, func(b *bench) error {
			b.confirmAll("2026-01-10 10:00")
			r := b.change()
			r.Registration.Modes.Conditions = ffd.ExciseGoods
			return b.apply(r, "2027-02-25 00:00") // 411 days
		}},
		{"8.2: the last document of the capacity", 0, func(b *bench) error {
			b.s.Capacity = 3
			open(b, "2026-01-10 10:00")
			return b.apply(b.receipt(1), "2026-01-10 10:00")
		}},
		{"8.2: refuse at 100 % with 14h", CodeNoSpace, func(b *bench) error {
			b.s.Capacity = 2
			open(b, "2026-01-10 10:00")
			return b.apply(b.receipt(1), "2026-01-10 10:00")
		}},
		{"8.2: always leaving room for shift closing and ФН closing", 0, func(b *bench) error {
			b.s.Capacity = 2
			open(b, "2026-01-10 10:00")
			b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:00")
			err := b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			require.ErrorIs(b.t, err, CodeNoSpace)
			require.ErrorContains(b.t, err, "all 2 documents are used", "the closing is beyond them")
			return b.apply(b.driveClosing(), "2026-01-10 10:00")
		}},
		{"6: document number, 3 bytes on the wire", CodeNoSpace, func(b *bench) error {
			b.s.Capacity = 1 << 31
			open(b, "2026-01-10 10:00")
			b.s.LastNumber = ofdproto.MaxNumber - 3
			b.must(b.receipt(1), "2026-01-10 10:00")
			err := b.apply(b.receipt(1), "2026-01-10 10:00")
			b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:00")
			require.EqualValues(b.t, ofdproto.MaxNumber, b.must(b.driveClosing(), "2026-01-10 10:00").Number)
			return err
		}},
		{"8.2: registration reports: 12 in all", 0, func(b *bench) error {
			for range 10 {
				b.must(b.change(), "2026-01-10 10:00")
			}
			return b.apply(b.change(), "2026-01-10 10:00")
		}},
		{"8.2: registration reports: the 13th", CodeMode, func(b *bench) error {
			for range 11 {
				b.must(b.change(), "2026-01-10 10:00")
			}
			return b.apply(b.change(), "2026-01-10 10:00")
		}},
		{"8.3: 30 calendar days", 0, func(b *bench) error { return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-02-09 23:59") }},
		{"8.3: more than 30 calendar days: no new shift, 14h with bit 3", CodeNoSpace, func(b *bench) error {
			require.NotZero(b.t, b.s.Warnings(at("2026-02-10 00:00"))&WarnOFDTimeout)
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-02-10 00:00")
		}},
		{"8.3: no receipt", CodeNoSpace, func(b *bench) error {
			open(b, "2026-02-09 12:00")
			return b.apply(b.receipt(1), "2026-02-10 00:00")
		}},
		{"8.3: no correction", CodeNoSpace, func(b *bench) error {
			open(b, "2026-02-09 12:00")
			return b.apply(b.document(ffd.FormCorrection, 1), "2026-02-10 00:00")
		}},
		{"8.3: no state report", CodeNoSpace, func(b *bench) error { return b.apply(b.settlementState(), "2026-02-10 00:00") }},
		{"8.3: no change of registration", CodeNoSpace, func(b *bench) error { return b.apply(b.change(), "2026-02-10 00:00") }},
		{"8.3: no closing of the drive", CodeNoSpace, func(b *bench) error { return b.apply(b.driveClosing(), "2026-02-10 00:00") }},
		{"8.3: let the shift closing pass", 0, func(b *bench) error {
			open(b, "2026-02-09 12:00")
			return b.apply(&CloseShift{Data: b.shiftData(5)}, "2026-02-20 00:00")
		}},
		{"8.3: exchange commands still work, unblocks with the tickets", 0, func(b *bench) error {
			b.must(&Confirm{Container: b.ticket(1, nil)}, "2026-02-20 00:00")
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-02-20 00:00")
		}},
		{"8.3: not applied in autonomous mode", 0, func(b *bench) error {
			b.s = Blank(driveNumber, Model36, ffd.V120, 100)
			r := b.registration()
			r.Registration.Modes.Offline = true
			b.must(r, "2026-01-10 10:00")
			require.Zero(b.t, b.s.Warnings(at("2026-04-20 00:00")))
			return b.apply(&OpenShift{Data: b.shiftData(2)}, "2026-04-20 00:00")
		}},
		{"autonomous mode: no exchange", CodeMode, func(b *bench) error {
			b.s = Blank(driveNumber, Model36, ffd.V120, 100)
			r := b.registration()
			r.Registration.Modes.Offline = true
			b.must(r, "2026-01-10 10:00")
			return b.apply(&Confirm{Container: b.ticket(1, nil)}, "2026-01-10 10:00")
		}},
		{"4.2: registration data 2 KiB", 0, func(b *bench) error { return b.apply(b.padded(b.change(), 2<<10), "2026-01-10 10:00") }},
		{"4.2: registration data above 2 KiB: 10h", CodeTooLarge, func(b *bench) error { return b.apply(b.padded(b.change(), 2<<10+1), "2026-01-10 10:00") }},
		{"4.2: ФН closing above 2 KiB: 10h", CodeTooLarge, func(b *bench) error { return b.apply(b.padded(b.driveClosing(), 2<<10+1), "2026-01-10 10:00") }},
		{"4.2: shift opening above 1 KiB: 10h", CodeTooLarge, func(b *bench) error {
			return b.apply(b.padded(&OpenShift{Data: b.shiftData(2)}, 1<<10+1), "2026-01-10 10:00")
		}},
		{"4.2: shift closing above 1 KiB: 10h", CodeTooLarge, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.padded(&CloseShift{Data: b.shiftData(5)}, 1<<10+1), "2026-01-10 10:00")
		}},
		{"4.2: state report above 2 KiB: 10h", CodeTooLarge, func(b *bench) error { return b.apply(b.padded(b.settlementState(), 2<<10+1), "2026-01-10 10:00") }},
		{"4.2: receipt 30 KiB", 0, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.padded(b.receipt(1), 30<<10), "2026-01-10 10:00")
		}},
		{"4.2: receipt above 30 KiB: 10h", CodeTooLarge, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.padded(b.receipt(1), 30<<10+1), "2026-01-10 10:00")
		}},
		{"4.2: total Uint40", 0, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.receipt(1<<40-1), "2026-01-10 10:00")
		}},
		{"4.2: total beyond Uint40: 09h", CodeValue, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.receipt(1<<40), "2026-01-10 10:00")
		}},
		{"5: 09h for 16h: shift totals overflow", CodeValue, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			b.must(b.receipt(1<<40-1), "2026-01-10 10:00")
			err := b.apply(b.receipt(1), "2026-01-10 10:00")
			require.ErrorContains(b.t, err, "close the shift")
			b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:00")
			open(b, "2026-01-10 10:00")
			b.must(b.receipt(1), "2026-01-10 10:00")
			require.EqualValues(b.t, 1<<40, b.s.Totals.Receipts[0].Total)
			return err
		}},
		{"5: a payment of eight bytes", CodeValue, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Data = tlv.AppendBytes(r.Data, ffd.TagVAT20Sum+10000, nil)
			r.Data = append(r.Data, 0xC1, 0x04, 8, 0, 255, 255, 255, 255, 255, 255, 255, 255) // 1217
			b.s.Registration.FFD = ffd.V105                                                   // where a tag may come twice
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"5: 0Ch duplicated item", CodeDuplicateTag, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Data = tlv.AppendByte(r.Data, ffd.TagInternetSettlement, 1)
			r.Data = tlv.AppendByte(r.Data, ffd.TagInternetSettlement, 1)
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"5: 18h wrong item value", CodeItemValue, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			r := b.receipt(100)
			r.Data = append([]byte{0x1F, 4, 1, 0, 3}, r.Data[5:]...) // 1055 = 3, two systems
			return b.apply(r, "2026-01-10 10:00")
		}},
		{"5: 19h item contradicts the registration: excise", CodeContradiction, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.itemOfType(2, 0), "2026-01-10 10:00")
		}},
		{"5: 19h: sum of excise 1229", CodeContradiction, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.itemOfType(1, 5), "2026-01-10 10:00")
		}},
		{"5: 19h: gambling", CodeContradiction, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.itemOfType(5, 0), "2026-01-10 10:00")
		}},
		{"5: 19h: lottery", CodeContradiction, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.itemOfType(7, 0), "2026-01-10 10:00")
		}},
		{"5: 19h: marked goods", CodeContradiction, func(b *bench) error {
			open(b, "2026-01-10 10:00")
			return b.apply(b.itemOfType(33, 0), "2026-01-10 10:00")
		}},
		{"registered for them all", 0, func(b *bench) error {
			b.s.Registration.Modes.Conditions = ffd.ExciseGoods | ffd.Gambling | ffd.Lottery | ffd.MarkedGoods
			open(b, "2026-01-10 10:00")
			for _, i := range []ffd.ItemType{2, 5, 6, 7, 8, 30, 31, 32, 33} {
				b.must(b.itemOfType(i, 5), "2026-01-10 10:00")
			}
			return nil
		}},
		{"19h is a code of 1.1 and later", 0, func(b *bench) error {
			b.s, b.v = Blank(driveNumber, Model36, ffd.V120, 100), ffd.V105
			b.must(b.registration(), "2026-01-10 10:00")
			open(b, "2026-01-10 10:00")
			return b.apply(b.itemOfType(2, 5), "2026-01-10 10:00")
		}},
		{"АС БСО: forms 4 and 41 instead of 3 and 31", CodeContradiction, func(b *bench) error {
			b.s.Registration.Modes.Conditions = ffd.BSOSystem
			open(b, "2026-01-10 10:00")
			b.must(b.document(ffd.FormBSO, 1), "2026-01-10 10:00")
			b.must(b.document(ffd.FormBSOCorrection, 1), "2026-01-10 10:00")
			require.ErrorIs(b.t, b.apply(b.document(ffd.FormCorrection, 1), "2026-01-10 10:00"), CodeContradiction)
			return b.apply(b.receipt(1), "2026-01-10 10:00")
		}},
		{"tax systems limit corrections", CodeContradiction, func(b *bench) error {
			b.s.Registration.TaxSystems = ffd.TaxPatent
			open(b, "2026-01-10 10:00")
			return b.apply(b.document(ffd.FormCorrection, 1), "2026-01-10 10:00")
		}},
		{"4.1: reset of debug drives only", CodeMode, func(b *bench) error {
			b.s.Drive[0] = '8'
			return b.apply(&Reset{}, "2026-01-10 10:00")
		}},
	} {
		t.Run(c.row, func(t *testing.T) {
			b := newBench(t, ffd.V120, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			err := c.do(b)
			if c.code == 0 {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.code)
			r := err.(*Refusal)
			require.Regexp(t, cyrillic, r.Russian())
			require.NotEmpty(t, r.Hint)
		})
	}
}

// padded fills the data of a command up to n bytes with tags that the drive does
// not look at.
func (b *bench) padded(c Command, n int) Command {
	fill := func(data []byte) []byte {
		for tag := uint16(60000); len(data) < n; tag++ {
			data = tlv.AppendBytes(data, tag, make([]byte, min(n-len(data)-tlv.HeaderLen, 20000)))
		}
		require.Len(b.t, data, n)
		return data
	}
	switch c := c.(type) {
	case *Register:
		c.Data = fill(c.Data)
	case *OpenShift:
		c.Data = fill(c.Data)
	case *CloseShift:
		c.Data = fill(c.Data)
	case *Receipt:
		c.Data = fill(c.Data)
	case *SettlementState:
		c.Data = fill(c.Data)
	case *CloseDrive:
		c.Data = fill(c.Data)
	}
	return c
}

// TestCounters has a case for every row of the numbers and counters (spec/fn.md
// 6).
func TestCounters(t *testing.T) {
	now := "2026-01-10 10:00"
	t.Run("document number (1040) | 1 at the registration report | +1 for every finished document", func(t *testing.T) {
		b := wholeLife(t, ffd.V120)
		for i := range b.out.Documents {
			require.EqualValues(t, i+1, b.out.Documents[i].Number)
		}
	})
	t.Run("shift number (1038) | 0 before the first shift | +1 at every opening", func(t *testing.T) {
		b := inPhase(t, PhaseFiscal)
		for n := range uint32(3) {
			require.Equal(t, n, b.s.Shift)
			b.must(&OpenShift{Data: b.shiftData(2)}, now)
			require.Equal(t, n+1, b.s.Shift)
			b.must(&CloseShift{Data: b.shiftData(5)}, now)
		}
		b.must(b.change(), now)
		b.must(&OpenShift{Data: b.shiftData(2)}, now)
		require.EqualValues(t, 4, b.s.Shift, "a change of registration does not begin anew")
	})
	t.Run("receipt number in shift (1042) | 0 at opening | +1 for every receipt, БСО and correction", func(t *testing.T) {
		b := inPhase(t, PhaseFiscal)
		b.must(&OpenShift{Data: b.shiftData(2)}, now)
		require.Zero(t, b.s.ShiftReceipts)
		for i, form := range []ffd.Form{3, 4, 31, 41} {
			require.EqualValues(t, i+1, b.must(b.document(form, 1), now).Receipt)
		}
		b.must(&CloseShift{Data: b.shiftData(5)}, now)
		x, err := b.s.ShiftParameters()
		require.NoError(t, err)
		require.Equal(t, Shift{Number: 1, Receipts: 4}, x, "10h keeps reporting the closed shift")
		b.must(&OpenShift{Data: b.shiftData(2)}, now)
		require.Zero(t, b.s.ShiftReceipts)
	})
	t.Run("registrations made | 1 after the first report | +1 for every change report", func(t *testing.T) {
		b := inPhase(t, PhaseReady)
		require.Equal(t, Term{Left: 12}, b.s.Term())
		b.must(b.registration(), now)
		require.EqualValues(t, 1, b.s.Term().Made)
		b.must(b.change(), now)
		require.Equal(t, Term{LastDay: at("2027-07-24 00:00"), Left: 10, Made: 2}, b.s.Term())
	})
}
