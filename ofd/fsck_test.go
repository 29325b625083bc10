package ofd

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/storage"
	"kktd/storage/memory"
)

const fsckDrive = "9999078900005430"

// fsckBox makes a container that only its frame speaks for.
func fsckBox(t *testing.T, number uint32, text byte) []byte {
	b, err := ofdproto.AppendContainer(nil, ofdproto.ContainerParams{Type: ofdproto.FromRegister, Form: 3, Drive: ffd.Pad[[16]byte](fsckDrive), Number: number},
		[]byte{3, 0, 1, 0, text}, ofdproto.Tail{Kind: ofdproto.TailMessage})
	require.NoError(t, err)
	return b
}

// fsckStore keeps documents of a drive as the server does; edit changes one of
// them, by its id, behind its back.
func fsckStore(t *testing.T, numbers []uint32, edit map[uint64]func(d *Document), more ...storage.Record) storage.Store {
	store := memory.Open()
	s, err := New(Options{Store: store, Clock: clock.Real(), Zone: time.UTC})
	require.NoError(t, err)
	d := &drive{number: ffd.Pad[[16]byte](fsckDrive)}
	require.NoError(t, s.load(d))
	var c change
	for _, n := range numbers {
		doc := Document{Drive: d.number, Number: n, Container: fsckBox(t, n, 'a'), Ticket: []byte("ticket"), Received: time.UnixMilli(0)}
		p, known, err := s.find(d, n, doc.Container)
		require.NoError(t, err)
		require.Nil(t, known)
		doc.Epoch, doc.Findings = p.epoch, p.findings
		require.NoError(t, s.keep(&c, d, &doc, p))
	}
	for id, change := range edit {
		doc, err := s.get(id)
		require.NoError(t, err)
		change(doc)
		more = append(more, storage.Record{Kind: kindDocument, Key: documentKey(nil, id), Value: appendRecord(nil, doc)})
	}
	if len(more) > 0 {
		_, err = store.Append(t.Context(), storage.Change{Records: more})
		require.NoError(t, err)
	}
	return store
}

func TestFsck(t *testing.T) {
	registers := func(drive string, number uint32) ([][]byte, bool, error) {
		if drive != fsckDrive || number > 3 {
			return nil, drive == fsckDrive, nil
		}
		return [][]byte{fsckBox(t, number, 'x'), fsckBox(t, number, 'a')}, true, nil // two lives
	}
	three := []uint32{1, 2, 3}
	other := []byte("9999078900005431")
	for _, c := range []struct {
		name    string
		numbers []uint32
		edit    map[uint64]func(d *Document)
		more    []storage.Record
		want    []string
	}{
		{name: "in order", numbers: three},
		{name: "a gap and a late one, which the server said", numbers: []uint32{1, 3, 2}},
		{name: "a gap that nobody said", numbers: []uint32{1, 3}, edit: map[uint64]func(*Document){2: func(d *Document) { d.Findings = nil }}, want: []string{"does not follow"}},
		{name: "other bytes than the register's", numbers: three, edit: map[uint64]func(*Document){2: func(d *Document) { d.Container = fsckBox(t, 2, 'b') }}, want: []string{"is not the register's"}},
		{name: "a document that the register lost", numbers: []uint32{1, 2, 3, 4}, want: []string{"the register has not"}},
		{name: "number of another document", numbers: three, edit: map[uint64]func(*Document){2: func(d *Document) { d.Container = fsckBox(t, 3, 'a') }}, want: []string{"number in the container", "is not the register's"}},
		{name: "damaged container", numbers: three, edit: map[uint64]func(*Document){2: func(d *Document) { d.Container = bytes.Repeat([]byte{1}, 50) }}, want: []string{"container"}},
		{name: "no ticket", numbers: three, edit: map[uint64]func(*Document){2: func(d *Document) { d.Ticket = nil }}, want: []string{"no ticket"}},
		{name: "epoch of nobody", numbers: three, edit: map[uint64]func(*Document){3: func(d *Document) { d.Epoch = 2 }}, want: []string{"record 3 in the index", "belongs to no drive"}},
		{name: "record of garbage", numbers: three, more: []storage.Record{{Kind: kindDocument, Key: documentKey(nil, 3), Value: []byte("x")}}, want: []string{"damaged", "in the index and not stored"}},
		{name: "record missing", numbers: three, more: []storage.Record{{Kind: kindDocument, Key: documentKey(nil, 2)}}, want: []string{"does not follow", "in the index and not stored"}},
		{name: "head of garbage", numbers: three, more: []storage.Record{{Kind: kindDrive, Key: other, Value: []byte("x")}}, want: []string{"head of the drive"}},
		{name: "index of garbage", numbers: []uint32{1}, more: []storage.Record{{Kind: kindBlock, Key: numberKey(nil, 1, 32), Value: []byte("x")}}, want: []string{"index of epoch 1", "is not in the index"}},
		{name: "epoch of another drive", numbers: three, more: []storage.Record{{Kind: kindEpoch, Key: documentKey(nil, 1), Value: other}}, want: []string{"record of epoch 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var found []string
			sum, err := Fsck(fsckStore(t, c.numbers, c.edit, c.more...), registers, func(d Difference) { found = append(found, d.What) })
			require.NoError(t, err)
			require.NotZero(t, sum.Documents)
			require.Len(t, found, len(c.want), "%q", found)
			for i, want := range c.want {
				require.Contains(t, found[i], want)
			}
		})
	}
}
