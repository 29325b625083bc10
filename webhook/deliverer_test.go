package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/event"
	"kktd/outbox"
	"kktd/storage"
	"kktd/storage/memory"
)

const (
	patience = 8 * time.Second
	tick     = time.Millisecond
)

// bench is a deliverer over a store, and what it logs.
type bench struct {
	t     testing.TB
	store storage.Store
	box   *outbox.Box
	clock *clockwork.FakeClock
	log   *logtest.Hook
	*Deliverer
	stop func()
}

func open(t testing.TB, store storage.Store, set func(*Options)) *bench {
	b := &bench{t: t, store: store, clock: clock.Fixed(time.Unix(1_800_000_000, 0))}
	var err error
	b.box, err = outbox.Open(store, 0)
	require.NoError(t, err)
	log, hook := logtest.NewNullLogger()
	b.log = hook
	o := Options{Box: b.box, Clock: b.clock, Log: log, Transports: map[string]Transport{TransportHTTP: NewHTTP(HTTPOptions{})}}
	if set != nil {
		set(&o)
	}
	b.Deliverer = New(o)
	return b
}

func (b *bench) run() *bench {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	var once sync.Once
	b.stop = func() {
		once.Do(func() {
			cancel()
			require.ErrorIs(b.t, <-ended, context.Canceled)
		})
	}
	b.t.Cleanup(b.stop)
	return b
}

// put puts entries in one commit.
func (b *bench) put(list ...outbox.Entry) (numbers []uint64) {
	b.t.Helper()
	var records []storage.Record
	var refs []outbox.Ref
	for i := range list {
		var ref outbox.Ref
		var err error
		records, ref, err = b.box.Put(records, &list[i])
		require.NoError(b.t, err)
		refs, numbers = append(refs, ref), append(numbers, ref.Number)
	}
	_, err := b.store.Append(context.Background(), storage.Change{Records: records})
	require.NoError(b.t, err)
	b.box.Committed(refs)
	return numbers
}

func (b *bench) status(number uint64) outbox.Status {
	b.t.Helper()
	_, s, err := b.box.Head(number)
	require.NoError(b.t, err)
	return s
}

func (b *bench) await(what string, f func() bool) {
	b.t.Helper()
	require.Eventually(b.t, f, patience, tick, what)
}

func (b *bench) awaitState(number uint64, want outbox.State) outbox.Status {
	b.t.Helper()
	b.await(string(want), func() bool { return b.status(number).State == want })
	return b.status(number)
}

// awaitAttempts waits until an entry has failed n times and waits again.
func (b *bench) awaitAttempts(number uint64, n int) outbox.Status {
	b.t.Helper()
	b.await(fmt.Sprintf("%d attempts", n), func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.counters.Working == 0 && b.status(number).Attempts == n
	})
	return b.status(number)
}

func (b *bench) events() (list []string) {
	b.t.Helper()
	require.NoError(b.t, b.store.Events(0, 0, func(n uint64, raw []byte) error {
		e, err := event.Parse(n, raw)
		list = append(list, fmt.Sprintf("%s %s %s", e.Kind, e.Receipt, e.Text))
		return err
	}))
	return list
}

// receiver is an HTTP server that writes down what comes.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
}

func receive(t testing.TB, answer http.HandlerFunc) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.bodies = append(r.bodies, string(body))
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.bodies...)
}

func to(address, group, body string) outbox.Entry {
	return outbox.Entry{Transport: TransportHTTP, Lane: LaneOf(address), Group: group, Type: "Receipt", Receipt: group, Register: "1",
		Address: address, Method: http.MethodPost, Body: []byte(body)}
}

func TestDelivered(t *testing.T) {
	b := open(t, memory.Open(), nil).run()
	var head http.Header
	r := receive(t, func(w http.ResponseWriter, req *http.Request) { head = req.Header; io.WriteString(w, `{"code":0}`) })
	e := to(strings.Replace(r.URL, "http://", "http://user:word@", 1)+"/hook", "r1", "hello")
	e.Header = []outbox.Header{{Name: "Content-HMAC", Value: "x="}}
	n := b.put(e)[0]
	s := b.awaitState(n, outbox.Delivered)
	require.Equal(t, []outbox.Attempt{{Number: 1, Time: b.clock.Now().UnixMilli(), Code: 200, Answer: `{"code":0}`}}, s.Last)
	require.Equal(t, "x=", head.Get("Content-HMAC"))
	require.Contains(t, head.Get("Authorization"), "Basic ")
	require.Equal(t, []string{"webhook_delivered r1 Receipt, entry 1, attempt 1"}, b.events())
	require.Equal(t, Counters{Delivered: 1}, b.Counters())
}

