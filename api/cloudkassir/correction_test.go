package cloudkassir

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/kkt"
)

// correctionOf is a correction with the members; the last of a repeated name counts.
func correctionOf(more string) string {
	return `{"CorrectionReceiptData":{"OrganizationInn":"` + testINN + `","VatRate":1,"TaxationSystem":"0","CorrectionReceiptType":1,
		"CauseCorrection":{"CorrectionDate":"2021-07-27","CorrectionNumber":"б//н"},"Amounts":{"Electronic":150}` + more + `}}`
}

// sampleCorrection is the request of /kkt/correction-receipt as the official document prints it (3.3.7), the register and all.
const sampleCorrection = `{
  "correctionReceiptData": {
    "organizationInn": "7708806062",
    "cashierName": "Сист. администратор",
    "cashierInn": "7708806062",
    "deviceNumber": "01801810008669",
    "paymentPlace": "test_place.com",
    "paymentAddress": "117342, Москва, ул. Бутлерова, 17Б",
    "vatRate": 1,
    "taxationSystem": 1,
    "correctionType": 1,
    "correctionReceiptType": 1,
    "causeCorrection": {
      "correctionDate": "2021-07-27",
      "correctionNumber": "б//н"
    },
    "amounts": {
      "electronic": 150,
      "cash": 0,
      "advancePayment": 0,
      "credit": 0,
      "provision": 0
    }
  }
}`

// corrected posts a correction that must be taken and returns its id.
func (b *bench) corrected(body string) string {
	b.t.Helper()
	answer := b.answer(pathCorrection, body)
	var a struct{ Model struct{ Id string } }
	require.NoError(b.t, json.Unmarshal([]byte(answer), &a))
	require.Len(b.t, a.Model.Id, 32, answer)
	return a.Model.Id
}

// document is the stored document of a receipt as a tree of tags, and its form.
func (b *bench) document(id string) (form ffd.Form, text string) {
	b.t.Helper()
	rec, err := b.fleet.Receipt(id)
	require.NoError(b.t, err)
	require.Equal(b.t, kkt.Processed, rec.Status, rec.Error)
	docs := b.documents(rec)
	require.Len(b.t, docs, 1)
	return docs[0].form, docs[0].text
}

func TestCorrectionSample(t *testing.T) {
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		t.Run(v.String(), func(t *testing.T) {
			b := open(t, func(s *kkt.Settings, _ *Options) { s.FFD = v })
			id := b.corrected(sampleCorrection)
			form, text := b.document(id)
			require.Equal(t, ffd.FormCorrection, form)
			golden(t, "correction-"+v.String()+".txt", text)
			golden(t, "correction-get-"+v.String()+".json", indent(t, b.answer(pathCorrectionGet, `{"Id":"`+id+`"}`)))
			require.Equal(t, `{"Model":"Processed","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathCorrectionStatus, `{"Id":"`+id+`"}`))
			require.Equal(t, `{"Model":"NotFound","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, `{"Id":"`+id+`"}`))
			require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), "Чек не найден")
			notes := b.entry("taken with changes").Data["fields"]
			require.Contains(t, notes, "correctionReceiptData.deviceNumber: the organisation has no such register")
			require.Contains(t, notes, "correctionReceiptData.Items: absent")
		})
	}
	b := open(t, nil)
	receipt := b.queued(receiptOf(oneItem, ""))
	require.Contains(t, b.answer(pathCorrectionStatus, `{"Id":"`+receipt+`"}`), "NotFound")
}

