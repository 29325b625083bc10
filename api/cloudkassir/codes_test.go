package cloudkassir

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kktd/fault"
	"kktd/ffd"
	"kktd/kkt"
)

// TestErrorCodes provokes each error code by a request (spec/api/cloudkassir.md 5.10) and reads the Russian text of the official table
// at its beginning. Three have no cause in kktd and come by a fault: it has no terminals (16), enciphers nothing (10), and the document
// names no rule of 6 in its first meaning, services that the registration does not allow.
func TestErrorCodes(t *testing.T) {
	agents := func(s *kkt.Settings) { s.TakesAgents = false }
	for _, c := range []struct {
		code  int
		text  string
		set   func(*kkt.Settings)
		opts  func(*Options)
		first int // receipts before
		fault int // code that is set as a fault
		body  string
	}{
		{code: -1, text: "Компания с ИНН 7777777777 не найдена", body: strings.Replace(receiptOf(oneItem, ""), testINN, "7777777777", 1)},
		{code: 2, text: "Отсутствует ККТ для фискализации транзакции для данной организации", body: strings.Replace(receiptOf(oneItem, ""), testINN, emptyINN, 1)},
		{code: 3, text: "Переданная система налогообложения не установлена ни в одной кассе для данной организации", body: receiptOf(oneItem, `,"TaxationSystem":5`),
			set: func(s *kkt.Settings) { s.TaxSystems = s.TaxSystems[:1] }},
		{code: 4, text: "Переданы не все необходимые данные агента", body: receiptOf(agentItem(1, "{}", goodSupplier), "")},
		{code: 5, text: "Отсутствует ИНН поставщика или телефон поставщика при агентском расчете", body: receiptOf(agentItem(6, "null", `{"Name":"a"}`), "")},
		{code: 6, text: "Оформление услуг не разрешено при регистрации ККТ или телефон покупателя передан в неверном формате", body: receiptOf(oneItem, `,"Phone":"12345"`)},
		{code: 6, text: "Оформление услуг не разрешено при регистрации ККТ или телефон покупателя передан в неверном формате", body: receiptOf(oneItem, ""), fault: 6},
		{code: 7, text: "Неверный формат ИНН поставщика", body: receiptOf(agentItem(6, "null", `{"Name":"a","Inn":"123"}`), "")},
		{code: 8, text: "Ресурс хранения документов исчерпан (ФН переполнен)", body: receiptOf(oneItem, ""), first: 8, set: func(s *kkt.Settings) { s.DriveCapacity = 10 }},
		{code: 9, text: "Ошибка агентских данных", body: receiptOf(item(`"AgentSign":9`), "")},
		{code: 10, text: "Не зашифрованные персональные данные", body: receiptOf(oneItem, ""), fault: 10},
		{code: 11, text: "Не передан ИНН", body: `{"Type":"Income"}`},
		{code: 12, text: "Отсутствует информация о товарах/услугах", body: receiptOf("", "")},
		{code: 13, text: "Сумма по всем способам оплаты меньше итога чека", body: receiptOf(oneItem, `,"Amounts":{"Electronic":99.99}`)},
		{code: 14, text: "Вносимая безналичной оплатой сумма больше суммы чека", body: receiptOf(oneItem, `,"Amounts":{"Electronic":100.01}`)},
		{code: 15, text: "Нет подходящей ККМ для данной организации", body: receiptOf(oneItem, ""), set: func(s *kkt.Settings) { s.Maintenance = true }},
		{code: 16, text: "Нет касс с подходящим терминалом", body: receiptOf(oneItem, ""), fault: 16},
		{code: 17, text: "Нет касс с признаком БСО для организации с ИНН 7708806062", body: receiptOf(oneItem, `,"IsBso":true`), set: func(s *kkt.Settings) { s.TakesBSO = false }},
		{code: 18, text: "Нет касс без признака БСО для организации с ИНН 7708806062", body: receiptOf(oneItem, `,"IsBso":false`), set: func(s *kkt.Settings) { s.Conditions |= ffd.BSOSystem }},
		{code: 19, text: "Нет касс поддерживающих наличный рассчет", body: receiptOf(oneItem, `,"Amounts":{"Cash":100}`), set: func(s *kkt.Settings) { s.TakesCash = false }},
		{code: 20, text: "Нет касс с агентским признаком", body: receiptOf(agentItem(6, "null", goodSupplier), ""), set: agents},
		{code: 21, text: "Нет касс с поддержкой тега - Дополнительный реквизит пользователя", body: receiptOf(oneItem, `,"UserRequisiteData":{"RequisiteKey":"a","RequisiteValue":"b"}`),
			set: func(s *kkt.Settings) { s.TakesUserAttribute = false }},
		{code: 22, text: "Превышен лимит тестовых чеков за день", body: receiptOf(oneItem, ""), first: 1, opts: func(o *Options) { o.TestQuota = 1 }},
		{code: 23, text: "Неверный формат цены/суммы - не более двух знаков после точки", body: receiptOf(item(`"price":"1.234"`), "")},
		{code: 24, text: "Неверный формат email", body: receiptOf(oneItem, `,"Email":"user"`)},
		{code: 25, text: "Нет оплаченных ККМ для обработки чека", body: receiptOf(oneItem, ""), set: func(s *kkt.Settings) { s.Unpaid = true }},
		{code: 26, text: "Не переданы необходимые данные", body: receiptOf(oneItem, `,"UserRequisiteData":{}`)},
		{code: 27, text: "Некорректные данные", body: receiptOf(item(`"vat":19`), "")},
	} {
		t.Run(c.text, func(t *testing.T) {
			b := open(t, func(s *kkt.Settings, o *Options) {
				if c.set != nil {
					c.set(s)
				}
				if c.opts != nil {
					c.opts(o)
				}
			})
			b.emptyOrganisation()
			for range c.first {
				b.queued(receiptOf(oneItem, ""))
			}
			if c.fault != 0 {
				faults := new(fault.Set)
				faults.Add(fault.Fault{Effect: fault.APIError{Code: c.fault}, Match: fault.Match{API: Name, INN: testINN}})
				b.opts.Faults = faults
				b.api = New(b.opts)
			}
			answer := b.answer(pathReceipt, c.body)
			head := `{"Model":{"ErrorCode":` + strconv.Itoa(c.code) + `},"InnerResult":null,"Success":false,"Message":"` + c.text
			require.True(t, strings.HasPrefix(answer, head), answer)
		})
	}
}

