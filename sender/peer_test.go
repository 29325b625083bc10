package sender_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/fn"
	"kktd/ofdproto"
	"kktd/sender"
	"kktd/tlv"
)

// plainPeer is an OFD as a widely used mock is one: it reads one message, answers with a container of type A5h whose number is text
// cut to three characters, without any sign and with 1017 not padded, and ends the connection (spec/ofd-protocol.md 6.1, 8.1).
type plainPeer struct {
	tb       testing.TB
	listener net.Listener
	running  sync.WaitGroup
	// kktMessage is 1067 of the tickets; nil: none.
	kktMessage []byte

	mu      sync.Mutex
	numbers []uint32
}

func servePlain(tb testing.TB) *plainPeer { return servePlainWith(tb, nil) }

func servePlainWith(tb testing.TB, kktMessage []byte) *plainPeer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	p := &plainPeer{tb: tb, listener: l, kktMessage: kktMessage}
	p.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.converse(c) })
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		p.running.Wait()
	})
	return p
}

func (p *plainPeer) converse(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	m, _, err := ofdproto.ReadMessage(r, nil)
	if err != nil {
		return
	}
	h := ofdproto.ReadContainerHeader(m.Body)
	p.mu.Lock()
	p.numbers = append(p.numbers, h.Number)
	p.mu.Unlock()

	doc, at := tlv.Begin(nil, 7)
	doc = tlv.AppendBytes(doc, 1017, []byte("7704358518"))
	doc = tlv.AppendBytes(doc, 1041, m.Header.Drive[:])
	doc = tlv.AppendUint32(doc, 1040, h.Number)
	doc = tlv.AppendUint32(doc, 1012, 1_748_779_200)
	doc, inner := tlv.Begin(doc, 1068)
	doc = tlv.AppendByte(doc, 1022, 0)
	require.NoError(p.tb, tlv.End(doc, inner))
	if p.kktMessage != nil {
		doc = tlv.AppendBytes(doc, 1067, p.kktMessage)
	}
	require.NoError(p.tb, tlv.End(doc, at))
	text := [3]byte{}
	copy(text[:], strconv.Itoa(int(h.Number)))
	answer := ofdproto.ContainerHeader{Length: uint16(ofdproto.ContainerHeaderLen + len(doc)), Type: ofdproto.FromRegister, Form: 7, Version: 1,
		Service1: h.Service1, Drive: h.Drive, Number: binary.BigEndian.Uint32(append([]byte{0}, text[:]...)), Service2: [12]byte([]byte("           0"))}
	box := append(answer.Append(nil), doc...)
	require.NoError(p.tb, ofdproto.SealContainer(box))
	_, _ = c.Write(ofdproto.AppendSession(nil, m.Header.Drive, m.Header.PVersion, ofdproto.FlagsDocument, box))
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = r.ReadByte() // until the register has closed
}

func TestPlainPeer(t *testing.T) {
	const documents = 1200 // more than three digits
	for _, tc := range []struct {
		name  string
		mode  fn.TicketMode
		level logrus.Level // of the one line about the peer
	}{{"lenient", fn.TicketLenient, logrus.WarnLevel}, {"off", fn.TicketOff, logrus.InfoLevel}} {
		t.Run(tc.name, func(t *testing.T) {
			p := servePlain(t)
			log, hook := logtest.NewNullLogger()
			s := run(t, sender.Options{Addr: p.listener.Addr().String(), Mode: tc.mode, Log: log})
			r := newRegister(t, 1).receipts(documents - 2)
			r.mode = tc.mode
			other := newRegister(t, 2)
			other.mode = tc.mode
			s.Wake(r)
			s.Wake(other)
			r.requireSent()
			other.requireSent()
			require.Len(t, hook.AllEntries(), 1, "once for the peer")
			line := hook.LastEntry()
			require.Equal(t, tc.level, line.Level)
			for _, word := range []string{"A5h", "as text", "1078", "sign of the confirmation"} {
				require.Contains(t, line.Message, word)
			}
			require.Empty(t, state(t, s, r).Failures)
			require.LessOrEqual(t, state(t, s, r).Resent, uint64(1), "only the first closing is a surprise")
		})
	}
	t.Run("strict", func(t *testing.T) {
		p := servePlain(t)
		s := run(t, sender.Options{Addr: p.listener.Addr().String(), Mode: fn.TicketStrict})
		r := newRegister(t, 1)
		s.Wake(r)
		st := requireWaiting(t, s, r)
		require.Equal(t, sender.ReasonTicketNumber, st.LastReason)
		require.ErrorContains(t, st.LastError, "as text")
		require.Zero(t, st.Confirmed)
	})
}

// A message for the register of the old format, tag 1067, is told once and kept with the state.
func TestKKTMessage(t *testing.T) {
	p := servePlainWith(t, []byte{0xF4, 0x03, 1, 0, 5})
	log, hook := logtest.NewNullLogger()
	s := run(t, sender.Options{Addr: p.listener.Addr().String(), Mode: fn.TicketOff, Log: log})
	r := newRegister(t, 1).receipts(3)
	r.mode = fn.TicketOff
	s.Wake(r)
	r.requireSent()
	require.Equal(t, "f403010005", state(t, s, r).LastKKTMessage)
	lines := logged(hook, logrus.WarnLevel)
	require.Len(t, lines, 1)
	require.Contains(t, lines[0].Message, "1067")
	require.Equal(t, "f403010005", lines[0].Data["kkt_message"])
	text, err := json.Marshal(state(t, s, r))
	require.NoError(t, err)
	require.Contains(t, string(text), `"last_kkt_message":"f403010005"`)
}
