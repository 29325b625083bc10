package cloudkassir

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"kktd/api/internal/tolerant"
	"kktd/fault"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/tlv"
)

// Error codes (spec/api/cloudkassir.md 5.10).
const (
	codeUnknown       = -1
	codeNoRegister    = 2
	codeTaxSystem     = 3
	codeAgentData     = 4
	codeSupplier      = 5
	codePhone         = 6
	codeSupplierINN   = 7
	codeDriveFull     = 8
	codeAgent         = 9
	codePersonal      = 10
	codeNoINN         = 11
	codeNoItems       = 12
	codePaidLess      = 13
	codePaidMore      = 14
	codeNoSuitable    = 15
	codeNoTerminal    = 16
	codeNoBSO         = 17
	codeOnlyBSO       = 18
	codeNoCash        = 19
	codeNoAgent       = 20
	codeNoUserRequest = 21
	codeQuota         = 22
	codeDecimals      = 23
	codeEmail         = 24
	codeUnpaid        = 25
	codeMissing       = 26
	codeIncorrect     = 27
)

// sentence is the official text of a code; -1 has none.
func sentence(code int) string {
	switch code {
	case codeNoRegister:
		return "Отсутствует ККТ для фискализации транзакции для данной организации"
	case codeTaxSystem:
		return "Переданная система налогообложения не установлена ни в одной кассе для данной организации"
	case codeAgentData:
		return "Переданы не все необходимые данные агента"
	case codeSupplier:
		return "Отсутствует ИНН поставщика или телефон поставщика при агентском расчете"
	case codePhone:
		return "Оформление услуг не разрешено при регистрации ККТ или телефон покупателя передан в неверном формате"
	case codeSupplierINN:
		return "Неверный формат ИНН поставщика"
	case codeDriveFull:
		return "Ресурс хранения документов исчерпан (ФН переполнен)"
	case codeAgent:
		return "Ошибка агентских данных"
	case codePersonal:
		return "Не зашифрованные персональные данные"
	case codeNoINN:
		return "Не передан ИНН"
	case codeNoItems:
		return "Отсутствует информация о товарах/услугах"
	case codePaidLess:
		return "Сумма по всем способам оплаты меньше итога чека"
	case codePaidMore:
		return "Вносимая безналичной оплатой сумма больше суммы чека"
	case codeNoSuitable:
		return "Нет подходящей ККМ для данной организации"
	case codeNoTerminal:
		return "Нет касс с подходящим терминалом"
	case codeNoBSO:
		return "Нет касс с признаком БСО"
	case codeOnlyBSO:
		return "Нет касс без признака БСО"
	case codeNoCash:
		return "Нет касс поддерживающих наличный рассчет" // as the document spells it
	case codeNoAgent:
		return "Нет касс с агентским признаком"
	case codeNoUserRequest:
		return "Нет касс с поддержкой тега - Дополнительный реквизит пользователя"
	case codeQuota:
		return "Превышен лимит тестовых чеков за день"
	case codeDecimals:
		return "Неверный формат цены/суммы - не более двух знаков после точки"
	case codeEmail:
		return "Неверный формат email"
	case codeUnpaid:
		return "Нет оплаченных ККМ для обработки чека"
	case codeMissing:
		return "Не переданы необходимые данные"
	case codeIncorrect:
		return "Некорректные данные"
	}
	return "Некорректный запрос"
}

// check is a rule of a request. The values stand in the order of spec/api/cloudkassir.md 2.3.1: of all that a request
// breaks, the smallest is answered, in whatever order the fields are read.
type check uint8

const (
	checkBody check = iota
	checkNoINN
	checkINN
	checkOrganisation
	checkOperation
	checkItems
	checkNumbers
	checkDecimals
	checkTotal
	checkEmail
	checkPhone
	checkAgentData
	checkSupplier
	checkSupplierINN
	checkAgent
	checkPaidLess
	checkPaidMore
	checkMissing
	checkData
)