// TestToldLate: an entry that is found in the store before its commit is told of goes out once.
func TestToldLate(t *testing.T) {
	for _, done := range []bool{false, true} {
		b := open(t, memory.Open(), nil)
		goOn := make(chan struct{})
		r := receive(t, func(http.ResponseWriter, *http.Request) { <-goOn })
		e := to(r.URL, "", "first")
		records, ref, err := b.box.Put(nil, &e)
		require.NoError(t, err)
		_, err = b.store.Append(context.Background(), storage.Change{Records: records})
		require.NoError(t, err)
		b.run()
		b.await("it is under way", func() bool { return len(r.got()) == 1 })
		if done {
			close(goOn)
			b.awaitState(ref.Number, outbox.Delivered)
		}
		b.box.Committed([]outbox.Ref{ref})
		if !done {
			close(goOn)
		}
		b.awaitState(b.put(to(r.URL, "", "second"))[0], outbox.Delivered)
		b.await("nothing is left to do", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.lanes) == 0 })
		require.Equal(t, []string{"first", "second"}, r.got())
		require.Equal(t, 1, b.status(ref.Number).Attempts)
	}
}

// TestReceivers: what each kind of receiver makes of an entry.
func TestReceivers(t *testing.T) {
	judge := func(answer []byte) error {
		if string(answer) != "yes" {
			return fmt.Errorf("it said %q", answer)
		}
		return nil
	}
	elsewhere := receive(t, nil)
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, body) }
	}
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		err   string // "": delivered
		code  int
	}{
		{"takes it", answer(200, "yes"), "", 200},
		{"takes it with another 2xx", answer(201, "yes"), "", 201},
		{"says no", answer(200, "no"), `it said "no"`, 200},
		{"says nothing", answer(200, ""), `it said ""`, 200},
		{"not found", answer(404, "yes"), "status 404, want 200", 404},
		{"breaks", answer(500, "stack trace"), "status 500, want 200", 500},
		{"redirects", func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, elsewhere.URL, http.StatusFound) },
			"status 302: redirects are not followed; set the address that they lead to", 302},
		{"sends garbage", answer(200, "\x00\xff\xfe"), `it said "\x00\xff\xfe"`, 200},
		{"sends without end", answer(200, strings.Repeat("yes", maxAnswer)), "the answer has more than 65536 bytes", 200},
		{"is silent", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, "no answer within 200ms", 0},
		{"stops in the middle", func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "ye")
			w.(http.Flusher).Flush()
			<-req.Context().Done()
		}, "the answer breaks off: no answer within 200ms", 200},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.Close()
		}, "EOF", 0},
		{"does not speak HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = conn.Write([]byte("220 mail.example ESMTP\r\n"))
			_ = conn.Close()
		}, "malformed HTTP", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, memory.Open(), func(o *Options) {
				o.Transports = map[string]Transport{TransportHTTP: NewHTTP(HTTPOptions{AnswerTimeout: 200 * time.Millisecond,
					Judges: map[string]func([]byte) error{"api": judge}})}
			}).run()
			r := receive(t, c.serve)
			e := to(r.URL, "", "x")
			e.API = "api"
			n := b.put(e)[0]
			b.await("an attempt", func() bool { return b.status(n).Attempts == 1 })
			s := b.status(n)
			require.Equal(t, c.code, s.Last[0].Code)
			require.LessOrEqual(t, len(s.Last[0].Answer), outbox.MaxAnswer)
			if c.err == "" {
				require.Equal(t, outbox.Delivered, s.State)
				return
			}
			require.Equal(t, outbox.Waiting, s.State)
			require.Contains(t, s.Last[0].Error, c.err)
			require.Equal(t, b.clock.Now().Add(time.Minute).UnixMilli(), s.Due)
			require.Contains(t, b.events()[0], "webhook_failed")
			b.stop()
		})
	}
	require.Empty(t, elsewhere.got(), "a redirect is not followed")
}

