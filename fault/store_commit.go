package fault

import (
	"errors"
	"fmt"

	"kktd/storage"
)

// ErrSet is in every error that a fault of the store causes, so that a log tells it
// from a real one.
var ErrSet = errors.New("a fault that was set on purpose")

// CommitFails makes commits fail. Nothing is stored; with Unknown the change is
// stored and its writer is told that nobody knows.
type CommitFails struct{ Unknown bool }

// Name implements Effect.
func (CommitFails) Name() string { return "commit-fails" }

// Args implements Effect.
func (f CommitFails) Args() string {
	if f.Unknown {
		return "outcome=unknown"
	}
	return ""
}

// Commit implements OnCommit.
func (f CommitFails) Commit(commit func() (storage.Result, error)) (storage.Result, error) {
	if f.Unknown {
		if _, err := commit(); err != nil {
			return storage.Result{}, err
		}
	}
	return storage.Result{}, fmt.Errorf("%w: %w", storage.ErrUnknownOutcome, ErrSet)
}

func kindCommitFails() Kind {
	return Kind{Name: CommitFails{}.Name(), Where: "storage", First: "outcome", Usage: "commit-fails[:lost|unknown]",
		About:   "a commit fails: nothing is stored, or all is and the writer does not know it",
		AboutRu: "запись в хранилище не удаётся: ничего не сохранено либо сохранено, но пишущий об этом не знает",
		Read:    func(p *Params) Effect { return CommitFails{p.Choice("outcome", "lost", "unknown") == "unknown"} }}
}
