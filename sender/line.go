package sender

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"kktd/ofdproto"
)

const (
	// maxTicket is what one command of a drive takes (spec/ofd-protocol.md 7.1).
	maxTicket = 1024
	// answerBuffer holds a ticket with its session header.
	answerBuffer = 512
	// maxRepeats is how often a peer may repeat itself before it is given up.
	maxRepeats = 8
	// latePause is how long an answer may take, real time, before the register is told that the document was sent. Until then the ticket
	// is waited for, which tells it without a commit of its own.
	latePause = 100 * time.Millisecond
)

// errClosedByPeer: the connection was closed before the first byte of an answer.
var errClosedByPeer = errors.New("connection closed by the OFD")

// line is a connection to the OFD. The zero line is not open; its buffers serve one connection after another.
type line struct {
	conn    net.Conn
	answers int         // on this connection
	written bool        // the last message went out whole
	cut     func() bool // gives up the closing by ctx
	reader  *bufio.Reader
	in      []byte
	out     []byte
	last    []byte // ticket on this connection
}

func (l *line) open() bool { return l.conn != nil }

// take begins with a connection, which is closed when ctx ends.
func (l *line) take(ctx context.Context, c net.Conn) {
	l.conn, l.answers, l.last = c, 0, l.last[:0]
	l.cut = context.AfterFunc(ctx, func() { _ = c.Close() })
	if l.reader == nil {
		l.reader = bufio.NewReaderSize(c, answerBuffer)
	} else {
		l.reader.Reset(c)
	}
}

func (l *line) close() {
	l.cut()
	_ = l.conn.Close()
	l.conn = nil
}

// exchange sends a container and returns a copy of the one that comes back. The error is an *AnswerError,
// with errClosedByPeer in it when the peer had closed the connection before it answered anything. The last ticket once more is no
// answer: it is passed over (spec/ofd-protocol.md 8.5). late, nil for nobody, is called once when the message went out and nothing has come
// back for latePause.
func (l *line) exchange(drive [ofdproto.DriveLen]byte, version [2]byte, container []byte, deadline time.Time, late func()) ([]byte, error) {
	l.written = false
	_ = l.conn.SetDeadline(deadline)
	l.out = ofdproto.AppendSession(l.out[:0], drive, version, ofdproto.FlagsDocument, container)
	if _, err := l.conn.Write(l.out); err != nil {
		return nil, noAnswer(err, true)
	}
	l.written = true
	if soon := time.Now().Add(latePause); late != nil && soon.Before(deadline) {
		_ = l.conn.SetReadDeadline(soon)
		if _, err := l.reader.Peek(1); errors.Is(err, os.ErrDeadlineExceeded) {
			late()
		} else if err != nil {
			return nil, noAnswer(err, true)
		}
		_ = l.conn.SetReadDeadline(deadline)
	}
	for range maxRepeats {
		ticket, err := l.read(drive)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(ticket, l.last) {
			l.answers++
			l.last = append(l.last[:0], ticket...)
			return bytes.Clone(ticket), nil
		}
	}
	return nil, &AnswerError{ReasonRepeated, fmt.Errorf("the last ticket came %d times more", maxRepeats)}
}

// read takes the next message from the connection and gives its container, which lives until the next call.
func (l *line) read(drive [ofdproto.DriveLen]byte) ([]byte, error) {
	if _, err := l.reader.Peek(1); err != nil {
		return nil, noAnswer(err, true)
	}
	// A peer of another protocol is told by its first bytes; what it says may be shorter than a header.
	signature := ofdproto.Signature()
	if b, err := l.reader.Peek(len(signature)); err == nil && [4]byte(b) != signature {
		b, _ = l.reader.Peek(l.reader.Buffered())
		return nil, &AnswerError{Reason(ofdproto.ErrSignature),
			fmt.Errorf("the answer is not of the OFD protocol, it begins with %.40q; is another server at this address?", b)}
	}
	m, in, err := ofdproto.ReadMessage(l.reader, l.in)
	l.in = in
	switch {
	case err != nil:
		return nil, noAnswer(err, false)
	case m.Header.Drive != drive:
		return nil, &AnswerError{ReasonOtherDrive, fmt.Errorf("the answer is for drive %s", ofdproto.DriveString(m.Header.Drive))}
	case !m.Header.Flags.HasContainer():
		return nil, &AnswerError{ReasonNoContainer, errors.New("the answer has no container")}
	case len(m.Body) > maxTicket:
		return nil, &AnswerError{ReasonTooLong, fmt.Errorf("the answer has %d bytes, a drive takes %d", len(m.Body), maxTicket)}
	}
	return m.Body, nil
}

// noAnswer wraps an error of the connection; early tells that nothing of the answer had come.
func noAnswer(err error, early bool) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &AnswerError{ReasonTimeout, err}
	case !early:
		return &AnswerError{frameReason(err, ReasonCut), err}
	case err == io.EOF:
		return &AnswerError{ReasonClosed, errClosedByPeer}
	}
	return &AnswerError{ReasonClosed, fmt.Errorf("%w: %w", errClosedByPeer, err)}
}