// The page's schedule: 1, 2, 5, 10, 30, 30 ... minutes, 100 attempts.
func TestSchedule(t *testing.T) {
	b := open(t, memory.Open(), nil).run()
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	n := b.put(to(r.URL, "r1", "x"))[0]
	for i := 1; i < DefaultAttempts; i++ {
		s := b.awaitAttempts(n, i)
		want := []time.Duration{1, 2, 5, 10, 30}[min(i, 5)-1] * time.Minute
		require.Equal(t, b.clock.Now().Add(want).UnixMilli(), s.Due, "attempt %d", i)
		b.clock.Advance(want - time.Millisecond)
		require.Len(t, r.got(), i, "not a moment before")
		b.clock.Advance(time.Millisecond)
	}
	s := b.awaitState(n, outbox.Failed)
	require.Equal(t, DefaultAttempts, s.Attempts)
	require.Len(t, r.got(), DefaultAttempts)
	require.Equal(t, Counters{Failed: DefaultAttempts, GivenUp: 1}, b.Counters())
	require.Contains(t, b.log.LastEntry().Message, "given up")
}

// A frozen business clock does not stop retries: the real one ends the wait too.
func TestEitherClock(t *testing.T) {
	b := open(t, memory.Open(), func(o *Options) {
		o.Transports = map[string]Transport{TransportHTTP: NewHTTP(HTTPOptions{Pauses: []time.Duration{5 * time.Millisecond}})}
	}).run()
	calls := 0
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls < 3 {
			w.WriteHeader(500)
		}
	})
	require.Equal(t, 3, b.awaitState(b.put(to(r.URL, "", "x"))[0], outbox.Delivered).Attempts)
}

// An entry that failed holds back the later ones of its receipt, and no others.
func TestOrderWithinAReceipt(t *testing.T) {
	b := open(t, memory.Open(), nil).run()
	bad := true
	r := receive(t, nil)
	r.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if string(body) == "a1" && bad {
			w.WriteHeader(500)
			return
		}
		r.bodies = append(r.bodies, string(body))
	})
	numbers := b.put(to(r.URL, "a", "a1"), to(r.URL, "a", "a2"), to(r.URL, "b", "b1"), to(r.URL, "a", "a3"))
	b.awaitAttempts(numbers[0], 1)
	b.awaitState(numbers[2], outbox.Delivered)
	require.Equal(t, []string{"b1"}, r.got())
	r.mu.Lock()
	bad = false
	r.mu.Unlock()
	b.clock.Advance(time.Minute)
	b.awaitState(numbers[3], outbox.Delivered)
	require.Equal(t, []string{"b1", "a1", "a2", "a3"}, r.got())
}

// TestDeadReceiverSlowsNobody: while a receiver holds every one of its places,
// everything for another one is delivered.
func TestDeadReceiverSlowsNobody(t *testing.T) {
	b := open(t, memory.Open(), func(o *Options) { o.Workers = 4 }).run()
	hold := make(chan struct{})
	released := sync.OnceFunc(func() { close(hold) })
	entered := make(chan struct{}, 100)
	dead := receive(t, func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-hold })
	t.Cleanup(released)
	good := receive(t, nil)
	var list []outbox.Entry
	for i := range 20 {
		list = append(list, to(dead.URL, "", fmt.Sprint("dead ", i)))
	}
	b.put(list[0])
	<-entered
	b.mu.Lock()
	b.lanes[onlyLane(b)].suspect = true // as after an attempt without an answer
	b.mu.Unlock()
	b.put(list[1:]...)
	for i := range 20 {
		b.awaitState(b.put(to(good.URL, "", fmt.Sprint("good ", i)))[0], outbox.Delivered)
	}
	require.Len(t, dead.got(), 1, "it has one place")
	released()
	b.awaitState(20, outbox.Delivered)
}

func onlyLane(b *bench) (id outbox.LaneID) {
	for id = range b.lanes {
	}
	return id
}

// Nobody at the address: one attempt at a time, and the others of it wait.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	b := open(t, memory.Open(), nil).run()
	n := b.put(to(address, "", "x"))[0]
	s := b.awaitAttempts(n, 1)
	require.Contains(t, s.Last[0].Error, "refused")
	require.Zero(t, s.Last[0].Code)
}

// TestRestart: what was put and not delivered is delivered by the next run, and an
// attempt that a stop breaks off does not count.
func TestRestart(t *testing.T) {
	store := memory.Open()
	b := open(t, store, nil)
	hold := make(chan struct{})
	entered := make(chan struct{}, 10)
	slow := receive(t, func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-hold })
	failing := receive(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	b.put(to(slow.URL, "a", "one"), to(slow.URL, "a", "two"), to(failing.URL, "b", "three")) // before the first run
	b.run()
	<-entered
	due := b.awaitFailed(3)
	b.stop()
	close(hold)
	require.Zero(t, b.status(1).Attempts)

	again := open(t, store, nil).run()
	again.awaitState(2, outbox.Delivered)
	require.Equal(t, []string{"one", "one", "two"}, slow.got())
	require.Equal(t, 1, again.status(3).Attempts, "its time has not come")
	require.Equal(t, due, again.status(3).Due)
	again.clock.Advance(time.Minute)
	again.await("the second attempt", func() bool { return again.status(3).Attempts == 2 })
}

