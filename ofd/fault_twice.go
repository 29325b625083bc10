package ofd

// Twice sends every answer twice, one right behind the other.
type Twice struct{}

// Name implements Effect.
func (Twice) Name() string { return "twice" }

func (Twice) args() string { return "" }

func (Twice) alter(_ *waiter, a *answer) {
	n := len(a.Message)
	a.Message = append(a.Message[:n:n], a.Message...)
}
