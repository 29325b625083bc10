package diagnosis

import (
	"kktd/ffd"
	"kktd/kkt"
)

// adviceOf is what to do about a finding in a tag.
func adviceOf(lang ffd.Lang, tag uint16) string {
	switch tag {
	case ffd.TagAppliedTaxSystem, ffd.TagTaxSystems:
		return pick(lang, "set the taxation system of the shop in its payment module, and register the register for it: kktd register reregister --tax-systems; then correct the receipt",
			"укажите систему налогообложения магазина в платёжном модуле и зарегистрируйте кассу с ней: kktd register reregister --tax-systems; затем сделайте чек коррекции")
	case ffd.TagVATRate:
		return pick(lang, "set the VAT rate of the goods in the payment module; then a return or a correction, and a new receipt",
			"укажите ставку НДС товаров в платёжном модуле; затем чек возврата или коррекции и новый чек")
	case ffd.TagFFDVersion:
		return pick(lang, "bring register and payment module to one version of the format: kktd register reregister --ffd 1.2",
			"приведите кассу и платёжный модуль к одной версии формата: kktd register reregister --ffd 1.2")
	case ffd.TagProductCode, ffd.TagProductCodeStructured, ffd.TagMarkingCodeType, ffd.TagItemType:
		return pick(lang, "send the marking code of the item, and its kind in 1212: 31 or 33 with a code, 30 or 32 without one",
			"передайте код маркировки товара и признак предмета расчёта (1212): 31 или 33 с кодом, 30 или 32 без кода")
	}
	return pick(lang, "kktd tlv check shows the place in the document; change what the client sends", "kktd tlv check покажет место в документе; исправьте то, что передаёт клиент")
}

// lackAdvice is what to do when no register has what a receipt asks for.
func lackAdvice(lang ffd.Lang, l kkt.Lack) string {
	a, ok := lackDo[l]
	if !ok {
		a = lackDo[kkt.LackSuitable]
	}
	return pick(lang, a[0], a[1])
}

var lackDo = map[kkt.Lack][2]string{
	kkt.LackRegister:         {"make a register: kktd register new --inn", "создайте кассу: kktd register new --inn"},
	kkt.LackTaxSystem:        {"correct the taxation system in the payment module, or kktd register reregister --tax-systems", "исправьте систему налогообложения в платёжном модуле или kktd register reregister --tax-systems"},
	kkt.LackBSO:              {"do not send the sign of БСО, or register a register for it", "не передавайте признак БСО или зарегистрируйте кассу для БСО"},
	kkt.LackNoBSO:            {"send the sign of БСО, or register a register without it", "передайте признак БСО или зарегистрируйте кассу без него"},
	kkt.LackCash:             {"do not pay in cash, or let a register take cash", "не передавайте наличную оплату или разрешите кассе наличные"},
	kkt.LackAgent:            {"do not send agent data, or let a register act as an agent", "не передавайте агентские данные или разрешите кассе агентский признак"},
	kkt.LackUserAttribute:    {"do not send the user attribute, or let a register take it", "не передавайте дополнительный реквизит пользователя или разрешите его кассе"},
	kkt.LackSerial:           {"name a register that is there: kktd register list", "назовите существующую кассу: kktd register list"},
	kkt.LackMemory:           {"replace the drive: kktd register replace-drive", "замените ФН: kktd register replace-drive"},
	kkt.LackSuitable:         {"no one register has all that is asked for; see the registers above", "ни у одной кассы нет всего, что требует чек; смотрите кассы выше"},
	kkt.LackReturnCorrection: {"use a register of FFD 1.1 or 1.2", "используйте кассу ФФД 1.1 или 1.2"},
	kkt.LackBasisNumber:      {"send the number of the basis, tag 1179", "передайте номер документа-основания (1179)"},
	kkt.LackItems:            {"send the items of the correction", "передайте предметы расчёта коррекции"},
}
