package ofdproto_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
	"kktd/tlv"
)

// field is a value of the header of a frame.
func field(t *testing.T, n *ffd.Node, key string) any {
	t.Helper()
	for _, f := range n.Fields {
		if f.Key == key {
			return f.Value
		}
	}
	require.Fail(t, "no field "+key)
	return nil
}

func TestTreeOfMessage(t *testing.T) {
	b := unhex(t, workedExample)
	n := ofdproto.Tree(b)
	require.Nil(t, n.Malformed())
	require.Equal(t, b, n.Append(nil))

	require.Equal(t, ffd.TypeSession, n.Type)
	require.Equal(t, 466, n.Len)
	require.Equal(t, "9999078900005488", field(t, n, "drive"))
	require.Equal(t, "0014", field(t, n, "flags"))
	require.Equal(t, uint64(436), field(t, n, "bodyLen"))

	c := n.Items[0]
	require.Equal(t, ffd.TypeContainer, c.Type)
	require.Equal(t, 30, c.Offset)
	require.Equal(t, "7825", field(t, c, "crc"))
	require.Equal(t, uint64(11), field(t, c, "form"))
	require.Equal(t, uint64(1), field(t, c, "number"))

	doc, sign := c.Items[0], c.Items[1]
	require.Equal(t, ffd.TypeDocument, doc.Type)
	require.Equal(t, uint16(11), doc.Tag)
	require.Equal(t, 62, doc.Offset)
	require.Equal(t, "ООО РАПКАТ-центр ", n.Find(11, ffd.TagUserName).Value())
	require.Equal(t, 62+394-5, doc.Items[len(doc.Items)-1].Offset)
	require.Equal(t, ffd.TypeSign, sign.Type)
	require.Equal(t, "a55ae10c4d75", field(t, sign, "sign"))
	require.Equal(t, uint64(8452426237672228481), field(t, sign, "number"))

	var decoded struct {
		Type  string
		Hex   string
		Value map[string]any
		Items []json.RawMessage
	}
	require.NoError(t, json.Unmarshal(n.AppendJSON(nil), &decoded))
	require.Equal(t, ffd.TypeSession, decoded.Type)
	require.Len(t, decoded.Hex, 60)
	require.Equal(t, "2a08410a", decoded.Value["signature"])
	require.Len(t, decoded.Items, 1)
}

func TestTreeVectors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		types []string
		whole bool // the frame is as it was sent
	}{
		{"ofd-session-doc11-ffd105-yandex", []string{ffd.TypeSession, ffd.TypeContainer, ffd.TypeDocument}, true},
		{"container-doc1-ffd10-yandex-crc", []string{ffd.TypeContainer, ffd.TypeDocument}, true},
		{"receipt-ffd10-fns-container-spar", []string{ffd.TypeContainer, ffd.TypeDocument}, false},
		{"receipt-ffd105-fns-container-dixy", []string{ffd.TypeContainer, ffd.TypeDocument}, false},
		{"receipt-ffd105-fns-izbenka", []string{ffd.TypeDocument}, true},
		{"receipt-ffd105-fns-okey-48items", []string{ffd.TypeDocument}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := readVector(t, tc.name)
			b, err := base64.StdEncoding.DecodeString(v.Base64)
			require.NoError(t, err)
			if len(b) == 0 {
				b = unhex(t, v.Hex)
			}
			n := ofdproto.Tree(b)
			require.Equal(t, b, n.Append(nil))
			require.Equal(t, tc.whole, n.Malformed() == nil)
			for _, want := range tc.types {
				require.Equal(t, want, n.Type)
				require.NotEmpty(t, n.Items)
				n = n.Items[0]
			}
		})
	}
}

