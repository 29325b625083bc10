package slip

import (
	"strings"

	"kktd/ffd"
)

// labels are the words of a slip where the name of the tag is too long for one.
// It is never changed.
var labels = map[uint16]string{
	ffd.TagFNNumber: "ФН №", ffd.TagFDNumber: "ФД №", ffd.TagFiscalSign: "ФП",
	ffd.TagShiftNumber: "СМЕНА №", ffd.TagReceiptNumberInShift: "ЧЕК №", ffd.TagCashier: "КАССИР",
	ffd.TagAppliedTaxSystem: "СНО", ffd.TagTaxSystems: "СНО", ffd.TagFNSSite: "САЙТ ФНС", ffd.TagAutomatNumber: "НОМЕР АВТОМАТА",
	ffd.TagBuyerContact: "ЭЛ. АДР. ПОКУПАТЕЛЯ", ffd.TagSenderEmail: "ЭЛ. АДР. ОТПРАВИТЕЛЯ",
	ffd.TagBuyerName: "ПОКУПАТЕЛЬ", ffd.TagBuyerINN: "ИНН ПОКУПАТЕЛЯ", ffd.TagBuyerAddress: "АДР. ПОКУПАТЕЛЯ",
	ffd.TagReceiptAttribute: "ДОП. РЕКВИЗИТ ЧЕКА", ffd.TagItemAttribute: "ДОП. РЕКВИЗИТ", ffd.TagMarkedCheckResult: "ПРОВЕРКА КМ",

	ffd.TagAgentFlags: "АГЕНТ", ffd.TagItemAgentFlags: "АГЕНТ", ffd.TagTransferOperatorPhone: "ТЛФ. ОП. ПЕРЕВОДА",
	ffd.TagBankAgentOperation: "ОП. АГЕНТА", ffd.TagPaymentAgentPhone: "ТЛФ. ПЛ. АГЕНТА", ffd.TagPaymentOperatorPhone: "ТЛФ. ОП. ПР. ПЛАТЕЖА",
	ffd.TagTransferOperatorName: "ОП. ПЕРЕВОДА", ffd.TagTransferOperatorAddress: "АДР. ОП. ПЕРЕВОДА", ffd.TagTransferOperatorINN: "ИНН ОП. ПЕРЕВОДА",
	ffd.TagSupplierPhone: "ТЛФ. ПОСТАВЩИКА", ffd.TagSupplierName: "ПОСТАВЩИК", ffd.TagSupplierINN: "ИНН ПОСТАВЩИКА",
	ffd.TagExciseSum: "АКЦИЗ", ffd.TagOriginCountryCode: "СТРАНА", ffd.TagCustomsDeclaration: "ДЕКЛАРАЦИЯ", ffd.TagItemUnitVAT: "НДС ЗА ЕДИНИЦУ",

	ffd.TagCorrectionType: "ТИП КОРРЕКЦИИ", ffd.TagCorrectionDescription: "ОПИСАНИЕ", ffd.TagCorrectionDate: "ДАТА РАСЧЕТА",
	ffd.TagPrescriptionNumber: "№ ПРЕДПИСАНИЯ",

	ffd.TagCashSum: "НАЛИЧНЫМИ", ffd.TagCashlessSum: "БЕЗНАЛИЧНЫМИ", ffd.TagPrepaidSum: "ПРЕДОПЛАТА (АВАНС)",
	ffd.TagCreditSum: "ПОСТОПЛАТА (КРЕДИТ)", ffd.TagProvisionSum: "ВСТРЕЧНОЕ ПРЕДОСТАВЛЕНИЕ",
	ffd.TagVAT20Sum: "СУММА НДС 20%", ffd.TagVAT10Sum: "СУММА НДС 10%", ffd.TagVAT0TurnoverSum: "СУММА С НДС 0%",
	ffd.TagNoVATTurnoverSum: "СУММА БЕЗ НДС", ffd.TagVAT20120Sum: "СУММА НДС 20/120", ffd.TagVAT10110Sum: "СУММА НДС 10/110",

	ffd.TagKKTVersion: "ВЕРСИЯ ККТ", ffd.TagKKTMaxFFD: "ФФД ККТ", ffd.TagFNMaxFFD: "ФФД ФН", ffd.TagFFDVersion: "ФФД",
	ffd.TagKeyResourceDays: "РЕСУРС КЛЮЧЕЙ, ДНЕЙ", ffd.TagOFDName: "ОФД", ffd.TagOFDINN: "ИНН ОФД",
	ffd.TagReregistrationReasonCode: "ПРИЧИНА", ffd.TagKKTChangeReasons: "ПРИЧИНЫ", ffd.TagKKTUsageConditions: "УСЛОВИЯ ПРИМЕНЕНИЯ",
	ffd.TagAutomaticMode: "АВТОМАТИЧЕСКИЙ РЕЖИМ", ffd.TagOfflineMode: "АВТОНОМНЫЙ РЕЖИМ", ffd.TagEncryptionMode: "ШИФРОВАНИЕ",
	ffd.TagServicesOnly: "РАСЧЕТЫ ЗА УСЛУГИ", ffd.TagStrictFormSystem: "АС БСО", ffd.TagInternetOnlyKKT: "ККТ ДЛЯ ИНТЕРНЕТ",
	ffd.TagExciseMode: "ПОДАКЦИЗНЫЕ ТОВАРЫ", ffd.TagGamblingMode: "АЗАРТНЫЕ ИГРЫ", ffd.TagLotteryMode: "ЛОТЕРЕЯ",
	ffd.TagPrinterInAutomat: "ПРИНТЕР В АВТОМАТЕ",

	ffd.TagReceiptCountInShift: "ЧЕКОВ ЗА СМЕНУ", ffd.TagFDCountInShift: "ФД ЗА СМЕНУ", ffd.TagUnsentFDCount: "НЕПЕРЕДАННЫХ ФД",
	ffd.TagFirstUnsentFDDate: "ФД НЕ ПЕРЕДАНЫ С", ffd.TagFirstUnsentFDNumber: "ПЕРВЫЙ НЕПЕРЕДАННЫЙ ФД", ffd.TagUnsentNotificationCount: "НЕПЕРЕДАННЫХ УВЕДОМЛЕНИЙ",
	ffd.TagFNResourceExhausted: "РЕСУРС ФН ИСЧЕРПАН", ffd.TagFNReplaceUrgent: "СРОЧНО ЗАМЕНИТЕ ФН", ffd.TagFNMemoryFull: "ПАМЯТЬ ФН ЗАПОЛНЕНА",
	ffd.TagOFDTimeout: "ПРЕВЫШЕНО ВРЕМЯ ОЖИДАНИЯ ОТВЕТА ОФД", ffd.TagOperatorMessage: "СООБЩЕНИЕ ОПЕРАТОРА",
	ffd.TagBadMarkingCodes: "НЕКОРРЕКТНЫЕ КМ", ffd.TagBadMarkingExchange: "НЕКОРРЕКТНЫЕ ЗАПРОСЫ",

	ffd.TagShiftTotals: "СЧЕТЧИКИ ИТОГОВ СМЕНЫ", ffd.TagFNTotals: "СЧЕТЧИКИ ИТОГОВ ФН", ffd.TagUnsentTotals: "СЧЕТЧИКИ НЕПЕРЕДАННЫХ ФД",
	ffd.TagSaleCounters: "ПРИХОД", ffd.TagSaleReturnCounters: "ВОЗВРАТ ПРИХОДА", ffd.TagPurchaseCounters: "РАСХОД",
	ffd.TagPurchaseReturnCounters: "ВОЗВРАТ РАСХОДА", ffd.TagCorrectionCounters: "КОРРЕКЦИИ",
	ffd.TagCorrectionSaleCounters: "ПРИХОД", ffd.TagCorrectionSaleReturnCounters: "ВОЗВРАТ ПРИХОДА",
	ffd.TagCorrectionPurchaseCounters: "РАСХОД", ffd.TagCorrectionPurchaseReturnCounters: "ВОЗВРАТ РАСХОДА",
	ffd.TagTotalReceiptCount: "ЧЕКОВ ВСЕГО", ffd.TagReceiptCountByType: "ЧЕКОВ", ffd.TagCorrectionOrUnsentCount: "ЧЕКОВ", ffd.TagCountersTotalSum: "ИТОГ",
	ffd.TagCountersCashSum: "НАЛИЧНЫМИ", ffd.TagCountersCashlessSum: "БЕЗНАЛИЧНЫМИ", ffd.TagCountersPrepaidSum: "ПРЕДОПЛАТА (АВАНС)",
	ffd.TagCountersCreditSum: "ПОСТОПЛАТА (КРЕДИТ)", ffd.TagCountersProvisionSum: "ВСТРЕЧНОЕ ПРЕДОСТАВЛЕНИЕ",
	ffd.TagCountersVAT20Sum: "НДС 20%", ffd.TagCountersVAT10Sum: "НДС 10%", ffd.TagCountersVAT20120Sum: "НДС 20/120",
	ffd.TagCountersVAT10110Sum: "НДС 10/110", ffd.TagCountersVAT0Turnover: "С НДС 0%", ffd.TagCountersNoVATTurnover: "БЕЗ НДС",

	ffd.TagOFDResponseCode: "КОД ОТВЕТА", ffd.TagOperatorFiscalSign: "ФПО",
}

// label is the word of a slip for a tag.
func label(n *ffd.Node) string {
	if s, ok := labels[n.Tag]; ok {
		return s
	}
	return strings.ToUpper(n.Name)
}
