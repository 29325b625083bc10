package ofdproto_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"kktd/ofdproto"
)

func TestReadMessage(t *testing.T) {
	example := unhex(t, workedExample)
	d := drive(t, "9999078900005488")
	probe := ofdproto.AppendSession(nil, d, ofdproto.PVersion(4), ofdproto.FlagsProbe, nil)
	c, err := ofdproto.AppendContainer(nil, params(t, 3), document(3, ofdproto.MaxDocumentLen), tail())
	require.NoError(t, err)
	largest := ofdproto.AppendSession(nil, d, ofdproto.PVersion(4), ofdproto.FlagsDocument|ofdproto.FlagCRCMessage, c)
	messages := [][]byte{example, probe, largest, example}

	for _, tc := range []struct {
		name string
		wrap func(io.Reader) io.Reader
		buf  []byte
	}{
		{"at once", func(r io.Reader) io.Reader { return r }, nil},
		{"byte by byte", iotest.OneByteReader, nil},
		{"half of each read", iotest.HalfReader, nil},
		{"end told with the last bytes", iotest.DataErrReader, nil},
		{"small buffer", func(r io.Reader) io.Reader { return r }, make([]byte, 7)},
		{"buffer of MaxMessageLen", func(r io.Reader) io.Reader { return r }, make([]byte, 0, ofdproto.MaxMessageLen)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, buf := tc.wrap(bytes.NewReader(bytes.Join(messages, nil))), tc.buf
			for i, want := range messages {
				var m ofdproto.Message
				var err error
				m, buf, err = ofdproto.ReadMessage(r, buf)
				require.NoError(t, err, "message %d", i)
				require.True(t, bytes.Equal(want, m.Append(nil)), "message %d", i)
			}
			_, _, err := ofdproto.ReadMessage(r, buf)
			require.True(t, err == io.EOF, "the clean end comes unwrapped: %v", err)
		})
	}
}

func TestReadMessageCutShort(t *testing.T) {
	example := unhex(t, workedExample)
	for _, bufCap := range []int{0, 7, ofdproto.SessionHeaderLen, ofdproto.MaxMessageLen} {
		for n := 1; n < len(example); n++ {
			_, _, err := ofdproto.ReadMessage(bytes.NewReader(example[:n]), make([]byte, 0, bufCap))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
			_, ok := ofdproto.ReasonOf(err)
			require.False(t, ok)
		}
	}
}

func TestReadMessageKeepsTheErrorOfTheStream(t *testing.T) {
	for _, n := range []int{0, 10, 30, 100} {
		broken := errors.New("cable pulled")
		r := io.MultiReader(bytes.NewReader(unhex(t, workedExample)[:n]), iotest.ErrReader(broken))
		_, _, err := ofdproto.ReadMessage(r, nil)
		require.ErrorIs(t, err, broken, "after %d bytes", n)
	}
}

func TestReadMessageTakesNothingBehind(t *testing.T) {
	r := bytes.NewReader(append(unhex(t, workedExample), "next"...))
	_, _, err := ofdproto.ReadMessage(r, make([]byte, 0, ofdproto.MaxMessageLen))
	require.NoError(t, err)
	require.Equal(t, 4, r.Len())
}

func TestReadMessageGrowsWithTheBytes(t *testing.T) {
	h := ofdproto.SessionHeader{Signature: ofdproto.Signature(), SVersion: ofdproto.SVersion(), PVersion: ofdproto.PVersion(4),
		Drive: drive(t, "1"), BodyLen: ofdproto.MaxContainerLen, Flags: ofdproto.FlagsDocument}
	for _, arrived := range []int{0, 100, 5000} {
		b := append(h.Append(nil), make([]byte, arrived)...)
		_, buf, err := ofdproto.ReadMessage(bytes.NewReader(b), nil)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.LessOrEqual(t, cap(buf), 3*len(b)+1024, "a header alone must not reserve what it announces")
	}
}

func TestNoAllocations(t *testing.T) {
	example := unhex(t, workedExample)
	m, _, err := ofdproto.ParseMessage(example)
	require.NoError(t, err)
	c, err := m.Container()
	require.NoError(t, err)
	p := params(t, 11)
	buf := make([]byte, 0, ofdproto.MaxMessageLen)
	scratch := make([]byte, 0, ofdproto.MaxMessageLen)
	r := bytes.NewReader(example)
	for _, tc := range []struct {
		name string
		run  func() error
	}{
		{"AppendContainer", func() error { _, err := ofdproto.AppendContainer(buf, p, c.Document, tail()); return err }},
		{"container in steps", func() error {
			b, err := ofdproto.AppendContainerHeader(buf, p, len(c.Document))
			if err != nil {
				return err
			}
			return ofdproto.SealContainer(tail().Append(append(b, c.Document...)))
		}},
		{"AppendSession", func() error {
			ofdproto.AppendSession(buf, p.Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument|ofdproto.FlagCRCMessage, m.Body)
			return nil
		}},
		{"ParseMessage", func() error { _, _, err := ofdproto.ParseMessage(example); return err }},
		{"Container", func() error { _, err := m.Container(); return err }},
		{"ParseTail", func() error { _, err := ofdproto.ParseTail(c.Tail); return err }},
		{"Append of what was parsed", func() error { c.Append(m.Append(buf)); return nil }},
		{"Quirks", func() error { _, _ = m.Header.Quirks(), c.Quirks(); return nil }},
		{"ReadMessage", func() error {
			r.Reset(example)
			_, _, err := ofdproto.ReadMessage(r, scratch)
			return err
		}},
	} {
		var failed error
		allocs := testing.AllocsPerRun(100, func() {
			if err := tc.run(); err != nil {
				failed = err
			}
		})
		require.NoError(t, failed, tc.name)
		require.Zero(t, allocs, tc.name)
	}
}

