package kkt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/fn"
)

func TestWarningKinds(t *testing.T) {
	seen := map[WarningKind]bool{}
	var flags fn.WarningFlags
	for _, w := range warnings {
		t.Run(string(w.kind), func(t *testing.T) {
			require.False(t, seen[w.kind], "twice")
			seen[w.kind] = true
			flags |= w.flag
			text := w.kind.Text()
			for _, s := range []string{text.What, text.Do, text.WhatRu, text.DoRu} {
				require.NotEmpty(t, s)
			}
			if w.flag == 0 {
				return
			}
			p := &profile{Settings: Settings{Serial: "1"}}
			state := fn.State{Phase: fn.PhaseReady, Capacity: 100, OperatorWarning: w.flag}
			require.Equal(t, []Warning{{Kind: w.kind, Register: "1"}}, p.warnings(&state, 0))
		})
	}
	require.EqualValues(t, 0xFF, flags, "every flag of the drive has a kind")
	require.Equal(t, "something", WarningKind("something").Text().What)
}

func TestWarningsOfARegister(t *testing.T) {
	b := newBench(t)
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	require.Empty(t, r.Warnings())
	b.clock.Advance(48 * time.Hour)
	require.Equal(t, []Warning{{WarnOFDQueue, testSerial}}, r.Warnings())
	r.publish(ErrOutOfService)
	require.Equal(t, []Warning{{WarnOutOfOrder, testSerial}}, r.Warnings())
}
