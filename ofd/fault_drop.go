package ofd

// Drop takes documents and sends no answer. The connection stays open, or is closed at once.
type Drop struct{ Close bool }

// Name implements fault.Effect.
func (Drop) Name() string { return "ofd-drop" }

// Args implements fault.Effect.
func (f Drop) Args() string {
	if f.Close {
		return "how=close"
	}
	return ""
}

func (Drop) probes() {}

func (f Drop) alter(_ *waiter, a *answer) {
	a.Message, a.Close = nil, a.Close || f.Close
}