func (b *bench) awaitFailed(number uint64) int64 {
	b.await("a failure", func() bool { return b.status(number).Attempts > 0 })
	return b.status(number).Due
}

// TestWindow: more entries than are held in memory are all delivered, in order.
func TestWindow(t *testing.T) {
	b := open(t, memory.Open(), func(o *Options) { o.Window, o.PerLane = 10, 1 })
	r := receive(t, nil)
	var want []string
	put := func(n int) {
		for range n {
			want = append(want, fmt.Sprint(len(want)))
			b.put(to(r.URL, "one", want[len(want)-1]))
		}
	}
	put(100)
	b.run()
	put(100)
	b.awaitState(200, outbox.Delivered)
	require.Equal(t, want, r.got())
	b.await("nothing is held", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.lanes) == 0 })
}

func TestResend(t *testing.T) {
	b := open(t, memory.Open(), nil).run()
	fail := true
	hold := make(chan struct{})
	entered := make(chan struct{}, 10)
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-hold
		if fail {
			w.WriteHeader(500)
		}
	})
	n := b.put(to(r.URL, "a", "x"))[0]
	<-entered
	require.ErrorIs(t, b.Resend(n), ErrBusy)
	close(hold)
	b.awaitAttempts(n, 1)
	fail = false
	require.NoError(t, b.Resend(n), "the next attempt at once")
	b.awaitState(n, outbox.Delivered)
	require.NoError(t, b.Resend(n), "a finished one anew")
	b.await("it came three times", func() bool { return len(r.got()) == 3 })
	s := b.awaitState(n, outbox.Delivered)
	require.Equal(t, 1, s.Attempts)
	require.Len(t, s.Last, 3)
	require.ErrorIs(t, b.Resend(99), outbox.ErrNotFound)
}

func TestHopeless(t *testing.T) {
	b := open(t, memory.Open(), nil).run()
	fax := to("http://127.0.0.1:1", "", "x")
	fax.Transport = "fax"
	broken := to("http://127.0.0.1:1", "", "x")
	broken.Address = "http://user:word@[::1"
	for _, e := range []outbox.Entry{fax, broken} {
		s := b.awaitState(b.put(e)[0], outbox.Failed)
		require.Equal(t, 1, s.Attempts)
		require.NotContains(t, s.Last[0].Error, "word")
	}
}

// TestStoreFails: what cannot be recorded is tried again, and not forgotten.
func TestStoreFails(t *testing.T) {
	store := &failing{Store: memory.Open()}
	b := open(t, store, nil)
	r := receive(t, nil)
	n := b.put(to(r.URL, "", "x"))[0]
	store.set(true)
	b.run()
	b.await("the log says so", func() bool {
		e := b.log.LastEntry()
		return e != nil && strings.Contains(e.Message, "is not stored")
	})
	store.set(false)
	b.await("it is delivered again", func() bool { b.clock.Advance(time.Minute); return b.status(n).State == outbox.Delivered })
	require.Len(t, r.got(), 2)
}

// failing is a store whose commits fail on demand.
type failing struct {
	storage.Store
	mu  sync.Mutex
	bad bool
}

func (f *failing) set(bad bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bad = bad
}

func (f *failing) Append(ctx context.Context, c storage.Change) (storage.Result, error) {
	f.mu.Lock()
	bad := f.bad
	f.mu.Unlock()
	if bad {
		return storage.Result{}, errors.New("no room")
	}
	return f.Store.Append(ctx, c)
}

func TestAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"http://127.0.0.1:8080/hook": true, "https://shop.example/a?token=1": true, "HTTP://SHOP.EXAMPLE": true, "http://[::1]:80/": true,
		"": false, "shop.example": false, "ftp://shop.example/": false, "http://": false, "http:///x": false, "http://:80/": false, "file:///etc/passwd": false,
		"javascript:alert(1)": false, "http://shop.example/#x": false, "http://a b/": false, "//shop.example/": false, "http://[::1/": false,
	} {
		require.Equal(t, ok, CheckAddress(address) == nil, address)
	}
	require.Equal(t, "http://shop.example:80", LaneOf("http://user@SHOP.example:80/a?b"))
}
