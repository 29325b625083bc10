package kkt

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fault"
	"kktd/storage"
	"kktd/tlv"
)

var (
	imageSteps = flag.Int("images.steps", 120, "steps of TestImagesModel on each engine")
	imageSeed  = flag.Uint64("images.seed", 0, "seed of TestImagesModel; 0: by chance")
)

// modelRegister is a register as the model knows it: documents and tickets of its drives,
// its receipts that have come to an end, and its place.
type modelRegister struct {
	drives   [][][2]string
	receipts map[string]bool // ids
	place    string
}

func (m *modelRegister) copy() *modelRegister {
	c := &modelRegister{receipts: maps.Clone(m.receipts), place: m.place}
	for _, d := range m.drives {
		c.drives = append(c.drives, slices.Clone(d))
	}
	return c
}

// imageModel is the plainest bench of registers there is.
type imageModel struct {
	*bench
	random    *rand.Rand
	registers map[string]*modelRegister
	snapshots map[string]map[string]*modelRegister // by serial number and name
	files     []modelFile
	gone      map[string]bool // ids of receipts that were, and are not
	made      int
}

type modelFile struct {
	serial string
	bytes  []byte
	is     *modelRegister
}

// TestImagesModel does to registers by chance what can be done to them, and holds them
// against a model that only copies.
func TestImagesModel(t *testing.T) {
	engines(t, func(t *testing.T, store storage.Store) {
		seed := *imageSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		t.Logf("seed %d; again with -images.seed", seed)
		m := &imageModel{random: rand.New(rand.NewPCG(seed, 0)), registers: map[string]*modelRegister{}, snapshots: map[string]map[string]*modelRegister{}, gone: map[string]bool{}}
		m.bench = openBench(t, store, func(o *Options) { o.Faults = new(fault.Set) })
		m.fleet.draftDocuments = 4
		for i := range *imageSteps {
			what := m.step()
			m.compare(fmt.Sprintf("step %d, %s", i, what))
			if i%20 == 19 {
				m.fleet.tellWarnings(m.fleet.Registers()...) // a timer may be about to
				lines, _ := fsckLines(t, store)
				require.Empty(t, lines, "step %d, %s", i, what)
			}
			if i%35 == 34 {
				m.reopen()
				m.fleet.draftDocuments = 4
				m.compare("reopened")
			}
		}
	})
}

// step does one thing and tells which.
func (m *imageModel) step() string {
	t := m.t
	if len(m.registers) == 0 || m.random.IntN(25) == 0 && len(m.registers) < 4 {
		m.made++
		s := testSettings()
		s.Serial, s.DriveNumber, s.DriveCapacity = fmt.Sprint("register ", m.made), fmt.Sprintf("99991%011d", m.made), 1000
		require.NoError(t, m.fleet.Create("", s))
		m.registers[s.Serial] = &modelRegister{receipts: map[string]bool{}, place: s.Place}
		m.grown(s.Serial)
		return "new"
	}
	serials := slices.Sorted(maps.Keys(m.registers))
	serial := serials[m.random.IntN(len(serials))]
	r, err := m.fleet.Register(serial)
	require.NoError(t, err)
	is := m.registers[serial]
	name := string(rune('a' + m.random.IntN(2)))
	switch n := m.random.IntN(100); {
	case n < 30:
		x := testReceipt(uint64(m.random.IntN(100_000)))
		x.Serial = serial
		if m.random.IntN(3) == 0 {
			x.Parts = append(x.Parts, testReceipt(5).Parts[0])
			x.Request.Printed.Lines = []string{"строка"}
			x.Parts[0].Contact = tlv.MustText("buyer@example.com")
		}
		if m.random.IntN(12) == 0 {
			x.Parts[0].Payments.Cashless = 1 << 40 // it fails
		}
		o := m.submit(x)
		is.receipts[o.ID] = true
		m.grown(serial)
		return "receipt"
	case n < 42:
		for _, one := range append(r.Outgoing(), r) {
			first, last := one.Unsent()
			for k := first; k != 0 && k <= last && m.random.IntN(6) > 0; k++ {
				done := make(chan error)
				go one.Delivery().Confirm(k, ticketFor(t, one.Settings().DriveNumber, k), func(err error) { done <- err })
				require.NoError(t, <-done)
			}
		}
		m.grown(serial)
		return "tickets"
	case n < 47:
		if state, _ := r.State(); state.ShiftOpen {
			_, err = r.CloseShift(t.Context(), Person{})
		} else {
			_, err = r.OpenShift(t.Context(), Person{})
		}
		require.NoError(t, err)
		m.grown(serial)
		return "shift"
	case n < 50:
		is.place = fmt.Sprint("place", m.random.IntN(1000), ".example.com")
		state, _ := r.State()
		if state.Registrations >= 12 {
			return "nothing: no registration is left"
		}
		_, err = r.Reregister(t.Context(), func(s *Settings) error { s.Place = is.place; return nil }, 0)
		require.NoError(t, err)
		m.grown(serial)
		return "reregister"
	case n < 54:
		_, err := r.ResetDrive(t.Context())
		require.NoError(t, err)
		_, err = r.Fiscalize(t.Context(), nil)
		require.NoError(t, err)
		m.grown(serial)
		return "wipe"
	case n < 58:
		_, err := r.ReplaceDrive(t.Context(), nil, 0)
		require.NoError(t, err)
		m.grown(serial)
		return "replace"
	case n < 60:
		x, err := m.fleet.RenewRegister(t.Context(), serial)
		require.NoError(t, err)
		require.Len(t, x.Made, 1)
		m.lose(is.receipts, nil)
		m.registers[serial] = &modelRegister{receipts: map[string]bool{}, place: is.place}
		m.grown(serial)
		return "renew"
	case n < 63:
		if m.random.IntN(2) == 0 {
			m.clock.Advance(time.Duration(m.random.IntN(30)) * time.Hour)
			return "time"
		}
		_, err := r.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Offset, Offset: r.Clock().Setting().Offset + time.Hour}})
		require.NoError(t, err)
		return "own clock"
	case n < 72:
		_, err := r.Snapshot(t.Context(), name, true)
		require.NoError(t, err)
		if m.snapshots[serial] == nil {
			m.snapshots[serial] = map[string]*modelRegister{}
		}
		m.snapshots[serial][name] = is.copy()
		return "snapshot"
	case n < 84:
		was := m.snapshots[serial][name]
		_, err := r.Restore(t.Context(), name)
		if was == nil {
			require.ErrorIs(t, err, ErrNotFound)
			return "no snapshot"
		}
		if err != nil { // a drive of it may be in another register by now
			require.ErrorContains(t, err, "the drive of the snapshot is in register")
			return "drive taken"
		}
		m.lose(is.receipts, was.receipts)
		m.registers[serial] = was.copy()
		return "restore"
	case n < 86:
		if m.snapshots[serial][name] != nil {
			_, err := r.DeleteSnapshot(name)
			require.NoError(t, err)
			delete(m.snapshots[serial], name)
		}
		return "delete snapshot"
	case n < 91:
		f := modelFile{serial, m.export(serial), is.copy()}
		f.is.receipts = nil
		if m.files = append(m.files, f); len(m.files) > 3 {
			m.files = m.files[1:]
		}
		return "export"
	case n < 97:
		if len(m.files) == 0 {
			return "no file"
		}
		return m.load(m.files[m.random.IntN(len(m.files))])
	default:
		m.drop(serial)
		return "delete"
	}
}

