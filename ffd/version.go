package ffd

import "fmt"

// Version is a version of the format of fiscal documents, as the value of tag
// 1209 tells it (spec/ffd/encoding.md 6).
type Version uint8

// The versions. FFD 1.0 is only read, never written.
const (
	V100 Version = 1
	V105 Version = 2
	V110 Version = 3
	V120 Version = 4
)

// Writable tells that registers may be set to the version.
func (v Version) Writable() bool { return v >= V105 && v <= V120 }

// String is the version as people write it: "1.05".
func (v Version) String() string {
	switch v {
	case V100:
		return "1.0"
	case V105:
		return "1.05"
	case V110:
		return "1.1"
	case V120:
		return "1.2"
	}
	return fmt.Sprintf("Version(%d)", uint8(v))
}

// ParseVersion reads "1.0", "1.05", "1.1" or "1.2".
func ParseVersion(s string) (Version, error) {
	for v := V100; v <= V120; v++ {
		if v.String() == s {
			return v, nil
		}
	}
	return 0, fmt.Errorf("FFD version %q is not known: want 1.05, 1.1 or 1.2", s)
}

// Form is the code of a fiscal document: the tag of its outermost TLV
// (spec/ffd/documents.md).
type Form uint16

// The forms of fiscal documents.
const (
	FormRegistration     Form = 1  // отчет о регистрации
	FormShiftOpening     Form = 2  // отчет об открытии смены
	FormReceipt          Form = 3  // кассовый чек
	FormBSO              Form = 4  // бланк строгой отчетности
	FormShiftClosing     Form = 5  // отчет о закрытии смены
	FormDriveClosing     Form = 6  // отчет о закрытии фискального накопителя
	FormConfirmation     Form = 7  // подтверждение оператора
	FormReregistration   Form = 11 // отчет об изменении параметров регистрации
	FormSettlementState  Form = 21 // отчет о текущем состоянии расчетов
	FormCorrection       Form = 31 // кассовый чек коррекции
	FormBSOCorrection    Form = 41 // БСО коррекции
	FormMarkingRequest   Form = 81 // запрос о коде маркировки
	FormMarkingNotice    Form = 82 // уведомление о реализации маркированного товара
	FormMarkingAnswer    Form = 83 // ответ на запрос
	FormMarkingNoticeAck Form = 84 // квитанция на уведомление
)

// IsSettlement tells a receipt, a БСО or a correction of them: the forms that
// take a receipt number in the shift.
func (f Form) IsSettlement() bool {
	return f == FormReceipt || f == FormBSO || f == FormCorrection || f == FormBSOCorrection
}

// MaxLen is the greatest length of the value of a document, in bytes
// (spec/ffd/encoding.md 10); 0 for a form that is not known.
func (f Form) MaxLen() int {
	switch f {
	case FormRegistration, FormReregistration:
		return 6144
	case FormShiftOpening, FormShiftClosing, FormDriveClosing, FormMarkingRequest:
		return 4096
	case FormReceipt, FormBSO, FormCorrection, FormBSOCorrection, FormSettlementState, FormMarkingNotice:
		return 32768
	case FormConfirmation, FormMarkingAnswer, FormMarkingNoticeAck:
		return 512
	}
	return 0
}
