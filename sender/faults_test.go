package sender_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/tlv"
)

// faultCase is a fault of the test OFD and what the sender makes of it.
type faultCase struct {
	fault  string
	reason sender.Reason // "": the documents pass
	// silent: the OFD gives no sign, so that the end of AnswerTimeout ends the exchange.
	silent bool
	stores bool // the OFD has the document all the same

	code  byte // 1022 that the drive keeps
	flags fn.WarningFlags
}

func faultCases() []faultCase {
	return []faultCase{
		{fault: "refuse", code: 14, flags: fn.WarnFormat},
		{fault: "refuse:3:bits=0", code: 3, flags: fn.WarnFormat},
		{fault: "code:255", code: 255, flags: fn.WarnFormat},
		{fault: "code:11", code: 11, flags: fn.WarnFormat},
		{fault: "bits:0x02", flags: fn.WarnFormat},
		{fault: "bits:0x20", flags: fn.WarnSettings},
		{fault: "bits:0x40", flags: fn.WarnOperator},
		{fault: "bits:0x9d"}, // none of them means anything to a drive of FFD 1.2
		{fault: "delay:3ms"},
		{fault: "twice"},
		{fault: "late:1h", reason: sender.ReasonTimeout, silent: true, stores: true},
		{fault: "delay:1h", reason: sender.ReasonTimeout, silent: true, stores: true},
		{fault: "drop", reason: sender.ReasonTimeout, silent: true, stores: true},
		{fault: "drop:close", reason: sender.ReasonClosed, stores: true},
		{fault: "wrong-number", reason: sender.ReasonTicketNumber, stores: true},
		{fault: "wrong-number:100", reason: sender.ReasonTicketNumber, stores: true},
		{fault: "wrong-drive", reason: sender.ReasonTicketDrive, stores: true},
		{fault: "wrong-drive:session", reason: sender.ReasonOtherDrive, stores: true},
		{fault: "wrong-crc", reason: sender.ReasonTicketCRC, stores: true},
		{fault: "wrong-crc:session", reason: "bad_crc", stores: true},
		{fault: "wrong-sign", reason: sender.ReasonTicketSign, stores: true},
		{fault: "wrong-format", reason: sender.ReasonTicketFormat, stores: true},
		{fault: "cut-request", reason: sender.ReasonClosed},
		{fault: "cut-request:40", reason: sender.ReasonClosed},
		{fault: "cut-answer", reason: sender.ReasonCut, stores: true},
		{fault: "cut-answer:10", reason: sender.ReasonCut, stores: true},
		{fault: "away", reason: sender.ReasonClosed},
		{fault: "away:reset", reason: sender.ReasonClosed},
		{fault: "away:hang", reason: sender.ReasonTimeout, silent: true},
	}
}

// registerState is where a register stands when the OFD goes wrong.
type registerState struct {
	name  string
	sent  func(r *register) // delivered before the fault begins
	make  func(r *register) // made before or while it is there
	phase fn.Phase          // when everything is delivered
	open  bool
}

func registerStates() []registerState {
	nothing := func(*register) {}
	return []registerState{
		{"a new drive", nil, nothing, fn.PhaseFiscal, true},
		{"shift open, nothing unsent", func(r *register) { r.receipts(3) }, func(r *register) { r.receipts(1) }, fn.PhaseFiscal, true},
		{"shift open, backlog", func(r *register) { r.receipts(3) }, func(r *register) { r.receipts(10) }, fn.PhaseFiscal, true},
		{"shift closed, its report unsent", func(r *register) { r.receipts(1) }, (*register).closeShift, fn.PhaseFiscal, false},
		{"shift closed, backlog", nothing, func(r *register) { r.receipts(8); r.closeShift() }, fn.PhaseFiscal, false},
		{"post-fiscal", func(r *register) { r.receipts(2); r.closeShift() }, (*register).closeDrive, fn.PhaseArchive, false},
		{"post-fiscal, backlog", nothing, func(r *register) { r.receipts(8); r.closeShift(); r.closeDrive() }, fn.PhaseArchive, false},
	}
}

// Whatever the OFD does and wherever the register stands: once the fault has ended the OFD has every document exactly once, in order
// and in one epoch, and the drive has every ticket.
func TestFaultMatrix(t *testing.T) {
	for _, c := range faultCases() {
		for _, st := range registerStates() {
			t.Run(c.fault+"/"+st.name, func(t *testing.T) { testFault(t, c, st) })
		}
	}
}

