package fault

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage"
	"kktd/storage/memory"
)

func registry() *Registry { return NewRegistry(Kinds()) }

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Fault
		back string // its text form; "": the same
	}{
		{"cut", Fault{Effect: Cut{AtAnswer}}, ""},
		{"cut:request", Fault{Effect: Cut{AtRequest}}, "cut:at=request"},
		{"http-status", Fault{Effect: HTTPStatus{503, AtRequest}}, "http-status:code=503"},
		{"api-error:16:api=cloudkassir", Fault{Effect: APIError{16}, Match: Match{API: "cloudkassir"}}, "api-error:code=16:api=cloudkassir"},
		{"http-status:429:at=answer", Fault{Effect: HTTPStatus{429, AtAnswer}}, "http-status:code=429:at=answer"},
		{"latency:250ms:times=3:after=2:every=5", Fault{Effect: Latency{250 * time.Millisecond, AtRequest}, After: 2, Every: 5, Times: 3},
			"latency:for=250ms:after=2:every=5:times=3"},
		{"disk-full:probability=0.25", Fault{Effect: DiskFull{}, Probability: 0.25}, ""},
		{"disk-full:probability=1", Fault{Effect: DiskFull{}}, "disk-full"},
		{"commit-fails:unknown", Fault{Effect: CommitFails{true}}, "commit-fails:outcome=unknown"},
		{"power-cut:register=01:inn=7708806062:api=cloudkassir:amount=100.5:form=31:drive=9999078900005430:invoice=a\\:b\\\\c",
			Fault{Effect: PowerCut{}, Match: Match{Register: "01", INN: "7708806062", API: "cloudkassir", Invoice: `a:b\c`, Amount: 10050,
				Drive: "9999078900005430", Form: 31}},
			"power-cut:register=01:inn=7708806062:api=cloudkassir:invoice=a\\:b\\\\c:amount=100.50:drive=9999078900005430:form=31"},
	} {
		t.Run(c.text, func(t *testing.T) {
			f, err := registry().Parse(c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, f)
			if c.back == "" {
				c.back = c.text
			}
			require.Equal(t, c.back, f.String())
			again, err := registry().Parse(f.String())
			require.NoError(t, err)
			require.Equal(t, f, again)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, why string }{
		{"", `there is no ""; want one of http-status`},
		{"cutt", "want one of http-status, latency, cut"},
		{"cut:sideways", `at: "sideways", want answer or request; usage: cut[:answer|request]`},
		{"cut:answer:request", "only the first parameter may stand alone"},
		{"cut:at=answer:at=request", "at stands there twice"},
		{"cut:speed=1", "speed is no parameter of it"},
		{"disk-full:now", "it has no parameter of its own"},
		{"disk-full:inn=7708806062", "inn: it acts where nothing is known of whom it meets"},
		{"cut:register=01", "register is not known where it acts, so that it would never strike; it can ask for inn, api, invoice, amount; usage: cut[:answer|request], and inn=, api="},
		{"register-maintenance:invoice=1", "invoice is not known"},
		{"power-cut:drive=123", `drive: "123", want 16 digits`},
		{"power-cut:drive=999907890000543x", "want 16 digits"},
		{"cut:inn=77088060", "want 10 or 12 digits"},
		{"power-cut:form=7", "form: 7, want one of 1, 2, 3, 4, 5, 6, 11, 21, 31, 41"},
		{"http-status:200", "want 400..599"},
		{"http-status:x", "want a whole number"},
		{"api-error", "want the number of an error"},
		{"latency:5", "want a time with its unit"},
		{"latency:2h", "at most 1h"},
		{"cut:times=-1", "want a whole number from 0"},
		{"cut:probability=2", "at most 1"},
		{"cut:amount=1.234", "want roubles"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := registry().Parse(c.text)
			require.ErrorIs(t, err, ErrFault)
			require.ErrorContains(t, err, c.why)
		})
	}
	list, err := registry().ParseList(" cut:times=1 , latency:1s")
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = registry().ParseList(" ,")
	require.ErrorIs(t, err, ErrFault)
}

