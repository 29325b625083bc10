package fn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofdproto"
)

// Whatever a peer sends as a ticket: it is taken for the drive and number that wait for one, or refused with a reason of the drive.
func FuzzCheckTicket(f *testing.F) {
	drive, inn := ffd.Pad[[16]byte]("9999078900005430"), ffd.Pad[[12]byte](fn.TestOFDINN)
	const number = 7
	for _, c := range []ffd.Confirmation{{}, {Code: 14, Message: 2}} {
		c.OFDINN, c.Drive, c.Number, c.Time = inn, drive, number, 1_780_317_060
		b, err := fn.NewOperatorSigner([]byte(fn.DefaultMaster), inn).Container(nil, &c)
		require.NoError(f, err)
		f.Add(b)
	}
	machine := fn.NewMachine([]byte(fn.DefaultMaster), drive)
	f.Fuzz(func(t *testing.T, b []byte) {
		// Length and CRC are put right, or nothing would come past them.
		if len(b) >= 2 {
			b = append([]byte(nil), b...)
			b[0], b[1] = byte(len(b)), byte(len(b)>>8)
			_ = ofdproto.SealContainer(b)
		}
		for _, mode := range []fn.TicketMode{fn.TicketLenient, fn.TicketStrict, fn.TicketOff} {
			ticket, err := machine.CheckTicket(drive, number, mode, b)
			if err != nil {
				var refusal *fn.Refusal
				require.ErrorAs(t, err, &refusal)
				require.NotZero(t, refusal.Reason)
				continue
			}
			require.Equal(t, drive, ticket.Drive)
			require.EqualValues(t, number, ticket.Number)
		}
	})
}
