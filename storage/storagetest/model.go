package storagetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/storage"
)

// model is the plainest store there is.
type model struct {
	drives  map[storage.DriveID]*modelDrive
	records map[string]string // kind byte and key
	events  []string
}

type modelDrive struct {
	state     string
	version   uint64
	documents []string
	tickets   map[uint32]string
}

// testModel runs random changes, good and bad, on the store and on the model and compares them as it goes.
func testModel(t *testing.T, s storage.Store, reopen Reopen) {
	seed := rand.Uint64()
	if fixed, err := strconv.ParseUint(os.Getenv("KKTD_STORAGE_SEED"), 10, 64); err == nil {
		seed = fixed
	}
	t.Logf("KKTD_STORAGE_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	m := &model{drives: make(map[storage.DriveID]*modelDrive), records: make(map[string]string)}
	for i := range 600 {
		c := m.change(random)
		want, ok := m.apply(c)
		got, err := s.Append(t.Context(), c)
		require.Equal(t, ok, err == nil, "operation %d: %+v: %v", i, c, err)
		require.Equal(t, want, got, "operation %d", i)
		if reopen != nil && random.IntN(100) == 0 {
			s = reopen(t, s)
		}
		if i%50 == 0 {
			m.compare(t, s, random)
		}
	}
	m.compare(t, s, random)
	Verify(t, s)
}

// change makes a change that fits the model, or nearly.
func (m *model) change(random *rand.Rand) storage.Change {
	var c storage.Change
	if random.IntN(5) > 0 {
		c.Drive = storage.DriveID(1 + random.IntN(5))
		c.State = bytesOf(random, 600)
		d := m.drive(c.Drive)
		c.Expect = d.version
		last := uint32(len(d.documents))
		next := last + 1
		switch random.IntN(20) {
		case 0:
			c.Expect++
		case 1:
			next += uint32(random.IntN(3))
		}
		for range random.IntN(4) {
			c.Documents = append(c.Documents, storage.Document{Number: next, Container: bytesOf(random, 3000)})
			next++
		}
		for n := last - min(last, 3) + 1; n < next; n++ {
			if random.IntN(3) == 0 {
				container := ticket(c.Drive, n).Container
				if random.IntN(20) == 0 {
					container = bytesOf(random, 20)
				}
				c.Tickets = append(c.Tickets, storage.Ticket{Number: n, Container: container})
			}
		}
	}
	if random.IntN(20) == 0 {
		if d := storage.DriveID(1 + random.IntN(5)); d != c.Drive {
			c.Forget = append(c.Forget, d)
		}
	}
	for range random.IntN(4) {
		r := storage.Record{Kind: storage.Kind(1 + random.IntN(3)), Key: modelKey(random)}
		if random.IntN(3) > 0 {
			r.Value = bytesOf(random, 900)
		}
		c.Records = append(c.Records, r)
	}
	for range random.IntN(3) {
		c.Events = append(c.Events, bytesOf(random, 100))
	}
	return c
}

func bytesOf(random *rand.Rand, limit int) []byte {
	b := make([]byte, 1+random.IntN(limit))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func modelKey(random *rand.Rand) []byte {
	return fmt.Appendf(nil, "%d/%d", random.IntN(4), random.IntN(40))
}

func (m *model) drive(d storage.DriveID) *modelDrive {
	if found, ok := m.drives[d]; ok {
		return found
	}
	return &modelDrive{tickets: make(map[uint32]string)}
}

func (m *model) apply(c storage.Change) (result storage.Result, ok bool) {
	if c.Drive == 0 && len(c.Records) == 0 && len(c.Events) == 0 && len(c.Forget) == 0 {
		return result, false
	}
	if c.Drive != 0 {
		d := m.drive(c.Drive)
		documents := slices.Clone(d.documents)
		tickets := maps.Clone(d.tickets)
		if c.Expect != d.version {
			return result, false
		}
		for _, doc := range c.Documents {
			if int(doc.Number) != len(documents)+1 {
				return result, false
			}
			documents = append(documents, string(doc.Container))
		}
		for _, t := range c.Tickets {
			old, there := tickets[t.Number]
			if int(t.Number) > len(documents) || there && old != string(t.Container) {
				return result, false
			}
			tickets[t.Number] = string(t.Container)
		}
		result.Version = d.version + 1
		m.drives[c.Drive] = &modelDrive{string(c.State), result.Version, documents, tickets}
	}
	for _, d := range c.Forget {
		delete(m.drives, d)
	}
	for _, r := range c.Records {
		key := string(rune(r.Kind)) + string(r.Key)
		if r.Value == nil {
			delete(m.records, key)
		} else {
			m.records[key] = string(r.Value)
		}
	}
	if len(c.Events) > 0 {
		result.FirstEvent = uint64(len(m.events)) + 1
	}
	for _, e := range c.Events {
		m.events = append(m.events, string(e))
	}
	return result, true
}

func (m *model) compare(t *testing.T, s storage.Store, random *rand.Rand) {
	t.Helper()
	got := make(map[storage.DriveID]*modelDrive)
	require.NoError(t, s.Drives(func(d storage.DriveID, state []byte, version uint64) error {
		got[d] = &modelDrive{state: string(state), version: version, tickets: make(map[uint32]string)}
		return nil
	}))
	for d, drive := range got {
		require.NoError(t, s.Documents(d, 1, 0, func(n uint32, container, ticket []byte) error {
			drive.documents = append(drive.documents, string(container))
			if ticket != nil {
				drive.tickets[n] = string(ticket)
			}
			return nil
		}))
	}
	require.Len(t, got, len(m.drives))
	for d, want := range m.drives {
		require.Equal(t, want.version, got[d].version)
		require.Equal(t, want.state, got[d].state)
		require.True(t, slices.Equal(want.documents, got[d].documents), "documents of %d", d)
		require.True(t, maps.Equal(want.tickets, got[d].tickets), "tickets of %d", d)
	}
	for k := storage.Kind(1); k <= 3; k++ {
		m.compareRecords(t, s, k, nil, nil)
		m.compareRecords(t, s, k, modelKey(random)[:2], modelKey(random))
	}
	var events []string
	require.NoError(t, s.Events(0, 0, func(_ uint64, event []byte) error {
		events = append(events, string(event))
		return nil
	}))
	require.True(t, slices.Equal(m.events, events), "events")
}

func (m *model) compareRecords(t *testing.T, s storage.Store, k storage.Kind, prefix, after []byte) {
	t.Helper()
	var want, got []string
	for _, key := range slices.Sorted(maps.Keys(m.records)) {
		if key[0] == byte(k) && strings.HasPrefix(key[1:], string(prefix)) && (after == nil || key[1:] > string(after)) {
			want = append(want, key[1:]+"="+m.records[key])
		}
	}
	require.NoError(t, s.Records(k, prefix, after, 0, func(key, value []byte) error {
		got = append(got, string(key)+"="+string(value))
		return nil
	}))
	require.True(t, slices.Equal(want, got), "records %d, prefix %q, after %q", k, prefix, after)
}
