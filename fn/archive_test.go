package fn

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/tlv"
)

// wire joins parts of an answer: hex digits with spaces, or text in quotes.
func wire(parts ...string) string {
	var b []byte
	for _, p := range parts {
		if text, ok := strings.CutPrefix(p, `"`); ok {
			b = append(b, strings.TrimSuffix(text, `"`)...)
			continue
		}
		x, err := hex.DecodeString(strings.ReplaceAll(p, " ", ""))
		if err != nil {
			panic(err)
		}
		b = append(b, x...)
	}
	return hex.EncodeToString(b)
}

func le32(v uint32) string { return hex.EncodeToString(binary.LittleEndian.AppendUint32(nil, v)) }

// TestAnswersOfTheState holds the answers that need no document to their bytes
// (spec/fn.md 3, 4.1 to 4.4).
func TestAnswersOfTheState(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	answers := func(now string) map[string]string {
		x, err := b.s.ExchangeStatus()
		require.NoError(t, err)
		number, version := b.s.Number(), b.s.Version()
		return map[string]string{"30h": hex.EncodeToString(b.s.Status(at(now)).Append(nil)), "31h": hex.EncodeToString(number[:]),
			"32h": hex.EncodeToString(b.s.Term().Append(nil)), "33h": hex.EncodeToString(version.Append(nil)), "20h": hex.EncodeToString(x.Append(nil))}
	}
	number := `"9999078900005430"`
	require.Equal(t, map[string]string{"30h": wire("01 00 00 00 00  00 00 00 00 00", number, "00 00 00 00"), "31h": wire(number),
		"32h": wire("00 00 00 0C 00"), "33h": wire(`"kktd fn debug   "`, "00"), "20h": wire("00 00  00 00  00 00 00 00  00 00 00 00 00")}, answers("2026-01-10 10:00"))

	b.must(b.registration(), "2026-01-10 10:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:05")
	b.must(b.receipt(100), "2026-01-10 23:59")
	require.Equal(t, map[string]string{"30h": wire("03 00 00 01 08  1A 01 0A 17 3B", number, "03 00 00 00"), "31h": wire(number),
		"32h": wire("1B 07 18 0B 01"), "33h": wire(`"kktd fn debug   "`, "00"), "20h": wire("02 00  03 00  01 00 00 00  1A 01 0A 0A 00")}, answers("2026-01-12 10:00"))
	shift, err := b.s.ShiftParameters()
	require.NoError(t, err)
	require.Equal(t, wire("01 01 00 01 00"), hex.EncodeToString(shift.Append(nil)))
	n, err := b.s.UnsentCount()
	require.NoError(t, err)
	require.EqualValues(t, 3, n)

	x, err := b.s.ExchangeStatus()
	require.NoError(t, err)
	x.Connected, x.Waiting, x.Reading = true, true, true
	require.Equal(t, wire("07 01"), hex.EncodeToString(x.Append(nil)[:2]))
	require.Equal(t, wire("00 FF FF FF FF"), hex.EncodeToString(Shift{Number: 70000, Receipts: 1 << 20}.Append(nil)), "two bytes stop at their end")
}

