package ofdproto_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ofdproto"
)

func TestParseSessionHeaderRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(b []byte)
		want   ofdproto.Reason
	}{
		{"HTTP", func(b []byte) { copy(b, "GET / HTTP/1.1") }, ofdproto.ErrSignature},
		{"marking service", func(b []byte) { copy(b, "\xDD\x80\xCA\xA1\x82\xA2") }, ofdproto.ErrMarking},
		{"S-version of marking", func(b []byte) { b[4] = 0x82 }, ofdproto.ErrVersion},
		{"P-version 00 00", func(b []byte) { b[6], b[7] = 0, 0 }, ofdproto.ErrVersion},
		{"P-version 01 30", func(b []byte) { b[6], b[7] = 1, 0x30 }, ofdproto.ErrVersion},
		{"CRC mode 11", func(b []byte) { b[26] = 0x17 }, ofdproto.ErrFlags},
		{"reserved bit 3", func(b []byte) { b[26] = 0x1C }, ofdproto.ErrFlags},
		{"reserved bit 8", func(b []byte) { b[27] = 0x01 }, ofdproto.ErrFlags},
		{"reserved bit 15", func(b []byte) { b[27] = 0x80 }, ofdproto.ErrFlags},
		{"capability 10", func(b []byte) { b[26] = 0x24 }, ofdproto.ErrFlags},
		{"capability 11", func(b []byte) { b[26] = 0x34 }, ofdproto.ErrFlags},
		{"container of 31 bytes", func(b []byte) { b[24], b[25] = 31, 0 }, ofdproto.ErrLength},
		{"container of 0 bytes", func(b []byte) { b[24], b[25] = 0, 0 }, ofdproto.ErrLength},
		{"body without container", func(b []byte) { b[26] = 0x10 }, ofdproto.ErrLength},
		{"one byte above the limit", func(b []byte) { b[24], b[25] = 0x2B, 0x80 }, ofdproto.ErrTooLarge},
		{"largest length", func(b []byte) { b[24], b[25] = 0xFF, 0xFF }, ofdproto.ErrTooLarge},
		{"header CRC", func(b []byte) { b[26] = 0x15 }, ofdproto.ErrCRC},
		{"letter in the drive number", func(b []byte) { b[10] = 'A' }, ofdproto.ErrDrive},
		{"space before the drive number", func(b []byte) { b[8] = ' ' }, ofdproto.ErrDrive},
		{"zero byte after the drive number", func(b []byte) { b[23] = 0 }, ofdproto.ErrDrive},
		{"no drive number", func(b []byte) { copy(b[8:24], "                ") }, ofdproto.ErrDrive},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := unhex(t, workedExample)
			tc.change(b)
			_, err := ofdproto.ParseSessionHeader(b)
			requireReason(t, tc.want, err)
			_, rest, err := ofdproto.ParseMessage(b)
			requireReason(t, tc.want, err)
			require.Equal(t, b, rest)
			_, _, err = ofdproto.ReadMessage(bytes.NewReader(b), nil)
			requireReason(t, tc.want, err)
		})
	}
	for n := range ofdproto.SessionHeaderLen {
		_, err := ofdproto.ParseSessionHeader(unhex(t, workedExample)[:n])
		requireReason(t, ofdproto.ErrLength, err)
	}
}

func requireReason(t *testing.T, want ofdproto.Reason, err error) {
	t.Helper()
	require.ErrorIs(t, err, want)
	got, ok := ofdproto.ReasonOf(err)
	require.True(t, ok)
	require.Equal(t, want, got)
}

func TestParseContainerRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(c []byte) []byte
		sealed bool // the CRC is put right after the change
		want   ofdproto.Reason
	}{
		{"no bytes", func([]byte) []byte { return nil }, false, ofdproto.ErrLength},
		{"header alone", func(c []byte) []byte { return c[:ofdproto.ContainerHeaderLen] }, false, ofdproto.ErrLength},
		{"one byte missing", func(c []byte) []byte { return c[:len(c)-1] }, false, ofdproto.ErrLength},
		{"one byte more", func(c []byte) []byte { return append(c, 0) }, false, ofdproto.ErrLength},
		{"above the limit", func([]byte) []byte { return make([]byte, ofdproto.MaxContainerLen+1) }, false, ofdproto.ErrTooLarge},
		{"version 11", func(c []byte) []byte { c[6] = 0x11; return c }, true, ofdproto.ErrVersion},
		{"type", func(c []byte) []byte { c[4] = 0x55; return c }, true, ofdproto.ErrType},
		{"form 12", func(c []byte) []byte { c[5] = 12; return c }, true, ofdproto.ErrForm},
		{"form differs from the document", func(c []byte) []byte { c[5] = 3; return c }, true, ofdproto.ErrForm},
		{"CRC field", func(c []byte) []byte { c[2] ^= 0x80; return c }, false, ofdproto.ErrCRC},
		{"drive changed", func(c []byte) []byte { c[9] = 0x98; return c }, false, ofdproto.ErrCRC},
		{"last byte changed", func(c []byte) []byte { c[len(c)-1] = 1; return c }, false, ofdproto.ErrCRC},
		{"nibble A in the drive number", func(c []byte) []byte { c[10] = 0xA9; return c }, true, ofdproto.ErrDrive},
		{"digit after the padding", func(c []byte) []byte { c[15] = 0xF1; return c }, true, ofdproto.ErrDrive},
		{"document longer than the body", func(c []byte) []byte { c[34], c[35] = 0xFF, 0x7F; return c }, true, ofdproto.ErrLength},
		{"one byte between document and tail", func(c []byte) []byte { c[34]--; return c }, true, ofdproto.ErrLength},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.change(unhex(t, workedExample)[ofdproto.SessionHeaderLen:])
			if tc.sealed {
				require.NoError(t, ofdproto.SealContainer(c))
			}
			_, err := ofdproto.ParseContainer(c)
			requireReason(t, tc.want, err)
		})
	}
}