func FuzzParse(f *testing.F) {
	f.Add(`webhook-none:invoice=a\:b:times=3:probability=0.5`)
	f.Add("latency:1s:every=2")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := registry().Parse(text)
		if err != nil {
			return
		}
		b, err := registry().Parse(a.String())
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

// must sets faults from their text forms.
func must(t testing.TB, s *Set, texts ...string) []uint64 {
	var faults []Fault
	for _, text := range texts {
		f, err := registry().Parse(text)
		require.NoError(t, err)
		faults = append(faults, f)
	}
	return s.Add(faults...)
}

func TestHowOften(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // x struck, . not
	}{
		{"cut", "xxxxxxxx"},
		{"cut:times=2", "xx......"},
		{"cut:after=3", "...xxxxx"},
		{"cut:every=3", "x..x..x."},
		{"cut:after=1:every=3:times=2", ".x..x..."},
		{"cut:amount=1.00", "xxxxxxxx"},
		{"cut:amount=1.01", "........"},
		{"cut:inn=7708806062:api=a:invoice=i", "xxxxxxxx"},
		{"cut:inn=7708806063", "........"},
	} {
		t.Run(c.text, func(t *testing.T) {
			var s Set
			id := must(t, &s, c.text)[0]
			var fired uint64
			s.OnFired = func(st State, _ Subject) { require.Equal(t, id, st.ID); fired = st.Fired }
			got := ""
			for range len(c.want) {
				mark := "."
				if len(Strike[OnAPI](&s, &Subject{Match: Match{Register: "01", INN: "7708806062", API: "a", Invoice: "i", Amount: 100}})) > 0 {
					mark = "x"
				}
				got += mark
			}
			require.Equal(t, c.want, got)
			require.Equal(t, fired, s.List()[0].Fired)
			require.Empty(t, Strike[OnCommit](&s, &Subject{}), "another point")
		})
	}
}

// TestChance is the same on every machine and near its probability.
func TestChance(t *testing.T) {
	run := func(seed uint64) (struck []int) {
		s := Set{Seed: seed}
		must(t, &s, "cut:probability=0.25")
		for i := range 1000 {
			if len(Strike[OnAPI](&s, &Subject{})) > 0 {
				struck = append(struck, i)
			}
		}
		return struck
	}
	require.Equal(t, run(1), run(1))
	require.NotEqual(t, run(1), run(2))
	require.InDelta(t, 250, len(run(1)), 60)
}

func TestSet(t *testing.T) {
	var nobody *Set
	require.False(t, nobody.On(nil))
	require.Empty(t, Strike[OnAPI](nobody, &Subject{}))
	var s Set
	require.False(t, s.On(nil))
	ids := must(t, &s, "cut", "latency:1h", "http-status:500:times=1")
	require.Equal(t, []uint64{1, 2, 3}, ids)
	require.True(t, s.On(nil))
	hits := Strike[OnAPI](&s, &Subject{})
	require.Len(t, hits, 3)
	require.NoError(t, s.Remove(2))
	<-hits[1].Lifted // whoever waits for it goes on
	select {
	case <-hits[0].Lifted:
		t.Fatal("another fault was lifted")
	default:
	}
	require.ErrorIs(t, s.Remove(2), ErrNotFound)
	require.True(t, s.List()[1].Spent())
	require.Equal(t, 2, s.Reset())
	require.False(t, s.On(nil))
	<-hits[0].Lifted
	require.Equal(t, []uint64{4}, must(t, &s, "cut"), "ids are not used again")

	var own Set
	must(t, &own, "http-status:429")
	require.True(t, nobody.On(&own))
	require.Equal(t, HTTPStatus{429, AtRequest}, Strike[OnAPI](&s, &Subject{Own: &own})[1].Effect, "those of the request come last")
}

func TestOffCostsNothing(t *testing.T) {
	var s Set
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if s.On(nil) {
			t.Fatal("nothing is set")
		}
	}))
}