// load imports a file, with the register of its number deleted before.
func (m *imageModel) load(f modelFile) string {
	if m.registers[f.serial] != nil {
		m.drop(f.serial)
	}
	_, sum, err := m.fleet.Import(m.t.Context(), Account{}, bytes.NewReader(f.bytes))
	if err != nil { // one of its drives may be in another register by now
		require.ErrorContains(m.t, err, "delete that register first")
		return "drive taken"
	}
	require.Equal(m.t, len(f.is.drives), sum.Drives)
	m.registers[f.serial] = f.is.copy()
	m.registers[f.serial].receipts = map[string]bool{}
	require.Equal(m.t, f.bytes, m.export(f.serial))
	return "import"
}

func (m *imageModel) drop(serial string) {
	_, err := m.fleet.DeleteRegister(m.t.Context(), serial)
	require.NoError(m.t, err)
	m.lose(m.registers[serial].receipts, nil)
	delete(m.registers, serial)
	delete(m.snapshots, serial)
}

// lose notes receipts that are gone, and those that are back.
func (m *imageModel) lose(had, has map[string]bool) {
	for id := range had {
		m.gone[id] = true
	}
	for id := range has {
		delete(m.gone, id)
	}
}

// look reads a register.
func (m *imageModel) look(serial string) (drives [][][2]string) {
	r, err := m.fleet.Register(serial)
	require.NoError(m.t, err)
	for _, d := range r.Settings().Drives {
		drives = append(drives, documentsOf(m.t, r, d))
	}
	return drives
}

// grown takes over what a register made: what was there is there still.
func (m *imageModel) grown(serial string) {
	was, now := m.registers[serial].drives, m.look(serial)
	require.GreaterOrEqual(m.t, len(now), len(was))
	for i, drive := range was {
		require.GreaterOrEqual(m.t, len(now[i]), len(drive))
		for k, d := range drive {
			require.Equal(m.t, d[0], now[i][k][0], "%s: drive %d, document %d", serial, i, k+1)
			require.True(m.t, d[1] == "" || d[1] == now[i][k][1], "%s: drive %d, ticket %d", serial, i, k+1)
		}
	}
	m.registers[serial].drives = now
}

// compare holds all registers against the model.
func (m *imageModel) compare(when string) {
	require.Len(m.t, m.fleet.Registers(), len(m.registers), when)
	for serial, is := range m.registers {
		require.Equal(m.t, is.drives, m.look(serial), "%s: %s", when, serial)
		r, err := m.fleet.Register(serial)
		require.NoError(m.t, err)
		_, err = r.State()
		require.NoError(m.t, err, when)
		if !strings.HasPrefix(when, "step") {
			require.Equal(m.t, is.place, r.Settings().Place)
		}
		for id := range is.receipts {
			rec, err := m.fleet.Receipt(id)
			require.NoError(m.t, err, when)
			require.True(m.t, r.HasDrive(rec.Drive), when)
		}
	}
	for id := range m.gone {
		_, err := m.fleet.Receipt(id)
		require.ErrorIs(m.t, err, ErrNotFound, when)
	}
	list, err := m.fleet.Snapshots("")
	require.NoError(m.t, err)
	n := 0
	for _, of := range m.snapshots {
		n += len(of)
	}
	require.Len(m.t, list, n, when)
}
