package kkt

import (
	"fmt"
	"strings"

	"kktd/ffd"
)

// word is a bit of a mask with its name in the control API and on the command
// line.
type word[T ~uint8 | ~uint32] struct {
	name string
	bit  T
}

// conditionWords are the conditions of use, tag 1290 (spec/kkt.md 3).
var conditionWords = [...]word[ffd.Conditions]{
	{"printer", ffd.PrinterInAutomat}, {"bso", ffd.BSOSystem}, {"internet", ffd.InternetOnly}, {"excise", ffd.ExciseGoods},
	{"marked", ffd.MarkedGoods}, {"services", ffd.ServicesOnly}, {"gambling", ffd.Gambling}, {"lottery", ffd.Lottery},
	{"pawnshop", ffd.Pawnshop}, {"insurance", ffd.Insurance}, {"vending", ffd.Vending}, {"catering", ffd.Catering},
	{"wholesale", ffd.Wholesale},
}

// taxWords are the taxation systems, tag 1062.
var taxWords = [...]word[ffd.TaxSystems]{
	{"osn", ffd.TaxOSN}, {"usn_income", ffd.TaxUSNIncome}, {"usn_profit", ffd.TaxUSNProfit}, {"envd", ffd.TaxENVD},
	{"eshn", ffd.TaxESHN}, {"patent", ffd.TaxPatent},
}

// agentWords are the kinds of agents, tag 1057 (spec/ffd/encoding.md 5).
var agentWords = [...]word[ffd.AgentFlags]{
	{"bank_agent", 1}, {"bank_subagent", 2}, {"payment_agent", 4}, {"payment_subagent", 8}, {"attorney", 16}, {"commissioner", 32}, {"agent", 64},
}

func parseWords[T ~uint8 | ~uint32](field string, words []word[T], names []string) (bits []T, err error) {
names:
	for _, name := range names {
		for _, w := range words {
			if w.name == name {
				bits = append(bits, w.bit)
				continue names
			}
		}
		var known []string
		for _, w := range words {
			known = append(known, w.name)
		}
		list := strings.Join(known, ", ")
		return nil, invalid(field, name, "want "+list, "ожидается "+list)
	}
	return bits, nil
}

func wordsOf[T ~uint8 | ~uint32](words []word[T], mask T) []string {
	names := []string{}
	for _, w := range words {
		if mask&w.bit != 0 {
			names = append(names, w.name)
		}
	}
	return names
}

func join[T ~uint8 | ~uint32](bits []T) (mask T) {
	for _, b := range bits {
		mask |= b
	}
	return mask
}

// ParseConditions makes tag 1290 of names. Errors: *InvalidError.
func ParseConditions(names []string) (ffd.Conditions, error) {
	bits, err := parseWords("conditions", conditionWords[:], names)
	return join(bits), err
}

// ConditionNames are the names of conditions of use.
func ConditionNames(c ffd.Conditions) []string { return wordsOf(conditionWords[:], c) }

// ParseTaxSystems reads names of taxation systems in their order. Errors:
// *InvalidError.
func ParseTaxSystems(names []string) (TaxList, error) {
	return parseWords("tax_systems", taxWords[:], names)
}

// TaxNames are the names of taxation systems in their order.
func TaxNames(list TaxList) []string {
	names := []string{}
	for _, t := range list {
		names = append(names, wordsOf(taxWords[:], t)...)
	}
	return names
}

// ParseAgents makes tag 1057 of names. Errors: *InvalidError.
func ParseAgents(names []string) (ffd.AgentFlags, error) {
	bits, err := parseWords("agents", agentWords[:], names)
	return join(bits), err
}

// AgentNames are the names of kinds of agents.
func AgentNames(a ffd.AgentFlags) []string { return wordsOf(agentWords[:], a) }

// since12 are the conditions of use that no tag of 1.05 and 1.1 says
// (spec/fn.md 4.2, extended mode byte).
const since12 = ffd.MarkedGoods | ffd.Pawnshop | ffd.Insurance | ffd.Vending | ffd.Catering | ffd.Wholesale

// checkModes refuses modes that exclude one another, and what the change from old
// to s may not be; old is nil for a new register. What a mode that ends leaves
// behind is cleared: the number of the automat, the OFD of the autonomous mode.
func (s *Settings) checkModes(old *Settings) error {
	if old != nil && !s.Automatic && s.AutomatNumber == old.AutomatNumber {
		s.AutomatNumber = ""
	}
	if s.Offline {
		s.OFDName, s.OFDINN = "", ""
	}
	if old != nil && old.Conditions == s.Conditions && s.FFD < ffd.V120 {
		s.Conditions &^= since12
	}
	has := s.Conditions.Has
	for _, c := range []struct {
		wrong        bool
		field, value string
		rule, ruleRu string
	}{
		{s.Encryption, "encryption", "true", "1056 must be 0: the cipher of the drives is secret, so nobody could read what an emulator enciphers",
			"признак шифрования 1056 не поддерживается: алгоритм шифрования ФН закрыт"},
		{s.AutomatNumber != "" && !s.Automatic, "automat_number", s.AutomatNumber, "1036 stands in the automatic mode alone: set automatic too",
			"номер автомата 1036 указывается только в автоматическом режиме"},
		{has(ffd.PrinterInAutomat) && !s.Automatic, "conditions", "printer", "a printer in the automat needs the automatic mode",
			"принтер в автомате возможен только в автоматическом режиме"},
		{has(ffd.InternetOnly) && s.Offline, "conditions", "internet", "settlements in the Internet alone and the autonomous mode exclude one another",
			"расчёты только в Интернете и автономный режим исключают друг друга"},
		{s.FFD < ffd.V120 && s.Conditions&since12 != 0, "conditions", strings.Join(ConditionNames(s.Conditions&since12), ", "),
			fmt.Sprintf("only FFD 1.2 has them, not %v", s.FFD), fmt.Sprintf("есть только в ФФД 1.2, не в %v", s.FFD)},
		{old != nil && old.DriveNumber == s.DriveNumber && s.FFD < old.FFD, "ffd", s.FFD.String(),
			fmt.Sprintf("the drive is registered for %v, and a drive's version is only raised", versionOf(old)),
			fmt.Sprintf("ФН зарегистрирован с ФФД %v, понизить версию нельзя", versionOf(old))},
	} {
		if c.wrong {
			return invalid(c.field, c.value, c.rule, c.ruleRu)
		}
	}
	return nil
}

func versionOf(s *Settings) ffd.Version {
	if s == nil {
		return 0
	}
	return s.FFD
}
