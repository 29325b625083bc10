package kkt

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"kktd/event"
	"kktd/storage"
)

// Replay is the answer that an earlier request with the same key got within the
// hour, nil when there is none. Submit looks itself; Replay lets an API answer
// before it reads a body, which is not compared (spec/api/cloudkassir.md 1.3).
func (f *Fleet) Replay(r *Request) (*Outcome, error) {
	if r.Key == "" {
		return nil, nil
	}
	key := answerKey(r)
	if o, err := f.stored(key); o == nil || err != nil {
		return nil, err
	}
	release, err := f.replay.enter(context.Background(), key) // it is held for a commit at most
	if err != nil {
		return nil, err
	}
	defer release()
	o, err := f.stored(key)
	f.noteReplay(o)
	return o, err
}

// replayPrefix begins the keys of the numbers of repeats, behind it is the key of
// the receipt record.
const replayPrefix = "replay "

// noteReplay counts a repeated request and tells of it in the event stream. The
// caller holds the key of the request, so that no count is lost. The answer does
// not hang on it: what cannot be stored is logged.
func (f *Fleet) noteReplay(o *Outcome) {
	if o == nil {
		return
	}
	key, err := f.ids.parse(o.ID)
	if err != nil {
		return
	}
	f.parking.RLock() // the receipt is not deleted meanwhile
	defer f.parking.RUnlock()
	if _, err := f.store.Record(kindReceipt, key[:]); errors.Is(err, storage.ErrNotFound) {
		return
	}
	n, err := f.replaysOf(key)
	if err == nil {
		name := append([]byte(replayPrefix), key[:]...)
		e := event.Event{Kind: event.Replayed, Time: f.clock.Now().UnixMilli(), Receipt: o.ID}
		if r := f.registerOf(binary.BigEndian.Uint64(key[8:])); r != nil {
			e.Register = r.Serial()
		}
		err = f.append(storage.Change{Records: []storage.Record{{Kind: kindMeta, Key: name, Value: binary.AppendUvarint(nil, n+1)}}, Events: [][]byte{e.Append(nil)}})
	}
	if err != nil {
		f.log.WithField("receipt", o.ID).WithError(err).Warn("the repeat of a request was answered and could not be noted")
	}
}

// Replays is how often the request of a receipt was repeated within its hour and
// answered with the first answer.
func (f *Fleet) Replays(id string) (uint64, error) {
	key, err := f.ids.parse(id)
	if err != nil {
		return 0, err
	}
	return f.replaysOf(key)
}

func (f *Fleet) replaysOf(key [16]byte) (uint64, error) {
	value, err := f.store.Record(kindMeta, append([]byte(replayPrefix), key[:]...))
	if errors.Is(err, storage.ErrNotFound) {
		return 0, nil
	}
	r := recordReader{b: value}
	return r.uint(), err
}

// stored is the answer that an earlier request with the key got, nil when there
// is none or it is too old.
func (f *Fleet) stored(key [32]byte) (*Outcome, error) {
	return f.answers.find(key, f.clock.Now().UnixMilli())
}

// replays lets requests with one key in one at a time: the second waits and then
// finds the stored answer of the first.
type replays struct {
	mu    sync.Mutex
	calls map[[32]byte]chan struct{}
}

func (x *replays) enter(ctx context.Context, key [32]byte) (release func(), err error) {
	for {
		x.mu.Lock()
		running, busy := x.calls[key]
		if !busy {
			mine := make(chan struct{})
			x.calls[key] = mine
			x.mu.Unlock()
			return func() {
				x.mu.Lock()
				delete(x.calls, key)
				x.mu.Unlock()
				close(mine)
			}, nil
		}
		x.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