// TestShortRecords has a case for every row of the short records of 40h
// (spec/fn.md 4.4): what stands behind the form code and the ticket.
func TestShortRecords(t *testing.T) {
	inn, rnm := `"7708806062  "`, `"0000000004030311    "`
	for _, c := range []struct {
		row  string
		form ffd.Form
		size int
		rest string
	}{
		{"1 | ASCII 12, ASCII 20, Byte tax, Byte mode | 47", 1, 47, wire(inn, rnm, "3F 20")},
		{"11 | the same and Byte reason | 48", 11, 48, wire(inn, rnm, "3F 20 03")},
		{"2, 5 | Uint16 shift | 15", 2, 15, wire("01 00")},
		{"2, 5 | Uint16 shift | 15: closing", 5, 15, wire("01 00")},
		{"3, 4, 31, 41 | Byte operation, Uint40 total | 19: receipt", 3, 19, wire("01 AB 90 00 00 00")},
		{"3, 4, 31, 41 | Byte operation, Uint40 total | 19: БСО", 4, 19, wire("01 E4 C0 00 00 00")},
		{"3, 4, 31, 41 | Byte operation, Uint40 total | 19: correction", 31, 19, wire("01 E7 D6 05 00 00")},
		{"3, 4, 31, 41 | Byte operation, Uint40 total | 19: БСО correction", 41, 19, wire("01 21 B9 07 00 00")},
		{"6 | ASCII 12, ASCII 20 | 45", 6, 45, wire(inn, rnm)},
		{"21 | Uint32 unconfirmed, DATE of the oldest | 20", 21, 20, wire("06 00 00 00 1A 01 0A")},
	} {
		for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
			t.Run(c.row+"/"+v.String(), func(t *testing.T) {
				b := wholeLife(t, v, ffd.InternetOnly)
				a := Archive{State: &b.s, Documents: b.archive()}
				for i := range b.out.Documents {
					d := &b.out.Documents[i]
					if d.Form != c.form || c.form == 2 && d.Shift != 1 || c.form == 5 && d.Shift != 1 {
						continue
					}
					x, err := a.FindDocument(d.Number)
					require.NoError(t, err)
					got := x.Append(nil)
					require.Len(t, got, 2+c.size)
					head := hex.EncodeToString(appendDateTime([]byte{byte(c.form), 0}, d.Time)) + le32(d.Number) + le32(d.Sign)
					require.Equal(t, head+c.rest, hex.EncodeToString(got))
					return
				}
				t.Fatal("no such document")
			})
		}
	}
}

func TestModeBytes(t *testing.T) {
	for _, c := range []struct {
		row  string
		m    ffd.Modes
		mode byte
		more byte
	}{
		{"mode 0 encryption", ffd.Modes{Encryption: true}, 1 << 0, 0},
		{"mode 1 autonomous", ffd.Modes{Offline: true}, 1 << 1, 0},
		{"mode 2 automatic", ffd.Modes{Automatic: true}, 1 << 2, 0},
		{"mode 3 services", ffd.Modes{Conditions: ffd.ServicesOnly}, 1 << 3, 0},
		{"mode 4 АС БСО", ffd.Modes{Conditions: ffd.BSOSystem}, 1 << 4, 0},
		{"mode 5 Internet only", ffd.Modes{Conditions: ffd.InternetOnly}, 1 << 5, 0},
		{"mode 6 catering", ffd.Modes{Conditions: ffd.Catering}, 1 << 6, 0},
		{"mode 7 wholesale", ffd.Modes{Conditions: ffd.Wholesale}, 1 << 7, 0},
		{"extended 0 excise goods", ffd.Modes{Conditions: ffd.ExciseGoods}, 0, 1 << 0},
		{"extended 1 gambling", ffd.Modes{Conditions: ffd.Gambling}, 0, 1 << 1},
		{"extended 2 lottery", ffd.Modes{Conditions: ffd.Lottery}, 0, 1 << 2},
		{"extended 3 printer in the automaton", ffd.Modes{Conditions: ffd.PrinterInAutomat}, 0, 1 << 3},
		{"extended 4 marked goods", ffd.Modes{Conditions: ffd.MarkedGoods}, 0, 1 << 4},
		{"extended 5 pawnshop", ffd.Modes{Conditions: ffd.Pawnshop}, 0, 1 << 5},
		{"extended 6 insurance", ffd.Modes{Conditions: ffd.Insurance}, 0, 1 << 6},
		{"extended 7 vending machine", ffd.Modes{Conditions: ffd.Vending}, 0, 1 << 7},
	} {
		t.Run(c.row, func(t *testing.T) {
			require.Equal(t, c.mode, modeByte(c.m))
			require.Equal(t, c.more, moreModes(c.m))
		})
	}
}

