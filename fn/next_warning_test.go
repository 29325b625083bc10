package fn

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

// TestNextWarning steps a drive's clock by the minute around each moment: the flags
// change there and nowhere else.
func TestNextWarning(t *testing.T) {
	b := newBench(t, ffd.V120, Model13, 250000)
	require.Zero(t, b.s.NextWarning(at("2026-01-10 10:00")))
	b.must(b.registration(), "2026-01-10 10:00")
	now := at("2026-01-10 10:00")
	for _, want := range []struct {
		moment string
		flags  WarningFlags
	}{
		{"2026-01-12 10:00", WarnOFDTimeout},
		{"2027-01-25 00:00", WarnOFDTimeout | WarnExhausted},
		{"2027-02-21 00:00", WarnOFDTimeout | WarnExhausted | WarnReplace},
	} {
		next := b.s.NextWarning(now)
		require.Equal(t, at(want.moment), next)
		require.Equal(t, b.s.Warnings(now), b.s.Warnings(next-60))
		require.Equal(t, want.flags, b.s.Warnings(next))
		now = next
	}
	require.Zero(t, b.s.NextWarning(now))
}
