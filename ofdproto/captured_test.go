package ofdproto_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ofdproto"
)

// workedExample is the message of spec/ofd-protocol.md 10: a registration change report to a test operator.
const workedExample = `
2A08410A 81A2 0001 39393939303738393030303035343838 B401 1400 0000
B401 2578 A5 0B 01 1009 9999078900005488 000001 84EC4C14C200000100 04018A
0B008601
 11041000 39393939303738393030303035343838
 0D041400 3030303030303030303530303835373020202020
 FA030C00 373730323230333237362020
 10040400 01000000
 F4030400 9855B958
 35040600 2104AA107541
 20040100 00   EA030100 00   E9030100 00   55040100 01   56040100 00   54040100 00
 26040100 06   4D040100 01
 F5030C00 303030303030303030303032
 18041100 8E8E8E2090808F8A80922DE6A5ADE2E020
 F1033000 31313131343120A32E8CAEE1AAA2A02C20E3AB2E208AE3E1AAAEA2E1AAA0EF20A42E32308020AEE4A8E120822D323032
 F9030C00 373730343335383531382020
 24040800 6E616C6F672E7275
 5D041300 6578616D706C65406578616D706C652E636F6D
 FD030A00 98A5ADADAEAD208A2E20
 16040A00 4F4F4F20544158434F4D
 A5040100 02   B9040100 02
 A4040300 322E30
 A3043100 31313131343120A32E8CAEE1AAA2A02C20E3AB2E208AE3E1AAAEA2E1AAA0EF0D0AA42E32308020AEE4A8E120822D323032
 B3040C00 373731323334353637383930
 C5040100 00   B7040100 01
81 06 A55AE10C4D75 0000`

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err)
	return b
}

func drive(t testing.TB, s string) [ofdproto.DriveLen]byte {
	t.Helper()
	d, err := ofdproto.ParseDrive(s)
	require.NoError(t, err)
	return d
}

func TestWorkedExample(t *testing.T) {
	b := unhex(t, workedExample)
	require.Len(t, b, 466)
	m, rest, err := ofdproto.ParseMessage(b)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, ofdproto.SessionHeader{
		Signature: [4]byte{0x2A, 0x08, 0x41, 0x0A}, SVersion: [2]byte{0x81, 0xA2}, PVersion: [2]byte{0x00, 0x01},
		Drive: drive(t, "9999078900005488"), BodyLen: 436, Flags: ofdproto.FlagsDocument,
	}, m.Header)
	require.Zero(t, m.Header.Quirks())

	c, err := m.Container()
	require.NoError(t, err)
	require.Equal(t, ofdproto.ContainerHeader{
		Length: 436, CRC: 0x7825, Type: ofdproto.FromRegister, Form: 11, Version: 1, Service1: [2]byte{0x10, 0x09},
		Drive: [8]byte{0x99, 0x99, 0x07, 0x89, 0x00, 0x00, 0x54, 0x88}, Number: 1,
		Service2: [12]byte{0x84, 0xEC, 0x4C, 0x14, 0xC2, 0, 0, 1, 0, 4, 0x01, 0x8A},
	}, c.ContainerHeader)
	require.Len(t, c.Document, 394)
	require.Equal(t, 394, c.PlainLen())
	require.False(t, c.Encrypted)
	require.Zero(t, c.Quirks())
	number, ascii := c.DocumentNumber()
	require.EqualValues(t, 1, number)
	require.False(t, ascii)

	tail, err := ofdproto.ParseTail(c.Tail)
	require.NoError(t, err)
	require.Equal(t, ofdproto.Tail{Kind: ofdproto.TailMessage, Sign: [6]byte{0xA5, 0x5A, 0xE1, 0x0C, 0x4D, 0x75}}, tail)
	require.Equal(t, uint64(8452426237672228481), tail.Uint64())

	require.Equal(t, b, m.Append(nil))
	require.Equal(t, b[ofdproto.SessionHeaderLen:], c.Append(nil))

	// The same message out of its parts: all but the key number 00 04, which is 00 02 here, and with it the CRC.
	made, err := ofdproto.AppendContainer(nil, ofdproto.ContainerParams{
		Type: ofdproto.FromRegister, Form: 11, Drive: m.Header.Drive, Number: 1, Service2Hash: [5]byte{0x84, 0xEC, 0x4C, 0x14, 0xC2},
	}, c.Document, tail)
	require.NoError(t, err)
	require.Equal(t, byte(2), made[29])
	made[29] = 4
	require.NoError(t, ofdproto.SealContainer(made))
	require.Equal(t, b, ofdproto.AppendSession(nil, m.Header.Drive, m.Header.PVersion, ofdproto.FlagsDocument, made))
}

func TestWorkedExampleWithSessionCRC(t *testing.T) {
	b := unhex(t, workedExample)
	d := drive(t, "9999078900005488")
	for _, tc := range []struct {
		name  string
		flags ofdproto.Flags
		mode  ofdproto.CRCMode
		crc   uint16
	}{
		{"none", 0x0014, ofdproto.CRCNone, 0},
		{"header", 0x0015, ofdproto.CRCHeader, 0xD06F},
		{"header and body", 0x0016, ofdproto.CRCMessage, 0xB371},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := ofdproto.AppendSession(nil, d, [2]byte{0x00, 0x01}, tc.flags, b[ofdproto.SessionHeaderLen:])
			m, _, err := ofdproto.ParseMessage(out)
			require.NoError(t, err)
			require.Equal(t, tc.mode, m.Header.Flags.CRCMode())
			require.Equal(t, tc.crc, m.Header.CRC)
			require.Equal(t, out, m.Append(nil))
			if tc.mode == ofdproto.CRCNone {
				require.Equal(t, b, out)
				return
			}
			out[28] ^= 1
			_, _, err = ofdproto.ParseMessage(out)
			require.ErrorIs(t, err, ofdproto.ErrCRC)
			out[28] ^= 1
			out[len(out)-1] ^= 1
			_, _, err = ofdproto.ParseMessage(out)
			if tc.mode == ofdproto.CRCMessage {
				require.ErrorIs(t, err, ofdproto.ErrCRC)
			} else {
				require.NoError(t, err, "the body is not covered")
			}
		})
	}
}