func TestTicketOfTheArchive(t *testing.T) {
	b := inPhase(t, PhaseFiscal)
	docs := b.archive()
	a := Archive{State: &b.s, Documents: docs}
	_, err := a.Ticket(1)
	require.ErrorIs(t, err, CodeNoData)
	_, err = a.Ticket(2)
	require.ErrorIs(t, err, CodeNoData)
	box := b.ticket(1, nil)
	b.must(&Confirm{Container: box}, "2026-01-10 10:00")
	docs.tickets = [][]byte{box}
	x, err := a.Ticket(1)
	require.NoError(t, err)
	require.Equal(t, wire("8806"), hex.EncodeToString(x.Sign[:2]))
	want := wire("19 06 01 0C 1E") + hex.EncodeToString(x.Sign[:8]) + wire("00 00 00 00 00 00 00 00 00 00", "01 00 00 00")
	require.Equal(t, want, hex.EncodeToString(x.Append(nil)))
	record, err := a.FindDocument(1)
	require.NoError(t, err)
	require.True(t, record.Ticket)
}

// TestRegistrationsOfTheArchive holds commands 43h, 44h and 47h to their bytes.
func TestRegistrationsOfTheArchive(t *testing.T) {
	for _, c := range []struct {
		v     ffd.Version
		last  string // modes, further modes and operator, reason
		short string // the same without a reason
	}{
		{ffd.V105, wire("3F 20 03"), wire("3F 20")},
		{ffd.V110, wire("3F 20 00", `"9999000013  "`, "08 00 00 80"), wire("3F 20 00", `"9999000013  "`)},
		{ffd.V120, wire("3F 20 00", `"9999000013  "`, "08 00 00 80"), wire("3F 20 00", `"9999000013  "`)},
	} {
		t.Run(c.v.String(), func(t *testing.T) {
			b := wholeLife(t, c.v, ffd.InternetOnly)
			a := Archive{State: &b.s, Documents: b.archive()}
			d := &b.out.Documents[8]
			require.Equal(t, ffd.FormReregistration, d.Form)
			head := wire("1A 01 0A 14 02", `"7708806062  "`, `"0000000004030311    "`)
			tail := le32(d.Number) + le32(d.Sign)
			check := func() {
				for _, index := range []int{0, 2} {
					x, err := a.Registration(index)
					require.NoError(t, err)
					require.Equal(t, head+c.short+tail, hex.EncodeToString(x.Append(nil, false)))
					require.Equal(t, head+c.last+tail, hex.EncodeToString(x.Append(nil, true)))
				}
				x, err := a.Registration(1)
				require.NoError(t, err)
				require.EqualValues(t, 1, x.Number)
				require.Zero(t, x.Reasons)
			}
			check()
			b.s.RegistrationDocs = [maxRegistrations]uint32{1} // as a state of version 1 has it
			check()
			_, err := a.Registration(3)
			require.ErrorIs(t, err, CodeNoData)
			_, err = a.Registration(-1)
			require.ErrorIs(t, err, CodeNoData)

			item, err := a.RegistrationItem(0, ffd.TagTaxSystems)
			require.NoError(t, err)
			require.Equal(t, wire("26 04 01 00 3F"), hex.EncodeToString(item))
			_, err = a.RegistrationItem(1, ffd.TagKKTChangeReasons)
			require.ErrorIs(t, err, CodeNoData, "form 1 has no reasons")

			all, err := a.RegistrationItems(0)
			require.NoError(t, err)
			require.Equal(t, d.TLV()[tlv.HeaderLen:], readAll(t, &all))
		})
	}
}

// readAll reads with 46h or 47h to the end.
func readAll(t *testing.T, r *Reading) (all []byte) {
	for {
		item, err := r.Next()
		if err != nil {
			require.ErrorIs(t, err, CodeNoData)
			return all
		}
		all = append(all, item...)
	}
}

