package daemon

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/ofd"
	"kktd/ofd/ofdtest"
	"kktd/sender"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/tlv"
)

var (
	soakTime = flag.Duration("soak", 1500*time.Millisecond, "how long TestSoak runs; make soak gives it 10 minutes")
	soakSeed = flag.Uint64("soak-seed", 0, "where the chance of TestSoak comes from; 0: anew each time")
)

const (
	soakRegisters = 5
	soakClients   = 4
	soakBacklog   = 1000
	soakAnswer    = 500 * time.Millisecond // AnswerTimeout, so that a silent OFD does not fill the time
	soakPatience  = time.Minute
)

// soak is a fleet, a sender and an OFD on one file, as in the daemon; only the OFD is ended and started again under them.
type soak struct {
	t     *testing.T
	store storage.Store
	addr  string
	fleet *kkt.Fleet
	s     *sender.Sender

	server   *ofd.Server
	served   chan error
	restarts int
	conns    atomic.Int64 // of the sender
	made     atomic.Int64 // receipts
}

// Random faults, restarts of the OFD, closed shifts and replaced drives under load: in the end every drive has every ticket, the
// file is in order by fsck, and neither a goroutine nor a connection is left.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; the same again: make soak SOAK=%v SEED=%d", seed, *soakTime, seed)
	base := runtime.NumGoroutine()
	path := filepath.Join(t.TempDir(), "kktd.db")
	x := openSoak(t, path, seed)

	ctx, cancel := context.WithCancel(t.Context())
	sending := make(chan error, 1)
	go func() { sending <- x.s.Run(ctx) }()
	loading, stop := context.WithTimeout(t.Context(), *soakTime)
	defer stop()
	var load sync.WaitGroup
	for i := range soakClients {
		random := rand.New(rand.NewPCG(seed, uint64(i)+1))
		load.Go(func() { x.load(loading, random) })
	}
	x.chaos(loading, rand.New(rand.NewPCG(seed, 0)))
	load.Wait()

	x.server.Faults().Reset()
	x.requireDelivered()
	require.Eventually(t, func() bool { return x.conns.Load() == 0 && x.server.Counters().Connections == 0 }, soakPatience, 10*time.Millisecond,
		"every connection is closed")
	counters := x.server.Counters()
	cancel()
	require.ErrorIs(t, <-sending, context.Canceled)
	x.fleet.Close()
	x.stopOFD()
	require.NoError(t, x.store.Close())
	requireGoroutines(t, base)

	c := Default()
	c.Data, c.TicketCheck = path, "strict"
	var differences []kkt.Difference
	sum, err := Fsck(c, func(d kkt.Difference) { differences = append(differences, d) })
	require.NoError(t, err)
	require.Empty(t, differences)
	t.Logf("%d receipts, %d restarts of the OFD; the last one of it stored %d documents and met %d again; %+v", x.made.Load(), x.restarts,
		counters.Documents, counters.Resends, sum)
}

func openSoak(t *testing.T, path string, seed uint64) *soak {
	store, err := bolt.Open(bolt.Options{Path: path, NoSync: *soakTime < time.Minute})
	require.NoError(t, err)
	x := &soak{t: t, store: store, addr: "127.0.0.1:0"}
	x.startOFD()
	x.s = sender.New(sender.Options{Addr: x.addr, Clock: clock.Real(), Mode: fn.TicketStrict, Seed: seed, AnswerTimeout: soakAnswer,
		BackoffMin: 5 * time.Millisecond, BackoffMax: 200 * time.Millisecond, Linger: 20 * time.Millisecond, MaxConns: 4,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			x.conns.Add(1)
			return &countedConn{Conn: c, open: &x.conns}, nil
		}})
	log, _ := logtest.NewNullLogger()
	log.SetLevel(logrus.PanicLevel)
	x.fleet, err = kkt.Open(kkt.Options{Store: store, Clock: clock.Real(), Log: log, Seed: seed, TicketMode: fn.TicketStrict,
		OnDocuments: func(r *kkt.Register) { x.s.Wake(r.Delivery()) }})
	require.NoError(t, err)
	versions := []ffd.Version{ffd.V105, ffd.V110, ffd.V120}
	for i := range soakRegisters {
		require.NoError(t, x.fleet.Fiscalize(t.Context(), "", kkt.Settings{Serial: fmt.Sprintf("%020d", i+1), INN: soakINN(i),
			RegNumber: "0000000004030311", UserName: "ООО Ромашка", Address: "г. Москва", Place: "www.example.com", SenderEmail: "a@example.com",
			OFDName: "Тестовый ОФД", OFDINN: fn.TestOFDINN, TaxSystems: []ffd.TaxSystems{ffd.TaxOSN}, FFD: versions[i%len(versions)],
			DriveNumber: fmt.Sprintf("9999%012d", i+1), AutoShift: true, TakesCash: true}))
	}
	return x
}

func soakINN(i int) string { return fmt.Sprintf("77088060%02d", i) }

// countedConn is a connection that is counted while it is open.
type countedConn struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

