package ofd

// CutAnswer sends a part of the answer and closes the connection. The document is stored.
type CutAnswer struct{ Bytes int } // that are sent; 0: half of the answer

// Name implements Effect.
func (CutAnswer) Name() string { return "cut-answer" }

func (f CutAnswer) args() string { return cutArgs(f.Bytes) }

func (f CutAnswer) check() error { return checkPortion(f.Bytes) }

func (f CutAnswer) alter(_ *waiter, a *answer) {
	if n := len(a.Message); n > 0 {
		a.Message = a.Message[:portion(f.Bytes, n)]
	}
	a.Close = true
}
