package ofd

// CutRequest reads a part of a message and closes the connection. Nothing is stored.
type CutRequest struct{ Bytes int } // that are read; 0: half of the message

// Name implements fault.Effect.
func (CutRequest) Name() string { return "ofd-cut-request" }

// Args implements fault.Effect.
func (f CutRequest) Args() string { return cutArgs(f.Bytes) }

// Check implements fault.Checker.
func (f CutRequest) Check() error { return checkPortion(f.Bytes) }

func (f CutRequest) take(size int) int { return portion(f.Bytes, size) }
