package ofd

import (
	"strings"
	"time"

	"kktd/fault"
	"kktd/ffd"
)

// FaultPrefix begins the names of the OFD's faults.
const FaultPrefix = "ofd-"

// FaultName is the text form of a fault of the OFD with the prefix, which may be left out where no other room's faults are meant.
func FaultName(text string) string {
	if strings.HasPrefix(text, FaultPrefix) {
		return text
	}
	return FaultPrefix + text
}

// What faults have by default.
const (
	defaultDelay = 5 * time.Second
	defaultLate  = 65 * time.Second // behind the 60 s that registers wait (spec/ofd-protocol.md 2)
)

// FaultKinds are the faults of the OFD, in the order of a help text.
func FaultKinds() []fault.Kind {
	kind := func(usage, about, aboutRu, first string, read func(p *fault.Params) fault.Effect) fault.Kind {
		name, _, _ := strings.Cut(usage, "[")
		return fault.Kind{Name: FaultPrefix + name, Where: "ofd", Usage: FaultPrefix + usage, About: about, AboutRu: aboutRu, First: first, Read: read,
			Knows: []string{fault.KeyDrive, fault.KeyForm}}
	}
	kinds := []fault.Kind{
		kind("refuse[:CODE][:bits=0x02]", "tickets with that code in 1022 (14) and bits in 1206", "квитанции с этим кодом 1022 (14) и битами 1206", "code",
			func(p *fault.Params) fault.Effect {
				return Refuse{p.Byte("code", ffd.OFDFormatRefused), p.Byte("bits", formatRefused)}
			}),
		kind("code[:CODE]", "tickets with that code in 1022 (11), 1206 as it is", "квитанции с этим кодом 1022 (11), 1206 прежний", "code",
			func(p *fault.Params) fault.Effect { return WrongCode{p.Byte("code", 11)} }),
		kind("bits[:MASK]", "tickets with those bits in 1206 (0x40), 1022 as it is", "квитанции с этими битами 1206 (0x40), 1022 прежний", "bits",
			func(p *fault.Params) fault.Effect { return Bits{p.Byte("bits", 0x40)} }),
		kind("delay[:5s]", "the answer goes out later", "ответ уходит позже", "for",
			func(p *fault.Params) fault.Effect { return Delay{p.Duration("for", defaultDelay)} }),
		kind("late[:65s]", "the answer goes out when the register has given up, then the connection is closed",
			"ответ уходит, когда касса уже не ждёт, и соединение закрывается", "for",
			func(p *fault.Params) fault.Effect { return Late{p.Duration("for", defaultLate)} }),
		kind("drop[:close]", "no answer; the connection stays open, or is closed", "ответа нет; соединение остаётся или закрывается", "how",
			func(p *fault.Params) fault.Effect { return Drop{p.Choice("how", "open", "close") == "close"} }),
		kind("twice", "the answer is sent twice", "ответ отправлен дважды", "",
			func(*fault.Params) fault.Effect { return Twice{} }),
		kind("wrong-number[:BY]", "a ticket for another document: the number and BY (1)", "квитанция на другой документ: номер плюс BY (1)", "by",
			func(p *fault.Params) fault.Effect { return WrongNumber{p.Number("by", 1)} }),
		kind("wrong-drive[:session]", "a ticket for another drive, or a message that names one", "квитанция для другого ФН или сообщение с его номером", "where",
			func(p *fault.Params) fault.Effect {
				return WrongDrive{p.Choice("where", "container", "session") == "session"}
			}),
		kind("wrong-crc[:session]", "a wrong CRC of the container, or of the message", "неверный CRC контейнера или сообщения", "where",
			func(p *fault.Params) fault.Effect {
				return WrongCRC{p.Choice("where", "container", "session") == "session"}
			}),
		kind("wrong-sign", "a ticket whose operator's sign does not verify", "квитанция с неверным признаком оператора", "",
			func(*fault.Params) fault.Effect { return WrongSign{} }),
		kind("wrong-format", "a ticket without its document number", "квитанция без номера документа", "",
			func(*fault.Params) fault.Effect { return WrongFormat{} }),
		kind("cut-request[:BYTES]", "reads BYTES of the message (half of it) and closes; nothing is stored",
			"читает BYTES байт сообщения (половину) и закрывает; ничего не сохранено", "bytes",
			func(p *fault.Params) fault.Effect { return CutRequest{p.Number("bytes", 0)} }),
		kind("cut-answer[:BYTES]", "sends BYTES of the answer (half of it) and closes", "отправляет BYTES байт ответа (половину) и закрывает", "bytes",
			func(p *fault.Params) fault.Effect { return CutAnswer{p.Number("bytes", 0)} }),
	}
	away := kind("away[:close|reset|hang]", "connections are closed at once, reset, or held without a word",
		"соединения сразу закрываются, сбрасываются или висят без ответа", "how",
		func(p *fault.Params) fault.Effect { return Away{AwayHow(p.Choice("how", "close", "reset", "hang"))} })
	away.Knows = nil // the connection says nothing yet
	return append(kinds, away)
}
