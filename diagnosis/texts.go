package diagnosis

// Code names what a remark says, for programs; the words may change.
type Code string

// The codes of a story.
const (
	RequestTaken     Code = "request_taken"
	ChecksPassed     Code = "checks_passed"
	ChecksDiffer     Code = "checks_differ"
	Substituted      Code = "substituted"
	Changed          Code = "changed"
	RegistersUnknown Code = "registers_unknown"
	RegistersNone    Code = "registers_none"
	RegisterOnly     Code = "register_only"
	RegisterChosen   Code = "register_chosen"
	RegisterOther    Code = "register_other"
	RegisterFits     Code = "register_fits"
	RegisterLacks    Code = "register_lacks"
	RegisterIdle     Code = "register_idle"
	RegisterGone     Code = "register_gone"
	DocumentMade     Code = "document_made"
	FormatFinding    Code = "format_finding"
	Committed        Code = "committed"
	QueuedStored     Code = "queued_stored"
	EventsCut        Code = "events_cut"
	OFDWaits         Code = "ofd_waits"
	OFDFails         Code = "ofd_fails"
	OFDNone          Code = "ofd_none"
	OFDOffline       Code = "ofd_offline"
	OFDWiped         Code = "ofd_wiped"
	OFDAccepts       Code = "ofd_accepts"
	OFDRefuses       Code = "ofd_refuses"
	OFDMessage       Code = "ofd_message"
	OFDFinding       Code = "ofd_finding"
	TicketUnreadable Code = "ticket_unreadable"
	TicketStored     Code = "ticket_stored"
	OFDSent          Code = "ofd_sent"
	NotSubscribed    Code = "not_subscribed"
	AttemptGood      Code = "attempt_good"
	AttemptFailed    Code = "attempt_failed"
	NotifyWaits      Code = "notify_waits"
	NotifyFails      Code = "notify_fails"
	NotifyGivenUp    Code = "notify_given_up"
	MessageKept      Code = "message_kept"
	Replayed         Code = "replayed"

	Delivered        Code = "delivered"
	NotDelivered     Code = "not_delivered"
	DeliveryFails    Code = "delivery_fails"
	RefusedByOFD     Code = "refused_by_ofd"
	MadeOffline      Code = "made_offline"
	WaitsForTime     Code = "waits_for_time"
	WaitsForRegister Code = "waits_for_register"
	NotMade          Code = "not_made"
	NotMadeOther     Code = "not_made_other"
	NoRegister       Code = "no_register"
	DriveRefused     Code = "drive_refused"
	ShiftTooLong     Code = "shift_too_long"
	TaxDefault       Code = "tax_default"
	VATWithSystem    Code = "vat_with_system"
	VATOld           Code = "vat_old"
	MarkMissing      Code = "mark_missing"
	MarkVersion      Code = "mark_version"
)

// The codes of a check-up.
const (
	DaemonReady      Code = "daemon_ready"
	ClockReal        Code = "clock_real"
	ClockOwn         Code = "clock_own"
	RegistersGood    Code = "registers_good"
	RegistersMissing Code = "registers_missing"
	RegisterBroken   Code = "register_broken"
	RegisterWarns    Code = "register_warns"
	ReceiptsRefused  Code = "receipts_refused"
	UnsentNone       Code = "unsent_none"
	UnsentSome       Code = "unsent_some"
	UnsentOld        Code = "unsent_old"
	SenderGood       Code = "sender_good"
	SenderFails      Code = "sender_fails"
	OFDGood          Code = "ofd_good"
	OFDBadFrames     Code = "ofd_bad_frames"
	OFDOutside       Code = "ofd_outside"
	OFDAway          Code = "ofd_away"
	OutboxGood       Code = "outbox_good"
	OutboxFails      Code = "outbox_fails"
	DiskMemory       Code = "disk_memory"
	DiskGood         Code = "disk_good"
	DiskUnknown      Code = "disk_unknown"
	DiskLow          Code = "disk_low"
	DiskFull         Code = "disk_full"
	FaultsNone       Code = "faults_none"
	FaultsSome       Code = "faults_some"
	RefusalsNone     Code = "refusals_none"
	RefusalsSome     Code = "refusals_some"
)

