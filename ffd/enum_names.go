package ffd

import (
	"slices"
	"strconv"
	"strings"
)

// enumeration holds the values of a tag with their Russian names, or the bits of
// a mask with theirs (spec/ffd/encoding.md 5 and 6). It is never changed.
type enumeration struct {
	mask  bool
	names []named
}

type named struct {
	value uint64 // or number of the bit
	name  string
}

var (
	flagNames    = enumeration{names: []named{{0, "нет"}, {1, "да"}}}
	versionNames = enumeration{names: []named{{0, "1.0 (бета)"}, {1, "1.0"}, {2, "1.05"}, {3, "1.1"}, {4, "1.2"}}}
	taxNames     = enumeration{mask: true, names: []named{{0, "ОСН"}, {1, "УСН доход"}, {2, "УСН доход-расход"}, {3, "ЕНВД"}, {4, "ЕСХН"}, {5, "ПСН"}}}
	agentNames   = enumeration{mask: true, names: []named{{0, "банк. пл. агент"}, {1, "банк. пл. субагент"}, {2, "пл. агент"},
		{3, "пл. субагент"}, {4, "поверенный"}, {5, "комиссионер"}, {6, "агент"}}}
	statusNames = enumeration{names: []named{{1, "штучный товар реализован"}, {2, "мерный товар в стадии реализации"},
		{3, "штучный товар возвращен"}, {4, "часть товара возвращена"}, {255, "статус не изменяется"}}}
	checkNames = enumeration{mask: true, names: []named{{0, "КМ проверен в ФН"}, {1, "КМ верен"}, {2, "ответ ОИСМ получен"},
		{3, "статус верен"}, {4, "автономный режим"}}}
	operatorNames120 = enumeration{mask: true, names: []named{{1, "ошибка ФЛК"}, {2, "см. сообщения в кабинете ККТ"}, {3, "обновить ФФД"},
		{4, "ККТ в плане проверок"}, {5, "изменить настройки обмена"}, {6, "ОФД прекращает деятельность"}}}
	operatorNames105 = enumeration{mask: true, names: []named{{1, "ошибка ФЛК"}, {6, "изменить настройки обмена"}, {7, "ОФД прекращает деятельность"}}}
)

