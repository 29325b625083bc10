package check

import (
	"fmt"
	"net/http"
	"os"
	"sync"
)

// maxTold is how many mistakes are told before the rest is counted.
const maxTold = 10

// Run runs the tests of a package with every request of its HTTP clients checked: m is
// a *testing.M, and what comes back is for os.Exit. Clients that bring a transport of
// their own are left alone.
func Run(m interface{ Run() int }, description []byte, prefix string) int {
	c, err := New(description, prefix)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the description of the control API:", err)
		return 1
	}
	var mu sync.Mutex
	wrong := 0
	transport := http.DefaultTransport
	http.DefaultTransport = c.Transport(transport, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if wrong++; wrong <= maxTold {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	code := m.Run()
	http.DefaultTransport = transport
	mu.Lock()
	defer mu.Unlock()
	if wrong > 0 {
		fmt.Fprintf(os.Stderr, "%d exchanges do not fit api/control/openapi.json\n", wrong)
		code = max(code, 1)
	}
	return code
}
