package ofd

// Drop takes documents and sends no answer. The connection stays open, or is closed at once.
type Drop struct{ Close bool }

// Name implements Effect.
func (Drop) Name() string { return "drop" }

func (f Drop) args() string {
	if f.Close {
		return "how=close"
	}
	return ""
}

func (f Drop) alter(_ *waiter, a *answer) {
	a.Message, a.Close = nil, a.Close || f.Close
}
