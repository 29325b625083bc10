package cloudkassir

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"kktd/clock"
	"kktd/kkt"
	"kktd/outbox"
	"kktd/storage/memory"
)

// told is the API over a fleet with an outbox.
type told struct {
	*bench
	box *outbox.Box
}

func openTold(t testing.TB, set func(*kkt.Settings)) *told {
	store := memory.Open()
	box, err := outbox.Open(store, 0)
	require.NoError(t, err)
	log, _ := logtest.NewNullLogger()
	clk := clock.Fixed(time.Date(2026, 1, 10, 7, 0, 0, 0, time.UTC))
	fleet, err := kkt.Open(kkt.Options{Store: store, Clock: clk, Log: log, Seed: 1, Outbox: box,
		Notifiers: []kkt.Notifier{&Notifier{Base: func() string { return "https://kassa.example" }}}})
	require.NoError(t, err)
	t.Cleanup(fleet.Close)
	require.NoError(t, fleet.AddAccount(kkt.Account{PublicID: "pk_demo", Secret: "api-secret"}))
	b := &told{bench: &bench{t: t, fleet: &spy{Fleet: fleet}}, box: box}
	b.api = New(Options{Fleet: b.fleet, NewID: func() string { return testGUID }})
	s := settings()
	if set != nil {
		set(&s)
	}
	require.NoError(t, fleet.Fiscalize(context.Background(), "pk_demo", s))
	return b
}

func (b *told) entries() (list []*outbox.Entry) {
	b.t.Helper()
	require.NoError(b.t, b.box.List(0, func(e *outbox.Entry, _ *outbox.Status) (bool, error) {
		full, _, err := b.box.Entry(e.Number)
		list = append(list, full)
		return true, err
	}))
	return list
}

func (b *told) call(path, body string) string {
	b.t.Helper()
	return b.answer(path, body, withSecret)
}

func (b *told) subscribe(kind, more string) {
	b.t.Helper()
	require.Equal(b.t, `{"Success":true,"Message":null}`, b.call("/site/notifications/"+kind+"/update", `{"IsEnabled":true,"Address":"http://shop.example/hook"`+more+`}`))
}

