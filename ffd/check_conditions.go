package ffd

import "slices"

// facts are what the control knows of a structure: cases that a value makes,
// and the tags of presentTags that are there. Those of 1174 and 1223 count for
// what they stand in too.
type facts uint64

// The cases.
const (
	caseAutomatic    facts  = 1 << iota // 1001 is 1
	caseOffline                         // 1002 is 1
	caseInternet                        // 1125 is 1
	caseByOrder                         // 1173 is 1
	caseBankAgent                       // 1057 or 1222 has one of the bits 0 and 1
	casePaymentAgent                    // 1057 or 1222 has one of the bits 2 and 3
	caseMarkedType                      // 1212 is 31 or 33
	caseMarked                          // 1163 has a marking code
	caseItemAgent                       // an item has 1223
	caseNewDrive                        // bit 0 of 1205
	caseAccepted                        // 2105 or 2111 is 0
	firstPresent     = iota             // the bits above are those of presentTags
)

// presentTags are the tags that conditions ask for.
var presentTags = [...]uint16{TagTransferOperatorAddress, TagBuyerContact, TagTransferOperatorINN, TagOFDINN, TagCashier, TagQuantity,
	TagTransferOperatorName, TagCashSum, TagAutomatNumber, TagBankAgentOperation, TagOFDName, TagFNResourceExhausted,
	TagFNReplaceUrgent, TagFNMemoryFull, TagOFDTimeout, TagAppliedTaxSystem, TagFNSSite, TagPaymentAgentPhone, TagPaymentOperatorPhone,
	TagTransferOperatorPhone, TagCashlessSum, TagUnsentFDCount, TagFirstUnsentFDDate, TagReregistrationReasonCode, TagInternetOnlyKKT,
	TagFirstUnsentFDNumber, TagSenderEmail, TagFNTotals, TagProductCodeStructured, TagCorrectionType, TagCorrectionDate,
	TagPrescriptionNumber, TagPrepaidSum, TagCreditSum, TagProvisionSum, TagItemAgentFlags, TagAgentData, TagSupplierData, TagSupplierINN,
	TagBuyerINN, TagBuyerBirthDate, TagBuyerDocumentCode, TagBuyerDocumentData, TagRequestProcessingResult, TagNotificationProcessingResult,
	TagMarkingCodeType, TagMarkingMode, TagItemCheckResult, TagMarkedCheckResult, TagQuantityUnit, TagOISMStatusAnswer, TagCorrectionBasis}

// has is the fact that a tag is there.
func has(tag uint16) facts { return 1 << (firstPresent + slices.Index(presentTags[:], tag)) }

// condition is a duty of code 2 whose case the document shows, or of code 3~
// that the bytes have always. It is a warning: a real device breaks some of
// them, and of most the orders' notes were not read (spec/decisions.md, Severity
// of a finding; spec/ffd/documents.md).
type condition struct {
	in           []uint16
	inner        uint16 // the tag stands in this structure of in, 0 for in itself
	tag          uint16
	since, until Version
	when         facts // all of these
	unless       facts // none of these
	ru, en       string
}

var (
	inReceipts    = []uint16{3, 4}
	inCorrections = []uint16{31, 41}
	inSettlements = []uint16{3, 4, 31, 41}
	inReports     = []uint16{1, 11}
	inClosing     = []uint16{5}
	inState       = []uint16{21}
	inItem        = []uint16{TagItem}
	inMarked      = []uint16{81, TagMarkedItem}
)

const (
	ruAlways, enAlways   = "в электронной форме всегда", "the electronic form has it always"
	ruOnline, enOnline   = "ККТ не в автономном режиме", "the register is not in autonomous mode"
	ruBank, enBank       = "банковский платежный агент", "a bank payment agent"
	ruPay, enPay         = "платежный агент", "a payment agent"
	ruMarked, enMarked   = "маркированный товар", "a marked good"
	ruNoINN, enNoINN     = "ИНН покупателя не указан", "the INN of the buyer is not told"
	ruAnswer, enAnswer   = "запрос принят", "the request was accepted"
	ruFlags, enFlags     = "в закрытии смены 0 или 1 всегда", "a shift closing has it always, 0 or 1"
	ruMeasure, enMeasure = "1023 и 2108 стоят вместе", "1023 and 2108 stand together"
)

