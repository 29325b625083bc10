package ofd

import (
	"fmt"

	"kktd/ffd"
)

// Bits puts other bits, 1206, into tickets and leaves 1022 as it is.
type Bits struct{ Mask byte }

// Name implements fault.Effect.
func (Bits) Name() string { return "ofd-bits" }

// Args implements fault.Effect.
func (f Bits) Args() string { return fmt.Sprintf("bits=0x%02x", f.Mask) }

func (f Bits) mark(c *ffd.Confirmation) { c.Message = f.Mask }
