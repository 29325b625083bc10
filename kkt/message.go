package kkt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"kktd/ffd"
	"kktd/fn"
	"kktd/outbox"
	"kktd/storage"
	"kktd/tlv"
)

// Message is a receipt that goes to the address of its buyer, tag 1008: one for a
// receipt with all its documents. It is kept in the same commit as the documents;
// what it says is made when it is sent or looked at.
type Message struct {
	Receipt  string // id
	Kind     MessageKind
	Address  string // 1008
	Register string // serial number
	Created  int64  // business time, Unix milliseconds
	// Entry is its number in the outbox; 0 when nobody delivers it and it is only kept.
	Entry uint64
}

// MessageKind is how a message goes.
type MessageKind string

// The kinds of messages.
const (
	Email MessageKind = "email"
	SMS   MessageKind = "sms" // is always only kept
)

// TransportMail is the transport of e-mail in entries of the outbox.
const TransportMail = "mail"

// messageVersion is the first byte of a stored message.
const messageVersion = 1

// minPhone is the least length of a phone number with its plus sign.
const minPhone = 6

// messageKind tells how a buyer's contact is reached; "" when it is neither an
// address nor a phone.
func messageKind(contact string) MessageKind {
	at := strings.IndexByte(contact, '@')
	switch {
	case at > 0 && at < len(contact)-1:
		return Email
	case len(contact) >= minPhone && strings.Trim(contact[1:], "0123456789") == "" && (contact[0] == '+' || contact[0] >= '0' && contact[0] <= '9'):
		return SMS
	}
	return ""
}

// putMessage keeps the message of a receipt whose documents were just made, and
// puts it into the outbox when someone delivers it.
func (b *batch) putMessage(parts []fn.Receipt, rec *ReceiptRecord, key [16]byte, id string) {
	it, ok := tlv.Find(parts[0].Data, ffd.TagBuyerContact)
	if !ok || len(it.Value) == 0 {
		return
	}
	m := Message{Receipt: id, Address: strings.TrimSpace(tlv.DecodeString(it.Value)), Register: rec.Register, Created: b.now}
	if m.Kind = messageKind(m.Address); m.Kind == "" {
		return
	}
	if server := b.r.fleet.mailServer; server != "" && m.Kind == Email {
		entries := []outbox.Entry{{Transport: TransportMail, Lane: server, API: rec.API, Type: "receipt", Account: rec.Account,
			Receipt: id, Register: rec.Register, Address: m.Address}}
		before := len(b.notice.refs)
		b.putEntries(entries)
		if len(b.notice.refs) > before { // else it could not be written, and is only kept
			m.Entry = entries[0].Number
		}
	}
	start := len(b.buf)
	b.buf = m.append(b.buf)
	b.put(kindMessage, key[:], b.slice(start))
}

// append appends the stored form. The id of the receipt is the key.
func (m *Message) append(b []byte) []byte {
	b = appendString(append(b, messageVersion), string(m.Kind))
	b = appendString(b, m.Address)
	b = appendString(b, m.Register)
	return binary.AppendUvarint(binary.AppendVarint(b, m.Created), m.Entry)
}

func parseMessage(id string, b []byte) (*Message, error) {
	if len(b) == 0 || b[0] != messageVersion {
		return nil, fmt.Errorf("%w: message %s: not version %d", ErrRecord, id, messageVersion)
	}
	r := recordReader{b: b[1:]}
	m := &Message{Receipt: id, Kind: MessageKind(r.string()), Address: r.string(), Register: r.string(), Created: r.int(), Entry: r.uint()}
	if r.failed || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: message %s: it ends too early or too late", ErrRecord, id)
	}
	return m, nil
}

// Message finds the message of a receipt, or ErrNotFound.
func (f *Fleet) Message(id string) (*Message, error) {
	key, err := f.ids.parse(id)
	if err != nil {
		return nil, err
	}
	value, err := f.store.Record(kindMessage, key[:])
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: message of receipt %s", ErrNotFound, id)
	}
	if err != nil {
		return nil, err
	}
	return parseMessage(id, value)
}

// Messages calls f for the messages behind that of a receipt, "" for all, in the
// order in which the receipts came. An error of f ends it and is returned; f may
// call the fleet.
func (f *Fleet) Messages(after string, each func(*Message) error) error {
	var from []byte
	if after != "" {
		key, err := f.ids.parse(after)
		if err != nil {
			return err
		}
		from = key[:]
	}
	const page = 256
	for more := true; more; {
		var list []*Message
		err := f.store.Records(kindMessage, nil, from, page, func(key, value []byte) error {
			m, err := parseMessage(f.ids.make(binary.BigEndian.Uint64(key[8:]), sequenceOf(key)), value)
			list, from = append(list, m), append(from[:0:0], key...)
			return err
		})
		if err != nil {
			return err
		}
		for _, m := range list {
			if err := each(m); err != nil {
				return err
			}
		}
		more = len(list) == page
	}
	return nil
}
