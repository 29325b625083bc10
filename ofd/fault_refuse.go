package ofd

import (
	"fmt"

	"kktd/ffd"
)

// Refuse makes tickets say that the operator does not take the document: 1022 and 1206 as they are set. The document counts as
// delivered all the same (spec/ofd-protocol.md 8.3).
type Refuse struct {
	Code byte // 1022
	Bits byte // 1206; 0 leaves it out
}

// Name implements fault.Effect.
func (Refuse) Name() string { return "ofd-refuse" }

// Args implements fault.Effect.
func (f Refuse) Args() string { return fmt.Sprintf("code=%d:bits=0x%02x", f.Code, f.Bits) }

func (f Refuse) mark(c *ffd.Confirmation) { c.Code, c.Message = f.Code, f.Bits }
