package main

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

	"github.com/spf13/cobra"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

type ofdSendOptions struct {
	to, in, out, check, master string
	timeout                    time.Duration
	each                       bool
	view                       tlvView
}

func newOFDSendCommand() *cobra.Command {
	var o ofdSendOptions
	cmd := &cobra.Command{
		Use:   "send FILE|-",
		Short: "Send captured documents to an OFD and show its answers",
		Long: `Send captured documents to an OFD, as a register does, and show its answers.

FILE holds one or more messages of the OFD protocol, containers, or fiscal documents
as TLV, one behind the other, in hex, base64 (one a line) or raw; - is standard
input. A message goes out as it is, a container gets a session header. A document
gets a container too, with the sign behind it when there is one, else with that of
a debug drive made with --master-key.

The answer is shown as a tree, and its ticket is checked as the drive would check it.
The exit code is 1 when a document got no ticket that verifies or was refused
(1022 is not 0).`,
		Example: `  kktd ofd send receipt.hex --to 127.0.0.1:5456
  kktd ofd send drive-export.bin --to ofd.example.com:7777 --ticket-check off
  jq -r .rawData receipt.json | kktd ofd send - --in base64 --to 127.0.0.1:5456`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "127.0.0.1:5456", "HOST:PORT of the OFD")
	addInFlag(cmd, &o.in)
	f.StringVar(&o.out, "out", "tree", "form of the answers: tree, hexdump or none")
	f.StringVar(&o.check, "ticket-check", "lenient", "signs of tickets: lenient, strict or off")
	f.StringVar(&o.master, "master-key", "", "key of the fiscal signs; empty: the published one")
	f.DurationVar(&o.timeout, "timeout", 60*time.Second, "how long to wait for an answer")
	f.BoolVar(&o.each, "one-connection", false, "a new connection for each document, as real devices do")
	o.view.addFlags(cmd)
	return cmd
}

func (o *ofdSendOptions) run(cmd *cobra.Command, name string) error {
	modes := map[string]fn.TicketMode{"lenient": fn.TicketLenient, "strict": fn.TicketStrict, "off": fn.TicketOff}
	mode, ok := modes[o.check]
	switch {
	case !ok:
		return fmt.Errorf("--ticket-check %q: want lenient, strict or off", o.check)
	case !oneOf(o.out, "tree", "hexdump", "none"):
		return fmt.Errorf("--out %q: want tree, hexdump or none", o.out)
	case o.timeout <= 0:
		return fmt.Errorf("--timeout %v: want more than 0", o.timeout)
	}
	if _, _, err := net.SplitHostPort(o.to); err != nil {
		return fmt.Errorf("--to: %w; want HOST:PORT", err)
	}
	view, err := o.view.get(cmd)
	if err != nil {
		return err
	}
	master := []byte(fn.DefaultMaster)
	if o.master != "" {
		master = []byte(o.master)
	}
	b, err := readFrames(cmd, name, o.in)
	if err != nil {
		return err
	}
	messages, err := splitFrames(b, master)
	if err != nil {
		return fmt.Errorf("%s: %w", inputName(name), err)
	}
	s := ofdSender{o: o, mode: mode, master: master, view: view, out: cmd.OutOrStdout()}
	defer s.close()
	failed := 0
	for i, m := range messages {
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d/%d  %s\n", i+1, len(messages), describe(m))
		if err := s.send(cmd.Context(), m); err != nil {
			failed++
			fmt.Fprintf(s.out, "      %v\n", err)
		}
	}
	if failed > 0 {
		return &codeError{error: fmt.Errorf("%d of %d were not accepted", failed, len(messages)), code: exitError}
	}
	return nil
}

// readFrames reads the input; base64 may have several lines with an end of their own each.
func readFrames(cmd *cobra.Command, name, form string) ([]byte, error) {
	text, err := readTLVInput(cmd, name, maxTLVInput)
	if err != nil {
		return nil, err
	}
	b, err := parseTLVInput(text, form)
	if err == nil || form == "hex" || form == "raw" {
		return b, err
	}
	var all []byte
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxTLVInput)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		line, lineErr := parseBase64(lines.Bytes())
		if lineErr != nil {
			return nil, fmt.Errorf("%s: %w", inputName(name), err)
		}
		all = append(all, line...)
	}
	return all, nil
}

