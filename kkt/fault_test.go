package kkt

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/event"
	"kktd/fault"
	"kktd/fn"
	"kktd/storage/memory"
)

// withFaults is a bench with one register and faults.
func withFaults(t *testing.T, texts ...string) (*bench, *fault.Set) {
	set := &fault.Set{}
	b := openBench(t, memory.Open(), func(o *Options) { o.Faults = set })
	set.OnLifted = b.fleet.FaultsLifted
	require.NoError(t, b.fleet.Fiscalize(t.Context(), "", testSettings()))
	setFaults(t, set, texts...)
	return b, set
}

func setFaults(t *testing.T, set *fault.Set, texts ...string) {
	for _, text := range texts {
		f, err := fault.NewRegistry(fault.Kinds()).Parse(text)
		require.NoError(t, err)
		set.Add(f)
	}
}

// TestDriveFaults: the receipt, or whoever asks for a report, is told of a fault of
// the drive in both languages.
func TestDriveFaults(t *testing.T) {
	for _, c := range []struct {
		fault string
		code  fn.Code
	}{
		{"drive-refuse", fn.CodeState}, {"drive-refuse:3Eh", fn.CodeNotChecked}, {"drive-refuse:0xff", 0xFF}, {"drive-crypto", fn.CodeCrypto},
		{"drive-expired", fn.CodeTermEnded}, {"drive-resource", fn.CodeNoSpace},
	} {
		t.Run(c.fault, func(t *testing.T) {
			b, set := withFaults(t, c.fault+":times=2")
			before, err := b.cashbox().State()
			require.NoError(t, err)
			o, err := b.fleet.Submit(t.Context(), testReceipt(100))
			require.NoError(t, err)
			rec, err := b.fleet.Receipt(o.ID)
			require.NoError(t, err)
			require.Equal(t, Failed, rec.Status)
			require.Equal(t, c.code, rec.Code)
			require.Contains(t, rec.Error, "was set on purpose; kktd fault list")
			_, err = b.cashbox().ReportState(t.Context())
			refusal := (*fn.Refusal)(nil)
			require.ErrorAs(t, err, &refusal)
			require.Contains(t, refusal.Russian(), "включён намеренно; kktd fault list")
			require.Equal(t, before.LastNumber+1, refusal.Number)
			after, err := b.cashbox().State()
			require.NoError(t, err)
			require.Equal(t, before, after)
			require.True(t, set.List()[0].Spent())
			o, err = b.fleet.Submit(t.Context(), testReceipt(100))
			require.NoError(t, err)
			require.Equal(t, Processed, o.Status)
		})
	}
}

func TestDriveFullFault(t *testing.T) {
	b, set := withFaults(t, "drive-full:register=other", "drive-full")
	_, err := b.fleet.Submit(t.Context(), testReceipt(100))
	refusal := (*fn.Refusal)(nil)
	require.ErrorAs(t, err, &refusal)
	require.True(t, refusal.Full)
	require.Equal(t, fn.CodeNoSpace, refusal.Code)
	require.EqualValues(t, 1, set.List()[1].Fired)
	second := testSettings()
	second.Serial, second.DriveNumber = "2", "9999078900000002"
	require.NoError(t, b.fleet.Fiscalize(t.Context(), "", second))
	set.Reset()
	setFaults(t, set, "drive-full:register="+testSettings().Serial)
	for range 3 {
		o, err := b.fleet.Submit(t.Context(), testReceipt(100))
		require.NoError(t, err)
		require.Equal(t, "2", o.Register)
	}
}

func TestRegisterFaults(t *testing.T) {
	serial := testSettings().Serial
	b, set := withFaults(t, "register-error")
	_, err := b.fleet.Submit(t.Context(), testReceipt(100))
	require.ErrorIs(t, err, ErrOutOfService)
	require.ErrorIs(t, err, fault.ErrSet)
	require.Equal(t, []Warning{{WarnOutOfOrder, serial}}, b.cashbox().Warnings())
	set.Reset()
	require.Empty(t, b.cashbox().Warnings())
	second := testSettings()
	second.Serial, second.DriveNumber = "2", "9999078900000002"
	require.NoError(t, b.fleet.Fiscalize(t.Context(), "", second))
	for _, name := range []string{"register-error", "register-maintenance"} {
		setFaults(t, set, name+":register="+serial)
		for range 3 {
			o, err := b.fleet.Submit(t.Context(), testReceipt(100))
			require.NoError(t, err)
			require.Equal(t, "2", o.Register)
		}
		require.Len(t, b.cashbox().Warnings(), 1)
		set.Reset()
	}
	setFaults(t, set, "register-maintenance")
	o, err := b.fleet.Submit(t.Context(), testReceipt(100))
	require.NoError(t, err)
	require.Equal(t, Queued, o.Status)
	set.Reset()
	b.processed(o.ID)
}

// processed waits until a receipt is made.
func (b *bench) processed(id string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		rec, err := b.fleet.Receipt(id)
		require.NoError(b.t, err)
		return rec.Status == Processed
	}, 10*time.Second, time.Millisecond)
}

