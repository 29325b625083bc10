package ofd

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

// readBuffer holds several receipts that came at once; a longer message passes by it.
const readBuffer = 4096

// conversation is one connection. It is used again for others: a register may come with a new one for each document.
type conversation struct {
	s      *Server
	remote string
	drive  *drive // of the last document
	signer fn.OperatorSigner
	r      *bufio.Reader

	// What follows is used again for every message.
	in      []byte
	request Request
	out     []byte
	ticket  []byte
	change  change
}

// conversation begins with a connection.
func (s *Server) conversation(c net.Conn) *conversation {
	v, ok := s.spare.Get().(*conversation)
	if !ok {
		v = &conversation{s: s, signer: fn.NewOperatorSigner(s.o.Master, ffd.Pad[[12]byte](s.o.INN)), r: bufio.NewReaderSize(nil, readBuffer)}
	}
	v.remote = c.RemoteAddr().String()
	v.r.Reset(c)
	return v
}

// converse reads messages and answers them until either side ends it.
func (s *Server) converse(c net.Conn) {
	v := s.conversation(c)
	defer func() {
		s.release(v.drive)
		if p := recover(); p != nil { // a fault of ours in foreign bytes must not end the others
			s.o.Log.WithField("remote", v.remote).WithField("stack", string(debug.Stack())).Errorf("ofd: panic: %v", p)
			return
		}
		v.drive = nil
		v.r.Reset(nil)
		s.spare.Put(v)
	}()
	if !v.arrive(c) {
		return
	}
	r := v.r
	for first := true; ; first = false {
		_ = c.SetReadDeadline(time.Now().Add(s.o.IdleTimeout))
		if s.closing.Load() {
			return
		}
		if _, err := r.Peek(1); err != nil { // between frames nothing is lost
			if first && errors.Is(err, os.ErrDeadlineExceeded) && !s.closing.Load() {
				v.hangUp(ReasonSilent, "nothing came within %v", s.o.IdleTimeout)
			}
			return
		}
		_ = c.SetReadDeadline(time.Now().Add(s.o.ReadTimeout))
		if v.cutRequest(r) {
			return
		}
		m, grown, err := ofdproto.ReadMessage(r, v.in)
		if v.in = grown; err != nil {
			v.bad(err)
			return
		}
		reply, ok := v.answer(m)
		if !ok {
			return
		}
		if len(reply.Message) > 0 {
			_ = c.SetWriteDeadline(time.Now().Add(s.o.WriteTimeout))
			if _, err := c.Write(reply.Message); err != nil {
				if !s.closing.Load() {
					v.hangUp(ReasonUnread, "the answer did not reach the register: %v", err)
				}
				return
			}
		}
		if reply.Close {
			return
		}
	}
}

// bad counts and logs a frame that gets no answer.
func (v *conversation) bad(err error) {
	reason, ok := ofdproto.ReasonOf(err)
	switch {
	case ok:
	case v.s.closing.Load():
		return // cut by Shutdown
	case errors.Is(err, os.ErrDeadlineExceeded):
		reason = ReasonTimeout
	default:
		reason = ReasonCut
	}
	v.hangUp(reason, "bad frame: %v", err)
}

// hangUp counts and logs why a connection is closed.
func (v *conversation) hangUp(reason ofdproto.Reason, format string, args ...any) {
	v.s.counters.badFrame(reason)
	v.s.o.Log.WithFields(map[string]any{"remote": v.remote, "reason": string(reason)}).Warnf("ofd: connection closed: "+format, args...)
}

// answer makes the reply to a message; ok is false when the connection must be closed without one.
func (v *conversation) answer(m ofdproto.Message) (reply Reply, ok bool) {
	r := &v.request
	*r = Request{Remote: v.remote, Header: m.Header}
	if !m.Header.Flags.HasContainer() {
		v.s.counters.probes.Add(1)
		v.out = m.Header.Echo().Append(v.out[:0])
	} else {
		if err := v.accept(r, m); err != nil {
			return Reply{}, false
		}
		v.out = ofdproto.AppendSession(v.out[:0], m.Header.Drive, m.Header.PVersion, ofdproto.FlagsDocument, r.Document.Ticket)
	}
	if m.Header.Flags.ExpectsAnswer() {
		reply.Message = v.out
	}
	if v.s.faults.On(nil) {
		reply = v.alter(r, reply)
	}
	if v.s.o.Answer != nil {
		reply = v.s.o.Answer(v.s.ctx, r, reply)
	}
	return reply, true
}

// accept checks the container and has it stored. The error has been logged and counted.
func (v *conversation) accept(r *Request, m ofdproto.Message) (err error) {
	if r.Container, err = m.Container(); err == nil {
		err = checkContainer(&r.Container)
	}
	if err != nil {
		v.bad(err)
		return err
	}
	r.Number, _ = r.Container.DocumentNumber()
	if v.drive == nil || v.drive.number != m.Header.Drive {
		v.s.release(v.drive)
		v.drive = v.s.acquire(m.Header.Drive)
	}
	if err = v.s.take(v.drive, v, r, m.Body); err != nil {
		v.s.counters.failures.Add(1)
		v.s.o.Log.WithFields(map[string]any{"remote": v.remote, "drive": r.Drive(), "document": r.Number}).
			Errorf("ofd: document not taken, connection closed: %v", err)
	}
	return err
}

// checkContainer refuses what is a container but no document for an operator (spec/ofd-protocol.md 6.4, 9).
func checkContainer(c *ofdproto.Container) error {
	if c.Type != ofdproto.FromRegister {
		return fmt.Errorf("container: %w: %02Xh, a register sends A5h", ofdproto.ErrType, c.Type)
	}
	switch f := ffd.Form(c.Form); f {
	case ffd.FormConfirmation, ffd.FormMarkingRequest, ffd.FormMarkingNotice, ffd.FormMarkingAnswer, ffd.FormMarkingNoticeAck:
		return fmt.Errorf("container: %w: %d is no document for an operator", ofdproto.ErrForm, f)
	}
	if n, _ := c.DocumentNumber(); n == 0 {
		return fmt.Errorf("container: %w: 0, want 1..%d", ofdproto.ErrNumber, ofdproto.MaxNumber)
	}
	return nil
}
