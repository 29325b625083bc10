package check

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
)

func TestDescriptionIsValid(t *testing.T) {
	c, err := New(control.OpenAPI(), control.Prefix)
	require.NoError(t, err)
	require.NotEmpty(t, c.Operations())
}
