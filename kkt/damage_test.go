package kkt

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/fn"
)

// Each case damages one thing of drive 1: its register is out of service from the
// start or from the first look at the damage, with a message that names drive and
// number, and the other register works on.
func TestDamagePutsOneRegisterOutOfService(t *testing.T) {
	path, b := fsckHistory(t)
	b.fleet.Close()
	require.NoError(t, b.store.Close())
	dropDocument := func(number int) func(tx *bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket([]byte("kktd/log")).Delete(logPosition(tx, number)) }
	}
	archive := func(r *Register) error {
		return r.Archive(r.Settings().Drive(), 1, 0, func(uint32, []byte, []byte) error { return nil })
	}
	one := func(r *Register) error {
		_, _, err := r.Document(r.Settings().Drive(), 5)
		return err
	}
	send := func(r *Register) error {
		return r.Delivery().Documents(10, 10, func(uint32, []byte) error { return nil })
	}
	for _, c := range []struct {
		name string
		edit func(tx *bbolt.Tx) error
		look func(r *Register) error // nil: the start sees it
		want string
	}{
		{"state that does not decode", editState(func(f []byte) []byte { return f[:9] }), nil, "cannot be read"},
		{"state of nothing", editState(func(f []byte) []byte { clear(f); return f }), nil, "version 0"},
		{"state of a newer version", editState(func(f []byte) []byte { f[0] = 99; return f }), nil, "use a newer kktd"},
		{"state is missing", func(tx *bbolt.Tx) error { return tx.Bucket([]byte("kktd/state")).Delete(driveKey(1)) }, nil, "not found"},
		{"state of another drive", changeState(t, func(s *fn.State) { s.Drive[15] = '9' }), nil, "the state is of drive 9999078900005439"},
		{"head before the documents", changeState(t, func(s *fn.State) { s.LastNumber = 9 }), nil, "the state is at document 9, the last document stored is 11"},
		{"head behind the documents", changeState(t, func(s *fn.State) { s.LastNumber = 12 }), nil, "the state is at document 12, the last document stored is 11"},
		{"head with another time", changeState(t, func(s *fn.State) { s.LastTime += 60 }), nil, "document 11 has form 3"},
		{"unsent behind the documents", changeState(t, func(s *fn.State) { s.FirstUnsent = 12 }), nil, "the state has document 12 unsent"},
		{"unsent has a ticket", changeState(t, func(s *fn.State) { s.FirstUnsent = 9 }), nil, "document 9 is unsent by the state and has a ticket"},
		{"sent has no ticket", changeState(t, func(s *fn.State) { s.FirstUnsent, s.FirstUnsentTime = 0, 0 }), nil, "document 11 is sent by the state and has no ticket"},
		{"last document is missing", dropDocument(11), nil, "document 11"},
		{"last document is garbage", editDocument(11, func(box []byte) { clear(box) }), nil, "document 11"},
		{"last document is another one", func(tx *bbolt.Tx) error {
			log := tx.Bucket([]byte("kktd/log"))
			return log.Put(logPosition(tx, 11), bytes.Clone(log.Get(logPosition(tx, 4))))
		}, nil, "the store has document 4"},
		{"first unsent document is missing", dropDocument(10), nil, "document 10"},
		{"document missing in the middle, archive", dropDocument(5), archive, "document 5"},
		{"document missing in the middle, one document", dropDocument(5), one, "document 5"},
		{"document missing in the middle, sender", func(tx *bbolt.Tx) error {
			state := changeState(t, func(s *fn.State) { s.FirstUnsent = 9 })
			if err := state(tx); err != nil {
				return err
			}
			if err := tx.Bucket([]byte("kktd/tickets")).Delete(binary.BigEndian.AppendUint32(driveKey(1), 9)); err != nil {
				return err
			}
			return dropDocument(10)(tx)
		}, send, "document 10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := openBench(t, damagedCopy(t, path, c.edit), nil)
			x.damaged = true
			x.clock.Advance(26 * time.Hour) // as the history did
			r, err := x.fleet.Register(testSerial)
			require.NoError(t, err)
			if c.look != nil {
				_, err := r.State()
				require.NoError(t, err, "a start does not look there")
				err = c.look(r)
				require.ErrorIs(t, err, ErrOutOfService)
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, err, testDrive)
			}
			_, err = r.State()
			require.ErrorIs(t, err, ErrOutOfService)
			require.ErrorContains(t, err, "register "+testSerial+", drive "+testDrive)
			require.ErrorContains(t, err, c.want)
			first, _ := r.Unsent()
			require.Zero(t, first, "nothing of it is sent")
			_, err = x.fleet.Submit(context.Background(), testReceipt(100))
			require.ErrorIs(t, err, ErrOutOfService)
			other := testReceipt(100)
			other.INN = fsckINN2
			require.Equal(t, Processed, x.submit(other).Status, "the others work on")
			_, err = r.State()
			require.ErrorIs(t, err, ErrOutOfService, "it stays so")
		})
	}
}
