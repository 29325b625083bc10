package control

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0": 0, "10": 10 * time.Second, "10s": 10 * time.Second, "500ms": 500 * time.Millisecond, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute,
		"30d": 30 * day, "P30D": 30 * day, "P2W": 14 * day, "P1W1D": 8 * day, "PT10S": 10 * time.Second, "P1DT2H3M4S": 26*time.Hour + 3*time.Minute + 4*time.Second,
	} {
		got, err := parseDuration(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
	for _, s := range []string{"", " ", "d", "P", "PT", "P1DT", "T1S", "P1M", "P1Y", "PT1D", "P1H", "P1D1D", "PT1S1M", "P-1D", "PD", "1.5d", "-1", "-5s", "+1d",
		"10 s", "soon", "99999999999999999999", "9223372036854775807", "106752d", "P106751DT24H", "P99999W"} {
		_, err := parseDuration(s)
		require.Error(t, err, s)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"10", "36h", "30d", "P30D", "P1DT2H3M4S", "PT", "-1s", "9999999999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := parseDuration(s); err == nil && d < 0 {
			t.Fatalf("%q gave %v", s, d)
		}
	})
}