// code is the answer to a broken check.
func (c check) code() int {
	switch c {
	case checkNoINN:
		return codeNoINN
	case checkItems:
		return codeNoItems
	case checkDecimals:
		return codeDecimals
	case checkEmail:
		return codeEmail
	case checkPhone:
		return codePhone
	case checkAgentData:
		return codeAgentData
	case checkSupplier:
		return codeSupplier
	case checkSupplierINN:
		return codeSupplierINN
	case checkAgent:
		return codeAgent
	case checkPaidLess:
		return codePaidLess
	case checkPaidMore:
		return codePaidMore
	case checkMissing:
		return codeMissing
	case checkData:
		return codeIncorrect
	}
	return codeUnknown
}

// refusal is the answer to a request that is not carried out.
type refusal struct {
	check   check
	code    int
	field   string // as the client wrote it; "" when it is about no field
	reason  string // Russian
	message string // replaces sentence, field and reason
	cause   error  // for the log alone
}

// text is the Message of the answer: the official sentence, the field, the reason.
func (r *refusal) text() string {
	if r.message != "" {
		return r.message
	}
	parts := []string{sentence(r.code)}
	if r.field != "" {
		parts = append(parts, r.field)
	}
	if r.reason != "" {
		parts = append(parts, r.reason)
	}
	return strings.Join(parts, ": ")
}

// reasonOf says in Russian which rule of the tolerant reader, or of a text, a value breaks.
func reasonOf(err error) string {
	if ce := (*tlv.CharError)(nil); errors.As(err, &ce) {
		if ce.Char == utf8.RuneError {
			return fmt.Sprintf("байт не в UTF-8 (символ %d)", ce.Index+1)
		}
		if unicode.IsControl(ce.Char) {
			return fmt.Sprintf("управляющий символ U+%04X (%d-й по счёту)", ce.Char, ce.Index+1)
		}
		return fmt.Sprintf("символ \"%c\" (U+%04X, %d-й по счёту) нельзя записать в CP866", ce.Char, ce.Char, ce.Index+1)
	}
	switch {
	case errors.Is(err, tolerant.ErrAbsent):
		return "не передано"
	case errors.Is(err, tolerant.ErrText):
		return "ожидается строка"
	case errors.Is(err, tolerant.ErrComma):
		return "ожидается число с точкой, а не с запятой"
	case errors.Is(err, tolerant.ErrNumber):
		return "ожидается число"
	case errors.Is(err, tolerant.ErrInteger):
		return "ожидается целое число"
	case errors.Is(err, tolerant.ErrDecimals):
		return "слишком много знаков после точки"
	case errors.Is(err, tolerant.ErrRange):
		return "слишком большое число"
	case errors.Is(err, tolerant.ErrBool):
		return "ожидается true или false"
	case errors.Is(err, tolerant.ErrArray):
		return "ожидается массив"
	case errors.Is(err, tolerant.ErrObject):
		return "ожидается объект"
	case errors.Is(err, tolerant.ErrPhone):
		return "ожидается телефон, например +79161234567"
	case errors.Is(err, tolerant.ErrEmail):
		return "ожидается адрес, например user@example.com"
	case errors.Is(err, tolerant.ErrDate):
		return "ожидается дата, например 2022-03-21 или 21.03.2022"
	case errors.Is(err, ffd.ErrProductCode):
		return "не код товара"
	}
	if se := (*tolerant.SyntaxError)(nil); errors.As(err, &se) {
		if strings.Contains(se.Msg, "application/json") {
			return "в теле JSON, а заголовок говорит о форме: передайте Content-Type: application/json"
		}
		return fmt.Sprintf("JSON не разобран: строка %d, символ %d", se.Line, se.Column)
	}
	return "недопустимое значение"
}