// TestPaperOut: the receipt waits as Queued, for as long as there is no paper.
func TestPaperOut(t *testing.T) {
	for _, c := range []struct {
		name, fault string
		lift        bool
	}{{"until it is lifted", "paper-out:form=3", true}, {"spent by the first try", "paper-out:times=1", false}} {
		t.Run(c.name, func(t *testing.T) {
			b, set := withFaults(t, c.fault)
			before, err := b.cashbox().State()
			require.NoError(t, err)
			o, err := b.fleet.Submit(t.Context(), testReceipt(100))
			require.NoError(t, err)
			require.Equal(t, Queued, o.Status)
			require.Empty(t, o.Warnings)
			if c.lift {
				state, err := b.cashbox().State()
				require.NoError(t, err)
				require.Equal(t, before, state, "not even the shift is open")
				set.Reset()
			}
			b.processed(o.ID)
			rec, err := b.fleet.Receipt(o.ID)
			require.NoError(t, err)
			require.Len(t, rec.Documents, 1)
		})
	}
}

// TestPaperOutCountsReceipts: one that waits strikes once, whatever the fault asks for;
// when the fault is spent there is paper for all of them.
func TestPaperOutCountsReceipts(t *testing.T) {
	b, set := withFaults(t, "paper-out:times=2:amount=1:form=3:invoice=7")
	submit := func() *Outcome {
		r := testReceipt(100)
		r.Request.InvoiceID = "7"
		return b.submit(r)
	}
	first := submit()
	require.Equal(t, Queued, b.record(first.ID).Status)
	require.EqualValues(t, 1, set.List()[0].Fired)
	require.Equal(t, Processed, b.submit(testReceipt(100)).Status, "another InvoiceId")
	second := submit()
	b.processed(first.ID)
	b.processed(second.ID)
	require.EqualValues(t, 2, set.List()[0].Fired)
	require.Less(t, b.record(first.ID).Documents[0], b.record(second.ID).Documents[0])
}

// TestPowerCut: nothing is left of the document, and the register works on.
func TestPowerCut(t *testing.T) {
	b, _ := withFaults(t, "power-cut:times=1")
	before, err := b.cashbox().State()
	require.NoError(t, err)
	r := testReceipt(100)
	r.Request.Key = "k"
	_, err = b.fleet.Submit(t.Context(), r)
	require.ErrorIs(t, err, fault.ErrPowerCut)
	state, err := b.cashbox().State()
	require.NoError(t, err)
	require.Equal(t, before, state)
	r = testReceipt(100)
	r.Request.Key = "k"
	o, err := b.fleet.Submit(t.Context(), r)
	require.NoError(t, err)
	require.False(t, o.Replayed)
	require.Equal(t, Processed, o.Status)
	require.NoError(t, b.fleet.store.Events(0, 0, func(n uint64, raw []byte) error {
		e, err := event.Parse(n, raw)
		if err == nil && e.Kind == event.ReceiptFailed {
			err = errors.New("nobody was told of a failed receipt")
		}
		return err
	}))
}

// TestFaultsOfARequest meet that receipt alone.
func TestFaultsOfARequest(t *testing.T) {
	b, _ := withFaults(t)
	own := &fault.Set{}
	setFaults(t, own, "drive-crypto:amount=100:form=3:invoice=7")
	r := testReceipt(10000)
	r.Request.InvoiceID = "7"
	o, err := b.fleet.Submit(fault.With(context.Background(), own), r)
	require.NoError(t, err)
	require.Equal(t, Failed, o.Status)
	o, err = b.fleet.Submit(t.Context(), testReceipt(10000))
	require.NoError(t, err)
	require.Equal(t, Processed, o.Status)
}

// TestFaultsOffCostNothing: a fleet with faults that are off allocates no more for a
// receipt than one without.
func TestFaultsOffCostNothing(t *testing.T) {
	b, _ := withFaults(t)
	batch := &batch{r: b.cashbox(), profile: b.cashbox().profile.Load()}
	request := &Request{}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if batch.spoiled(3, 100, nil, nil) != nil {
			t.Fatal("no fault is set")
		}
		if s, _ := batch.r.away(batch.profile, request); s != inService {
			t.Fatal("no fault is set")
		}
	}))
}

func (b *bench) cashbox() *Register {
	r, err := b.fleet.Register(testSettings().Serial)
	require.NoError(b.t, err)
	return r
}

// BenchmarkFaultsOff makes receipts in memory with a set of faults that is empty, and
// without one.
func BenchmarkFaultsOff(b *testing.B) {
	for _, c := range []struct {
		name string
		set  *fault.Set
	}{{"without", nil}, {"off", &fault.Set{}}} {
		b.Run(c.name, func(b *testing.B) {
			x := openBench(b, memory.Open(), func(o *Options) { o.Faults = c.set })
			x.damaged = true // passes over the look at each document, which would be most of the time
			s := testSettings()
			s.DriveCapacity = 1 << 23
			require.NoError(b, x.fleet.Fiscalize(context.Background(), "", s))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.fleet.Submit(context.Background(), testReceipt(100)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
