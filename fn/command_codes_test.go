package fn

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

// Why a code of the list cannot come from a command of this machine.
const (
	oldCode  = "a code of drives of FFD 1.0; this one answers as later ones do"
	byFault  = "its cause does not exist in the machine; a fault alone gives it"
	ownTimer = "one clock cannot disagree with itself (spec/decisions.md, 17h)"
	letsPass = "the shift closing passes (spec/fn.md 8.3, spec/decisions.md, unsent documents)"
)

// TestCodesOfCommands has every code that the end of spec/fn.md 5 lists for a
// command: the way to it, or why there is none. A document is one command here, so
// the codes of its begin and its finish come from the same one.
func TestCodesOfCommands(t *testing.T) {
	const day1, day2 = "2026-01-10 10:00", "2026-01-11 10:01"
	opened := func(t *testing.T) *bench {
		b := inPhase(t, PhaseFiscal)
		b.must(&OpenShift{Data: b.shiftData(2)}, day1)
		return b
	}
	fiscal := func(t *testing.T) *bench { return inPhase(t, PhaseFiscal) }
	ready := func(t *testing.T) *bench { return inPhase(t, PhaseReady) }
	failed := func(make func(*testing.T) *bench) func(*testing.T) *bench {
		return func(t *testing.T) *bench {
			b := make(t)
			b.must(&Fail{}, day1)
			return b
		}
	}
	full := func(make func(*testing.T) *bench) func(*testing.T) *bench {
		return func(t *testing.T) *bench {
			b := make(t)
			b.s.Capacity = b.s.LastNumber
			return b
		}
	}
	confirmed := func(make func(*testing.T) *bench) func(*testing.T) *bench {
		return func(t *testing.T) *bench {
			b := make(t)
			b.confirmAll(day1)
			return b
		}
	}
	open := func(b *bench) Command { return &OpenShift{Data: b.shiftData(2)} }
	closing := func(b *bench) Command { return &CloseShift{Data: b.shiftData(5)} }
	receipt := func(b *bench) Command { return b.receipt(100) }
	correction := func(b *bench) Command { return b.document(ffd.FormCorrection, 100) }
	report := func(b *bench) Command { return b.settlementState() }
	ending := func(b *bench) Command { return b.driveClosing() }
	registration := func(b *bench) Command { return b.registration() }

	const unsent31, termOver = "2026-02-10 10:00", "2027-07-25 00:00"
	type way struct {
		code Code
		make func(*testing.T) *bench
		do   func(*bench) Command
		now  string
		none string // why there is no way
	}
	for _, c := range []struct {
		command string
		ways    []way
	}{
		{"11h and 12h, open a shift", []way{
			{code: CodeState, make: opened, do: open, now: day1},
			{code: CodeFailure, make: failed(fiscal), do: open, now: day1},
			{code: CodeCrypto, none: byFault},
			{code: CodeTermParameters, none: oldCode},
			{code: CodeArchiveFull, none: oldCode},
			{code: CodeDateTime, make: fiscal, do: open, now: "2026-01-10 08:59"},
			{code: CodeTermEnded, make: confirmed(fiscal), do: open, now: termOver},
			{code: CodeNoSpace, make: full(fiscal), do: open, now: day1},
			{code: CodeUnsent, none: oldCode},
			{code: CodeNoSpace, make: fiscal, do: open, now: unsent31}, // instead of 15h
		}},
		{"13h and 14h, close the shift", []way{
			{code: CodeState, make: fiscal, do: closing, now: day1},
			{code: CodeFailure, make: failed(opened), do: closing, now: day1},
			{code: CodeCrypto, none: byFault},
			{code: CodeDateTime, make: opened, do: closing, now: "2026-01-10 09:59"},
			{code: CodeNoSpace, none: letsPass},
			{code: CodeUnsent, none: letsPass},
			{make: full(opened), do: closing, now: day1},
			{make: opened, do: closing, now: unsent31},
			{make: confirmed(opened), do: closing, now: termOver},
		}},
		{"15h and 16h, receipt", []way{
			{code: CodeState, make: fiscal, do: receipt, now: day1},
			{code: CodeFailure, make: failed(opened), do: receipt, now: day1},
			{code: CodeCrypto, none: byFault},
			{code: CodeDateTime, make: opened, do: receipt, now: "2026-01-10 09:59"},
			{code: CodeValue, make: opened, do: func(b *bench) Command {
				r := b.receipt(100)
				r.Total = 101
				return r
			}, now: day1},
			{code: CodeTermEnded, make: func(t *testing.T) *bench { // within the 24 hours of its shift
				b := confirmed(fiscal)(t)
				b.must(open(b), "2027-07-24 23:59")
				b.confirmAll("2027-07-24 23:59")
				return b
			}, do: receipt, now: termOver},
			{code: CodeNoSpace, make: full(opened), do: receipt, now: day1},
			{code: CodeUnsent, none: oldCode},
			{code: CodeShiftTooLong, make: opened, do: receipt, now: day2},
			{code: CodeTimer, none: ownTimer},
		}},
		{"17h and 16h, correction", []way{
			{code: CodeState, make: fiscal, do: correction, now: day1},
			{code: CodeDateTime, make: opened, do: correction, now: "2026-01-10 09:59"},
			{code: CodeUnsent, none: oldCode},
			{code: CodeNoSpace, make: func(t *testing.T) *bench { // instead of 15h
				b := fiscal(t)
				b.must(open(b), "2026-02-09 12:00")
				return b
			}, do: correction, now: unsent31},
			{code: CodeShiftTooLong, make: opened, do: correction, now: day2},
			{code: CodeTimer, none: ownTimer},
		}},
		{"18h and 19h, report on the state of settlements", []way{
			{code: CodeState, make: ready, do: report, now: day1},
			{code: CodeFailure, make: failed(fiscal), do: report, now: day1},
			{code: CodeCrypto, none: byFault},
			{code: CodeTermParameters, none: oldCode},
			{code: CodeArchiveFull, none: oldCode},
			{code: CodeDateTime, make: fiscal, do: report, now: "2026-01-10 09:59"},
			{code: CodeTermEnded, make: confirmed(fiscal), do: report, now: termOver},
			{code: CodeNoSpace, make: full(fiscal), do: report, now: day1},
		}},
		{"05h, close the drive", []way{
			{code: CodeState, make: opened, do: ending, now: day1},
			{code: CodeFailure, make: failed(fiscal), do: ending, now: day1},
			{code: CodeCrypto, none: byFault},
			{code: CodeDateTime, make: fiscal, do: ending, now: "2026-01-10 09:59"},
			{make: confirmed(fiscal), do: ending, now: termOver},
		}},
		{"03h, register", []way{
			{code: CodeState, make: fiscal, do: registration, now: day1},
			{code: CodeFailure, make: failed(ready), do: registration, now: day1},
			{code: CodeCrypto, none: byFault},
			{code: CodeDateTime, make: ready, do: registration, now: "1999-12-31 23:59"},
			{code: CodeDateTime, make: fiscal, do: func(b *bench) Command { return b.change() }, now: "2026-01-10 09:59"},
			{code: CodeValue, make: ready, do: func(b *bench) Command {
				r := b.registration()
				r.Registration.TaxSystems = 0
				return r
			}, now: day1},
		}},
	} {
		for _, w := range c.ways {
			name := fmt.Sprintf("%s/%02Xh", c.command, byte(w.code))
			if w.none != "" {
				t.Logf("%s: none, %s", name, w.none)
				continue
			}
			t.Run(name, func(t *testing.T) {
				b := w.make(t)
				before, documents := b.s, len(b.out.Documents)
				err := b.apply(w.do(b), w.now)
				if w.code == 0 {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, w.code)
				var r *Refusal
				require.True(t, errors.As(err, &r))
				require.Equal(t, before, b.s)
				require.Len(t, b.out.Documents, documents)
			})
		}
	}
}
