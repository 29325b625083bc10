package ofd

import (
	"fmt"

	"kktd/ffd"
)

// WrongCode puts another answer code, 1022, into tickets and leaves 1206 as it is.
type WrongCode struct{ Code byte }

// Name implements fault.Effect.
func (WrongCode) Name() string { return "ofd-code" }

// Args implements fault.Effect.
func (f WrongCode) Args() string { return fmt.Sprintf("code=%d", f.Code) }

func (f WrongCode) mark(c *ffd.Confirmation) { c.Code = f.Code }
