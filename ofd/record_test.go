package ofd

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sampleRecord() Document {
	return Document{Epoch: 7, Drive: ffd.Pad[[16]byte]("9999078900005430"), Number: 9, Other: true,
		Received: time.UnixMilli(1_748_779_200_123).UTC(), Container: []byte("container"), Ticket: []byte("ticket"),
		Findings: []ffd.Finding{{Path: "3/1059[2]", Tag: 1059, Offset: 42, Rule: ffd.RuleItemSum, Severity: ffd.Error, Ru: "сумма", En: "sum"},
			{Rule: RuleGap, Severity: ffd.Warning, Ru: "нет", En: "missing"}}}
}

func TestRecord(t *testing.T) {
	want := sampleRecord()
	for _, tc := range []struct {
		name     string
		findings []ffd.Finding
		other    bool
	}{{"with findings", want.Findings, true}, {"without", nil, false}} {
		t.Run(tc.name, func(t *testing.T) {
			want.Findings, want.Other = tc.findings, tc.other
			got, err := parseRecord(appendRecord([]byte("before"), &want)[6:])
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// The bytes of every version must be read for ever.
func TestRecordGolden(t *testing.T) {
	golden := filepath.Join("testdata", "record-v2.hex")
	b := appendRecord(nil, new(sampleRecord()))
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(hex.EncodeToString(b)+"\n"), 0o644))
	}
	require.Equal(t, hex.EncodeToString(b)+"\n", readText(t, golden))

	old, err := hex.DecodeString(strings.TrimSpace(readText(t, filepath.Join("testdata", "record-v1.hex"))))
	require.NoError(t, err)
	got, err := parseOldRecord(old)
	require.NoError(t, err)
	want := sampleRecord()
	want.Epoch, want.Drive, want.Number, want.Other = 0, [16]byte{}, 0, false
	require.Equal(t, want, got)
}

func readText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

func TestRecordRefuses(t *testing.T) {
	good := appendRecord(nil, &Document{Container: []byte("c"), Ticket: []byte("t")})
	change := func(at int, to byte) []byte {
		b := append([]byte(nil), good...)
		b[at] = to
		return b
	}
	for _, tc := range []struct {
		name string
		b    []byte
	}{
		{"empty", nil}, {"short", good[:recordHeadLen-1]}, {"version 1", change(0, 1)}, {"version 3", change(0, 3)}, {"unknown flag", change(1, 2)},
		{"container longer than the record", change(41, 3)}, {"ticket longer than the record", change(45, 2)},
		{"lengths that overflow", change(38, 0xFF)}, {"rest is no finding", append(good[:len(good):len(good)], 1, 2)},
		{"text longer than the rest", append(good[:len(good):len(good)], 1, 0, 0, 0, 9)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parseRecord(tc.b)
			require.ErrorIs(t, err, errRecord)
		})
	}
}

func TestHead(t *testing.T) {
	want := head{epochs: []uint64{1, 5}, last: 40, tail: []entry{{number: 39, id: 100}, {number: 40, id: 103}}}
	got, err := parseHead(appendHead(nil, &want))
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, b := range [][]byte{nil, {1}, {2}, {2, 0}, {2, 9, 1}, appendHead(nil, &want)[:20], append(appendHead(nil, &want), 0)} {
		_, err := parseHead(b)
		require.ErrorIs(t, err, errRecord)
	}
	_, err = parseSequence([]byte{1})
	require.ErrorIs(t, err, errRecord)
}

func FuzzRecord(f *testing.F) {
	f.Add(appendRecord(nil, new(sampleRecord())))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseRecord(b)
		if err != nil {
			require.ErrorIs(t, err, errRecord)
			return
		}
		back, err := parseRecord(appendRecord(nil, &d))
		require.NoError(t, err)
		require.Equal(t, d, back)
	})
}

func TestArrivals(t *testing.T) {
	a := arrivals{last: 10}
	require.EqualValues(t, 10, a.settled())
	first, second, third := a.begin(), a.begin(), a.begin()
	a.end(second)
	require.EqualValues(t, 10, a.settled(), "a reader waits for the first")
	a.end(first)
	require.EqualValues(t, 12, a.settled())
	a.end(third)
	require.EqualValues(t, 13, a.settled())
}

func TestDrivesAreRememberedAndForgotten(t *testing.T) {
	s := &Server{drives: make(map[[16]byte]*drive), o: Options{MaxConns: 1}}
	busy, same := s.acquire([16]byte{1}), s.acquire([16]byte{1})
	require.Same(t, busy, same)
	s.release(same)
	s.release(nil)
	for i := range byte(10) {
		s.release(s.acquire([16]byte{10, i}))
	}
	require.Len(t, s.drives, sparePerConn)
	require.Same(t, busy, s.acquire([16]byte{1}), "the busy one stays")
}
