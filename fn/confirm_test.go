package fn

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/ofdproto"
)

func TestTickets(t *testing.T) {
	for _, c := range []struct {
		name   string
		mode   TicketMode
		reason Reason // 0: taken
		make   func(b *bench) []byte
	}{
		{"right", TicketLenient, 0, func(b *bench) []byte { return b.ticket(1, nil) }},
		{"right, strict", TicketStrict, 0, func(b *bench) []byte { return b.ticket(1, nil) }},
		{"of another operator's key", TicketLenient, 0, func(b *bench) []byte {
			return b.ticket(1, func(c *ffd.Confirmation) { c.OFDINN = ffd.Pad[[12]byte]("7704358518") })
		}},
		{"of another operator's key, strict", TicketStrict, ReasonSign, func(b *bench) []byte {
			return b.ticket(1, func(c *ffd.Confirmation) { c.OFDINN = ffd.Pad[[12]byte]("7704358518") })
		}},
		{"wrong number", TicketLenient, ReasonNumber, func(b *bench) []byte { return b.ticket(2, nil) }},
		{"wrong drive", TicketLenient, ReasonDrive, func(b *bench) []byte {
			return b.ticket(1, func(c *ffd.Confirmation) { c.Drive = ffd.Pad[[16]byte]("9999078900005431") })
		}},
		{"wrong CRC", TicketLenient, ReasonCRC, func(b *bench) []byte {
			box := b.ticket(1, nil)
			box[60] ^= 1
			return box
		}},
		{"wrong sign", TicketLenient, ReasonSign, func(b *bench) []byte {
			box := b.ticket(1, nil)
			box[len(box)-4] ^= 1
			require.NoError(b.t, ofdproto.SealContainer(box))
			return box
		}},
		{"wrong sign, off", TicketOff, 0, func(b *bench) []byte {
			box := b.ticket(1, nil)
			box[len(box)-4] ^= 1
			require.NoError(b.t, ofdproto.SealContainer(box))
			return box
		}},
		{"number as text", TicketLenient, 0, numberAsText},
		{"number as text, off", TicketOff, 0, numberAsText},
		{"number as text, strict", TicketStrict, ReasonNumber, numberAsText},
		{"not a confirmation", TicketLenient, ReasonFormat, func(b *bench) []byte { return b.out.Documents[0].Container }},
		{"garbage", TicketLenient, ReasonFormat, func(b *bench) []byte { return []byte("not a container at all, is it? no") }},
		{"nothing", TicketLenient, ReasonFormat, func(b *bench) []byte { return nil }},
		{"no signs", TicketLenient, 0, func(b *bench) []byte { return unsigned(b) }},
		{"no signs, strict", TicketStrict, ReasonSign, func(b *bench) []byte { return unsigned(b) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, ffd.V120, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			box := c.make(b)
			before := b.s
			err := b.apply(&Confirm{Container: box, Mode: c.mode}, "2026-01-10 10:00")
			if c.reason == 0 {
				require.NoError(t, err)
				require.Zero(t, b.s.Unsent())
				require.ErrorIs(t, b.apply(&Confirm{Container: box, Mode: c.mode}, "2026-01-10 10:00"), CodeState, "nothing waits any more")
				return
			}
			require.ErrorIs(t, err, CodeTicket)
			var r *Refusal
			require.True(t, errors.As(err, &r))
			require.Equal(t, c.reason, r.Reason, r.Why)
			require.Equal(t, before, b.s)
		})
	}
}

// numberAsText is the ticket of a mock that writes the number of the container as text.
func numberAsText(b *bench) []byte {
	box := b.ticket(1, nil)
	copy(box[17:], "1\x00\x00")
	require.NoError(b.t, ofdproto.SealContainer(box))
	return box
}

func TestNumberAsTextHasThreeDigits(t *testing.T) {
	for _, c := range []struct {
		name   string
		text   string
		number uint32
		mode   TicketMode
		taken  bool
	}{
		{"one digit", "7\x00\x00", 7, TicketLenient, true},
		{"padded with spaces", "7  ", 7, TicketLenient, true},
		{"three digits", "999", 999, TicketLenient, true},
		{"cut", "123", 1234, TicketLenient, true},
		{"cut, long", "123", 1234567, TicketOff, true},
		{"cut, strict", "123", 1234, TicketStrict, false},
		{"cut, another", "124", 1234, TicketLenient, false},
		{"another", "123", 12, TicketLenient, false},
		{"fewer digits", "12\x00", 1234, TicketLenient, false},
		{"no digits", "abc", 1, TicketOff, false},
		{"three bytes that look like text", "123", 0x313233, TicketStrict, true},
	} {
		h := ofdproto.ContainerHeader{Number: uint32(c.text[0])<<16 | uint32(c.text[1])<<8 | uint32(c.text[2])}
		require.Equal(t, c.taken, checkNumber(h, c.number, c.mode) == "", c.name)
	}
}

// unsigned is the ticket of a mock that sends no signs and no tail.
func unsigned(b *bench) []byte {
	c := ffd.Confirmation{OFDINN: ffd.Pad[[12]byte](TestOFDINN), Drive: driveNumber, Number: 1}
	doc := c.Append(nil)
	box, err := ofdproto.AppendContainerHeader(nil, ofdproto.ContainerParams{Type: ofdproto.FromOperator, Form: 7, Drive: driveNumber, Number: 1}, len(doc)-ofdproto.TailLen)
	require.NoError(b.t, err)
	box = append(box, doc...)
	require.NoError(b.t, ofdproto.SealContainer(box))
	return box
}

func TestOperatorMessages(t *testing.T) {
	for _, c := range []struct {
		name    string
		v       ffd.Version
		code    byte
		message byte
		warn    WarningFlags
	}{
		{"accepted", ffd.V120, 0, 0, 0},
		{"format refused", ffd.V120, 14, 0, WarnFormat},
		{"unknown code", ffd.V120, 11, 0, WarnFormat},
		{"1.2 format", ffd.V120, 0, 0x02, WarnFormat},
		{"1.2 settings", ffd.V120, 0, 0x20, WarnSettings},
		{"1.2 operator ceases", ffd.V120, 0, 0x40, WarnOperator},
		{"1.2 cabinet and FFD say nothing to the drive", ffd.V120, 0, 0x0C, 0},
		{"1.05 settings", ffd.V105, 0, 0x40, WarnSettings},
		{"1.05 operator ceases", ffd.V105, 0, 0x80, WarnOperator},
		{"1.1 bit 20h means nothing", ffd.V110, 0, 0x20, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.v, Model36, 250000)
			b.must(b.registration(), "2026-01-10 10:00")
			b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:00")
			b.must(&Confirm{Container: b.ticket(1, func(x *ffd.Confirmation) { x.Code, x.Message = c.code, c.message }), NextTime: at("2026-01-10 10:00")}, "2026-01-10 10:01")
			require.Equal(t, c.warn, b.s.Warnings(at("2026-01-10 10:01")))
			require.Equal(t, c.code, b.s.OperatorCode)
			b.must(&Confirm{Container: b.ticket(2, nil)}, "2026-01-10 10:01")
			require.Zero(t, b.s.Warnings(at("2026-01-10 10:01")), "the next ticket clears them")
			d := b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-10 10:02")
			has := false
			for _, tag := range tags(t, d.TLV()) {
				has = has || tag == ffd.TagOperatorMessage
			}
			require.Equal(t, c.v >= ffd.V110 && c.message&messageMask(c.v) != 0, has, "1206 of the shift")
		})
	}
}