func FuzzMessage(f *testing.F) {
	example := unhex(f, workedExample)
	f.Add(example)
	f.Add(ofdproto.AppendSession(nil, drive(f, "1"), ofdproto.PVersion(4), ofdproto.FlagsProbe, nil))
	f.Add(ofdproto.AppendSession(nil, drive(f, "1"), ofdproto.PVersion(4), 0x15, example[30:]))
	f.Add(ofdproto.AppendSession(nil, drive(f, "1"), ofdproto.PVersion(4), 0x16, example[30:]))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, rest, err := ofdproto.ParseMessage(b)
		r := iotest.HalfReader(bytes.NewReader(b))
		if len(b)%2 == 0 {
			r = iotest.OneByteReader(bytes.NewReader(b))
		}
		read, buf, readErr := ofdproto.ReadMessage(r, nil)
		require.LessOrEqual(t, cap(buf), 2*ofdproto.MaxMessageLen)
		if err != nil {
			require.Error(t, readErr)
			_, ok := ofdproto.ReasonOf(err)
			require.True(t, ok, "every refusal has a reason: %v", err)
			return
		}
		require.NoError(t, readErr)
		require.Equal(t, m, read)
		require.Equal(t, b, append(m.Append(nil), rest...))
		if c, err := m.Container(); err == nil {
			require.Equal(t, m.Body, c.Append(nil))
		}
	})
}

func FuzzContainer(f *testing.F) {
	f.Add(unhex(f, workedExample)[30:])
	c, err := ofdproto.AppendContainer(nil, params(f, 7), document(7, 73), tail())
	require.NoError(f, err)
	f.Add(c)
	f.Fuzz(func(t *testing.T, b []byte) {
		// Length and CRC are put right, or nothing would come past them.
		if len(b) >= 2 {
			b = bytes.Clone(b)
			b[0], b[1] = byte(len(b)), byte(len(b)>>8)
		}
		sealErr := ofdproto.SealContainer(b)
		c, err := ofdproto.ParseContainer(b)
		if sealErr != nil || err != nil {
			require.Error(t, err)
			_, ok := ofdproto.ReasonOf(err)
			require.True(t, ok, "every refusal has a reason: %v", err)
			return
		}
		require.Equal(t, b, c.Append(nil))
		if tail, err := ofdproto.ParseTail(c.Tail); err == nil {
			require.Equal(t, c.Tail, tail.Append(nil))
		}
	})
}

func BenchmarkAppendContainer(b *testing.B) {
	p, doc := params(b, 3), document(3, 1024)
	buf := make([]byte, 0, ofdproto.MaxMessageLen)
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := ofdproto.AppendContainer(buf, p, doc, tail()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	c, err := ofdproto.AppendContainer(nil, params(b, 3), document(3, 1024), tail())
	require.NoError(b, err)
	msg := ofdproto.AppendSession(nil, params(b, 3).Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument, c)
	b.ReportAllocs()
	b.SetBytes(int64(len(msg)))
	for b.Loop() {
		m, _, err := ofdproto.ParseMessage(msg)
		if err == nil {
			_, err = m.Container()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadMessage(b *testing.B) {
	example := unhex(b, workedExample)
	r := bytes.NewReader(example)
	buf := make([]byte, 0, ofdproto.MaxMessageLen)
	b.ReportAllocs()
	b.SetBytes(int64(len(example)))
	for b.Loop() {
		r.Reset(example)
		if _, _, err := ofdproto.ReadMessage(r, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// A receipt of three items becomes a message: container with its CRC, session header without one, as registers send it, or with one over
// the whole message.
func BenchmarkOFDFrameEncode(b *testing.B) {
	for _, tc := range []struct {
		name  string
		flags ofdproto.Flags
	}{{"container CRC", ofdproto.FlagsDocument}, {"both CRC", ofdproto.FlagsDocument | ofdproto.FlagCRCMessage}} {
		b.Run(tc.name, func(b *testing.B) {
			p, doc := params(b, 3), document(3, 620)
			container, out := make([]byte, 0, ofdproto.MaxContainerLen), make([]byte, 0, ofdproto.MaxMessageLen)
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				c, err := ofdproto.AppendContainer(container, p, doc, tail())
				if err != nil {
					b.Fatal(err)
				}
				out = ofdproto.AppendSession(out[:0], p.Drive, ofdproto.PVersion(4), tc.flags, c)
			}
		})
	}
}
