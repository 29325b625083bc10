package control

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/openapi/check"
)

// checker is made once: reading the description takes longer than most tests.
var checker = sync.OnceValues(func() (*check.Checker, error) { return check.New(OpenAPI(), Prefix) })

// described holds what goes through an API against the description, which knows
// nothing of routes that a test brings.
func described(t testing.TB, a *API) http.Handler {
	if slices.ContainsFunc(a.Described(), func(r Route) bool { return Docs()[r.Method+" "+r.Path].ID == "" }) {
		return a
	}
	c, err := checker()
	require.NoError(t, err)
	return c.Handler(a, func(err error) { t.Error(err) })
}
