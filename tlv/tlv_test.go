package tlv

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestAppend(t *testing.T) {
	quantity := func(s string) Decimal {
		d, err := ParseDecimal(s)
		require.NoError(t, err)
		return d
	}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"byte", AppendByte(nil, 1054, 1), "1e04 0100 01"},
		{"true", AppendBool(nil, 1002, true), "ea03 0100 01"},
		{"false", AppendBool(nil, 1002, false), "ea03 0100 00"},
		{"uint16", AppendUint16(nil, 1213, 410), "bd04 0200 9a01"},
		{"uint32", AppendUint32(nil, 1040, 1), "1004 0400 01000000"},
		{"unix time", AppendUint32(nil, 1012, 1748781000), "f403 0400 c8473c68"},
		{"vln zero", AppendVLN(nil, 1031, 0), "0704 0100 00"},
		{"vln one byte", AppendVLN(nil, 1031, 0x84), "0704 0100 84"},
		{"vln 5000", AppendVLN(nil, 1031, 5000), "0704 0200 8813"},
		{"vln six bytes", AppendVLN(nil, 1031, 87892227523633), "0704 0600 31040001f04f"},
		{"vln eight bytes", AppendVLN(nil, 1201, 1<<64-1), "b104 0800 ffffffffffffffff"},
		{"fvln 1", AppendFVLN(nil, 1023, quantity("1")), "ff03 0200 0001"},
		{"fvln 1.5", AppendFVLN(nil, 1023, quantity("1.5")), "ff03 0200 010f"},
		{"fvln 9.95", AppendFVLN(nil, 1023, quantity("9.95")), "ff03 0300 02e303"},
		{"fvln keeps zeros", AppendFVLN(nil, 1023, quantity("1.000000")), "ff03 0400 0640420f"},
		{"fvln 123.456789", AppendFVLN(nil, 1023, quantity("123.456789")), "ff03 0500 0615cd5b07"},
		{"text", AppendText(nil, 666, MustText("Мама, мыла; раму!_AaE)")), "9a02 1600 8ca0aca02c20acebaba03b20e0a0ace3215f41614529"},
		{"padded", AppendPadded(nil, 1018, MustText("7708806062"), 12), "fa03 0c00 373730383830363036322020"},
		{"bytes", AppendBytes(nil, 1077, unhex(t, "310400bc614e")), "3504 0600 310400bc614e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, strings.ReplaceAll(c.want, " ", ""), hex.EncodeToString(c.got))
		})
	}
	b, at := Begin(nil, 1059)
	b = AppendByte(b, 1199, 1)
	require.NoError(t, End(b, at))
	require.Equal(t, "23040500af04010001", hex.EncodeToString(b))
	b, at = Begin(nil, 1059)
	require.ErrorIs(t, End(append(b, make([]byte, MaxValueLen+1)...), at), ErrTooLong)
}

// TestVectors reads single encodings that real programs made.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", "tlv", "primitive-types.json"))
	if err != nil {
		t.Skip("the vectors are not beside the project")
	}
	var file struct {
		Cases []struct {
			Type, Bytes, Src, Error, ValueHex string
			Tag                               uint16
			Value                             any
		}
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Cases)
	for _, c := range file.Cases {
		if c.Error != "" {
			continue // those limits are the dictionary's
		}
		t.Run(c.Type+" "+c.Bytes, func(t *testing.T) {
			b := unhex(t, c.Bytes)
			switch c.Type {
			case "byte", "U32", "VLN", "unixtime":
				v, err := Uint(b)
				require.NoError(t, err)
				require.EqualValues(t, c.Value, v)
			case "FVLN":
				d, err := FVLN(b)
				require.NoError(t, err)
				require.Equal(t, c.Value, d.String())
			case "string-cp866":
				require.Equal(t, c.Value, DecodeString(b))
				require.Equal(t, b, MustText(c.Value.(string)).CP866())
			case "tlv":
				r := NewReader(b, 0)
				require.True(t, r.Next())
				require.Equal(t, c.Tag, r.Item().Tag)
				require.False(t, r.Next())
				require.NoError(t, r.Err())
				require.Equal(t, b, AppendBytes(nil, c.Tag, r.Item().Value))
			default:
				t.Fatalf("unknown type %q", c.Type)
			}
		})
	}
}

