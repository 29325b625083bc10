package ofdproto_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ofdproto"
)

// splits gives parts of random length of a stream, as a network does.
type splits struct {
	r      io.Reader
	chance *rand.Rand
	most   int
}

func (s *splits) Read(b []byte) (int, error) {
	return s.r.Read(b[:min(len(b), 1+s.chance.IntN(s.most))])
}

// Real messages one behind the other, cut into parts of any length: each comes out whole and none takes a byte of the next.
func TestReadMessageInAnyFragmentation(t *testing.T) {
	var messages [][]byte
	add := func(b []byte) { messages = append(messages, b) }
	add(unhex(t, workedExample))
	for _, name := range []string{"container-doc1-ffd10-yandex-crc"} {
		c := unhex(t, readVector(t, name).Hex)
		d, err := ofdproto.UnpackDrive(ofdproto.ReadContainerHeader(c).Drive)
		require.NoError(t, err)
		for _, flags := range []ofdproto.Flags{0x14, 0x15, 0x16, 0xD4} {
			add(ofdproto.AppendSession(nil, d, ofdproto.PVersion(1), flags, c))
		}
		add(ofdproto.AppendSession(nil, d, ofdproto.PVersion(1), ofdproto.FlagsProbe, nil))
	}
	stream := bytes.Join(messages, nil)
	for seed := range uint64(200) {
		chance := rand.New(rand.NewPCG(seed, 0))
		r := &splits{bytes.NewReader(stream), chance, 1 + chance.IntN(300)}
		var buf []byte
		for i, want := range messages {
			var m ofdproto.Message
			var err error
			m, buf, err = ofdproto.ReadMessage(r, buf)
			require.NoError(t, err, "seed %d, message %d", seed, i)
			require.Equal(t, want, m.Append(nil), "seed %d, message %d", seed, i)
		}
		_, _, err := ofdproto.ReadMessage(r, buf)
		require.True(t, err == io.EOF, "seed %d", seed)
	}
}