// TestCorrectionTags reads tags of corrections of every kind out of their documents.
func TestCorrectionTags(t *testing.T) {
	items := `,"Items":[` + oneItem + `,{"Label":"Чай","Price":50,"Quantity":1,"Amount":50,"Vat":10}]`
	for _, c := range []struct {
		name    string
		version ffd.Version
		body    string
		form    ffd.Form
		has     []string // lines
		lacks   []string
	}{
		{"sums at 20 %", ffd.V105, correctionOf(""), 31, []string{"1054 1", "1173 0", "1178 1627344000", "1179 б//н", "1020 15000", "1081 15000", "1031 0", "1102 2500", "1055 1"}, []string{"1059", "1103", "1105"}},
		{"sums at 10 %", ffd.V105, correctionOf(`,"VatRate":2`), 31, []string{"1103 1364"}, []string{"1102"}},
		{"sums at 20/120", ffd.V105, correctionOf(`,"VatRate":3`), 31, []string{"1106 2500"}, []string{"1102"}},
		{"sums at 10/110", ffd.V105, correctionOf(`,"VatRate":"4"`), 31, []string{"1107 1364"}, nil},
		{"sums at 0 %, old code", ffd.V105, correctionOf(`,"VatRate":5`), 31, []string{"1104 15000"}, nil},
		{"sums at 0 %, new code", ffd.V105, correctionOf(`,"VatRate":0`), 31, []string{"1104 15000"}, nil},
		{"sums without VAT", ffd.V105, correctionOf(`,"VatRate":6`), 31, []string{"1105 15000"}, nil},
		{"sums without VAT, null", ffd.V105, correctionOf(`,"VatRate":null`), 31, []string{"1105 15000"}, nil},
		{"sums at 22 %", ffd.V105, correctionOf(`,"VatRate":22`), 31, []string{"1199 11", "1120 2705"}, []string{"1102"}},
		{"sums at 7/107", ffd.V105, correctionOf(`,"VatRate":107`), 31, []string{"1199 10", "1120 981"}, nil},
		{"cash and card by order", ffd.V105, correctionOf(`,"CorrectionType":"1","CorrectionReceiptType":"3","Amounts":{"Cash":100,"Electronic":50}`), 31,
			[]string{"1173 1", "1054 3", "1031 10000", "1081 5000", "1020 15000"}, nil},
		{"advance, credit, provision", ffd.V105, correctionOf(`,"Amounts":{"AdvancePayment":70,"Credit":50,"Provision":30}`), 31,
			[]string{"1215 7000", "1216 5000", "1217 3000"}, nil},
		{"items in 1.05 without a rate", ffd.V105, correctionOf(items + `,"VatRate":""`), 31, []string{"1030 Товар", "1030 Чай", "1102 1667", "1103 455"}, nil},
		{"БСО", ffd.V105, correctionOf(`,"IsBso":true`), 41, []string{"1102 2500"}, nil},
		{"БСО in 1.2", ffd.V120, correctionOf(items + `,"IsBso":true`), 41, []string{"1030 Чай"}, nil},
		{"return of income in 1.1", ffd.V110, correctionOf(items + `,"CorrectionReceiptType":2`), 31, []string{"1054 2", "1030 Чай", "1209 3"}, nil},
		{"return of expense in 1.2", ffd.V120, correctionOf(items + `,"CorrectionReceiptType":4`), 31, []string{"1054 4", "1102 1667", "1103 455", "1209 4"}, nil},
		{"null number in 1.2", ffd.V120, correctionOf(items + `,"CauseCorrection":{"CorrectionDate":"27.07.2021","CorrectionNumber":null}`), 31,
			[]string{"1178 1627344000"}, []string{"1179"}},
		{"cash with change in 1.2", ffd.V120, correctionOf(items + `,"Amounts":{"Cash":200}`), 31, []string{"1031 15000", "1020 15000"}, nil},
		{"Amounts left out in 1.2", ffd.V120, correctionOf(items + `,"Amounts":{}`), 31, []string{"1081 15000"}, nil},
		{"requisites in 1.2", ffd.V120, correctionOf(items + `,"CashierName":"Иванова","CashierInn":"770880606200","PaymentPlace":"shop.ru","PaymentAddress":"Москва",
			"CustomerContactAddress":"8 916 123-45-67","CustomerInfo":"Иванов","CustomerInn":"7708806062","CustomerBirthday":"1980-12-26","AdditionalReceiptRequisite":"12345",
			"UserRequisiteData":{"RequisiteKey":"k","RequisiteValue":"v"},"IndustryRequisites":[{"code":"030","documentDate":"21.03.2022","documentNumber":"7","requisiteValue":"r"}],
			"OperationReceiptRequisite":{"OperationIdentifier":0,"OperationDate":"2022-03-21","OperationData":"d"},"IsInternetPayment":true,"RussiaTimeZone":3`), 31,
			[]string{"1021 Иванова", "1203 770880606200", "1187 shop.ru", "1009 Москва", "1008 +79161234567", "1227 Иванов", "1228 7708806062", "1243 26.12.1980", "1192 12345",
				"1085 k", "1086 v", "1262 030", "1263 21.03.2022", "1264 7", "1265 r", "1272 d", "1125 1", "1117 sender@example.com"}, []string{"1011"}},
		{"buyer in 1.05", ffd.V105, correctionOf(`,"CustomerInfo":"Иванов","CustomerInn":"7708806062","CustomerBirthday":"1980-12-26","CustomerContactAddress":"a@b.ru"`), 31,
			[]string{"1227 Иванов", "1228 7708806062", "1008 a@b.ru"}, []string{"1256", "1243"}},
		{"agent item in 1.2", ffd.V120, correctionOf(`,"Amounts":{},"Items":[` + agentItem(6, "null", goodSupplier) + `]`), 31, []string{"1222 64", "1226 1234567890", "1225 ООО Ромашка"}, nil},
		{"as a string", ffd.V105, `{"CorrectionReceiptData":` + quoted(strings.TrimSuffix(strings.TrimPrefix(correctionOf(""), `{"CorrectionReceiptData":`), "}")) + `}`, 31, []string{"1102 2500"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, func(s *kkt.Settings, _ *Options) { s.FFD = c.version })
			form, text := b.document(b.corrected(c.body))
			require.Equal(t, c.form, form)
			lines := strings.Split(text, "\n")
			for i := range lines {
				lines[i] = strings.TrimSpace(lines[i])
			}
			for _, line := range c.has {
				require.Contains(t, lines, line, text)
			}
			for _, tag := range c.lacks {
				require.NotRegexp(t, `(?m)^ *`+tag+`\b`, text)
			}
		})
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestCorrectionSettings(t *testing.T) {
	b := open(t, func(s *kkt.Settings, o *Options) { s.FFD, o.VATReading = ffd.V105, VATReadingNew })
	_, text := b.document(b.corrected(correctionOf(`,"VatRate":5`)))
	require.Contains(t, text, "1199 7\n")
	require.Contains(t, text, "1120 714\n", "150 x 5 / 105")

	apart := correctionOf(`,"Items":[` + oneItem + `,` + oneItem + `]`) // 150 beside items of 200
	b = open(t, nil)
	require.Contains(t, b.answer(pathCorrection, apart), `"ErrorCode":13`)
	b = open(t, func(_ *kkt.Settings, o *Options) { o.FreeCorrections = true })
	rec, err := b.fleet.Receipt(b.corrected(apart))
	require.NoError(t, err)
	details, err := b.fleet.Details(rec)
	require.NoError(t, err)
	require.EqualValues(t, 15000, details.Total, "as asked for, whatever an OFD says to it")
	require.Contains(t, b.entry("taken with changes").Data["fields"], "150.00 beside items of 200.00")
	_, text = b.document(b.corrected(correctionOf(`,"Amounts":{},"Items":[` + oneItem + `]`)))
	require.Contains(t, text, "1020 10000\n")
}

// TestCorrectionSplit: a correction of more than 100 items is divided as a receipt is.
func TestCorrectionSplit(t *testing.T) {
	b := open(t, nil)
	items := strings.TrimSuffix(strings.Repeat(oneItem+",", 101), ",")
	id := b.corrected(correctionOf(`,"Amounts":{"Electronic":10100},"Items":[` + items + `]`))
	rec, err := b.fleet.Receipt(id)
	require.NoError(t, err)
	require.Len(t, rec.Documents, 2)
	for _, d := range b.documents(rec) {
		require.Equal(t, ffd.FormCorrection, d.form)
		require.Contains(t, d.text, "1179 б//н\n")
	}
}

func TestCorrectionRefusals(t *testing.T) {
	const missing, wrong = "Не переданы необходимые данные: CorrectionReceiptData", "Некорректные данные: CorrectionReceiptData"
	items := `,"Items":[` + oneItem + `],"Amounts":{}`
	for _, c := range []struct {
		name    string
		version ffd.Version
		strict  bool
		body    string
		code    int
		message string
	}{
		{"nothing", ffd.V120, false, ``, 26, missing + ": не передано"},
		{"a number", ffd.V120, false, `{"CorrectionReceiptData":7}`, 26, missing + ": ожидается объект"},
		{"no INN", ffd.V120, false, `{"CorrectionReceiptData":{"VatRate":1}}`, 11, "Не передан ИНН: CorrectionReceiptData.OrganizationInn"},
		{"unknown INN", ffd.V120, false, `{"CorrectionReceiptData":{"OrganizationInn":"7777777777"}}`, -1, "Компания с ИНН 7777777777 не найдена"},
		{"no type", ffd.V120, false, correctionOf(`,"CorrectionReceiptType":null`), -1, "Некорректный запрос: CorrectionReceiptData.CorrectionReceiptType: не передано"},
		{"type 5", ffd.V120, false, correctionOf(`,"CorrectionReceiptType":5`), -1, "Некорректный запрос: CorrectionReceiptData.CorrectionReceiptType: значение 5, допустимы от 1 до 4"},
		{"type is a word", ffd.V120, false, correctionOf(`,"CorrectionReceiptType":"Income"`), -1, "Некорректный запрос: CorrectionReceiptData.CorrectionReceiptType: ожидается число"},
		{"kind 2", ffd.V120, false, correctionOf(`,"CorrectionType":2`), 27, wrong + ".CorrectionType: значение 2, допустимы от 0 до 1"},
		{"no cause", ffd.V120, false, correctionOf(`,"CauseCorrection":null`), 26, missing + ".CauseCorrection: не передано"},
		{"no date", ffd.V120, false, correctionOf(`,"CauseCorrection":{}`), 26, missing + ".CauseCorrection.CorrectionDate: не передано"},
		{"bad date", ffd.V120, false, correctionOf(`,"CauseCorrection":{"CorrectionDate":"вчера"}`), 27, wrong + ".CauseCorrection.CorrectionDate: ожидается дата, например 2022-03-21 или 21.03.2022"},
		{"date before 1970", ffd.V120, false, correctionOf(`,"CauseCorrection":{"CorrectionDate":"1960-01-01"}`), 27, wrong + ".CauseCorrection.CorrectionDate: дата вне 1970–2106 годов"},
		{"long number", ffd.V120, false, correctionOf(`,"CauseCorrection":{"CorrectionDate":"2021-07-27","CorrectionNumber":"` + strings.Repeat("1", 33) + `"}`), 27,
			wrong + ".CauseCorrection.CorrectionNumber: 33 символов, не больше 32"},
		{"no number in 1.05", ffd.V105, false, correctionOf(`,"CauseCorrection":{"CorrectionDate":"2021-07-27"}`), 26, missing + ".CauseCorrection.CorrectionNumber: обязателен на кассе ФФД 1.05"},
		{"order without number, strict", ffd.V120, true, correctionOf(`,"CorrectionType":1,"CauseCorrection":{"CorrectionDate":"2021-07-27"}`), 26,
			missing + ".CauseCorrection.CorrectionNumber: не передано: обязателен при коррекции по предписанию"},
		{"return in 1.05", ffd.V105, false, correctionOf(`,"CorrectionReceiptType":2`), 27, wrong + ".CorrectionReceiptType: на кассе ФФД 1.05 допустимы 1 и 3"},
		{"neither items nor rate", ffd.V120, false, correctionOf(`,"VatRate":""`), 26, missing + ".VatRate: не передано: без Items нужна ставка НДС"},
		{"rate 12", ffd.V120, false, correctionOf(`,"VatRate":12`), 27, wrong + ".VatRate: ставка 12 не поддерживается, допустимы от 1 до 6 или null, 0, 5, 7, 10, 20, 22, 105, 107, 110, 120, 122"},
		{"rate is a word", ffd.V120, false, correctionOf(`,"VatRate":"None"`), 27, wrong + ".VatRate: ожидается число"},
		{"no sums", ffd.V120, false, correctionOf(`,"Amounts":null`), 26, missing + ".Amounts: не передано"},
		{"sums of 0", ffd.V120, false, correctionOf(`,"Amounts":{"Cash":0}`), -1, "Некорректный запрос: CorrectionReceiptData.Amounts: итог чека равен нулю"},
		{"three decimals", ffd.V120, false, correctionOf(`,"Amounts":{"Cash":"0.005"}`), 23, "Неверный формат цены/суммы - не более двух знаков после точки: CorrectionReceiptData.Amounts.Cash: передано 0.005"},
		{"no items in 1.2, strict", ffd.V120, true, correctionOf(""), 26, missing + ".Items: обязательны на кассе ФФД 1.1 и 1.2"},
		{"no items in 1.1, strict", ffd.V110, true, correctionOf(""), 26, missing + ".Items: обязательны на кассе ФФД 1.1 и 1.2"},
		{"items are a word", ffd.V120, false, correctionOf(`,"Items":"x"`), 12, "Отсутствует информация о товарах/услугах: CorrectionReceiptData.Items"},
		{"paid more", ffd.V120, false, correctionOf(items + `,"Amounts":{"Electronic":101}`), 14, "Вносимая безналичной оплатой сумма больше суммы чека: CorrectionReceiptData.Amounts: безналичными 101.00, итог 100.00"},
		{"paid less", ffd.V120, false, correctionOf(items + `,"Amounts":{"Cash":99}`), 13, "Сумма по всем способам оплаты меньше итога чека: CorrectionReceiptData.Amounts: оплачено 99.00, итог 100.00"},
		{"unknown register, strict", ffd.V105, true, correctionOf(`,"DeviceNumber":"01801810008669"`), 15, "Нет подходящей ККМ для данной организации: CorrectionReceiptData.DeviceNumber: у организации нет такой кассы"},
		{"no taxation system, strict", ffd.V105, true, correctionOf(`,"TaxationSystem":null`), 26, missing + ".TaxationSystem: не передано"},
		{"taxation system is a word", ffd.V105, false, correctionOf(`,"TaxationSystem":"UsnIncome"`), 27, wrong + ".TaxationSystem: ожидается число"},
		{"contact is no phone", ffd.V105, false, correctionOf(`,"CustomerContactAddress":"12"`), 6,
			"Оформление услуг не разрешено при регистрации ККТ или телефон покупателя передан в неверном формате: CorrectionReceiptData.CustomerContactAddress: ожидается телефон, например +79161234567"},
		{"contact is no address", ffd.V105, false, correctionOf(`,"CustomerContactAddress":"a@"`), 24, "Неверный формат email: CorrectionReceiptData.CustomerContactAddress: ожидается адрес, например user@example.com"},
		{"time zone", ffd.V105, false, correctionOf(`,"TimeZoneCode":0`), 27, wrong + ".TimeZoneCode: значение 0, допустимы от 1 до 11"},
		{"place too long", ffd.V105, false, correctionOf(`,"PaymentAddress":"` + strings.Repeat("я", 257) + `"`), 27, wrong + ".PaymentAddress: 257 символов, не больше 256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, func(s *kkt.Settings, o *Options) { s.FFD, o.Strict = c.version, c.strict })
			require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathCorrection, c.body))
			require.Equal(t, c.code, b.entry("refused").Data["code"])
		})
	}
}

