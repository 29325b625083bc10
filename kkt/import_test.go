package kkt

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

// reheaded writes an image again with another head.
type reheaded struct {
	*imageWriter
	change func(*imageHead)
}

func (x *reheaded) head(h *imageHead) error {
	x.change(h)
	return x.imageWriter.head(h)
}

// The number of a drive is the same in all settings that it had: a register must not
// be known under that of another's.
func TestNumberOfTheDriveInSettings(t *testing.T) {
	const other = "9999000000009999"
	from := openBench(t, memory.Open(), nil)
	r, _, err := from.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	for _, place := range []string{"one", "two"} {
		_, err := r.Reregister(t.Context(), func(s *Settings) error { s.Place = place; return nil }, 0)
		require.NoError(t, err)
	}
	file := from.export(r.Serial())
	for name, c := range map[string]struct {
		change func(*Settings, []Past)
		want   string
	}{
		"in force":          {func(s *Settings, _ []Past) { s.DriveNumber = other }, "in the settings of the register"},
		"of the past":       {func(_ *Settings, p []Past) { p[1].Settings.DriveNumber = other }, "in the settings of the past, number 2"},
		"of the first past": {func(_ *Settings, p []Past) { p[0].Settings.DriveNumber = other }, "in the settings of the register"},
	} {
		t.Run(name, func(t *testing.T) {
			var changed bytes.Buffer
			w, err := newImageWriter(&changed)
			require.NoError(t, err)
			require.NoError(t, readImage(bytes.NewReader(file), &reheaded{w, func(h *imageHead) { c.change(&h.Settings, h.Past) }}))
			require.NoError(t, w.end())
			b := openBench(t, memory.Open(), nil)
			_, _, err = b.fleet.Import(t.Context(), Account{}, &changed)
			require.ErrorIs(t, err, ErrImage)
			require.ErrorContains(t, err, c.want)
			require.Empty(t, b.fleet.Registers())

			r, _, err := b.fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
			require.NoError(t, err)
			b.damaged = true
			var rec registerRecord
			require.NoError(t, json.Unmarshal(must(b.store.Record(kindRegister, []byte(r.Serial()))), &rec))
			c.change(&rec.Settings, rec.Past)
			_, err = b.store.Append(t.Context(), storage.Change{Records: []storage.Record{must(jsonRecord(kindRegister, r.Serial(), rec))}})
			require.NoError(t, err)
			lines, _ := fsckLines(t, b.store)
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], c.want)
		})
	}
}
