package ofd

// Twice sends every answer twice, one right behind the other.
type Twice struct{}

// Name implements fault.Effect.
func (Twice) Name() string { return "ofd-twice" }

// Args implements fault.Effect.
func (Twice) Args() string { return "" }

func (Twice) probes() {}

func (Twice) alter(_ *waiter, a *answer) {
	n := len(a.Message)
	a.Message = append(a.Message[:n:n], a.Message...)
}
