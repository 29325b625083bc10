package tlv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNext(t *testing.T) {
	list := AppendByte(AppendUint16(nil, 1206, 0x0102), 1054, 7)
	for _, c := range []struct {
		name string
		in   []byte
		tags []uint16
		rest int
	}{
		{"nothing", nil, nil, 0},
		{"two", list, []uint16{1206, 1054}, 0},
		{"empty value", AppendHeader(nil, 1055, 0), []uint16{1055}, 0},
		{"half a header", list[:8], []uint16{1206}, 2},
		{"value cut off", list[:10], []uint16{1206}, 4},
		{"length beyond the input", AppendHeader(nil, 1055, MaxValueLen), nil, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tags []uint16
			tag, v, rest, ok := Next(c.in)
			for ; ok; tag, v, rest, ok = Next(rest) {
				tags = append(tags, tag)
				require.LessOrEqual(t, len(v), len(c.in))
			}
			require.Equal(t, c.tags, tags)
			require.Len(t, rest, c.rest)
		})
	}
}

// FuzzNext holds Next against the Reader: the same TLVs, the same rest.
func FuzzNext(f *testing.F) {
	f.Add(AppendByte(AppendVLN(nil, 1020, 123456), 1054, 1))
	f.Add(AppendHeader(nil, 1059, 3))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b, 0)
		tag, v, rest, ok := Next(b)
		for ; ok; tag, v, rest, ok = Next(rest) {
			require.True(t, r.Next())
			require.Equal(t, r.Item().Tag, tag)
			require.Equal(t, r.Item().Value, v)
		}
		require.False(t, r.Next())
		require.Equal(t, len(r.Rest()), len(rest))
	})
}
