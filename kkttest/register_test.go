package kkttest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkttest"
)

// Tests side by side, each with a register of its own.
func TestFresh(t *testing.T) {
	srv := kkttest.Start(t, kkttest.Options{})
	t.Run("side by side", func(t *testing.T) {
		for n := range 4 {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				own := srv.Fresh(t, map[string]any{"ffd": "1.05"})
				require.NoError(t, ffd.CheckINN(own.INN))
				for range n + 1 {
					status, answer := own.Post("/kkt/receipt", saleOf(own.INN))
					require.Equal(t, 200, status)
					require.Contains(t, string(answer), `"Success":true`)
				}
				require.Len(t, own.Documents(), n+3)
				own.RequireTag(t, 3, "Чай", ffd.TagItem, ffd.TagItemName)
				require.Len(t, own.Documents(own.CloneRegister()), 1)
				own.ResetRegister()
				require.Len(t, own.Documents(), 1)
			})
		}
	})
	var page struct{ Items []struct{ Serial string } }
	srv.Call("GET", "registers", nil, &page)
	require.Len(t, page.Items, 1+4, "that of the first start, and the clones")
	srv.Fresh(t, nil).DeleteRegister()
	srv.ResetRegister()
	require.Len(t, srv.Documents(), 1)
}