func (x *soak) startOFD() {
	world, err := x.store.Namespace(ofdNamespace)
	require.NoError(x.t, err)
	x.server, err = ofd.New(ofd.Options{Store: world, Clock: clock.Real(), Zone: time.UTC})
	require.NoError(x.t, err)
	l, err := net.Listen("tcp", x.addr)
	require.NoError(x.t, err)
	x.addr, x.served = l.Addr().String(), make(chan error, 1)
	server, served := x.server, x.served
	go func() { served <- server.Serve(l) }()
}

func (x *soak) stopOFD() {
	ctx, cancel := context.WithTimeout(context.Background(), soakPatience)
	defer cancel()
	require.NoError(x.t, x.server.Shutdown(ctx))
	require.NoError(x.t, <-x.served)
}

// load makes receipts with short pauses until ctx ends. It rests while a register has much to send, so that a slow disk does not make the
// run longer than it was asked for.
func (x *soak) load(ctx context.Context, random *rand.Rand) {
	for pause(ctx, time.Duration(random.ExpFloat64()*float64(8*time.Millisecond))) {
		if first, last := x.register(random).Unsent(); first != 0 && last-first > soakBacklog {
			continue
		}
		_, err := x.fleet.Submit(context.WithoutCancel(ctx), &kkt.Receipt{INN: soakINN(random.IntN(soakRegisters)), Request: kkt.Request{API: "soak"},
			Parts: []ffd.Receipt{{Operation: ffd.Income, Payments: ffd.Payments{Cashless: 100}, Items: []ffd.Item{{Name: tlv.MustText("Товар"),
				Price: 100, Quantity: tlv.Decimal{Mantissa: 1}, Amount: 100, VAT: ffd.VAT20}}}}})
		if err != nil {
			x.t.Errorf("receipt: %v", err)
			return
		}
		x.made.Add(1)
	}
}

// chaos makes trouble until ctx ends.
func (x *soak) chaos(ctx context.Context, random *rand.Rand) {
	background := context.WithoutCancel(ctx)
	for pause(ctx, time.Duration(random.Int64N(int64(80*time.Millisecond)))) {
		switch n := random.IntN(100); {
		case n < 60:
			x.server.Faults().Reset()
			x.server.Faults().Add(soakFaults(x.t, random)...)
		case n < 80:
			x.server.Faults().Reset()
		case n < 90:
			x.stopOFD()
			pause(ctx, time.Duration(random.Int64N(int64(100*time.Millisecond))))
			x.startOFD()
			x.restarts++
		case n < 96:
			r := x.register(random)
			if s, err := r.State(); err == nil && s.ShiftOpen {
				_, _ = r.CloseShift(background, kkt.Person{}) // a receipt may have been faster
			}
		default:
			_, err := x.register(random).ReplaceDrive(background, nil, 0)
			if full := (*fn.Refusal)(nil); err != nil && !errors.As(err, &full) {
				x.t.Errorf("replacement: %v", err)
			}
		}
	}
}

func (x *soak) register(random *rand.Rand) *kkt.Register {
	r, err := x.fleet.Register(fmt.Sprintf("%020d", random.IntN(soakRegisters)+1))
	require.NoError(x.t, err)
	return r
}

// soakFaults are one or two faults, of the kinds that the OFD has.
func soakFaults(t *testing.T, random *rand.Rand) (list []fault.Fault) {
	kinds := ofd.FaultKinds()
	for range 1 + random.IntN(2) {
		text := kinds[random.IntN(len(kinds))].Name
		switch text {
		case "ofd-delay":
			text += fmt.Sprintf(":%dms", 1+random.IntN(700))
		case "ofd-late":
			text += ":600ms"
		}
		if random.IntN(2) == 0 {
			text += fmt.Sprintf(":times=%d", 1+random.IntN(5))
		}
		list = append(list, ofdtest.Fault(t, text))
	}
	return list
}

// requireDelivered waits until nothing is unsent; it gives up when soakPatience passes without a ticket.
func (x *soak) requireDelivered() {
	x.t.Helper()
	moved, left := time.Now(), -1
	for {
		now, stuck := 0, ""
		for _, d := range x.fleet.Deliveries() {
			first, last := d.Unsent()
			if first == 0 {
				continue
			}
			now += int(last-first) + 1
			id, _, _ := d.DriveInfo()
			st, _ := x.s.State(d.Serial(), id)
			stuck += fmt.Sprintf("register %s, drive %d: %+v\n", d.Serial(), id, st)
		}
		if now == 0 {
			return
		}
		if now != left {
			moved, left = time.Now(), now
		}
		if time.Since(moved) > soakPatience {
			require.FailNow(x.t, "documents are not delivered", "%d\n%s", left, stuck)
		}
		pause(x.t.Context(), 10*time.Millisecond)
	}
}

// requireGoroutines waits until no more goroutines run than before. Eventually would count its own.
func requireGoroutines(t *testing.T, base int) {
	t.Helper()
	for end := time.Now().Add(soakPatience); runtime.NumGoroutine() > base; {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			require.FailNow(t, "goroutines are left", "%d, before %d\n%s", runtime.NumGoroutine(), base, stacks[:runtime.Stack(stacks, true)])
		}
		pause(t.Context(), 10*time.Millisecond)
	}
}

// pause waits by the real clock; false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := clock.Real().NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return true
	case <-ctx.Done():
		return false
	}
}
