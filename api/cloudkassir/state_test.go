package cloudkassir

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkt"
)

const device = `"DeviceNumber":"00000000000000000001","FiscalNumber":"9999078900005430"`

// second adds another register of the organisation.
func (b *bench) second(set func(*kkt.Settings)) {
	b.t.Helper()
	s := settings()
	s.Serial, s.DriveNumber = "00000000000000000002", "9999078900005431"
	if set != nil {
		set(&s)
	}
	require.NoError(b.t, b.fleet.Fiscalize(context.Background(), "pk_demo", s))
}

func TestState(t *testing.T) {
	b := open(t, nil)
	b.second(nil)
	set := func(on string) string { return `{"Inn":"` + testINN + `",` + device + `,"OnMaintenance":` + on + `}` }
	for _, c := range []struct{ on, want string }{
		{"false", "Kkm is already turned on"}, {"true", "Kkt status was changed"}, {`"1"`, "Kkm is already on maintenance"}, {`"False"`, "Kkt status was changed"},
	} {
		require.Equal(t, `{"Success":true,"Message":"`+c.want+`"}`, b.answer(pathState, set(c.on)))
	}
	const missing = "Не переданы необходимые данные: "
	for _, c := range []struct {
		name, body string
		code       int
		message    string
	}{
		{"no INN", `{` + device + `,"OnMaintenance":true}`, 11, "Не передан ИНН: Inn"},
		{"no register", `{"Inn":"7708806062","OnMaintenance":true}`, 26, missing + "DeviceNumber: не передано"},
		{"no flag", `{"Inn":"7708806062",` + device + `}`, 26, missing + "OnMaintenance: не передано"},
		{"no boolean", set(`"yes"`), 27, "Некорректные данные: OnMaintenance: ожидается true или false"},
		{"another INN", strings.Replace(set("true"), testINN, "7777777777", 1), -1, "Касса не найдена"},
		{"another drive", strings.Replace(set("true"), "5430", "5431", 1), -1, "Касса не найдена"},
		{"another register", strings.Replace(set("true"), "0001", "0009", 1), -1, "Касса не найдена"},
		{"no JSON", `{`, -1, "Некорректный запрос: JSON не разобран: строка 1, символ 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathState, c.body))
		})
	}
	other := func(r *http.Request) { r.SetBasicAuth("pk_other", "secret_other") }
	require.Contains(t, b.answer(pathState, set("true"), other), "Касса не найдена")
	require.Contains(t, b.answer(pathStateGet, `{`+device+`}`, other), "Касса не найдена")
}

