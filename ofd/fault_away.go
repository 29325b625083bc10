package ofd

import (
	"fmt"
	"net"
)

// Away is an OFD that is not there for anybody.
type Away struct{ How AwayHow } // "": AwayClose

// AwayHow says what becomes of a connection.
type AwayHow string

// The ways of being away.
const (
	AwayClose AwayHow = "close" // closed at once; the default
	AwayReset AwayHow = "reset" // closed with RST, so that the peer meets an error and no end of stream
	AwayHang  AwayHow = "hang"  // as one that nobody accepts: open, nothing is read or answered until the fault is lifted
)

// Name implements fault.Effect.
func (Away) Name() string { return "ofd-away" }

// Args implements fault.Effect.
func (f Away) Args() string {
	if f.How == AwayClose || f.How == "" {
		return ""
	}
	return "how=" + string(f.How)
}

// Check implements fault.Checker.
func (f Away) Check() error {
	switch f.How {
	case "", AwayClose, AwayReset, AwayHang:
		return nil
	}
	return fmt.Errorf("how: %q, want close, reset or hang", f.How)
}

func (f Away) connect(w *waiter, c net.Conn) (stay bool) {
	switch f.How {
	case AwayHang:
		w.wait(maxWait)
		return true
	case AwayReset:
		if t, ok := c.(interface{ SetLinger(int) error }); ok {
			_ = t.SetLinger(0)
		}
	}
	return false
}
