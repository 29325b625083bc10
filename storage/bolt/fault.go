package bolt

import (
	"errors"
	"fmt"
	"runtime/debug"

	berrors "go.etcd.io/bbolt/errors"

	"kktd/storage"
)

// damaged wraps what was found wrong with the file.
func damaged(cause error) error {
	return fmt.Errorf("%w: %w; restore a backup", storage.ErrDamaged, cause)
}

// guard runs fn, which touches the file, and turns a panic of bbolt or a fault on its mapping into
// storage.ErrDamaged.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged(fmt.Errorf("%v", p))
		}
	}()
	return fn()
}

// wrap names the file in an error and translates bbolt's.
func (e *engine) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return storage.ErrClosed
	default:
		return fmt.Errorf("%s: %w", e.path, err)
	}
}
