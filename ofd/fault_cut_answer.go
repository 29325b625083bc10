package ofd

// CutAnswer sends a part of the answer and closes the connection. The document is stored.
type CutAnswer struct{ Bytes int } // that are sent; 0: half of the answer

// Name implements fault.Effect.
func (CutAnswer) Name() string { return "ofd-cut-answer" }

// Args implements fault.Effect.
func (f CutAnswer) Args() string { return cutArgs(f.Bytes) }

// Check implements fault.Checker.
func (f CutAnswer) Check() error { return checkPortion(f.Bytes) }

func (CutAnswer) probes() {}

func (f CutAnswer) alter(_ *waiter, a *answer) {
	if n := len(a.Message); n > 0 {
		a.Message = a.Message[:portion(f.Bytes, n)]
	}
	a.Close = true
}
