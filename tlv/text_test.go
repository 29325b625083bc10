package tlv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArenaText holds the fast path of the arena against AppendCP866, errors
// and their places included.
func TestArenaText(t *testing.T) {
	for _, c := range []struct{ name, in string }{
		{"empty", ""},
		{"ASCII", "Bread 400 g"},
		{"Cyrillic", "Хлеб Бородинский, ёЁ"},
		{"two bytes, not Cyrillic", "20°C ·"},
		{"three bytes first", "№ 5"},
		{"three bytes between", "Дом №5 ░▒▓ конец"},
		{"NUL", "a\x00б\x00"},
		{"not in CP866", "хлеб é"},
		{"not in CP866 after three bytes", "№ хлеб 中"},
		{"half a character at the end", "хлеб\xD0"},
		{"two lead bytes", "х\xD0\xD0\x90"},
		{"overlong", "ab\xC1\x81"},
		{"lone continuation", "ab\x81"},
		{"four bytes", "ab😀"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var a Arena
			before, err := a.Text("до")
			require.NoError(t, err)
			want, wantErr := AppendCP866([]byte{}, c.in)
			have, err := a.Text(c.in)
			require.Equal(t, wantErr, err)
			if wantErr == nil {
				require.Equal(t, string(want), string(have.CP866()))
			}
			after, err := a.Text("после")
			require.NoError(t, err)
			require.Equal(t, "до", before.String())
			require.Equal(t, "после", after.String())
		})
	}
}

func FuzzArenaText(f *testing.F) {
	f.Add("Хлеб № 5")
	f.Add("a\x00б\xD0")
	f.Fuzz(func(t *testing.T, s string) {
		var a Arena
		want, wantErr := AppendCP866([]byte{}, s)
		have, err := a.Text(s)
		require.Equal(t, wantErr, err)
		if err == nil {
			require.Equal(t, string(want), string(have.CP866()))
			require.Equal(t, s, have.String())
		}
	})
}
