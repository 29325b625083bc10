package fn

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// lived is a drive with something in every field.
func lived(t *testing.T, v ffd.Version) *bench {
	b := newBench(t, v, Model36, 250000)
	b.must(b.registration(), "2026-01-10 10:00")
	r := b.receipt(12345)
	r.Shift = b.autoShift()
	b.must(r, "2026-01-10 10:05")
	b.must(&Confirm{Container: b.ticket(1, func(c *ffd.Confirmation) { c.Message = 0x42 }), NextTime: at("2026-01-10 10:05")}, "2026-01-10 10:06")
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 20:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-11 09:00")
	b.must(b.receipt(99), "2026-01-11 09:01")
	return b
}

func TestStateForm(t *testing.T) {
	s := lived(t, ffd.V120).s
	s.Failed = true
	form, err := s.AppendBinary(nil)
	require.NoError(t, err)
	golden(t, "state-v2.hex", hex.EncodeToString(form)+"\n")
	back, err := ParseState(form)
	require.NoError(t, err)
	require.Equal(t, s, back)
	for n := range form {
		_, err := ParseState(form[:n])
		require.ErrorIs(t, err, ErrState, "cut to %d bytes", n)
	}
	_, err = ParseState(append(form, 0))
	require.ErrorIs(t, err, ErrState)
	form[0] = stateVersion + 1
	_, err = ParseState(form)
	require.ErrorIs(t, err, ErrNewerState)
}

// TestOldStates reads the golden files of older versions, which are never
// written again.
func TestOldStates(t *testing.T) {
	old, err := os.ReadFile("testdata/state-v1.hex")
	require.NoError(t, err)
	form, err := hex.DecodeString(strings.TrimSpace(string(old)))
	require.NoError(t, err)
	require.EqualValues(t, 1, form[0])
	s, err := ParseState(form)
	require.NoError(t, err)
	require.Equal(t, lived(t, ffd.V120).s, s, "the same life, the new fields made up for")
}

// TestImpossibleStates refuses what decodes and yet no machine can go on from.
func TestImpossibleStates(t *testing.T) {
	for text, spoil := range map[string]func(s *State){
		"phase 5":                 func(s *State) { s.Phase = 5 },
		"a drive of 14 months":    func(s *State) { s.Model = 14 },
		"13 registration reports": func(s *State) { s.Registrations = 13 },
	} {
		t.Run(text, func(t *testing.T) {
			s := lived(t, ffd.V120).s
			spoil(&s)
			form, err := s.AppendBinary(nil)
			require.NoError(t, err)
			_, err = ParseState(form)
			require.ErrorIs(t, err, ErrState)
			require.ErrorContains(t, err, text)
		})
	}
}

// TestStateIsSmall fills every counter to its limit: 40 bits in a shift, and half
// as many shifts as document numbers in a drive.
func TestStateIsSmall(t *testing.T) {
	s := lived(t, ffd.V120).s
	full := func(v uint64) (x ffd.SettlementTotals) {
		x = ffd.SettlementTotals{Count: 1<<24 - 1, Total: v, Payments: ffd.Payments{Cash: v, Cashless: v, Prepaid: v, Credit: v, Provision: v}}
		for i := range x.VAT {
			x.VAT[i] = v
		}
		return x
	}
	for i := range 4 {
		s.ShiftTotals.Receipts[i], s.ShiftTotals.Corrections[i] = full(maxTotal), full(maxTotal)
		s.Totals.Receipts[i], s.Totals.Corrections[i] = full(maxTotal<<23), full(maxTotal<<23)
	}
	for i := range s.RegistrationDocs {
		s.RegistrationDocs[i] = 1<<24 - 1
	}
	form, err := s.AppendBinary(nil)
	require.NoError(t, err)
	require.Less(t, len(form), 2048)
	back, err := ParseState(form)
	require.NoError(t, err)
	require.Equal(t, s, back)
}

// wholeLife is a drive that made every form of document.
func wholeLife(t *testing.T, v ffd.Version, conditions ...ffd.Conditions) *bench {
	b := newBench(t, v, Model36, 250000)
	r := b.registration()
	for _, c := range conditions {
		r.Registration.Modes.Conditions |= c
	}
	b.must(r, "2026-01-10 10:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:01")
	for _, form := range []ffd.Form{3, 4, 31, 41} {
		b.must(b.document(form, 12345*uint64(form)), "2026-01-10 10:02")
	}
	b.must(b.settlementState(), "2026-01-10 10:03")
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 20:00")
	b.must(&Confirm{Container: b.ticket(1, func(c *ffd.Confirmation) { c.Message = 0x42 }), NextTime: at("2026-01-10 10:01")}, "2026-01-10 20:01")
	c := b.change()
	c.Reasons |= 1 << 31
	c.Registration = r.Registration
	b.must(c, "2026-01-10 20:02")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-12 10:01")
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-12 10:02")
	b.must(b.driveClosing(), "2026-01-12 10:03")
	return b
}

// TestDocumentsGolden holds the bytes of every form in every version, with a
// fixed clock and the published key, and looks at each once as an operator would.
func TestDocumentsGolden(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			var lines strings.Builder
			forms := map[ffd.Form]bool{}
			for _, d := range wholeLife(t, v).out.Documents {
				fmt.Fprintf(&lines, "%d %s\n", d.Form, hex.EncodeToString(d.Container))
				require.Empty(t, errorsOf(ffd.Check(d.TLV())), "form %d", d.Form)
				forms[d.Form] = true
			}
			r := newBench(t, v, Model36, 250000)
			c := r.registration()
			c.Reasons = ReplacesDrive
			d := r.must(c, "2026-01-12 10:05")
			fmt.Fprintf(&lines, "%d %s\n", d.Form, hex.EncodeToString(d.Container))
			require.Empty(t, errorsOf(ffd.Check(d.TLV())), "replacement")
			for _, form := range []ffd.Form{1, 11, 2, 3, 4, 31, 41, 5, 21, 6} {
				require.True(t, forms[form], "form %d", form)
			}
			golden(t, "documents-"+v.String()+".hex", lines.String())
		})
	}
}

func FuzzParseState(f *testing.F) {
	s := Blank(driveNumber, Model36, ffd.V120, 1000)
	form, _ := s.AppendBinary(nil)
	f.Add(form)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseState(b)
		if err != nil {
			return
		}
		again, _ := s.AppendBinary(nil)
		back, err := ParseState(again)
		require.NoError(t, err)
		require.Equal(t, s, back)
	})
}
