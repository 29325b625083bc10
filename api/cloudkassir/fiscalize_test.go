package cloudkassir

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
)

const newRegister = `{"Inn":"7728699517","DeviceNumber":"00000000000000000002","FiscalNumber":"9999078900005431","RegNumber":"0000000004030312",
	"Url":"www.my.ru","Ofd":"Sbis","TaxationSystem":[1,"0"],"MerchantEmail":"m@my.ru","MerchantPhone":"+79161234567","IsBso":false}`

const fiscalized = `{"Success":true,"Message":"Fiscal data queued"}`

func TestFiscalize(t *testing.T) {
	b := open(t, nil)
	require.Equal(t, fiscalized, b.answer(pathFiscalize, newRegister))
	require.Equal(t, fiscalized, b.answer(pathFiscalize, newRegister), "the same data once more")
	r, err := b.fleet.Register("00000000000000000002")
	require.NoError(t, err)
	s := r.Settings()
	require.Equal(t, `ООО "Компания "ТЕНЗОР"`, s.OFDName)
	require.Equal(t, "7605016030", s.OFDINN)
	require.Equal(t, kkt.TaxList{ffd.TaxUSNIncome, ffd.TaxOSN}, s.TaxSystems)
	require.Equal(t, "m@my.ru", s.SenderEmail)
	require.True(t, s.AutoShift && s.TakesCash && s.TakesAgents && s.TakesBSO && s.TakesUserAttribute)

	body := strings.Replace(receiptOf(oneItem, ""), testINN, "7728699517", 1)
	id := b.queued(body)
	require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"Ofd":"ООО «Компания «ТЕНЗОР»"`)
	require.Contains(t, b.answer(pathGet, `{"Id":"`+id+`"}`), `"TaxationSystem":1,`)

	require.Equal(t, fiscalized, b.answer(pathFiscalize, strings.Replace(newRegister, `[1,"0"]`, `2`, 1)))
	require.Equal(t, kkt.TaxList{ffd.TaxUSNProfit}, r.Settings().TaxSystems)
}

// TestMerchantPhone takes the phone of the document's own sample, which nobody can dial.
func TestMerchantPhone(t *testing.T) {
	body := strings.Replace(newRegister, "+79161234567", "899999999", 1)
	b := open(t, nil)
	require.Equal(t, fiscalized, b.answer(pathFiscalize, body))
	r, err := b.fleet.Register("00000000000000000002")
	require.NoError(t, err)
	require.Equal(t, "899999999", r.Settings().Phone)
	b = open(t, func(_ *kkt.Settings, o *Options) { o.Strict = true })
	body = strings.Replace(body, "0000000004030312", "0000000004063946", 1)
	require.Contains(t, b.answer(pathFiscalize, body), "MerchantPhone")
}

func TestFiscalizeRefusals(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		code           int
		message        string
	}{
		{"no INN", `"Inn":"7728699517"`, `"Inn":null`, 11, "Не передан ИНН: Inn"},
		{"INN", "7728699517", "77", -1, "Некорректный запрос: Inn: ожидается 10 или 12 цифр"},
		{"no e-mail", `"m@my.ru"`, `""`, 26, "Не переданы необходимые данные: MerchantEmail: не передано"},
		{"e-mail", `m@my.ru`, `m@`, 24, "Неверный формат email: MerchantEmail: ожидается адрес, например user@example.com"},
		{"drive", "9999078900005431", "99990789", 27, "Некорректные данные: FiscalNumber: ожидается цифр: 16"},
		{"serial", "00000000000000000002", "касса", 27, "Некорректные данные: DeviceNumber: ожидаются латинские буквы, цифры и знаки"},
		{"OFD", "Sbis", "Tensor", 27, "Некорректные данные: Ofd: такого ОФД нет в справочнике"},
		{"taxation system", `[1,"0"]`, `[1,9]`, 27, "Некорректные данные: TaxationSystem[1]: значение 9, допустимы от 0 до 5"},
		{"no taxation system", `[1,"0"]`, `[]`, 26, "Не переданы необходимые данные: TaxationSystem: не передано"},
		{"no emulator's drive", "9999078900005431", "7281440500000001", 27,
			`Некорректные данные: FiscalNumber: номера ФН эмулятора начинаются с 9999, другие разрешает настройка any-drive-number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, nil)
			require.Equal(t, string(appendRefusal(nil, c.code, c.message)), b.answer(pathFiscalize, strings.Replace(newRegister, c.old, c.new, 1)))
			require.Equal(t, c.message, b.entry("refused").Data["reason"])
		})
	}
	strict := open(t, func(_ *kkt.Settings, o *Options) { o.Strict = true })
	require.Contains(t, strict.answer(pathFiscalize, newRegister), "RegNumber: контрольные цифры не сходятся с ИНН и заводским номером")
}

func TestOperators(t *testing.T) {
	for _, o := range operators() {
		require.NoError(t, map[bool]error{false: ffd.CheckINN(o.inn)}[o.code == "KazakhTelecom"], o.code)
		found, ok := operatorOf(strings.ToLower(o.code))
		require.True(t, ok)
		require.Equal(t, o.name, operatorName(&kkt.Settings{OFDName: found.registered(), OFDINN: found.inn}))
	}
	require.Equal(t, "Свой", operatorName(&kkt.Settings{OFDName: "Свой", OFDINN: fn.TestOFDINN}))
}