func TestDecimals(t *testing.T) {
	for _, c := range []struct{ in, minimal, three string }{
		{"1", "1", "1.000"}, {"1.500", "1.5", "1.500"}, {"0.001", "0.001", "0.001"}, {"0", "0", "0.000"}, {"10.000001", "10.000001", "10.000001"},
		{"72057594037927935", "72057594037927935", "72057594037927935"},
	} {
		d, err := ParseDecimal(c.in)
		require.NoError(t, err, c.in)
		require.Equal(t, c.in, d.String())
		require.Equal(t, c.minimal, d.Minimal().String())
		require.Equal(t, c.three, d.WithScale(3).String())
	}
	for _, s := range []string{"", ".", "-1", "1,5", "1.2.3", "1e3", "72057594037927936", "0.0000000000000001", " 1"} {
		_, err := ParseDecimal(s)
		require.ErrorIs(t, err, ErrDecimal, s)
	}
}

func TestConsumeRefuses(t *testing.T) {
	_, err := Uint(make([]byte, 9))
	require.ErrorIs(t, err, ErrLength)
	_, err = Fixed32(make([]byte, 3))
	require.ErrorIs(t, err, ErrLength)
	_, err = FVLN([]byte{16, 1})
	require.ErrorIs(t, err, ErrDecimal)
	_, err = FVLN(make([]byte, 10))
	require.ErrorIs(t, err, ErrLength)
	d, err := FVLN(nil)
	require.NoError(t, err)
	require.Zero(t, d)
}

func TestCP866(t *testing.T) {
	for i := range 256 {
		c, ok := EncodeRune(DecodeByte(byte(i)))
		require.True(t, ok)
		require.EqualValues(t, i, c)
	}
	for _, c := range []struct {
		in    string
		char  rune
		index int
	}{{"Чай «Беседа»", '«', 4}, {"日本", '日', 0}, {"ab\xffc", 0xFFFD, 2}, {"\U0001F600", 0x1F600, 0}, {"обрыв \xd0", 0xFFFD, 6}} {
		b, err := AppendCP866([]byte("x"), c.in)
		var ce *CharError
		require.ErrorAs(t, err, &ce, c.in)
		require.Equal(t, c.char, ce.Char)
		require.Equal(t, c.index, ce.Index)
		require.Equal(t, "x", string(b))
	}
	b, err := AppendUTF8([]byte("x"), 1030, "日")
	require.Error(t, err)
	require.Equal(t, "x", string(b))
	b, err = AppendUTF8(nil, 1030, "№ ё ░")
	require.NoError(t, err)
	require.Equal(t, "0604 0500 fc20f120b0", hex.EncodeToString(b[:2])+" "+hex.EncodeToString(b[2:4])+" "+hex.EncodeToString(b[4:]))
}

func TestArena(t *testing.T) {
	var a Arena
	one, err := a.Text("первый")
	require.NoError(t, err)
	two, err := a.Text("второй")
	require.NoError(t, err)
	_, err = a.Text("日")
	require.Error(t, err)
	require.Equal(t, "первый", one.String())
	require.Equal(t, "второй", two.String())
	require.Equal(t, "перв", one.Cut(4).String())
	_ = append(one.CP866(), '!') // must not run into the next text
	require.Equal(t, "второй", two.String())
}

