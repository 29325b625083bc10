package kkt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/fn"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/tlv"
)

// fsckLines are the differences of a store as lines.
func fsckLines(t testing.TB, store storage.Store) (lines []string, sum FsckSummary) {
	sum, err := Fsck(FsckOptions{Store: store}, func(d Difference) { lines = append(lines, d.String()) })
	require.NoError(t, err)
	return lines, sum
}

// confirmAll gives every unsent document of a register its ticket.
func (b *bench) confirmAll(serial string) {
	b.t.Helper()
	r, err := b.fleet.Register(serial)
	require.NoError(b.t, err)
	first, last := r.Unsent()
	if first == 0 {
		return
	}
	done := make(chan error, last-first+1)
	for n := first; n <= last; n++ {
		r.Delivery().Confirm(n, ticketFor(b.t, r.Settings().DriveNumber, n), func(err error) { done <- err })
	}
	for n := first; n <= last; n++ {
		require.NoError(b.t, <-done)
	}
}

const fsckSerial2, fsckDrive2, fsckINN2 = "2", "9999078900005431", "7707083893"

// fsckHistory makes a file with two registers that have seen everything.
func fsckHistory(t testing.TB) (path string, b *bench) {
	path = filepath.Join(t.TempDir(), "kktd.db")
	store, err := bolt.Open(bolt.Options{Path: path, NoSync: true})
	require.NoError(t, err)
	b = openBench(t, store, nil)
	b.damaged = true // or closed, when the test ends
	require.NoError(t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", testSettings()))
	other := testSettings()
	other.Serial, other.DriveNumber, other.INN = fsckSerial2, fsckDrive2, fsckINN2
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", other))
	for i := range 3 {
		r := testReceipt(uint64(100 + i))
		r.Request.Key = fmt.Sprint("key", i)
		r.Request.Render = func(o *Outcome) []byte { return []byte(o.ID) }
		b.submit(r)
		r = testReceipt(200)
		r.INN, r.Parts[0].Contact = fsckINN2, tlv.MustText("+79161234567")
		b.submit(r)
		if i == 1 {
			b.confirmAll(testSerial)
			b.clock.Advance(25 * time.Hour)
		}
	}
	s := testSettings()
	s.Place = "other.example.com"
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", s))
	b.confirmAll(testSerial)
	b.submit(testReceipt(1))
	b.opts.Delay = time.Hour
	b.reopen()
	b.last = b.submit(testReceipt(2))
	return path, b
}

func TestFsckOfAGoodStore(t *testing.T) {
	_, b := fsckHistory(t)
	lines, sum := fsckLines(t, b.store)
	require.Empty(t, lines)
	require.Equal(t, FsckSummary{Registers: 2, Drives: 2, Documents: 18, Tickets: 9, Receipts: 8, Answers: 1, Queued: 1, Events: 44}, sum)
	b.clock.Advance(time.Hour)
	require.Eventually(t, func() bool {
		rec, err := b.fleet.Receipt(b.last.ID)
		require.NoError(t, err)
		return rec.Status == Processed
	}, time.Minute, time.Millisecond)
	lines, sum = fsckLines(t, b.store)
	require.Empty(t, lines)
	require.Zero(t, sum.Queued)
	require.NoError(t, b.store.Close())

	empty, err := bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), "empty.db")})
	require.NoError(t, err)
	lines, sum = fsckLines(t, empty)
	require.Empty(t, lines)
	require.Zero(t, sum)
	require.NoError(t, empty.Close())
}

// damage edits a closed file behind the back of the store.
func damage(t testing.TB, path string, edit func(tx *bbolt.Tx) error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	require.NoError(t, err)
	require.NoError(t, db.Update(edit))
	require.NoError(t, db.Close())
}

// logPosition finds where a document of drive 1 stands in the log; the history
// has less than one block of them.
func logPosition(tx *bbolt.Tx, number int) []byte {
	row := tx.Bucket([]byte("kktd/state")).Get(driveKey(1))
	return bytes.Clone(row[12+8*(number-1) : 12+8*number])
}

