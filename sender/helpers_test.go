package sender_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/sender"
	"kktd/tlv"
)

const (
	patience = 8 * time.Second
	tick     = time.Millisecond
	// long is a back-off that the real clock does not reach in a test.
	long = time.Hour
)

func frozen() *clockwork.FakeClock { return clock.Fixed(time.Unix(1_748_779_200, 0)) }

// run runs a sender until the end of the test and wants no goroutine of it left.
func run(t testing.TB, o sender.Options) *sender.Sender {
	t.Helper()
	if o.Clock == nil {
		o.Clock = frozen()
	}
	if o.BackoffMin == 0 {
		o.BackoffMin, o.BackoffMax = long, long
	}
	s := sender.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		requireNoGoroutines(t)
	})
	return s
}

func requireNoGoroutines(t testing.TB) {
	t.Helper()
	var stacks string
	require.Eventually(t, func() bool {
		b := make([]byte, 1<<20)
		stacks = string(b[:runtime.Stack(b, true)])
		return !strings.Contains(stacks, "sender.(*Sender)") && !strings.Contains(stacks, "sender.(*worker)")
	}, patience, tick, "%s", stacks)
}

// requireGoroutines waits until there are at most so many. It looks by itself: require.Eventually looks from goroutines of its own.
func requireGoroutines(t testing.TB, most int) {
	t.Helper()
	for began := time.Now(); runtime.NumGoroutine() > most; runtime.Gosched() {
		require.Less(t, time.Since(began), patience, "%d goroutines, want %d", runtime.NumGoroutine(), most)
	}
}

func state(t testing.TB, s *sender.Sender, r *register) sender.State {
	t.Helper()
	id, _, _ := r.DriveInfo()
	st, ok := s.State(r.Serial(), id)
	require.True(t, ok)
	return st
}

// requireWaiting waits until the register backs off.
func requireWaiting(t testing.TB, s *sender.Sender, r *register) sender.State {
	t.Helper()
	require.Eventually(t, func() bool { return !state(t, s, r).NextTry.IsZero() }, patience, tick)
	return state(t, s, r)
}

// dialer counts connections.
type dialer struct{ dials, open, most atomic.Int64 }

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.dials.Add(1)
	n := d.open.Add(1)
	for most := d.most.Load(); n > most && !d.most.CompareAndSwap(most, n); most = d.most.Load() {
	}
	return &countedConn{Conn: c, d: d}, nil
}

type countedConn struct {
	net.Conn
	d      *dialer
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.d.open.Add(-1)
	}
	return c.Conn.Close()
}

// requireStored wants every document of the register once and in order.
func requireStored(t testing.TB, s *ofd.Server, r *register) {
	t.Helper()
	next := 0
	require.NoError(t, s.Documents(r.number(), 0, 0, func(d *ofd.Document) error {
		require.EqualValues(t, next+1, d.Number)
		require.Equal(t, r.drive.Containers[next], d.Container)
		for _, f := range d.Findings {
			require.NotContains(t, []string{ofd.RuleFirst, ofd.RuleGap, ofd.RuleOrder, ofd.RuleOther}, f.Rule, f.String())
		}
		next++
		return nil
	}))
	require.Equal(t, r.documents(), next)
}

// freeAddr is an address where nobody listens.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// requireNoWorker wants that nobody serves a register.
func requireNoWorker(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		b := make([]byte, 1<<20)
		return !strings.Contains(string(b[:runtime.Stack(b, true)]), "sender.(*Sender).startWorker")
	}, patience, tick)
}

func silentLog() logrus.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return l
}

// logged are the lines of a level.
func logged(hook *logtest.Hook, level logrus.Level) (list []*logrus.Entry) {
	for _, e := range hook.AllEntries() {
		if e.Level == level {
			list = append(list, e)
		}
	}
	return list
}

// testSettings are those of a register of a real fleet.
func testSettings(serial, drive string) kkt.Settings {
	return kkt.Settings{Serial: serial, INN: testINN, RegNumber: "0000000004030311", UserName: "ООО Ромашка", Address: "г. Москва",
		Place: "www.example.com", SenderEmail: "a@example.com", OFDName: "Тестовый ОФД", OFDINN: fn.TestOFDINN,
		TaxSystems: []ffd.TaxSystems{ffd.TaxOSN}, DriveNumber: drive, AutoShift: true, TakesCash: true}
}

const testINN = "7708806062"

// testReceipt is for any register of testSettings.
func testReceipt() *kkt.Receipt {
	return &kkt.Receipt{INN: testINN, Request: kkt.Request{API: "test"}, Parts: []ffd.Receipt{{Operation: ffd.Income,
		Payments: ffd.Payments{Cashless: 100}, Items: []ffd.Item{{Name: tlv.MustText("Товар"), Price: 100, Quantity: tlv.Decimal{Mantissa: 1},
			Amount: 100, VAT: ffd.VAT20}}}}}
}