// conditions are the remarks of spec/ffd/documents.md that can be seen in the
// bytes of one document.
var conditions = []condition{
	{inSettlements, 0, TagSenderEmail, V105, V120, has(TagBuyerContact), 0, "есть 1008", "there is 1008"},
	{inSettlements, 0, TagBuyerContact, V105, V120, caseInternet, 0, "расчет в «Интернет» (1125)", "a settlement over the Internet (1125)"},
	{inSettlements, 0, TagCashier, V105, V120, 0, has(TagAutomatNumber) | has(TagInternetOnlyKKT), "не автомат и не «Интернет»", "no automat and no Internet register"},
	{inSettlements, 0, TagAppliedTaxSystem, V105, V120, 0, 0, ruAlways, enAlways},
	{inSettlements, 0, TagCashSum, V105, V120, 0, 0, ruAlways, enAlways},
	{inSettlements, 0, TagCashlessSum, V105, V120, 0, 0, ruAlways, enAlways},
	{inSettlements, 0, TagPrepaidSum, V105, V120, 0, 0, ruAlways, enAlways},
	{inSettlements, 0, TagCreditSum, V105, V120, 0, 0, ruAlways, enAlways},
	{inSettlements, 0, TagProvisionSum, V105, V120, 0, 0, ruAlways, enAlways},
	{inReceipts, 0, TagMarkedCheckResult, V120, V120, caseMarked, 0, ruMarked, enMarked},
	{inReceipts, 0, TagTransferOperatorPhone, V105, V110, caseBankAgent, caseItemAgent, ruBank, enBank},
	{inReceipts, 0, TagBankAgentOperation, V105, V110, caseBankAgent, caseItemAgent, ruBank, enBank},
	{inReceipts, 0, TagTransferOperatorName, V105, V110, caseBankAgent, caseItemAgent, ruBank, enBank},
	{inReceipts, 0, TagTransferOperatorAddress, V105, V110, caseBankAgent, caseItemAgent, ruBank, enBank},
	{inReceipts, 0, TagTransferOperatorINN, V105, V110, caseBankAgent, caseItemAgent, ruBank, enBank},
	{inReceipts, 0, TagPaymentAgentPhone, V105, V110, casePaymentAgent, caseItemAgent, ruPay, enPay},
	{inReceipts, 0, TagPaymentOperatorPhone, V105, V110, casePaymentAgent, caseItemAgent, ruPay, enPay},
	{inCorrections, 0, TagCorrectionType, V105, V120, 0, 0, ruAlways, enAlways},
	{inCorrections, TagCorrectionBasis, TagCorrectionDate, V105, V120, has(TagCorrectionBasis), 0, "дата корректируемого расчета", "the date of what is corrected"},
	{inCorrections, TagCorrectionBasis, TagPrescriptionNumber, V110, V120, has(TagCorrectionBasis) | caseByOrder, 0, "коррекция по предписанию", "a correction by prescription"},

	{inReports, 0, TagAutomatNumber, V105, V120, caseAutomatic, 0, "автоматический режим (1001)", "automatic mode (1001)"},
	{inReports, 0, TagOFDINN, V105, V120, 0, caseOffline, ruOnline, enOnline},
	{inReports, 0, TagOFDName, V105, V120, 0, caseOffline, ruOnline, enOnline},
	{inReports, 0, TagFNSSite, V105, V120, 0, caseOffline, ruOnline, enOnline},
	{inReports, 0, TagSenderEmail, V105, V120, 0, caseOffline, ruOnline, enOnline},
	{[]uint16{11}, 0, TagReregistrationReasonCode, V105, V105, 0, 0, "причина изменения", "the reason of the change"},
	{[]uint16{11}, 0, TagFNTotals, V110, V120, 0, caseNewDrive, "ФН не заменен", "the drive was not replaced"},

	{inClosing, 0, TagUnsentFDCount, V105, V120, has(TagFirstUnsentFDDate), 0, ruOnline, enOnline},
	{inClosing, 0, TagFirstUnsentFDDate, V105, V120, has(TagUnsentFDCount), 0, ruOnline, enOnline},
	{inClosing, 0, TagFNResourceExhausted, V105, V110, 0, 0, ruFlags, enFlags},
	{inClosing, 0, TagFNReplaceUrgent, V105, V110, 0, 0, ruFlags, enFlags},
	{inClosing, 0, TagFNMemoryFull, V105, V110, 0, 0, ruFlags, enFlags},
	{inClosing, 0, TagOFDTimeout, V105, V110, 0, 0, ruFlags, enFlags},
	{inState, 0, TagUnsentFDCount, V105, V120, 0, caseOffline, ruOnline, enOnline},
	{inState, 0, TagFirstUnsentFDDate, V105, V120, 0, caseOffline, ruOnline, enOnline},
	{inState, 0, TagFirstUnsentFDNumber, V105, V120, 0, caseOffline, ruOnline, enOnline},

	{inItem, 0, TagSupplierINN, V105, V120, has(TagItemAgentFlags), 0, "есть 1222", "there is 1222"},
	{inItem, 0, TagItemAgentFlags, V105, V120, has(TagAgentData), 0, "есть 1223", "there is 1223"},
	{inItem, 0, TagItemAgentFlags, V105, V120, has(TagSupplierData), has(TagAgentData), "есть 1224", "there is 1224"},
	{inItem, 0, TagItemAgentFlags, V105, V120, has(TagSupplierINN), has(TagAgentData) | has(TagSupplierData), "есть 1226", "there is 1226"},
	{inItem, TagAgentData, TagTransferOperatorPhone, V110, V120, has(TagAgentData) | caseBankAgent, 0, ruBank, enBank},
	{inItem, TagAgentData, TagBankAgentOperation, V110, V120, has(TagAgentData) | caseBankAgent, 0, ruBank, enBank},
	{inItem, TagAgentData, TagTransferOperatorName, V110, V120, has(TagAgentData) | caseBankAgent, 0, ruBank, enBank},
	{inItem, TagAgentData, TagTransferOperatorAddress, V110, V120, has(TagAgentData) | caseBankAgent, 0, ruBank, enBank},
	{inItem, TagAgentData, TagTransferOperatorINN, V110, V120, has(TagAgentData) | caseBankAgent, 0, ruBank, enBank},
	{inItem, TagAgentData, TagPaymentAgentPhone, V110, V120, has(TagAgentData) | casePaymentAgent, 0, ruPay, enPay},
	{inItem, TagAgentData, TagPaymentOperatorPhone, V110, V120, has(TagAgentData) | casePaymentAgent, 0, ruPay, enPay},
	{inItem, 0, TagProductCodeStructured, V120, V120, caseMarkedType, 0, "1212 — товар с кодом маркировки", "1212 tells a good with a marking code"},
	{inItem, 0, TagMarkingMode, V120, V120, caseMarked, 0, ruMarked, enMarked},
	{inItem, 0, TagItemCheckResult, V120, V120, caseMarked, 0, ruMarked, enMarked},

	{[]uint16{TagBuyerInfo}, 0, TagBuyerBirthDate, V120, V120, 0, has(TagBuyerINN), ruNoINN, enNoINN},
	{[]uint16{TagBuyerInfo}, 0, TagBuyerDocumentCode, V120, V120, 0, has(TagBuyerINN), ruNoINN, enNoINN},
	{[]uint16{TagBuyerInfo}, 0, TagBuyerDocumentData, V120, V120, 0, has(TagBuyerINN), ruNoINN, enNoINN},

	{inMarked, 0, TagQuantityUnit, V120, V120, has(TagQuantity), 0, ruMeasure, enMeasure},
	{inMarked, 0, TagQuantity, V120, V120, has(TagQuantityUnit), 0, ruMeasure, enMeasure},
	{[]uint16{83}, 0, TagMarkingMode, V120, V120, caseAccepted, 0, ruAnswer, enAnswer},
	{[]uint16{83}, 0, TagMarkingCodeType, V120, V120, caseAccepted, 0, ruAnswer, enAnswer},
	{[]uint16{83}, 0, TagOISMStatusAnswer, V120, V120, caseAccepted, 0, ruAnswer, enAnswer},
	{[]uint16{83}, 0, TagRequestProcessingResult, V120, V120, caseAccepted, 0, ruAnswer, enAnswer},
	{[]uint16{84}, 0, TagNotificationProcessingResult, V120, V120, caseAccepted, 0, "уведомление принято", "the notification was accepted"},
}

