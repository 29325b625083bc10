package kkt

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/storage/memory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wholeRecord has something in each field.
func wholeRecord() *ReceiptRecord {
	return &ReceiptRecord{ID: "id", Status: Failed, Register: testSerial, Drive: 3, Documents: []uint32{7, 8}, Error: "память ФН переполнена", ErrorRu: "память ФН переполнена совсем", Code: 0x14,
		API: "test", Account: "pk_demo", InvoiceID: "42", AccountID: "buyer", Created: 1_768_028_400_123,
		Printed: Printed{Lines: []string{"Спасибо за покупку", ""}, Items: []ItemLine{{Part: 1, Item: 99, Text: "Гарантия 12 месяцев ☕"}}},
		Raw:     []byte(`{"Inn":"7708806062"}`)}
}

// TestReceiptRecordVersions reads a record of each version that was ever written.
func TestReceiptRecordVersions(t *testing.T) {
	path := filepath.Join("testdata", "receipt-3.hex")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(hex.EncodeToString(wholeRecord().append(nil))+"\n"), 0o644))
	}
	for name, want := range map[string]func(*ReceiptRecord){
		"receipt-1.hex": func(r *ReceiptRecord) { r.Printed, r.ErrorRu = Printed{}, "" },
		"receipt-2.hex": func(r *ReceiptRecord) { r.ErrorRu = "" },
		"receipt-3.hex": func(*ReceiptRecord) {},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		stored, err := hex.DecodeString(strings.TrimSpace(string(text)))
		require.NoError(t, err)
		rec := wholeRecord()
		want(rec)
		got, err := parseReceiptRecord("id", stored)
		require.NoError(t, err, name)
		require.Equal(t, rec, got, name)
	}
	require.Equal(t, mustRead(t, path), hex.EncodeToString(wholeRecord().append(nil))+"\n", "what is written now")
	newer := wholeRecord().append(nil)
	newer[0] = receiptVersion + 1
	_, err := parseReceiptRecord("id", newer)
	require.ErrorIs(t, err, ErrRecord)
}

func mustRead(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// TestPrinted finds the texts of a document by the receipt and by the document, with and without a delay and after a restart.
func TestPrinted(t *testing.T) {
	printed := Printed{Lines: []string{"Спасибо"}, Items: []ItemLine{{Item: 0, Text: "первая"}, {Part: 1, Item: 0, Text: "вторая"}}}
	for name, delay := range map[string]time.Duration{"at once": 0, "delayed": time.Minute} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t, memory.Open(), func(o *Options) { o.Delay = delay })
			require.NoError(t, b.fleet.Create("", testSettings()))
			r := testReceipt(100)
			r.Parts = append(r.Parts, testReceipt(100).Parts...)
			r.Request.Printed = printed
			o := b.submit(r)
			b.submit(testReceipt(100))
			b.reopen()
			b.clock.Advance(delay)
			var rec *ReceiptRecord
			require.Eventually(t, func() bool {
				var err error
				rec, err = b.fleet.Receipt(o.ID)
				require.NoError(t, err)
				return rec.Status == Processed
			}, 10*time.Second, time.Millisecond)
			require.Equal(t, printed, rec.Printed)
			require.Equal(t, []uint32{3, 4}, rec.Documents)
			reg, err := b.fleet.Register(testSerial)
			require.NoError(t, err)
			for n, want := range map[uint32]Printed{
				2: {}, 3: {Lines: []string{"Спасибо"}, Items: []ItemLine{{Item: 0, Text: "первая"}}},
				4: {Lines: []string{"Спасибо"}, Items: []ItemLine{{Item: 0, Text: "вторая"}}}, 5: {},
			} {
				got, err := reg.Printed(rec.Drive, n)
				require.NoError(t, err)
				require.Equal(t, want, got, n)
				if len(want.Lines) > 0 {
					require.Equal(t, want, rec.PrintedOn(n))
				}
			}
		})
	}
}
