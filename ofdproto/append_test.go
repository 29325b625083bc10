package ofdproto_test

import (
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ofdproto"
)

var update = flag.Bool("update", false, "write the golden files anew")

// document is a TLV document of n bytes, header included, its content zero.
func document(form byte, n int) []byte {
	b := make([]byte, n)
	b[0] = form
	binary.LittleEndian.PutUint16(b[2:], uint16(n-4))
	return b
}

func params(t testing.TB, form byte) ofdproto.ContainerParams {
	return ofdproto.ContainerParams{
		Type: ofdproto.FromRegister, Form: form, Drive: drive(t, "9999078900005430"), Number: 0x010203,
		Service2Hash: [5]byte{0xA1, 0xA2, 0xA3, 0xA4, 0xA5},
	}
}

func tail() ofdproto.Tail {
	return ofdproto.Tail{Kind: ofdproto.TailMessage, Sign: [6]byte{1, 2, 3, 4, 5, 6}}
}

func TestAppendGolden(t *testing.T) {
	var out strings.Builder
	for _, tc := range []struct {
		name  string
		typ   byte
		form  byte
		drive string
		ffd   byte
		flags ofdproto.Flags
		tail  byte
	}{
		{"receipt 1.05", ofdproto.FromRegister, 3, "9999078900005430", 2, ofdproto.FlagsDocument, ofdproto.TailMessage},
		{"receipt 1.1, CRC over the header", ofdproto.FromRegister, 3, "9999078900005430", 3,
			ofdproto.FlagsDocument | ofdproto.FlagCRCHeader, ofdproto.TailMessage},
		{"ticket 1.2, CRC over the message", ofdproto.FromOperator, 7, "9999078900005430", 4,
			ofdproto.FlagContainer | ofdproto.FlagCRCMessage, ofdproto.TailConfirmation},
		{"15 digits, 1.0", ofdproto.FromRegister, 1, "999907890000543", 1, ofdproto.FlagsDocument, ofdproto.TailMessage},
	} {
		p := params(t, tc.form)
		p.Type, p.Drive = tc.typ, drive(t, tc.drive)
		c, err := ofdproto.AppendContainer(nil, p, document(tc.form, 12), ofdproto.Tail{Kind: tc.tail, Sign: tail().Sign})
		require.NoError(t, err)
		b := ofdproto.AppendSession(nil, p.Drive, ofdproto.PVersion(tc.ffd), tc.flags, c)
		fmt.Fprintf(&out, "# %s\n%s\n", tc.name, hex.EncodeToString(b))

		m, _, err := ofdproto.ParseMessage(b)
		require.NoError(t, err, tc.name)
		got, err := m.Container()
		require.NoError(t, err, tc.name)
		require.Zero(t, m.Header.Quirks()|got.Quirks(), tc.name)
		require.Equal(t, p.Number, got.Number)
	}
	golden := filepath.Join("testdata", "messages.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}

func TestContainerInSteps(t *testing.T) {
	p, doc := params(t, 3), document(3, 100)
	prefix := []byte("before")
	whole, err := ofdproto.AppendContainer(prefix, p, doc, tail())
	require.NoError(t, err)

	b, err := ofdproto.AppendContainerHeader(prefix, p, len(doc))
	require.NoError(t, err)
	require.Equal(t, []byte{142, 0, 0, 0}, b[6:10], "length final, CRC 0: what the drive signs")
	b = tail().Append(append(b, doc...))
	require.ErrorIs(t, ofdproto.SealContainer(b), ofdproto.ErrLength, "the bytes before are no part of it")
	require.NoError(t, ofdproto.SealContainer(b[6:]))
	require.Equal(t, whole, b)
	require.Equal(t, "a1a2a3a4a501020300020064", hex.EncodeToString(b[26:38]), "service data 2 of spec/decisions.md")
}

func TestAppendContainerRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(p *ofdproto.ContainerParams, doc *[]byte, tail *ofdproto.Tail)
		want   ofdproto.Reason
	}{
		{"type 0", func(p *ofdproto.ContainerParams, _ *[]byte, _ *ofdproto.Tail) { p.Type = 0 }, ofdproto.ErrType},
		{"form 0", func(p *ofdproto.ContainerParams, _ *[]byte, _ *ofdproto.Tail) { p.Form = 0 }, ofdproto.ErrForm},
		{"form of another document", func(p *ofdproto.ContainerParams, _ *[]byte, _ *ofdproto.Tail) { p.Form = 4 }, ofdproto.ErrForm},
		{"number 0", func(p *ofdproto.ContainerParams, _ *[]byte, _ *ofdproto.Tail) { p.Number = 0 }, ofdproto.ErrNumber},
		{"number 2^24", func(p *ofdproto.ContainerParams, _ *[]byte, _ *ofdproto.Tail) { p.Number = 1 << 24 }, ofdproto.ErrNumber},
		{"drive not set", func(p *ofdproto.ContainerParams, _ *[]byte, _ *ofdproto.Tail) { p.Drive = [16]byte{} }, ofdproto.ErrDrive},
		{"empty document", func(_ *ofdproto.ContainerParams, d *[]byte, _ *ofdproto.Tail) { *d = nil }, ofdproto.ErrLength},
		{"document cut", func(_ *ofdproto.ContainerParams, d *[]byte, _ *ofdproto.Tail) { *d = (*d)[:10] }, ofdproto.ErrLength},
		{"document above the limit", func(_ *ofdproto.ContainerParams, d *[]byte, _ *ofdproto.Tail) {
			*d = document(3, ofdproto.MaxDocumentLen+1)
		}, ofdproto.ErrTooLarge},
		{"tail not set", func(_ *ofdproto.ContainerParams, _ *[]byte, t *ofdproto.Tail) { t.Kind = 0 }, ofdproto.ErrTail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, doc, end := params(t, 3), document(3, 100), tail()
			tc.change(&p, &doc, &end)
			b, err := ofdproto.AppendContainer([]byte("kept"), p, doc, end)
			requireReason(t, tc.want, err)
			require.Equal(t, "kept", string(b))
		})
	}
}