// TestReceiptWaitsForMaintenance is the life of a receipt whose register is away.
func TestReceiptWaitsForMaintenance(t *testing.T) {
	b := open(t, nil)
	maintenance := func(serial, drive, on string) {
		require.Contains(t, b.answer(pathState, `{"Inn":"`+testINN+`","DeviceNumber":"`+serial+`","FiscalNumber":"`+drive+`","OnMaintenance":`+on+`}`), "was changed")
	}
	maintenance("00000000000000000001", "9999078900005430", "true")
	require.Equal(t, string(appendRefusal(nil, 15, sentence(15))), b.answer(pathReceipt, receiptOf(oneItem, "")), "the only register")

	b.second(func(s *kkt.Settings) { s.TaxSystems = []ffd.TaxSystems{ffd.TaxOSN} })
	require.Contains(t, b.answer(pathReceipt, receiptOf(oneItem, "")), `"Warning":null`, "the second one takes it")
	answer := b.answer(pathReceipt, receiptOf(oneItem, `,"TaxationSystem":5`))
	require.Contains(t, answer, `"Warning":"00000000000000000001: Касса на техобслуживании - Чек будет пробит после её включения","WarningCodes":[5]}`)
	_, rest, _ := strings.Cut(answer, `"Id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	require.Equal(t, `{"Model":"Queued","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, `{"Id":"`+id+`"}`))
	require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"FiscalSign":null`)
	require.Contains(t, b.answer(pathStateGet, `{`+device+`}`), `"Status":2,`)
	maintenance("00000000000000000001", "9999078900005430", "false")
	require.Eventually(t, func() bool { return strings.Contains(b.answer(pathStatus, `{"Id":"`+id+`"}`), "Processed") }, 5*time.Second, time.Millisecond)
	require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"DeviceNumber":"00000000000000000001"`)

	// What waits and fits nothing any more ends as Error, with the words of the document.
	b.second(func(s *kkt.Settings) { s.Conditions = ffd.BSOSystem })
	maintenance("00000000000000000001", "9999078900005430", "true")
	id = b.queued(receiptOf(oneItem, `,"IsBso":false`))
	s := settings()
	s.Conditions |= ffd.BSOSystem
	require.NoError(t, b.fleet.Fiscalize(context.Background(), "pk_demo", s))
	const want = `{"Model":"Error","InnerResult":null,"Success":true,"Message":"Нет касс без признака БСО для организации с ИНН 7708806062"}`
	require.Eventually(t, func() bool { return b.answer(pathStatus, `{"Id":"`+id+`"}`) == want }, 5*time.Second, time.Millisecond)
}

func TestStateGet(t *testing.T) {
	b := open(t, func(s *kkt.Settings, _ *Options) { s.DriveCapacity = 10 })
	get := func() string { return b.answer(pathStateGet, `{`+device+`}`) }
	golden(t, "state-get.json", indent(t, get()))
	for range 8 {
		b.queued(receiptOf(oneItem, ""))
	}
	b.clock.Advance(5 * 24 * time.Hour)
	require.Contains(t, b.answer(pathReceipt, receiptOf(oneItem, "")), `"ErrorCode":8`)
	got := get()
	require.Contains(t, got, `"OfdQueueDocsCount":10,"FnOccupancy":1,"Warnings":[`)
	require.Contains(t, got, `{"Code":2,"Description":"Переполнение очереди отправки в ОФД","ResolveAction":"Требуется продлить услуги ОФД"}`)
	require.Contains(t, got, `{"Code":3,"Description":"ФН переполнен","ResolveAction":"Требуется замена ФН"}`)
	require.Contains(t, got, `"IsReceiptProcessingBlocked":true`)
	const none = `{"Model":null,"InnerResult":null,"Success":false,"Message":"Касса не найдена"}`
	require.Equal(t, none, b.answer(pathStateGet, `{"DeviceNumber":"1","FiscalNumber":"9999078900005430"}`))
	require.Equal(t, string(appendRefusal(nil, 26, "Не переданы необходимые данные: DeviceNumber: не передано")), b.answer(pathStateGet, ``))
}

// TestStateSample is the request of the official document, its trailing comma and comments as printed.
func TestStateSample(t *testing.T) {
	b := open(t, nil)
	require.Contains(t, b.answer(pathStateGet, `{
   "DeviceNumber": "00000000000000000001",   //заводской номер кассы
   "FiscalNumber": "9999078900005430",       //номер ФН
}`), `"Model":{"Inn":"7708806062","DeviceNumber":"00000000000000000001"`)
	require.Equal(t, `{"Success":true,"Message":"Kkt status was changed"}`, b.answer(pathState, `{
   "Inn":"7708806062",                      //ИНН
   "DeviceNumber":"00000000000000000001",   //заводской номер кассы
   "FiscalNumber":"9999078900005430",       //номер ФН
   "OnMaintenance":true          //признак техобслуживания
}`))
}

func TestDevicesWarnings(t *testing.T) {
	b := open(t, func(s *kkt.Settings, _ *Options) { s.DriveCapacity = 10 })
	b.second(nil)
	const ok = `],"InnerResult":null,"Success":true,"Message":null}`
	require.Equal(t, `{"Model":[{"DeviceNumber":"00000000000000000001","Warnings":[]},{"DeviceNumber":"00000000000000000002","Warnings":[]}`+ok, b.answer(pathWarnings, ""))
	for range 18 {
		b.queued(receiptOf(oneItem, ""))
	}
	require.Equal(t, `{"Model":[{"DeviceNumber":"00000000000000000001","Warnings":[{"Code":3,"Description":"ФН переполнен","ResolveAction":"Требуется замена ФН"}]},`+
		`{"DeviceNumber":"00000000000000000002","Warnings":[]}`+ok, b.answer(pathWarnings, `{"Inn":"`+testINN+`"}`))
	require.Equal(t, `{"Model":[`+ok, b.answer(pathWarnings, "", func(r *http.Request) { r.SetBasicAuth("pk_other", "secret_other") }))
	require.Equal(t, string(appendRefusal(nil, -1, "Компания с ИНН 7777777777 не найдена")), b.answer(pathWarnings, `{"Inn":"7777777777"}`))
}

func TestValidateMarks(t *testing.T) {
	b := open(t, nil)
	const code, requisite = `010460043993125621JgXJ5.T\u001d91abcd\u001d92efgh`,
		`{"Code":"030","DocumentDate":"21.11.2023","DocumentNumber":"1944","RequisiteValue":"UUID=` + testGUID + `&Time=1768028400000"}`
	for _, c := range []struct{ name, path, body, want string }{
		{"good", pathMark, `{"Inn":"7708806062","MarkCode":"` + code + `"}`, `{"Success":true,"IsValid":true,"Message":null,"IndustryRequisite":` + requisite + `}`},
		{"no marking", pathMark, `{"Inn":7708806062,"MarkCode":"4600439931256"}`,
			`{"Success":true,"IsValid":false,"Message":"код товара без признаков маркировки","IndustryRequisite":null}`},
		{"another INN", pathMark, `{"Inn":"7777777777","MarkCode":"` + code + `"}`,
			`{"Success":false,"IsValid":false,"Message":"Терминал pk_demo не имеет доступа к ИНН 7777777777","IndustryRequisite":null}`},
		{"no code", pathMark, `{"Inn":"7708806062"}`, `{"Success":false,"IsValid":false,"Message":"Не переданы необходимые данные: MarkCode: не передано","IndustryRequisite":null}`},
		{"no INN", pathMarks, `{"MarkCodes":["a"]}`, `{"Success":false,"Message":"Не передан ИНН: Inn","Results":[]}`},
		{"no array", pathMarks, `{"Inn":"7708806062","MarkCodes":"a"}`, `{"Success":false,"Message":"Некорректные данные: MarkCodes: ожидается массив","Results":[]}`},
		{"several", pathMarks, `{"Inn":"7708806062","MarkCodes":["` + code + `",{}]}`, `{"Success":true,"Message":null,"Results":[{"MarkCode":"` + code +
			`","IsValid":true,"Message":null,"IndustryRequisite":` + requisite + `},{"MarkCode":"","IsValid":false,"Message":"ожидается строка","IndustryRequisite":null}]}`},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, b.answer(c.path, c.body)) })
	}
}