func TestTree(t *testing.T) {
	message := unhex(t, workedExample)
	container := message[ofdproto.SessionHeaderLen:]
	doc, tail := container[32:426], container[426:]
	probe := ofdproto.AppendSession(nil, drive(t, "9999078900005488"), [2]byte{0, 1}, ofdproto.FlagsProbe, nil)
	concat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	encrypted := bytes.Clone(container)
	copy(encrypted[32:], "\xEE\xDD\xCC\xBB")
	require.NoError(t, ofdproto.SealContainer(encrypted))
	wrongCRC := bytes.Clone(message)
	wrongCRC[100] ^= 1
	for _, tc := range []struct {
		name  string
		in    []byte
		types []string // of the node, or of the items of a list
		bad   string   // part of the first error
	}{
		{"document with its tail", concat(doc, tail), []string{ffd.TypeDocument, ffd.TypeSign}, ""},
		{"document", doc, []string{ffd.TypeDocument}, ""},
		{"two documents", concat(doc, doc), []string{ffd.TypeDocument, ffd.TypeDocument}, ""},
		{"document and rubbish", concat(doc, []byte{1}), []string{ffd.TypeDocument, ffd.TypeMalformed}, "1 bytes left at offset 0x18a"},
		{"document cut short", doc[:100], []string{ffd.TypeDocument}, "96 are left"},
		{"cut tail", concat(doc, tail[:8]), []string{ffd.TypeDocument, ffd.TypeSign}, "8 bytes, want 10"},
		{"bad tail", concat(doc, []byte{0x83, 6, 1, 2, 3, 4, 5, 6, 0, 0}), []string{ffd.TypeDocument, ffd.TypeSign}, "kind 83h"},
		{"two messages", concat(message, probe), []string{ffd.TypeSession, ffd.TypeSession}, ""},
		{"probe", probe, []string{ffd.TypeSession}, ""},
		{"message and rubbish", concat(probe, []byte("rubbish")), []string{ffd.TypeSession, ffd.TypeMalformed}, "no message"},
		{"message cut in its header", message[:20], []string{ffd.TypeMalformed}, "20 bytes at offset 0x0"},
		{"message cut in its body", message[:200], []string{ffd.TypeSession}, "bad length"},
		{"wrong CRC", wrongCRC, []string{ffd.TypeSession}, "bad crc"},
		{"encrypted", encrypted, []string{ffd.TypeContainer}, "encrypted?"},
		{"message of the marking service", concat([]byte{0xDD, 0x80, 0xCA, 0xA1}, message[4:]), []string{ffd.TypeSession}, "marking"},
		{"one TLV", []byte{0xFF, 3, 3, 0, 0, 2, 0xE3}, []string{"FVLN"}, ""},
		{"nothing", nil, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := ofdproto.Tree(tc.in)
			require.True(t, bytes.Equal(tc.in, n.Append(nil)))
			nodes := []*ffd.Node{n}
			if n.Type == ffd.TypeList {
				nodes = n.Items
			}
			var types []string
			for _, n := range nodes {
				types = append(types, n.Type)
			}
			require.Equal(t, tc.types, types)
			if tc.bad == "" {
				require.Nil(t, n.Malformed())
				return
			}
			require.Contains(t, n.Malformed().Err, tc.bad)
		})
	}
}

// A ticket has no tag 1209: the meaning of 1206 follows the P-version of the message.
func TestTreeOfTicketTakesVersionOfMessage(t *testing.T) {
	d := drive(t, "9999078900005488")
	doc, at := tlv.Begin(nil, 7)
	doc = tlv.AppendByte(doc, ffd.TagOperatorMessage, 0x40)
	require.NoError(t, tlv.End(doc, at))
	c, err := ofdproto.AppendContainer(nil, ofdproto.ContainerParams{Type: ofdproto.FromOperator, Form: 7, Drive: d, Number: 1},
		doc, ofdproto.Tail{Kind: ofdproto.TailConfirmation})
	require.NoError(t, err)
	for ffdVersion, want := range map[byte]string{2: "изменить настройки обмена (64)", 4: "ОФД прекращает деятельность (64)"} {
		n := ofdproto.Tree(ofdproto.AppendSession(nil, d, ofdproto.PVersion(ffdVersion), ofdproto.FlagsDocument, c))
		require.Nil(t, n.Malformed())
		require.Equal(t, want, n.Find(7, ffd.TagOperatorMessage).Display())
		require.Equal(t, "ФПП", n.Items[0].Items[1].Name)
	}
}

func FuzzTree(f *testing.F) {
	message := unhex(f, workedExample)
	f.Add(message)
	f.Add(message[30:])
	f.Add(message[62:])
	f.Add(append(bytes.Clone(message), message...))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := ofdproto.Tree(b)
		if !bytes.Equal(b, n.Append(nil)) {
			t.Fatal("the tree does not give the bytes back")
		}
		if !json.Valid(n.AppendJSON(nil)) {
			t.Fatal("JSON")
		}
		n.AppendText(nil, 80)
	})
}

func TestTreeOfContainersInARow(t *testing.T) {
	drive, err := ofdproto.ParseDrive("9999078900005430")
	require.NoError(t, err)
	var row []byte
	for n := uint32(1); n <= 3; n++ {
		row, err = ofdproto.AppendContainer(row, ofdproto.ContainerParams{Type: ofdproto.FromRegister, Form: 2, Drive: drive, Number: n},
			[]byte{2, 0, 5, 0, 0xFD, 3, 1, 0, 'a'}, ofdproto.Tail{Kind: ofdproto.TailMessage})
		require.NoError(t, err)
	}
	tree := ofdproto.Tree(row)
	require.Equal(t, ffd.TypeList, tree.Type)
	require.Len(t, tree.Items, 3)
	for i, n := range tree.Items {
		require.Equal(t, ffd.TypeContainer, n.Type)
		require.Empty(t, n.Err)
		require.Equal(t, i*len(row)/3, n.Offset)
	}
	require.Equal(t, row, tree.Append(nil))
	back, err := ofdproto.ParseTree(tree.AppendJSON(nil))
	require.NoError(t, err)
	require.Equal(t, row, back.Append(nil))

	row[5+len(row)/3*2]++ // damage in the last one
	tree = ofdproto.Tree(row)
	require.Len(t, tree.Items, 3)
	require.NotEmpty(t, tree.Items[2].Err)
	require.Equal(t, row, tree.Append(nil))
}