func TestLargestMessage(t *testing.T) {
	c, err := ofdproto.AppendContainer(nil, params(t, 3), document(3, ofdproto.MaxDocumentLen), tail())
	require.NoError(t, err)
	require.Len(t, c, ofdproto.MaxContainerLen)
	b := ofdproto.AppendSession(nil, params(t, 3).Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument, c)
	require.Len(t, b, ofdproto.MaxMessageLen)
	m, _, err := ofdproto.ParseMessage(b)
	require.NoError(t, err)
	got, err := m.Container()
	require.NoError(t, err)
	require.Equal(t, ofdproto.MaxDocumentLen, got.PlainLen())
	require.Panics(t, func() {
		ofdproto.AppendSession(nil, params(t, 3).Drive, ofdproto.PVersion(4), ofdproto.FlagsDocument, append(c, 0))
	})
}

func TestPVersion(t *testing.T) {
	for ffd, want := range [][2]byte{{}, {1, 0}, {1, 5}, {1, 0x10}, {1, 0x20}, {}} {
		require.Equal(t, want, ofdproto.PVersion(byte(ffd)), "1209 = %d", ffd)
	}
}

func TestFlags(t *testing.T) {
	f := ofdproto.Flags(0x00D6)
	require.NoError(t, f.Check())
	require.Equal(t, ofdproto.CRCMessage, f.CRCMode())
	require.True(t, f.HasContainer())
	require.True(t, f.ExpectsAnswer())
	require.EqualValues(t, 3, f.Priority())
	f = ofdproto.FlagsEcho
	require.NoError(t, f.Check())
	require.Equal(t, ofdproto.CRCNone, f.CRCMode())
	require.False(t, f.HasContainer())
	require.False(t, f.ExpectsAnswer())
	require.Zero(t, f.Priority())
}

func TestDriveNumbers(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		wire       string
		packed     string
	}{
		{"16 digits", "9999078900005488", "9999078900005488", "9999078900005488"},
		{"15 digits", "999907891234567", "999907891234567 ", "999907891234567f"},
		{"10 digits", "9999078950", "9999078950      ", "9999078950ffffff"},
		{"1 digit", "0", "0               ", "0fffffffffffffff"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := drive(t, tc.text)
			require.Equal(t, tc.wire, string(d[:]))
			require.Equal(t, d, drive(t, tc.wire), "padding is taken")
			require.Equal(t, tc.text, ofdproto.DriveString(d))
			p, err := ofdproto.PackDrive(d)
			require.NoError(t, err)
			require.Equal(t, tc.packed, hex.EncodeToString(p[:]))
			back, err := ofdproto.UnpackDrive(p)
			require.NoError(t, err)
			require.Equal(t, d, back)
		})
	}
	for _, tc := range []struct{ name, text string }{
		{"empty", ""}, {"spaces", "  "}, {"space before", " 1"}, {"space inside", "1 2"}, {"letter", "99990789A"}, {"17 digits", "99990789000054881"},
		{"colon, the character after 9", "9999:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ofdproto.ParseDrive(tc.text)
			requireReason(t, ofdproto.ErrDrive, err)
		})
	}
	for _, packed := range []string{"ffffffffffffffff", "f999078900005488", "99990789000054a8", "9999f78900005488"} {
		_, err := ofdproto.UnpackDrive([8]byte(unhex(t, packed)))
		requireReason(t, ofdproto.ErrDrive, err)
	}
}

func TestDocumentNumber(t *testing.T) {
	for _, tc := range []struct {
		name  string
		raw   uint32
		want  uint32
		ascii bool
	}{
		{"1", 1, 1, false},
		{"48, the code of a digit", 0x30, 0x30, false},
		{"capacity of a drive", 250_000, 250_000, false},
		{"text 1", 0x310000, 1, true},
		{"text 1, spaces", 0x312020, 1, true},
		{"text 42", 0x343200, 42, true},
		{"text 999", 0x393939, 999, true},
		{"digit after the padding", 0x310032, 0x310032, false},
		{"letter after a digit", 0x314100, 0x314100, false},
		{"largest", ofdproto.MaxNumber, ofdproto.MaxNumber, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, ascii := ofdproto.ContainerHeader{Number: tc.raw}.DocumentNumber()
			require.Equal(t, tc.want, n)
			require.Equal(t, tc.ascii, ascii)
		})
	}
}
