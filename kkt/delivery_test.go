package kkt

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

// A delivery stays with its drive: once the register has another one it has nothing unsent, and a ticket that was under way does not
// reach the document of the same number on the next drive.
func TestDeliveryOfAReplacedDrive(t *testing.T) {
	b := newBench(t)
	b.submit(testReceipt(100))
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	d := r.Delivery()
	id, _, _ := d.DriveInfo()
	require.EqualValues(t, 1, id)
	first, last := d.Unsent()
	require.EqualValues(t, 1, first)
	require.EqualValues(t, 3, last)

	next := *r.profile.Load()
	next.Drives = append(slices.Clone(next.Drives), 2)
	r.profile.Store(&next)
	first, last = d.Unsent()
	require.Zero(t, first+last)
	require.Equal(t, storage.DriveID(2), r.Settings().Drive())
	before := r.version
	done := make(chan error, 1)
	d.Confirm(1, ticketFor(t, testDrive, 1), func(err error) { done <- err })
	require.ErrorIs(t, <-done, ErrReplaced)
	require.Equal(t, before, r.version)
	var numbers []uint32
	require.NoError(t, d.Documents(1, 0, func(n uint32, _ []byte) error { numbers = append(numbers, n); return nil }))
	require.Equal(t, []uint32{1, 2, 3}, numbers, "its own documents can still be read")
}