var enumerations = map[uint16]enumeration{
	TagAutomaticMode: flagNames, TagOfflineMode: flagNames, TagFNResourceExhausted: flagNames, TagFNReplaceUrgent: flagNames,
	TagFNMemoryFull: flagNames, TagOFDTimeout: flagNames, TagEncryptionMode: flagNames, TagInternetOnlyKKT: flagNames,
	TagServicesOnly: flagNames, TagStrictFormSystem: flagNames, TagInternetSettlement: flagNames, TagLotteryMode: flagNames,
	TagGamblingMode: flagNames, TagExciseMode: flagNames, TagPrinterInAutomat: flagNames,
	TagMarkedCheckResult: {names: []named{{0, "неудачных проверок нет"}, {1, "есть непройденная проверка"}}},
	TagFFDVersion:        versionNames, TagKKTMaxFFD: versionNames, TagFNMaxFFD: versionNames,
	TagAppliedTaxSystem: taxNames, TagTaxSystems: taxNames,
	TagAgentFlags: agentNames, TagItemAgentFlags: agentNames,
	TagPlannedStatus: statusNames, TagAssignedStatus: statusNames,
	TagLocalCheckResult: checkNames, TagRequestProcessingResult: checkNames, TagItemCheckResult: checkNames,
	TagOperatorMessage: operatorNames120,

	TagSettlementType: {names: []named{{1, "приход"}, {2, "возврат прихода"}, {3, "расход"}, {4, "возврат расхода"}}},
	TagVATRate: {names: []named{{1, "20%"}, {2, "10%"}, {3, "20/120"}, {4, "10/110"}, {5, "0%"}, {6, "не облагается"},
		{7, "5%"}, {8, "7%"}, {9, "5/105"}, {10, "7/107"}, {11, "22%"}, {12, "22/122"}}},
	TagPaymentMethod: {names: []named{{1, "предоплата 100%"}, {2, "предоплата"}, {3, "аванс"}, {4, "полный расчет"},
		{5, "частичный расчет и кредит"}, {6, "передача в кредит"}, {7, "оплата кредита"}}},
	TagItemType: {names: []named{{1, "товар"}, {2, "подакцизный товар"}, {3, "работа"}, {4, "услуга"}, {5, "ставка азартной игры"},
		{6, "выигрыш азартной игры"}, {7, "лотерейный билет"}, {8, "выигрыш лотереи"}, {9, "предоставление РИД"}, {10, "платеж"},
		{11, "агентское вознаграждение"}, {12, "выплата"}, {13, "иной предмет расчета"}, {14, "имущественное право"},
		{15, "внереализационный доход"}, {16, "платежи, уменьшающие налог"}, {17, "торговый сбор"}, {18, "курортный сбор"},
		{19, "залог"}, {20, "расход"}, {21, "взносы на ОПС ИП"}, {22, "взносы на ОПС"}, {23, "взносы на ОМС ИП"}, {24, "взносы на ОМС"},
		{25, "взносы на ОСС"}, {26, "платеж казино"}, {27, "выдача денежных средств"}, {30, "подакцизный товар без КМ (АТНМ)"},
		{31, "подакцизный товар с КМ (АТМ)"}, {32, "товар без КМ (ТНМ)"}, {33, "товар с КМ (ТМ)"}}},
	TagCorrectionType:           {names: []named{{0, "самостоятельно"}, {1, "по предписанию"}}},
	TagReregistrationReasonCode: {names: []named{{1, "замена ФН"}, {2, "замена ОФД"}, {3, "изменение реквизитов"}, {4, "изменение настроек ККТ"}}},
	TagOFDResponseCode:          {names: []named{{0, "принят"}, {11, "документ не распознан"}, {14, "ошибка ФЛК"}}},
	TagKKTChangeReasons: {mask: true, names: []named{{0, "замена ФН"}, {1, "замена ОФД"}, {2, "наименование пользователя"},
		{3, "адрес и место расчетов"}, {4, "из автономного режима в режим передачи"}, {5, "из режима передачи в автономный"},
		{6, "версия модели ККТ"}, {7, "системы налогообложения"}, {8, "номер автомата"}, {9, "автоматический режим выключен"},
		{10, "автоматический режим включен"}, {11, "режим БСО включен"}, {12, "режим БСО выключен"}, {13, "из режима «Интернет» в печать"},
		{14, "из печати в режим «Интернет»"}, {15, "режим платежного агента выключен"}, {16, "режим платежного агента включен"},
		{17, "азартные игры выключены"}, {18, "азартные игры включены"}, {19, "лотерея выключена"}, {20, "лотерея включена"},
		{21, "версия ФФД"}, {31, "иные причины"}}},
	TagKKTUsageConditions: {mask: true, names: []named{{1, "принтер в автомате"}, {2, "АС БСО"}, {5, "только «Интернет»"},
		{6, "подакцизные товары"}, {8, "ТМТ"}, {9, "только услуги"}, {10, "азартные игры"}, {11, "лотерея"}, {12, "ломбард"},
		{13, "страхование"}, {14, "торговый автомат"}, {15, "общепит"}, {16, "опт организациям"}}},
	TagQuantityUnit: {names: []named{{0, "шт."}, {10, "г"}, {11, "кг"}, {12, "т"}, {20, "см"}, {21, "дм"}, {22, "м"}, {30, "кв. см"},
		{31, "кв. дм"}, {32, "кв. м"}, {40, "мл"}, {41, "л"}, {42, "куб. м"}, {50, "кВт·ч"}, {51, "Гкал"}, {70, "сутки"}, {71, "час"},
		{72, "мин"}, {73, "с"}, {80, "Кбайт"}, {81, "Мбайт"}, {82, "Гбайт"}, {83, "Тбайт"}, {255, "иное"}}},
	TagMarkingCodeType: {names: []named{{0, "не идентифицирован"}, {1, "короткий"}, {2, "88 символов, проверен в ФН"},
		{3, "44 символа, не проверен в ФН"}, {4, "44 символа, проверен в ФН"}, {5, "4 символа, не проверен в ФН"}}},
	TagMarkingMode:                  {names: []named{{0, "обычный"}}},
	TagOISMStatusAnswer:             {names: []named{{1, "статус корректен"}, {2, "статус некорректен"}, {3, "оборот приостановлен"}}},
	TagRequestProcessingCode:        {names: []named{{0, "запрос принят"}, {1, "неверный запрос"}, {2, "неверный КМ"}}},
	TagNotificationProcessingCode:   {names: []named{{0, "принято"}, {1, "неверное уведомление"}}},
	TagNotificationProcessingResult: {names: []named{{0, "все КМ корректны"}, {1, "есть некорректный КМ"}}},
	TagBadMarkingCodes:              {mask: true, names: []named{{1, "ответ о некорректном КМ"}, {2, "квитанция о некорректном КМ"}}},
	TagBadMarkingExchange:           {mask: true, names: []named{{0, "запрос отвергнут"}, {1, "уведомление отвергнуто"}}},
	TagOperationKind: {mask: true, names: []named{{0, "чек"}, {1, "чек коррекции"}, {2, "торговый автомат"}, {3, "общепит"},
		{4, "опт организациям"}}},
	TagTimeZone: {names: []named{{1, "МСК-1"}, {2, "МСК"}, {3, "МСК+1"}, {4, "МСК+2"}, {5, "МСК+3"}, {6, "МСК+4"}, {7, "МСК+5"},
		{8, "МСК+6"}, {9, "МСК+7"}, {10, "МСК+8"}, {11, "МСК+9"}}},
}