// The check value of the page, and those of other receivers.
func TestSign(t *testing.T) {
	const form = "Id=QSnuAqV&DocumentNumber=1323&Amount=1150.00&Type=Income&DateTime=2018-11-14+13%3A19%3A33&Ofd=%D0%9F%D0%B5%D1%80%D0%B2%D1%8B%D0%B9+%D0%9E%D0%A4%D0%94&QrCodeUrl=https%3A%2F%2Fqr.example%2F%3Fq%3Dt%253d1"
	encoded, decoded := sign("api-secret", []byte(form))
	require.Equal(t, "grF5zUZTi0nYGr9pHKKk2n5WjdwFtOvp78JFwuGB63M=", encoded)
	require.Equal(t, "IzOxh152PzAHa4ZTOIcoJpIjqwMg/SR0FjNsmck7x0Y=", decoded)
	require.Equal(t, form, string(appendForm(nil, []parameter{{"Id", "QSnuAqV"}, {"DocumentNumber", "1323"}, {"Amount", "1150.00"}, {"Type", "Income"},
		{"DateTime", "2018-11-14 13:19:33"}, {"Ofd", "Первый ОФД"}, {"QrCodeUrl", "https://qr.example/?q=t%3d1"}}, encodingUTF8)))

	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", "api", "cloudkassir", "notification-hmac.json"))
	if err != nil {
		t.Skip("the vectors are not beside the project")
	}
	var file struct {
		Cases []struct {
			Secret string `json:"secret"`
			Body   string `json:"raw_body"`
			HMAC   string `json:"Content-HMAC"`
			X      string `json:"X-Content-HMAC"`
		} `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	checked := 0
	for _, c := range file.Cases {
		if len(c.HMAC) != 44 || c.Body == "key=value" { // the rest are signatures that must not fit
			continue
		}
		encoded, decoded := sign(c.Secret, []byte(c.Body))
		require.Equal(t, c.HMAC, encoded, c.Body)
		if c.X != "" {
			require.Equal(t, c.X, decoded, c.Body)
		}
		checked++
	}
	require.GreaterOrEqual(t, checked, 8)
}

func TestReceiptNotification(t *testing.T) {
	b := openTold(t, nil)
	b.call(pathReceipt, receiptOf(oneItem, "")) // nobody listens yet
	require.Empty(t, b.entries())
	b.subscribe("Receipt", `,"HttpMethod":"post"`)
	var answer struct{ Model struct{ Id string } }
	require.NoError(t, json.Unmarshal([]byte(b.call(pathReceipt, `{"Inn":7708806062, /* a comment */ "Type":"Income","InvoiceId":"1/2","AccountId":"u@x",
		"CustomerReceipt":{"Items":[`+oneItem+`],"TaxationSystem":"0","email":"",}}`)), &answer))
	list := b.entries()
	require.Len(t, list, 1)
	e := list[0]
	require.Equal(t, []string{"http", "http://shop.example", answer.Model.Id, "cloudkassir", "Receipt", "pk_demo", answer.Model.Id, "00000000000000000001",
		"http://shop.example/hook", "POST"}, []string{e.Transport, e.Lane, e.Group, e.API, e.Type, e.Account, e.Receipt, e.Register, e.Address, e.Method})
	encoded, decoded := sign("api-secret", e.Body)
	require.Equal(t, []outbox.Header{{Name: "Content-HMAC", Value: encoded}, {Name: "X-Content-HMAC", Value: decoded},
		{Name: "Content-Type", Value: "application/x-www-form-urlencoded; charset=utf-8"}}, e.Header)
	golden(t, "notification_receipt.txt", lines(t, string(e.Body)))
}

// lines are the parameters of a form in their order, one a line.
func lines(t testing.TB, form string) string {
	var b strings.Builder
	for pair := range strings.SplitSeq(form, "&") {
		plain, err := url.QueryUnescape(pair)
		require.NoError(t, err)
		b.WriteString(plain + "\n")
	}
	return b.String()
}

func TestNotificationByGETInWindows1251(t *testing.T) {
	b := openTold(t, func(s *kkt.Settings) { s.Zone = "Asia/Vladivostok" })
	require.Contains(t, b.call("/site/notifications/receipt/update", `{"IsEnabled":"true","Address":"http://shop.example/hook?token=1","Encoding":"windows1251"}`), `"Success":true`)
	b.call(pathReceipt, receiptOf(item(`"label":"Чай 🍵"`), ""))
	b.call(pathReceipt, receiptOf(item(`"label":"Чай"`), ""))
	list := b.entries()
	require.Len(t, list, 1, "the first has a character that no document can hold")
	e := list[0]
	require.Equal(t, "GET", e.Method)
	require.Empty(t, e.Body)
	u, err := url.Parse(e.Address)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(u.RawQuery, "token=1&Id="), u.RawQuery)
	encoded, decoded := sign("api-secret", []byte(u.RawQuery))
	require.Equal(t, []outbox.Header{{Name: "Content-HMAC", Value: encoded}, {Name: "X-Content-HMAC", Value: decoded}}, e.Header)
	require.Contains(t, u.Query().Get("Receipt"), "\xd7\xe0\xe9")
	require.Equal(t, "2026-01-10 07:00:00", u.Query().Get("DateTime"), "UTC, whatever the zone of the register")
	require.Equal(t, "1252: \x80 \xa8 ?", to1251("1252: Ђ Ё 🍵"))
}

// A split receipt is told part by part, a delayed one when it is made, another account's not at all.
func TestWhoIsTold(t *testing.T) {
	b := openTold(t, nil)
	require.NoError(t, b.fleet.AddAccount(kkt.Account{PublicID: "pk_other", Secret: "x", INNs: []string{testINN}}))
	require.NoError(t, b.fleet.Subscribe(kkt.Subscription{Account: "pk_other", API: apiName, Type: NotifyReceipt, Enabled: true, Address: "http://other.example/", Method: "POST"}))
	b.subscribe("Receipt", "")
	b.call(pathReceipt, receiptOf(strings.TrimSuffix(strings.Repeat(oneItem+",", 101), ","), ""))
	list := b.entries()
	require.Len(t, list, 2)
	require.Equal(t, list[0].Group, list[1].Group)
	require.Contains(t, list[0].Address, "?Id="+list[0].Receipt+"&")
	require.Contains(t, list[1].Address, "?Id="+list[0].Receipt+"-2&")
}

func TestRegisterNotification(t *testing.T) {
	b := openTold(t, nil)
	b.subscribe("KKT", `,"HttpMethod":"POST"`)
	require.Contains(t, b.call(pathFiscalize, `{"Inn":"7708806062","DeviceNumber":"00000000000000000001","FiscalNumber":"9999078900005430","RegNumber":"0000000004030311",
		"Url":"shop.example.com","Ofd":"FirstOfd","TaxationSystem":[0],"MerchantEmail":"a@example.com"}`), `"Success":true`)
	list := b.entries()
	require.Len(t, list, 1)
	require.Equal(t, "Inn=7708806062\nDeviceNumber=00000000000000000001\nFiscalNumber=9999078900005430\nRegNumber=0000000004030311\n"+
		"Status=Reregistered\nMessage=Регистрационные данные кассы изменены, документ 2\nDateTime=2026-01-10 07:00:00\n", lines(t, string(list[0].Body)))
}

// TestMaintenanceNotification: a Kkt notification tells of the maintenance of a register, once a change.
func TestMaintenanceNotification(t *testing.T) {
	b := openTold(t, nil)
	b.subscribe("Kkt", `,"HttpMethod":"POST"`)
	for _, on := range []bool{true, true, false} {
		_, err := b.fleet.SetMaintenance(settings().Serial, on)
		require.NoError(t, err)
	}
	list := b.entries()
	require.Len(t, list, 2)
	require.Contains(t, lines(t, string(list[0].Body)), "Status=Maintenance\nMessage=Касса на обслуживании\n")
	require.Contains(t, lines(t, string(list[1].Body)), "Status=Online\nMessage=Касса включена\n")
}

func TestCorrectionNotification(t *testing.T) {
	b := openTold(t, nil)
	b.subscribe("Receipt", `,"HttpMethod":"POST"`)
	b.subscribe("CorrectionReceipt", `,"HttpMethod":"POST"`)
	require.Contains(t, b.call(pathCorrection, correctionOf("")), `"Success":true`)
	list := b.entries()
	require.Len(t, list, 1)
	require.Equal(t, "CorrectionReceipt", list[0].Type)
	got := lines(t, string(list[0].Body))
	require.Contains(t, got, "\nStatus=Processed\nErrorCode=0\nOfdName=Первый ОФД\n")
	require.Contains(t, got, "\nCorrectionReceipt={")
	require.Contains(t, got, "\nOfd=Первый ОФД\n")
}

func TestNotificationSettings(t *testing.T) {
	b := openTold(t, nil)
	for _, path := range []string{"/site/notifications/Receipt/get", "/SITE/Notifications/receipt/get/"} {
		require.Equal(t, `{"Model":{"IsEnabled":false,"Address":null,"HttpMethod":"GET","Encoding":"UTF8","Format":"CloudPayments"},"InnerResult":null,"Success":true,"Message":null}`,
			b.call(path, ""))
	}
	for _, c := range []struct{ body, want string }{
		{`{"IsEnabled":true}`, "Address"},
		{`{"IsEnabled":true,"Address":"ftp://shop.example/"}`, "Address"},
		{`{"IsEnabled":true,"Address":"shop.example"}`, "Address"},
		{`{"IsEnabled":"maybe","Address":"http://shop.example"}`, "IsEnabled"},
		{`{"IsEnabled":true,"Address":"http://shop.example","HttpMethod":"PUT"}`, "HttpMethod"},
		{`{"IsEnabled":true,"Address":"http://shop.example","Encoding":"KOI8"}`, "Encoding"},
		{`{"IsEnabled":true,"Address":"http://shop.example","Format":"QIWI"}`, "Format"},
		{`{"IsEnabled":`, "JSON"},
	} {
		answer := b.call("/site/notifications/Receipt/update", c.body)
		require.Contains(t, answer, `"Success":false`, c.body)
		require.Contains(t, answer, c.want, c.body)
	}
	require.Contains(t, b.call("/site/notifications/Pay/get", ""), "касса отправляет уведомления Receipt, CorrectionReceipt, Kkt")
	require.Empty(t, b.fleet.Subscriptions(""), "bad input changes nothing")
	b.subscribe("Receipt", `,"HttpMethod":"POST","Encoding":"Windows1251"`)
	require.Contains(t, b.call("/site/notifications/Receipt/update", `{"IsEnabled":false}`), `"Success":true`)
	require.Contains(t, b.call("/site/notifications/Receipt/get", "{}"), `{"IsEnabled":false,"Address":"http://shop.example/hook","HttpMethod":"POST","Encoding":"Windows1251"`)
	b.call(pathReceipt, receiptOf(oneItem, ""))
	require.Empty(t, b.entries())
}

func TestJudgeAnswer(t *testing.T) {
	for answer, want := range map[string]string{
		`{"code":0}`: "", `{"code":"0"}`: "", ` {"Code": 0, "x": [1]} `: "", `{"code":13}`: "code 13", `{"code":0.5}`: "code 0.5", `{"code":null}`: "code null",
		`{}`: "no code", ``: "no JSON", `OK`: "no JSON", `0`: "no JSON", `[{"code":0}]`: "no JSON", `{"code":0}x`: "no JSON", `{"code":false}`: "code false",
	} {
		err := JudgeAnswer([]byte(answer))
		if want == "" {
			require.NoError(t, err, answer)
		} else {
			require.ErrorContains(t, err, want, answer)
		}
	}
}

func withSecret(r *http.Request) { r.SetBasicAuth("pk_demo", "api-secret") }
