package ofdproto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
)

// The tree of a message spells its flags out bit by bit (spec/ofd-protocol.md 4).
func TestTreeSpellsFlagsOut(t *testing.T) {
	for _, tc := range []struct {
		flags  ofdproto.Flags
		ru, en string
	}{
		{0x0014, "биты 0-1: 00 без CRC; 2: 1 контейнер; 4-5: 01 ждет ответа; 6-7: 00 приоритет 0",
			"bits 0-1: 00 no CRC; 2: 1 container; 4-5: 01 expects an answer; 6-7: 00 priority 0"},
		{0x0016, "биты 0-1: 10 CRC заголовка и тела; 2: 1 контейнер; 4-5: 01 ждет ответа; 6-7: 00 приоритет 0",
			"bits 0-1: 10 CRC of header and body; 2: 1 container; 4-5: 01 expects an answer; 6-7: 00 priority 0"},
		{0x0010, "биты 0-1: 00 без CRC; 2: 0 без контейнера; 4-5: 01 ждет ответа; 6-7: 00 приоритет 0",
			"bits 0-1: 00 no CRC; 2: 0 no container; 4-5: 01 expects an answer; 6-7: 00 priority 0"},
		{0x0085, "биты 0-1: 01 CRC заголовка; 2: 1 контейнер; 4-5: 00 ответ не нужен; 6-7: 10 приоритет 2",
			"bits 0-1: 01 CRC of the header; 2: 1 container; 4-5: 00 no answer expected; 6-7: 10 priority 2"},
		{0x103B, "биты 0-1: 11 запрещено; 2: 0 без контейнера; 4-5: 11 запрещено; 6-7: 00 приоритет 0; резервные биты 1008: должны быть 0",
			"bits 0-1: 11 forbidden; 2: 0 no container; 4-5: 11 forbidden; 6-7: 00 priority 0; reserved bits 1008: must be 0"},
	} {
		n := ofdproto.Tree(ofdproto.SessionHeader{Signature: ofdproto.Signature(), SVersion: ofdproto.SVersion(), Flags: tc.flags}.Append(nil))
		var flags ffd.Field
		for _, f := range n.Fields {
			if f.Key == "flags" {
				flags = f
			}
		}
		require.Equal(t, tc.ru, flags.Note)
		require.Equal(t, tc.en, flags.NoteEn)
	}
}
