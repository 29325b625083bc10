package kkt

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

// Each damage of what came in an image, or is one, is told of.
func TestFsckOfImages(t *testing.T) {
	source := openBench(t, memory.Open(), nil)
	source.busyRegister()
	file := source.export(testSerial)
	record := func(t *testing.T, b *bench, kind storage.Kind, prefix byte) (key, value []byte) {
		require.NoError(t, b.store.Records(kind, []byte{prefix}, nil, 1, func(k, v []byte) error {
			key, value = bytes.Clone(k), bytes.Clone(v)
			return nil
		}))
		require.NotNil(t, key)
		return key, value
	}
	put := func(t *testing.T, b *bench, records ...storage.Record) {
		require.NoError(t, b.fleet.append(storage.Change{Records: records}))
	}
	for name, c := range map[string]struct {
		damage func(t *testing.T, b *bench)
		want   []string // each is a part of a line
	}{
		"nothing": {damage: func(*testing.T, *bench) {}},
		"a base that cannot be read": {func(t *testing.T, b *bench) {
			key, value := record(t, b, kindBase, keyBase)
			put(t, b, storage.Record{Kind: kindBase, Key: key, Value: value[:20]})
		}, []string{"base of drive"}},
		"a base less": {func(t *testing.T, b *bench) {
			key, _ := record(t, b, kindBase, keyBase)
			put(t, b, storage.Record{Kind: kindBase, Key: key})
		}, []string{"no event tells of the document"}},
		"a base of nothing": {func(t *testing.T, b *bench) {
			_, value := record(t, b, kindBase, keyBase)
			put(t, b, storage.Record{Kind: kindBase, Key: baseKey(keyBase, 99), Value: value})
		}, []string{"drive id 99: the base of a drive that is not stored"}},
		"a base with another state": {func(t *testing.T, b *bench) {
			key, _ := record(t, b, kindBase, keyBase)
			id := storage.DriveID(key[8])
			x, err := readBase(b.store, id)
			require.NoError(t, err)
			x.state.Totals.Receipts[0].Total += 5
			value, err := x.state.AppendBinary([]byte{baseVersion, byte(x.number)})
			require.NoError(t, err)
			put(t, b, storage.Record{Kind: kindBase, Key: key, Value: value})
		}, []string{"state of the image, Totals.Receipts[0].Total", "state, Totals.Receipts[0].Total"}},
		"a snapshot that cannot be read": {func(t *testing.T, b *bench) {
			key, _ := record(t, b, kindSnapshot, keySnapshot)
			put(t, b, storage.Record{Kind: kindSnapshot, Key: key, Value: []byte("{")})
		}, []string{"cannot be read", "no register has the drive", "of a snapshot that is not stored"}},
		"a receipt of a snapshot less": {func(t *testing.T, b *bench) {
			key, _ := record(t, b, kindSnapshot, keySnapshotReceipt)
			put(t, b, storage.Record{Kind: kindSnapshot, Key: key})
		}, []string{"register " + testSerial + ", snapshot a: receipts: expected 6, found 5"}},
		"a receipt of a snapshot that names another document": {func(t *testing.T, b *bench) {
			key, value := record(t, b, kindSnapshot, keySnapshotReceipt)
			r, err := parseImageReceipt(value)
			require.NoError(t, err)
			r.record.Documents = []uint32{1}
			put(t, b, storage.Record{Kind: kindSnapshot, Key: key, Value: r.append(nil)})
		}, []string{"names a document that is no receipt"}},
		"a drive of a snapshot less": {func(t *testing.T, b *bench) {
			_, value := record(t, b, kindSnapshot, keySnapshot)
			s, err := parseSnapshot(value)
			require.NoError(t, err)
			require.NoError(t, b.fleet.append(storage.Change{Forget: s.Drives[1:2]}))
		}, []string{"snapshot a", "the state of the drive is missing"}},
		"a snapshot of no register": {func(t *testing.T, b *bench) {
			key, value := record(t, b, kindSnapshot, keySnapshot)
			s, err := parseSnapshot(value)
			require.NoError(t, err)
			s.Head.Settings.Serial = "none"
			value, err = json.Marshal(s)
			require.NoError(t, err)
			put(t, b, storage.Record{Kind: kindSnapshot, Key: key}, storage.Record{Kind: kindSnapshot, Key: snapshotKey("none", "a"), Value: value})
		}, []string{"snapshot a of a register that is not stored"}},
		"settings of a snapshot": {func(t *testing.T, b *bench) {
			key, value := record(t, b, kindSnapshot, keySnapshot)
			value = bytes.Replace(value, []byte(`"tax_systems":[1,2]`), []byte(`"tax_systems":[1]`), 1)
			put(t, b, storage.Record{Kind: kindSnapshot, Key: key, Value: value})
		}, []string{"snapshot a", "differ in Registration.TaxSystems"}},
		"an unfinished copy that cannot be read": {func(t *testing.T, b *bench) {
			put(t, b, storage.Record{Kind: kindBase, Key: baseKey(keyDraft, 7), Value: []byte("{}")})
		}, []string{"unfinished copy"}},
		"another record": {func(t *testing.T, b *bench) {
			put(t, b, storage.Record{Kind: kindBase, Key: []byte("x"), Value: []byte("y")}, storage.Record{Kind: kindSnapshot, Key: []byte("x"), Value: []byte("y")})
		}, []string{"record 78 of kind 15", "record 78 of kind 14"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t, memory.Open(), nil)
			_, _, err := b.fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
			require.NoError(t, err)
			r, err := b.fleet.Register(testSerial)
			require.NoError(t, err)
			_, err = r.Snapshot(t.Context(), "a", false)
			require.NoError(t, err)
			b.damaged = true
			c.damage(t, b)
			lines, sum := fsckLines(t, b.store)
			if len(c.want) == 0 {
				require.Empty(t, lines)
				require.Equal(t, FsckSummary{Registers: 1, Snapshots: 1, Drives: 6, Documents: 36, Tickets: sum.Tickets, Receipts: 12, Events: sum.Events}, sum)
			}
			for _, want := range c.want {
				require.Contains(t, joinLines(lines), want)
			}
		})
	}
}

func joinLines(lines []string) (text string) {
	for _, line := range lines {
		text += line + "\n"
	}
	return text
}
