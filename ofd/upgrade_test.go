package ofd_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/storage"
	"kktd/storage/memory"
)

// oldTicket is as long as the header of a container at least.
const oldTicket = "a ticket of the first layout, never read again"

// oldStore writes documents as the first layout had them.
type oldStore struct {
	t      *testing.T
	store  storage.Store
	epochs map[string][]byte
}

func (o *oldStore) put(drive string, epoch uint64, number uint32, received int64, other bool, container []byte, findings []ffd.Finding) {
	key := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, epoch), number)
	if other {
		sum := sha256.Sum256(container)
		key = append(key, sum[:]...)
	}
	v := binary.BigEndian.AppendUint64([]byte{1}, uint64(received))
	v = binary.BigEndian.AppendUint32(v, uint32(len(container)))
	v = binary.BigEndian.AppendUint32(v, uint32(len(oldTicket)))
	v = append(append(v, container...), oldTicket...)
	if findings != nil {
		text, err := json.Marshal(findings)
		require.NoError(o.t, err)
		v = append(v, text...)
	}
	records := []storage.Record{{Kind: 1, Key: key, Value: v}}
	if n := len(o.epochs[drive]); n == 0 || binary.BigEndian.Uint64(o.epochs[drive][n-8:]) != epoch {
		if n == 0 {
			o.epochs[drive] = []byte{1}
		}
		o.epochs[drive] = binary.BigEndian.AppendUint64(o.epochs[drive], epoch)
		records = append(records, storage.Record{Kind: 2, Key: []byte(drive), Value: o.epochs[drive]})
	}
	_, err := o.store.Append(context.Background(), storage.Change{Records: records})
	require.NoError(o.t, err)
}

// failing refuses changes after some.
type failing struct {
	storage.Store
	left int
}

func (f *failing) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	if f.left--; f.left < 0 {
		return storage.Result{}, storage.ErrStopped
	}
	return f.Store.Append(ctx, c)
}

func TestUpgradeOfTheFirstLayout(t *testing.T) {
	a, b := ofdtest.NewDrive(t, driveNumber), ofdtest.NewDrive(t, "9999078900005431")
	a.Receipts(70)
	reset := remake(t, a.Containers[0], func(c []byte) []byte { c[20]++; return c })
	otherBytes := remake(t, a.Containers[4], func(c []byte) []byte { c[20]++; return c })
	for cut := range 12 { // an upgrade that is cut short and begun again
		store := memory.Open()
		old := &oldStore{t: t, store: store, epochs: map[string][]byte{}}
		want := []ffd.Finding{{Path: "3", Tag: 3, Rule: "gap", Severity: ffd.Warning, Ru: "нет", En: "missing"}}
		old.put(driveNumber, 1, 1, 1000, false, a.Containers[0], nil)
		old.put(driveNumber, 1, 5, 1001, false, a.Containers[4], want)
		old.put(b.Number(), 2, 1, 1002, false, b.Containers[0], nil)
		old.put(driveNumber, 1, 5, 1003, true, otherBytes, nil)
		old.put(driveNumber, 1, 3, 1004, false, a.Containers[2], nil)
		old.put(driveNumber, 3, 1, 1005, false, reset, nil)
		for i := 1; i < 40; i++ {
			old.put(driveNumber, 3, uint32(i+1), int64(1005+i), false, a.Containers[i], nil)
		}
		if cut > 0 {
			_, err := ofd.New(ofdtest.Options(t, ofd.Options{Store: &failing{store, cut * 4}}))
			require.ErrorIs(t, err, storage.ErrStopped)
		}
		s, addr := ofdtest.Serve(t, ofd.Options{Store: store})
		epochs, err := s.Epochs(driveNumber)
		require.NoError(t, err)
		require.Equal(t, []uint64{1, 3}, epochs)
		docs := stored(t, s, driveNumber)
		require.Len(t, docs, 40)
		for i, d := range docs {
			require.EqualValues(t, i+1, d.Number)
			require.Equal(t, oldTicket, string(d.Ticket))
		}
		var numbers []uint32
		require.NoError(t, s.EpochDocuments(1, 0, 0, func(d *ofd.Document) error {
			numbers = append(numbers, d.Number)
			if d.Number == 5 && !d.Other {
				require.Equal(t, want, d.Findings)
			}
			return nil
		}))
		require.Equal(t, []uint32{1, 3, 5, 5}, numbers)
		var times []int64
		require.NoError(t, s.Arrivals(0, ofd.Filter{}, func(d *ofd.Document) error {
			times = append(times, d.Received.UnixMilli())
			return nil
		}))
		require.Len(t, times, 45)
		require.IsNonDecreasing(t, times)
		_, _, err = store.LastRecord(1, nil)
		require.ErrorIs(t, err, storage.ErrNotFound, "nothing is left of the first layout")
		ticket := dial(t, addr).deliver(driveNumber, a.Containers[39])
		require.Equal(t, oldTicket, string(ticket), "a resend is known")
		requireTicket(t, a, 41, dial(t, addr).deliver(driveNumber, a.Containers[40]))
		require.NotContains(t, rules(stored(t, s, driveNumber)[40]), ofd.RuleGap)
	}
}
