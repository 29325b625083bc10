package kkt

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/storage"
)

// sendings are the events of a register that tell of sending and confirming.
func (b *bench) sendings() (list []string) {
	require.NoError(b.t, b.store.Events(0, 0, func(n uint64, raw []byte) error {
		e, err := event.Parse(n, raw)
		if e.Kind == event.Sent || e.Kind == event.Confirmed {
			list = append(list, fmt.Sprint(e.Drive[15:], " ", e.Kind, " ", e.Document))
		}
		return err
	}))
	return list
}

func sent(t *testing.T, d *Delivery, number uint32) error {
	done := make(chan error, 1)
	d.Sent(number, func(err error) { done <- err })
	return <-done
}

// TestSent tells of each document once that it went out, before its ticket: by itself
// when the ticket is late, in the commit of the ticket when it is not.
func TestSent(t *testing.T) {
	b := newBench(t)
	b.submit(testReceipt(100))
	r := b.register()
	last := func() uint32 {
		n, err := r.Sent(r.Settings().Drive())
		require.NoError(t, err)
		return n
	}
	require.Zero(t, last())
	version := r.version
	b.confirmAll(testSerial)
	require.Equal(t, []string{"0 sent 1", "0 confirmed 1", "0 sent 2", "0 confirmed 2", "0 sent 3", "0 confirmed 3"}, b.sendings())
	require.LessOrEqual(t, r.version, version+3)
	require.EqualValues(t, 3, last())

	b.submit(testReceipt(100))
	b.submit(testReceipt(100))
	require.NoError(t, sent(t, r.Delivery(), 4))
	require.NoError(t, sent(t, r.Delivery(), 4), "it is known")
	require.NoError(t, sent(t, r.Delivery(), 6), "there is no such document: nothing is told")
	require.EqualValues(t, 4, last())
	b.reopen()
	r = b.register()
	require.EqualValues(t, 4, last(), "after a restart")
	require.NoError(t, sent(t, r.Delivery(), 4))
	b.confirmAll(testSerial)
	require.Equal(t, []string{"0 sent 4", "0 confirmed 4", "0 sent 5", "0 confirmed 5"}, b.sendings()[6:])
}

// TestSentOfAReplacedDrive goes to the drive that was taken out; one that was wiped
// has nothing to send.
func TestSentOfAReplacedDrive(t *testing.T) {
	b := newBench(t)
	b.submit(testReceipt(100))
	r := b.register()
	old := r.Delivery()
	require.NoError(t, sent(t, old, 1))
	_, err := r.ReplaceDrive(context.Background(), nil, 0)
	require.NoError(t, err)
	require.NoError(t, sent(t, old, 2))
	require.NoError(t, sent(t, r.Outgoing()[0].Delivery(), 3))
	for drive, want := range map[storage.DriveID]uint32{1: 3, 2: 0} {
		n, err := r.Sent(drive)
		require.NoError(t, err)
		require.Equal(t, want, n, drive)
	}
	wiped := r.Delivery()
	_, err = r.ResetDrive(context.Background())
	require.NoError(t, err)
	require.ErrorIs(t, sent(t, wiped, 1), ErrReplaced)
	require.Equal(t, []string{"0 sent 1", "0 sent 2", "0 sent 3"}, b.sendings())
	_, err = b.fleet.DeleteRegister(context.Background(), testSerial)
	require.NoError(t, err)
	_, _, err = b.store.LastRecord(kindSent, nil)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// TestFsckOfSent finds a document that is told to be sent twice, too early or never.
func TestFsckOfSent(t *testing.T) {
	b := newBench(t)
	b.damaged = true
	b.submit(testReceipt(100))
	require.NoError(t, sent(t, b.register().Delivery(), 1))
	for _, number := range []uint32{1, 9} {
		e := event.Event{Kind: event.Sent, Time: time.Now().UnixMilli(), Register: testSerial, Drive: testDrive, Document: number}
		require.NoError(t, b.fleet.append(storage.Change{Events: [][]byte{e.Append(nil)}}))
	}
	require.NoError(t, b.fleet.append(storage.Change{Records: []storage.Record{{Kind: kindSent, Key: driveKeyOf(7), Value: []byte{0, 0, 0, 1}}}}))
	b.fleet.Close()
	lines, _ := fsckLines(t, b.store)
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "document 1: event 6 tells that it was sent: expected a document from 2 to 3, found document 1")
	require.Contains(t, lines[1], "document 9: event 7 tells that it was sent: expected a document from 2 to 3, found document 9")
	require.Contains(t, lines[2], "drive id 7: last document sent of a drive that is not stored")
}
