package kkt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/clock"
	"kktd/outbox"
	"kktd/storage"
)

// What hangs on registers and receipts: clocks, warnings, settings of
// notifications, the outbox, repeats. Each case damages one record.
func TestFsckOfWhatHangsOnRegisters(t *testing.T) {
	path, b := fsckHistory(t)
	repeat := testReceipt(100)
	repeat.Request.Key = "again"
	repeat.Request.Render = func(o *Outcome) []byte { return []byte(o.ID) }
	id := b.submit(repeat).ID
	require.True(t, b.submit(repeat).Replayed)
	b.clock.Advance(48 * time.Hour) // documents of the second register are unsent
	_, err := b.fleet.MoveClock(clock.Move{Advance: time.Minute})
	require.NoError(t, err)
	second, err := b.fleet.Register(fsckSerial2)
	require.NoError(t, err)
	_, err = second.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Frozen}})
	require.NoError(t, err)
	warned := second.view.told
	require.NotZero(t, warned)
	require.NoError(t, b.fleet.Subscribe(Subscription{Account: "pk_demo", API: "cloudkassir", Type: "Receipt"}))
	box, err := outbox.Open(b.store, 0)
	require.NoError(t, err)
	records, _, err := box.Put(nil, &outbox.Entry{Transport: "http", Lane: "http://a", Receipt: id, Register: testSerial})
	require.NoError(t, err)
	require.NoError(t, b.fleet.append(storage.Change{Records: records}))
	b.fleet.Close() // receipts whose time has come are made
	lines, _ := fsckLines(t, b.store)
	require.Empty(t, lines)
	require.NoError(t, b.store.Close())

	// rekey puts the first record of a kind that has a prefix under another key.
	rekey := func(kind storage.Kind, key string) func(tx *bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			records := tx.Bucket([]byte("kktd/records"))
			old, value := records.Cursor().Seek([]byte{byte(kind)})
			old, value = append([]byte{}, old...), append([]byte{}, value...)
			if err := records.Delete(old); err != nil {
				return err
			}
			return records.Put(append(old[:1:1], key...), value)
		}
	}
	garbage := func([]byte) []byte { return []byte("{") }
	gone := func([]byte) []byte { return nil }
	for _, c := range []struct {
		name string
		edit func(tx *bbolt.Tx) error
		want string
	}{
		{"clock of garbage", editRecord(kindClock, garbage), `clock "daemon"`},
		{"clock in a mode that is none", editRecord(kindClock, replaceText(`"mode":"`, `"mode":"x`)), "want real, offset, frozen or stepping"},
		{"clock of a register that is not there", rekey(kindClock, "register 7"), `clock "register 7" of a register that is not stored`},
		{"warnings that no event told", editRecord(kindWarnings, func(b []byte) []byte { b[0] |= 1; return b }), "the warnings that were told: expected by the events 08h, found 09h"},
		{"warnings gone", editRecord(kindWarnings, gone), "expected by the events 08h, found 00h"},
		{"warnings too long", editRecord(kindWarnings, func(b []byte) []byte { return append(b, 0) }), "expected 1 byte, found 2"},
		{"settings of notifications of garbage", editRecord(kindSubscription, garbage), `settings of notifications "pk_demo cloudkassir Receipt"`},
		{"settings of notifications of an account that is not there", func(tx *bbolt.Tx) error {
			if err := rekey(kindSubscription, "pk\x00cloudkassir\x00Receipt")(tx); err != nil {
				return err
			}
			return editRecord(kindSubscription, replaceText(`"pk_demo"`, `"pk"`))(tx)
		}, `account "pk" is not stored`},
		{"settings of notifications under another key", rekey(kindSubscription, "x"), "expected its own key in it"},
		{"body of a notification gone", editRecord(outbox.Kind, gone), "notification 1: its body is missing"},
		{"repeats of garbage", editRecord(kindMeta, func([]byte) []byte { return []byte{0x80} }), "repeats of receipt " + id + ": expected a number"},
		{"repeats of a receipt that is not there", rekey(kindMeta, "replay 1234567890123456"), "which is not stored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, _ := fsckLines(t, damagedCopy(t, path, c.edit))
			require.Len(t, lines, 1, "%q", lines)
			require.Contains(t, lines[0], c.want)
			require.Contains(t, lines[0], "; restore a backup")
		})
	}
	for _, c := range []struct{ name, old, with, want string }{
		{"notification of a receipt that is not there", id, id[:31] + "x", "notification 1"},
		{"notification of a register that is not there", `"register":"` + testSerial, `"register":"5`, "is of a register that is not stored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, _ := fsckLines(t, damagedCopy(t, path, func(tx *bbolt.Tx) error {
				records := tx.Bucket([]byte("kktd/records"))
				key, value := records.Cursor().Seek([]byte{byte(outbox.Kind), 'e'})
				return records.Put(append([]byte{}, key...), replaceText(c.old, c.with)(value))
			}))
			require.Len(t, lines, 1, "%q", lines)
			require.Contains(t, lines[0], c.want)
		})
	}
}
