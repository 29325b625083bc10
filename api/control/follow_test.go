package control

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/ffd"
	"kktd/kkt"
)

// TestFollowWhileARegisterIsMade reads by INN while registers come: whenever the reader
// looks, it meets each event of theirs once.
func TestFollowWhileARegisterIsMade(t *testing.T) {
	b := newBench(t, nil)
	a := New(Options{Fleet: b.fleet, Events: b.store})
	const made = 50
	end := make(chan error, 1)
	go func() {
		for range made {
			s := kkt.Defaults(ffd.V120)
			s.INN, s.UserName = "7707083893", ""
			if _, _, err := b.fleet.NewRegister(t.Context(), kkt.Order{Settings: s}); err != nil {
				end <- err
				return
			}
		}
		end <- nil
	}()
	q := query{"inn": {"7707083893"}}
	f, err := a.filter(q)
	require.NoError(t, err)
	seen := map[string]int{}
	var last uint64
	for over := false; ; {
		last, err = a.follow(f, q, last, 0, func(e *event.Event) error {
			seen[fmt.Sprint(e.Register, " ", e.Kind)]++
			return nil
		})
		require.NoError(t, err)
		if over {
			break
		}
		select {
		case err := <-end:
			require.NoError(t, err)
			over = true // one more look
		default:
		}
	}
	documents := 0
	for what, times := range seen {
		require.Equal(t, 1, times, what)
		if strings.HasSuffix(what, " document") {
			documents++
		}
	}
	require.Equal(t, made, documents)
}
