package ofd

// CutRequest reads a part of a message and closes the connection. Nothing is stored.
type CutRequest struct{ Bytes int } // that are read; 0: half of the message

// Name implements Effect.
func (CutRequest) Name() string { return "cut-request" }

func (f CutRequest) args() string { return cutArgs(f.Bytes) }

func (f CutRequest) check() error { return checkPortion(f.Bytes) }

func (f CutRequest) take(size int) int { return portion(f.Bytes, size) }

func cutArgs(n int) string {
	if n == 0 {
		return ""
	}
	return "bytes=" + plain(uint64(n))
}
