package cloudkassir

import (
	"fmt"
	"strings"

	"kktd/api/internal/tolerant"
	"kktd/ffd"
	"kktd/kkt"
)

// operations are the words of Type, in the order of tag 1054 (spec/api/cloudkassir.md 2.3).
func operations() [4]string {
	return [4]string{"Income", "IncomeReturn", "Expense", "ExpenseReturn"}
}

// operationOf finds the kind of a settlement by its word, in any letter case; 0 when there is none.
func operationOf(word string) ffd.Operation {
	for i, name := range operations() {
		if strings.EqualFold(name, word) {
			return ffd.Income + ffd.Operation(i)
		}
	}
	return 0
}

// vatOf finds the rate of a VAT code; 0 when the code has none (spec/api/cloudkassir.md 5.1).
func vatOf(code int64) ffd.VATRate {
	switch code {
	case 0:
		return ffd.VAT0
	case 5:
		return ffd.VAT5
	case 7:
		return ffd.VAT7
	case 10:
		return ffd.VAT10
	case 20:
		return ffd.VAT20
	case 22:
		return ffd.VAT22
	case 105:
		return ffd.VAT5105
	case 107:
		return ffd.VAT7107
	case 110:
		return ffd.VAT10110
	case 120:
		return ffd.VAT20120
	case 122:
		return ffd.VAT22122
	}
	return 0
}

// vat reads a rate. Absent and null mean that there is no VAT, which is not the rate of 0 %.
func (q *request) vat(v tolerant.Value) ffd.VATRate {
	if !v.Filled() {
		return ffd.VATNone
	}
	code, err := v.Int(tolerant.Arithmetic)
	if err != nil {
		q.refuseErr(checkData, v, err)
		return 0
	}
	rate := vatOf(code)
	if rate == 0 {
		reason := fmt.Sprintf("ставка %d не поддерживается, допустимы null, 0, 5, 7, 10, 20, 22, 105, 107, 110, 120, 122", code)
		switch code {
		case 18, 118:
			reason = fmt.Sprintf("ставка %d отменена с 2019 года, передайте %d, с 2026 года %d", code, code+2, code+4)
		case 12:
			reason = "ставка 12 только для касс Казахстана"
		}
		q.refuse(checkData, v, reason)
	}
	return rate
}

// taxSystem reads the code of a taxation system; 0 when it is absent (spec/api/cloudkassir.md 5.3).
func (q *request) taxSystem(v tolerant.Value) ffd.TaxSystems {
	code, ok := q.number(v, 0, 5, checkData)
	if !ok {
		return 0
	}
	return 1 << code
}

// agentSign reads the kind of an agent; 0 when it is absent, for the code 0 is a kind (spec/api/cloudkassir.md 5.6).
func (q *request) agentSign(v tolerant.Value) ffd.AgentFlags {
	code, ok := q.number(v, 0, 6, checkAgent)
	if !ok {
		return 0
	}
	return 1 << code
}

// itemType reads the object of a settlement; absent and 0 mean goods (spec/api/cloudkassir.md 5.5).
func (q *request) itemType(v tolerant.Value) ffd.ItemType {
	code, ok := q.number(v, 0, 33, checkData)
	if !ok || code == 0 {
		return ffd.Goods
	}
	t := ffd.ItemType(code)
	if !t.Valid(ffd.V120) {
		q.refuse(checkData, v, fmt.Sprintf("значение %d, допустимы от 0 до 27 и от 30 до 33", code))
	}
	return t
}

// paymentMethod reads the method of a settlement; absent and 0 mean full settlement (spec/api/cloudkassir.md 5.4).
func (q *request) paymentMethod(v tolerant.Value) ffd.PaymentMethod {
	code, ok := q.number(v, 0, 7, checkData)
	if !ok || code == 0 {
		return ffd.FullSettlement
	}
	return ffd.PaymentMethod(code)
}

// unitCode reads a measure; the codes are those of tag 2108 (spec/api/cloudkassir.md 5.7).
func (q *request) unitCode(v tolerant.Value) (code byte, ok bool) {
	n, ok := q.number(v, 0, 255, checkData)
	if !ok {
		return 0, false
	}
	switch n {
	case 0, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 70, 71, 72, 73, 80, 81, 82, 83, 255:
		return byte(n), true
	}
	q.refuse(checkData, v, fmt.Sprintf("мера количества %d не известна", n))
	return 0, false
}

// unitOf derives a measure from the name of a unit; a piece when the name is not known (spec/api/cloudkassir.md 2.3).
func unitOf(name string) byte {
	switch strings.TrimSuffix(strings.ToLower(name), ".") {
	case "г", "гр", "грамм":
		return 10
	case "кг", "килограмм":
		return 11
	case "т", "тонна":
		return 12
	case "см", "сантиметр":
		return 20
	case "дм", "дециметр":
		return 21
	case "м", "метр":
		return 22
	case "см2", "кв.см", "кв. см":
		return 30
	case "дм2", "кв.дм", "кв. дм":
		return 31
	case "м2", "кв.м", "кв. м":
		return 32
	case "мл", "миллилитр":
		return 40
	case "л", "литр":
		return 41
	case "м3", "куб.м", "куб. м":
		return 42
	case "квт·ч", "квтч", "квт*ч", "квт/ч":
		return 50
	case "гкал", "гигакалория":
		return 51
	case "сут", "сутки", "день", "дн":
		return 70
	case "ч", "час":
		return 71
	case "мин", "минута":
		return 72
	case "с", "сек", "секунда":
		return 73
	case "кб", "килобайт":
		return 80
	case "мб", "мегабайт":
		return 81
	case "гб", "гигабайт":
		return 82
	case "тб", "терабайт":
		return 83
	}
	return ffd.MeasurePiece
}