func driveKey(d uint64) []byte { return binary.BigEndian.AppendUint64(nil, d) }

// editState changes what is stored of the state of drive 1.
func editState(change func(form []byte) []byte) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		rows := tx.Bucket([]byte("kktd/state"))
		row := bytes.Clone(rows.Get(driveKey(1)))
		end := 12 + 8*int(binary.BigEndian.Uint32(row[8:])%32)
		return rows.Put(driveKey(1), append(row[:end:end], change(bytes.Clone(row[end:]))...))
	}
}

func changeState(t testing.TB, change func(s *fn.State)) func(tx *bbolt.Tx) error {
	return editState(func(form []byte) []byte {
		s, err := fn.ParseState(form)
		require.NoError(t, err)
		change(&s)
		form, err = s.AppendBinary(nil)
		require.NoError(t, err)
		return form
	})
}

// editDocument changes a stored container of drive 1.
func editDocument(number int, change func(box []byte)) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		log, at := tx.Bucket([]byte("kktd/log")), logPosition(tx, number)
		box := bytes.Clone(log.Get(at))
		change(box)
		return log.Put(at, box)
	}
}

// editRecord changes, or with nil deletes, the first record of a kind.
func editRecord(kind storage.Kind, change func(value []byte) []byte) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		records := tx.Bucket([]byte("kktd/records"))
		key, value := records.Cursor().Seek([]byte{byte(kind)})
		key, value = bytes.Clone(key), change(bytes.Clone(value))
		if value == nil {
			return records.Delete(key)
		}
		return records.Put(key, value)
	}
}

func replaceText(old, with string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(with), 1) }
}

func editEvent(number uint64, change func([]byte) []byte) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		events, key := tx.Bucket([]byte("kktd/events")), binary.BigEndian.AppendUint64(nil, number)
		return events.Put(key, change(bytes.Clone(events.Get(key))))
	}
}

