package daemon

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/api/control"
	"kktd/clock"
	"kktd/ofd/ofdtest"
)

func (b *bench) deliver(body string) (items []control.Delivered) {
	b.t.Helper()
	status, answer := b.post("/control/v1/deliver", body)
	require.Equal(b.t, 200, status, answer)
	require.NoError(b.t, json.Unmarshal([]byte(answer), &struct{ Items *[]control.Delivered }{&items}))
	return items
}

func (b *bench) fault(text string) {
	b.t.Helper()
	b.ofd.Faults().Reset()
	b.ofd.Faults().Add(ofdtest.Fault(b.t, text))
}

// deaf is an OFD that takes connections and never answers.
func deaf(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestSyncAnswersWithTheTicket(t *testing.T) {
	b := start(t, func(c *Config) { c.Delivery = DeliverySync })
	require.Zero(t, b.unsent(), "the registration is confirmed before the first request")
	status, answer := b.post("/kkt/receipt", receiptBody)
	require.Equal(t, 200, status, answer)
	require.Contains(t, answer, `"Success":true`)
	require.Zero(t, b.unsent())
	status, answer = b.post("/control/v1/registers/"+FirstRegister+"/shift/close", "")
	require.Equal(t, 200, status, answer)
	require.Zero(t, b.unsent())
	status, answer = b.post("/control/v1/registers", "{}")
	require.Equal(t, 201, status, answer)
	for _, d := range b.Fleet().Deliveries() {
		first, _ := d.Unsent()
		require.Zero(t, first, d.Serial())
	}
	status, answer = b.post("/control/v1/registers/"+FirstRegister+"/nothing", "")
	require.Equal(t, 404, status)
	require.Contains(t, answer, "there is no")
}

// Many clients at once are all answered, each behind its own ticket.
func TestSyncWithManyClients(t *testing.T) {
	b := start(t, func(c *Config) { c.Delivery = DeliverySync })
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 10 {
				req, _ := http.NewRequest(http.MethodPost, b.URL()+"/kkt/receipt", strings.NewReader(receiptBody))
				req.SetBasicAuth(FirstPublicID, FirstSecret)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
			}
		})
	}
	clients.Wait()
	require.Zero(t, b.unsent())
	require.EqualValues(t, 82, b.OFD().Counters().Documents)
	for _, e := range b.log.AllEntries() {
		require.NotContains(t, e.Message, "delivery sync")
	}
}

// The answer goes out when the time is over, with a line in the log, and the documents follow later.
func TestSyncDoesNotHangOnADeafOFD(t *testing.T) {
	b := start(t, func(c *Config) {
		c.Delivery, c.SyncTimeout, c.OFD = DeliverySync, 20*time.Millisecond, deaf(t)
	})
	_, answer := b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	require.EqualValues(t, 3, b.unsent())
	found := false
	for _, e := range b.log.AllEntries() {
		found = found || e.Data["request"] == "/kkt/receipt" && strings.Contains(e.Message, "no tickets within 20ms") && e.Data["unsent"] == "1-3"
	}
	require.True(t, found)
}

// A stop does not wait for tickets.
func TestSyncEndsWithTheDaemon(t *testing.T) {
	b := start(t, func(c *Config) { c.Delivery, c.SyncTimeout = DeliverySync, maxSyncTimeout })
	b.fault("drop")
	answered := make(chan string)
	go func() {
		_, answer := b.post("/kkt/receipt", receiptBody)
		answered <- answer
	}()
	eventually(t, "the receipt is made", func() bool { return b.unsent() > 0 })
	require.NoError(t, b.Shutdown(t.Context()))
	require.Contains(t, <-answered, `"Success":true`)
}

func TestManualDelivery(t *testing.T) {
	b := start(t, func(c *Config) { c.Delivery = DeliveryManual })
	for range 2 {
		_, answer := b.post("/kkt/receipt", receiptBody)
		require.Contains(t, answer, `"Success":true`)
	}
	b.clock.Advance(time.Hour)
	require.EqualValues(t, 4, b.unsent())
	require.Zero(t, b.OFD().Counters().Documents)
	b.Settle(t.Context()) // nothing is under way
	drive := "9999078900005430"
	require.Equal(t, []control.Delivered{{Register: FirstRegister, Drive: drive, Confirmed: 4}}, b.deliver(""))
	require.Zero(t, b.unsent())
	require.Empty(t, b.deliver("{}"))

	_, answer := b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	b.fault("drop:close")
	items := b.deliver("")
	require.Len(t, items, 1)
	require.EqualValues(t, 1, items[0].Unsent)
	require.Equal(t, "closed", items[0].Reason)
	require.NotEmpty(t, items[0].Error)
	b.ofd.Faults().Reset()
	b.clock.Advance(time.Hour)
	require.EqualValues(t, 1, b.unsent(), "it is not tried again by itself")
	status, answer := b.post("/control/v1/registers/"+FirstRegister+"/deliver", "")
	require.Equal(t, 200, status)
	require.Contains(t, answer, `"confirmed":1`)
	for path, want := range map[string]string{"registers/1/deliver": "not_found", "deliver?all=1": "invalid_parameter"} {
		_, answer := b.post("/control/v1/"+path, "")
		require.Contains(t, answer, `"error"`, want)
	}
	_, answer = b.post("/control/v1/deliver", `{"timeout":"1h"}`)
	require.Contains(t, answer, `"field":"timeout","allowed":"up to 2m"`)
	_, answer = b.post("/control/v1/deliver", `{"time":"1h"}`)
	require.Contains(t, answer, `"allowed":"timeout"`)
}

