package ffd

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMakeINN(t *testing.T) {
	for _, first := range []uint64{0, 1, 770880606, 999900001, 1e9 - 1, 1e9, 1<<64 - 1} {
		require.NoError(t, CheckINN(MakeINN(first)), first)
	}
	require.Equal(t, "7708806062", MakeINN(770880606))
}