// splitFrames makes messages of what stands one behind the other.
func splitFrames(b, master []byte) (messages [][]byte, err error) {
	session := ofdproto.Signature()
	for offset := 0; offset < len(b); {
		rest := b[offset:]
		var message []byte
		n := 0
		switch {
		case len(rest) >= len(session) && [4]byte(rest) == session:
			if len(rest) < ofdproto.SessionHeaderLen {
				return nil, fmt.Errorf("offset 0x%x: %d bytes of a session header, want %d", offset, len(rest), ofdproto.SessionHeaderLen)
			}
			n = ofdproto.SessionHeaderLen + int(ofdproto.ReadSessionHeader(rest).BodyLen)
			if n <= len(rest) {
				message = rest[:n]
			}
		case ofdproto.LooksLikeContainer(rest) && ofdproto.ReadContainerHeader(rest).Length > ofdproto.ContainerHeaderLen:
			n = int(ofdproto.ReadContainerHeader(rest).Length)
			if n <= len(rest) {
				message, err = wrapContainer(rest[:n])
			}
		default:
			n, message, err = wrapDocument(rest, master)
		}
		if err == nil && message == nil {
			err = fmt.Errorf("a frame of %d bytes, the input has %d", n, len(rest))
		}
		if err != nil {
			return nil, fmt.Errorf("offset 0x%x: %w", offset, err)
		}
		messages = append(messages, message)
		offset += n
	}
	return messages, nil
}

// wrapContainer puts a session header before a container; the P-version is that of the document.
func wrapContainer(c []byte) ([]byte, error) {
	drive, err := ofdproto.UnpackDrive(ofdproto.ReadContainerHeader(c).Drive)
	if err != nil {
		return nil, err
	}
	if len(c) > ofdproto.MaxContainerLen {
		return nil, fmt.Errorf("container of %d bytes, want at most %d", len(c), ofdproto.MaxContainerLen)
	}
	version := ffd.V105
	doc := ffd.Decode(c[ofdproto.ContainerHeaderLen:], 0)
	if n := find(doc, ffd.TagFFDVersion); n != nil {
		if u, ok := n.Uint(); ok {
			version = ffd.Version(u)
		}
	}
	return ofdproto.AppendSession(nil, drive, ofdproto.PVersion(byte(version)), ofdproto.FlagsDocument, c), nil
}

// find looks for a tag in the document that a tree begins with.
func find(n *ffd.Node, tag uint16) *ffd.Node {
	if n.Type == ffd.TypeList && len(n.Items) > 0 {
		n = n.Items[0]
	}
	return n.Find(n.Tag, tag)
}

// wrapDocument makes a message of the document that b begins with and the sign behind it, and tells how many bytes both have.
func wrapDocument(b, master []byte) (n int, message []byte, err error) {
	if len(b) < 4 {
		return 0, nil, fmt.Errorf("%d bytes are neither a message, a container nor a document", len(b))
	}
	n = 4 + int(b[2]) + int(b[3])<<8
	if n > len(b) {
		return n, nil, fmt.Errorf("neither a message nor a container, and as a document it says %d bytes where %d are left", n, len(b))
	}
	doc := ffd.Decode(b[:n:n], 0)
	number, drive := find(doc, ffd.TagFDNumber), find(doc, ffd.TagFNNumber)
	if doc.Type != ffd.TypeDocument || number == nil || drive == nil {
		return n, nil, errors.New("neither a message, a container nor a document with its number (1040) and drive (1041)")
	}
	u, _ := number.Uint()
	text, _ := drive.Text()
	wire, err := ofdproto.ParseDrive(text)
	if err != nil {
		return n, nil, err
	}
	container, err := fn.Wrap(master, wire, uint32(u), b[:n])
	if err != nil {
		return n, nil, err
	}
	// The sign of a document that the tax service publishes has lost its two zero bytes.
	for _, length := range [...]int{ofdproto.TailLen, ofdproto.TailLen - 2} {
		if len(b) < n+length {
			continue
		}
		var tail [ofdproto.TailLen]byte
		copy(tail[:], b[n:n+length])
		if t, err := ofdproto.ParseTail(tail[:]); err == nil {
			t.Append(container[:len(container)-ofdproto.TailLen])
			n += length
			break
		}
	}
	if err := ofdproto.SealContainer(container); err != nil {
		return n, nil, err
	}
	message, err = wrapContainer(container)
	return n, message, err
}

