package fault

import (
	"fmt"
	"syscall"

	"kktd/storage"
)

// DiskFull makes commits fail as on a disk without room: nothing is stored.
type DiskFull struct{}

// Name implements Effect.
func (DiskFull) Name() string { return "disk-full" }

// Args implements Effect.
func (DiskFull) Args() string { return "" }

// Commit implements OnCommit.
func (DiskFull) Commit(func() (storage.Result, error)) (storage.Result, error) {
	return storage.Result{}, fmt.Errorf("%w: %w: %w", storage.ErrUnknownOutcome, ErrSet, syscall.ENOSPC)
}

func kindDiskFull() Kind {
	return Kind{Name: DiskFull{}.Name(), Where: "storage", Usage: "disk-full",
		About:   "the disk has no room: commits fail and store nothing, reading goes on",
		AboutRu: "на диске нет места: записи не удаются и ничего не сохраняют, чтение работает",
		Read:    func(*Params) Effect { return DiskFull{} }}
}
