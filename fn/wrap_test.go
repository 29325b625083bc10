package fn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

func TestWrap(t *testing.T) {
	master, drive := []byte(fn.DefaultMaster), ffd.Pad[[16]byte]("9999078900005430")
	doc := []byte{3, 0, 5, 0, 0xB9, 4, 1, 0, 4}
	c, err := fn.Wrap(master, drive, 7, doc)
	require.NoError(t, err)
	got, err := ofdproto.ParseContainer(c)
	require.NoError(t, err)
	require.Equal(t, doc, got.Document)
	require.EqualValues(t, 7, got.Number)
	require.Zero(t, got.Quirks())
	require.True(t, fn.NewDriveVerifier(master).Verify(drive, c), "an OFD with the key takes its sign")
	for _, tc := range []struct {
		name   string
		number uint32
		doc    []byte
		want   error
	}{
		{"no document", 1, nil, ofdproto.ErrForm},
		{"number 0", 0, doc, ofdproto.ErrNumber},
		{"a tag that is no form", 1, []byte{0xB9, 4, 1, 0, 4}, ofdproto.ErrForm},
		{"cut short", 1, doc[:6], ofdproto.ErrLength},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := fn.Wrap(master, drive, tc.number, tc.doc)
			require.ErrorIs(t, err, tc.want)
		})
	}
}