// describe is a line about a message that goes out.
func describe(m []byte) string {
	h := ofdproto.ReadSessionHeader(m)
	text := fmt.Sprintf("%d bytes, drive %s", len(m), ofdproto.DriveString(h.Drive))
	if len(m) < ofdproto.SessionHeaderLen+ofdproto.ContainerHeaderLen {
		return text + ", no container"
	}
	c := ofdproto.ReadContainerHeader(m[ofdproto.SessionHeaderLen:])
	number, _ := c.DocumentNumber()
	name := ""
	if e, ok := ffd.Lookup(uint16(c.Form), 0, 0); ok {
		name = " " + e.NameRu
	}
	return fmt.Sprintf("%s, document %d, form %d%s", text, number, c.Form, name)
}

// ofdSender is a register's end of the exchange.
type ofdSender struct {
	o      *ofdSendOptions
	mode   fn.TicketMode
	master []byte
	view   ffd.View
	out    io.Writer

	conn net.Conn
	r    *bufio.Reader
}

func (s *ofdSender) close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// send brings one message to the OFD and shows what comes back. The error tells why it does not count as accepted.
func (s *ofdSender) send(ctx context.Context, m []byte) (err error) {
	defer func() {
		if err != nil || s.o.each {
			s.close()
		}
	}()
	answer, err := s.exchange(ctx, m)
	if err != nil {
		return err
	}
	switch s.o.out {
	case "tree":
		_, _ = s.out.Write(s.view.AppendTree(nil, ofdproto.Tree(answer.Append(nil))))
	case "hexdump":
		_, _ = s.out.Write(s.view.AppendHex(nil, ofdproto.Tree(answer.Append(nil))))
	}
	sent := ofdproto.ReadSessionHeader(m)
	switch {
	case answer.Header.Drive != sent.Drive:
		return fmt.Errorf("the answer is for drive %s", ofdproto.DriveString(answer.Header.Drive))
	case !sent.Flags.HasContainer():
		fmt.Fprintln(s.out, "      answered: the OFD is there")
		return nil
	case !answer.Header.Flags.HasContainer():
		return errors.New("the answer has no container: no ticket")
	}
	c := ofdproto.ReadContainerHeader(m[ofdproto.SessionHeaderLen:])
	number, _ := c.DocumentNumber()
	ticket, err := fn.NewMachine(s.master, sent.Drive).CheckTicket(sent.Drive, number, s.mode, answer.Body)
	if err != nil {
		return fmt.Errorf("the drive would refuse the ticket: %w", err)
	}
	if ticket.Code != ffd.OFDAccepted {
		return fmt.Errorf("the ticket verifies (%s) and refuses the document: code %d, message %02Xh", s.o.check, ticket.Code, ticket.Message)
	}
	fmt.Fprintf(s.out, "      accepted: the ticket verifies (%s), code 0, message %02Xh\n", s.o.check, ticket.Message)
	return nil
}

// exchange writes a message and reads one back. A connection that the OFD closed behind its last answer is made anew.
func (s *ofdSender) exchange(ctx context.Context, m []byte) (ofdproto.Message, error) {
	for {
		used := s.conn != nil
		if !used {
			dialer := net.Dialer{Timeout: s.o.timeout}
			c, err := dialer.DialContext(ctx, "tcp", s.o.to)
			if err != nil {
				return ofdproto.Message{}, fmt.Errorf("%w; is the OFD running at %s?", err, s.o.to)
			}
			s.conn, s.r = c, bufio.NewReader(c)
		}
		conn := s.conn
		stopWatching := context.AfterFunc(ctx, func() { _ = conn.Close() })
		_ = s.conn.SetDeadline(clock.Real().Now().Add(s.o.timeout))
		_, err := s.conn.Write(m)
		var answer ofdproto.Message
		if err == nil {
			answer, _, err = ofdproto.ReadMessage(s.r, nil)
		}
		_ = stopWatching()
		switch {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return answer, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return answer, fmt.Errorf("no answer within %v", s.o.timeout)
		}
		s.close()
		if used {
			continue // once, on a new connection
		}
		if errors.Is(err, io.EOF) {
			return answer, errors.New("the OFD closed the connection without an answer; its log tells why")
		}
		return answer, fmt.Errorf("no answer that can be read: %w", err)
	}
}
