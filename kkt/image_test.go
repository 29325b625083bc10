package kkt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/fn"
	"kktd/storage"
	"kktd/storage/bolt"
	"kktd/storage/memory"
	"kktd/tlv"
)

// onEngines runs a test on each engine.
func onEngines(t *testing.T, test func(t *testing.T, open func() storage.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, func() storage.Store { return memory.Open() }) })
	t.Run("bolt", func(t *testing.T) {
		files := 0
		test(t, func() storage.Store {
			files++
			s, err := bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), fmt.Sprint(files, ".db")), NoSync: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		})
	})
}

// busyRegister makes a register that has seen everything: tickets, a message, printed
// texts, a failed receipt, another registration, a wiped drive, a replaced one with
// documents that are unsent, and a clock of its own.
func (b *bench) busyRegister() *Register {
	require.NoError(b.t, b.fleet.AddAccount(Account{PublicID: "pk_demo", Secret: "secret_demo"}))
	require.NoError(b.t, b.fleet.Fiscalize(b.t.Context(), "pk_demo", testSettings()))
	r, err := b.fleet.Register(testSerial)
	require.NoError(b.t, err)
	b.submit(testReceipt(1))
	_, err = r.ResetDrive(b.t.Context())
	require.NoError(b.t, err)
	_, err = r.Fiscalize(b.t.Context(), nil)
	require.NoError(b.t, err)
	x := testReceipt(200)
	x.Parts[0].Contact = tlv.MustText("buyer@example.com")
	x.Request.Printed.Lines = []string{"Спасибо", "за покупку"}
	x.Request.Key, x.Request.Render = "key", func(o *Outcome) []byte { return []byte(o.ID) }
	b.submit(x)
	b.confirmAll(testSerial)
	bad := testReceipt(1)
	bad.Parts[0].Payments.Cashless = 1 << 40
	require.Equal(b.t, Failed, b.submit(bad).Status)
	b.clock.Advance(25 * time.Hour)
	b.submit(testReceipt(300))
	b.confirmAll(testSerial)
	_, err = r.Reregister(b.t.Context(), func(s *Settings) error { s.Place = "shop.example.com"; return nil }, 0)
	require.NoError(b.t, err)
	b.submit(testReceipt(400))
	_, err = r.ReplaceDrive(b.t.Context(), nil, 0)
	require.NoError(b.t, err)
	_, err = r.MoveClock(clock.Move{Setting: clock.Setting{Mode: clock.Offset, Offset: time.Hour}})
	require.NoError(b.t, err)
	b.submit(testReceipt(500))
	return r
}

func (b *bench) export(serial string) []byte {
	b.t.Helper()
	r, err := b.fleet.Register(serial)
	require.NoError(b.t, err)
	var file bytes.Buffer
	require.NoError(b.t, r.Export(context.Background(), &file))
	return file.Bytes()
}

func TestExportedRegisterComesBackByteByByte(t *testing.T) {
	onEngines(t, func(t *testing.T, open func() storage.Store) {
		b := openBench(t, open(), nil)
		r := b.busyRegister()
		file := b.export(testSerial)
		require.Equal(t, file, b.export(testSerial), "it is the same each time")

		other := openBench(t, open(), nil)
		other.clock.Advance(48 * time.Hour)
		came, sum, err := other.fleet.Import(t.Context(), Account{PublicID: "pk_other", Secret: "secret"}, bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, ImageSummary{Drives: 3, Documents: 3 + 12 + 3, Receipts: 6}, sum)
		require.Equal(t, file, other.export(testSerial))
		requireSameDocuments(t, r, came)
		require.Len(t, came.Outgoing(), 1, "the replaced drive has something to send")
		require.True(t, came.HasOwnClock())
		a, _ := other.fleet.Account("pk_other")
		require.True(t, a.Allows(testINN))

		other.reopen()
		require.Equal(t, file, other.export(testSerial))
		other.confirmAll(testSerial)
		x := testReceipt(600)
		x.Request.Account = "pk_other"
		o := other.submit(x)
		require.Equal(t, Processed, o.Status)
		rec, err := other.fleet.Receipt(o.ID)
		require.NoError(t, err)
		require.Equal(t, came.Settings().Drive(), rec.Drive)
		require.Equal(t, []uint32{4}, rec.Documents)
		other.reopen()
		_, _, err = other.fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
		wrong := (*InvalidError)(nil)
		require.ErrorAs(t, err, &wrong, "it is there")
		require.Equal(t, "serial", wrong.Field)
		_, err = other.fleet.DeleteRegister(t.Context(), testSerial)
		require.NoError(t, err)
		_, _, err = other.fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, file, other.export(testSerial))
	})
}