func TestProbeAndEcho(t *testing.T) {
	// The probe of spec/ofd-protocol.md 4.3.
	probe := unhex(t, "2A 08 41 0A 81 A2 00 01 39 39 39 39 30 37 38 39 30 30 30 30 35 34 38 38 00 00 10 00 00 00")
	require.Equal(t, probe, ofdproto.AppendSession(nil, drive(t, "9999078900005488"), [2]byte{0x00, 0x01}, ofdproto.FlagsProbe, nil))
	m, _, err := ofdproto.ParseMessage(probe)
	require.NoError(t, err)
	require.Empty(t, m.Body)
	_, err = m.Container()
	require.ErrorIs(t, err, ofdproto.ErrFlags)

	echo := m.Header.Echo().Append(nil)
	require.Equal(t, append(probe[:26:26], 0, 0, 0, 0), echo)
	m, _, err = ofdproto.ParseMessage(echo)
	require.NoError(t, err)
	require.Equal(t, ofdproto.FlagsEcho, m.Header.Flags)
}

// vector is a file of ../shared/vectors/tlv, as far as frames go.
type vector struct {
	Hex      string `json:"hex"`
	Base64   string `json:"base64"`
	Expected struct {
		Drive   string `json:"fn"`
		BodyLen uint16 `json:"body_len"`
		CRC     uint16 `json:"crc"`
		Length  uint16 `json:"length"`
		Form    byte   `json:"doc_type"`
		Number  uint32 `json:"fd_number"`
	} `json:"expected"`
}

func readVector(t *testing.T, name string) vector {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", "tlv", name+".json"))
	if os.IsNotExist(err) {
		t.Skip("no ../shared/vectors")
	}
	require.NoError(t, err)
	var v vector
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

func TestVectorSession(t *testing.T) {
	b := unhex(t, readVector(t, "ofd-session-doc11-ffd105-yandex").Hex)
	require.Equal(t, unhex(t, workedExample), b)
}

func TestVectorSessionHeader(t *testing.T) {
	v := readVector(t, "session-header-yandex")
	b := unhex(t, v.Hex)
	h, err := ofdproto.ParseSessionHeader(b)
	require.NoError(t, err)
	require.Equal(t, v.Expected.Drive, ofdproto.DriveString(h.Drive))
	require.Equal(t, v.Expected.BodyLen, h.BodyLen)
	require.Equal(t, ofdproto.FlagsDocument, h.Flags)
	require.Equal(t, b, h.Append(nil))
}

func TestVectorContainer(t *testing.T) {
	v := readVector(t, "container-doc1-ffd10-yandex-crc")
	b := unhex(t, v.Hex)
	c, err := ofdproto.ParseContainer(b)
	require.NoError(t, err)
	require.Equal(t, v.Expected.Length, c.Length)
	require.Equal(t, v.Expected.CRC, c.CRC)
	require.Equal(t, v.Expected.Form, c.Form)
	require.Equal(t, v.Expected.Number, c.Number)
	require.Zero(t, c.Quirks())
	d, err := ofdproto.UnpackDrive(c.Drive)
	require.NoError(t, err)
	require.Equal(t, "999907891234567 ", string(d[:]), "15 digits")
	require.Equal(t, b, c.Append(nil))
	_, err = ofdproto.ParseTail(c.Tail)
	require.NoError(t, err)
	require.NoError(t, ofdproto.SealContainer(b))
	require.Equal(t, c.Append(nil), b)
}

// The tax service publishes two receipts with the container header before them: CRC and length overwritten, the tail cut to 8 bytes.
// Length and CRC put right, they are containers whose service data 2 counts behind the document number.
func TestVectorPublishedReceipts(t *testing.T) {
	for _, tc := range []struct {
		name          string
		number, count uint32
	}{
		{"receipt-ffd10-fns-container-spar", 39752, 39590},
		{"receipt-ffd105-fns-container-dixy", 104630, 104624},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, err := base64.StdEncoding.DecodeString(readVector(t, tc.name).Base64)
			require.NoError(t, err)
			require.Equal(t, []byte{0xFF, 0xFF, 0x00, 0x1C}, b[:4])
			end := ofdproto.ContainerHeaderLen + 4 + int(b[34]) + int(b[35])<<8
			// dixy ends with its document, without a tail.
			if len(b) > end {
				require.Equal(t, byte(ofdproto.TailMessage), b[end])
				b = append(b[:end+8], 0, 0)
			}
			b[0], b[1] = byte(len(b)), byte(len(b)>>8)
			require.NoError(t, ofdproto.SealContainer(b))
			c, err := ofdproto.ParseContainer(b)
			require.NoError(t, err)
			require.Equal(t, byte(3), c.Form)
			require.Equal(t, tc.number, c.Number)
			require.Equal(t, tc.count, uint32(c.Service2[5])<<16|uint32(c.Service2[6])<<8|uint32(c.Service2[7]))
			require.Equal(t, len(c.Document), c.PlainLen())
			require.Equal(t, b, c.Append(nil))
		})
	}
}
