package kkt

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

// A number of a drive that was made is never made again: not behind numbers that were
// given, not when its register is gone, not after a start.
func TestMadeDriveNumbers(t *testing.T) {
	const given, reset, restart, gone = "given ", "reset", "restart", "gone"
	for name, steps := range map[string][]string{
		"behind a given one":             {given + "9999000000000002", "", gone, "", gone, ""},
		"after a start":                  {"", "", "", "", gone, "", "", restart, gone, ""},
		"after a start, with a hole":     {"", "", gone, restart, "", reset, "", restart, gone, "", "", ""},
		"after a start, past given":      {given + "9999000000000003", given + "9999000000000004", given + "9999000000000005", "", given + "9999000000000060", "", restart, gone, "", "", ""},
		"a number that was given far on": {given + "9999999999999999", "", restart, "", gone, restart, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, seen := openBench(t, memory.Open(), nil), map[string]bool{}
			var list []*Register
			for _, step := range steps {
				var last *Register
				if len(list) > 0 {
					last = must(b.fleet.Register(list[len(list)-1].Serial()))
				}
				switch step {
				case reset:
					_, err := last.ResetDrive(t.Context())
					require.NoError(t, err)
				case restart:
					b.reopen()
				case gone:
					_, err := b.fleet.DeleteRegister(t.Context(), last.Serial())
					require.NoError(t, err)
					list = list[:len(list)-1]
				default:
					s := Defaults(0)
					if step != "" {
						s.DriveNumber = step[len(given):]
					}
					r, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: s})
					require.NoError(t, err)
					number := r.Settings().DriveNumber
					require.Len(t, number, 16)
					require.False(t, seen[number], "%s is made twice", number)
					seen[number], list = true, append(list, r)
				}
			}
		})
	}
}

// An import gives its register no id that one has which is being made meanwhile.
func TestImportWhileARegisterIsMade(t *testing.T) {
	from := openBench(t, memory.Open(), nil)
	s := Defaults(0)
	s.Serial, s.DriveNumber = "imported", "9999000011112222"
	r, _, err := from.fleet.NewRegister(t.Context(), Order{Settings: s})
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, r.Export(t.Context(), &file))

	store, imported := &meeting{Store: memory.Open()}, make(chan error, 1)
	b := openBench(t, store, nil)
	store.at = func(c *storage.Change) bool { return c.Drive != 0 }
	store.do = func() {
		beside(func() {
			_, _, err := b.fleet.Import(context.Background(), Account{}, &file)
			imported <- err
		})
	}
	made, _, err := b.fleet.NewRegister(t.Context(), Order{Settings: Defaults(0)})
	require.NoError(t, err)
	require.NoError(t, <-imported)
	require.NotEqual(t, made.id, must(b.fleet.Register("imported")).id)
}

// The account of an import keeps what it got while the file came.
func TestImportKeepsTheAccount(t *testing.T) {
	from := openBench(t, memory.Open(), nil)
	s := Defaults(0)
	s.Serial, s.INN = "imported", "7707083893"
	_, _, err := from.fleet.NewRegister(t.Context(), Order{Settings: s})
	require.NoError(t, err)
	b := newBench(t)
	in := &pausedReader{Reader: bytes.NewReader(from.export("imported")), do: func() {
		s := Defaults(0)
		s.INN = "500100732259"
		_, _, err := b.fleet.NewRegister(t.Context(), Order{Account: Account{PublicID: "pk_demo"}, Settings: s})
		require.NoError(t, err)
	}}
	_, _, err = b.fleet.Import(t.Context(), Account{PublicID: "pk_demo"}, in)
	require.NoError(t, err)
	a, _ := b.fleet.Account("pk_demo")
	require.ElementsMatch(t, []string{testINN, "7707083893", "500100732259"}, a.INNs)
}

// pausedReader has something done before its first byte.
type pausedReader struct {
	*bytes.Reader
	do func()
}

func (r *pausedReader) Read(p []byte) (int, error) {
	if do := r.do; do != nil {
		r.do = nil
		do()
	}
	return r.Reader.Read(p)
}
