package kkttest_test

import (
	"os"
	"testing"

	"kktd/api/control"
	"kktd/openapi/check"
)

// TestMain holds every request of the tests and its answer against the description of
// the control API.
func TestMain(m *testing.M) { os.Exit(check.Run(m, control.OpenAPI(), control.Prefix)) }