// enumerationOf finds the values of a tag; 1206 has others up to 1.1
// (spec/decisions.md, 1206 bits).
func enumerationOf(tag uint16, v Version) (enumeration, bool) {
	if tag == TagOperatorMessage && v < V120 {
		return operatorNames105, true
	}
	e, ok := enumerations[tag]
	return e, ok
}

// ValueName is what a value of an enumeration or mask is called in Russian; the
// names of several bits are joined with " + ". It is false when the tag is no
// enumeration, or the value is none of its values.
func ValueName(tag uint16, v Version, value uint64) (string, bool) {
	e, ok := enumerationOf(tag, v)
	if !ok || !e.has(tag, v, value) {
		return "", false
	}
	if !e.mask {
		i := slices.IndexFunc(e.names, func(n named) bool { return n.value == value })
		return e.names[i].name, true
	}
	var set []string
	for _, n := range e.names {
		if value>>n.value&1 != 0 {
			set = append(set, n.name)
		}
	}
	if len(set) == 0 {
		return "", false
	}
	return strings.Join(set, " + "), true
}

// has tells that the value is one of the enumeration, or has only known bits.
func (e enumeration) has(tag uint16, v Version, value uint64) bool {
	if e.mask {
		for _, n := range e.names {
			value &^= 1 << n.value
		}
		return value == 0
	}
	if tag == TagItemType && value <= 255 && !ItemType(value).Valid(v) {
		return false
	}
	return slices.ContainsFunc(e.names, func(n named) bool { return n.value == value })
}

// list is the values or bits for a message: "1, 2, 3, 4".
func (e enumeration) list() string {
	var s []string
	for _, n := range e.names {
		s = append(s, strconv.FormatUint(n.value, 10))
	}
	return strings.Join(s, ", ")
}