// Each case damages one thing; the lines that come are all that is told.
func TestFsckTellsEachDamage(t *testing.T) {
	path, b := fsckHistory(t)
	b.fleet.Close()
	require.NoError(t, b.store.Close())
	const drive1 = "register 00000000000000000001, drive 9999078900005430 (id 1)"
	for _, c := range []struct {
		name string
		edit func(tx *bbolt.Tx) error
		want []string // parts of the lines, one a line
	}{
		{"CRC of a document", editDocument(3, func(b []byte) { b[2]++ }), []string{drive1 + ", document 3: container:crc: expected"}},
		{"a byte of the buyer's text", editDocument(3, func(b []byte) { b[bytes.Index(b, []byte("www."))]++ }), []string{
			drive1 + ", document 3: container/sign:sign: expected"}},
		{"container that is none", editDocument(4, func(b []byte) { clear(b) }), []string{"document 4: fn: the document does not follow from those before it: container"}},
		{"document missing in the middle", func(tx *bbolt.Tx) error { return tx.Bucket([]byte("kktd/log")).Delete(logPosition(tx, 5)) }, []string{
			drive1 + ", document 5: the document is missing, and 6 behind it are not looked at"}},
		{"counter of the state", changeState(t, func(s *fn.State) { s.Totals.Receipts[0].Count++ }), []string{drive1 + ": state, Totals.Receipts[0].Count: expected 4, found 5"}},
		{"phase and unsent range", changeState(t, func(s *fn.State) { s.Phase, s.FirstUnsent = fn.PhasePostFiscal, 7 }), []string{
			"state, Phase: expected fiscal, found post-fiscal", "state, FirstUnsent: expected 10, found 7"}},
		{"number of the drive in the state", changeState(t, func(s *fn.State) { s.Drive[15] = '2' }), []string{"9999078900005432"}},
		{"state that does not decode", editState(func(b []byte) []byte { return b[:20] }), []string{"drive 9999078900005430 (id 1): fn: stored state cannot be read"}},
		{"ticket of another document", func(tx *bbolt.Tx) error {
			tickets := tx.Bucket([]byte("kktd/tickets"))
			key := binary.BigEndian.AppendUint32(driveKey(1), 4)
			return tickets.Put(key, bytes.Clone(tickets.Get(binary.BigEndian.AppendUint32(driveKey(1), 5))))
		}, []string{"document 4: the ticket: drive 9999078900005430, document 4: 20h the ticket cannot be accepted: the container has another document number; restore a backup"}},
		{"ticket missing", func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("kktd/tickets")).Delete(binary.BigEndian.AppendUint32(driveKey(1), 9))
		}, []string{"document 9: an event tells of a ticket, which is not stored", "state, FirstUnsent: expected 9, found 10"}},
		{"receipt names another document", editRecord(kindReceipt, func(b []byte) []byte { return replaceText("\x01\x01\x03", "\x01\x01\x04")(b) }), []string{
			"document 4: the event of the document and the record name different receipts", "document 3: its event names receipt"}},
		{"receipt names a shift report", editRecord(kindReceipt, func(b []byte) []byte { return replaceText("\x01\x01\x03", "\x01\x01\x02")(b) }), []string{
			"document 2: receipt", "document 3: its event names receipt"}},
		{"receipt record missing", editRecord(kindReceipt, func([]byte) []byte { return nil }), []string{
			"document 3: its event names receipt"}},
		{"receipt record of garbage", editRecord(kindReceipt, func([]byte) []byte { return []byte("garbage") }), []string{
			"not version 1", "document 3: its event names receipt"}},
		{"answer of garbage", editRecord(kindAnswer, func([]byte) []byte { return []byte{1} }), []string{"answer"}},
		{"what a queued receipt is made of", editRecord(kindDelayed, func([]byte) []byte { return nil }), []string{"is queued, and what it is made of is not stored"}},
		{"queued receipt of garbage", editRecord(kindDelayed, func(b []byte) []byte { return b[:3] }), []string{"queued receipt"}},
		{"message of garbage", editRecord(kindMessage, func([]byte) []byte { return []byte("garbage") }), []string{"message of receipt"}},
		{"register record missing", editRecord(kindRegister, func([]byte) []byte { return nil }), nil},
		{"register record of garbage", editRecord(kindRegister, func([]byte) []byte { return []byte("{") }), nil},
		{"settings that the report contradicts", editRecord(kindRegister, replaceText(`"reg_number":"0000000004030311","user_name":"ООО Ромашка"`, `"reg_number":"1111111104030311","user_name":"ООО Ромашка"`)), []string{
			"document 9: the settings of the register and the report differ in Registration.RegNumber"}},
		{"settings of the past end elsewhere", editRecord(kindRegister, replaceText(`"last":8`, `"last":7`)), []string{
			"document 8: settings were replaced before it: its form: expected 11, found 5", "document 9: the settings that the change of registration replaced are not kept"}},
		{"account of garbage", editRecord(kindAccount, func([]byte) []byte { return []byte("{") }), []string{"record of account"}},
		{"seed missing", editRecord(kindMeta, func([]byte) []byte { return nil }), []string{"seed"}},
		{"event of another document", editEvent(3, replaceText(`"document":2`, `"document":4`)), nil},
		{"event that does not parse", editEvent(3, func([]byte) []byte { return []byte("{") }), nil},
		{"event told as another", editEvent(5, replaceText(`"kind":"document"`, `"kind":"receipt_failed"`)), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, _ := fsckLines(t, damagedCopy(t, path, c.edit))
			require.NotEmpty(t, lines)
			if c.want == nil {
				return
			}
			require.Len(t, lines, len(c.want), strings.Join(lines, "\n"))
			for i, want := range c.want {
				require.Contains(t, lines[i], want)
				require.Contains(t, lines[i], "; ", "it says what to do")
			}
		})
	}
}

// damagedCopy opens a copy of a file in which one thing was damaged.
func damagedCopy(t *testing.T, path string, edit func(tx *bbolt.Tx) error) storage.Store {
	copied := filepath.Join(t.TempDir(), "kktd.db")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(copied, raw, 0o600))
	damage(t, copied, edit)
	store, err := bolt.Open(bolt.Options{Path: copied, NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
