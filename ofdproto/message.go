package ofdproto

import (
	"fmt"
	"io"
	"slices"
)

// minGrow is how much a buffer grows at least, in bytes: enough for a ticket, and all that a peer gets for a header alone.
const minGrow = 512

// Message is one message: a header and its body, empty in a probe and in its answer.
type Message struct {
	Header SessionHeader
	Body   []byte // a part of the buffer it was read into
}

// Append writes the message back as it was read.
func (m Message) Append(b []byte) []byte { return append(m.Header.Append(b), m.Body...) }

// Container parses the body. Besides the errors of ParseContainer: ErrFlags for a message without a container, and ErrDrive
// when its drive number is not that of the header (spec/ofd-protocol.md 7.2).
func (m Message) Container() (Container, error) {
	if !m.Header.Flags.HasContainer() {
		return Container{}, fmt.Errorf("message: %w: %04Xh, no container; answer with Echo", ErrFlags, uint16(m.Header.Flags))
	}
	c, err := ParseContainer(m.Body)
	if err != nil {
		return Container{}, err
	}
	if drive, err := PackDrive(m.Header.Drive); err != nil || drive != c.Drive {
		return Container{}, fmt.Errorf("container: %w: % X at offset 9, the session header says %q", ErrDrive, c.Drive, string(m.Header.Drive[:]))
	}
	return c, nil
}

// ParseMessage reads the message that b begins with and gives the rest. The errors are those of ParseSessionHeader, ErrLength for a
// body cut short and ErrCRC for a CRC over the message. The body is not parsed.
func ParseMessage(b []byte) (m Message, rest []byte, err error) {
	h, err := ParseSessionHeader(b)
	if err != nil {
		return Message{}, b, err
	}
	body := b[SessionHeaderLen:]
	n := int(h.BodyLen)
	if len(body) < n {
		return Message{}, b, fmt.Errorf("message: %w: body of %d bytes, the header says %d", ErrLength, len(body), n)
	}
	if m, err = newMessage(h, body[:n:n]); err != nil {
		return Message{}, b, err
	}
	return m, body[n:], nil
}

func newMessage(h SessionHeader, body []byte) (Message, error) {
	if err := h.CheckCRC(body); err != nil {
		return Message{}, fmt.Errorf("message: %w", err)
	}
	return Message{Header: h, Body: body}, nil
}

// ReadMessage reads exactly one message from r: 30 bytes, checks, then as many as the header says and none more. It reads into buf
// (its length does not matter, nil will do) and gives back the buffer, perhaps a larger one, for the next call; Body is a part of
// it. A buffer grows only as bytes arrive, one with a capacity of MaxMessageLen never.
//
// The error is io.EOF itself when the stream ends before the first byte, io.ErrUnexpectedEOF (wrapped) when it ends inside a message,
// otherwise the error of r (wrapped, so that a timeout can be found) or one of ParseMessage. After any error the place in the
// stream is lost: close the connection.
func ReadMessage(r io.Reader, buf []byte) (Message, []byte, error) {
	buf, err := readFull(r, buf[:0], SessionHeaderLen)
	if err == io.EOF {
		return Message{}, buf, io.EOF
	}
	if err != nil {
		return Message{}, buf, fmt.Errorf("session header: %w, after %d of %d bytes", err, len(buf), SessionHeaderLen)
	}
	h, err := ParseSessionHeader(buf)
	if err != nil {
		return Message{}, buf, err
	}
	end := SessionHeaderLen + int(h.BodyLen)
	if buf, err = readFull(r, buf, end); err != nil {
		return Message{}, buf, fmt.Errorf("message: %w, after %d of %d bytes", err, len(buf), end)
	}
	m, err := newMessage(h, buf[SessionHeaderLen:end:end])
	return m, buf, err
}

// readFull appends to buf from r until it has n bytes. What has arrived stays in the buffer; io.EOF means that nothing has.
func readFull(r io.Reader, buf []byte, n int) ([]byte, error) {
	for len(buf) < n {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(minGrow, min(len(buf), n-len(buf))))
		}
		got, err := io.ReadFull(r, buf[len(buf):min(n, cap(buf))])
		buf = buf[:len(buf)+got]
		if err == io.EOF && len(buf) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}
