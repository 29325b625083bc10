package kkt

import (
	"kktd/fault"
	"kktd/fn"
)

// Warning is a trouble of a register that does not stop a receipt.
type Warning struct {
	Kind     WarningKind
	Register string // serial number
}

// WarningKind names a trouble; each outside API has codes and words of its own
// for them.
type WarningKind string

// The troubles: the eight flags of the drive (spec/fn.md 3), then those of the
// register.
const (
	WarnReplace     WarningKind = "drive_replace" // 3 days or less to the end of the drive's term, or it has ended
	WarnTermEnding  WarningKind = "drive_term"    // 30 days or less
	WarnMemory      WarningKind = "drive_memory"  // 99 % of the drive's documents are used
	WarnOFDQueue    WarningKind = "ofd_timeout"   // the oldest unsent document is 2 days old
	WarnFormatCheck WarningKind = "ofd_format"    // the OFD refused the format of a document
	WarnSettings    WarningKind = "ofd_settings"  // the OFD asks for other settings of the exchange
	WarnOperator    WarningKind = "ofd_ceases"    // the OFD ceases
	WarnFailure     WarningKind = "drive_failure" // critical error of the drive
	WarnOutOfOrder  WarningKind = "out_of_service"
	WarnMaintenance WarningKind = "maintenance" // the register takes no receipts, they wait
)

// WarningText is a trouble in words, with what a person does about it.
type WarningText struct {
	What, Do     string
	WhatRu, DoRu string
}

// warnings are the troubles in the order in which they are told. Flag is 0 for
// those that are not of the drive.
var warnings = [...]struct {
	flag fn.WarningFlags
	kind WarningKind
	text WarningText
}{
	{fn.WarnReplace, WarnReplace, WarningText{"the term of the drive ends within 3 days", "replace the drive at once",
		"срок действия ФН истекает в течение 3 дней", "срочно замените ФН"}},
	{fn.WarnExhausted, WarnTermEnding, WarningText{"the term of the drive ends within 30 days", "prepare to replace the drive",
		"срок действия ФН истекает в течение 30 дней", "подготовьте замену ФН"}},
	{fn.WarnMemory, WarnMemory, WarningText{"the memory of the drive is nearly full", "close the shift and replace the drive",
		"память ФН почти заполнена", "закройте смену и замените ФН"}},
	{fn.WarnOFDTimeout, WarnOFDQueue, WarningText{"documents wait for the OFD for 2 days or longer; after 30 days the drive makes no more", "restore the connection to the OFD",
		"документы не передаются в ОФД 2 дня и дольше, через 30 дней ФН перестанет их формировать", "восстановите связь с ОФД"}},
	{fn.WarnFormat, WarnFormatCheck, WarningText{"the OFD refused the format of a document", "look at its ticket and at kktd tlv check",
		"ОФД отклонил документ при форматно-логическом контроле", "посмотрите квитанцию документа и kktd tlv check"}},
	{fn.WarnSettings, WarnSettings, WarningText{"the OFD asks for other settings of the exchange", "ask the OFD for its address",
		"требуется настройка обмена с ОФД", "уточните адрес у ОФД"}},
	{fn.WarnOperator, WarnOperator, WarningText{"the OFD ceases", "choose another OFD and change the registration",
		"ОФД прекращает работу", "смените ОФД и перерегистрируйте кассу"}},
	{fn.WarnCritical, WarnFailure, WarningText{"critical error of the drive", "replace the drive",
		"критическая ошибка ФН", "замените ФН"}},
	{0, WarnOutOfOrder, WarningText{"the register is out of service", "see the reason in the log and in register show",
		"касса не работает", "смотрите причину в журнале и в register show"}},
	{0, WarnMaintenance, WarningText{"the register is on maintenance: receipts wait", "end the maintenance",
		"касса на обслуживании, чеки ждут", "завершите обслуживание"}},
}

// Text is the trouble in words.
func (k WarningKind) Text() WarningText {
	for i := range warnings {
		if warnings[i].kind == k {
			return warnings[i].text
		}
	}
	return WarningText{What: string(k), WhatRu: string(k)}
}

// warnings are the troubles of the drive that a client is told of.
func (p *profile) warnings(s *fn.State, now fn.Time) []Warning {
	flags := s.Warnings(now)
	if flags == 0 {
		return nil
	}
	var list []Warning
	for i := range warnings {
		if w := &warnings[i]; flags&w.flag != 0 {
			list = append(list, Warning{Kind: w.kind, Register: p.Serial})
		}
	}
	return list
}

// Warnings are all troubles of the register at the moment.
func (r *Register) Warnings() []Warning {
	p := r.profile.Load()
	state, err := r.State()
	if err != nil || meets[fault.RegisterError](r) {
		return []Warning{{Kind: WarnOutOfOrder, Register: p.Serial}}
	}
	list := p.warnings(&state, r.wall(p))
	if p.Maintenance || meets[fault.RegisterMaintenance](r) {
		list = append(list, Warning{Kind: WarnMaintenance, Register: p.Serial})
	}
	return list
}
