package ofdtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/fault"
	"kktd/ofd"
)

// Fault reads the text form of a fault of the OFD; the prefix of its name may be left out.
func Fault(tb testing.TB, text string) fault.Fault {
	tb.Helper()
	f, err := fault.NewRegistry(ofd.FaultKinds()).Parse(ofd.FaultName(text))
	require.NoError(tb, err)
	return f
}
