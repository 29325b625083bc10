package fault

import (
	"context"

	"kktd/storage"
)

// OnCommit is the point of a commit: what stands before it and behind it.
type OnCommit interface {
	Effect
	// Commit makes the commit or not, and gives what its caller is told.
	Commit(commit func() (storage.Result, error)) (storage.Result, error)
}

// faultyStore asks the faults at each commit.
type faultyStore struct {
	storage.Store
	set *Set
}

// Store puts the faults of commits between a store and those who use it. Namespaces
// of it are struck too.
func Store(s storage.Store, set *Set) storage.Store { return &faultyStore{s, set} }

// Append implements storage.Store.
func (s *faultyStore) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	commit := func() (storage.Result, error) { return s.Store.Append(ctx, c) }
	if !s.set.On(nil) || spared(ctx) {
		return commit()
	}
	for _, h := range Strike[OnCommit](s.set, &Subject{}) {
		next := commit
		commit = func() (storage.Result, error) { return h.Effect.Commit(next) }
	}
	return commit()
}

// Namespace implements storage.Store.
func (s *faultyStore) Namespace(name string) (storage.Store, error) {
	world, err := s.Store.Namespace(name)
	if err != nil {
		return nil, err
	}
	return Store(world, s.set), nil
}