// TestCorrectionVector sends the correction of a real client; its numbers stand for those of the vector's words.
func TestCorrectionVector(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(shared, "vectors", "api", "cloudkassir", "correction-receipt-flowwow-ffd12.json"))
	if err != nil {
		t.Skip("vectors are not at " + shared)
	}
	var file struct{ Body json.RawMessage }
	require.NoError(t, json.Unmarshal(text, &file))
	b := open(t, nil)
	require.Equal(t, string(appendRefusal(nil, -1, "Компания с ИНН 1234567890 не найдена")), b.answer(pathCorrection, string(file.Body)))
	// The client writes its words as the numbers of the document, and a cause with a date (its src/Enum).
	body := strings.NewReplacer("1234567890", testINN, `"None"`, "6", `"UsnIncome"`, "1", `"Income"`, "1", "{}", `{"CorrectionDate":"2022-06-10","CorrectionNumber":null}`).
		Replace(string(file.Body))
	body = strings.Replace(body, `"Amounts": {"CorrectionDate":"2022-06-10","CorrectionNumber":null}`, `"Amounts": {}`, 1)
	form, tags := b.document(b.corrected(body))
	require.Equal(t, ffd.FormCorrection, form)
	golden(t, "correction-receipt-flowwow-ffd12.txt", tags)
}

