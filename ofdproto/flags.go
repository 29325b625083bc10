package ofdproto

import "fmt"

// Flags are the flags of the session header (spec/ofd-protocol.md 4).
type Flags uint16

// Single flags, to be joined with |.
const (
	FlagCRCHeader  Flags = 0x01 // CRC over the header
	FlagCRCMessage Flags = 0x02 // CRC over the header and the body
	FlagContainer  Flags = 0x04 // the body is a container
	FlagAnswer     Flags = 0x10 // the sender expects an answer
)

// Whole values seen in practice (spec/ofd-protocol.md 4.1, 4.3).
const (
	FlagsDocument = FlagContainer | FlagAnswer // a document or a ticket, no CRC
	FlagsProbe    = FlagAnswer                 // header only: is anybody there?
	FlagsEcho     = Flags(0)                   // the answer to a probe
)

const (
	flagsCRCMask      = 0x03
	flagsAnswerMask   = 0x30
	flagsPriorityBits = 6
	flagsReserved     = 0xFF08
)

// CRCMode says what the CRC of the session header covers.
type CRCMode byte

// The modes of bits 0 and 1; the fourth value is forbidden.
const (
	CRCNone    CRCMode = iota // no CRC, the field is zero
	CRCHeader                 // header bytes 0..27
	CRCMessage                // header bytes 0..27 and the body
)

// CRCMode is bits 0 and 1. The result is one of the three constants when Check has passed.
func (f Flags) CRCMode() CRCMode { return CRCMode(f & flagsCRCMask) }

// HasContainer tells whether the body is a container.
func (f Flags) HasContainer() bool { return f&FlagContainer != 0 }

// ExpectsAnswer tells whether the sender waits for an answer.
func (f Flags) ExpectsAnswer() bool { return f&flagsAnswerMask == FlagAnswer }

// Priority is 0..3, larger is more urgent.
func (f Flags) Priority() byte { return byte(f>>flagsPriorityBits) & 3 }

// Check returns ErrFlags for forbidden values and for reserved bits (spec/ofd-protocol.md 4.2).
func (f Flags) Check() error {
	switch {
	case f&flagsReserved != 0:
		return fmt.Errorf("%w: %04Xh, reserved bits %04Xh are set", ErrFlags, uint16(f), uint16(f&flagsReserved))
	case f&flagsCRCMask == flagsCRCMask:
		return fmt.Errorf("%w: %04Xh, CRC mode 11 is forbidden", ErrFlags, uint16(f))
	case f&flagsAnswerMask > FlagAnswer:
		return fmt.Errorf("%w: %04Xh, bit 5 is forbidden", ErrFlags, uint16(f))
	}
	return nil
}

// flagGroups are the bits that mean something together, with their meanings by value (spec/ofd-protocol.md 4).
var flagGroups = [...]struct {
	bits         string
	shift, width int
	ru, en       [4]string
}{
	{"0-1", 0, 2, [4]string{"без CRC", "CRC заголовка", "CRC заголовка и тела", "запрещено"},
		[4]string{"no CRC", "CRC of the header", "CRC of header and body", "forbidden"}},
	{"2", 2, 1, [4]string{"без контейнера", "контейнер"}, [4]string{"no container", "container"}},
	{"4-5", 4, 2, [4]string{"ответ не нужен", "ждет ответа", "запрещено", "запрещено"},
		[4]string{"no answer expected", "expects an answer", "forbidden", "forbidden"}},
	{"6-7", flagsPriorityBits, 2, [4]string{"приоритет 0", "приоритет 1", "приоритет 2", "приоритет 3"},
		[4]string{"priority 0", "priority 1", "priority 2", "priority 3"}},
}

// describe tells the flags bit by bit, in Russian and English.
func (f Flags) describe() (ru, en string) {
	for i, g := range flagGroups {
		value := int(f>>g.shift) & (1<<g.width - 1)
		if i > 0 {
			ru, en = ru+"; ", en+"; "
		}
		head := fmt.Sprintf("%s: %0*b ", g.bits, g.width, value)
		ru, en = ru+head+g.ru[value], en+head+g.en[value]
	}
	if reserved := f & flagsReserved; reserved != 0 {
		ru += fmt.Sprintf("; резервные биты %04x: должны быть 0", uint16(reserved))
		en += fmt.Sprintf("; reserved bits %04x: must be 0", uint16(reserved))
	}
	return "биты " + ru, "bits " + en
}
