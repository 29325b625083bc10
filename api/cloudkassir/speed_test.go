package cloudkassir

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/kkt"
)

// usual is a usual receipt: the number of items, Cyrillic labels, an e-mail, payments.
func usual(items int) string {
	list := make([]string, items)
	for i := range list {
		list[i] = `{"label":"Наименование товара ` + strconv.Itoa(i+1) + `","price":100.00,"quantity":2,"amount":200.00,"vat":20,"method":4,"object":1,"measurementUnit":"шт"}`
	}
	return `{"Inn":"7708806062","InvoiceId":"1234567","AccountId":"user@example.com","Type":"Income","CustomerReceipt":{"Items":[` + strings.Join(list, ",") +
		`],"taxationSystem":0,"email":"user@example.com","phone":"","isBso":false,"amounts":{"electronic":` + strconv.Itoa(items*200) + `,"advancePayment":0.00}}}`
}

// translate is what a request costs without the register: body to kkt.Receipt.
func translate(t testing.TB, b *bench, body []byte) func() {
	h := httptest.NewRequest(http.MethodPost, pathReceipt, nil)
	account, _ := b.fleet.Account("pk_demo")
	q := new(request) // not from the pool, which the race detector empties at random
	return func() {
		q.begin(b.api, h, pathReceipt, account)
		_, _ = q.body.Write(body)
		if err := q.doc.ParseBody("application/json", q.body.Bytes()); err != nil {
			t.Fatal(err)
		}
		q.readReceipt()
		if q.refusal != nil || len(q.out.Parts) != 1 {
			t.Fatal("refused: ", q.refusal.text())
		}
		q.reset()
	}
}

// TestTranslationAllocations holds the hot path: one allocation, the immutable copy of the body that its strings point into.
func TestTranslationAllocations(t *testing.T) {
	b := open(t, nil)
	for _, items := range []int{1, 5, 50} {
		require.LessOrEqual(t, testing.AllocsPerRun(100, translate(t, b, []byte(usual(items)))), 1.5, "%d items", items)
	}
}

func TestAnswerAllocations(t *testing.T) {
	buf := make([]byte, 0, 1024)
	o := &kkt.Outcome{ID: strings.Repeat("a", 32)}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { buf = appendQueued(buf[:0], "http://127.0.0.1:5454", o) }), 1.0)
}

func BenchmarkTranslate(b *testing.B) {
	for _, items := range []int{1, 5, 50} {
		b.Run(strconv.Itoa(items), func(b *testing.B) {
			body := []byte(usual(items))
			run := translate(b, open(b, nil), body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// BenchmarkReceipt is the whole way through the handler and a register in memory.
func BenchmarkReceipt(b *testing.B) {
	for _, items := range []int{1, 5} {
		b.Run(strconv.Itoa(items), func(b *testing.B) {
			bench := open(b, nil)
			body := usual(items)
			b.ReportAllocs()
			for b.Loop() {
				if w := bench.post(pathReceipt, body); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

// BenchmarkTold is a receipt from the body to the answer over a store in memory, without and with a subscription that is told of it.
func BenchmarkTold(b *testing.B) {
	for _, subscribed := range []bool{false, true} {
		b.Run("subscribed="+strconv.FormatBool(subscribed), func(b *testing.B) {
			x := openTold(b, func(s *kkt.Settings) { s.DriveCapacity = 1 << 23 })
			if subscribed {
				x.subscribe("Receipt", `,"HttpMethod":"POST"`)
			}
			body := usual(5)
			b.ReportAllocs()
			for b.Loop() {
				if w := x.post(pathReceipt, body, withSecret); !strings.Contains(w.Body.String(), "Queued") {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
