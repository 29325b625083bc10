package fault

import "context"

type ownKey struct{}

// With carries the faults of one request to the points that it reaches.
func With(ctx context.Context, own *Set) context.Context {
	return context.WithValue(ctx, ownKey{}, own)
}

// Own are the faults of the request, nil when it brought none.
func Own(ctx context.Context) *Set {
	own, _ := ctx.Value(ownKey{}).(*Set)
	return own
}

type spareKey struct{}

// Spare lets the commits of ctx pass by the faults of the store: what is told of a
// fault must not meet the next one.
func Spare(ctx context.Context) context.Context { return context.WithValue(ctx, spareKey{}, true) }

func spared(ctx context.Context) bool { return ctx.Value(spareKey{}) != nil }