func TestDocumentAsTLV(t *testing.T) {
	b := wholeLife(t, ffd.V120)
	a := Archive{State: &b.s, Documents: b.archive()}
	for i := range b.out.Documents {
		d := &b.out.Documents[i]
		r, err := a.OpenDocument(d.Number)
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(d.TLV()[:4]), hex.EncodeToString(r.Append(nil)), "form and length, as the document begins")
		require.Equal(t, d.TLV()[tlv.HeaderLen:], readAll(t, &r))
	}
	_, err := (&Reading{}).Next()
	require.ErrorIs(t, err, CodeNoData, "46h without 45h")
}

// TestFaultsOfTheArchive tells what is not there from what is lost.
func TestFaultsOfTheArchive(t *testing.T) {
	b := wholeLife(t, ffd.V120)
	whole := b.archive()
	for _, c := range []struct {
		name   string
		number uint32
		docs   *archive
		code   Code // 0: a fault
		text   string
	}{
		{"document 0", 0, whole, CodeNoData, "there is no document 0"},
		{"after the last", 99, whole, CodeNoData, "there is no document 99, the last is 12"},
		{"lost at the end", 12, &archive{containers: whole.containers[:11]}, 0, "drive 9999078900005430, document 12"},
		{"damaged", 2, &archive{containers: [][]byte{whole.containers[0], whole.containers[1][:40]}}, 0, "drive 9999078900005430, document 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Archive{State: &b.s, Documents: c.docs}.FindDocument(c.number)
			require.ErrorContains(t, err, c.text)
			var r *Refusal
			require.Equal(t, c.code != 0, errors.As(err, &r))
			if r != nil {
				require.Equal(t, c.code, r.Code)
				require.Equal(t, c.number, r.Number)
			}
		})
	}
}

// TestDiffOfAReplay passes over what no document tells.
func TestDiffOfAReplay(t *testing.T) {
	s := wholeLife(t, ffd.V120).s
	r := Replay{State: s}
	stored := s
	stored.Failed, stored.RegistrationDocs[1] = true, 0
	require.Empty(t, r.Diff(&stored))
	stored.RegistrationDocs[1] = 3
	require.Equal(t, []FieldDifference{{Field: "RegistrationDocs[1]", Mine: "9", Other: "3"}}, r.Diff(&stored))
}

// TestStatusTable has a case for every row of the status (spec/fn.md 3).
func TestStatusTable(t *testing.T) {
	b := newBench(t, ffd.V120, Model36, 250000)
	b.must(b.registration(), "2026-01-10 10:00")
	b.must(&OpenShift{Data: b.shiftData(2)}, "2026-01-10 10:05")
	status := b.s.Status(at("2026-01-12 10:00")).Append(nil)
	require.Len(t, status, 30)
	for _, c := range []struct {
		row          string
		offset, size int
		want         string
	}{
		{"0 | 1 | life phase", 0, 1, wire("03")},
		{"1 | 1 | current document", 1, 1, wire("00")},
		{"2 | 1 | document data: 0 none, 1 some TLV received", 2, 1, wire("00")},
		{"3 | 1 | shift: 0 closed, 1 open", 3, 1, wire("01")},
		{"4 | 1 | warning flags", 4, 1, wire("08")},
		{"5 | 5 | DATE_TIME of the last document", 5, 5, wire("1A 01 0A 0A 05")},
		{"10 | 16 | ФН number, ASCII", 10, 16, wire(`"9999078900005430"`)},
		{"26 | 4 | number of the last document, Uint32 LE", 26, 4, wire("02 00 00 00")},
	} {
		t.Run(c.row, func(t *testing.T) { require.Equal(t, c.want, hex.EncodeToString(status[c.offset:c.offset+c.size])) })
	}
	b.must(&CloseShift{Data: b.shiftData(5)}, "2026-01-12 10:00")
	require.Zero(t, b.s.Status(at("2026-01-12 10:00")).Append(nil)[3], "shift: 0 closed")
}