// A document that is under way when the time is over is said to be so.
func TestDeliverToADeafOFD(t *testing.T) {
	b := start(t, func(c *Config) { c.Delivery, c.OFD = DeliveryManual, deaf(t) })
	items := b.deliver(`{"timeout":"20ms"}`)
	require.Len(t, items, 1)
	require.EqualValues(t, 1, items[0].Unsent)
	require.Contains(t, items[0].Error, "under way")
}

func TestDeliverWithRetries(t *testing.T) {
	b := start(t, func(c *Config) { c.OFD = deaf(t); c.OFDTimeout = minOFDTimeout })
	items := b.deliver("")
	require.Equal(t, "timeout", items[0].Reason)
}

func TestDeliverySettings(t *testing.T) {
	for want, set := range map[string]func(*Config){
		`delivery: "often", want async, sync or manual`:        func(c *Config) { c.Delivery = "often" },
		"delivery: sync needs an OFD, and ofd is none":         func(c *Config) { c.Delivery, c.OFD = DeliverySync, OFDNone },
		"sync-timeout: 3m0s, want 1ms to 2m0s":                 func(c *Config) { c.SyncTimeout = 3 * time.Minute },
		`clock: "fast": there is no such mode; want frozen`:    func(c *Config) { c.Clock = "fast" },
		`clock: "frozen:2026-02-01": "2026-02-01" is no time`:  func(c *Config) { c.Clock = "frozen:2026-02-01" },
		`clock: "stepping": the step:`:                         func(c *Config) { c.Clock = "stepping" },
		`clock: "stepping:0": the step is less than a milli`:   func(c *Config) { c.Clock = "stepping:0" },
		`clock: "offset:x": the offset:`:                       func(c *Config) { c.Clock = "offset:x" },
		`clock: "real:1": nothing follows real`:                func(c *Config) { c.Clock = "real:1" },
		`clock: "frozen:1999-01-01T00:00:00Z": clock: invalid`: func(c *Config) { c.Clock = "frozen:1999-01-01T00:00:00Z" },
	} {
		c := Default()
		set(&c)
		require.ErrorContains(t, c.check(), want)
	}
}

func TestParseClock(t *testing.T) {
	at := time.Date(2026, 2, 1, 6, 0, 0, 0, time.UTC)
	for s, want := range map[string]clock.Setting{
		"":                                       {Mode: clock.Following},
		"real":                                   {Mode: clock.Following},
		"frozen":                                 {Mode: clock.Frozen},
		"frozen:2026-02-01T09:00:00+03:00":       {Mode: clock.Frozen, Time: at},
		"stepping:1m":                            {Mode: clock.Stepping, Step: time.Minute},
		"stepping:P1D:2026-02-01T09:00:00+03:00": {Mode: clock.Stepping, Step: 24 * time.Hour, Time: at},
		"offset:30d":                             {Mode: clock.Offset, Offset: 720 * time.Hour},
		"offset:-36h":                            {Mode: clock.Offset, Offset: -36 * time.Hour},
	} {
		got, err := ParseClock(s)
		require.NoError(t, err, s)
		require.True(t, want.Time.Equal(got.Time), s)
		want.Time, got.Time = time.Time{}, time.Time{}
		require.Equal(t, want, got, s)
	}
}

// The clock of a new file is that of the setting; one that the file has kept stays, and the log says so.
func TestClockAtTheFirstStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "kktd.db")
	b := start(t, func(c *Config) { c.Memory, c.Data, c.Clock = false, data, "stepping:1m:2026-02-01T09:00:00+03:00" })
	require.Contains(t, second(b.get("/control/v1/clock")), `"mode":"stepping"`)
	_, answer := b.post("/kkt/receipt", receiptBody)
	require.Contains(t, answer, `"Success":true`)
	require.NoError(t, b.Shutdown(t.Context()))
	b = start(t, func(c *Config) { c.Memory, c.Data, c.Clock = false, data, "frozen" })
	require.Equal(t, `{"mode":"stepping","now":"2026-02-01T06:01:00Z","step":"1m0s"}`+"\n", second(b.get("/control/v1/clock")))
	found := false
	for _, e := range b.log.AllEntries() {
		found = found || strings.Contains(e.Message, "the file has a clock of its own")
	}
	require.True(t, found)
}

func second[A, B any](_ A, b B) B { return b }

// Ids come from the seed, and go on elsewhere after more has happened.
func TestIDsOfTheSeed(t *testing.T) {
	ids := func(seed uint64, receipts int) string {
		b := start(t, func(c *Config) { c.Seed = seed })
		for range receipts {
			b.post("/kkt/receipt", receiptBody)
		}
		_, test := b.post("/test", "{}")
		return test + b.newSecret() + b.newSecret()
	}
	require.Equal(t, ids(5, 0), ids(5, 2))
	require.NotEqual(t, ids(5, 0), ids(6, 0))
	require.NotEqual(t, ids(0, 0), ids(0, 0))
	d := &Daemon{config: Config{Seed: 5}}
	require.NotEqual(t, d.newSecret(), d.newSecret())
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, d.newGUID())
}