func requireSameDocuments(t *testing.T, one, other *Register) {
	t.Helper()
	mine, theirs := one.Settings().Drives, other.Settings().Drives
	require.Len(t, theirs, len(mine))
	for i := range mine {
		require.Equal(t, documentsOf(t, one, mine[i]), documentsOf(t, other, theirs[i]))
	}
}

// documentsOf are documents and tickets of a drive.
func documentsOf(t testing.TB, r *Register, drive storage.DriveID) (list [][2]string) {
	require.NoError(t, r.Archive(drive, 1, 0, func(_ uint32, container, ticket []byte) error {
		list = append(list, [2]string{string(container), string(ticket)})
		return nil
	}))
	return list
}

func TestImportRefuses(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	b.busyRegister()
	file := b.export(testSerial)
	edited := func(kind byte, n int, edit func([]byte) []byte) []byte { return editImage(t, file, kind, n, edit) }
	for name, c := range map[string]struct {
		file []byte
		opts func(*Options)
		want string
	}{
		"nothing":                      {file: nil, want: "at byte 0: it does not begin as an image does"},
		"another file":                 {file: []byte("SQLite format 3\x00"), want: "at byte 0: it does not begin"},
		"another format":               {file: append([]byte(imageMagic), 2), want: "at byte 17: version 2 of the format, this kktd reads 1"},
		"cut off":                      {file: file[:len(file)/2], want: "the file ends in"},
		"without end":                  {file: file[:len(file)-41], want: "its end is missing"},
		"more":                         {file: append(bytes.Clone(file), 'x'), want: fmt.Sprintf("at byte %d: there is more behind the end", len(file))},
		"a bit":                        {file: flip(file, len(file)/2), want: "is damaged: its checksum is another"},
		"a part less":                  {file: without(t, file, partReceipt, 1), want: "the sum of the whole file is another"},
		"a document less":              {file: resum(t, without(t, file, partDocument, 1)), want: "the container is of document 3"},
		"documents missing at the end": {file: resum(t, without(t, file, partDocument, 17)), want: "is at document 3 by its state and has 2 documents"},
		"a drive less":                 {file: resum(t, without(t, file, partDrive, 2)), want: "document 13 of drive 9999078900005430"},
		"another key":                  {file: file, opts: func(o *Options) { o.Master = []byte("another") }, want: "signed with another master key"},
		"a ticket less":                {file: edited(partDocument, 4, func(b []byte) []byte { return b[:4+be32(b)] }), want: "a ticket for document 3, the oldest without one is 2"},
		"a wrong ticket":               {file: edited(partDocument, 4, func(b []byte) []byte { return append(b[:4+be32(b)], "ticket"...) }), want: "drive 9999078900005430, document 2: the ticket"},
		"strict tickets":               {file: edited(partDocument, 4, func(b []byte) []byte { return b }), opts: func(o *Options) { o.TicketMode = fn.TicketStrict }},
		"a state that counts otherwise": {file: edited(partDrive, 1, func(b []byte) []byte {
			s, err := fn.ParseState(b)
			require.NoError(t, err)
			s.Totals.Receipts[0].Count++
			b, _ = s.AppendBinary(nil)
			return b
		}), want: "state of the image, Totals.Receipts[0].Count: expected 3, found 4"},
		"a receipt of another drive": {file: edited(partReceipt, 0, func(b []byte) []byte {
			r, err := parseImageReceipt(b)
			require.NoError(t, err)
			r.record.Drive = 4
			return r.append(nil)
		}), want: "a receipt: it names a drive that the image has not"},
		"a receipt of a shift report": {file: edited(partReceipt, 0, func(b []byte) []byte {
			r, err := parseImageReceipt(b)
			require.NoError(t, err)
			r.record.Documents = []uint32{2}
			return r.append(nil)
		}), want: "names a document that is no receipt"},
		"a setting of a newer kktd": {file: edited(partHead, 0, func(b []byte) []byte { return append([]byte(`{"colour":1,`), b[1:]...) }), want: `unknown field "colour"`},
		"settings that the report contradicts": {file: edited(partHead, 0, func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"tax_systems":[1,2]`), []byte(`"tax_systems":[1]`), 1)
		}), want: "the settings of the register and the report differ in Registration.TaxSystems"},
		"no serial": {file: edited(partHead, 0, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(testSerial), nil) }), want: "serial"},
	} {
		t.Run(name, func(t *testing.T) {
			store := memory.Open()
			other := openBench(t, store, c.opts)
			other.damaged = c.opts != nil // another key than that of the look at the end
			_, _, err := other.fleet.Import(t.Context(), Account{}, bytes.NewReader(c.file))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrImage)
			require.ErrorContains(t, err, c.want)
			require.Empty(t, other.fleet.Registers())
			requireEmpty(t, store)
		})
	}
}

// requireEmpty proves that a store keeps nothing of a register.
func requireEmpty(t *testing.T, store storage.Store) {
	t.Helper()
	require.NoError(t, store.Drives(func(d storage.DriveID, _ []byte, _ uint64) error { return fmt.Errorf("drive %d", d) }))
	for kind := storage.Kind(2); kind <= kindBase; kind++ {
		if kind != kindAccount && kind != kindClock {
			require.NoError(t, store.Records(kind, nil, nil, 0, func(key, _ []byte) error { return fmt.Errorf("record %d %X", kind, key) }))
		}
	}
	last, err := store.LastEvent()
	require.NoError(t, err)
	require.Zero(t, last)
}

func be32(b []byte) int { return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }

func flip(file []byte, at int) []byte {
	file = bytes.Clone(file)
	file[at] ^= 4
	return file
}

// imageParts are the parts of a file, without the end.
func imageParts(t testing.TB, file []byte) (kinds []byte, bodies [][]byte) {
	at := len(imageMagic) + 1
	for at < len(file) {
		n := be32(file[at+1:])
		if kind := file[at]; kind != partEnd {
			kinds, bodies = append(kinds, kind), append(bodies, file[at+partHeaderLen:at+partHeaderLen+n])
		}
		at += partHeaderLen + n + partCRCLen
	}
	require.Equal(t, len(file), at)
	return kinds, bodies
}

// writeImage puts parts together again, with the right sums.
func writeImage(t testing.TB, kinds []byte, bodies [][]byte) []byte {
	var file bytes.Buffer
	w, err := newImageWriter(&file)
	require.NoError(t, err)
	for i, kind := range kinds {
		require.NoError(t, w.part(kind, func(b []byte) ([]byte, error) { return append(b, bodies[i]...), nil }))
	}
	require.NoError(t, w.end())
	return file.Bytes()
}

// editImage changes the n-th part of a kind.
func editImage(t testing.TB, file []byte, kind byte, n int, edit func([]byte) []byte) []byte {
	kinds, bodies := imageParts(t, file)
	for i := range kinds {
		if kinds[i] == kind {
			if n == 0 {
				bodies[i] = edit(bytes.Clone(bodies[i]))
				return writeImage(t, kinds, bodies)
			}
			n--
		}
	}
	require.FailNow(t, "no such part")
	return nil
}

// without takes the n-th part of a kind out and leaves the sum at the end.
func without(t testing.TB, file []byte, kind byte, n int) []byte {
	at := len(imageMagic) + 1
	for at < len(file) {
		end := at + partHeaderLen + be32(file[at+1:]) + partCRCLen
		if file[at] == kind {
			if n == 0 {
				return append(bytes.Clone(file[:at]), file[end:]...)
			}
			n--
		}
		at = end
	}
	require.FailNow(t, "no such part")
	return nil
}

func resum(t testing.TB, file []byte) []byte {
	kinds, bodies := imageParts(t, file)
	return writeImage(t, kinds, bodies)
}

func TestImportNeedsFreeDrives(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	b.busyRegister()
	file := b.export(testSerial)
	other := openBench(t, memory.Open(), nil)
	s := testSettings()
	s.Serial = "2"
	require.NoError(t, other.fleet.Create("", s))
	_, _, err := other.fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
	require.ErrorContains(t, err, "the drive is in register 2: delete that register first")
	_, _, err = other.fleet.Import(t.Context(), Account{PublicID: "unknown"}, bytes.NewReader(file))
	require.ErrorContains(t, err, "there is no such account")

	any := func(o *Options) { o.AnyDriveNumber = true }
	real := openBench(t, memory.Open(), any)
	s.DriveNumber = "8710000100001234"
	require.NoError(t, real.fleet.Create("", s))
	file = real.export("2")
	_, _, err = openBench(t, memory.Open(), nil).fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
	require.ErrorContains(t, err, "numbers of an emulator begin with 9999")
	_, _, err = openBench(t, memory.Open(), any).fleet.Import(t.Context(), Account{}, bytes.NewReader(file))
	require.NoError(t, err)
}

func TestNoImageWhileReceiptsWait(t *testing.T) {
	b := newBench(t)
	b.opts.Delay = time.Hour
	b.reopen()
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	b.submit(testReceipt(1))
	require.ErrorIs(t, r.Export(t.Context(), io.Discard), ErrQueued)
	_, err = r.Snapshot(t.Context(), "a", false)
	require.ErrorIs(t, err, ErrQueued)
	_, err = b.fleet.SnapshotAll(t.Context(), "a", false)
	require.ErrorIs(t, err, ErrQueued)
}

func FuzzReadImage(f *testing.F) {
	b := openBench(f, memory.Open(), nil)
	b.t = f
	require.NoError(f, b.fleet.Create("", testSettings()))
	b.submit(testReceipt(1))
	b.confirmAll(testSerial)
	r, err := b.fleet.Register(testSerial)
	require.NoError(f, err)
	var file bytes.Buffer
	require.NoError(f, r.Export(context.Background(), &file))
	f.Add(file.Bytes())
	f.Add(file.Bytes()[:100])
	f.Add([]byte(imageMagic))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// The sums keep most changes out: so they are made right first, where the parts allow it.
		fixed := fixSums(raw)
		var once, twice bytes.Buffer
		err := copyImage(fixed, &once)
		if err != nil {
			wrong := (*ImageError)(nil)
			require.ErrorAs(t, err, &wrong)
			require.LessOrEqual(t, wrong.Offset, int64(len(fixed)))
			return
		}
		require.NoError(t, copyImage(once.Bytes(), &twice))
		require.Equal(t, once.Bytes(), twice.Bytes())
	})
}

func copyImage(file []byte, to io.Writer) error {
	w, err := newImageWriter(to)
	if err == nil {
		err = readImage(bytes.NewReader(file), w)
	}
	if err != nil {
		return err
	}
	return w.end()
}

// fixSums makes CRCs and sum right as far as the bytes look like parts.
func fixSums(raw []byte) []byte {
	at := len(imageMagic) + 1
	raw = bytes.Clone(raw)
	for at+partHeaderLen <= len(raw) {
		n := be32(raw[at+1:])
		end := at + partHeaderLen + n
		if n < 0 || end+partCRCLen > len(raw) {
			break
		}
		if raw[at] == partEnd && n == sha256.Size {
			sum := sha256.Sum256(raw[:at])
			copy(raw[at+partHeaderLen:], sum[:])
		}
		binary.BigEndian.PutUint32(raw[end:], crc32.Checksum(raw[at:end], castagnoli))
		at = end + partCRCLen
	}
	return raw
}

func TestCopyOfImageIsTheImage(t *testing.T) {
	b := openBench(t, memory.Open(), nil)
	b.busyRegister()
	file := b.export(testSerial)
	var again bytes.Buffer
	require.NoError(t, copyImage(file, &again))
	require.Equal(t, file, again.Bytes())
	failed := errors.New("the disk is full")
	r, err := b.fleet.Register(testSerial)
	require.NoError(t, err)
	require.ErrorIs(t, r.Export(t.Context(), failingWriter{failed}), failed)
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
