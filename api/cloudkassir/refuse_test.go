package cloudkassir

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

// item is oneItem with other or further members; the last of a repeated name counts.
func item(more string) string { return strings.TrimSuffix(oneItem, "}") + "," + more + "}" }

func agentItem(sign int, agent, supplier string) string {
	return item(fmt.Sprintf(`"AgentSign":%d,"AgentData":%s,"PurveyorData":%s`, sign, agent, supplier))
}

const goodSupplier = `{"Name":"ООО Ромашка","Inn":"1234567890","Phone":"+74951234567"}`

func TestRefusals(t *testing.T) {
	long := strings.Repeat("я", 257)
	for _, c := range []struct {
		name, body string
		code       int
		message    string
	}{
		{"no JSON", `{"Inn":`, -1, `Некорректный запрос: JSON не разобран: строка 1, символ 8`},
		{"an array", `[]`, -1, `Некорректный запрос: ожидается объект`},
		{"nothing", ``, 11, `Не передан ИНН: Inn`},
		{"empty INN", `{"Inn":""}`, 11, `Не передан ИНН: Inn`},
		{"INN of 9 digits", `{"Inn":123456789}`, -1, `Некорректный запрос: Inn: ожидается 10 или 12 цифр`},
		{"unknown INN", `{"Inn":"7777777777"}`, -1, `Компания с ИНН 7777777777 не найдена`},
		{"no type", `{"Inn":"7708806062"}`, -1, `Некорректный запрос: Type: не передано`},
		{"unknown type", `{"Inn":"7708806062","Type":"Sell"}`, -1, `Некорректный запрос: Type: допустимы Income, IncomeReturn, Expense, ExpenseReturn`},
		{"no receipt", `{"Inn":"7708806062","Type":"Income"}`, 12, `Отсутствует информация о товарах/услугах: CustomerReceipt`},
		{"no items", receiptOf("", ""), 12, `Отсутствует информация о товарах/услугах: CustomerReceipt.Items`},
		{"embedded JSON broken", `{"Inn":"7708806062","Type":"Income","CustomerReceipt":"{\"Items\":"}`, -1, `Некорректный запрос: CustomerReceipt: JSON не разобран: строка 1, символ 10`},
		{"no label", receiptOf(`{"Price":1,"Amount":1}`, ""), 12, `Отсутствует информация о товарах/услугах: CustomerReceipt.Items[0].Label: не передано`},
		{"item is a number", receiptOf(`7`, ""), 12, `Отсутствует информация о товарах/услугах: CustomerReceipt.Items[0]: ожидается объект`},
		{"label behind bad numbers", receiptOf(`{"Label":"a","Price":"x","Amount":1.001},{"Price":1,"Amount":1}`, ""), 12,
			`Отсутствует информация о товарах/услугах: CustomerReceipt.Items[1].Label: не передано`},
		{"price is a word", receiptOf(item(`"price":"x"`), ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].price: ожидается число`},
		{"comma", receiptOf(item(`"price":"100,00"`), ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].price: ожидается число с точкой, а не с запятой`},
		{"no amount", receiptOf(`{"Label":"a","Price":1}`, ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].Amount: не передано`},
		{"negative amount", receiptOf(item(`"amount":-1`), ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].amount: не может быть меньше нуля`},
		{"quantity 0", receiptOf(item(`"quantity":0`), ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].quantity: должно быть больше нуля`},
		{"quantity rounds to 0", receiptOf(item(`"quantity":0.0000001`), ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].quantity: должно быть больше нуля`},
		{"three decimals", receiptOf(item(`"price":1.001`), ""), 23, `Неверный формат цены/суммы - не более двух знаков после точки: CustomerReceipt.Items[0].price: передано 1.001`},
		{"three decimals in Amounts", receiptOf(oneItem, `,"Amounts":{"Electronic":"1.005"}`), 23,
			`Неверный формат цены/суммы - не более двух знаков после точки: CustomerReceipt.Amounts.Electronic: передано 1.005`},
		{"printed line too long", receiptOf(oneItem, `,"AdditionalReceiptInfos":["a","`+strings.Repeat("я", 1001)+`"]`), 27,
			`Некорректные данные: CustomerReceipt.AdditionalReceiptInfos[1]: 1001 символов, не больше 1000`},
		{"too many printed lines", receiptOf(oneItem, `,"AdditionalReceiptInfos":[`+strings.TrimSuffix(strings.Repeat(`"a",`, 101), ",")+`]`), 27,
			`Некорректные данные: CustomerReceipt.AdditionalReceiptInfos: 101 строк, не больше 100`},
		{"printed line is an object", receiptOf(item(`"AdditionalPositionInfo":{}`), ""), 27,
			`Некорректные данные: CustomerReceipt.Items[0].AdditionalPositionInfo: ожидается строка`},
		{"total 0", receiptOf(item(`"price":0,"amount":0`), ""), -1, `Некорректный запрос: CustomerReceipt.Items: итог чека равен нулю`},
		{"sum too large", receiptOf(item(`"price":1e13,"amount":1e13`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].price: слишком большая сумма`},
		{"bad e-mail before bad phone", receiptOf(oneItem, `,"Email":"a@","Phone":"12"`), 24, `Неверный формат email: CustomerReceipt.Email: ожидается адрес, например user@example.com`},
		{"bad phone beside a good e-mail", receiptOf(oneItem, `,"Email":"a@b.ru","Phone":"12"`), 6,
			`Оформление услуг не разрешено при регистрации ККТ или телефон покупателя передан в неверном формате: CustomerReceipt.Phone: ожидается телефон, например +79161234567`},
		{"bank agent without data", receiptOf(agentItem(0, "null", goodSupplier), ""), 4, `Переданы не все необходимые данные агента: CustomerReceipt.Items[0].AgentData: не передано AgentOperationName`},
		{"payment agent without operator", receiptOf(agentItem(2, `{"PaymentAgentPhone":"+79161234567"}`, goodSupplier), ""), 4,
			`Переданы не все необходимые данные агента: CustomerReceipt.Items[0].AgentData.PaymentReceiverOperatorPhone: не передано`},
		{"no supplier", receiptOf(agentItem(6, "null", "null"), ""), 5, `Отсутствует ИНН поставщика или телефон поставщика при агентском расчете: CustomerReceipt.Items[0].PurveyorData: не передано Inn`},
		{"supplier without phone", receiptOf(agentItem(3, `{"PaymentAgentPhone":"+79161234567","PaymentReceiverOperatorPhone":"+79161234567"}`, `{"Name":"a","Inn":"1234567890"}`), ""), 5,
			`Отсутствует ИНН поставщика или телефон поставщика при агентском расчете: CustomerReceipt.Items[0].PurveyorData.Phone: не передано`},
		{"supplier INN", receiptOf(agentItem(6, "null", `{"Name":"a","Inn":"12"}`), ""), 7, `Неверный формат ИНН поставщика: CustomerReceipt.Items[0].PurveyorData.Inn: ожидается 10 или 12 цифр`},
		{"supplier without name", receiptOf(agentItem(6, "null", `{"Inn":"1234567890"}`), ""), 9, `Ошибка агентских данных: CustomerReceipt.Items[0].PurveyorData.Name: не передано`},
		{"agent sign 7", receiptOf(item(`"AgentSign":7`), ""), 9, `Ошибка агентских данных: CustomerReceipt.Items[0].AgentSign: значение 7, допустимы от 0 до 6`},
		{"two agent signs", receiptOf(agentItem(6, "null", goodSupplier), `,"AgentSign":6`), 9, `Ошибка агентских данных: CustomerReceipt.Items[0].AgentSign: признак агента передан и в чеке, и в позиции`},
		{"agent phone", receiptOf(agentItem(6, `{"PaymentAgentPhone":"1"}`, goodSupplier), ""), 9, `Ошибка агентских данных: CustomerReceipt.Items[0].AgentData.PaymentAgentPhone: ожидается телефон, например +79161234567`},
		{"paid less", receiptOf(oneItem, `,"Amounts":{"Cash":99.99}`), 13, `Сумма по всем способам оплаты меньше итога чека: CustomerReceipt.Amounts: оплачено 99.99, итог 100.00`},
		{"zeros are no payment", receiptOf(oneItem, `,"Amounts":{"Electronic":0}`), 13, `Сумма по всем способам оплаты меньше итога чека: CustomerReceipt.Amounts: оплачено 0.00, итог 100.00`},
		{"cashless above the total", receiptOf(oneItem, `,"Amounts":{"Credit":60,"Provision":41}`), 14,
			`Вносимая безналичной оплатой сумма больше суммы чека: CustomerReceipt.Amounts: безналичными 101.00, итог 100.00`},
		{"vat 12", receiptOf(item(`"vat":12`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].vat: ставка 12 только для касс Казахстана`},
		{"vat 19", receiptOf(item(`"vat":19`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].vat: ставка 19 не поддерживается, допустимы null, 0, 5, 7, 10, 20, 22, 105, 107, 110, 120, 122`},
		{"method 8", receiptOf(item(`"method":8`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].method: значение 8, допустимы от 0 до 7`},
		{"object 28", receiptOf(item(`"object":28`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].object: значение 28, допустимы от 0 до 27 и от 30 до 33`},
		{"unit code 13", receiptOf(item(`"unitCode":13`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].unitCode: мера количества 13 не известна`},
		{"taxation system 6", receiptOf(oneItem, `,"TaxationSystem":6`), 27, `Некорректные данные: CustomerReceipt.TaxationSystem: значение 6, допустимы от 0 до 5`},
		{"character", receiptOf(item(`"label":"Торт 😀"`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].label: символ "😀" (U+1F600, 6-й по счёту) нельзя записать в CP866`},
		{"place too long", receiptOf(oneItem, `,"CalculationPlace":"`+long+`"`), 27, `Некорректные данные: CustomerReceipt.CalculationPlace: 257 символов, не больше 256`},
		{"text is an object", receiptOf(oneItem, `,"CashierName":{}`), 27, `Некорректные данные: CustomerReceipt.CashierName: ожидается строка`},
		{"country", receiptOf(item(`"CountryOriginCode":"RU"`), ""), 27, `Некорректные данные: CustomerReceipt.Items[0].CountryOriginCode: ожидается цифр: 3`},
		{"buyer INN", receiptOf(oneItem, `,"CustomerInn":"770"`), 27, `Некорректные данные: CustomerReceipt.CustomerInn: ожидается 10 или 12 цифр`},
		{"birthday", receiptOf(oneItem, `,"CustomerBirthday":"26 Dec"`), 27, `Некорректные данные: CustomerReceipt.CustomerBirthday: ожидается дата, например 2022-03-21 или 21.03.2022`},
		{"half a user requisite", receiptOf(oneItem, `,"UserRequisiteData":{"RequisiteKey":"a"}`), 26, `Не переданы необходимые данные: CustomerReceipt.UserRequisiteData.RequisiteValue: не передано`},
		{"fraction above one", receiptOf(item(`"markPartQuantity":{"numerator":4,"denominator":4}`), ""), 27,
			`Некорректные данные: CustomerReceipt.Items[0].markPartQuantity: числитель должен быть меньше знаменателя`},
		{"noncash payments above Electronic", receiptOf(oneItem, `,"NonCashPayments":[{"Amount":100.01,"PaymentMethod":1}]`), 27,
			`Некорректные данные: CustomerReceipt.NonCashPayments: в сумме 100.01, больше Electronic 100.00`},
		{"no array of payments", receiptOf(oneItem, `,"NonCashPayments":{}`), 27, `Некорректные данные: CustomerReceipt.NonCashPayments: ожидается массив`},
		{"null among payments", receiptOf(oneItem, `,"NonCashPayments":[null]`), 27, `Некорректные данные: CustomerReceipt.NonCashPayments[0]: ожидается объект`},
		{"date before 1970", receiptOf(oneItem, `,"OperationReceiptRequisite":{"OperationIdentifier":7,"OperationDate":"1960-03-21","OperationData":"a"}`), 27,
			`Некорректные данные: CustomerReceipt.OperationReceiptRequisite.OperationDate: дата вне 1970–2106 годов`},
		{"no flag", receiptOf(oneItem, `,"IsBso":"yes"`), 27, `Некорректные данные: CustomerReceipt.IsBso: ожидается true или false`},
		{"InvoiceId is an object", `{"InvoiceId":{},` + receiptOf(oneItem, "")[1:], 27, `Некорректные данные: InvoiceId: ожидается строка`},
		{"half an industry requisite", receiptOf(oneItem, `,"IndustryRequisiteCollection":[{"code":"012"}]`), 26,
			`Не переданы необходимые данные: CustomerReceipt.IndustryRequisiteCollection[0].DocumentDate: не передано`},
		{"quantity is a word", receiptOf(item(`"quantity":"много"`), ""), -1, `Некорректный запрос: CustomerReceipt.Items[0].quantity: ожидается число`},
		{"time zone", receiptOf(oneItem, `,"TimeZoneCode":12`), 27, `Некорректные данные: CustomerReceipt.TimeZoneCode: значение 12, допустимы от 1 до 11`},
		{"item above its 1024 bytes", receiptOf(item(`"industryRequisiteCollection":[`+strings.Repeat(`{"code":"012","documentDate":"2022-03-21","documentNumber":"1","requisiteValue":"`+strings.Repeat("a", 256)+`"},`, 4)+`]`), ""), 27,
			`Некорректные данные: тег 1059[0]/1059: байт 1213, допустимо не больше 1024`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, nil)
			want := string(appendRefusal(nil, c.code, c.message))
			require.Equal(t, want, b.answer(pathReceipt, c.body))
			e := b.entry("refused")
			require.Equal(t, c.message, e.Data["reason"])
			require.Equal(t, c.code, e.Data["code"])
			require.Equal(t, "pk_demo", e.Data["account"])
			require.Equal(t, pathReceipt, e.Data["path"])
			line, err := e.String()
			require.NoError(t, err)
			require.NotContains(t, line, "secret_demo")
			b.hook.Reset()
			b.queued(receiptOf(oneItem, "")) // the pooled memory is clean again
		})
	}
}

func TestStrict(t *testing.T) {
	for name, c := range map[string]struct {
		body, message string
		code          int
	}{
		"buyer INN":    {receiptOf(oneItem, `,"CustomerInn":"7708806063"`), "Некорректные данные: CustomerReceipt.CustomerInn: контрольные цифры ИНН не сходятся", 27},
		"supplier INN": {receiptOf(agentItem(6, "null", goodSupplier), ""), "Неверный формат ИНН поставщика: CustomerReceipt.Items[0].PurveyorData.Inn: контрольные цифры ИНН не сходятся", 7},
		"quotes":       {receiptOf(item(`"label":"«a»"`), ""), `Некорректные данные: CustomerReceipt.Items[0].label: символ "«" (U+00AB, 1-й по счёту) нельзя записать в CP866`, 27},
		"quantity":     {receiptOf(item(`"quantity":1.0000001`), ""), "Некорректные данные: CustomerReceipt.Items[0].quantity: не больше 6 знаков после точки", 27},
		"part": {receiptOf(item(`"quantity":2,"markPartQuantity":{"numerator":1,"denominator":4}`), ""),
			"Некорректные данные: CustomerReceipt.Items[0].markPartQuantity: количество должно быть 1, цена равна сумме, мера количества 0", 27},
	} {
		t.Run(name, func(t *testing.T) {
			lenient := open(t, nil)
			lenient.queued(c.body)
			b := open(t, func(_ *kkt.Settings, o *Options) { o.Strict = true })
			require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathReceipt, c.body))
		})
	}
}

// TestChoice lets real registers refuse.
func TestChoice(t *testing.T) {
	for _, c := range []struct {
		name    string
		set     func(*kkt.Settings)
		more    string
		code    int
		message string
	}{
		{"taxation system", func(s *kkt.Settings) { s.TaxSystems = s.TaxSystems[:1] }, `,"TaxationSystem":1`, 3, sentence(3)},
		{"BSO", func(s *kkt.Settings) { s.TakesBSO = false }, `,"IsBso":true`, 17, "Нет касс с признаком БСО для организации с ИНН 7708806062"},
		{"no BSO", func(s *kkt.Settings) { s.Conditions = ffd.BSOSystem }, `,"IsBso":false`, 18, "Нет касс без признака БСО для организации с ИНН 7708806062"},
		{"cash", func(s *kkt.Settings) { s.TakesCash = false }, `,"Amounts":{"Cash":100}`, 19, sentence(19)},
		{"agent", func(s *kkt.Settings) { s.TakesAgents = false }, `,"AgentSign":6`, 20, sentence(20)},
		{"user requisite", func(s *kkt.Settings) { s.TakesUserAttribute = false }, `,"UserRequisiteData":{"RequisiteKey":"a","RequisiteValue":"b"}`, 21, sentence(21)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, func(s *kkt.Settings, _ *Options) { c.set(s) })
			body := receiptOf(item(`"PurveyorData":`+goodSupplier), c.more)
			require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathReceipt, body))
		})
	}
}

func TestErrorsOfFleet(t *testing.T) {
	for _, c := range []struct {
		err     error
		code    int
		message string
	}{
		{&kkt.ChoiceError{Lack: kkt.LackRegister}, 2, sentence(2)},
		{&kkt.ChoiceError{Lack: kkt.LackMemory}, 8, sentence(8)},
		{&kkt.ChoiceError{Lack: kkt.LackSuitable}, 15, sentence(15)},
		{&fn.Refusal{Code: fn.CodeNoSpace, Drive: "9999078900005430", Number: 51, Full: true}, 8, sentence(8)},
		{&fn.Refusal{Code: fn.CodeTermEnded, Drive: "9999078900005430", Number: 51, Why: "over"}, -1,
			"ФН 9999078900005430, документ 51: код 12h, исчерпан срок действия ключей ФН"},
		{&ffd.FieldError{Path: "1059[2]/1030", Rule: "too long", RuleRu: "слишком длинно"}, 27, "Некорректные данные: тег 1059[2]/1030: слишком длинно"},
		{fmt.Errorf("register 1: %w", kkt.ErrOutOfService), -1, "Касса не работает: её сохранённое состояние нельзя использовать"},
		{kkt.ErrClosed, -1, "Сервис останавливается, повторите запрос позже"},
		{context.DeadlineExceeded, -1, "Запрос прерван, судьба чека неизвестна: повторите его с тем же X-Request-ID"},
		{errors.New("disk on fire"), -1, "Внутренняя ошибка"},
	} {
		b := open(t, nil)
		b.fleet.fail = c.err
		require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathReceipt, receiptOf(oneItem, "")))
		require.Equal(t, c.err, b.entry("refused").Data["error"])
	}
}

func TestOtherAccount(t *testing.T) {
	b := open(t, nil)
	other := func(r *http.Request) { r.SetBasicAuth("pk_other", "secret_other") }
	require.Equal(t, string(appendRefusal(nil, -1, "Компания с ИНН 7708806062 не найдена")), b.answer(pathReceipt, receiptOf(oneItem, ""), other))
	id := b.queued(receiptOf(oneItem, ""))
	require.Equal(t, `{"Model":"NotFound","InnerResult":null,"Success":true,"Message":null}`, b.answer(pathStatus, `{"Id":"`+id+`"}`, other))
}

// TestFullDrive holds the reason of the drive and its recognition together.
func TestFullDrive(t *testing.T) {
	var number [16]byte
	copy(number[:], "9999078900005430")
	s := fn.Blank(number, fn.Model36, ffd.V120, 50)
	s.Phase, s.LastNumber = fn.PhaseFiscal, 50
	err := fn.NewMachine([]byte(fn.DefaultMaster), number).Apply(&s, &fn.OpenShift{}, 0, &fn.Output{})
	require.Equal(t, codeDriveFull, refusalOf(err).code, "%v", err)
	unsent := &fn.Refusal{Code: fn.CodeNoSpace, Why: "document 1 is unsent for more than 30 days"}
	require.Equal(t, codeUnknown, refusalOf(unsent).code)
}
