package sender

import (
	"encoding/binary"
	"strings"

	"github.com/sirupsen/logrus"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

// oddities is a set of ways in which an OFD answers unlike a real one and is understood all the same (spec/ofd-protocol.md 6.1, 8.1).
type oddities byte

const (
	oddType oddities = 1 << iota
	oddNumber
	oddNoOperatorSign
	oddNoTail
)

// tlvHeaderLen is the tag and the length before the value of a TLV (spec/ofd-protocol.md 6.3).
const tlvHeaderLen = 4

// String names them, joined with commas.
func (o oddities) String() string {
	var names []string
	for i, name := range [...]string{"container type A5h in place of 5Ah", "document number as text", "no operator's fiscal sign (1078)",
		"no sign of the confirmation"} {
		if o&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// odditiesOf looks at a ticket that the drive takes.
func odditiesOf(number uint32, container []byte, t *ffd.Confirmation) (o oddities) {
	h := ofdproto.ReadContainerHeader(container)
	if h.Type != ofdproto.FromOperator {
		o |= oddType
	}
	if h.Number != number {
		o |= oddNumber
	}
	if t.Sign == nil {
		o |= oddNoOperatorSign
	}
	document := container[ofdproto.ContainerHeaderLen:]
	if len(document) == tlvHeaderLen+int(binary.LittleEndian.Uint16(document[2:])) {
		o |= oddNoTail
	}
	return o
}

// noticed says once what is odd about the tickets of this OFD. A person who asked for no check has been told enough by that.
func (s *Sender) noticed(o oddities) {
	if o == 0 {
		return
	}
	s.mu.Lock()
	fresh := o &^ s.odd
	s.odd |= o
	s.mu.Unlock()
	if fresh == 0 {
		return
	}
	level := logrus.WarnLevel
	if s.o.Mode == fn.TicketOff {
		level = logrus.InfoLevel
	}
	s.o.Log.WithField("ofd", s.o.Addr).Logf(level, "the OFD does not answer as a real one: %v; its tickets are taken (said once)", fresh)
}