func TestCRC16(t *testing.T) {
	require.EqualValues(t, 0x29B1, CRC16([]byte("123456789")))
	plain := func(b []byte) uint16 {
		crc := uint16(0xFFFF)
		for _, c := range b {
			crc ^= uint16(c) << 8
			for range 8 {
				if crc&0x8000 != 0 {
					crc = crc<<1 ^ 0x1021
				} else {
					crc <<= 1
				}
			}
		}
		return crc
	}
	b := make([]byte, 100)
	for i := range b {
		b[i] = byte(i*7 + 3)
	}
	for n := range b {
		require.Equal(t, plain(b[:n]), CRC16(b[:n]), "length %d", n)
		require.Equal(t, CRC16(b), UpdateCRC16(CRC16(b[:n]), b[n:]), "split at %d", n)
	}
}

func TestReader(t *testing.T) {
	b := unhex(t, "0300 0d00 2304 0500 af04 0100 01 1004 0000")
	r := NewReader(b, 100)
	require.True(t, r.Next())
	require.Equal(t, 100, r.Item().Offset)
	in := r.Item().Children()
	require.True(t, in.Next())
	require.Equal(t, 104, in.Item().Offset)
	deep := in.Item().Children()
	require.True(t, deep.Next())
	require.Equal(t, Item{Tag: 1199, Offset: 108, Value: []byte{1}}, deep.Item())
	require.True(t, in.Next())
	require.Equal(t, 113, in.Item().Offset)
	require.Empty(t, in.Item().Value)
	require.False(t, in.Next())
	require.NoError(t, in.Err())

	for _, c := range []struct {
		name, in string
		want     DamageError
	}{
		{"cut header", "af0401", DamageError{Offset: 0, Want: 4, Have: 3}},
		{"cut value", "af0401 0001 1004 0400 01", DamageError{Offset: 5, Tag: 1040, Want: 8, Have: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(unhex(t, c.in), 0)
			for r.Next() {
			}
			var de *DamageError
			require.ErrorAs(t, r.Err(), &de)
			require.Equal(t, c.want, *de)
			require.NotEmpty(t, r.Rest())
			require.Contains(t, de.Error(), "offset 0x")
		})
	}
	it, ok := Find(b, 3)
	require.True(t, ok)
	require.Len(t, it.Value, 13)
	_, ok = Find(b, 4)
	require.False(t, ok)
}

func TestNoAllocations(t *testing.T) {
	name := MustText("Йогурт термостатный 3,5%")
	buf := make([]byte, 0, 256)
	doc := AppendFVLN(AppendVLN(AppendText(nil, 1030, name), 1079, 12345), 1023, Decimal{Mantissa: 15, Scale: 1})
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := AppendText(buf, 1030, name)
		b = AppendVLN(b, 1079, 12345)
		b = AppendPadded(b, 1018, name, 32)
		b, _ = AppendUTF8(b, 1030, "Хлеб")
		_ = AppendUint32(b, 1040, 7)
		r := NewReader(doc, 0)
		for r.Next() {
			_, _ = Uint(r.Item().Value[:1])
		}
		_ = CRC16(doc)
	}))
}

// FuzzReader walks anything, and what was walked and joined again is the input.
func FuzzReader(f *testing.F) {
	f.Add([]byte{3, 0, 5, 0, 0xaf, 4, 1, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b, 0)
		var back []byte
		for r.Next() {
			back = AppendBytes(back, r.Item().Tag, r.Item().Value)
		}
		require.Equal(t, string(b), string(append(back, r.Rest()...)))
	})
}

func FuzzText(f *testing.F) {
	f.Add("Привет, мир!")
	f.Fuzz(func(t *testing.T, s string) {
		x, err := NewText(s)
		if err == nil {
			require.Equal(t, s, x.String())
		}
	})
}

func FuzzDecimal(f *testing.F) {
	f.Add("1.500")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			return
		}
		b := AppendFVLN(nil, 1023, d)
		back, err := FVLN(b[HeaderLen:])
		require.NoError(t, err)
		require.Equal(t, d, back)
	})
}

func BenchmarkCRC16(b *testing.B) {
	doc := make([]byte, 740)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		CRC16(doc)
	}
}