// lackCode is the code of what no register offers.
func lackCode(lack kkt.Lack) int {
	switch lack {
	case kkt.LackRegister:
		return codeNoRegister
	case kkt.LackTaxSystem:
		return codeTaxSystem
	case kkt.LackBSO:
		return codeNoBSO
	case kkt.LackNoBSO:
		return codeOnlyBSO
	case kkt.LackCash:
		return codeNoCash
	case kkt.LackAgent:
		return codeNoAgent
	case kkt.LackUserAttribute:
		return codeNoUserRequest
	case kkt.LackPaid:
		return codeUnpaid
	case kkt.LackMemory:
		return codeDriveFull
	case kkt.LackSuitable, kkt.LackSerial:
		return codeNoSuitable
	case kkt.LackBasisNumber, kkt.LackItems:
		return codeMissing
	case kkt.LackReturnCorrection:
		return codeIncorrect
	}
	return codeUnknown
}

// lackReason says more of a lack than its code does: the field and the reason in Russian.
func lackReason(lack kkt.Lack) (field, reason string) {
	switch lack {
	case kkt.LackSerial:
		return "CorrectionReceiptData.DeviceNumber", "у организации нет такой кассы"
	case kkt.LackBasisNumber:
		return "CorrectionReceiptData.CauseCorrection.CorrectionNumber", "обязателен на кассе ФФД 1.05"
	case kkt.LackItems:
		return "CorrectionReceiptData.Items", "обязательны на кассе ФФД 1.1 и 1.2"
	case kkt.LackReturnCorrection:
		return "CorrectionReceiptData.CorrectionReceiptType", "на кассе ФФД 1.05 допустимы 1 и 3"
	}
	return "", ""
}

// refusalOf translates what the fleet refused.
func refusalOf(err error) *refusal {
	var (
		choice  *kkt.ChoiceError
		drive   *fn.Refusal
		field   *ffd.FieldError
		setting *kkt.InvalidError
	)
	r := &refusal{code: codeUnknown, cause: err}
	switch {
	case errors.As(err, &choice):
		r.code = lackCode(choice.Lack)
		r.field, r.reason = lackReason(choice.Lack)
		if r.code == codeNoBSO || r.code == codeOnlyBSO {
			r.message = sentence(r.code) + " для организации с ИНН " + choice.INN
		}
	case errors.As(err, &drive) && drive.Full:
		r.code = codeDriveFull
	case errors.As(err, &drive):
		r.message = drive.Russian()
	case errors.As(err, &field):
		r.code, r.field, r.reason = codeIncorrect, "тег "+field.Path, field.RuleRu
	case errors.As(err, &setting):
		r.code, r.field, r.reason = codeIncorrect, settingNames[setting.Field], setting.RuleRu
		if r.field == "" {
			r.field = setting.Field
		}
	case errors.Is(err, errQuota):
		r.code = codeQuota
	case errors.Is(err, kkt.ErrInvalid):
		r.code, r.reason = codeIncorrect, strings.TrimPrefix(err.Error(), kkt.ErrInvalid.Error()+": ")
	case errors.Is(err, kkt.ErrOutOfService) && errors.Is(err, fault.ErrSet):
		r.message = "Касса не работает: неисправность включена намеренно"
	case errors.Is(err, kkt.ErrOutOfService):
		r.message = "Касса не работает: её сохранённое состояние нельзя использовать"
	case errors.Is(err, kkt.ErrClosed):
		r.message = "Сервис останавливается, повторите запрос позже"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		r.message = "Запрос прерван, судьба чека неизвестна: повторите его с тем же X-Request-ID"
	default:
		r.message = "Внутренняя ошибка"
	}
	return r
}

// settingNames are the fields of /kkt/fiscalize by the names of the settings they become.
var settingNames = map[string]string{
	"inn": "Inn", "serial": "DeviceNumber", "drive_number": "FiscalNumber", "reg_number": "RegNumber", "place": "Url", "address": "Url",
	"ofd_name": "Ofd", "ofd_inn": "Ofd", "tax_systems": "TaxationSystem", "sender_email": "MerchantEmail",
}