func TestHTTP(t *testing.T) {
	for _, c := range []struct {
		text    string
		status  int // 0: no answer
		goesOn  bool
		waiting string
	}{
		{"http-status:429", 429, false, "1"},
		{"http-status:500", 500, false, ""},
		{"cut", 0, false, ""},
		{"latency:1ms", 200, true, ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			f, err := registry().Parse(c.text)
			require.NoError(t, err)
			went := false
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !f.Effect.(OnAPI).Serve(w, r, nil) {
					went = true
				}
			}))
			defer srv.Close()
			resp, err := http.Get(srv.URL)
			if c.status == 0 {
				require.Error(t, err)
				require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), err)
				return
			}
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.status, resp.StatusCode)
			require.Equal(t, c.waiting, resp.Header.Get("Retry-After"))
			require.Equal(t, c.goesOn, went)
		})
	}
}

func TestStore(t *testing.T) {
	change := storage.Change{Records: []storage.Record{{Kind: 1, Key: []byte("k"), Value: []byte("v")}}}
	for _, c := range []struct {
		text   string
		err    error
		stored bool
	}{
		{"commit-fails", storage.ErrUnknownOutcome, false},
		{"commit-fails:unknown", storage.ErrUnknownOutcome, true},
		{"disk-full", syscall.ENOSPC, false},
	} {
		t.Run(c.text, func(t *testing.T) {
			var set Set
			s := Store(memory.Open(), &set)
			must(t, &set, c.text+":times=1")
			world, err := s.Namespace("x")
			require.NoError(t, err)
			_, err = world.Append(context.Background(), change)
			require.ErrorIs(t, err, c.err)
			require.ErrorIs(t, err, ErrSet)
			_, err = world.Record(1, []byte("k"))
			require.Equal(t, c.stored, err == nil)
			_, err = world.Append(context.Background(), change)
			require.NoError(t, err, "the fault has spent itself")
		})
	}
}

// TestSpare: what is told of a fault passes by the faults of the store.
func TestSpare(t *testing.T) {
	var set Set
	s := Store(memory.Open(), &set)
	must(t, &set, "disk-full")
	change := storage.Change{Events: [][]byte{[]byte("e")}}
	set.OnFired = func(State, Subject) {
		_, err := s.Append(Spare(context.Background()), change)
		require.NoError(t, err)
	}
	_, err := s.Append(context.Background(), change)
	require.ErrorIs(t, err, ErrSet)
	last, err := s.LastEvent()
	require.NoError(t, err)
	require.EqualValues(t, 1, last)
	require.EqualValues(t, 1, set.List()[0].Seen)
}

func TestMeetsAndLifted(t *testing.T) {
	var s Set
	lifted := 0
	s.OnLifted = func() { lifted++ }
	must(t, &s, "cut:times=1:inn=7708806062")
	subject := Subject{Match: Match{INN: "7708806062"}}
	require.True(t, Meets[OnAPI](&s, &subject))
	require.False(t, Meets[OnAPI](&s, &Subject{}))
	require.False(t, Meets[OnCommit](&s, &subject))
	require.Zero(t, s.List()[0].Seen, "a look does not count")
	require.Len(t, Strike[OnAPI](&s, &subject), 1)
	require.False(t, Meets[OnAPI](&s, &subject), "it has spent itself")
	require.Zero(t, lifted)
	s.Reset()
	require.Equal(t, 1, lifted)
}

func TestMagic(t *testing.T) {
	for _, c := range []struct {
		invoice, want string
		fails         bool
	}{{"", "", false}, {"1", "", false}, {"kktd-fault-503/1/2", "http-status:503", false}, {"kktd-fault-429", "http-status:429", false}, {"kktd-fault-4", "", true}} {
		text, err := Magic(c.invoice)
		require.Equal(t, c.want, text)
		require.Equal(t, c.fails, errors.Is(err, ErrFault), c.invoice)
	}
	seen := map[string]bool{}
	for _, m := range MagicIDs() {
		require.False(t, seen[m.ID], m.ID)
		seen[m.ID] = true
	}
}

func TestOfRequests(t *testing.T) {
	r := registry().OfRequests()
	var names []string
	for _, k := range r.Kinds() {
		names = append(names, k.Name)
	}
	require.Equal(t, []string{"http-status", "latency", "cut", "api-error", "drive-refuse", "drive-crypto", "drive-full", "drive-expired", "drive-resource",
		"register-error", "register-maintenance", "paper-out", "power-cut"}, names)
	for _, m := range MagicIDs() {
		_, err := r.Parse(m.Fault)
		require.NoError(t, err, m.ID)
	}
}