// TestDriveRefusal: what the drive refuses comes later, as the status of the receipt (spec/api/cloudkassir.md 2.3.1).
func TestDriveRefusal(t *testing.T) {
	b := open(t, nil)
	b.clock.Advance(40 * 24 * time.Hour) // the registration is unsent for 40 days
	id := b.queued(receiptOf(oneItem, ""))
	require.Contains(t, b.answer(pathStatus, `{"Id":"`+id+`"}`), `{"Model":"Error","InnerResult":null,"Success":true,"Message":"ФН 9999078900005430, документ 2: код 14h`)
	require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"FiscalSign":null`)
	answer := b.answer(pathReceipt, receiptOf(oneItem, ""))
	require.Contains(t, answer, `"WarningCodes":[3]}`)
}

// emptyINN is an organisation of the caller without registers.
const emptyINN = "7700000010"

func (b *bench) emptyOrganisation() {
	b.t.Helper()
	b.fleet.organisations = map[string]kkt.Organisation{emptyINN: {INN: emptyINN}}
	require.NoError(b.t, b.fleet.AddAccount(kkt.Account{PublicID: "pk_demo", Secret: "secret_demo", INNs: []string{testINN, emptyINN}}))
}

// TestBadBodies holds exact answers to bodies that are wrong in ways that TestRefusals does not have: what comes twice, what is of
// another type, what is out of range, marking codes, contacts, dates.
func TestBadBodies(t *testing.T) {
	const bad, agentBad, receipt = "Некорректные данные: ", "Ошибка агентских данных: ", "CustomerReceipt."
	const it = receipt + "Items[0]."
	const noItems, badRequest = "Отсутствует информация о товарах/услугах: ", "Некорректный запрос: "
	const badEmail = "Неверный формат email: " + receipt + "Email: ожидается адрес, например user@example.com"
	const badPhone = "Оформление услуг не разрешено при регистрации ККТ или телефон покупателя передан в неверном формате: " + receipt + "Phone: ожидается телефон, например +79161234567"
	const decimals = "Неверный формат цены/суммы - не более двух знаков после точки: "
	for _, c := range []struct {
		name, body string
		code       int
		message    string
	}{
		{"a word", `hello`, -1, badRequest + "JSON не разобран: строка 1, символ 1"},
		{"a number", `7`, -1, badRequest + "ожидается объект"},
		{"null", `null`, -1, badRequest + "ожидается объект"},
		{"two objects", `{}{}`, -1, badRequest + "JSON не разобран: строка 1, символ 3"},
		{"missing comma", `{"Inn":"7708806062" "Type":"Income"}`, -1, badRequest + "JSON не разобран: строка 1, символ 21"},
		{"single quotes", `{'Inn':'7708806062'}`, -1, badRequest + "JSON не разобран: строка 1, символ 2"},
		{"not closed", `{"Inn":"7708806062`, -1, badRequest + "JSON не разобран: строка 1, символ 8"},
		{"a control character", "{\"Inn\":\"77\x01\"}", -1, badRequest + "JSON не разобран: строка 1, символ 11"},
		{"a comment that does not end", `{"Inn":1 /* `, -1, badRequest + "JSON не разобран: строка 1, символ 10"},
		{"too deep", strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), -1, badRequest + "JSON не разобран: строка 1, символ 321"},
		{"INN twice, the last counts", `{"Inn":"7708806062","INN":"12","Type":"Income"}`, -1, badRequest + "INN: ожидается 10 или 12 цифр"},
		{"INN null", `{"Inn":null}`, 11, "Не передан ИНН: Inn"},
		{"INN of 11 digits", `{"Inn":"77088060620"}`, -1, badRequest + "Inn: ожидается 10 или 12 цифр"},
		{"INN of letters", `{"Inn":"770880606O"}`, -1, badRequest + "Inn: ожидается 10 или 12 цифр"},
		{"INN with a space", `{"Inn":" 7708806062"}`, -1, badRequest + "Inn: ожидается 10 или 12 цифр"},
		{"INN negative", `{"Inn":-770880606}`, -1, badRequest + "Inn: ожидается 10 или 12 цифр"},
		{"INN is an object", `{"Inn":{}}`, -1, badRequest + "Inn: ожидается строка"},
		{"type is a number", `{"Inn":"7708806062","Type":1}`, -1, badRequest + "Type: допустимы Income, IncomeReturn, Expense, ExpenseReturn"},
		{"type is empty", `{"Inn":"7708806062","Type":""}`, -1, badRequest + "Type: не передано"},
		{"type twice", `{"Inn":"7708806062","Type":"Income","type":"Sell"}`, -1, badRequest + "type: допустимы Income, IncomeReturn, Expense, ExpenseReturn"},
		{"receipt is a word", `{"Inn":"7708806062","Type":"Income","CustomerReceipt":"x"}`, 12, noItems + "CustomerReceipt: ожидается объект"},
		{"receipt is an array", `{"Inn":"7708806062","Type":"Income","CustomerReceipt":[]}`, 12, noItems + "CustomerReceipt: ожидается объект"},
		{"items are an object", strings.Replace(receiptOf("", ""), `[]`, `{}`, 1), 12, noItems + receipt + "Items"},
		{"items are null", strings.Replace(receiptOf("", ""), `[]`, `null`, 1), 12, noItems + receipt + "Items"},
		{"items twice, the last counts", receiptOf(oneItem, `,"items":[]`), 12, noItems + receipt + "items"},
		{"item is null", receiptOf("null", ""), 12, noItems + it[:len(it)-1] + ": ожидается объект"},
		{"label of spaces", receiptOf(item(`"label":"   "`), ""), 12, noItems + it + "label: не передано"},
		{"label is an array", receiptOf(item(`"label":[]`), ""), 12, noItems + it + "label: ожидается строка"},
		{"label of a control character", receiptOf(item(`"label":"a\u0007"`), ""), 27, bad + it + "label: управляющий символ U+0007 (2-й по счёту)"},
		{"hieroglyph", receiptOf(item(`"label":"茶 чай"`), ""), 27, bad + it + "label: символ \"茶\" (U+8336, 1-й по счёту) нельзя записать в CP866"},
		{"character in the cashier", receiptOf(oneItem, `,"CashierName":"Иванова ☕"`), 27, bad + receipt + "CashierName: символ \"☕\" (U+2615, 9-й по счёту) нельзя записать в CP866"},
		{"price is null", receiptOf(item(`"price":null`), ""), -1, badRequest + it + "price: не передано"},
		{"price is true", receiptOf(item(`"price":true`), ""), -1, badRequest + it + "price: ожидается число"},
		{"price is an array", receiptOf(item(`"price":[1]`), ""), -1, badRequest + it + "price: ожидается число"},
		{"price with a space", receiptOf(item(`"price":"1 000"`), ""), -1, badRequest + it + "price: ожидается число"},
		{"price in roubles", receiptOf(item(`"price":"100 руб"`), ""), -1, badRequest + it + "price: ожидается число"},
		{"price negative", receiptOf(item(`"price":-0.01`), ""), -1, badRequest + it + "price: не может быть меньше нуля"},
		{"price of NaN", receiptOf(item(`"price":"NaN"`), ""), -1, badRequest + it + "price: ожидается число"},
		{"price in hexadecimal", receiptOf(item(`"price":"0x10"`), ""), -1, badRequest + it + "price: ожидается число"},
		{"price of a tiny exponent", receiptOf(item(`"price":1e-3`), ""), 23, decimals + it + "price: передано 1e-3"},
		{"amount twice", receiptOf(item(`"Amount":100,"AMOUNT":"x"`), ""), -1, badRequest + it + "AMOUNT: ожидается число"},
		{"amount of three decimals", receiptOf(item(`"amount":100.001`), ""), 23, decimals + it + "amount: передано 100.001"},
		{"quantity negative", receiptOf(item(`"quantity":-1`), ""), -1, badRequest + it + "quantity: должно быть больше нуля"},
		{"quantity too large", receiptOf(item(`"quantity":1e17`), ""), 27, bad + it + "quantity: слишком большое количество"},
		{"excise of three decimals", receiptOf(item(`"excise":1.001`), ""), 23, decimals + it + "excise: передано 1.001"},
		{"vat is a word", receiptOf(item(`"vat":"НДС20"`), ""), 27, bad + it + "vat: ожидается число"},
		{"vat before 2019", receiptOf(item(`"vat":118`), ""), 27, bad + it + "vat: ставка 118 отменена с 2019 года, передайте 120, с 2026 года 122"},
		{"vat of -1", receiptOf(item(`"vat":-1`), ""), 27, bad + it + "vat: ставка -1 не поддерживается, допустимы null, 0, 5, 7, 10, 20, 22, 105, 107, 110, 120, 122"},
		{"method of -1", receiptOf(item(`"method":-1`), ""), 27, bad + it + "method: значение -1, допустимы от 0 до 7"},
		{"object 34", receiptOf(item(`"object":34`), ""), 27, bad + it + "object: значение 34, допустимы от 0 до 33"},
		{"object is a word", receiptOf(item(`"object":"Commodity"`), ""), 27, bad + it + "object: ожидается число"},
		{"unit code 256", receiptOf(item(`"unitCode":256`), ""), 27, bad + it + "unitCode: значение 256, допустимы от 0 до 255"},
		{"unit too long", receiptOf(item(`"measurementUnit":"`+strings.Repeat("я", 17)+`"`), ""), 27, bad + it + "measurementUnit: 17 символов, не больше 16"},
		{"country of 2 digits", receiptOf(item(`"CountryOriginCode":"64"`), ""), 27, bad + it + "CountryOriginCode: ожидается цифр: 3"},
		{"declaration too long", receiptOf(item(`"CustomsDeclarationNumber":"`+strings.Repeat("1", 33)+`"`), ""), 27, bad + it + "CustomsDeclarationNumber: 33 символов, не больше 32"},
		{"sale object data too long", receiptOf(item(`"SaleObjectData":"`+strings.Repeat("1", 65)+`"`), ""), 27, bad + it + "SaleObjectData: 65 символов, не больше 64"},
		{"marking code of an array", receiptOf(item(`"RawMarkCode":[]`), ""), 27, bad + it + "RawMarkCode: ожидается строка"},
		{"marking data are a word", receiptOf(item(`"ProductCodeData":"x"`), ""), 27, bad + it + "ProductCodeData: ожидается объект"},
		{"expected status 7", receiptOf(item(`"ExpectedMarkItemStatus":7`), ""), 27, bad + it + "ExpectedMarkItemStatus: значение 7, допустимы от 1 до 6 и 255"},
		{"expected status 0", receiptOf(item(`"ExpectedMarkItemStatus":0`), ""), 27, bad + it + "ExpectedMarkItemStatus: значение 0, допустимы от 1 до 255"},
		{"part without denominator", receiptOf(item(`"MarkPartQuantity":{"Numerator":1}`), ""), 26, "Не переданы необходимые данные: " + it + "MarkPartQuantity.Denominator: не передано"},
		{"part of 0", receiptOf(item(`"MarkPartQuantity":{"Numerator":0,"Denominator":2}`), ""), 27, bad + it + "MarkPartQuantity.Numerator: значение 0, допустимы от 1 до 140737488355328"},
		{"industry requisite: FOIV of 2 digits", receiptOf(item(`"IndustryRequisiteCollection":[{"code":"12","documentDate":"2022-03-21","documentNumber":"1","requisiteValue":"a"}]`), ""), 27,
			bad + it + "IndustryRequisiteCollection[0].code: ожидается цифр: 3"},
		{"industry requisite: date", receiptOf(item(`"IndustryRequisiteCollection":[{"code":"012","documentDate":"31.02.2022","documentNumber":"1","requisiteValue":"a"}]`), ""), 27,
			bad + it + "IndustryRequisiteCollection[0].documentDate: ожидается дата, например 2022-03-21 или 21.03.2022"},
		{"agent sign -1", receiptOf(item(`"AgentSign":-1`), ""), 9, agentBad + it + "AgentSign: значение -1, допустимы от 0 до 6"},
		{"agent sign is a word", receiptOf(oneItem, `,"AgentSign":"agent"`), 9, agentBad + receipt + "AgentSign: ожидается число"},
		{"agent data are a word", receiptOf(agentItem(6, `"x"`, goodSupplier), ""), 9, agentBad + it + "AgentData: ожидается объект"},
		{"agent operator INN", receiptOf(agentItem(6, `{"TransferOperatorInn":"1"}`, goodSupplier), ""), 9, agentBad + it + "AgentData.TransferOperatorInn: ожидается 10 или 12 цифр"},
		{"agent operation too long", receiptOf(agentItem(6, `{"AgentOperationName":"`+strings.Repeat("я", 25)+`"}`, goodSupplier), ""), 27, bad + it + "AgentData.AgentOperationName: 25 символов, не больше 24"},
		{"supplier INN of letters", receiptOf(agentItem(6, "null", `{"Name":"a","Inn":"77088060AB"}`), ""), 7, "Неверный формат ИНН поставщика: " + it + "PurveyorData.Inn: ожидается 10 или 12 цифр"},
		{"supplier phone", receiptOf(agentItem(6, "null", `{"Name":"a","Inn":"7708806062","Phone":"тел"}`), ""), 9, agentBad + it + "PurveyorData.Phone: ожидается телефон, например +79161234567"},
		{"e-mail without a name", receiptOf(oneItem, `,"Email":"@b.ru"`), 24, badEmail},
		{"e-mail with a space", receiptOf(oneItem, `,"Email":"a b@c.ru"`), 24, badEmail},
		{"e-mail with two @", receiptOf(oneItem, `,"Email":"a@b@c.ru"`), 24, badEmail},
		{"list of e-mails", receiptOf(oneItem, `,"Email":"a@b.ru,c@d.ru"`), 24, badEmail},
		{"e-mail with an empty domain part", receiptOf(oneItem, `,"Email":"a@b..ru"`), 24, badEmail},
		{"e-mail of 65 characters", receiptOf(oneItem, `,"Email":"`+strings.Repeat("a", 60)+`@b.ru"`), 27, bad + receipt + "Email: 65 символов, не больше 64"},
		{"phone of letters", receiptOf(oneItem, `,"Phone":"позвонить"`), 6, badPhone},
		{"phone too short", receiptOf(oneItem, `,"Phone":"+79161"`), 6, badPhone},
		{"phone too long", receiptOf(oneItem, `,"Phone":"+7916123456789012"`), 6, badPhone},
		{"two phones", receiptOf(oneItem, `,"Phone":"89161234567, 89161234568"`), 6, badPhone},
		{"phone is an object", receiptOf(oneItem, `,"Phone":{}`), 6, strings.Replace(badPhone, "ожидается телефон, например +79161234567", "ожидается строка", 1)},
		{"buyer INN of 11 digits", receiptOf(oneItem, `,"CustomerInn":"77088060620"`), 27, bad + receipt + "CustomerInn: ожидается 10 или 12 цифр"},
		{"buyer state of letters", receiptOf(oneItem, `,"CustomerStateCode":"RUS"`), 27, bad + receipt + "CustomerStateCode: ожидается цифр: 3"},
		{"buyer document of 1 digit", receiptOf(oneItem, `,"CustomerDocType":"1"`), 27, bad + receipt + "CustomerDocType: ожидается цифр: 2"},
		{"30th of February", receiptOf(oneItem, `,"CustomerBirthday":"1980-02-30"`), 27, bad + receipt + "CustomerBirthday: ожидается дата, например 2022-03-21 или 21.03.2022"},
		{"day before month", receiptOf(oneItem, `,"CustomerBirthday":"12/26/1980"`), 27, bad + receipt + "CustomerBirthday: ожидается дата, например 2022-03-21 или 21.03.2022"},
		{"cashier INN", receiptOf(oneItem, `,"CashierInn":"77"`), 27, bad + receipt + "CashierInn: ожидается 10 или 12 цифр"},
		{"additional requisite of 17", receiptOf(oneItem, `,"AdditionalReceiptRequisite":"12345678901234567"`), 27, bad + receipt + "AdditionalReceiptRequisite: 17 символов, не больше 16"},
		{"user requisite is an array", receiptOf(oneItem, `,"UserRequisiteData":[1]`), 27, bad + receipt + "UserRequisiteData: ожидается объект"},
		{"operation 256", receiptOf(oneItem, `,"OperationReceiptRequisite":{"OperationIdentifier":256,"OperationDate":"2022-03-21","OperationData":"a"}`), 27,
			bad + receipt + "OperationReceiptRequisite.OperationIdentifier: значение 256, допустимы от 0 до 255"},
		{"Amounts are a number", receiptOf(oneItem, `,"Amounts":100`), 27, bad + receipt + "Amounts: ожидается объект"},
		{"Amounts negative", receiptOf(oneItem, `,"Amounts":{"Electronic":-100}`), -1, badRequest + receipt + "Amounts.Electronic: не может быть меньше нуля"},
		{"Amounts twice, the last counts", receiptOf(oneItem, `,"Amounts":{"Electronic":100},"amounts":{"Electronic":99}`), 13,
			"Сумма по всем способам оплаты меньше итога чека: " + receipt + "amounts: оплачено 99.00, итог 100.00"},
		{"way of paying twice", receiptOf(oneItem, `,"Amounts":{"Electronic":100,"electronic":101}`), 14,
			"Вносимая безналичной оплатой сумма больше суммы чека: " + receipt + "Amounts: безналичными 101.00, итог 100.00"},
		{"payment method 300", receiptOf(oneItem, `,"NonCashPayments":[{"Amount":1,"PaymentMethod":300}]`), 27, bad + receipt + "NonCashPayments[0].PaymentMethod: значение 300, допустимы от 0 до 255"},
		{"payment without amount", receiptOf(oneItem, `,"NonCashPayments":[{"PaymentMethod":1}]`), 26, "Не переданы необходимые данные: " + receipt + "NonCashPayments[0].Amount: не передано"},
		{"Internet flag", receiptOf(oneItem, `,"IsInternetPayment":2`), 27, bad + receipt + "IsInternetPayment: ожидается true или false"},
		{"time zone 0", receiptOf(oneItem, `,"RussiaTimeZone":0`), 27, bad + receipt + "RussiaTimeZone: значение 0, допустимы от 1 до 11"},
		{"AccountId is an array", `{"AccountId":[],` + receiptOf(oneItem, "")[1:], 27, bad + "AccountId: ожидается строка"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, nil)
			require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathReceipt, c.body))
			require.Equal(t, 1, b.lastDocument(), "a bad body changes nothing")
		})
	}
}

func TestFormsRefused(t *testing.T) {
	form := func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
	bare := func(r *http.Request) { r.Header.Del("Content-Type") }
	b := open(t, nil)
	b.queued(receiptOf(oneItem, ""), bare)
	b.queued("\ufeff"+receiptOf(oneItem, ""), bare)
	require.Contains(t, b.answer(pathReceipt, "Inn=7708806062&Type=Income&CustomerReceipt[Items][0][Label]=a&CustomerReceipt[Items][0][Price]=1", form),
		"CustomerReceipt.Items[0].Amount: не передано")
	require.Contains(t, b.answer(pathReceipt, "Inn=%ZZ", form), `"ErrorCode":-1`)
	require.Contains(t, b.answer(pathReceipt, receiptOf(oneItem, ""), form), "в теле JSON, а заголовок говорит о форме")
}