// factsOf are the facts that a number makes.
func factsOf(tag uint16, u uint64) (f facts) {
	switch tag {
	case TagAutomaticMode:
		f = caseAutomatic * facts(u&1)
	case TagOfflineMode:
		f = caseOffline * facts(u&1)
	case TagInternetSettlement:
		f = caseInternet * facts(u&1)
	case TagCorrectionType:
		f = caseByOrder * facts(u&1)
	case TagAgentFlags, TagItemAgentFlags:
		if u&3 != 0 {
			f = caseBankAgent
		}
		if u&12 != 0 {
			f |= casePaymentAgent
		}
	case TagItemType:
		if u == 31 || u == 33 {
			f = caseMarkedType
		}
	case TagKKTChangeReasons:
		f = caseNewDrive * facts(u&1)
	case TagRequestProcessingCode, TagNotificationProcessingCode:
		if u == 0 {
			f = caseAccepted
		}
	}
	return f
}

// factsAround are those of the facts of a structure that count for what it
// stands in.
func factsAround(tag uint16, inner facts) facts {
	switch tag {
	case TagItem:
		return inner & (caseMarked | caseItemAgent)
	case TagAgentData:
		return inner | caseItemAgent
	case TagCorrectionBasis:
		return inner
	case TagProductCodeStructured:
		return inner & caseMarked
	}
	return 0
}

// checkConditions looks for the tags that the facts demand. 1.0 has no tables.
func (c *checker) checkConditions(list []condition, f facts, at step) {
	if c.old {
		return
	}
	for i := range list {
		k := &list[i]
		if f&k.when != k.when || f&k.unless != 0 || c.v < k.since || c.v > k.until {
			continue
		}
		depth := c.depth
		if k.inner != 0 {
			c.path[c.depth] = step{tag: k.inner, offset: at.offset}
			c.depth++
		}
		name := "?"
		if e := lookup(k.tag, c.v, at.tag); e != nil {
			name = e.NameRu
		}
		c.find(Warning, RuleCondition, step{tag: k.tag, offset: at.offset}, "нет тега %[1]d (%[2]s): %[3]s", "tag %[1]d (%[2]s) is missing: %[4]s",
			k.tag, name, k.ru, k.en)
		c.depth = depth
	}
}