func TestEveryBitOfAContainerIsCovered(t *testing.T) {
	c := unhex(t, workedExample)[ofdproto.SessionHeaderLen:]
	for i := range c {
		for bit := range 8 {
			c[i] ^= 1 << bit
			_, err := ofdproto.ParseContainer(c)
			require.Error(t, err, "byte %d bit %d", i, bit)
			c[i] ^= 1 << bit
		}
	}
}

func TestOddButTaken(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func(b []byte)
		session ofdproto.Quirks
		inside  ofdproto.Quirks
	}{
		{"CRC without a mode", func(b []byte) { b[28], b[29] = 0x6F, 0xD0 }, ofdproto.QuirkStrayCRC, 0},
		{"P-version 00 02", func(b []byte) { b[7] = 2 }, 0, 0},
		{"P-version 01 01", func(b []byte) { b[6], b[7] = 1, 1 }, ofdproto.QuirkPVersion, 0},
		{"P-version 01 02", func(b []byte) { b[6], b[7] = 1, 2 }, ofdproto.QuirkPVersion, 0},
		{"priority 3", func(b []byte) { b[26] |= 0xC0 }, 0, 0},
		{"no answer wanted", func(b []byte) { b[26] = 0x04 }, 0, 0},
		{"container version 02", func(b []byte) { b[36] = 2 }, 0, ofdproto.QuirkContainerVersion},
		{"number as text", func(b []byte) { copy(b[47:], "1\x00\x00") }, 0, ofdproto.QuirkASCIINumber},
		{"no length in service data 2", func(b []byte) { b[60], b[61] = 0, 0 }, 0, ofdproto.QuirkPlainLen},
		{"answer type", func(b []byte) { b[34] = ofdproto.FromOperator }, 0, 0},
		{"service data 1", func(b []byte) { b[37], b[38] = 0, 0 }, 0, 0},
		{"filler of the tail", func(b []byte) { b[465] = 1 }, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := unhex(t, workedExample)
			tc.change(b)
			require.NoError(t, ofdproto.SealContainer(b[ofdproto.SessionHeaderLen:]))
			m, _, err := ofdproto.ParseMessage(b)
			require.NoError(t, err)
			c, err := m.Container()
			require.NoError(t, err)
			require.Equal(t, tc.session, m.Header.Quirks())
			require.Equal(t, tc.inside, c.Quirks())
			require.Equal(t, b, ofdproto.Message{Header: m.Header, Body: c.Append(nil)}.Append(nil), "nothing is repaired")
		})
	}
	require.Equal(t, "stray CRC, document number as text", (ofdproto.QuirkStrayCRC | ofdproto.QuirkASCIINumber).String())
	require.Empty(t, ofdproto.Quirks(0).String())
}

func TestBodies(t *testing.T) {
	t.Run("encrypted", func(t *testing.T) {
		c := unhex(t, workedExample)[ofdproto.SessionHeaderLen:]
		c[32], c[33] = 0xC3, 0x5A
		require.NoError(t, ofdproto.SealContainer(c))
		got, err := ofdproto.ParseContainer(c)
		require.NoError(t, err)
		require.True(t, got.Encrypted)
		require.Equal(t, c[32:], got.Document)
		require.Nil(t, got.Tail)
		require.Zero(t, got.Quirks())
		require.Equal(t, c, got.Append(nil))
	})
	t.Run("without a tail", func(t *testing.T) {
		c := unhex(t, workedExample)[ofdproto.SessionHeaderLen:]
		c = c[:len(c)-ofdproto.TailLen]
		c[0] -= ofdproto.TailLen
		require.NoError(t, ofdproto.SealContainer(c))
		got, err := ofdproto.ParseContainer(c)
		require.NoError(t, err)
		require.Nil(t, got.Tail)
		require.Equal(t, c, got.Append(nil))
	})
	t.Run("of another drive", func(t *testing.T) {
		b := unhex(t, workedExample)
		b[23] = '9'
		m, _, err := ofdproto.ParseMessage(b)
		require.NoError(t, err)
		_, err = m.Container()
		requireReason(t, ofdproto.ErrDrive, err)
	})
	t.Run("bad container in a good message", func(t *testing.T) {
		b := unhex(t, workedExample)
		b[100] ^= 1
		m, _, err := ofdproto.ParseMessage(b)
		require.NoError(t, err)
		_, err = m.Container()
		requireReason(t, ofdproto.ErrCRC, err)
	})
}

func TestParseTailRefuses(t *testing.T) {
	for _, tc := range []struct{ name, hex string }{
		{"empty", ""},
		{"8 bytes", "8106A55AE10C4D75"},
		{"11 bytes", "8106A55AE10C4D75000000"},
		{"kind 80", "8006A55AE10C4D750000"},
		{"length 7", "8107A55AE10C4D750000"},
		{"first filler byte", "8106A55AE10C4D750100"},
		{"last filler byte", "8106A55AE10C4D750001"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ofdproto.ParseTail(unhex(t, tc.hex))
			requireReason(t, ofdproto.ErrTail, err)
		})
	}
}

func TestReasonOf(t *testing.T) {
	r, ok := ofdproto.ReasonOf(fmt.Errorf("peer 1: %w", ofdproto.ErrTooLarge))
	require.True(t, ok)
	require.Equal(t, "too_large", string(r))
	require.EqualError(t, r, "too large")
	_, ok = ofdproto.ReasonOf(errors.Join(io.ErrUnexpectedEOF))
	require.False(t, ok)
}