// operator is an OFD: its code in /kkt/fiscalize, its name in answers, its INN.
type operator struct{ code, name, inn string }

// operators are the OFDs that the API knows (spec/api/cloudkassir.md 5.9). The page has codes and names, and of
// the INNs that of PeterService; the others stand in public lists of operators. Those of Kontur and KazakhTelecom (a BIN of 12
// digits) were in no list seen: (unverified).
func operators() [16]operator {
	return [16]operator{
		{"Element", "ОФД Группа Элемент", "7729642175"},
		{"PeterService", "ООО «ПЕТЕР-СЕРВИС Спецтехнологии»", "7841465198"},
		{"FirstOfd", "Первый ОФД", "7709364346"},
		{"Taxcom", "Такском", "7704211201"},
		{"PlatformaOfd", "Платформа ОФД", "9715260691"},
		{"OfdYa", "ОФД-Я", "7728699517"},
		{"OfdYandex", "Яндекс ОФД", "7704358518"},
		{"Garantexpress", "Гарант ОФД", "7729633131"},
		{"OfdAstralNalog", "Астрал ОФД", "4029017981"},
		{"Sbis", "ООО «Компания «ТЕНЗОР»", "7605016030"},
		{"Esphere", "КОРУС ОФД", "7801392271"},
		{"Kontur", "Контур.ОФД", "6663003127"},
		{"Magnit", "ОФД АО «Тандер»", "2310031475"},
		{"InitPro", "ИнитПро ОФД", "5902034504"},
		{"KonturNtt", "ОФД Контур НТТ", "6658497833"},
		{"KazakhTelecom", "ОФД - АО «Казахтелеком»", "941240000193"},
	}
}

// operatorOf finds an OFD by its code, in any letter case.
func operatorOf(code string) (operator, bool) {
	for _, o := range operators() {
		if strings.EqualFold(o.code, code) {
			return o, true
		}
	}
	return operator{}, false
}

// registered is the name as a document can hold it: CP866 has plain quotes only.
func (o operator) registered() string {
	return strings.ReplaceAll(strings.ReplaceAll(o.name, "«", `"`), "»", `"`)
}

// operatorName is the name that answers give the OFD of a register.
func operatorName(s *kkt.Settings) string {
	for _, o := range operators() {
		if o.inn == s.OFDINN && o.registered() == s.OFDName {
			return o.name
		}
	}
	return s.OFDName
}

// warningOf translates a trouble of a register for the answer to a receipt: code and text of spec/api/cloudkassir.md 5.11; code 0
// for one that the API has no word for.
func warningOf(kind kkt.WarningKind) (code int, text string) {
	switch kind {
	case kkt.WarnFailure:
		return 1, "Ошибка криптопроцессора - Необходима замена ФН"
	case kkt.WarnReplace:
		return 2, "Срок действия фискального накопителя истек - Необходима замена ФН"
	case kkt.WarnTermEnding:
		return 2, "Истекает срок действия ФН - Необходима замена ФН"
	case kkt.WarnOFDQueue:
		return 3, "Переполнение очереди отправки в ОФД - Проверьте связь с ОФД"
	case kkt.WarnMemory:
		return 4, "Буфер ФН переполнен - Необходима замена ФН"
	case kkt.WarnOutOfOrder:
		return 5, "Ошибка кассы - Обратитесь к администратору"
	case kkt.WarnMaintenance: // the page has no code of its own for it
		return 5, "Касса на техобслуживании - Чек будет пробит после её включения"
	}
	return 0, ""
}

// deviceWarningOf translates a trouble for the methods about registers (spec/api/cloudkassir.md 5.12, a numbering of its own).
func deviceWarningOf(kind kkt.WarningKind) (code int, text, action string) {
	switch kind {
	case kkt.WarnReplace:
		return 1, "Срок действия ФН истек", "Требуется замена ФН"
	case kkt.WarnTermEnding:
		return 1, "Истекает срок действия ФН", "Требуется замена ФН"
	case kkt.WarnOFDQueue:
		return 2, "Переполнение очереди отправки в ОФД", "Требуется продлить услуги ОФД"
	case kkt.WarnMemory:
		return 3, "ФН переполнен", "Требуется замена ФН"
	case kkt.WarnFailure, kkt.WarnOutOfOrder:
		return 4, "Ошибка кассы", "Обратитесь к администратору"
	}
	return 0, "", ""
}

// queueWarningOf translates a trouble for the status of a queued receipt (spec/api/cloudkassir.md 2.4, a third numbering).
func queueWarningOf(kind kkt.WarningKind) (code int, text string) {
	switch kind {
	case kkt.WarnOFDQueue:
		return 1, "Касса не может передать документы в ОФД"
	case kkt.WarnMemory:
		return 2, "ФН переполнен"
	}
	return 0, ""
}