// texts is the catalogue.
var texts = map[Code]text{
	RequestTaken: {level: OK, en: "%s took the request: InvoiceId %q, account %s, %d bytes",
		ru: "%s принял запрос: InvoiceId %q, учётная запись %s, %d байт"},
	ChecksPassed: {level: OK, en: "the checks of the API have nothing against it",
		ru: "проверки API пройдены"},
	ChecksDiffer: {level: Warning, en: "the request would be refused today: %s",
		ru: "сегодня запрос был бы отклонён: %s",
		do: "the settings have changed since", doRu: "настройки с тех пор изменились"},
	Substituted: {level: Warning, en: "a character outside CP866 was replaced: %s",
		ru: "символ вне CP866 заменён: %s",
		do: "send characters of CP866; --strict refuses others", doRu: "передавайте символы CP866, другие отклоняет --strict"},
	Changed: {level: Warning, en: "a value was not taken as it is: %s",
		ru: "значение принято не так, как передано: %s",
		do: "correct it in the request", doRu: "исправьте его в запросе"},
	RegistersUnknown: {level: OK, en: "register %s; what the receipt asked for is not kept, so the others cannot be judged",
		ru: "касса %s; что требовал чек, не сохранено, поэтому о других кассах сказать нельзя"},
	RegistersNone: {level: Error, en: "the organisation with the INN %s has no register",
		ru: "у организации с ИНН %s нет касс",
		do: "kktd register new --inn", doRu: "kktd register new --inn"},
	RegisterOnly: {level: OK, en: "register %s was chosen: the organisation has no other",
		ru: "выбрана касса %s: у организации она одна"},
	RegisterChosen: {level: OK, en: "register %s was chosen: of those that fit it had the shortest queue, or its turn",
		ru: "выбрана касса %s: из подходящих у неё короче очередь или её черёд"},
	RegisterOther: {level: OK, en: "register %s fits too and was not chosen: another had a shorter queue or its turn (%d wait for it now)",
		ru: "касса %s тоже подходит, но не выбрана: у другой была короче очередь или её черёд (сейчас в очереди %d)"},
	RegisterFits: {level: OK, en: "register %s fits now (%d wait for it)",
		ru: "касса %s сейчас подходит (в очереди %d)"},
	RegisterLacks: {level: OK, en: "register %s does not fit: %s",
		ru: "касса %s не подходит: %s"},
	RegisterIdle: {level: Warning, en: "register %s fits and takes no receipts now: %s",
		ru: "касса %s подходит, но сейчас чеков не принимает: %s",
		do: "kktd register show, kktd doctor", doRu: "kktd register show, kktd doctor"},
	RegisterGone: {level: Warning, en: "register %s is no longer there, and its documents with it",
		ru: "кассы %s больше нет, её документов тоже"},
	DocumentMade: {level: OK, en: "%s No. %d of drive %s, FFD %v, shift %d, receipt %d, fiscal sign %d, total %s",
		ru: "%s № %d, ФН %s, ФФД %v, смена %d, чек %d, ФП %d, итог %s"},
	FormatFinding: {level: Warning, en: "document %d, %s: %s",
		ru: "документ %d, %s: %s", doFromArgs: true},
	Committed: {level: OK, en: "on disk, with events %d to %d",
		ru: "сохранено на диске, события %d–%d"},
	QueuedStored: {level: OK, en: "on disk as queued",
		ru: "сохранено на диске в очереди"},
	EventsCut: {level: Warning, en: "only %d events were looked at; later ones are not told here",
		ru: "просмотрено только %d событий, более поздние здесь не показаны",
		do: "GET events?receipt=", doRu: "GET events?receipt="},
	OFDWaits: {level: Waiting, en: "document %d waits for the OFD; documents before it: %d",
		ru: "документ %d ждёт передачи в ОФД; перед ним документов: %d",
		do: "kktd wait confirmed --receipt", doRu: "kktd wait confirmed --receipt"},
	OFDFails: {level: Error, en: "the OFD does not take documents: %d attempts failed, reason %s: %v; next attempt: %s",
		ru: "ОФД не принимает документы: неудачных попыток %d, причина %s: %v; следующая: %s",
		do: "see that the OFD runs and can be reached, that it is paid for and has this register, and kktd fault list", doRu: "проверьте, что ОФД доступен, оплачен и знает эту кассу, и kktd fault list"},
	OFDNone: {level: Warning, en: "document %d goes nowhere: kktd runs with --ofd none",
		ru: "документ %d никуда не передаётся: kktd запущен с --ofd none",
		do: "start it with an OFD", doRu: "запустите с ОФД"},
	OFDOffline: {level: OK, en: "document %d stays in the drive: the register works without data transfer",
		ru: "документ %d остаётся в ФН: касса в автономном режиме"},
	OFDWiped: {level: Warning, en: "document %d was not sent before the drive was wiped and will not be",
		ru: "документ %d не передан до сброса ФН и не будет передан"},
	OFDAccepts: {level: OK, en: "document %d: the OFD with the INN %s confirms, code %d (%s)",
		ru: "документ %d: подтверждён ОФД с ИНН %s, код %d (%s)"},
	OFDRefuses: {level: Error, en: "document %d: the OFD with the INN %s has it and refuses it, code %d (%s)",
		ru: "документ %d: получен ОФД с ИНН %s и отклонён, код %d (%s)",
		do: "it is not sent again: find what is wrong with kktd tlv check, then make a correction", doRu: "повторно он не передаётся: найдите ошибку через kktd tlv check и сделайте чек коррекции"},
	OFDMessage: {level: Warning, en: "the OFD has a message in tag 1206, %s: %s",
		ru: "сообщение ОФД в теге 1206, %s: %s",
		do: "do what it says; when the OFD ceases or is not paid, choose another one: kktd register reregister --ofd-name --ofd-inn", doRu: "сделайте, что в нём сказано; если ОФД прекращает работу или не оплачен, смените его: kktd register reregister --ofd-name --ofd-inn"},
	OFDFinding: {level: Warning, en: "document %d: the OFD remarks %s: %s",
		ru: "документ %d: замечание ОФД %s: %s", doFromArgs: true},
	TicketUnreadable: {level: Error, en: "document %d: the ticket cannot be read: %v",
		ru: "документ %d: квитанцию нельзя прочитать: %v",
		do: "kktd fsck", doRu: "kktd fsck"},
	TicketStored: {level: OK, en: "document %d: ticket on disk, event %d",
		ru: "документ %d: квитанция сохранена, событие %d"},
	OFDSent: {level: Waiting, en: "document %d: it went out to the OFD, event %d; no ticket has been stored",
		ru: "документ %d: отправлен в ОФД, событие %d; квитанция не сохранена"},
	NotSubscribed: {level: Warning, en: "no notification was sent: account %s has set no address for them",
		ru: "уведомление не отправлялось: у учётной записи %s адрес не задан",
		do: "a shop that waits for it shows no change of status: set the address with kktd org webhook, or ask for the status", doRu: "магазин, который его ждёт, статус не меняет: задайте адрес через kktd org webhook или запрашивайте статус"},
	AttemptGood: {level: OK, en: "%s to %s, attempt %d: delivered, status %d",
		ru: "%s на %s, попытка %d: доставлено, статус %d"},
	AttemptFailed: {level: Warning, en: "%s to %s, attempt %d: %s",
		ru: "%s на %s, попытка %d: %s"},
	NotifyWaits: {level: Waiting, en: "%s to %s waits for its delivery",
		ru: "%s на %s ждёт отправки"},
	NotifyFails: {level: Warning, en: "%s to %s is not delivered yet, attempts: %d: %s",
		ru: "%s на %s пока не доставлено, попыток %d: %s",
		do: "see that the receiver answers, with status 200 and what the API wants; it is tried again", doRu: "проверьте, что получатель отвечает статусом 200 и так, как требует API; отправка повторяется"},
	NotifyGivenUp: {level: Error, en: "%s to %s was given up after %d attempts: %s; entry %d",
		ru: "%s на %s не доставлено, попыток %d: %s; запись %d",
		do: "mend the receiver, then POST webhooks/{entry}/resend", doRu: "исправьте получателя, затем POST webhooks/{запись}/resend"},
	MessageKept: {level: OK, en: "%s to %s is only kept here: no server delivers it",
		ru: "%s на %s только сохранено здесь: сервера для отправки нет",
		do: "--smtp sends e-mail", doRu: "почту отправляет --smtp"},
	Replayed: {level: OK, en: "the request came again with its X-Request-ID and got the first answer, times: %d",
		ru: "запрос повторялся с тем же X-Request-ID и получал первый ответ, раз: %d"},

	Delivered: {level: OK, en: "made and confirmed by the OFD; documents: %d",
		ru: "сформирован и подтверждён ОФД; документов: %d"},
	NotDelivered: {level: Waiting, en: "made, and not with the OFD yet; documents: %d",
		ru: "сформирован, но ещё не у ОФД; документов: %d"},
	DeliveryFails: {level: Warning, en: "made, and the delivery to the OFD fails; documents: %d",
		ru: "сформирован, но не передаётся в ОФД; документов: %d"},
	RefusedByOFD: {level: Error, en: "made, and refused by the OFD; documents: %d",
		ru: "сформирован, но отклонён ОФД; документов: %d"},
	MadeOffline: {level: OK, en: "made; the register works without data transfer; documents: %d",
		ru: "сформирован, касса в автономном режиме; документов: %d"},
	WaitsForTime: {level: Waiting, en: "queued: it is made at %s by the business clock",
		ru: "в очереди: будет сформирован в %s по часам kktd",
		do: "wait, or kktd clock advance; --processing-delay sets the delay; a frozen clock makes it never", doRu: "подождите или kktd clock advance; задержку задаёт --processing-delay; при остановленных часах он не сформируется"},
	WaitsForRegister: {level: Waiting, en: "queued: every register that fits is on maintenance, or has its turn coming",
		ru: "в очереди: все подходящие кассы на обслуживании, или очередь ещё не дошла",
		do: "end the maintenance (/kkt/state), or make another register that fits", doRu: "завершите обслуживание (/kkt/state) или создайте ещё одну подходящую кассу"},
	NotMade: {level: Error, en: "not made: %s",
		ru: "не сформирован: %s"},
	NotMadeOther: {level: Error, en: "the receipt cannot be made: %s",
		ru: "чек не может быть сформирован: %s",
		do: "correct the request and send it again with a new X-Request-ID", doRu: "исправьте запрос и отправьте снова с новым X-Request-ID"},
	NoRegister: {level: Error, en: "no register of %s fits: %s",
		ru: "нет подходящей кассы у организации %s: %s", doFromArgs: true},
	DriveRefused: {level: Error, en: "the drive refused: %s",
		ru: "ФН отказал: %s", doFromArgs: true},
	ShiftTooLong: {level: Error, en: "the shift is open for more than 24 hours",
		ru: "смена открыта больше 24 часов",
		do: "kktd shift close, or let the register close shifts itself: --auto-shift", doRu: "kktd shift close, или пусть касса закрывает смены сама: --auto-shift"},
	TaxDefault: {level: OK, en: "the request names no taxation system: %s, the first of register %s, was taken",
		ru: "в запросе нет системы налогообложения: взята %s, первая у кассы %s",
		do: "when it is wrong: name it in the request, or put it first with kktd register reregister --tax-systems", doRu: "если она неверна: передайте её в запросе или поставьте первой через kktd register reregister --tax-systems"},
	VATWithSystem: {level: Warning, en: "item %d has the VAT rate %v under the taxation system %s, which knows no VAT",
		ru: "предмет %d: ставка НДС %v при системе налогообложения %s, где НДС нет",
		do: "send the goods without VAT (and make a return or a correction), or name the right taxation system", doRu: "передавайте товары без НДС (и сделайте возврат или коррекцию) или верную систему налогообложения"},
	VATOld: {level: Warning, en: "item %d has the VAT rate %v, which gave way to 22 %% on 1 January 2026",
		ru: "предмет %d: ставка НДС %v, с 1 января 2026 вместо неё 22 %%",
		do: "set 22 % in the payment module; 20 % stays right for older sales alone", doRu: "укажите в платёжном модуле 22 %; 20 % остаётся только для прежних продаж"},
	MarkMissing: {level: Warning, en: "item %d, %s, is told to have a marking code and has none",
		ru: "предмет %d, %s: по признаку у него есть код маркировки, а кода нет",
		do: "send the marking code, or 30 or 32 as the kind of the item; then a correction", doRu: "передайте код маркировки или признак 30 или 32; затем чек коррекции"},
	MarkVersion: {level: Warning, en: "item %d is marked, and the register works in FFD %v",
		ru: "предмет %d маркирован, а касса работает в ФФД %v",
		do: "kktd register reregister --ffd 1.2", doRu: "kktd register reregister --ffd 1.2"},

	DaemonReady: {level: OK, en: "kktd answers and is ready, process %d",
		ru: "kktd отвечает и готов, процесс %d"},
	ClockReal: {level: OK, en: "the business clock is the real one: %s",
		ru: "часы идут по реальному времени: %s"},
	ClockOwn: {level: Warning, en: "%s has a clock of its own: %s, mode %s",
		ru: "у %s свои часы: %s, режим %s",
		do: "a clock that stands delays what has a time: kktd clock run", doRu: "при остановленных часах ничего не наступает: kktd clock run"},
	RegistersGood: {level: OK, en: "registers: %d, all take receipts",
		ru: "касс: %d, все принимают чеки"},
	RegistersMissing: {level: Error, en: "there is no register",
		ru: "нет ни одной кассы",
		do: "kktd register new", doRu: "kktd register new"},
	RegisterBroken: {level: Error, en: "register %s is out of service: %s",
		ru: "касса %s не работает: %s",
		do: "see the log, then kktd fsck on the stopped file", doRu: "смотрите журнал, затем kktd fsck на остановленном файле"},
	RegisterWarns: {level: Warning, en: "register %s: %s",
		ru: "касса %s: %s", doFromArgs: true},
	ReceiptsRefused: {level: Error, en: "register %s makes no receipts: %s",
		ru: "касса %s не формирует чеки: %s",
		do: "see the reason; kktd drive status", doRu: "смотрите причину; kktd drive status"},
	UnsentNone: {level: OK, en: "nothing waits for the OFD",
		ru: "непереданных документов нет"},
	UnsentSome: {level: Waiting, en: "documents that wait for the OFD: %d, the oldest for %s, register %s",
		ru: "документов ждёт передачи в ОФД: %d, старший %s, касса %s",
		do: "kktd wait confirmed", doRu: "kktd wait confirmed"},
	UnsentOld: {level: Error, en: "documents wait for the OFD: %d, the oldest for %s, register %s; after 30 days its drive makes no more",
		ru: "документов ждёт передачи в ОФД: %d, старший %s, касса %s; через 30 дней ФН заблокируется",
		do: "restore the exchange with the OFD", doRu: "восстановите обмен с ОФД"},
	SenderGood: {level: OK, en: "the delivery to the OFD has no failure; drives with an exchange: %d",
		ru: "передача в ОФД без ошибок; ФН с обменом: %d"},
	SenderFails: {level: Error, en: "register %s: the OFD does not take documents, attempts: %d, reason %s: %v",
		ru: "касса %s: ОФД не принимает документы, попыток %d, причина %s: %v",
		do: "see that the OFD runs, is paid for and has the register; kktd fault list", doRu: "проверьте, что ОФД доступен, оплачен и знает кассу; kktd fault list"},
	OFDGood: {level: OK, en: "the built-in OFD works: documents %d, findings %d",
		ru: "встроенный ОФД работает: документов %d, замечаний %d"},
	OFDBadFrames: {level: Warning, en: "the built-in OFD had messages that it could not read: %d",
		ru: "встроенный ОФД получил нечитаемые сообщения: %d",
		do: "GET ofd/counters, --ofd-trace", doRu: "GET ofd/counters, --ofd-trace"},
	OFDOutside: {level: OK, en: "documents go to the OFD at %s",
		ru: "документы передаются ОФД по адресу %s"},
	OFDAway: {level: Warning, en: "there is no OFD: documents go nowhere",
		ru: "ОФД нет: документы не передаются",
		do: "kktd serve --ofd HOST:PORT, or without --ofd none", doRu: "kktd serve --ofd HOST:PORT или без --ofd none"},
	OutboxGood: {level: OK, en: "notifications and mail: waiting %d, none fails",
		ru: "уведомления и почта: ждут %d, ошибок нет"},
	OutboxFails: {level: Warning, en: "notifications and mail that fail: %d, given up: %d; the last: %s to %s: %s",
		ru: "недоставленные уведомления и письма: %d, прекращена отправка: %d; последнее: %s на %s: %s",
		do: "mend the receiver; GET webhooks?state=failed, POST webhooks/{id}/resend", doRu: "исправьте получателя; GET webhooks?state=failed, POST webhooks/{id}/resend"},
	DiskMemory: {level: OK, en: "everything is in memory and is gone with the process",
		ru: "всё хранится в памяти и пропадёт с процессом"},
	DiskGood: {level: OK, en: "%s has %s, %s are free",
		ru: "%s: %s, свободно %s"},
	DiskUnknown: {level: Warning, en: "%s cannot be looked at: %v",
		ru: "%s: размер и место узнать нельзя: %v"},
	DiskLow: {level: Warning, en: "%s has %s, only %s are free",
		ru: "%s: %s, свободно только %s",
		do: "make room", doRu: "освободите место"},
	DiskFull: {level: Error, en: "%s has %s, and the disk is nearly full: %s are free",
		ru: "%s: %s, диск почти заполнен: свободно %s",
		do: "make room: without it no receipt can be stored", doRu: "освободите место: без него чеки не сохраняются"},
	FaultsNone: {level: OK, en: "no faults are set on purpose",
		ru: "намеренных неисправностей нет"},
	FaultsSome: {level: Warning, en: "a fault is set on purpose: %s, struck %d times",
		ru: "намеренная неисправность: %s, сработала раз: %d",
		do: "kktd fault reset", doRu: "kktd fault reset"},
	RefusalsNone: {level: OK, en: "no request was refused since the start",
		ru: "отклонённых запросов с запуска нет"},
	RefusalsSome: {level: OK, en: "requests refused since the start: %d; the last: %d %s",
		ru: "отклонено запросов с запуска: %d; последний: %d %s",
		do: "kktd why --last", doRu: "kktd why --last"},
}