func TestCorrectionIdempotency(t *testing.T) {
	b := open(t, nil)
	key := func(r *http.Request) { r.Header.Set("X-Request-ID", "key") }
	first := b.answer(pathCorrection, sampleCorrection, key)
	require.Equal(t, first, b.answer(pathCorrection, sampleCorrection, key))
	require.NotEqual(t, first, b.answer(pathReceipt, receiptOf(oneItem, ""), key), "the path is part of the key")
	require.NotEqual(t, first, b.answer(pathCorrection, sampleCorrection))
}

func TestCorrectionStates(t *testing.T) {
	b := open(t, nil)
	rec := &kkt.ReceiptRecord{ID: "q", API: apiName, Account: "pk_demo", Register: settings().Serial, Raw: []byte(sampleCorrection), Status: kkt.Queued}
	b.api.o.Fleet = records{spy: b.fleet, record: rec}
	golden(t, "correction-get-queued.json", indent(t, b.answer(pathCorrectionGet, `{"Id":"q"}`)))
	rec.Status, rec.Error = kkt.Failed, (&kkt.ChoiceError{INN: testINN, Lack: kkt.LackNoBSO}).Error()
	const message = "Нет касс без признака БСО для организации с ИНН 7708806062"
	require.Equal(t, fmt.Sprintf(`{"Model":"Error","InnerResult":null,"Success":true,"Message":"%s"}`, message), b.answer(pathCorrectionStatus, `{"Id":"q"}`))
	require.Contains(t, b.answer(pathCorrectionGet, `{"Id":"q"}`), `{"Status":"Error","ErrorCode":18,"ErrorMessage":"`+message+`",`)
}