func testFault(t *testing.T, c faultCase, st registerState) {
	f := ofdtest.Fault(t, c.fault)
	business, linger, answer := frozen(), long, new(hourglass)
	_, away := f.Effect.(ofd.Away)
	if away {
		linger = -1 // it meets those who come, not those who are there
	}
	server, addr := ofdtest.Serve(t, ofd.Options{})
	s := run(t, sender.Options{Addr: addr, Clock: business, Mode: fn.TicketStrict, AnswerTimeout: patience, Linger: linger, Dial: answer.dial})
	r := newRegister(t, 1)
	before := 0
	if st.sent != nil {
		st.sent(r)
		s.Wake(r)
		deliver(t, business, s, r)
		before = r.documents()
	}
	if away {
		requireNoWorker(t)
	}

	server.Faults().Add(f)
	st.make(r)
	s.Wake(r)
	if c.reason == "" {
		deliver(t, business, s, r)
		require.Equal(t, c.code, r.state().OperatorCode)
		require.Equal(t, c.flags, r.state().Warnings(ofdtest.Start)&operatorFlags)
		require.Empty(t, state(t, s, r).Failures)
	} else {
		for attempt := range 2 {
			if c.silent {
				struck := func() bool { return server.Counters().Faults[f.Effect.Name()] > uint64(attempt) }
				require.Eventually(t, func() bool { return struck() && state(t, s, r).Connected }, patience, tick)
				answer.runOut()
			}
			require.Eventually(t, func() bool { return state(t, s, r).Attempts == attempt+1 }, patience, tick)
			now := requireWaiting(t, s, r)
			if c.fault != "away:reset" || now.LastReason != sender.ReasonUnreachable { // the reset may come before the dial has ended
				require.Equal(t, c.reason, now.LastReason, "%v", now.LastError)
			}
			require.EqualValues(t, r.documents()-before, now.Unsent, "nothing was delivered")
			require.EqualValues(t, before, now.Confirmed)
			if attempt == 0 {
				business.Advance(now.NextTry.Sub(business.Now()))
			}
		}
	}
	stored := server.Counters().Documents
	server.Faults().Reset()
	deliver(t, business, s, r)
	requireStored(t, server, r)
	if !away || !c.silent { // what was sent to an OFD that hangs may be read or not when it is back
		require.Equal(t, c.stores, stored > uint64(before) && c.reason != "", "what the OFD had of the document when the fault ended")
		require.Equal(t, c.stores, server.Counters().Resends > 0, "sent again, told by drive, number and bytes")
	}

	drive, last := r.state(), state(t, s, r)
	require.Equal(t, st.phase, drive.Phase)
	require.Equal(t, st.open, drive.ShiftOpen)
	require.Zero(t, drive.FirstUnsent)
	require.EqualValues(t, r.documents(), drive.LastNumber)
	require.EqualValues(t, r.documents(), last.Confirmed)
	require.Zero(t, last.Attempts)
	if c.reason == "" && st.open {
		s.Wake(r.receipts(1))
		deliver(t, business, s, r)
		require.Zero(t, r.state().OperatorCode, "the next ticket clears it")
		require.Zero(t, r.state().Warnings(ofdtest.Start)&operatorFlags)
	}
}

const operatorFlags = fn.WarnFormat | fn.WarnSettings | fn.WarnOperator

// deliver moves the clock on until nothing is unsent and the sender knows it.
func deliver(t *testing.T, business *clockwork.FakeClock, s *sender.Sender, r *register) {
	t.Helper()
	require.Eventually(t, func() bool {
		st := state(t, s, r)
		if st.Unsent != 0 {
			business.Advance(long)
		}
		return st.Unsent == 0 && st.InFlight == 0
	}, patience, tick)
}

// hourglass ends the wait for an answer when the test says so, not after some time of a machine that may be busy.
type hourglass struct {
	mu   sync.Mutex
	last net.Conn
}

func (h *hourglass) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = c
	return timeless{c}, err
}

// runOut lets the deadline of the last connection pass.
func (h *hourglass) runOut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.last.SetReadDeadline(time.Unix(1, 0))
}

// timeless is a connection whose deadlines do not come by themselves.
type timeless struct{ net.Conn }

func (timeless) SetDeadline(time.Time) error     { return nil }
func (timeless) SetReadDeadline(time.Time) error { return nil }

func (r *register) state() *fn.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return new(r.drive.State)
}

func (r *register) apply(c fn.Command) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drive.Apply(c)
}

func (r *register) closeShift() {
	report := ffd.ShiftReport{Form: ffd.FormShiftClosing, Cashier: tlv.MustText("Иванова"), KKTVersion: tlv.MustText("1"), KKTMaxFFD: ffd.V120}
	data, err := report.Append(nil, ffd.V120)
	require.NoError(r.tb, err)
	r.apply(&fn.CloseShift{Data: data})
}

func (r *register) closeDrive() {
	text := tlv.MustText
	closing := ffd.DriveClosing{UserName: text("ООО Ромашка"), Address: text("Москва"), Place: text("Касса 1"), Cashier: text("Иванова")}
	data, err := closing.Append(nil, ffd.V120)
	require.NoError(r.tb, err)
	r.apply(&fn.CloseDrive{Data: data})
}
