package ofdtest

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ofd"
	"kktd/storage/memory"
)

// shutdownPatience is far more than a server without a stuck client needs.
const shutdownPatience = 5 * time.Second

// Options fills what o leaves empty: a store in memory, a clock that stands at Start, UTC.
func Options(tb testing.TB, o ofd.Options) ofd.Options {
	tb.Helper()
	if o.Store == nil {
		store := memory.Open()
		tb.Cleanup(func() { _ = store.Close() })
		o.Store = store
	}
	if o.Clock == nil {
		o.Clock = clock.Fixed(time.Unix(int64(Start), 0))
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return o
}

// Serve runs a server on a free port of 127.0.0.1 until the end of the test.
func Serve(tb testing.TB, o ofd.Options) (*ofd.Server, string) {
	tb.Helper()
	return ServeAt(tb, o, "127.0.0.1:0")
}

// ServeAt is Serve with an address, to come back where a server was before.
func ServeAt(tb testing.TB, o ofd.Options, addr string) (*ofd.Server, string) {
	tb.Helper()
	s, err := ofd.New(Options(tb, o))
	require.NoError(tb, err)
	l, err := net.Listen("tcp", addr)
	require.NoError(tb, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	tb.Cleanup(func() {
		Stop(tb, s)
		if err := <-served; !errors.Is(err, ofd.ErrClosed) { // a test may be over before Serve began
			require.NoError(tb, err)
		}
	})
	return s, l.Addr().String()
}

// Stop shuts the server down; a second time does nothing.
func Stop(tb testing.TB, s *ofd.Server) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	require.NoError(tb, s.Shutdown(ctx))
}
